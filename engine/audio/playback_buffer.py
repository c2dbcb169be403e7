"""A wave that may still grow, and the place in it that sounds."""

from __future__ import annotations

import threading
from typing import Literal

import numpy as np
import soxr
from numpy.typing import NDArray

from engine.audio.synth import Wave

State = Literal["idle", "playing", "waiting", "paused", "ended", "failed"]
"""``waiting`` is playing in silence for what is still to come."""

_FIRST_SIZE = 1 << 18


class Deck:
    """Holds a wave at the device's rate, and fills the device's buffers with it in stereo.

    One thread appends and turns the knobs, another fills buffers; neither waits for the
    other longer than a buffer takes to copy.
    """

    def __init__(self, rate: int) -> None:
        """Take the device's rate in samples a second."""
        self._rate = rate
        self._lock = threading.Lock()
        self._wave: NDArray[np.float32] = np.zeros((_FIRST_SIZE, 2), dtype=np.float32)
        self._frames = self._at = 0
        self._running = self._finished = self._loaded = False
        self._stream: soxr.ResampleStream | None = None

    @property
    def state(self) -> State:
        """What it does now."""
        if not self._loaded:
            return "idle"
        if self._finished and self._at >= self._frames:
            return "ended"
        if not self._running:
            return "paused"
        return "waiting" if self._at >= self._frames else "playing"

    @property
    def position(self) -> float:
        """The place that sounds, in seconds."""
        return self._at / self._rate

    @property
    def length(self) -> float:
        """How much of the wave is there, in seconds."""
        return self._frames / self._rate

    def load(self, rate: int) -> None:
        """Begin another wave, at its own rate, standing at its start."""
        self.stop()
        self._loaded = True
        if rate != self._rate:
            self._stream = soxr.ResampleStream(rate, self._rate, 2)

    def append(self, chunk: Wave, last: bool = False) -> None:
        """Add to the end of the wave: [samples] or [samples, 2]; ``last`` where it is whole."""
        both = chunk if chunk.ndim == 2 else np.stack([chunk, chunk], axis=1)
        if self._stream is not None:
            both = self._stream.resample_chunk(np.ascontiguousarray(both), last=last)
        end = self._frames + len(both)
        if end > len(self._wave):
            grown = np.zeros((max(end, 2 * len(self._wave)), 2), dtype=np.float32)
            grown[: self._frames] = self._wave[: self._frames]
            with self._lock:
                self._wave = grown
        self._wave[self._frames : end] = both
        self._frames = end
        self._finished = self._finished or last

    def play(self) -> None:
        """Go on from where it stands; from the start where it had ended."""
        with self._lock:
            if self._finished and self._at >= self._frames:
                self._at = 0
            self._running = True

    def pause(self) -> None:
        """Stands still in silence."""
        with self._lock:
            self._running = False

    def seek(self, seconds: float) -> None:
        """Go to a place, to the end of what is there at most; what had ended stands there."""
        with self._lock:
            if self._finished and self._at >= self._frames:
                self._running = False
            self._at = min(max(0, round(seconds * self._rate)), self._frames)

    def stop(self) -> None:
        """Let the wave go."""
        with self._lock:
            self._wave = np.zeros((_FIRST_SIZE, 2), dtype=np.float32)
            self._frames = self._at = 0
            self._running = self._finished = self._loaded = False
            self._stream = None

    def fill(self, buffer: Wave) -> None:
        """Fill a buffer [frames, 2]: the wave from its place on, silence for what is not there."""
        with self._lock:
            count = min(len(buffer), self._frames - self._at) if self._running else 0
            buffer[:count] = self._wave[self._at : self._at + count]
            buffer[count:] = 0
            self._at += count
