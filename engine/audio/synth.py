"""Offline synthesis: timed notes to a wave, the same bytes each time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tinysoundfont
from numpy.typing import NDArray

from engine.audio.soundfont import BadSoundFont, check
from engine.errors import OutOfRange

Wave = NDArray[np.float32]
"""Samples, 1.0 being full scale: [samples], or [samples, 2] where it is stereo."""

SLOWEST_RATE, FASTEST_RATE = 8_000, 192_000
"""The range of rates in samples a second."""

LONGEST = 3600.0
"""The longest wave in seconds that is rendered in one go."""

_CHANNEL = 0
_FADE = 0.05
"""Seconds that are rendered unheard after a reset: a cut voice fades for a hundredth."""


@dataclass(frozen=True, slots=True)
class SoundedNote:
    """A note: seconds of its start and end, ``pitch`` 0-127, ``velocity`` 1-127."""

    start: float
    end: float
    pitch: int
    velocity: int = 96

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end < float("inf"):
            raise OutOfRange(f"A note cannot sound from {self.start} to {self.end} seconds.")
        if not 0 <= self.pitch <= 127:
            raise OutOfRange(f"A pitch lies from 0 to 127; {self.pitch} does not.")
        if not 1 <= self.velocity <= 127:
            raise OutOfRange(f"A velocity lies from 1 to 127; {self.velocity} does not.")


class Synth:
    """A SoundFont that is loaded once and renders clip after clip, each as if it were the first.

    Nothing of one clip is heard in the next. It belongs to one thread.
    """

    def __init__(self, soundfont: Path, rate: int, gain: float = 0.0) -> None:
        """Take the SoundFont, the rate in samples a second, and a gain in dB.

        Raises `BadSoundFont` for a file that is none, `OutOfRange` for a rate outside
        8000 to 192000.
        """
        if not SLOWEST_RATE <= rate <= FASTEST_RATE:
            raise OutOfRange(f"A rate lies from {SLOWEST_RATE} to {FASTEST_RATE}, not {rate}.")
        check(soundfont)
        self.soundfont = soundfont
        self.rate = rate
        self._synth = tinysoundfont.Synth(gain=gain, samplerate=rate)
        try:
            self._font = self._synth.sfload(str(soundfont))
        except RuntimeError:
            raise BadSoundFont(
                f"{soundfont} is damaged, or of a kind that is not played.",
                "Name another in the setting soundfont, or leave it empty.",
            ) from None

    def render(
        self, notes: Iterable[SoundedNote], program: int, drums: bool, seconds: float
    ) -> Wave:
        """Return the notes as a mono wave [samples] of ``seconds``: the mean of both sides.

        ``program`` is 0-127; with ``drums`` it is a kit (0 the standard one) and pitches are
        General MIDI percussion. What sounds at the end is cut there. Raises `OutOfRange`,
        and `BadSoundFont` where the SoundFont has no such program.
        """
        return to_mono(self.render_stereo(notes, program, drums, seconds))

    def render_stereo(
        self,
        notes: Iterable[SoundedNote],
        program: int,
        drums: bool,
        seconds: float,
        on_progress: Callable[[float], None] = lambda _: None,
    ) -> Wave:
        """Return the notes as a stereo wave [samples, 2]; everything else as `render`.

        ``on_progress`` is told how much is done, 0 to 1, at each note.
        """
        if not 0 <= seconds <= LONGEST:
            raise OutOfRange(f"A wave lasts from 0 to {LONGEST:g} seconds, not {seconds:g}.")
        self._choose(program, drums)
        wave = np.zeros((round(seconds * self.rate), 2), dtype=np.float32)
        at = 0
        for frame, on, pitch, velocity in self._events(notes):
            if frame >= len(wave):
                break
            self._fill(wave[at:frame])
            at = frame
            on_progress(at / len(wave))
            if on:
                self._synth.noteon(_CHANNEL, pitch, velocity)
            else:
                self._synth.noteoff(_CHANNEL, pitch)
        self._fill(wave[at:])
        on_progress(1.0)
        return wave

    def _choose(self, program: int, drums: bool) -> None:
        # Cut voices fade for a moment, and only then leave their places in the sum free.
        self._synth.soundfonts[self._font].reset()
        self._fill(np.empty((round(_FADE * self.rate), 2), dtype=np.float32))
        if not 0 <= program <= 127:
            raise OutOfRange(f"A program lies from 0 to 127; {program} does not.")
        try:
            self._synth.program_select(_CHANNEL, self._font, 0, program, drums)
        except RuntimeError:
            kind = "drum kit" if drums else "program"
            raise BadSoundFont(
                f"{self.soundfont} has no {kind} {program}.", "Choose another, or a fuller one."
            ) from None

    def _events(self, notes: Iterable[SoundedNote]) -> Iterator[tuple[int, bool, int, int]]:
        # In an order of their own, so that the order they came in is not heard; at the same
        # frame ends go first, else a note struck again would be ended by the one before it.
        events = []
        for note in notes:
            start = round(note.start * self.rate)
            end = max(start + 1, round(note.end * self.rate))
            events.append((start, True, note.pitch, note.velocity))
            events.append((end, False, note.pitch, 0))
        events.sort()
        return iter(events)

    def _fill(self, wave: Wave) -> None:
        if len(wave):
            self._synth.generate_simple(len(wave), wave.data.cast("B"))


def to_mono(wave: Wave) -> Wave:
    """Return the mean of the channels of a wave [samples, channels]; a mono one as it is."""
    if wave.ndim == 1:
        return wave
    return np.asarray(wave.mean(axis=1, dtype=np.float64), dtype=np.float32)


def mix(parts: Sequence[Wave]) -> Wave:
    """Return the sum of parts of the same shape; raises `OutOfRange` where shapes differ."""
    if len({part.shape for part in parts}) != 1:
        raise OutOfRange("Parts that are mixed have the same length and as many channels.")
    return np.asarray(np.sum(parts, axis=0, dtype=np.float64), dtype=np.float32)
