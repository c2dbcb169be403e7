"""The process of the built-in synth: messages in, sound out, each note at its sample.

Started by `engine.audio.builtin_synth`, it reads records from standard input and answers once on
standard output: ready, or why not. It ends with its input, and when its device has gone.
"""

from __future__ import annotations

import contextlib
import gc
import os
import select
import time
from collections import deque
from pathlib import Path
from typing import Any

from engine import config
from engine.audio import soundfont
from engine.audio.builtin_synth import READY, RECORD
from engine.audio.devices import open_output, silence_libraries
from engine.common.watchdog import limit_realtime
from engine.errors import ArmonicaError, PortError

DRUMS = 9
GAIN = 6.0
"""Decibels: one line of one instrument is far from full scale."""

_FRAME = 8
"""Bytes: two floats."""

_MARGIN = 0.005
"""Seconds that a message may take from the player to here without being late."""

_PRIORITY = 15
"""Less than the player's own: nothing may hold up the time."""

_DRIFT = 0.02
_SLIP = 0.1
_CHECK = 0.5


class Voices:
    """The synth: takes messages of channels and fills buffers with what sounds."""

    def __init__(self, font: Path, rate: float) -> None:
        """Take the SoundFont and the device's rate; raises `BadSoundFont`."""
        import tinysoundfont

        soundfont.check(font)
        self._synth = tinysoundfont.Synth(gain=GAIN, samplerate=round(rate))
        try:
            self._synth.sfload(str(font))
        except RuntimeError:
            raise soundfont.BadSoundFont(f"{font} is damaged.", "Name another.") from None
        for channel in range(16):
            self._program(channel, 0)

    def obey(self, data: bytes) -> None:
        """Take one message of a channel; others mean nothing here."""
        kind, channel, body = data[0] & 0xF0, data[0] & 0x0F, data[1:]
        match kind:
            case 0x90:
                # A velocity of 0 is an end, here as there.
                self._synth.noteon(channel, body[0], body[1])
            case 0x80:
                self._synth.noteoff(channel, body[0])
            case 0xB0:
                self._synth.control_change(channel, body[0], body[1])
            case 0xC0:
                self._program(channel, body[0])
            case 0xE0:
                self._synth.pitchbend(channel, body[0] | body[1] << 7)

    def fill(self, buffer: memoryview) -> None:
        """Fill a buffer of interleaved stereo floats."""
        if buffer:
            self._synth.generate_simple(len(buffer) // _FRAME, buffer)

    def _program(self, channel: int, program: int) -> None:
        try:
            self._synth.program_change(channel, program, channel == DRUMS)
        except RuntimeError:
            # A SoundFont need not hold every program; the channel keeps what it had.
            return


class Preview:
    """Plays each message at its own sample, always the same short time after its moment."""

    def __init__(self, voices: Voices, rate: float) -> None:
        self._voices = voices
        self._rate = rate
        self._waiting: deque[tuple[float, bytes]] = deque()
        self._start: float | None = None
        self._delay = 0.0

    def take(self, at: float, data: bytes) -> None:
        """Take a message and its moment in seconds of the monotonic clock, in order."""
        self._waiting.append((at, data))

    def fill(self, buffer: Any, frames: int, _time: Any, _status: Any) -> None:
        """Fill a buffer that the device asks for now."""
        self.play(memoryview(buffer), frames, time.monotonic())

    def play(self, buffer: memoryview, frames: int, now: float) -> None:
        """Fill a buffer asked for at ``now``: the delay is one buffer and a margin."""
        start = self._begin(now)
        self._delay = max(self._delay, frames / self._rate + _MARGIN)
        done = 0
        while self._waiting:
            at, data = self._waiting[0]
            frame = max(done, round((at + self._delay - start) * self._rate))
            if frame >= frames:
                break
            self._waiting.popleft()
            self._voices.fill(buffer[done * _FRAME : frame * _FRAME])
            self._voices.obey(data)
            done = frame
        self._voices.fill(buffer[done * _FRAME : frames * _FRAME])
        self._start = start + frames / self._rate

    def _begin(self, now: float) -> float:
        # Devices ask unevenly and play evenly: the moments they ask at are smoothed.
        expected = self._start
        if expected is None or abs(now - expected) > _SLIP:
            return now
        return expected + _DRIFT * (now - expected)


def main() -> None:
    """Play what standard input says until it ends."""
    out = silence_libraries()
    _ask_for_realtime()
    try:
        _run(out)
    except ArmonicaError as error:
        os.write(out, error.line().encode())
    except Exception as error:
        os.write(out, f"{type(error).__name__}: {error}".encode())
    # Not the usual way out: PortAudio would wait for a sound system that has gone.
    os._exit(0)


def _run(out: int) -> None:
    settings = config.load().settings
    font = soundfont.find(settings.soundfont)
    players: list[Preview] = []

    def fill(buffer: Any, frames: int, moment: Any, status: Any) -> None:
        players[0].fill(buffer, frames, moment, status)

    stream = open_output(settings.audio, 2, fill, "low")
    preview = Preview(Voices(font, stream.samplerate), stream.samplerate)
    players.append(preview)
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        stream.start()
    except Exception as error:
        raise PortError(f"The sound device does not start: {error}.") from None
    os.write(out, READY)
    rest = b""
    while stream.active:
        if not select.select([0], [], [], _CHECK)[0]:
            continue
        data = os.read(0, RECORD.size * 1024)
        if not data:
            return
        rest += data
        whole = len(rest) - len(rest) % RECORD.size
        for at, size, message in RECORD.iter_unpack(rest[:whole]):
            preview.take(at, message[:size])
        rest = rest[whole:]


def _ask_for_realtime() -> None:
    # For every thread that follows: else the one that fills buffers, which a sound server may
    # have made urgent, waits for the one that reads messages, which a busy machine holds up.
    if hasattr(os, "sched_setscheduler"):
        limit_realtime()
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(_PRIORITY))


if __name__ == "__main__":
    main()
