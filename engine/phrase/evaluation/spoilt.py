"""Measures of held-out tunes with two notes made wrong: are they found, and are the notes named?"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from engine.music.measure import HIGHEST, LOWEST, REST, Measure
from engine.music.scales import Key
from engine.phrase.book_tunes import PhraseTune
from engine.phrase.model import PhraseModel
from engine.phrase.surprise import PARTS, MeasureSurprise, surprise

Spoiler = Callable[[Measure, Key, np.random.Generator], tuple[Measure, set[int]] | None]
"""Makes a measure wrong; gives the ticks of the wrong notes, None where it cannot."""


def _changed(
    measure: Measure, ways: Callable[[int], list[int]], random: np.random.Generator
) -> tuple[Measure, set[int]] | None:
    tokens = list(measure.tokens)
    sounding = [at for at, token in enumerate(tokens) if token > REST]
    can = [at for at in sounding if ways(tokens[at])]
    if len(can) < 2:
        return None
    chosen = {int(at) for at in random.choice(can, 2, replace=False)}
    for at in chosen:
        tokens[at] = int(random.choice(ways(tokens[at])))
    return Measure(tuple(tokens), measure.grid), chosen


def _inside(pitches: Sequence[int]) -> list[int]:
    return [pitch for pitch in pitches if LOWEST <= pitch <= HIGHEST]


def out_of_key(
    measure: Measure, key: Key, random: np.random.Generator
) -> tuple[Measure, set[int]] | None:
    """Move two notes by a semitone out of the key."""
    return _changed(
        measure, lambda p: [q for q in _inside((p - 1, p + 1)) if not key.holds(q)], random
    )


def octave_off(
    measure: Measure,
    key: Key,  # noqa: ARG001
    random: np.random.Generator,
) -> tuple[Measure, set[int]] | None:
    """Move two notes by an octave."""
    return _changed(measure, lambda p: _inside((p - 12, p + 12)), random)


def third_off(
    measure: Measure, key: Key, random: np.random.Generator
) -> tuple[Measure, set[int]] | None:
    """Move two notes by a third in the key."""
    return _changed(
        measure,
        lambda p: [q for q in _inside((p - 4, p - 3, p + 3, p + 4)) if key.holds(q)],
        random,
    )


SPOILERS: dict[str, Spoiler] = {
    "two notes out of key": out_of_key,
    "two notes an octave off": octave_off,
    "two notes a third off, in key": third_off,
}


def spoilt_rows(
    model: PhraseModel,
    tunes: Sequence[PhraseTune],
    count: int,
    random: np.random.Generator,
    on_done: Callable[[], None] = lambda: None,
) -> list[dict[str, object]]:
    """Return for each way of spoiling how often it is found, and its note and part named."""
    long = [tune for tune in tunes if len(tune) >= 12]
    chosen = [
        (long[int(at)], int(random.integers(8, len(long[int(at)]))))
        for at in random.permutation(len(long))[:count]
    ]
    real = [_of(model, tune.measures, tune.key, at) for tune, at in chosen]
    bits = np.array([each.bits_a_note for each in real])
    rows: list[dict[str, object]] = []
    for name, spoil in SPOILERS.items():
        found = []
        for (tune, at), before in zip(chosen, real, strict=True):
            on_done()
            made = spoil(tune.measures[at], tune.key, random)
            if made is None:
                continue
            row = [*tune.measures[:at], made[0]]
            found.append((_of(model, row, tune.key, at), before, made[1]))
        wrong = np.array([after.bits_a_note for after, _, _ in found])
        more = (wrong[:, None] > bits[None]).mean() + (wrong[:, None] == bits[None]).mean() / 2
        rises = [
            int(np.argmax(np.array(after.parts) - np.array(before.parts)))
            for after, before, _ in found
        ]
        rows.append(
            {
                "name": name,
                "measures": len(found),
                "bits": float(np.mean([after.bits for after, _, _ in found])),
                "over_95": float(np.mean([after.percentile > 95 for after, _, _ in found])),
                "auc": float(more),
                "over_own": float(np.mean([a.bits > b.bits for a, b, _ in found])),
                "part": PARTS[max(set(rises), key=rises.count)],
                "part_share": max(rises.count(each) for each in set(rises)) / len(rises),
                "worst": float(np.mean([_worst(after) in ticks for after, _, ticks in found])),
            }
        )
    return rows


def _of(model: PhraseModel, measures: Sequence[Measure], key: Key, at: int) -> MeasureSurprise:
    found = surprise(model, measures[: at + 1], key, range(at, at + 1))[at]
    assert found is not None
    return found


def _worst(found: MeasureSurprise) -> int:
    sounding = [event for event in found.events if event.pitch is not None]
    return max(sounding, key=lambda event: event.bits).tick
