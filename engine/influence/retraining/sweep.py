"""A sweep of retrainings: done in stacks, kept one by one, gone on with after any end.

What a retraining found is one line of ``retrained.jsonl``, named by all that decides it: the model,
the queries, the seed and what was left out. A line is there whole or does not count.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from engine.common import atomic
from engine.common.process_pool import spread
from engine.corpus.table import Corpus
from engine.influence.retraining.likelihood_bound import ask
from engine.influence.retraining.queries import Query, name_of, tokens_of
from engine.influence.retraining.removals import Clusters, Removal, left_out
from engine.influence.retraining.retrain import Plan, train
from engine.latent.tokens import relative

RESULTS = "retrained.jsonl"
STACK = 8
"""Retrainings that are done side by side: more are no faster each, and more are lost by a kill."""

SAMPLES = 256
VALIDATED = 256
"""Validation measures whose likelihood tells whether a removal cost more than its tunes."""

VALIDATION_SAMPLES = 8

Task = tuple[Removal, ...]
Spread = Callable[
    [Callable[[Task], list["Outcome"]], Sequence[Task]],
    AbstractContextManager[Iterator[list["Outcome"]]],
]
"""How tasks are spread: what each gives, in any order, from processes or from a cluster."""


@dataclass(frozen=True)
class Outcome:
    """What a retraining found: log-likelihoods in nats a note.

    ``bound`` [Q] is the importance-weighted bound of each query, ``plain`` [Q] its
    log-likelihood at the posterior's mean, ``validation`` the mean bound of validation
    measures, ``exact`` the share of them that comes back as it was, ``learned`` the share of
    training measures that was left.
    """

    key: str
    removal: Removal
    bound: tuple[float, ...]
    plain: tuple[float, ...]
    validation: float
    exact: float
    learned: float


@dataclass(frozen=True)
class Sweep:
    """What all retrainings of a sweep share; a process that works on it needs nothing else."""

    plan: Plan
    corpus: Corpus
    queries: tuple[Query, ...]
    samples: int = SAMPLES

    def key(self, removal: Removal) -> str:
        """Name what a retraining will find by all that decides it, and by nothing else."""
        facts = (
            self.plan.digest(self.corpus.digest),
            name_of(self.queries),
            self.samples,
            removal.seed,
            removal.removed,
        )
        return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]

    def do(
        self, task: Task, on_progress: Callable[[float], None] = lambda _: None
    ) -> list[Outcome]:
        """Train and ask the models of a task, which are of one seed."""
        kept = left_out(task, Clusters(self.corpus))
        stack = train(self.corpus, self.plan, kept, task[0].seed, on_progress)
        asked = ask(stack.network, stack.parameters, tokens_of(self.queries), self.samples)
        rows = self.corpus.validation()[:: max(1, len(self.corpus.validation()) // VALIDATED)]
        held_out = relative(self.corpus.tokens[rows[:VALIDATED]].astype(np.int64))[0]
        known = ask(stack.network, stack.parameters, held_out, VALIDATION_SAMPLES)
        return [
            Outcome(
                self.key(removal),
                removal,
                _rounded(asked.bound[at]),
                _rounded(asked.plain[at]),
                round(float(known.bound[at].mean()), 6),
                round(float(known.exact[at].float().mean()), 5),
                round(float(kept[at].mean()), 5),
            )
            for at, removal in enumerate(task)
        ]


def run(
    folder: Path,
    sweep: Sweep,
    removals: Sequence[Removal],
    spreading: Spread,
    on_progress: Callable[[float, str], None] = lambda *_: None,
) -> dict[str, Outcome]:
    """Do what is not done yet, and return all outcomes in ``folder`` by key.

    Raises `CannotWrite`, `BadFile` for results of another sweep, and what the workers raise.
    """
    atomic.make_folder(folder)
    done = read(folder / RESULTS)
    left = {sweep.key(r): r for r in removals}
    wanted = len(left)
    left = {key: removal for key, removal in left.items() if key not in done}
    tasks = stacks(list(left.values()))
    if not tasks:
        return done
    made = wanted - len(left)
    on_progress(made / wanted, f"{made} of {wanted} retrainings")
    with spreading(partial(_do, sweep), tasks) as results:
        for outcomes in results:
            _keep(folder / RESULTS, outcomes)
            done.update({outcome.key: outcome for outcome in outcomes})
            made += len(outcomes)
            on_progress(made / wanted, f"{made} of {wanted} retrainings")
    return done


def local(workers: int) -> Spread:
    """Spread tasks over processes of this machine."""
    return lambda work, tasks: spread(work, tasks, workers)


def stacks(removals: Sequence[Removal]) -> list[Task]:
    """Put retrainings of one seed together, in the order of their first."""
    by_seed: dict[int, list[Removal]] = {}
    found: list[list[Removal]] = []
    for removal in removals:
        open_one = by_seed.get(removal.seed)
        if open_one is None or len(open_one) == STACK:
            open_one = by_seed[removal.seed] = []
            found.append(open_one)
        open_one.append(removal)
    return [tuple(each) for each in found]


def read(path: Path) -> dict[str, Outcome]:
    """Read the outcomes of a folder by key; what a kill cut short does not count."""
    found: dict[str, Outcome] = {}
    if path.exists():
        for line in path.read_bytes().splitlines():
            try:
                facts = json.loads(line)
                outcome = _outcome(facts)
            except (ValueError, KeyError, TypeError, RecursionError):
                continue
            found[outcome.key] = outcome
    return found


def _do(sweep: Sweep, task: Task) -> list[Outcome]:
    return sweep.do(task)


def _keep(path: Path, outcomes: Sequence[Outcome]) -> None:
    # One write of whole lines; a first newline ends what a kill may have cut short.
    text = "".join(f"{json.dumps(asdict(outcome))}\n" for outcome in outcomes)
    try:
        with path.open("a+b") as file:
            if file.tell():
                file.seek(-1, 2)
                text = text if file.read(1) == b"\n" else f"\n{text}"
            file.write(text.encode())
            file.flush()
    except OSError as error:
        raise atomic.cannot_write(path, error) from error


def _outcome(facts: dict[str, Any]) -> Outcome:
    removal = facts["removal"]
    return Outcome(
        str(facts["key"]),
        Removal(
            removal["arm"],
            tuple(map(int, removal["removed"])),
            *(int(removal[name]) for name in ("k", "group", "draw", "seed")),
        ),
        tuple(map(float, facts["bound"])),
        tuple(map(float, facts["plain"])),
        *(float(facts[name]) for name in ("validation", "exact", "learned")),
    )


def _rounded(values: Tensor) -> tuple[float, ...]:
    return tuple(round(value, 5) for value in values.tolist())
