"""Rewards for reinforcement learning: a completion's program is judged against the tests of its row.

A program that fails is a score, whatever it does. A failure of ours (no answer in spite of all tries, `internal_error`)
is never scored: it is `on_failure`, or raises. A request that the server refuses (the key, the language, the tests) is
the operator's to mend, and always raises.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional, Protocol, Union, cast

from optimus_client.client import Client
from optimus_client.errors import ApiError, BusyError, OptimusError, ServerError
from optimus_client.extract import extract_code
from optimus_client.result import Completed
from optimus_client.rows import read_tests
from optimus_client.types import JobRequest, Test

#: Verdicts that say nothing of the program.
_OURS = frozenset({"internal_error", "cancelled"})


class JudgeFailedError(OptimusError):
    """The server could not judge a program: that is no score."""


class RewardFunction(Protocol):
    """What TRL's trainers take in `reward_funcs`."""

    __name__: str

    def __call__(self, *, completions: Sequence[Any], **columns: Any) -> list[Optional[float]]:
        """Return a reward for each completion; `None` leaves it out."""


def rewards(
    client: Client,
    job: JobRequest,
    *,
    tests: str = "tests",
    partial: bool = False,
    on_failure: Optional[float] = None,
    lanes: int = 32,
) -> RewardFunction:
    """Make a reward function for TRL.

    `job` is what all programs have in common: `{"language": "python", "limits": {"cpu_ms": 2000}}`. `tests` names the
    column with the tests of each row, in any form that `read_tests` reads. The reward is 1 for an accepted program and
    0 for any other; with `partial`, the accepted part of its tests. Where the server cannot judge, it is `on_failure`:
    `None`, by which TRL leaves the completion out.
    """
    scorer = _Scorer(client, partial)

    def code_reward(*, completions: Sequence[Any], **columns: Any) -> list[Optional[float]]:
        if tests not in columns:
            raise ValueError(f"the data set has no column `{tests}`: it has {', '.join(sorted(columns)) or 'none'}")
        rows = [_Row(job, _text(completion), read_tests(row)) for completion, row in zip(completions, columns[tests])]
        scores = scorer.scores(rows, lanes)
        return [on_failure if isinstance(score, JudgeFailedError) else score for score in scores]

    return code_reward


def compute_score(
    data_source: object,  # noqa: ARG001
    solution_str: str,
    ground_truth: object,
    extra_info: Optional[Mapping[str, Any]] = None,
    *,
    language: str = "python",
    partial: bool = False,
    on_failure: Optional[float] = None,
    base: Optional[str] = None,
    key: Optional[str] = None,
    retry_for: float = 60.0,
    job: Optional[Mapping[str, Any]] = None,
    **_: object,
) -> float:
    """Score a completion, as verl's `custom_reward_function` wants it.

    `ground_truth` holds the tests, in any form that `read_tests` reads; `extra_info["language"]` is the row's language,
    where it is not `language`. `base`, `key` and `retry_for` are those of `Client`; further fields of the job, as
    limits, are in `job`. Without `on_failure` a failure of the server raises `JudgeFailedError`. Arguments that verl
    adds are ignored.
    """
    named = str((extra_info or {}).get("language") or language)
    template = cast("JobRequest", {**(job or {}), "language": named})
    scorer = _Scorer(_shared(os.getpid(), base, key, retry_for), partial)
    (score,) = scorer.scores([_Row(template, solution_str, read_tests(ground_truth))], lanes=1)
    if not isinstance(score, JudgeFailedError):
        return score
    if on_failure is None:
        raise score
    return on_failure


@dataclass(frozen=True)
class _Row:
    job: JobRequest
    completion: str
    tests: list[Test]


@dataclass(frozen=True)
class _Scorer:
    client: Client
    partial: bool

    def scores(self, rows: Sequence[_Row], lanes: int) -> list[Union[float, JudgeFailedError]]:
        """Return a score for each row, or why there is none."""
        scores: list[Union[float, JudgeFailedError]] = [0.0] * len(rows)
        try:
            programs = [extract_code(row.completion, _names(self.client, row.job["language"])) for row in rows]
        except OptimusError as error:
            return [_failure(error)] * len(rows)
        # What holds no program is wrong without asking.
        places = [place for place, program in enumerate(programs) if program.strip()]
        jobs = [self._job(rows[place], programs[place]) for place in places]
        for done in self.client.as_completed(jobs, lanes=lanes):
            scores[places[done.index]] = self._score(done)
        return scores

    def _job(self, row: _Row, program: str) -> JobRequest:
        # Nobody reads what programs print, and one failure decides unless parts count.
        defaults = {"capture_bytes": 0, "stop_at_first_failure": not self.partial}
        # A model may write half of a character, which no file can hold.
        source = program.encode("utf-8", errors="replace").decode("utf-8")
        return cast("JobRequest", {**defaults, **row.job, "source": source, "tests": row.tests})

    def _score(self, done: Completed) -> Union[float, JudgeFailedError]:
        if isinstance(done.outcome, OptimusError):
            return _failure(done.outcome)
        result = done.outcome
        if result.verdict in _OURS:
            fault = result.report.get("error")
            return JudgeFailedError(f"job {result.id}: {result.verdict if fault is None else fault['message']}")
        if self.partial:
            return result.share
        return 1.0 if result.accepted else 0.0


def _failure(error: OptimusError) -> JudgeFailedError:
    """Return what is the server's failure, and raise what is the operator's."""
    if isinstance(error, ApiError) and not isinstance(error, (BusyError, ServerError)):
        raise error
    failure = JudgeFailedError(str(error))
    failure.__cause__ = error
    return failure


def _text(completion: Union[str, Sequence[Mapping[str, Any]]]) -> str:
    """Return the text of a completion: of the last message, where it is a conversation."""
    if isinstance(completion, str):
        return completion
    content = completion[-1].get("content") if completion else None
    return content if isinstance(content, str) else ""


@functools.lru_cache(maxsize=64)
def _names(client: Client, language: str) -> frozenset[str]:
    """Return what a block in this language may be marked with."""
    for known in client.languages():
        names = {known["id"], *known["aliases"], *known["extensions"]}
        if language in names:
            return frozenset(names)
    return frozenset({language})


@functools.lru_cache(maxsize=8)
def _shared(process: int, base: Optional[str], key: Optional[str], retry_for: float) -> Client:  # noqa: ARG001
    """Return one client for each process: connections do not survive a fork."""
    return Client(base, key=key, retry_for=retry_for)
