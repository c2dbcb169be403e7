"""What a rendered clip is: its parts, length, rate and levels."""

from __future__ import annotations

CLIP_PARTS = ("melody", "drums", "bass", "guitar", "piano", "pad")
"""The parts of a clip, in the order of its stems."""


RATE = 16_000


SECONDS = 8.0


SAMPLES = round(RATE * SECONDS)


LEVEL = {
    "melody": -22.0,
    "drums": -22.0,
    "bass": -22.0,
    "guitar": -25.0,
    "piano": -25.0,
    "pad": -28.0,
}
"""The level of a part while it sounds, in dB below full scale."""


QUARTERS = 4
"""Quarter notes in a measure."""
