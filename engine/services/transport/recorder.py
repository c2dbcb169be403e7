"""What is played on a keyboard: kept, recorded into slots measure by measure, and shown.

Nothing here waits or looks at a clock, and nothing changes a song: measures that were played
come out as the command that puts them in.
"""

from __future__ import annotations

import itertools
import math
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from engine.errors import NotReady, OutOfRange
from engine.midi import messages as m
from engine.midi.note_buffer import MEASURES, Capture, Struck, one_voice
from engine.music.beat_map import Beats
from engine.music.grid import Grid
from engine.music.overdub import overlaid
from engine.music.quantise import PlayedMeasure, PlayedNote, quantise
from engine.music.score_notes import Account, count, folded
from engine.music.slot import Origin
from engine.music.song import MOST_SLOTS, Song
from engine.music.track import Track
from engine.protocol.edit import LoadMeasures
from engine.protocol.patterns import LoadPatterns
from engine.protocol.snapshot import RecordSettings, RecordStatus
from engine.protocol.transport import KeysPlayed
from engine.services.transport.drum_hits import drum_hits, loaded
from engine.services.transport.played_measures import SAME, beats_left, begun, reaching, trimmed

SETTLED = 0.06
"""Seconds after a measure's end at which all that was played in it is known to be here."""

EARLY = 0.5
"""How much before the loop a note may be struck that belongs to it, in quarter notes."""

SPAN = 128
"""How many measures back the notes of a pass are looked at: none sounds for longer."""


Recorded = LoadMeasures | LoadPatterns
"""What puts in a measure that was recorded."""


class LoopPosition(Protocol):
    """What is asked of whoever plays the loop."""

    @property
    def playing(self) -> bool:
        """Whether the loop runs."""

    @property
    def beats(self) -> Beats | None:
        """The beat of the loop as it runs, or as it ran last."""

    def place(self, position: float) -> tuple[int, float]:
        """Return the slot of a position of the beat, and the quarter notes into it."""


@dataclass(slots=True)
class _Pass:
    """A recording: from where on the beat it runs, and which measure is to come in next.

    That begins at ``next``, is of ``slot``, and has ``grid``. ``past`` holds where the measures
    before it began, and their grids.
    """

    status: RecordStatus
    gesture: int
    beats: Beats
    begins: float
    next: float
    slot: int
    grid: Grid
    past: deque[tuple[float, Grid]] = field(default_factory=lambda: deque(maxlen=SPAN))
    slots: set[int] = field(default_factory=set)
    account: Account = field(default_factory=Account)

    @property
    def ends(self) -> float:
        """Where the measure ends that is to come in next."""
        return self.next + float(self.grid.length)


class Recorder:
    """Keeps what is played, and turns it into measures when that is asked for or due."""

    def __init__(self, settings: RecordSettings, only: tuple[int, ...] = ()) -> None:
        self.settings = settings
        self._capture = Capture(only)
        self._pass: _Pass | None = None
        self._gestures = 0
        self._shown = KeysPlayed()

    @property
    def recording(self) -> bool:
        """Whether a pass is under way, or is to begin."""
        return self._pass is not None

    def listen(self, only: tuple[int, ...], now: float) -> None:
        """Take note of the channels in ``only`` alone (none: of all)."""
        self._capture.listen(only, now)

    def on_player(self, report: m.FromPlayer, now: float) -> bool:
        """Take a report of the player, and say whether a note began or ended."""
        match report:
            case m.MidiReceived(at, _, data):
                return self._capture.receive(min(at, now), data)
            case m.Listening() | m.PlayerLost():
                # Ends may have been lost with the port.
                sounded = bool(self._capture.held())
                self._capture.release(now)
                return sounded
        return False

    def show(self, now: float, transport: LoopPosition, song: Song) -> KeysPlayed | None:
        """Return what is being played, where that is something else than before."""
        shown = self._keys_played(now, transport, song)
        if shown == self._shown:
            return None
        self._shown = shown
        return shown

    # Recording

    def begin(self, status: RecordStatus, beats: Beats, begins: float, song: Song) -> None:
        """Record from a position of the beat on, the start of the first slot's measure."""
        self._gestures += 1
        slot = status.slot
        self._pass = _Pass(status, self._gestures, beats, begins, begins, slot, song.grid(slot))

    def follow(self, before: Song, after: Song) -> RecordStatus | None:
        """Follow the track that is recorded into to its new number, and return what is recorded.

        None where the track is gone, and with it the recording.
        """
        here = self._pass
        if here is None:
            return None
        track = before.tracks[here.status.track]
        number = next((at for at, each in enumerate(after.tracks) if each is track), None)
        if number is None and len(before.tracks) == len(after.tracks):
            # It is the track itself that was edited.
            number = here.status.track
        if number is None:
            self._pass = None
            return None
        here.status = replace(here.status, track=number)
        here.grid = after.grid(here.slot)
        return here.status

    def next_wake(self) -> float | None:
        """Return when the next measure is due; None while nothing is recorded."""
        if self._pass is None:
            return None
        late = SETTLED + self.settings.latency / 1000
        return self._pass.beats.when(self._pass.ends) + late

    def due(self, now: float, transport: LoopPosition, song: Song) -> Recorded | None:
        """Return what puts in the next measure that is over, where something was played in it."""
        wake = self.next_wake()
        if wake is None or now < wake:
            return None
        return self._land(now, transport, song)

    def end(
        self,
        now: float,
        transport: LoopPosition,
        song: Callable[[], Song],
        put: Callable[[Recorded], object],
    ) -> str:
        """End the pass: puts in what is still to come, and return what is to be said of it."""
        while (here := self._pass) is not None:
            played = here.beats.at(now - self.settings.latency / 1000) - here.next
            if played <= 0:
                break
            command = self._land(now, transport, song(), played)
            if command is not None:
                put(command)
        done, self._pass = self._pass, None
        return _summary(done) if done is not None else ""

    def _land(
        self, now: float, transport: LoopPosition, song: Song, until: float = math.inf
    ) -> Recorded | None:
        here = self._pass
        if here is None:
            return None
        beats = here.beats
        start, slot, grid, past = here.next, here.slot, here.grid, tuple(here.past)
        here.past.append((start, grid))
        here.next = here.ends
        here.slot, _ = transport.place(here.next)
        here.grid = song.grid(here.slot)
        status = here.status
        if not status.slot <= slot < status.slot + status.measures:
            return None
        origin = past[0][0] if past else start
        since = beats.when(origin - EARLY)
        notes = self._capture.notes(now, since)
        grids = [*(each for _, each in past), grid]
        row = song.track(status.track)
        if row.kind == "drums":
            hits = drum_hits(
                lambda own: self._on(one_voice(own), beats, origin, row),
                notes,
                lambda line: self._quantised(line, grids, beats.pace)[-1],
            )
            if not hits:
                return None
            here.slots.add(slot)
            return loaded(slot, hits, song, status, until, here.gesture)
        line = self._on(one_voice(notes), beats, origin, row)
        played = self._quantised(line, grids, beats.pace)[-1]
        if played.untouched:
            return None
        here.slots.add(slot)
        here.account.folded += played.folded
        here.account.crowded += played.crowded
        return self._put(slot, played, song, status, until, here.gesture)

    def _put(
        self,
        slot: int,
        played: PlayedMeasure,
        song: Song,
        status: RecordStatus,
        until: float,
        gesture: int,
    ) -> LoadMeasures:
        measure, touches, origin = played.measure, played.touches, "replaced what was there"
        old = song.slot(slot, status.track) if slot < song.length else None
        if old is None or old.empty:
            origin = "recorded"
        elif status.mode == "overdub" or until < measure.grid.length:
            # A measure that was left in its midst keeps its end.
            over = [
                sounds or (status.mode == "replace" and float(onset) < until)
                for sounds, onset in zip(played.over, measure.grid.onsets, strict=True)
            ]
            measure, touches = overlaid(old.measure, old.touches, measure, touches, over)
            origin = "played over what was there" if status.mode == "overdub" else origin
        origins = (Origin("played", "Played", origin),)
        return LoadMeasures(slot, (measure,), origins, (touches,), gesture, track=status.track)

    # After the fact

    def last(self, slot: int, track: int, song: Song, now: float, transport: LoopPosition) -> _Last:
        """Return what puts in the last eight measures that were played, and what to say of it.

        What was played while the loop ran is read on its beat; else the first note of the
        phrase is the first beat, at the song's tempo. Raises `NotReady` where nothing was.
        """
        row, phrase = song.track(track), self._capture.phrase()
        if row.kind == "drums":
            raise OutOfRange(
                "What was just played is kept as a melody, and this is a track of drums.",
                "Record into it instead.",
            )
        kept = self._capture.notes(now)
        fresh = tuple(note for note in kept if phrase is not None and note.on >= phrase)
        if phrase is None or not fresh:
            raise NotReady(
                "Nothing was played that could be kept.",
                "Play on a MIDI keyboard first; armonica ports lists those that are heard.",
            )
        beats = transport.beats
        if beats is not None and any(_ran(beats, note) for note in fresh):
            notes = tuple(note for note in kept if _ran(beats, note))
            pace, first = beats.pace, beats.at(notes[0].on)
            origin = first - transport.place(first)[1]
            line = self._on(one_voice(notes), beats, origin, row)
            grids = _grids(song, transport, origin)
        else:
            pace, notes = 60 / song.tempo, fresh
            line = [
                PlayedNote(
                    (note.on - phrase) / pace,
                    (note.off - phrase) / pace,
                    row.written(note.pitch),
                    note.velocity,
                )
                for note in one_voice(notes)
            ]
            grids = map(song.grid, itertools.count(slot))
        reached = reaching(max(note.end for note in line), grids)
        found = begun(trimmed(self._quantised(line, reached, pace))[-MEASURES:])
        account = Account(
            folded=sum(each.folded for each in found),
            crowded=sum(each.crowded for each in found),
            below=len(notes) - len(line),
        )
        found, left = found[: MOST_SLOTS - slot], max(0, len(found) - (MOST_SLOTS - slot))
        origins = tuple(
            Origin("played", "Played", f"kept, measure {number} of {len(found)}")
            for number in range(1, len(found) + 1)
        )
        command = LoadMeasures(
            slot,
            tuple(each.measure for each in found),
            origins,
            tuple(each.touches for each in found),
            track=track,
        )
        said = [f"{count(len(found), 'measure')} of what was just played", *account.sentences()]
        if left:
            said.append(f"{left} more left out: a song has at most {MOST_SLOTS}")
        return _Last(command, ". ".join(part.rstrip(".") for part in said) + ".")

    def _quantised(
        self, line: list[PlayedNote], grids: Sequence[Grid], pace: float
    ) -> list[PlayedMeasure]:
        return quantise(line, grids, pace=pace, strength=self.settings.strength)

    def _on(
        self, notes: tuple[Struck, ...], beats: Beats, origin: float, track: Track
    ) -> list[PlayedNote]:
        late = self.settings.latency / 1000
        return [
            PlayedNote(
                beats.at(note.on - late) - origin,
                beats.at(note.off - late) - origin,
                track.written(note.pitch),
                note.velocity,
            )
            for note in notes
        ]

    def _keys_played(self, now: float, transport: LoopPosition, song: Song) -> KeysPlayed:
        held = tuple(sorted({_near(pitch) for pitch in self._capture.held()}))
        beats = transport.beats
        if beats is None or not transport.playing:
            return KeysPlayed(held)
        position = beats.at(now)
        counted = 0
        if self._pass is not None and position < self._pass.begins:
            counted = beats_left(self._pass.begins - position, song.grid(self._pass.status.slot))
        if now < beats.began:
            return KeysPlayed(held, count=counted)
        slot, into = transport.place(position)
        start, length = position - into, float(song.grid(slot).length)
        notes = self._capture.notes(now, beats.when(start - EARLY))
        drawn = tuple(
            (round(max(0.0, note.start), 2), round(min(length, note.end), 2), _near(note.pitch))
            for note in self._on(notes, beats, start, Track())
            if note.end > 0.05
        )
        return KeysPlayed(held, slot, drawn, counted)


def _grids(song: Song, transport: LoopPosition, position: float) -> Iterator[Grid]:
    """Yield the grids of the measures that are played from a bar line on."""
    while True:
        grid = song.grid(transport.place(position + SAME)[0])
        yield grid
        position += float(grid.length)


def _near(pitch: int) -> int:
    return folded(pitch, Account())


@dataclass(frozen=True, slots=True)
class _Last:
    """What puts in what was just played, and what is to be said of it."""

    command: LoadMeasures
    words: str


def _ran(beats: Beats, note: Struck) -> bool:
    """Return whether a note was struck while the loop ran, or right before."""
    began = beats.began - EARLY * beats.pace
    return began <= note.on and (beats.ended is None or note.on < beats.ended)


def _summary(done: _Pass) -> str:
    if not done.slots:
        return "Nothing was played, and nothing is recorded."
    slots = sorted(done.slots)
    where = f"measure {slots[0] + 1}" if len(slots) == 1 else (
        f"{len(slots)} measures, {slots[0] + 1} to {slots[-1] + 1}"
    )  # fmt: skip
    said = [f"Recorded {where}", *done.account.sentences()]
    return ". ".join(part.rstrip(".") for part in said) + "."
