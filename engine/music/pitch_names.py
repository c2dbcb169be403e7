"""Names of pitches."""

from __future__ import annotations

NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")


def pitch_name(pitch: int) -> str:
    """Name a MIDI pitch: 60 is ``C4``."""
    return f"{NAMES[pitch % 12]}{pitch // 12 - 1}"
