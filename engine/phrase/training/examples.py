"""What the phrase model is shown in training: tunes in any order, told more or less about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from engine.phrase.book_tunes import Asked, PhraseTune
from engine.phrase.events import PITCHES, Events
from engine.phrase.gauge_scores import GaugeScores
from engine.phrase.sequences import GAUGES, About, NoteSteps, Seen, steps
from engine.phrase.training.network import Batch

LONGEST = 32
"""The most measures of one example."""

ALONE = 0.08
"""The share of examples in which no measure sees another: the model without context."""

INFILL = 0.42
"""The share of examples in which a span of 1 to 8 measures is told last."""

OCTAVE = 12 / 6.0


@dataclass(frozen=True, eq=False)
class Lesson:
    """A tune to learn from, with what each of its measures could be asked for."""

    tune: PhraseTune
    gauges: tuple[Asked, ...]
    halves: Lesson | None = None

    @property
    def size(self) -> int:
        """The number of steps, about."""
        return sum(len(each) + 1 for each in self.tune.events[:LONGEST])


def lessons(tunes: Sequence[PhraseTune], scores: GaugeScores) -> list[Lesson]:
    """Return the lessons of tunes; those in pairs of 2/4 may be shown in halves, too."""
    found = []
    for tune in tunes:
        halves = None
        if tune.paired:
            half = tune.halved()
            halves = Lesson(half, half.gauges(scores))
        found.append(Lesson(tune, tune.gauges(scores), halves))
    return found


@dataclass(frozen=True, eq=False)
class PhraseExample:
    """The steps of an example, the block of each, and what its measures could be asked for."""

    steps: NoteSteps
    block: np.ndarray
    goals: np.ndarray


def example(lesson: Lesson, random: np.random.Generator) -> PhraseExample:
    """Draw an example: a stretch of the tune in some order, told more or less."""
    if lesson.halves is not None and random.random() < 0.35:
        lesson = lesson.halves
    tune = lesson.tune
    order = np.arange(len(tune))
    if len(order) > LONGEST or (len(order) > 4 and random.random() < 0.25):
        begin = int(random.integers(0, max(1, len(order) - 3)))
        order = order[begin : begin + LONGEST]
    kind = random.random()
    alone = kind < ALONE
    if ALONE <= kind < ALONE + INFILL and len(order) > 2:
        span = int(random.integers(1, min(8, len(order) - 1) + 1))
        begin = int(random.integers(0, len(order) - span + 1))
        order = np.concatenate([order[:begin], order[begin + span :], order[begin : begin + span]])
    shown = None
    if random.random() < 0.5:
        shown = random.random((len(order), GAUGES)) < random.random()
    shift = _shift(tune, order, random) if random.random() < 0.35 else 0
    ends, told = random.random() < 0.5, not alone and random.random() < 0.85
    about = tune.about if random.random() < 0.85 else About()
    last = tune.index[-1]
    seen, goals, block = [], [np.full(GAUGES, np.nan)], [0]
    for at, number in enumerate(order):
        events = _shifted(tune.events[number], shift)
        values = lesson.gauges[number]
        if shift and values[-1] is not None:
            values = (*values[:-1], values[-1] + np.sign(shift) * OCTAVE)
        asked = tuple(
            value if shown is not None and shown[at, gauge] else None
            for gauge, value in enumerate(values)
        )
        index = tune.index[number]
        seen.append(Seen(index, events, told, last - index if ends else None, asked))
        hidden = [
            np.nan if value is None or told_it is not None else value
            for value, told_it in zip(values, asked, strict=True)
        ]
        goals += [np.array(hidden), *[np.full(GAUGES, np.nan)] * len(events)]
        block += [at + 1 if alone else 0] * (len(events) + 1)
    return PhraseExample(steps(about, seen), np.array(block), np.stack(goals))


def _shift(tune: PhraseTune, order: np.ndarray, random: np.random.Generator) -> int:
    pitches = [what for at in order for _, what in tune.events[at] if what < PITCHES]
    if not pitches:
        return 0
    ways = [s for s in (-12, 12) if min(pitches) + s >= 0 and max(pitches) + s < PITCHES]
    return int(random.choice(ways)) if ways else 0


def _shifted(events: Events, shift: int) -> Events:
    if not shift:
        return events
    return tuple((tick, what + shift if what < PITCHES else what) for tick, what in events)


def batches(found: Sequence[Lesson], size: int, random: np.random.Generator) -> list[list[int]]:
    """Return numbers of lessons in batches of like length, each once, in random order."""
    lengths = np.array([each.size for each in found]) * (1 + 0.1 * random.random(len(found)))
    order = np.argsort(lengths, kind="stable")
    chunks = [[int(at) for at in order[b : b + size]] for b in range(0, len(order), size)]
    random.shuffle(chunks)
    return chunks


def collate(examples: Sequence[PhraseExample]) -> Batch:
    """Return examples as one batch, filled up to the longest."""
    length = max(len(each.steps) for each in examples)
    rows: dict[str, list[np.ndarray]] = {}
    for each in examples:
        arrays: dict[str, np.ndarray] = dict(each.steps.arrays())
        arrays |= {"block": each.block, "goals": each.goals.astype(np.float32)}
        arrays["valid"] = np.ones(len(each.steps), dtype=bool)
        for name, array in arrays.items():
            fill = -1 if name in ("next_tick", "next_pitch") else np.nan if name == "goals" else 0
            whole = np.full((length, *array.shape[1:]), fill, dtype=array.dtype)
            whole[: len(array)] = array
            rows.setdefault(name, []).append(whole)
    return {name: torch.from_numpy(np.stack(found)) for name, found in rows.items()}


def printed(tune: PhraseTune) -> PhraseExample:
    """Return a tune in its order with nothing asked, as the model is judged."""
    seen = [tune.seen(number) for number in range(min(len(tune), 40))]
    found = steps(tune.about, seen)
    return PhraseExample(
        found, np.zeros(len(found), dtype=int), np.full((len(found), GAUGES), np.nan)
    )
