"""Options of how measures are sounded: swing, humanise, and the key they are held to."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from engine.cli.options import number
from engine.errors import OutOfRange
from engine.music.groove import (
    MOST_SWING,
    MOST_TIMING,
    MOST_VELOCITY,
    STRAIGHT,
    SWING_UNITS,
    Groove,
)
from engine.music.measure import Measure
from engine.music.scales import Key, key_of


def add(word: argparse.ArgumentParser) -> None:
    """Add the options to a word."""
    word.add_argument(
        "--swing", metavar="PERCENT", help="what the first of a pair has: 50 (even) to 75"
    )
    word.add_argument(
        "--swing-of", choices=SWING_UNITS, default="eighths", help="what is swung (eighths)"
    )
    word.add_argument(
        "--humanise",
        metavar="MS[,VELOCITY]",
        help=f"by how much notes deviate at most, up to {MOST_TIMING:g},{MOST_VELOCITY} (--seed)",
    )
    word.add_argument(
        "--scale",
        metavar="'D dorian'",
        help="hold what is written to a key; constrains what is sounded, not what is decoded",
    )


def read(options: argparse.Namespace) -> tuple[Groove, Key | None]:
    """Return the groove and key that were asked for; raises `OutOfRange` for what is none."""
    swing = STRAIGHT
    if options.swing is not None:
        swing = number("--swing", options.swing, STRAIGHT, MOST_SWING)
    timing, velocity = 0.0, 0
    if options.humanise is not None:
        first, comma, rest = options.humanise.partition(",")
        timing = number("--humanise", first, 0, MOST_TIMING)
        if comma:
            velocity = round(number("The velocity of --humanise", rest, 0, MOST_VELOCITY))
    try:
        key = None if options.scale is None else key_of(options.scale)
    except OutOfRange as error:
        raise OutOfRange(f"--scale: {error.message}", error.remedy) from None
    return Groove(swing, options.swing_of, timing, velocity, options.seed), key


def groove_fields(groove: Groove, key: Key | None, measures: Sequence[Measure]) -> dict[str, Any]:
    """Return what is told of how measures were sounded; ``moved`` notes are not as decoded."""
    moved = 0 if key is None else foreign(key, measures)
    return {**asdict(groove), "scale": None if key is None else key.name, "moved": moved}


def foreign(key: Key, measures: Sequence[Measure]) -> int:
    """Count the notes that the key does not hold."""
    return sum(not key.holds(pitch) for measure in measures for pitch in measure.pitches)
