"""The client that blocks."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Optional, TypeVar, Union

import httpx
from typing_extensions import Self, Unpack

from optimus_client import calls
from optimus_client.calls import Call, Pause, Steps
from optimus_client.connection import Connection
from optimus_client.errors import ApiError, OptimusError
from optimus_client.lanes import Item, Task, Tasks
from optimus_client.result import Completed, Result
from optimus_client.retry import Answer, Attempts
from optimus_client.sse import EventReader
from optimus_client.threads import Threads
from optimus_client.types import Event, Job, JobRequest, Language, Problem, ServerLimits

T = TypeVar("T")


class Client:
    """A connection to a server. Threads may share it.

    `base` is the server's URL (default: `OPTIMUS_URL`, else `http://127.0.0.1:8080`), `key` an API key or a token
    (default: `OPTIMUS_KEY`). A request that is refused for now, or is not answered, is sent again for `retry_for`
    seconds. `http` is an `httpx.Client` of your own, for a proxy or another certificate; it stays yours to close.
    """

    def __init__(
        self,
        base: Optional[str] = None,
        *,
        key: Optional[str] = None,
        retry_for: float = 60.0,
        http: Optional[httpx.Client] = None,
    ) -> None:
        self._connection = Connection.of(base, key, retry_for)
        self._owns_http = http is None
        self._http = http or httpx.Client(limits=self._connection.limits)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        if self._owns_http:
            self._http.close()

    @property
    def base(self) -> str:
        """The server's URL."""
        return self._connection.base

    def run(self, *, timeout: Optional[float] = None, **job: Unpack[JobRequest]) -> Result:
        """Submit a program and wait for its end.

        After `timeout` seconds `StillRunningError` is raised, and the job goes on. A program that fails is a `Result`.
        """
        return self._perform(calls.run(job, timeout, None, self._connection.retry_for))

    def submit(self, *, idempotency_key: Optional[str] = None, **job: Unpack[JobRequest]) -> str:
        """Submit a program, and return the job's id. The same key with the same job returns the same id."""
        return self._perform(calls.submit(job, idempotency_key, self._connection.retry_for))

    def get(self, id: str) -> Job:
        """Return the state of a job, and its report once it has ended."""
        return self._perform(calls.get(id, self._connection.retry_for))

    def wait(self, id: str, timeout: Optional[float] = None) -> Result:
        """Wait for the end of a job; `StillRunningError` after `timeout` seconds."""
        return self._perform(calls.wait(id, timeout, self._connection.retry_for))

    def cancel(self, id: str) -> Job:
        """Cancel a job. One that runs ends soon after; one that has ended is a `ConflictError`."""
        return self._perform(calls.cancel(id, self._connection.retry_for))

    def batch(self, jobs: Sequence[JobRequest]) -> list[Union[str, ApiError]]:
        """Submit many programs at once: the id of each, or the reason why it was refused, in their order."""
        return self._perform(calls.batch(jobs, self._connection.retry_for))

    def as_completed(self, jobs: Iterable[Item], *, lanes: int = 16) -> Iterator[Completed]:
        """Yield each job as it ends.

        Jobs to submit are submitted here, at most `lanes` at a time; ids, as `submit` and `batch` return them, are
        waited for. What goes wrong with one job is its outcome, and no reason to stop. If the caller stops, jobs under
        way stay with the server.
        """
        return Threads(Tasks(jobs), self._look, max(1, lanes)).completed()

    def _look(self, task: Task, hold: float) -> Optional[Completed]:
        """Bring a job to its end; one that is only waited for, for so long."""
        item, retry_for = task.item, self._connection.retry_for
        if isinstance(item, OptimusError):
            return Completed(task.index, item)
        try:
            if not isinstance(item, str):
                return Completed(task.index, self._perform(calls.run(item, None, None, retry_for)))
            job = self._perform(calls.get(item, retry_for, hold))
        except OptimusError as error:
            return Completed(task.index, error)
        return Completed(task.index, Result(job["report"])) if "report" in job else None

    def events(self, id: str) -> Iterator[Event]:
        """Yield the events of a job as they happen; the last is `done`. A broken connection is made again."""
        attempts, reader = Attempts(self._connection.retry_for), EventReader()
        while True:
            answer: Answer
            try:
                with self._http.stream("GET", **self._connection.events(id, reader)) as response:
                    if response.is_error:
                        response.read()
                        answer = response
                    else:
                        for chunk in response.iter_bytes():
                            for event in reader.feed(chunk):
                                attempts.worked()
                                yield event
                        if reader.is_over(response):
                            return
                        answer = reader.broken()
            except httpx.TransportError as error:
                answer = error
            reader.reconnected()
            time.sleep(attempts.pause(answer))

    def languages(self) -> list[Language]:
        """List the languages of the server."""
        return self._perform(calls.languages(self._connection.retry_for))

    def limits(self) -> ServerLimits:
        """Return the caps and the defaults of jobs on this server."""
        return self._perform(calls.limits(self._connection.retry_for))

    def add_problem(
        self,
        archive: Union[bytes, Path],
        *,
        cpu_ms: Optional[int] = None,
        wall_ms: Optional[int] = None,
        memory_bytes: Optional[int] = None,
    ) -> Problem:
        """Store a problem package (a zip archive). Jobs are judged against it by `problem=stored["problem"]`.

        The limits are for packages that leave them to the judge.
        """
        data = archive.read_bytes() if isinstance(archive, Path) else archive
        limits = {"cpu_ms": cpu_ms, "wall_ms": wall_ms, "memory_bytes": memory_bytes}
        return self._perform(calls.add_problem(data, limits, self._connection.retry_for))

    def problem(self, id: str) -> Problem:
        """Describe a stored problem."""
        return self._perform(calls.problem(id, self._connection.retry_for))

    def problems(self) -> list[str]:
        """List the stored problems; the key needs the scope `admin`."""
        return self._perform(calls.problems(self._connection.retry_for))

    def remove_problem(self, id: str) -> Problem:
        """Remove a stored problem; the key needs the scope `admin`."""
        return self._perform(calls.remove_problem(id, self._connection.retry_for))

    def _perform(self, steps: Steps[T]) -> T:
        answer: Optional[Answer] = None
        while True:
            try:
                step = steps.send(answer)
            except StopIteration as end:
                value: T = end.value
                return value
            answer = self._step(step)

    def _step(self, step: Union[Call, Pause]) -> Optional[Answer]:
        if isinstance(step, Pause):
            time.sleep(step.seconds)
            return None
        try:
            return self._http.request(step.method, **self._connection.request(step))
        except httpx.TransportError as error:
            return error
