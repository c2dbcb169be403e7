"""Plays takes on the sound device; where there is none, says why and where the file lies."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.audio.devices import NoSoundDevice
from engine.jobs import Job
from engine.services.generation import take_store, worker_events

if TYPE_CHECKING:
    from engine.audio.output import Playing
    from engine.services.generation.backends import AudioOutput, StudioParts
    from engine.services.generation.streaming_take import StreamingTake


class Playback:
    """The way of takes to the speaker; all but `close` is done on one lane of jobs."""

    def __init__(
        self,
        parts: StudioParts,
        wanted: str,
        report: Callable[[worker_events.StudioReport], None],
    ) -> None:
        """Take what makes a speaker, a part of the device's name, and who is told."""
        self._parts, self._wanted, self._report = parts, wanted, report
        self._lock = threading.Lock()
        self._speaker: AudioOutput | None = None
        self._joined: StreamingTake | None = None
        self._closed = False
        self._reason = ""

    def look(self, job: Job) -> None:
        """Look for a sound device and tell of it."""
        found = self._parts.devices()
        names = [each.name for each in found.devices]
        usual = [each.name for each in found.devices if each.usual]
        wanted = [name for name in names if self._wanted.casefold() in name.casefold()]
        chosen = next(iter(wanted if self._wanted else usual + names), "")
        self._reason = ""
        if not chosen:
            self._reason = found.reason or (
                f"There is no sound device called {self._wanted!r}; there are: {', '.join(names)}."
            )
        job.tell(worker_events.SoundFound(chosen, self._reason))

    def play(self, job: Job, take: str, at: float, growth: StreamingTake | None = None) -> None:
        """Play a take, or with ``growth`` the one that grows, from ``at`` seconds.

        Raises `NoSoundDevice`, or `BadTake` where its file cannot be read.
        """
        # Again at each time without one: it may have been plugged in.
        if self._speaker is None or self._reason:
            self.look(job)
        if self._reason:
            where = (
                "The take that grows is kept as a file at its end."
                if growth is not None
                else f"The take lies in {take_store.place(take)}."
            )
            raise NoSoundDevice(self._reason, where)
        speaker = self._ready()
        if speaker is None:
            return
        self._leave()
        if growth is not None:
            growth.join(speaker)
            self._joined = growth
        else:
            wave, rate = take_store.read_wave(take)
            job.step(0.0)
            speaker.load(rate, wave)
        speaker.seek(at)
        speaker.play()
        job.tell(worker_events.PlayBegan(take))

    def stop(self, job: Job) -> None:
        """End what plays."""
        del job
        self._leave()
        if self._speaker is not None:
            self._speaker.stop()

    def failed(self, reason: str) -> None:
        """Take down that the device has failed, so that it is looked for before the next take."""
        self._reason = reason

    def close(self) -> None:
        """End the sound for good; any thread may."""
        with self._lock:
            self._closed = True
            speaker, self._speaker = self._speaker, None
        if speaker is not None:
            speaker.close()

    def _ready(self) -> AudioOutput | None:
        with self._lock:
            if self._speaker is None and not self._closed:
                self._speaker = self._parts.sink(self._moved)
            return self._speaker

    def _leave(self) -> None:
        if self._joined is not None:
            self._joined.leave()
            self._joined = None

    def _moved(self, playing: Playing) -> None:
        self._report(worker_events.SoundMoved(playing))
