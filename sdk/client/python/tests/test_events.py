"""Server-sent events, in whatever pieces they arrive."""

from __future__ import annotations

import json

import httpx
import pytest

from optimus_client import Client, UnreachableError
from optimus_client.sse import EventReader
from tests.conftest import Script

STREAM = (
    'id: 7-1\nevent: output\ndata: {"event":"output","index":0,"stream":"stdout","content":"a\u2028b\u0085c"}\n\n'
    ": still here\n\n"
    'id: done\nevent: done\ndata: {"event":"done",\ndata: "report":{}}\n\n'
).encode()


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_pieces_of_any_size_make_the_same_events(size: int, end: bytes) -> None:
    stream, reader = STREAM.replace(b"\n", end), EventReader()
    pieces = [stream[at : at + size] for at in range(0, len(stream), size)]
    events = [event for piece in pieces for event in reader.feed(piece)]
    assert [event["event"] for event in events] == ["output", "done"]
    assert events[0]["event"] == "output"
    assert events[0]["content"] == "a\u2028b\u0085c"
    assert reader.last_id == "done"


def stream_of(*events: tuple[str, str]) -> httpx.Response:
    text = "".join(f"id: {mark}\ndata: {json.dumps({'event': name})}\n\n" for mark, name in events)
    return httpx.Response(200, text=text, headers={"content-type": "text/event-stream"})


def test_a_broken_stream_goes_on_after_the_last_event(client: Client, script: Script) -> None:
    cut = stream_of(("7-0", "queued"), ("7-1", "started"))
    half = httpx.Response(200, text='id: 7-2\ndata: {"event":')
    script.answers = [cut, httpx.ConnectError("refused"), half, stream_of(("7-2", "compiling"), ("done", "done"))]
    assert [event["event"] for event in client.events("j")] == ["queued", "started", "compiling", "done"]
    marks = [request.headers.get("last-event-id") for request in script.requests]
    assert marks[:3] == [None, "7-1", "7-1"]


def test_nothing_follows_the_last_event(client: Client, script: Script) -> None:
    script.answers = [httpx.Response(204)]
    assert list(client.events("j")) == []


def test_a_stream_that_never_says_anything_ends(script: Script) -> None:
    script.answers = [httpx.Response(200, text="") for _ in range(100)]
    with httpx.Client(transport=httpx.MockTransport(script.handle)) as http:
        client = Client("http://judge.example", retry_for=0.05, http=http)
        with pytest.raises(UnreachableError, match="ended before the job"):
            list(client.events("j"))
