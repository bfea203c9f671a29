"""Which of many jobs a lane takes next."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Optional, Union

from optimus_client.calls import HOLD_S
from optimus_client.errors import OptimusError
from optimus_client.types import JobRequest

#: A job to submit, the id of one that is submitted already, or why there is none (as `batch` returns it).
Item = Union[JobRequest, str, OptimusError]

#: How long to ask for one job while others, which may have ended already, wait for a lane.
_GLANCE_S = 1.0


@dataclass(frozen=True)
class Task:
    """An item, and its place among all."""

    index: int
    item: Item


class Tasks:
    """The items that no lane has. Items are taken from the iterable one at a time, so it may be endless."""

    def __init__(self, items: Iterable[Item]) -> None:
        self._source: Iterator[tuple[int, Item]] = enumerate(items)
        self._exhausted = False
        self._again: deque[Task] = deque()

    def take(self) -> Optional[Task]:
        """Take the next, or nothing."""
        if not self._exhausted:
            for index, item in self._source:
                return Task(index, item)
            self._exhausted = True
        return self._again.popleft() if self._again else None

    def put_back(self, task: Task) -> None:
        """Return a job that has not ended: others are asked for before it is again."""
        self._again.append(task)

    @property
    def hold(self) -> float:
        """How long the server may hold the request for a job that was taken."""
        return HOLD_S if self._exhausted and not self._again else _GLANCE_S
