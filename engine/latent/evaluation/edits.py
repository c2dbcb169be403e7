"""What a turn of a gauge leaves of a measure: notes kept, and how much of what was asked is there.

Measured on held-out tunes, and on patterns of other kinds of music that are made up here by rule:
no corpus of such music may be shipped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.corpus.table import Corpus
from engine.errors import OutOfRange
from engine.latent.evaluation.metrics import SWEEP, spearman
from engine.latent.model import TrainedVAE
from engine.latent.shape import NAMED
from engine.latent.spec import LIMIT, Latent
from engine.latent.tokens import Floats, Ints, measured
from engine.latent.turning import reach
from engine.music.grid import FOUR_QUARTERS
from engine.music.measure import HIGHEST, HOLD, LOWEST, REST, Measure
from engine.music.slot import Origin, Slot

TURNS = (0.1, 0.25, 0.5, 1.0, 2.0)
"""How far each gauge is turned, both ways where there is room."""

SWEPT = 3
"""Whole sweeps are made from one measure in so many."""

RHYTHMS: dict[str, tuple[str, ...]] = {
    "pop": ("x..x..x.x.x.x...", "x.xx..x.x.xx..x.", "..x.x.xx..x.x.x.", "x...x.x...x.xx.."),
    "latin": ("x..x..x...x.x...", "..x.x...x..x..x.", "x..x...xx..x...x", ".xx.xx.x.xx.xx.x"),
    "riff": ("x.x..x.xx.x..x..", "xx.x.xx.x.xx.x..", "x..xx..x.xx...x.", "x.xxx.x.x.xxx.x."),
}
"""Onsets in sixteenths of one measure: straight and syncopated pop, clave and montuno, riffs."""

SWUNG = ("x.xx.xx.xx..", "x.x..xx..x.x", "..xx.x..xx.x", "x..x.xx.x..x")
"""The same in triplets of eighths, for jazz."""

SCALES: dict[str, tuple[int, ...]] = {
    "pop": (0, 2, 4, 7, 9, 12),
    "latin": (0, 3, 7, 8, 12, 15),
    "riff": (0, 0, 3, 5, 6, 10, 12),
    "jazz": (0, 2, 3, 4, 7, 9, 10, 13),
    "arpeggio": (0, 4, 7, 11, 14, 16),
}


def made_up(seed: int, each: int) -> dict[str, list[Measure]]:
    """Return ``each`` measures of every other kind of music, made by rule from a seed."""
    dice = np.random.default_rng(seed)
    onsets = FOUR_QUARTERS.places
    rhythms: dict[str, list[list[float]]] = {
        kind: [[at / 4 for at, mark in enumerate(line) if mark == "x"] for line in patterns]
        for kind, patterns in RHYTHMS.items()
    }
    rhythms["jazz"] = [[at / 3 for at, mark in enumerate(line) if mark == "x"] for line in SWUNG]
    rhythms["arpeggio"] = [[at / 4 for at in range(16)], [at / 3 for at in range(12)]]
    found: dict[str, list[Measure]] = {}
    for kind, patterns in rhythms.items():
        found[kind] = []
        for nth in range(each):
            starts, root = patterns[nth % len(patterns)], int(dice.integers(56, 68))
            scale = SCALES[kind]
            place, tokens = int(dice.integers(len(scale))), [HOLD] * FOUR_QUARTERS.ticks
            tokens[0] = REST
            for number, start in enumerate(starts):
                # An arpeggio goes up and down; the others wander and leap.
                way = 1 if kind == "arpeggio" else int(dice.choice([-2, -1, 0, 0, 1, 1, 3]))
                place = (place + way) % len(scale) if number else place
                tick = int(np.argmin([abs(onset - start) for onset in onsets]))
                tokens[tick] = min(HIGHEST, max(LOWEST, root + scale[place]))
                if kind != "arpeggio" and dice.random() < 0.15 and tick + 1 < len(tokens):
                    tokens[tick + 1] = REST
            found[kind].append(Measure.from_tokens(tokens))
    return found


@dataclass
class _Choosing:
    """What one way of turning gauges came to, a row for each turn."""

    kept: list[float]
    changed: list[float]
    asked: list[float]
    got: list[float]

    def row(self) -> dict[str, float]:
        asked, got = np.array(self.asked), np.array(self.got)
        return {
            "kept": float(np.mean(self.kept)),
            # Over all turns: one that came to nothing has no ratio of its own.
            "changed_per_unit": float(np.sum(self.changed) / max(1e-9, np.abs(got).sum())),
            "reached": float((got * np.sign(asked)).sum() / np.abs(asked).sum()),
        }


def evaluate(
    model: TrainedVAE,
    corpus: Corpus,
    *,
    bases: int,
    seed: int,
    on_progress: Callable[[float, str], None] = lambda _d, _t: None,
) -> dict[str, Any]:
    """Turn gauges on held-out measures and on made-up ones, by decoding alone and as played.

    Gives the document of `armonica evaluate edits --json`; raises `OutOfRange`.
    """
    rows = corpus.test()
    if not 1 <= bases <= len(rows):
        raise OutOfRange(f"Gauges are turned on 1 to {len(rows)} measures, not {bases}.")
    drawn = np.random.default_rng(seed).permutation(len(rows))[:bases]
    tunes = [corpus.measure(int(rows[at])) for at in drawn]
    kinds = made_up(seed, -(-bases // len(SCALES))).values()
    others = [measure for kind in kinds for measure in kind][:bases]
    judged = {"held-out tunes": tunes, "made by rule: pop, latin, jazz, riffs, arpeggios": others}
    found = {}
    for at, (kind, measures) in enumerate(judged.items()):

        def show(done: float, at: int = at, kind: str = kind) -> None:
            on_progress((at + done) / len(judged), kind)

        found[kind] = _judged(model, measures, show)
    return {"weights": model.spec.digest, "seed": seed, "kinds": found}


def _judged(
    model: TrainedVAE, measures: list[Measure], show: Callable[[float], None]
) -> dict[str, Any]:
    slots = [
        Slot(measure, code, code, Origin("corpus"), source=measure)
        for measure, code in zip(measures, model.encode(measures), strict=True)
        if measure.pitches
    ]
    ways = {
        (turn, way): _Choosing([], [], [], []) for turn in TURNS for way in ("decoded", "edited")
    }
    for done, slot in enumerate(slots):
        for dimension, turn, code in _turns(slot):
            _count(ways[turn, "decoded"], model, slot, dimension, code,
                   model.decode([code], moved=(dimension,))[0])  # fmt: skip
            _count(ways[turn, "edited"], model, slot, dimension, code, model.turned(slot, code))
        show(0.7 * done / len(slots))
    turned = {
        f"{turn:g}": {way: ways[turn, way].row() for way in ("decoded", "edited")} for turn in TURNS
    }
    obeys: dict[str, list[float]] = {}
    for way in ("decoded", "edited"):
        obeys[way] = []
        for dimension in range(NAMED):
            obeys[way].append(_obedience(model, slots[::SWEPT], dimension, way))
            show(0.7 + 0.3 * (NAMED * (way == "edited") + dimension + 1) / (2 * NAMED))
    exact = [model.decode([slot.latent or ()], candidates=1)[0] == slot.measure for slot in slots]
    return {
        "measures": len(slots),
        "exact": float(np.mean(exact)),
        "turns": turned,
        "spearman": obeys,
    }


def _turns(slot: Slot) -> Iterator[tuple[int, float, Latent]]:
    code = slot.latent or ()
    for dimension in range(NAMED):
        for turn in TURNS:
            for by in (-turn, turn):
                if -LIMIT <= code[dimension] + by <= LIMIT:
                    yield dimension, turn, _with(code, dimension, code[dimension] + by)


def _with(code: Latent, dimension: int, value: float) -> Latent:
    return (*code[:dimension], value, *code[dimension + 1 :])


def _count(
    way: _Choosing, model: TrainedVAE, slot: Slot, dimension: int, code: Latent, made: Measure
) -> None:
    before, after = _scores(model, slot.measure), _scores(model, made)
    here = _notes(slot.measure)
    way.kept.append(len(here & _notes(made)) / len(here))
    way.changed.append(max(len(here), len(_notes(made))) - len(here & _notes(made)))
    way.asked.append(code[dimension] - (slot.latent or ())[dimension])
    way.got.append(float(after[dimension] - before[dimension]))


def _scores(model: TrainedVAE, measure: Measure) -> Floats:
    tokens: Ints = np.array([measure.tokens], dtype=np.int64)
    return np.asarray(reach(model.codec, measured(tokens))[0])


def _notes(measure: Measure) -> set[tuple[int, int]]:
    return {(tick, token) for tick, token in enumerate(measure.tokens) if token > REST}


def _obedience(model: TrainedVAE, slots: list[Slot], dimension: int, way: str) -> float:
    positions = np.linspace(-LIMIT, LIMIT, SWEEP)
    found = []
    for slot in slots:
        codes = [_with(slot.latent or (), dimension, float(at)) for at in positions]
        if way == "edited":
            made = [model.turned(slot, code) for code in codes]
        else:
            made = model.decode(codes, moved=(dimension,))
        tokens = np.array([each.tokens for each in made], dtype=np.int64)
        found.append(spearman(positions, measured(tokens)[:, dimension]))
    return float(np.mean(found))


def table(found: dict[str, Any]) -> str:
    """Return the tables of the README."""
    names = {"decoded": "decoded alone", "edited": "as played, edits among the candidates"}
    lines = []
    for kind, judged in found["kinds"].items():
        lines += [
            f"{judged['measures']} measures, {kind}; the model gives back "
            f"{100 * judged['exact']:.0f}% of them exactly.",
            "",
            "| a turn of | notes kept, decoded alone | as played | changed for a unit reached, "
            "decoded alone | as played | reached of what was asked, decoded alone | as played |",
            "|---|---|---|---|---|---|---|",
        ]
        for turn, ways in judged["turns"].items():
            cells = [
                f"{ways[way][what]:.2f}"
                for what in ("kept", "changed_per_unit", "reached")
                for way in ("decoded", "edited")
            ]
            lines.append(f"| {turn} | {' | '.join(cells)} |")
        lines += [
            "",
            "| whole sweeps obey: Spearman | complexity | range | density | jump |",
            "|---|---|---|---|---|",
        ]
        for way, values in judged["spearman"].items():
            lines.append(f"| {names[way]} | {' | '.join(f'{value:.3f}' for value in values)} |")
        lines.append("")
    return "\n".join(lines).rstrip()
