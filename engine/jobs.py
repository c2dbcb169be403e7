"""Long work beside the engine thread: one lane for each device, the newest request first."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

from engine.errors import ArmonicaError
from engine.protocol.base import Event
from engine.protocol.notices import CommandFailed, JobProgressed

QUICK = 0.25
"""Seconds that a job may take before it is worth a line on the screen."""

PAUSE = 0.05
"""Seconds between two tellings of how far a job is."""

log = logging.getLogger(__name__)


class Cancelled(Exception):
    """Raised inside a job that was cancelled, at its next step; never told to anybody."""


@dataclass(slots=True)
class Job:
    """A piece of work as seen from inside: where it tells how far it is, and hears of its end."""

    number: int
    name: str
    kind: str
    work: Callable[[Job], None]
    tell: Callable[[Event], None]
    request: str = ""
    ended: Callable[[Job], None] | None = None
    began: float = 0.0
    shown: float | None = None
    _cancelled: threading.Event = field(default_factory=threading.Event)

    def cancel(self) -> None:
        """End the job at its next step."""
        self._cancelled.set()

    @property
    def cancelled(self) -> bool:
        """Whether the job should end."""
        return self._cancelled.is_set()

    def rest(self, seconds: float) -> None:
        """Wait so long, or until the job is cancelled."""
        self._cancelled.wait(seconds)

    def step(self, done: float) -> None:
        """Describe how much is done, 0 to 1; raises `Cancelled` where nobody waits any more."""
        if self.cancelled:
            raise Cancelled
        now = time.monotonic()
        if now - self.began >= QUICK and (self.shown is None or now - self.shown >= PAUSE):
            self.shown = now
            self.tell(JobProgressed(self.number, self.name, min(done, 0.999), self.request))

    def run(self) -> None:
        """Do the work; whatever goes wrong is told."""
        self.began = time.monotonic()
        try:
            if not self.cancelled:
                self.work(self)
        except Cancelled:
            pass
        except ArmonicaError as error:
            self.tell(CommandFailed.of(error, self.request))
        except Exception as error:
            log.exception("The job %s failed", self.name)
            self.tell(
                CommandFailed(
                    "Something went wrong",
                    f"{self.name.capitalize()} failed: {error}.",
                    "The log says where.",
                    self.request,
                )
            )
        if self.shown is not None:
            self.tell(JobProgressed(self.number, self.name, 1.0, self.request))
        if self.ended is not None:
            self.ended(self)


class Jobs:
    """Starts jobs in lanes, each a thread of its own that is made when it is first needed.

    What jobs tell is handed to ``tell`` on the lane's thread.
    """

    def __init__(self, tell: Callable[[Event], None]) -> None:
        self._tell = tell
        self._numbers = count(1)
        self._lanes: dict[str, _Lane] = {}

    def start(
        self,
        lane: str,
        kind: str,
        name: str,
        work: Callable[[Job], None],
        request: str = "",
        ended: Callable[[Job], None] | None = None,
    ) -> int:
        """Queue work in a lane and return its number; older work of the same kind is cancelled.

        Errors answer ``request``, the id of the command that asks for it. ``ended`` is called on
        the lane's thread when the job is over, whatever became of it, and also where it was
        cancelled before it began.
        """
        job = Job(next(self._numbers), name, kind, work, self._tell, request, ended)
        for each in self._lanes.values():
            each.cancel(lambda old: old.kind == kind)
        if lane not in self._lanes:
            self._lanes[lane] = _Lane(lane)
        self._lanes[lane].put(job)
        return job.number

    def cancel(self, number: int) -> None:
        """End a job at its next step; a job that is over already is left alone."""
        for lane in self._lanes.values():
            lane.cancel(lambda job: job.number == number)

    def close(self, timeout: float = 2.0) -> None:
        """Cancel everything and wait for the lanes to end, but no longer than ``timeout``."""
        for lane in self._lanes.values():
            lane.close()
        deadline = time.monotonic() + timeout
        for lane in self._lanes.values():
            lane.join(max(0.0, deadline - time.monotonic()))


class _Lane:
    def __init__(self, name: str) -> None:
        self._queue: deque[Job] = deque()
        self._running: Job | None = None
        self._closing = False
        self._changed = threading.Condition()
        # A daemon, so that a stuck device does not keep the program from ending.
        self._thread = threading.Thread(target=self._work, name=f"{name} jobs", daemon=True)
        self._thread.start()

    def put(self, job: Job) -> None:
        with self._changed:
            self._queue.append(job)
            self._changed.notify()

    def cancel(self, which: Callable[[Job], bool]) -> None:
        with self._changed:
            for job in (*self._queue, *([self._running] if self._running else [])):
                if which(job):
                    job.cancel()

    def close(self) -> None:
        with self._changed:
            self._closing = True
            self._changed.notify()
        self.cancel(lambda _: True)

    def join(self, timeout: float) -> None:
        self._thread.join(timeout)

    def _work(self) -> None:
        while True:
            with self._changed:
                self._running = None
                self._changed.wait_for(lambda: self._queue or self._closing)
                if self._closing:
                    return
                self._running = job = self._queue.popleft()
            job.run()
