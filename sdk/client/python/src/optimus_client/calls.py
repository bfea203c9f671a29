"""Every operation, as steps that do no I/O: each yields what to send or how long to pause, and ends with its value.

`Client` and `AsyncClient` perform the same steps; neither knows the API.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Optional, TypeVar, Union, cast
from urllib.parse import quote

import httpx

from optimus_client.errors import PASSING, ApiError, BusyError, ConflictError, StillRunningError, of_fault
from optimus_client.result import Result
from optimus_client.retry import Answer, Attempts
from optimus_client.types import (
    BatchAnswer,
    BatchRow,
    Fault,
    Job,
    JobRequest,
    Language,
    LanguageList,
    Problem,
    ProblemList,
    ServerLimits,
)

T = TypeVar("T")

#: The longest that a server holds a request of ours. Proxies give up after a minute or less.
HOLD_S = 20.0
#: A longer answer means that the server is gone.
SLACK_S = 30.0
#: Jobs of one request: a key's rate is counted by whole requests, and a refused request is sent again whole.
_BATCH = 100
#: Pause before an unfinished job is asked for again, when the server did not hold the request: it is stopping.
_UNHELD_S = 0.2


@dataclass(frozen=True)
class Call:
    """A request."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Optional[bytes] = None
    #: How long the server may hold it, in seconds.
    hold: float = 0.0


@dataclass(frozen=True)
class Pause:
    """Time to let pass."""

    seconds: float


#: An operation that ends with a `T`. It receives what came of each call, and nothing of a pause.
Steps = Generator[Union[Call, Pause], Optional[Answer], T]


def ask(call: Call, retry_for: float) -> Steps[httpx.Response]:
    """Send a request, again while that may help."""
    return (yield from _attempt(call, Attempts(retry_for)))


def _attempt(call: Call, attempts: Attempts) -> Steps[httpx.Response]:
    while True:
        answer = yield call
        if answer is None:
            raise RuntimeError("a call was not performed")  # A mistake of a driver.
        if isinstance(answer, httpx.Response) and answer.is_success:
            return answer
        yield Pause(attempts.pause(answer))


def submit(job: JobRequest, key: Optional[str], retry_for: float) -> Steps[str]:
    """Submit a job, and end with its id."""
    answer = yield from ask(_submission(job, key, 0.0), retry_for)
    return cast("Job", answer.json())["id"]


def run(job: JobRequest, timeout: Optional[float], key: Optional[str], retry_for: float) -> Steps[Result]:
    """Submit a job, and wait for its end."""
    deadline = _deadline(timeout)
    answer = yield from ask(_submission(job, key, _hold(deadline)), retry_for)
    submitted = cast("Job", answer.json())
    if "report" in submitted:
        return Result(submitted["report"])
    return (yield from _until_done(submitted["id"], timeout, deadline, retry_for))


def get(job_id: str, retry_for: float, hold: float = 0.0) -> Steps[Job]:
    """Ask for the state of a job."""
    answer = yield from ask(Call("GET", _job(job_id), query=_wait(hold), hold=hold), retry_for)
    return cast("Job", answer.json())


def wait(job_id: str, timeout: Optional[float], retry_for: float) -> Steps[Result]:
    """Wait for the end of a job."""
    return (yield from _until_done(job_id, timeout, _deadline(timeout), retry_for))


def _until_done(job_id: str, timeout: Optional[float], deadline: Optional[float], retry_for: float) -> Steps[Result]:
    while True:
        asked = time.monotonic()
        hold = _hold(deadline)
        job = yield from get(job_id, retry_for, hold)
        if "report" in job:
            return Result(job["report"])
        now = time.monotonic()
        if deadline is not None and now >= deadline:
            raise StillRunningError(job_id, timeout or 0.0)
        if now - asked < min(hold, _UNHELD_S):
            yield Pause(_UNHELD_S)


def cancel(job_id: str, retry_for: float) -> Steps[Job]:
    """Cancel a job. One that runs ends soon after, with the verdict `cancelled`."""
    attempts = Attempts(retry_for)
    try:
        answer = yield from _attempt(Call("DELETE", _job(job_id)), attempts)
    except ConflictError:
        if not attempts.repeated:
            raise
        # The answer to an earlier attempt was lost: that one may have cancelled the job.
        job = yield from get(job_id, retry_for)
        if "report" in job and job["report"]["verdict"] == "cancelled":
            return job
        raise
    return cast("Job", answer.json())


def batch(jobs: Sequence[JobRequest], retry_for: float) -> Steps[list[Union[str, ApiError]]]:
    """Submit many jobs, and end with the id of each, or the reason why it was refused."""
    rows: list[Union[str, ApiError]] = []
    for first in range(0, len(jobs), _BATCH):
        part = jobs[first : first + _BATCH]
        rows += [_row(row) for row in (yield from _batch(part, retry_for))]
    return rows


def _batch(jobs: Sequence[JobRequest], retry_for: float) -> Steps[list[BatchRow]]:
    """Submit one request's jobs. Under the same key, those that were accepted are not submitted again."""
    call = Call("POST", "/v1/jobs/batch", headers=_idempotent(None), body=_encoded({"jobs": list(jobs)}))
    attempts = Attempts(retry_for)
    while True:
        answer = yield from ask(call, retry_for)
        rows = cast("BatchAnswer", answer.json())["jobs"]
        fault = next((row["error"] for row in rows if "error" in row and row["error"]["code"] in PASSING), None)
        if fault is None:
            return rows
        try:
            pause = attempts.pause(_as_response(fault, answer.request))
        except BusyError:
            return rows
        yield Pause(pause)


def _as_response(fault: Fault, request: httpx.Request) -> httpx.Response:
    return httpx.Response(httpx.codes.SERVICE_UNAVAILABLE, json={"error": fault}, request=request)


def _row(row: BatchRow) -> Union[str, ApiError]:
    return row["id"] if "id" in row else of_fault(row["error"])


def languages(retry_for: float) -> Steps[list[Language]]:
    """List the languages."""
    answer = yield from ask(Call("GET", "/v1/languages"), retry_for)
    return cast("LanguageList", answer.json())["languages"]


def limits(retry_for: float) -> Steps[ServerLimits]:
    """Ask for the caps and the defaults of jobs."""
    answer = yield from ask(Call("GET", "/v1/limits"), retry_for)
    return cast("ServerLimits", answer.json())


def add_problem(archive: bytes, limits: Mapping[str, Optional[int]], retry_for: float) -> Steps[Problem]:
    """Store a problem package."""
    query = {name: str(value) for name, value in limits.items() if value is not None}
    call = Call("POST", "/v1/problems", query=query, headers={"content-type": "application/zip"}, body=archive)
    answer = yield from ask(call, retry_for)
    return cast("Problem", answer.json())


def problem(problem_id: str, retry_for: float) -> Steps[Problem]:
    """Describe a stored problem."""
    answer = yield from ask(Call("GET", f"/v1/problems/{quote(problem_id, safe='')}"), retry_for)
    return cast("Problem", answer.json())


def problems(retry_for: float) -> Steps[list[str]]:
    """List the stored problems."""
    answer = yield from ask(Call("GET", "/v1/problems"), retry_for)
    return cast("ProblemList", answer.json())["problems"]


def remove_problem(problem_id: str, retry_for: float) -> Steps[Problem]:
    """Remove a stored problem."""
    answer = yield from ask(Call("DELETE", f"/v1/problems/{quote(problem_id, safe='')}"), retry_for)
    return cast("Problem", answer.json())


def events_path(job_id: str) -> str:
    """Return where a job's events are."""
    return f"{_job(job_id)}/events"


def _submission(job: JobRequest, key: Optional[str], hold: float) -> Call:
    return Call("POST", "/v1/jobs", query=_wait(hold), headers=_idempotent(key), body=_encoded(job), hold=hold)


def _job(job_id: str) -> str:
    return f"/v1/jobs/{quote(job_id, safe='')}"


def _wait(hold: float) -> dict[str, str]:
    return {"wait": f"{int(hold * 1000)}ms"} if hold > 0 else {}


def _idempotent(key: Optional[str]) -> dict[str, str]:
    return {"content-type": "application/json", "idempotency-key": key or uuid.uuid4().hex}


def _encoded(body: Any) -> bytes:
    try:
        return json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8")
    except UnicodeEncodeError as error:
        found = f"{error.object[error.start]!r}"
        raise ValueError(f"a string holds {found}, half of a character: pass bytes through `content()`") from error


def _deadline(timeout: Optional[float]) -> Optional[float]:
    return None if timeout is None else time.monotonic() + timeout


def _hold(deadline: Optional[float]) -> float:
    return HOLD_S if deadline is None else max(0.0, min(HOLD_S, deadline - time.monotonic()))
