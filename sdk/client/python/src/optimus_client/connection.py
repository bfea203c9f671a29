"""Where the server is, and what every request to it carries."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Optional

import httpx

from optimus_client.calls import SLACK_S, Call, events_path
from optimus_client.sse import EventReader

_DEFAULT = "http://127.0.0.1:8080"
_CONNECT_S = 10.0
#: The server sends a comment every 15 s.
_SILENCE_S = 45.0


@dataclass(frozen=True)
class Connection:
    """The address, the key, and how patient to be."""

    base: str
    headers: dict[str, str]
    retry_for: float

    @classmethod
    def of(cls, base: Optional[str], key: Optional[str], retry_for: float) -> Connection:
        """Fill in what the environment says, and refuse what no request could carry."""
        base = base or os.environ.get("OPTIMUS_URL") or _DEFAULT
        if not base.startswith(("http://", "https://")):
            raise ValueError(f"`base` is `{base}`: it begins with http:// or https://")
        key = key or os.environ.get("OPTIMUS_KEY")
        if key is not None and not (key.isascii() and key.isprintable()):
            raise ValueError("`key` holds a character that no key has: is there a line's end in it?")
        headers = {"accept": "application/json"}
        if key:
            headers["authorization"] = f"Bearer {key}"
        return cls(base.rstrip("/"), headers, retry_for)

    @property
    def limits(self) -> httpx.Limits:
        """Lanes are bounded by their number, not by the pool."""
        return httpx.Limits(max_connections=None, max_keepalive_connections=64, keepalive_expiry=30.0)

    def request(self, call: Call) -> dict[str, Any]:
        """Return the arguments of httpx for a call."""
        return {
            "url": self.base + call.path,
            "params": dict(call.query),
            "headers": {**self.headers, **call.headers},
            "content": call.body,
            "timeout": httpx.Timeout(call.hold + SLACK_S, connect=_CONNECT_S),
        }

    def events(self, job_id: str, reader: EventReader) -> dict[str, Any]:
        """Return the arguments of httpx for a stream of events, from where it broke."""
        headers = {**self.headers, "accept": "text/event-stream"}
        if reader.last_id is not None:
            headers["last-event-id"] = reader.last_id
        timeout = httpx.Timeout(_SILENCE_S, connect=_CONNECT_S)
        return {"url": self.base + events_path(job_id), "headers": headers, "timeout": timeout}
