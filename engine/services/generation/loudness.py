"""How loud a take is: what its making holds it to, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine.protocol.generation import Loudness

if TYPE_CHECKING:
    from torch import Tensor

    from engine.audio.leveller import Leveller
    from engine.audio.synth import Wave
    from engine.services.generation.backends import Instrument
    from engine.steering.spec import AudioSpec

FULL = 1 - 2.0**-15
"""Samples from here on are at full scale, in files of 16 bits."""


@dataclass(frozen=True, slots=True)
class Levelling:
    """How the sound of a take was turned down, as its recipe holds it.

    ``reference`` is the level in dB that was held to, None where there was no prompt. ``gains``
    are in dB, one at the beginning of each frame and one at the end.
    """

    reference: float | None = None
    gains: tuple[float, ...] = (0.0,)

    def before(self, frames: int) -> Levelling:
        """Return what it was over its first ``frames``, to make the rest again."""
        return Levelling(self.reference, self.gains[: frames + 1])

    def after(self, frames: int) -> Levelling:
        """Return what it was over its last ``frames``, to go on from there."""
        return Levelling(self.reference, self.gains[-(frames + 1) :])


def planned(
    instrument: Instrument, prompt: Tensor | None, earlier: Levelling | None = None
) -> Levelling:
    """Return how what continues a prompt is to be levelled; ``prompt`` [K, T] are its codes.

    ``earlier`` is how the take was levelled of which the prompt is the end.
    """
    from engine.audio.levelling import level_of

    if prompt is None:
        return Levelling()
    spec, frames = instrument.spec, prompt.shape[-1]
    found = Levelling(None, (0.0,) * (frames + 1))
    if earlier is not None:
        # Its codes are as loud as they were made: they are heard as they were heard there.
        found = earlier.after(frames)
    if found.reference is not None:
        return found
    wave, _ = finished(spec, found, instrument.decode(prompt, sketch=True).numpy())
    level = level_of(wave)
    return found if level is None else replace(found, reference=round(level, 3))


def finisher(spec: AudioSpec, levelling: Levelling | None) -> Callable[[Wave, bool], Wave]:
    """Return what makes decoded chunks, and whether they are the last, into sound to be heard.

    Takes without a levelling are cut off at full scale, so that they come out as they once did.
    """
    return _cut if levelling is None else _leveller(spec, levelling).add


def finished(
    spec: AudioSpec, levelling: Levelling | None, wave: Wave
) -> tuple[Wave, Levelling | None]:
    """Do to a whole take [samples] what `finisher` does to its chunks.

    Gives the levelling of the whole along with it.
    """
    if levelling is None:
        return _cut(wave, True), None
    held = _leveller(spec, levelling)
    wave = held.add(wave, last=True)
    return wave, Levelling(levelling.reference, held.gains)


def measured(wave: Wave, begin: int) -> Loudness:
    """Return the loudness of a take [samples] of which the first ``begin`` are the prompt."""
    import numpy as np

    from engine.audio.levelling import level_of

    return Loudness(
        _rounded(level_of(wave[:begin])),
        _rounded(level_of(wave[begin:])),
        round(float((np.abs(wave) >= FULL).mean()), 6) if len(wave) else 0.0,
    )


def _leveller(spec: AudioSpec, levelling: Levelling) -> Leveller:
    from engine.audio.leveller import Leveller

    hop = spec.sample_rate / spec.frame_rate
    return Leveller(spec.sample_rate, hop, levelling.gains, levelling.reference)


def _cut(wave: Wave, last: bool) -> Wave:
    del last
    return wave.clip(-1.0, 1.0)


def _rounded(level: float | None) -> float | None:
    return None if level is None else round(level, 2)
