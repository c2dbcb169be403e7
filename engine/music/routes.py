"""Routes: other ports and channels that the melody is played to beside the song's own."""

from __future__ import annotations

from dataclasses import dataclass

from engine.errors import OutOfRange

MOST_ROUTES = 7
"""How many routes a song has at most."""

FARTHEST = 24
"""How far a route transposes at most, in semitones either way."""

LONGEST_NAME = 200
"""The longest name of a port in characters."""


@dataclass(frozen=True, slots=True)
class Route:
    """Where the melody goes, too.

    ``port`` is a MIDI port by its name or a part of it, or empty for the port that the song is
    played to. ``channel`` runs from 0 to 15, ``program`` from 0 to 127 (None: not sent);
    ``transpose`` is in semitones, -24 to 24. With ``clock`` a port of its own is sent the MIDI
    clock. Raises `OutOfRange` for what lies outside these ranges.
    """

    port: str = ""
    channel: int = 0
    program: int | None = None
    transpose: int = 0
    clock: bool = True

    def __post_init__(self) -> None:
        if len(self.port) > LONGEST_NAME:
            raise OutOfRange(f"The name of a port has at most {LONGEST_NAME} characters.")
        for name, value, low, high in (
            ("channel", self.channel, 0, 15),
            ("program", self.program, 0, 127),
            ("transposition", self.transpose, -FARTHEST, FARTHEST),
        ):
            if value is not None and not low <= value <= high:
                raise OutOfRange(f"A {name} lies from {low} to {high}; {value} does not.")

    @property
    def name(self) -> str:
        """What it is called, with numbers as users count them: ``Synth ch 3 +12``."""
        transposed = f" {self.transpose:+d}" if self.transpose else ""
        return f"{self.port or 'the same port'} ch {self.channel + 1}{transposed}"


def check(routes: tuple[Route, ...]) -> None:
    """Raise `OutOfRange` where there are more routes than can be."""
    if len(routes) > MOST_ROUTES:
        raise OutOfRange(f"A song has at most {MOST_ROUTES} routes, not {len(routes)}.")
