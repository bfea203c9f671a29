"""Lanes of threads: each takes a job, and looks at it until it has ended."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from typing import Callable, Optional, Union

from optimus_client.lanes import Task, Tasks
from optimus_client.result import Completed

#: Brings a task to its end, or looks at it for so many seconds; nothing, if it has not ended.
Look = Callable[[Task, float], Optional[Completed]]


class Threads:
    """Threads that work on the same tasks."""

    def __init__(self, tasks: Tasks, look: Look, count: int) -> None:
        self._tasks = tasks
        self._look = look
        self._count = count
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        # Results that the caller has not taken yet hold back the lanes.
        self._room = threading.Semaphore(2 * count)
        self._ended: queue.Queue[Union[Completed, BaseException, None]] = queue.Queue()

    def completed(self) -> Iterator[Completed]:
        """Yield what ends, until nothing is left."""
        for _ in range(self._count):
            threading.Thread(target=self._lane, daemon=True).start()
        left = self._count
        try:
            while left:
                done = self._ended.get()
                self._room.release()
                if done is None:
                    left -= 1
                elif isinstance(done, BaseException):
                    raise done
                else:
                    yield done
        finally:
            self._stopped.set()
            self._room.release(self._count)

    def _lane(self) -> None:
        try:
            while (taken := self._take()) is not None:
                task, hold = taken
                done = self._look(task, hold)
                if done is not None:
                    self._ended.put(done)
                    continue
                with self._lock:
                    self._tasks.put_back(task)
                self._room.release()
        except BaseException as error:  # noqa: BLE001 - raised again where the caller sees it
            self._ended.put(error)
        self._ended.put(None)

    def _take(self) -> Optional[tuple[Task, float]]:
        self._room.acquire()
        with self._lock:
            task = None if self._stopped.is_set() else self._tasks.take()
            return None if task is None else (task, self._tasks.hold)
