"""What the switches *stay in the key* and *chord tones* cost gauges in obedience, on tunes.

The key is that of the tune's book. The corpus has no chords: each half of a measure has the triad
of the key that fits its notes best.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from engine.corpus.table import Corpus
from engine.errors import OutOfRange, UnknownName
from engine.latent.evaluation.metrics import SWEEP, spearman
from engine.latent.model import TrainedVAE
from engine.latent.shape import NAMED
from engine.latent.spec import LIMIT
from engine.latent.tokens import measured
from engine.music.asked_tones import AskedTones, strong_ticks
from engine.music.grid import FOUR_QUARTERS
from engine.music.harmony import HarmonicKey, harmonise
from engine.music.measure import REST, Measure
from engine.music.note_line import Line
from engine.music.slot import Origin, Slot

WAYS = {
    "neither": (False, False),
    "stay in the key": (True, False),
    "chord tones on strong beats": (False, True),
    "both": (True, True),
}
"""The rows of the table: whether the key is asked for, and whether chord tones are."""

HALF = 2.0
"""How long a chord lasts, in quarter notes."""


def evaluate(
    model: TrainedVAE,
    corpus: Corpus,
    *,
    bases: int,
    seed: int,
    on_progress: Callable[[float, str], None] = lambda _d, _t: None,
) -> dict[str, Any]:
    """Sweep each named gauge of held-out measures with each of the `WAYS`.

    Gives the document of `armonica evaluate edits --switches --json`; raises `OutOfRange`.

    Gives for each the share of notes in the key, and of notes on strong beats that are of their
    chord, over all sweeps, the rank correlation of each gauge with its attribute, and the share
    of the notes of the measure that are kept where a gauge stands within a unit of its code.
    Measures of tunes whose key is not known are left out.
    """
    held = corpus.test()
    if not 1 <= bases <= len(held):
        raise OutOfRange(f"Gauges are turned on 1 to {len(held)} measures, not {bases}.")
    rows = [int(held[at]) for at in np.random.default_rng(seed).permutation(len(held))[:bases]]
    keyed = [(m, asked) for row in rows if (m := corpus.measure(row)).pitches
             if (asked := _asked(m, corpus.tunes[corpus.tune[row]].key)) is not None]  # fmt: skip
    codes = model.encode([measure for measure, _ in keyed])
    found: dict[str, Any] = {}
    positions = np.linspace(-LIMIT, LIMIT, SWEEP)
    for number, (way, (stay, chords)) in enumerate(WAYS.items()):
        made: list[tuple[Measure, AskedTones]] = []
        kept: list[float] = []
        obeys: list[list[float]] = [[] for _ in range(NAMED)]
        for done, ((measure, asked), code) in enumerate(zip(keyed, codes, strict=True)):
            slot = Slot(measure, code, code, Origin("corpus"), source=measure)
            tones = AskedTones(asked.inside * stay, asked.strong * chords)
            for gauge in range(NAMED):
                swept = []
                for at in positions:
                    there = (*code[:gauge], float(at), *code[gauge + 1 :])
                    swept.append(model.turned(slot, there, tones=tones))
                    if abs(at - code[gauge]) <= 1:
                        kept.append(_kept(measure, swept[-1]))
                tokens = np.array([each.tokens for each in swept], dtype=np.int64)
                obeys[gauge].append(spearman(positions, measured(tokens)[:, gauge]))
                made += [(each, asked) for each in swept]
            on_progress((number + (done + 1) / len(keyed)) / len(WAYS), way)
        found[way] = {
            "in_key": _share(made, lambda asked: dict(enumerate(asked.inside))),
            "chord_tones": _share(made, lambda asked: dict(asked.strong)),
            "kept": float(np.mean(kept)),
            "spearman": [float(np.mean(each)) for each in obeys],
        }
    weights = model.spec.digest
    return {"weights": weights, "seed": seed, "measures": len(keyed), "ways": found}


def table(found: dict[str, Any]) -> str:
    """Return the table of the README."""
    lines = [
        f"{found['measures']} measures of held-out tunes, whole sweeps, with and without switches.",
        "",
        "| asked for | notes in the key | chord tones on strong beats | notes kept within a unit | "
        "Spearman: complexity | range | density | jump |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for way, row in found["ways"].items():
        shares = [f"{row[what]:.3f}" for what in ("in_key", "chord_tones", "kept")]
        cells = [*shares, *(f"{each:.3f}" for each in row["spearman"])]
        lines.append(f"| {way} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _asked(measure: Measure, named: str) -> AskedTones | None:
    try:
        key = HarmonicKey.named(named)
    except UnknownName:
        return None
    chords = harmonise(Line([measure]).once(), key, float(FOUR_QUARTERS.length), HALF)
    ticks = strong_ticks(FOUR_QUARTERS)
    strong = tuple(
        (tick, frozenset(chord.pitch_classes)) for tick, chord in zip(ticks, chords, strict=True)
    )
    return AskedTones((frozenset(key.scale),) * FOUR_QUARTERS.ticks, strong)


def _share(
    made: Sequence[tuple[Measure, AskedTones]],
    classes: Callable[[AskedTones], dict[int, frozenset[int]]],
) -> float:
    """Return which share of the notes at the ticks of ``classes`` are of theirs."""
    right = [
        token % 12 in held[tick]
        for measure, asked in made
        for held in (classes(asked),)
        for tick, token in enumerate(measure.tokens)
        if token > REST and tick in held
    ]
    return float(np.mean(right)) if right else 1.0


def _kept(before: Measure, after: Measure) -> float:
    notes = [
        {(tick, token) for tick, token in enumerate(each.tokens) if token > REST}
        for each in (before, after)
    ]
    return len(notes[0] & notes[1]) / len(notes[0])
