"""A job that has ended, with what one asks of it most."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Union

from optimus_client.content import to_text
from optimus_client.errors import OptimusError
from optimus_client.types import Report, TestReport, Verdict


@dataclass(frozen=True)
class Result:
    """The end of a job. `report` is all that the server says of it."""

    report: Report

    @property
    def id(self) -> str:
        """The job's id."""
        return self.report["id"]

    @property
    def verdict(self) -> Verdict:
        """What it means: `accepted`, `wrong_answer`, …."""
        return self.report["verdict"]

    @property
    def accepted(self) -> bool:
        """True if the program is right."""
        return self.report["verdict"] == "accepted"

    @property
    def tests(self) -> list[TestReport]:
        """One for each test, in the job's order."""
        return self.report["tests"]

    @property
    def passed(self) -> int:
        """The number of accepted tests."""
        return sum(test["verdict"] == "accepted" for test in self.tests)

    @property
    def share(self) -> float:
        """The accepted part of the tests, from 0 to 1; a test that a checker scores counts with its score."""
        if not self.tests:
            return 0.0
        return sum(_share(test) for test in self.tests) / len(self.tests)

    @property
    def points(self) -> Optional[float]:
        """The points, where the job has scoring rules."""
        score = self.report.get("score")
        return None if score is None else score["points"]

    @property
    def stdout(self) -> str:
        """What the first test printed, as far as the report holds it."""
        return to_text(self.tests[0]["stdout"]["content"]) if self.tests else ""

    @property
    def stderr(self) -> str:
        """The same of stderr."""
        return to_text(self.tests[0]["stderr"]["content"]) if self.tests else ""

    @property
    def compiler_output(self) -> str:
        """What the compilers printed."""
        compiled = self.report.get("compile")
        return "" if compiled is None else to_text(compiled["output"]["content"])

    def __str__(self) -> str:
        return f"{self.verdict}, {self.passed} of {len(self.tests)} tests"


def _share(test: TestReport) -> float:
    whole = 1.0 if test["verdict"] == "accepted" else 0.0
    return test.get("score", whole)


@dataclass(frozen=True)
class Completed:
    """One of many jobs: its place among them, and how it ended."""

    #: From 0, in the order in which the jobs were given.
    index: int
    #: The result, or why there is none.
    outcome: Union[Result, OptimusError]

    def result(self) -> Result:
        """Return the result, or raise why there is none."""
        if isinstance(self.outcome, OptimusError):
            raise self.outcome
        return self.outcome
