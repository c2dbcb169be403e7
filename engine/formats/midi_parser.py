"""The bytes of a MIDI file to notes with exact times, with every kind of damage refused."""

from __future__ import annotations

import stat
from collections import defaultdict, deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Any

import mido

from engine.errors import BadMidiFile
from engine.music.groove import Groove, swing_of
from engine.music.score_notes import ScoreNote
from engine.text import printable

MOST_BYTES = 1 << 20
"""The largest file that is read; music of an hour takes about half of it."""

MOST_MESSAGES = 100_000
"""The most messages that a file may hold, give or take one for each track."""


LONGEST_NAME = 80

_TOLD = 1024
"""Messages between two tellings of how much is read."""


@dataclass(frozen=True, slots=True)
class ParsedTrack:
    """A track's name, its notes by start and from the highest, and its end in quarter notes.

    ``tempi`` (quarter notes a minute) and ``metres`` (such as ``3/4``) hold what the track
    says of either, with the place in quarter notes. ``groove`` has the swing that the track
    says it was written with, as what we write does.
    """

    name: str
    notes: tuple[ScoreNote, ...]
    end: Fraction
    tempi: tuple[tuple[Fraction, float], ...]
    metres: tuple[tuple[Fraction, str], ...]
    groove: Groove | None = None


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """The tracks of a file; in one of type 2 each track is a piece of its own."""

    kind: int
    tracks: tuple[ParsedTrack, ...]

    def about(self, track: ParsedTrack) -> tuple[ParsedTrack, ...]:
        """Return the tracks whose tempo and metre hold for ``track``."""
        return (track,) if self.kind == 2 else self.tracks


class _Guarded(BytesIO):
    """Bytes that mido can neither read for ever nor fill the memory with.

    mido asks for the place once a message, and takes a number of any length. What
    ``on_progress`` raises is kept in ``ended``, for mido's own errors are of any kind.
    """

    def __init__(self, content: bytes, on_progress: Callable[[float], None]) -> None:
        super().__init__(content)
        self._size = len(content)
        self._on_progress = on_progress
        self._messages = 0
        self._unfinished = 0
        self.ended: Exception | None = None

    def tell(self) -> int:
        self._messages += 1
        if self._messages > MOST_MESSAGES:
            raise OSError(f"it holds more than {MOST_MESSAGES} messages")
        place = super().tell()
        if not self._messages % _TOLD:
            try:
                self._on_progress(place / self._size)
            except Exception as error:
                self.ended = error
                raise
        return place

    def read(self, size: int | None = -1, /) -> bytes:
        content = super().read(size)
        unfinished = size == 1 and content >= b"\x80"
        self._unfinished = self._unfinished + 1 if unfinished else 0
        if self._unfinished > 4096:
            raise OSError("a number in it has no end")
        return content


def parse(path: Path, on_progress: Callable[[float], None] = lambda _: None) -> ParsedFile:
    """Read a MIDI file of any type; raises `BadMidiFile` for whatever is not one.

    ``on_progress`` is told how much is read, 0 to 1; what it raises ends the reading.
    """
    content = _content(path)
    if content[:4] != b"MThd":
        raise BadMidiFile(
            f"{path} is not a MIDI file.", "Name a standard MIDI file, which ends in .mid."
        )
    guarded = _Guarded(content, on_progress)
    try:
        file = mido.MidiFile(file=guarded, clip=False)
    except EOFError as error:
        raise _damaged(path, "it ends too early") from error
    # mido lets through whatever its decoders meet: OSError, ValueError, KeyError, IndexError,
    # struct.error and errors of its own for single meta messages.
    except Exception as error:
        if guarded.ended is not None:
            raise guarded.ended from None
        reason = str(error).split("\n")[0] or type(error).__name__
        raise _damaged(path, reason) from error
    if file.ticks_per_beat <= 0:
        raise BadMidiFile(
            f"{path} counts time in film frames, not in beats.",
            "Export it again with ticks per quarter note.",
        )
    if file.type not in (0, 1, 2):
        raise _damaged(path, f"it is of the unknown type {file.type}")
    return ParsedFile(file.type, tuple(_track(t, file.ticks_per_beat) for t in file.tracks))


def _content(path: Path) -> bytes:
    try:
        state = path.stat()
        if not stat.S_ISREG(state.st_mode):
            raise BadMidiFile(f"{path} is not a file.", "Name a .mid file.")
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except FileNotFoundError as error:
        raise BadMidiFile(f"There is no file {path}.", "Look at its name and folder.") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise BadMidiFile(
            f"{path} cannot be read ({reason}).", "Name a .mid file that you may read."
        ) from error
    if len(content) > MOST_BYTES:
        raise BadMidiFile(
            f"{path} is larger than {MOST_BYTES // 1024} KiB.", "Export a part of it."
        )
    if not content:
        raise BadMidiFile(f"{path} is empty.", "Export it again.")
    return content


def _damaged(path: Path, reason: str) -> BadMidiFile:
    return BadMidiFile(
        f"{path} is damaged ({reason}).", "Export it again from the program that made it."
    )


def _track(messages: Any, ticks_per_quarter: int) -> ParsedTrack:
    name = ""
    groove: Groove | None = None
    found: list[tuple[int, int, int, int]] = []
    tempi: list[tuple[Fraction, float]] = []
    metres: list[tuple[Fraction, str]] = []
    sounding: dict[tuple[int, int], deque[int]] = defaultdict(deque)
    tick = 0

    for message in messages:
        tick += message.time
        if message.type == "note_on" and message.velocity:
            sounding[message.channel, message.note].append(tick)
        elif message.type in ("note_on", "note_off"):
            if open_since := sounding[message.channel, message.note]:
                found.append((open_since.popleft(), -message.note, tick, message.channel))
        elif message.type == "track_name":
            name = name or _readable(message.name)
        elif message.type == "text":
            groove = groove or swing_of(message.text)
        elif message.type == "set_tempo" and message.tempo:
            tempi.append((Fraction(tick, ticks_per_quarter), mido.tempo2bpm(message.tempo)))
        elif message.type == "time_signature":
            metre = f"{message.numerator}/{message.denominator}"
            metres.append((Fraction(tick, ticks_per_quarter), metre))
    for (channel, pitch), starts in sounding.items():
        found.extend((start, -pitch, tick, channel) for start in starts)
    ticks = {tick for start, _, stop, _ in found for tick in (start, stop)}
    at = {tick: Fraction(tick, ticks_per_quarter) for tick in ticks}
    notes = tuple(
        ScoreNote(at[start], at[stop], -lower, channel)
        for start, lower, stop, channel in sorted(found)
    )
    end = Fraction(tick, ticks_per_quarter)
    return ParsedTrack(name, notes, end, tuple(tempi), tuple(metres), groove)


def _readable(name: str) -> str:
    # mido decodes names as Latin-1; most programs write UTF-8. What is not printable could
    # steer the terminal.
    with suppress(UnicodeError):
        name = name.encode("latin-1").decode("utf-8")
    return printable(name, "").strip()[:LONGEST_NAME]
