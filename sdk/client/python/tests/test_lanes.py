"""Many jobs at a time."""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from optimus_client import AsyncClient, BadRequestError, Client, Completed, content, to_bytes, to_text
from optimus_client.types import JobRequest


class Judge:
    """Answers each job with its own source, and counts how many it has at once."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.now = self.most = self.seen = 0
        self.asked: dict[str, int] = {}

    def handle(self, request: httpx.Request) -> httpx.Response:
        """Take a moment, as judging does."""
        with self.lock:
            self.now += 1
            self.seen += 1
            self.most = max(self.most, self.now)
        time.sleep(0.002)
        with self.lock:
            self.now -= 1
        name = request.url.path.rsplit("/", 1)[1]
        if request.method == "GET":
            count = self.asked[name] = self.asked.get(name, 0) + 1
            if name == "slow" and count < 3:
                return httpx.Response(200, json={"id": name, "state": "running"})
            return httpx.Response(200, json=report(name))
        if b"refused" in request.content:
            return httpx.Response(422, json={"error": {"code": "invalid", "message": "no"}})
        return httpx.Response(200, json=report("posted"))


def report(name: str) -> dict[str, object]:
    whole = {"id": name, "language": "python", "verdict": "accepted", "sandbox": "native", "tests": [], "timing": {}}
    return {"id": name, "state": "done", "report": whole}


@pytest.fixture
def judge() -> Judge:
    return Judge()


@pytest.fixture
def client(judge: Judge) -> Iterator[Client]:
    with httpx.Client(transport=httpx.MockTransport(judge.handle)) as http:
        yield Client("http://judge.example", http=http)


def jobs() -> Iterator[JobRequest]:
    for number in itertools.count():
        yield {"language": "python", "source": "refused" if number % 10 == 3 else f"print({number})"}


def check(ended: list[Completed]) -> None:
    assert sorted(done.index for done in ended) == list(range(100))
    refused = [done.index for done in ended if isinstance(done.outcome, BadRequestError)]
    assert sorted(refused) == list(range(3, 100, 10))
    with pytest.raises(BadRequestError, match="invalid: no"):
        next(done for done in ended if done.index == 3).result()


def test_each_job_ends_once_and_one_refusal_is_its_own(client: Client, judge: Judge) -> None:
    check(list(client.as_completed(itertools.islice(jobs(), 100), lanes=8)))
    assert 2 <= judge.most <= 8


def test_an_endless_supply_is_taken_only_as_far_as_it_is_used(client: Client, judge: Judge) -> None:
    endless = client.as_completed(jobs(), lanes=4)
    assert len(list(itertools.islice(endless, 10))) == 10
    time.sleep(0.1)
    assert judge.seen <= 10 + 8 + 4


def test_a_slow_job_does_not_hold_back_the_others(client: Client) -> None:
    order = [done.result().id for done in client.as_completed(["slow", "a", "b", "c"], lanes=1)]
    assert order == ["a", "b", "c", "slow"]


def test_an_error_of_the_callers_own_supply_reaches_the_caller(client: Client) -> None:
    def broken() -> Iterator[JobRequest]:
        yield {"language": "python"}
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        list(client.as_completed(broken(), lanes=2))


def test_no_jobs_are_no_results(client: Client) -> None:
    assert list(client.as_completed([])) == []


def test_the_async_client_does_the_same(judge: Judge) -> None:
    async def handle(request: httpx.Request) -> httpx.Response:
        return await asyncio.to_thread(judge.handle, request)

    async def all_of(ended: AsyncIterator[Completed]) -> list[Completed]:
        return [done async for done in ended]

    async def run() -> None:
        async with httpx.AsyncClient(transport=httpx.MockTransport(handle)) as http:
            client = AsyncClient("http://judge.example", http=http)
            check(await all_of(client.as_completed(itertools.islice(jobs(), 100), lanes=8)))
            slow = await all_of(client.as_completed(["slow", "a"], lanes=1))
            assert [done.result().id for done in slow] == ["a", "slow"]
            async for _ in client.as_completed(jobs(), lanes=4):
                break

    asyncio.run(run())
    assert judge.most <= 8


@pytest.mark.parametrize("data", [b"", "é\n".encode(), b"\xff\x00", b"\xed\xa0\x80"])
def test_bytes_come_back_as_they_went(data: bytes) -> None:
    assert to_bytes(content(data)) == data


def test_text_is_for_people() -> None:
    assert to_text(content(b"a\xff")) == "a\ufffd"
    assert to_text({"text": "a"}) == "a"
