"""Figures of bass and chords: what is played over one chord, in quarter notes from its start."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

STRUMS = ("x.x.x.x.", "x..xx.x.", "x.xxx.xx", "x...x...", "..x...x.")
"""Eighths of a measure on which strings are struck."""

ARPEGGIOS: dict[str, tuple[int, ...]] = {
    "up": (0, 1, 2, 3),
    "rolling": (0, 2, 1, 2, 3, 2, 1, 2),
    "alberti": (0, 2, 1, 2),
}
"""Which note of a chord comes on each eighth, from the lowest."""

Hands = Literal["all", "low", "both"]
"""What is struck of a chord: its notes, its root in the bass, or both."""


def near(pitch_class: int, centre: int) -> int:
    """Return the pitch of a class that lies nearest to a centre."""
    return centre + (pitch_class - centre + 6) % 12 - 6


def every(step: float, length: float) -> list[float]:
    """Return the places in a length that lie a step apart; the first in any case."""
    return [index * step for index in range(max(1, round(length / step)))]


def voicing(pitch_classes: Sequence[int], lowest: int, size: int) -> list[int]:
    """Return ``size`` pitches of a chord from its nearest inversion above ``lowest`` up.

    So the hand stays where it is from chord to chord.
    """
    above = sorted(lowest + (pitch_class - lowest) % 12 for pitch_class in pitch_classes)
    return [above[at % len(above)] + 12 * (at // len(above)) for at in range(size)]


def bass_figure(
    style: str, length: float, root: int, third: int, fifth: int, following: int
) -> list[tuple[float, float, int]]:
    """Return the onsets, durations and pitches of a bass under a chord.

    ``following`` is the root of the next chord.
    """
    if style == "long":
        return [(0.0, length, root)]
    if style == "fifths":
        return [(at, 1.0, root if at % 2 == 0 else fifth) for at in every(1.0, length)]
    if style == "pulse":
        return [(at, 0.5, root) for at in every(0.5, length)]
    if style == "octaves":
        return [(at, 0.5, root + 12 * (step % 2)) for step, at in enumerate(every(0.5, length))]
    if style == "push":
        return [
            place
            for at in every(2.0, length)
            for place in ((at, 1.4, root), (at + 1.5, 0.5, fifth))
        ]
    steps = [root, third, fifth, following + (1 if following < fifth else -1)]
    return [(at, 1.0, steps[int(at) % 4]) for at in every(1.0, length)]


def block_figure(style: str, length: float) -> list[tuple[float, float, Hands]]:
    """Return the onsets and durations at which a chord is struck, and what of it."""
    found: list[tuple[float, float, Hands]] = []
    for at in every(1.0, length):
        if style == "blocks":
            if at % 2 == 0:
                found.append((at, 1.9, "both"))
        elif style == "stride":
            found.append((at, 0.8, "low" if at % 2 == 0 else "all"))
        else:
            found.append((at + 0.5, 0.4, "all"))
    return found


def arpeggio_figure(
    style: str, length: float, *, compound: bool = False
) -> list[tuple[float, int]]:
    """Return the onsets of a broken chord, each with the note that is struck, from the lowest.

    In compound metres it begins anew with each beat, which has three eighths.
    """
    order = ARPEGGIOS[style][:3] if compound else ARPEGGIOS[style]
    return [(at, order[step % len(order)]) for step, at in enumerate(every(0.5, length))]
