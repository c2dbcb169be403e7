"""A song: tracks whose slots lie above each other, measure by measure, with a tempo and a key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from engine.errors import NotMelodic, OutOfRange
from engine.music.accompaniment.rules import slots_played
from engine.music.accompaniment.under import MeasureChords, melody_chords, placed_chords
from engine.music.measure import Measure
from engine.music.note_line import Line
from engine.music.scales import C_MAJOR, Key
from engine.music.slot import Slot
from engine.music.track import Track

MOST_SLOTS = 256
"""How many measures a song can have."""

MOST_TRACKS = 16
"""How many tracks a song can have."""

MOST_PORTS = 7
"""To how many ports a song is played at most beside its own."""

SLOWEST, FASTEST = 20.0, 400.0
"""The range of tempi in quarter notes a minute."""


@dataclass(frozen=True, slots=True)
class Song:
    """Tempo, key, and tracks that are played in a loop up to the last slot that is not empty.

    ``model`` is the name and digest of the model that the codes of the slots belong to, or
    None where that is not known. With ``lock`` what is sounded is held to the ``key``: that
    constrains what is heard, not what is decoded. All tracks have as many slots as each other.
    Raises `OutOfRange` for what lies outside the ranges above.
    """

    title: str = "Untitled"
    tempo: float = 100.0
    tracks: tuple[Track, ...] = (Track(),)
    model: tuple[str, str] | None = None
    key: Key = C_MAJOR
    lock: bool = False

    def __post_init__(self) -> None:
        if not SLOWEST <= self.tempo <= FASTEST:
            raise OutOfRange(
                f"A tempo lies from {SLOWEST:.0f} to {FASTEST:.0f} quarter notes a minute; "
                f"{self.tempo} does not."
            )
        if not 1 <= len(self.tracks) <= MOST_TRACKS:
            raise OutOfRange(f"A song has 1 to {MOST_TRACKS} tracks, not {len(self.tracks)}.")
        if not 1 <= self.length <= MOST_SLOTS:
            raise OutOfRange(f"A song has 1 to {MOST_SLOTS} measures, not {self.length}.")
        if any(len(track.slots) != self.length for track in self.tracks):
            raise OutOfRange("All tracks of a song have as many measures as each other.")
        if len(self.ports) > MOST_PORTS:
            raise OutOfRange(
                f"A song is played to {MOST_PORTS} ports at most beside its own.",
                "Take a track or a route back to one of them.",
            )

    @property
    def ports(self) -> frozenset[str]:
        """The ports beside the song's own that its tracks and their routes name."""
        tracks = {track.port for track in self.tracks}
        routes = {route.port for track in self.tracks for route in track.routes}
        return frozenset(tracks | routes) - {""}

    @property
    def length(self) -> int:
        """How many slots each track has."""
        return len(self.tracks[0].slots)

    def track(self, index: int) -> Track:
        """Return the track at ``index`` (from 0); raises `OutOfRange` where there is none."""
        if not 0 <= index < len(self.tracks):
            raise OutOfRange(f"There is no track {index + 1}: the song has {len(self.tracks)}.")
        return self.tracks[index]

    def with_track(self, index: int, **changes: Any) -> Song:
        """Return the song with changes to the track at ``index``."""
        changed = replace(self.track(index), **changes)
        return replace(self, tracks=(*self.tracks[:index], changed, *self.tracks[index + 1 :]))

    def slot(self, index: int, track: int = 0) -> Slot:
        """Return the slot at ``index`` (from 0); raises `OutOfRange` where there is none."""
        if not 0 <= index < self.length:
            raise OutOfRange(f"There is no measure {index + 1}: the song has {self.length}.")
        return self.track(track).slots[index]

    def melodic(self, track: int, slot: int) -> bool:
        """Return whether a slot may hold a melody: it is none of drums, and holds no pattern."""
        row = self.track(track)
        return row.kind != "drums" and row.slots[slot].pattern is None

    def check_melodic(self, track: int, slot: int | None = None) -> None:
        """Raise `NotMelodic` where a track, or one of its slots, holds no melody."""
        row = self.track(track)
        name = row.name or f"Track {track + 1}"
        if row.kind == "drums":
            raise NotMelodic(
                f"{name} is a track of drums, and gauges, maps and influence are of melodies.",
                "Choose a track of another kind.",
            )
        if slot is not None and self.slot(slot, track).pattern is not None:
            raise NotMelodic(
                f"Measure {slot + 1} of {name} holds several notes at once, and no melody.",
                "Choose another measure, or clear this one.",
            )

    def with_slot(self, index: int, slot: Slot, track: int = 0) -> Song:
        """Return the song with another slot at ``index`` of a track."""
        self.slot(index, track)
        slots = self.tracks[track].slots
        return self.with_track(track, slots=(*slots[:index], slot, *slots[index + 1 :]))

    def with_slots(self, slots: tuple[Slot, ...], track: int = 0) -> Song:
        """Return the song with the slots of one track, the others as long as it is then."""
        added = len(slots) - self.length
        song = self.inserted(self.length, added) if added > 0 else self
        return song.with_track(track, slots=slots)

    def inserted(self, index: int, count: int = 1) -> Song:
        """Return the song with ``count`` empty slots in each track before ``index``."""
        coming = (Slot(),) * count
        return replace(
            self,
            tracks=tuple(
                replace(t, slots=(*t.slots[:index], *coming, *t.slots[index:])) for t in self.tracks
            ),
        )

    def removed(self, index: int, count: int = 1) -> Song:
        """Return the song without ``count`` slots of each track from ``index`` on."""
        return replace(
            self,
            tracks=tuple(
                replace(t, slots=t.slots[:index] + t.slots[index + count :]) for t in self.tracks
            ),
        )

    def slots(self) -> Iterator[Slot]:
        """Yield the slots of all tracks, one track after the other."""
        for track in self.tracks:
            yield from track.slots

    @property
    def sounding(self) -> int:
        """How many slots the loop has: up to the last that is not empty, at least one."""
        last = 1
        for track in self.tracks:
            end = self.length
            while end > last and track.slots[end - 1].empty:
                end -= 1
            last = max(last, end)
        return last

    def measures(self, track: int = 0) -> tuple[Measure, ...]:
        """Return the measures of one track in one turn of the loop."""
        return tuple(slot.measure for slot in self.track(track).slots[: self.sounding])

    @property
    def under(self) -> tuple[MeasureChords, ...]:
        """The chords of each slot, which accompaniment follows.

        They are those of the chord track; where that is empty, those that fit the first track
        that holds a melody of the user's.
        """
        placed = getattr(self, "chords", ())
        for row in self.tracks if not placed else ():
            if row.kind == "melody" and row.accompaniment is None:
                return _melody_chords(_Same(row.slots), self.key)
        return _placed_chords(placed, _Same(self.tracks[0].slots))

    def heard(self, track: int) -> tuple[Slot, ...]:
        """Return the slots of a track as they are heard: where it accompanies, none is empty."""
        row = self.track(track)
        if row.accompaniment is None:
            return row.slots
        rule = row.accompaniment
        return slots_played(row.slots, row.kind, row.register, rule, self.under, track)

    @property
    def locked(self) -> Key | None:
        """The key that what is sounded is held to, or None."""
        return self.key if self.lock else None

    def line(self, track: int = 0, first: int = 0, reach: int = 0) -> Line:
        """Return the notes of a track in the loop as they are heard, from slot ``first`` on.

        It has ``reach`` slots at least; those that the song lacks are silent.
        """
        end = max(self.sounding, reach)
        return self.excerpt(track, first, end - first)

    def excerpt(self, track: int, first: int, count: int) -> Line:
        """Return the notes of ``count`` slots of a track as they are heard, played in a loop.

        Slots that the song lacks are silent.
        """
        row, slots = self.track(track), self.heard(track)[first : first + count]
        slots += (Slot(),) * (count - len(slots))
        # Drums are no pitches that a key could hold.
        key = None if row.kind == "drums" else self.locked
        return Line(
            [slot.measure for slot in slots],
            row.groove,
            key,
            self.tempo,
            first,
            [slot.touches for slot in slots],
            [slot.pattern for slot in slots],
        )

    def clash(self) -> tuple[int, int] | None:
        """Return the first two tracks that share a channel of a port, and want two instruments."""
        seen: dict[tuple[str, int], int] = {}
        for number, track in enumerate(self.tracks):
            first = seen.setdefault((track.port, track.channel), number)
            if self.tracks[first].instrument != track.instrument:
                return first, number
        return None

    def foreign(self, track: int = 0) -> tuple[int, int]:
        """Count the notes of a track's loop that the key does not hold, and all of them."""
        pitches = [pitch for measure in self.measures(track) for pitch in measure.pitches]
        return sum(not self.key.holds(pitch) for pitch in pitches), len(pitches)


class _Same:
    # A value that equals itself alone: to compare rows of slots would take longer than it saves.

    def __init__(self, value: tuple[Slot, ...]) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.value is other.value

    def __hash__(self) -> int:
        return id(self.value)


@lru_cache(maxsize=16)
def _melody_chords(slots: _Same, key: Key) -> tuple[MeasureChords, ...]:
    return melody_chords([slot.measure for slot in slots.value], key)


@lru_cache(maxsize=16)
def _placed_chords(placed: tuple[Any, ...], slots: _Same) -> tuple[MeasureChords, ...]:
    chords = [(each.slot, each.place, each.chord) for each in placed]
    return placed_chords(chords, [slot.measure.grid.length for slot in slots.value])
