"""Servers that are not there: answers that a test has written down."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Callable, Union

import httpx
import pytest

from optimus_client import Client, retry

Answer = Union[httpx.Response, Exception]


@pytest.fixture(autouse=True)
def fast_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait for nothing."""
    monkeypatch.setattr(retry, "_FIRST_S", 0.001)


class Script:
    """Answers in their order, and the requests that they were given to."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.requests: list[httpx.Request] = []

    def handle(self, request: httpx.Request) -> httpx.Response:
        """Give the next answer."""
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def script() -> Script:
    """No answers yet."""
    return Script()


@pytest.fixture
def client(script: Script) -> Iterator[Client]:
    """Return a client that the script answers."""
    with httpx.Client(transport=httpx.MockTransport(script.handle)) as http:
        yield Client("http://judge.example/optimus/", key="opt_1", retry_for=5.0, http=http)


@pytest.fixture
def refusal() -> Callable[..., httpx.Response]:
    """Return an error in the server's shape."""

    def make(status: int, code: str, **headers: str) -> httpx.Response:
        fault = {"code": code, "message": f"it is {code}", "hint": "mend it"}
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return httpx.Response(status, json={"error": fault}, headers=sent)

    return make
