"""Server-sent events, as the HTML standard defines them (9.2.6), from bytes.

Not by lines of text: `str.splitlines`, which httpx uses, also breaks at U+0085 and U+2028, which JSON may hold as they
are.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Optional, cast

import httpx

from optimus_client.types import Event


class EventReader:
    """Events of one connection."""

    def __init__(self) -> None:
        #: The id of the last event, by which the next connection goes on.
        self.last_id: Optional[str] = None
        self._done = False
        self._rest = b""
        self._data: list[bytes] = []

    def feed(self, chunk: bytes) -> Iterator[Event]:
        """Read on, and yield what is complete."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            event = self._line(line.rstrip(b"\r"))
            if event is not None:
                self._done = event["event"] == "done"
                yield event

    def is_over(self, response: httpx.Response) -> bool:
        """Return true if nothing follows this connection's end."""
        return self._done or response.status_code == httpx.codes.NO_CONTENT

    def broken(self) -> httpx.TransportError:
        """Return what it means that a connection ended before the job did: the server is stopping."""
        return httpx.RemoteProtocolError("the stream of events ended before the job")

    def reconnected(self) -> None:
        """Forget the half of an event that a broken connection left."""
        self._rest = b""
        self._data = []

    def _line(self, line: bytes) -> Optional[Event]:
        if line:
            name, _, value = line.partition(b":")
            value = value[1:] if value.startswith(b" ") else value
            if name == b"data":
                self._data.append(value)
            elif name == b"id":
                self.last_id = value.decode("utf-8", errors="replace")
            return None
        data, self._data = b"\n".join(self._data), []
        return cast("Event", json.loads(data)) if data else None
