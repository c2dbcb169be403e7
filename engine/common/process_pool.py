"""Work spread over processes, which end with the one that started them."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import TypeVar

from engine.errors import ArmonicaError

Task = TypeVar("Task")
Found = TypeVar("Found")


class WorkerLost(ArmonicaError):
    """A process that the system ended while it worked."""

    title = "Work"


@contextmanager
def spread(
    work: Callable[[Task], Found], tasks: Sequence[Task], workers: int, chunk: int = 1
) -> Iterator[Iterator[Found]]:
    """Yield what ``work`` makes of each task, in their order, from spawned processes.

    ``work`` is a function of a module, or a partial of one; ``chunk`` tasks go to a process
    together. An interrupt reaches the caller alone; the processes end at once when the block
    is left by an error, and when the caller is killed. Raises what ``work`` raises, and
    `WorkerLost` where the system ended a process.
    """
    context = multiprocessing.get_context("spawn")
    theirs, ours = context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(workers, context, _end_with_the_caller, (theirs,))
    try:
        with _no_interrupts():
            waiting = deque(
                pool.submit(_each, work, tasks[at : at + chunk])
                for at in range(0, len(tasks), chunk)
            )
        yield (found for future in _popped(waiting) for found in future.result())
    except BaseException as error:
        # The other end of this pipe is all that keeps them alive.
        ours.close()
        if isinstance(error, BrokenProcessPool):
            raise WorkerLost(
                "The system ended a process that was at work.",
                "If memory is short, use fewer workers; the same command goes on.",
            ) from error
        raise
    finally:
        # Cancelling what waits would trip the pool when its processes end.
        pool.shutdown()
        ours.close()
        theirs.close()


def _each(work: Callable[[Task], Found], tasks: Sequence[Task]) -> list[Found]:
    return [work(task) for task in tasks]


def _popped(waiting: deque[Task]) -> Iterator[Task]:
    while waiting:
        yield waiting.popleft()


@contextmanager
def _no_interrupts() -> Iterator[None]:
    # Processes keep the mask that they are started with: Ctrl-C goes to the whole group.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end_with_the_caller(pipe: Connection) -> None:
    threading.Thread(target=_watch, args=(pipe,), daemon=True).start()


def _watch(pipe: Connection) -> None:
    try:
        pipe.recv_bytes()
    except (EOFError, OSError):
        os._exit(1)
