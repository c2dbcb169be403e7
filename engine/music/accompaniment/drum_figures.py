"""Figures of drums: what is struck on which sixteenth of a measure of four quarters."""

from __future__ import annotations

KICK, SNARE, RIM, CLAP, HAT, OPEN_HAT, RIDE, CRASH = 36, 38, 37, 39, 42, 46, 51, 49
LOW_TOM, MIDDLE_TOM, HIGH_TOM, SHAKER, TAMBOURINE = 45, 47, 50, 70, 54

Figure = dict[int, str]
"""By drum, one sign for each sixteenth: a digit is a loudness from 1 to 9, a dot is silence."""

DRUM_FIGURES: dict[str, Figure] = {
    "rock": {KICK: "9.......8.......", SNARE: "....8.......8...", HAT: "7.4.6.4.7.4.6.4."},
    "driving": {KICK: "9.......8.7.....", SNARE: "....8.......8..3", HAT: "7.5.7.5.7.5.7.5."},
    "four on the floor": {
        KICK: "9...8...9...8...", SNARE: "....7.......7...", OPEN_HAT: "..6...6...6...6.",
    },
    "train": {KICK: "9...7...9...7...", SNARE: "5.575.575.575.57", HAT: "..5...5...5...5."},
    "half time": {KICK: "9.........8.....", SNARE: "........9.......", HAT: "7...6...7...6..."},
    "bossa": {KICK: "9..7....8..7....", RIM: "....7.......7...", SHAKER: "6464646464646464"},
    "ride": {KICK: "9.....8...8.....", SNARE: "....8.......8...", RIDE: "7...6.5.7...6.5."},
    "claps": {KICK: "9.......9.......", CLAP: "....7.......7...", TAMBOURINE: "..5...5...5...5."},
    "shaker": {KICK: "9.......7.......", HAT: "....7.......7...", SHAKER: "5.5.5.5.5.5.5.5."},
    "sixteenths": {KICK: "9..8..7.9..8..7.", SNARE: "....8.......8...", HAT: "7575757575757575"},
}  # fmt: skip
"""Figures of a measure, by name."""

FILLS: tuple[Figure, ...] = (
    {KICK: "9.......", SNARE: "..6.7.89", HAT: "7.4....."},
    {KICK: "9.......", HIGH_TOM: "..7.7...", MIDDLE_TOM: "....7.7.", LOW_TOM: "......89"},
    {KICK: "9...9...", SNARE: "....7777"},
)
"""Figures of half a measure that lead to the next."""


def strokes_of(figure: Figure) -> list[tuple[float, int, int]]:
    """Return what a figure strikes, drum by drum: place in quarter notes, drum, velocity."""
    return [
        (at / 4, drum, 20 + 11 * int(sign))
        for drum, signs in figure.items()
        for at, sign in enumerate(signs)
        if sign != "."
    ]
