"""What is sent, what is sent again, and what is not."""

from __future__ import annotations

import asyncio
import json
import pickle
import time
from collections.abc import Callable

import httpx
import pytest

from optimus_client import (
    ApiError,
    AsyncClient,
    BadRequestError,
    BusyError,
    Client,
    ConflictError,
    ServerError,
    StillRunningError,
    UnauthorizedError,
    UnreachableError,
)
from tests.conftest import Script

ID = "0197b5c2-7d1e-7b3a-9c54-3f0a6b1d2e4f"
REPORT = {"id": ID, "language": "python", "verdict": "accepted", "sandbox": "native", "tests": [], "timing": {}}
Refusal = Callable[..., httpx.Response]


def done(verdict: str = "accepted") -> httpx.Response:
    return httpx.Response(200, json={"id": ID, "state": "done", "report": {**REPORT, "verdict": verdict}})


def queued() -> httpx.Response:
    return httpx.Response(202, json={"id": ID, "state": "queued"})


def test_a_run_is_one_request_with_key_path_and_wait(client: Client, script: Script) -> None:
    script.answers = [done()]
    assert client.run(language="python", source="print('é')").accepted
    (request,) = script.requests
    assert str(request.url) == "http://judge.example/optimus/v1/jobs?wait=20000ms"
    assert request.headers["authorization"] == "Bearer opt_1"
    assert json.loads(request.content) == {"language": "python", "source": "print('é')"}


def test_a_submission_that_was_not_answered_is_repeated_under_the_same_key(client: Client, script: Script) -> None:
    script.answers = [httpx.ReadError("reset"), httpx.ConnectError("refused"), queued()]
    assert client.submit(language="python", source="") == ID
    keys = {request.headers["idempotency-key"] for request in script.requests}
    assert len(script.requests) == 3
    assert len(keys) == 1


def test_two_submissions_have_two_keys(client: Client, script: Script) -> None:
    script.answers = [queued(), queued()]
    client.submit(language="python")
    client.submit(language="python")
    assert script.requests[0].headers["idempotency-key"] != script.requests[1].headers["idempotency-key"]


@pytest.mark.parametrize("status", [429, 503])
def test_a_refusal_for_now_is_repeated_when_it_says(
    client: Client, script: Script, refusal: Refusal, status: int
) -> None:
    script.answers = [refusal(status, "busy", retry_after="1"), queued()]
    began = time.monotonic()
    assert client.submit(language="python") == ID
    assert time.monotonic() - began >= 1.0


def test_a_refusal_that_lasts_longer_than_the_callers_patience_is_raised_at_once(
    client: Client, script: Script, refusal: Refusal
) -> None:
    script.answers = [refusal(429, "rate_limited", retry_after="3600")]
    began = time.monotonic()
    with pytest.raises(BusyError, match="rate_limited: it is rate_limited \\(mend it\\)"):
        client.submit(language="python")
    assert time.monotonic() - began < 1.0


@pytest.mark.parametrize(("status", "kind"), [(401, UnauthorizedError), (422, BadRequestError), (500, ServerError)])
def test_other_refusals_are_raised_at_once(
    client: Client, script: Script, refusal: Refusal, status: int, kind: type[ApiError]
) -> None:
    script.answers = [refusal(status, "no", x_request_id="r1")]
    with pytest.raises(kind) as caught:
        client.languages()
    error = caught.value
    assert (error.status, error.code, error.hint, error.request_id) == (status, "no", "mend it", "r1")
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    assert (type(copy), str(copy)) == (type(error), str(error))


def test_a_proxys_page_is_an_error_too(client: Client, script: Script) -> None:
    script.answers = [httpx.Response(405, text="<html>no</html>")]
    with pytest.raises(BadRequestError, match="http_405: <html>no</html>"):
        client.limits()


def test_a_server_that_does_not_come_back_is_unreachable(script: Script) -> None:
    script.answers = [httpx.ConnectError("refused")] * 100
    with httpx.Client(transport=httpx.MockTransport(script.handle)) as http:
        client = Client("http://judge.example", retry_for=0.05, http=http)
        with pytest.raises(UnreachableError, match="refused") as caught:
            client.languages()
    assert isinstance(caught.value.__cause__, httpx.ConnectError)
    assert len(script.requests) > 1


def test_a_job_that_goes_on_is_named_when_time_is_over(client: Client, script: Script) -> None:
    script.answers = [queued(), *[httpx.Response(200, json={"id": ID, "state": "running"})] * 100]
    with pytest.raises(StillRunningError, match=f"job {ID} has not ended within 0.3 s") as caught:
        client.run(language="python", timeout=0.3)
    assert caught.value.id == ID
    # A server that does not hold the request is not asked in a loop.
    assert len(script.requests) < 10


def test_a_cancellation_whose_answer_was_lost_has_happened(client: Client, script: Script, refusal: Refusal) -> None:
    script.answers = [httpx.ReadError("reset"), refusal(409, "too_late"), done("cancelled")]
    assert client.cancel(ID)["report"]["verdict"] == "cancelled"
    script.answers = [httpx.ReadError("reset"), refusal(409, "too_late"), done("accepted")]
    with pytest.raises(ConflictError):
        client.cancel(ID)
    script.answers = [refusal(409, "too_late")]
    with pytest.raises(ConflictError):
        client.cancel(ID)


def test_a_batch_is_sent_in_parts_and_what_was_refused_for_now_again(client: Client, script: Script) -> None:
    full = {"error": {"code": "queue_full", "message": "full"}}
    wrong = {"error": {"code": "invalid", "message": "no"}}
    ids = [{"id": f"{number}"} for number in range(100)]
    script.answers = [
        httpx.Response(202, json={"jobs": ids, "accepted": 100}),
        httpx.Response(202, json={"jobs": [full, wrong], "accepted": 0}),
        httpx.Response(202, json={"jobs": [{"id": "100"}, wrong], "accepted": 1}),
    ]
    *accepted, refused = client.batch([{"language": "python"}] * 102)
    assert accepted == [f"{number}" for number in range(101)]
    assert isinstance(refused, BadRequestError)
    first, second, third = (request.headers["idempotency-key"] for request in script.requests)
    assert first != second == third


def test_half_of_a_character_is_named(client: Client) -> None:
    with pytest.raises(ValueError, match=r"'\\ud800', half of a character: pass bytes through `content\(\)`"):
        client.run(language="python", source="print('\ud800')")


def test_what_no_request_could_carry_is_refused() -> None:
    with pytest.raises(ValueError, match="`base` is `judge:8080`: it begins with http://"):
        Client("judge:8080")
    with pytest.raises(ValueError, match="`key` holds a character"):
        Client("http://judge", key="opt_1\n")


def test_the_environment_says_where_the_server_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPTIMUS_URL", "https://judge.example")
    with Client() as client:
        assert client.base == "https://judge.example"
    monkeypatch.delenv("OPTIMUS_URL")
    with Client() as client:
        assert client.base == "http://127.0.0.1:8080"


def test_the_async_client_takes_the_same_steps(script: Script) -> None:
    async def run() -> bool:
        async with httpx.AsyncClient(transport=httpx.MockTransport(script.handle)) as http:
            client = AsyncClient("http://judge.example", http=http)
            return (await client.run(language="python")).accepted

    script.answers = [httpx.ReadError("reset"), queued(), done()]
    assert asyncio.run(run())
    assert [request.method for request in script.requests] == ["POST", "POST", "GET"]
