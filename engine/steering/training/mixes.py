"""Parts mixed at random from rendered clips: which sound, how loud, and from when to when."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.audio.synth import Wave
from engine.corpus.clip_format import CLIP_PARTS, RATE

SHARES = (0.85, 0.5, 0.55, 0.35, 0.35, 0.4)
"""How often each part of a clip sounds in a mix."""

LONE = 0.12
"""How often the melody alone sounds at first: so does a song that is continued."""


_SPREAD = 3.0
"""The deviation of a part's level from its own, in dB."""

_LOUDER = 3.0
"""The deviation of the level of a whole mix, in dB."""

_FADE = 0.03


@dataclass(frozen=True, slots=True)
class Mixture:
    """Which parts sound before and after a moment, and how loud.

    ``before`` and ``after`` are bool [parts], ``gains`` are factors [parts], ``change`` is the
    moment in seconds.
    """

    before: npt.NDArray[np.bool_]
    after: npt.NDArray[np.bool_]
    gains: npt.NDArray[np.float32]
    change: float


def draw(random: np.random.Generator, seconds: float, changing: float = 0.0) -> Mixture:
    """Draw a mixture; in a share ``changing`` of them a part enters or leave on the way."""
    before = random.random(len(CLIP_PARTS)) < SHARES
    if random.random() < LONE:
        before[:] = False
    if not before.any():
        before[0] = True
    after = before.copy()
    if random.random() < changing:
        part = int(random.integers(len(CLIP_PARTS)))
        after[part] = not after[part]
        if not after.any():
            after[0] = True
    decibels = random.normal(0, _SPREAD, len(CLIP_PARTS)) + random.normal(0, _LOUDER)
    gains = 10 ** (decibels / 20)
    change = float(random.uniform(0.25, 0.75)) * seconds
    return Mixture(before, after, gains.astype(np.float32), change)


def mix(stems: npt.NDArray[np.int16], mixture: Mixture) -> Wave:
    """Return the mix, float32 [samples], of stems [parts, samples]; no sample passes 1."""
    samples = stems.shape[1]
    share = np.linspace(0, samples / RATE, samples, endpoint=False, dtype=np.float32)
    share = np.clip((share - np.float32(mixture.change)) / np.float32(_FADE), 0, 1)
    wave = np.zeros(samples, np.float32)
    for part, stem in enumerate(stems):
        before, after = mixture.before[part], mixture.after[part]
        if before or after:
            gain: npt.NDArray[np.float32] | np.float32
            gain = np.float32(1) if before and after else share if after else 1 - share
            wave += stem * (gain * (mixture.gains[part] / np.float32(32768)))
    peak = float(np.abs(wave).max())
    return wave / np.float32(peak) if peak > 1 else wave
