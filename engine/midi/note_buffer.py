"""What was just played: the notes of a keyboard, kept for a while without being asked.

Times are seconds of the monotonic clock. Nothing here looks at a clock.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace

MEASURES = 8
"""How many measures are always kept."""

LONGEST = 8 * 4 * 3.0
"""How long notes are kept, in seconds: eight measures of 4/4 at the slowest tempo, 20."""

SILENCE = 4.0
"""The silence in seconds after which the next note begins a new phrase."""

STUCK = 60.0
"""How long a note may sound, in seconds; one whose end was lost ends there."""

MOST = 4096
"""The most notes that are kept, whatever comes in."""

CHORD = 0.04
"""Keys struck within this many seconds of each other may be a chord: hands are not that even."""

DOWN = 64
"""From this value on the sustain pedal is down."""


@dataclass(frozen=True, slots=True)
class Struck:
    """A note as it was played: seconds of its start and end, pitch, velocity 1-127, channel."""

    on: float
    off: float
    pitch: int
    velocity: int
    channel: int


@dataclass(slots=True)
class _Sounding:
    """A note that has not ended; ``released`` where only the pedal holds it."""

    on: float
    velocity: int
    released: bool = False


class Capture:
    """Keeps the notes of the last `LONGEST` seconds, and when the phrase at hand began.

    ``only`` are the channels that are listened to, from 0; none listens to all. The sustain
    pedal of a channel holds its notes. Time never runs backwards here: a message that claims to be
    older than the last counts as coming with it.
    """

    def __init__(self, only: tuple[int, ...] = ()) -> None:
        self._only = only
        self._notes: deque[Struck] = deque(maxlen=MOST)
        self._sounding: dict[tuple[int, int], _Sounding] = {}
        self._pedals: set[int] = set()
        self._now = -math.inf
        self._ended = -math.inf
        self._began: float | None = None

    def listen(self, only: tuple[int, ...], now: float) -> None:
        """Listen to other channels; what sounds on those left out ends."""
        self._only = only
        for key in [key for key in self._sounding if not self._listened(key[0])]:
            self._end(key, self._at(now))
        self._pedals = set(filter(self._listened, self._pedals))

    def _listened(self, channel: int) -> bool:
        return not self._only or channel in self._only

    def receive(self, at: float, data: bytes) -> bool:
        """Take one MIDI message that came ``at``; says whether it began or ended a note.

        Whatever is no note, pedal or end of all notes is passed over.
        """
        if not math.isfinite(at) or len(data) != 3 or max(data[1:]) > 0x7F:
            return False
        kind, channel = data[0] & 0xF0, data[0] & 0x0F
        if not self._listened(channel) or kind not in (0x80, 0x90, 0xB0):
            return False
        at = self._at(at)
        self._forget(at)
        match kind, data[1], data[2]:
            case (0x90, pitch, velocity) if velocity:
                self._strike(channel, pitch, velocity, at)
                return True
            case (0x80 | 0x90, pitch, _):
                return self._let_go((channel, pitch), at)
            case (0xB0, 64, value):
                return self._pedal(channel, value >= DOWN, at)
            case (0xB0, 120 | 123, _):  # All sound off, all notes off.
                return self._end_all(at, channel)
        return False

    def release(self, now: float) -> None:
        """End all that sounds, as where the keyboard has gone; pedals are up again."""
        self._end_all(self._at(now))
        self._pedals.clear()

    def held(self) -> tuple[int, ...]:
        """Return the pitches that sound, in order."""
        return tuple(sorted({pitch for _, pitch in self._sounding}))

    def notes(self, now: float, since: float = -math.inf) -> tuple[Struck, ...]:
        """Return the notes that began at ``since`` or later, in order; one that sounds ends now."""
        kept = [note for note in self._notes if note.on >= since]
        kept += [note for note in self._unfinished(max(now, self._now)) if note.on >= since]
        return tuple(sorted(kept, key=lambda note: (note.on, note.pitch)))

    def phrase(self) -> float | None:
        """Return when the phrase at hand began: its first note after `SILENCE`."""
        return self._began

    def _at(self, at: float) -> float:
        self._now = max(self._now, at)
        return self._now

    def _unfinished(self, now: float) -> Iterator[Struck]:
        for (channel, pitch), note in self._sounding.items():
            off = min(now, note.on + STUCK)
            if off > note.on:
                yield Struck(note.on, off, pitch, note.velocity, channel)

    def _strike(self, channel: int, pitch: int, velocity: int, at: float) -> None:
        # A key that is struck again without having been let go begins another note.
        self._end((channel, pitch), at)
        if self._began is None or (not self._sounding and at - self._ended >= SILENCE):
            self._began = at
        self._sounding[channel, pitch] = _Sounding(at, velocity)

    def _let_go(self, key: tuple[int, int], at: float) -> bool:
        if key not in self._sounding:
            return False
        if key[0] in self._pedals:
            self._sounding[key].released = True
            return False
        self._end(key, at)
        return True

    def _pedal(self, channel: int, down: bool, at: float) -> bool:
        if down:
            self._pedals.add(channel)
            return False
        self._pedals.discard(channel)
        released = [k for k, note in self._sounding.items() if k[0] == channel and note.released]
        for key in released:
            self._end(key, at)
        return bool(released)

    def _end_all(self, at: float, channel: int | None = None) -> bool:
        ending = [key for key in self._sounding if channel in (None, key[0])]
        for key in ending:
            self._end(key, at)
        return bool(ending)

    def _end(self, key: tuple[int, int], at: float) -> None:
        note = self._sounding.pop(key, None)
        if note is None:
            return
        off = min(at, note.on + STUCK)
        self._ended = max(self._ended, off)
        if off > note.on:
            self._notes.append(Struck(note.on, off, key[1], note.velocity, key[0]))

    def _forget(self, now: float) -> None:
        for key in [key for key, note in self._sounding.items() if now - note.on >= STUCK]:
            self._end(key, now)
        # Notes are kept by their ends, and the oldest end is the first that is dropped.
        while self._notes and self._notes[0].off < now - LONGEST:
            self._notes.popleft()


def one_voice(notes: tuple[Struck, ...]) -> tuple[Struck, ...]:
    """Make one voice of what was played, for a measure has one.

    Of notes that are struck together the highest is kept; any other is cut where the next
    begins, however long a pedal holds it.
    """
    line: list[Struck] = []
    for note in notes:
        before = line[-1] if line else None
        if before is not None and _together(before, note):
            line[-1] = max(before, note, key=lambda each: each.pitch)
            continue
        if before is not None and before.off > note.on:
            line[-1] = replace(before, off=note.on)
        line.append(note)
    return tuple(line)


def _together(before: Struck, note: Struck) -> bool:
    if note.on - before.on > CHORD:
        return False
    # In a fast run one key is still down when the next is struck, but not for long.
    overlap = min(before.off, note.off) - note.on
    return note.on == before.on or 2 * overlap >= min(before.off - before.on, note.off - note.on)
