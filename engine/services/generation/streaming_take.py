"""The sound of a take while it grows: kept, outlined, and given to a speaker that joins in."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np

from engine.audio.synth import Wave
from engine.audio.waveform import Peaks
from engine.protocol.generation import PEAKS

if TYPE_CHECKING:
    from engine.services.generation.backends import AudioOutput


class StreamingTake:
    """A wave at ``rate`` that one thread adds to; a speaker may join from another."""

    def __init__(self, rate: int, samples: int) -> None:
        """Take the rate, and how many samples there will be in all."""
        self.rate = rate
        self._lock = threading.Lock()
        self._chunks: list[Wave] = []
        self._peaks = Peaks(samples, PEAKS)
        self._speaker: AudioOutput | None = None
        self._finished = False
        self.samples = 0

    def add(self, chunk: Wave) -> None:
        """Add settled samples."""
        if not len(chunk):
            return
        with self._lock:
            self._chunks.append(chunk)
            self.samples += len(chunk)
            self._peaks.add(chunk)
            if self._speaker is not None:
                self._speaker.append(chunk)

    def finish(self) -> None:
        """Tell a speaker that no more will come."""
        with self._lock:
            self._finished = True
            if self._speaker is not None:
                self._speaker.append(np.zeros(0, dtype=np.float32), last=True)

    def join(self, speaker: AudioOutput) -> None:
        """Load what is there into a speaker, and add to it from now on."""
        with self._lock:
            self._speaker = speaker
            speaker.load(self.rate)
            for chunk in self._chunks:
                speaker.append(chunk)
            if self._finished:
                speaker.append(np.zeros(0, dtype=np.float32), last=True)

    def leave(self) -> None:
        """Return nothing more to the speaker."""
        with self._lock:
            self._speaker = None

    def peaks(self) -> tuple[tuple[float, float], ...]:
        """Return the outline of what is there."""
        with self._lock:
            return self._peaks.pairs()
