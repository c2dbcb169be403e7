"""Takes beside the player: a wave that is played goes to the sound device of who listens."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.audio.devices import SoundDevices
from engine.remote import protocol as v
from engine.services.generation.backends import AudioOutput, StudioParts

if TYPE_CHECKING:
    from engine.audio.output import Playing
    from engine.audio.synth import Wave

PIECE = 8192
"""Samples in a line: at usual rates a quarter of a second, 22 KiB."""

_LOUDEST = 32_767

Put = Callable[[v.SoundOrder], None]


class AudioRouter:
    """Speakers here and elsewhere; a wave goes to the newest of those who listen elsewhere.

    Safe to call from any thread.
    """

    def __init__(self, parts: StudioParts | None = None) -> None:
        self._parts = parts or StudioParts()
        self._lock = threading.Lock()
        self._far: dict[str, tuple[Put, SoundDevices]] = {}
        self._playing: _Routed | None = None

    def parts(self) -> StudioParts:
        """Return the studio's parts with these speakers in the place of its own."""
        return replace(self._parts, devices=self._devices, sink=self._sink)

    def seen(self, place: str, put: Put, sound: SoundDevices) -> None:
        """Take which sound devices there are at a place."""
        with self._lock:
            self._far.pop(place, None)
            if sound.devices:
                self._far[place] = put, sound

    def did(self, place: str, playing: Playing) -> None:
        """Take what a speaker elsewhere does."""
        routed = self._playing
        if routed is not None and routed.place == place:
            routed.changed(playing)

    def leave(self, place: str) -> None:
        """Take note that nobody listens at a place any more."""
        from engine.audio.output import Playing

        with self._lock:
            self._far.pop(place, None)
        self.did(place, Playing("failed", reason="The line to the sound device is down."))

    def newest(self) -> tuple[str, Put] | None:
        """Return the place where waves are played now, and the way there; None for here."""
        with self._lock:
            if not self._far:
                return None
            place = next(reversed(self._far))
            return place, self._far[place][0]

    def _devices(self) -> SoundDevices:
        with self._lock:
            far = [sound for _, sound in self._far.values()]
        return far[-1] if far else self._parts.devices()

    def _sink(self, changed: Callable[[Playing], None]) -> AudioOutput:
        self._playing = _Routed(self, self._parts.sink, changed)
        return self._playing


class _Routed:
    """A speaker that is chosen anew with each wave."""

    def __init__(
        self,
        board: AudioRouter,
        own: Callable[[Callable[[Playing], None]], AudioOutput],
        changed: Callable[[Playing], None],
    ) -> None:
        self._board = board
        self._make_own = own
        self.changed = changed
        self._own: AudioOutput | None = None
        self._far: Put | None = None
        self.place: str | None = None
        self._at = 0.0

    def load(self, rate: int, wave: Wave | None = None, last: bool = True) -> None:
        """Take another wave, to where somebody listens now."""
        self.stop()
        found = self._board.newest()
        self.place, self._far = found if found is not None else (None, None)
        if self._far is not None:
            self._far(v.SoundOrder("load", rate))
            if wave is not None:
                self.append(wave, last)
            return
        if self._own is None:
            self._own = self._make_own(self._here)
        self._own.load(rate, wave, last)

    def append(self, chunk: Wave, last: bool = False) -> None:
        """Add to the wave."""
        if self._far is None:
            if self._own is not None:
                self._own.append(chunk, last)
            return
        for start in range(0, max(1, len(chunk)), PIECE):
            piece = chunk[start : start + PIECE]
            channels = 1 if piece.ndim == 1 else piece.shape[1]
            whole = (piece.clip(-1.0, 1.0) * _LOUDEST).round().astype("<i2")
            ends = last and start + PIECE >= len(chunk)
            self._far(v.SoundOrder("append", wave=whole.tobytes(), channels=channels, last=ends))

    def play(self) -> None:
        """Go on from where it stands."""
        self._order(v.SoundOrder("play", seconds=self._at), lambda own: own.play())
        self._at = 0.0

    def seek(self, seconds: float) -> None:
        """Go to a place in the wave; elsewhere that is heard when it plays next."""
        self._at = seconds
        if self._far is None and self._own is not None:
            self._own.seek(seconds)

    def stop(self) -> None:
        """Let the wave go."""
        self._order(v.SoundOrder("stop"), lambda own: own.stop())

    def close(self) -> None:
        """End the sound."""
        self.stop()
        if self._own is not None:
            self._own.close()

    def _order(self, far: v.SoundOrder, own: Callable[[AudioOutput], None]) -> None:
        if self._far is not None:
            self._far(far)
        elif self._own is not None:
            own(self._own)

    def _here(self, playing: Playing) -> None:
        if self._far is None:
            self.changed(playing)


class Loudspeaker:
    """The sound device beside a screen: does what orders say, and tells what it does.

    ``report`` is called on threads of its own.
    """

    def __init__(
        self, report: Callable[[v.SoundSeen | v.SoundDid], None], parts: StudioParts | None = None
    ) -> None:
        self._report = report
        self._parts = parts or StudioParts()
        self._speaker: AudioOutput | None = None
        self._seen: v.SoundSeen | None = None
        threading.Thread(target=self._look, name="sound devices", daemon=True).start()

    @property
    def seen(self) -> v.SoundSeen | None:
        """The devices of this machine, once they are known."""
        return self._seen

    def obey(self, order: v.SoundOrder) -> None:
        """Do what an order asks."""
        import numpy as np

        if self._speaker is None:
            self._speaker = self._parts.sink(self._moved)
        match order.do:
            case "load":
                self._speaker.load(order.rate)
            case "append":
                wave = np.frombuffer(order.wave, dtype="<i2").astype(np.float32)
                wave /= _LOUDEST
                both = wave.reshape(-1, 2) if order.channels == 2 else wave
                self._speaker.append(both, order.last)
            case "play":
                if order.seconds:
                    self._speaker.seek(order.seconds)
                self._speaker.play()
            case "stop":
                self._speaker.stop()

    def close(self) -> None:
        """End the sound."""
        if self._speaker is not None:
            self._speaker.close()

    def _look(self) -> None:
        found = self._parts.devices()
        self._seen = v.SoundSeen(found.devices, found.reason)
        self._report(self._seen)

    def _moved(self, playing: Playing) -> None:
        self._report(v.SoundDid(playing.state, playing.position, playing.length, playing.reason))
