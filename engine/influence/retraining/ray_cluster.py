"""Retrainings spread over a Ray cluster, the optional extra ``lab``."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from engine.errors import ArmonicaError, UserError
from engine.influence.retraining.sweep import Outcome, Spread, Task

LOCAL = "local"
"""The address that stands for a cluster of this machine alone, for as long as the work takes."""

RETRIES = 5
"""How often a task is given to another worker when its own is lost."""


class NoCluster(UserError):
    """A cluster that cannot be reached, or Ray that is not installed."""

    title = "Ray"


class ClusterLost(ArmonicaError):
    """A cluster that went away, or lost the same task too often."""

    title = "Ray"


def on_ray(address: str) -> Spread:
    """Spread tasks over the Ray cluster at ``address``, one core each.

    Every node needs the same version of this program. What a node loses is done again by another;
    results come in the order in which they are ready.
    """

    @contextmanager
    def spreading(
        work: Callable[[Task], list[Outcome]], tasks: Sequence[Task]
    ) -> Iterator[Iterator[list[Outcome]]]:
        ray = _connected(address)
        try:
            # The corpus and the queries travel once, not with each task.
            remote = ray.remote(num_cpus=1, max_retries=RETRIES)(_work)
            shared = ray.put(work)
            yield _results(ray, [remote.remote(shared, task) for task in tasks])
        finally:
            ray.shutdown()

    return spreading


def _work(work: Callable[[Task], list[Outcome]], task: Task) -> list[Outcome]:
    return work(task)


def _results(ray: Any, waiting: list[Any]) -> Iterator[list[Outcome]]:
    try:
        while waiting:
            ready, waiting = ray.wait(waiting)
            for each in ready:
                yield ray.get(each)
    except ray.exceptions.RayTaskError as error:
        # What our own code raised comes back as it was.
        raise error.cause if isinstance(error.cause, ArmonicaError) else error from error
    except ray.exceptions.RayError as error:
        raise ClusterLost(
            f"The cluster lost a retraining: {str(error).splitlines()[0]}.",
            "The same command goes on with what is left.",
        ) from error


def _connected(address: str) -> Any:
    # Nothing is reported to Ray's makers, and nodes keep the environment they have.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")
    try:
        import ray
        from ray._private import ray_constants
    except ImportError as error:
        raise NoCluster(
            "Ray is not installed.", "Install armonica with its extra `lab`."
        ) from error
    # Ray reads that variable when it is first imported, which other libraries do of their own.
    ray_constants.RAY_ENABLE_UV_RUN_RUNTIME_ENV = False
    try:
        ray.init(
            address=address,
            include_dashboard=False if address == LOCAL else None,
            log_to_driver=False,
            logging_level=logging.ERROR,
        )
    except (ConnectionError, ValueError, RuntimeError, AssertionError) as error:
        reason = (str(error).splitlines() or ["no answer"])[0]
        raise NoCluster(
            f"No Ray cluster answers at {address}: {reason}",
            "Start one with `ray start --head`, or name `--ray local`.",
        ) from error
    return ray
