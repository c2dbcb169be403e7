"""A song: tracks whose slots lie above each other, measure by measure, with a tempo and a key."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from engine.errors import NotMelodic, OutOfRange
from engine.music import chord_order, chord_track
from engine.music.accompaniment.rules import slot_played, slots_played
from engine.music.accompaniment.under import MeasureChords
from engine.music.chord_lock import ChordLock
from engine.music.chord_track import ChordTrack, PlacedChord
from engine.music.form import NO_FORM, SongForm, Step, check_tempo
from engine.music.grid import Grid
from engine.music.line_settings import LineSettings, MeasureSetting
from engine.music.measure import Measure, silence
from engine.music.note_line import Line
from engine.music.scales import C_MAJOR, Key
from engine.music.slot import Slot
from engine.music.song_lookups import (
    Same,
    chords_as_played,
    chords_of_melody,
    chords_of_slots,
    following,
    last_of,
    steps_of,
)
from engine.music.tempo_map import TempoMap, TempoSpan
from engine.music.track import Track

MOST_SLOTS = 512
"""How many measures a song can have."""

MOST_TRACKS = 16
"""How many tracks a song can have."""

MOST_PORTS = 7
"""To how many ports a song is played at most beside its own."""


@dataclass(frozen=True, slots=True)
class Song:
    """Tempo, key, and tracks that are played in a loop: in the order of the form where it has one.

    Without a form the loop goes up to the last slot that is not empty.

    ``model`` is the name and digest of the model that the codes of the slots belong to, or
    None where that is not known. With ``lock`` what is sounded is held to the ``key``: that
    constrains what is heard, not what is decoded. All tracks have as many slots as each other,
    and a measure has one grid in all of them.
    ``chords`` lie under all tracks, each from its place to the next; a lock that is to ``follow``
    them lets their notes be, too. What gauges and variation make is asked to ``stay_in_key``, and
    to have ``chord_tones`` on strong beats (see `asked_tones`).
    Raises `OutOfRange` for what lies outside the ranges above.
    """

    title: str = "Untitled"
    tempo: float = 100.0
    tracks: tuple[Track, ...] = (Track(),)
    model: tuple[str, str] | None = None
    key: Key = C_MAJOR
    lock: bool = False
    form: SongForm = NO_FORM
    chords: ChordTrack = ()
    follow: bool = False
    stay_in_key: bool = False
    chord_tones: bool = False

    def __post_init__(self) -> None:
        check_tempo(self.tempo)
        if not 1 <= len(self.tracks) <= MOST_TRACKS:
            raise OutOfRange(f"A song has 1 to {MOST_TRACKS} tracks, not {len(self.tracks)}.")
        if not 1 <= self.length <= MOST_SLOTS:
            raise OutOfRange(f"A song has 1 to {MOST_SLOTS} measures, not {self.length}.")
        if any(len(track.slots) != self.length for track in self.tracks):
            raise OutOfRange("All tracks of a song have as many measures as each other.")
        if self.form and self.form.length != self.length:
            raise OutOfRange("The sections of a song have all of its measures, and no others.")
        self._check_grids()
        if len(self.ports) > MOST_PORTS:
            raise OutOfRange(
                f"A song is played to {MOST_PORTS} ports at most beside its own.",
                "Take a track or a route back to one of them.",
            )
        chord_track.check(self.chords, self.length)

    def _check_grids(self) -> None:
        first = self.grids
        for track in self.tracks[1:]:
            grids = tuple([slot.measure.grid for slot in track.slots])
            if grids != first:
                at = next(at for at, grid in enumerate(grids) if grid != first[at])
                raise OutOfRange(
                    f"Measure {at + 1} is in {first[at].name} in one track "
                    f"and in {grids[at].name} in another."
                )

    @property
    def grids(self) -> tuple[Grid, ...]:
        """The grid of each measure."""
        return tuple([slot.measure.grid for slot in self.tracks[0].slots])

    def grid(self, index: int) -> Grid:
        """Return the grid of the measure at ``index``, beyond the last one that of the last."""
        return self.tracks[0].slots[min(index, self.length - 1)].measure.grid

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
        """Return the song with the slots of one track, the others as long as it is then.

        The others get empty slots of the same grids. Raises `OutOfRange` where the grids of the
        slots are not those that the measures have in other tracks.
        """
        more = tuple(Slot.blank(slot.grid) for slot in slots[self.length :])
        tracks = (replace(each, slots=(*each.slots, *more)) for each in self.tracks)
        longer = tuple(tracks) if more else self.tracks
        own = replace(self.track(track), slots=slots)
        form = self.form
        if more and form:
            form = form.resized(len(form.sections) - 1, len(more))
        return replace(self, form=form, tracks=(*longer[:track], own, *longer[track + 1 :]))

    def inserted(self, index: int, count: int = 1, grid: Grid | None = None) -> Song:
        """Return the song with ``count`` empty slots in each track before ``index``.

        They have ``grid``, which is that of the measure they come before unless it is given.
        """
        coming = (Slot.blank(grid or self.grid(index)),) * count
        section = self.form.section_at(min(index, self.length - 1))
        return replace(
            self,
            form=self.form if section is None else self.form.resized(section, count),
            tracks=tuple(
                replace(t, slots=(*t.slots[:index], *coming, *t.slots[index:])) for t in self.tracks
            ),
            chords=chord_track.inserted(self.chords, index, count),
        )

    def removed(self, index: int, count: int = 1) -> Song:
        """Return the song without ``count`` slots of each track from ``index`` on."""
        return replace(
            self,
            form=self.form.cut(index, count),
            tracks=tuple(
                replace(t, slots=t.slots[:index] + t.slots[index + count :]) for t in self.tracks
            ),
            chords=chord_track.removed(self.chords, index, count, self.length),
        )

    def slots(self) -> Iterator[Slot]:
        """Yield the slots of all tracks, one track after the other."""
        for track in self.tracks:
            yield from track.slots

    @property
    def sounding(self) -> int:
        """How many slots are played: without a form up to the last that is not empty, at least one.

        With a form that is all of them, be they in its order or not.
        """
        if self.form:
            return self.length
        return max(1, *(last_of(Same(track.slots)) for track in self.tracks))

    @property
    def steps(self) -> tuple[Step, ...]:
        """The measures of one turn of the loop, as they are played."""
        return steps_of(self.form, self.tempo, 0, 0 if self.form else self.sounding)

    def steps_through(self, first: int, count: int) -> tuple[Step, ...]:
        """Return ``count`` measures from ``first`` on as they lie, each as its section has it.

        They may reach past the end of the song.
        """
        return steps_of(self.form, self.tempo, first, count)

    def bar(self, slot: int) -> float:
        """Return how many quarter notes a slot lasts."""
        return self._measure(0, slot).grid.quarters

    def tempo_map(self, steps: Sequence[Step]) -> TempoMap:
        """Return the tempi of measures that are played one after the other."""
        return TempoMap(TempoSpan(self.bar(step.slot), *step.tempi) for step in steps)

    def measures(self, track: int = 0) -> tuple[Measure, ...]:
        """Return the measures of one track in one turn of the loop."""
        return tuple(self._measure(track, step.slot) for step in self.steps)

    @property
    def under(self) -> tuple[MeasureChords, ...]:
        """The chords of each slot, which accompaniment follows.

        They are those of the chord track; where that is empty, those that fit the first track
        that holds a melody of the user's.
        """
        for row in self.tracks if not self.chords else ():
            if row.kind == "melody" and row.accompaniment is None:
                return chords_of_melody(Same(row.slots), self.key)
        played = chords_as_played(Same(self.chords), Same(self.steps))
        return chords_of_slots(Same(played), Same(self.tracks[0].slots))

    def heard(self, track: int) -> tuple[Slot, ...]:
        """Return the slots of a track as they are heard: the empty ones as its rule plays them.

        A rule leads to the chord that sounds next; of a measure that is played in several places
        this is how it is heard in the first of them.
        """
        row = self.track(track)
        if row.accompaniment is None:
            return row.slots
        rule, after = row.accompaniment, self._after
        return slots_played(row.slots, row.kind, row.register, rule, self.under, track, after)

    @property
    def _after(self) -> tuple[int, ...]:
        return following(self.form, self.length, self.sounding)

    def _played(self, track: int, steps: Sequence[Step]) -> list[Slot]:
        """Return the slots of a track as they are heard in measures that are played in a loop."""
        row, heard, length = self.track(track), self.heard(track), self.length
        beyond = Slot.blank(self.grid(length))
        slots = [heard[step.slot] if step.slot < length else beyond for step in steps]
        rule = row.accompaniment
        if rule is None:
            return slots
        after, under = self._after, self.under
        for at, step in enumerate(steps):
            here, to = step.slot, steps[(at + 1) % len(steps)].slot
            if here < length and to < length and to != after[here]:
                chords, leads = under[here], under[to][0].chord
                own = row.slots[here]
                slots[at] = slot_played(own, row.kind, row.register, rule, chords, leads, here)
        return slots

    @property
    def locked(self) -> Key | ChordLock | None:
        """The key that what is sounded is held to, with the chords where it follows; or None."""
        return self._lock_of(self.key, self.chords)

    def _lock_of(self, key: Key, chords: ChordTrack) -> Key | ChordLock | None:
        if not self.lock:
            return None
        return ChordLock(key, chords) if self.follow and chords else key

    def _held(self, slot: int, entry: int | None, repeat: int) -> PlacedChord | None:
        at = chord_order.step_of(self.steps, slot, entry, repeat)
        return chord_order.before_step(self.chords, self.steps, slot, at)

    def chords_in(self, slot: int, entry: int | None = None, repeat: int = 0) -> ChordTrack:
        """Return the chords of a slot, at its start the one that lasts into it as it is played.

        That is in an entry of the order, or else where it is played first; of a slot that is not
        played, as the measures lie.
        """
        return chord_order.held_in(self.chords, slot, self._held(slot, entry, repeat))

    def chord_after(
        self, slot: int, place: Fraction, entry: int | None = None, repeat: int = 0
    ) -> PlacedChord | None:
        """Return the chord that is played next after a place of a slot."""
        at = chord_order.step_of(self.steps, slot, entry, repeat)
        return chord_order.next_in_order(self.chords, self.steps, slot, at, place)

    def settings(self, steps: Sequence[Step], *, drums: bool = False) -> LineSettings:
        """Return how measures are heard that are played one after the other.

        It is the same in all tracks, but for ``drums``: those are no pitches that a key could hold.
        """
        if drums:
            return LineSettings(MeasureSetting(step.slot, None, step.tempi[0]) for step in steps)
        if not (self.lock and self.follow and self.chords):
            keys = {step.key: self._lock_of(step.key or self.key, ()) for step in steps}
            return LineSettings(
                MeasureSetting(step.slot, keys[step.key], step.tempi[0]) for step in steps
            )
        first = steps[0]
        before = self._held(first.slot, first.entry, first.repeat)
        locks: dict[tuple[Key, int], Key | ChordLock | None] = {}
        settings: list[MeasureSetting] = []
        held = chord_order.held_by_step(self.chords, steps, before)
        for step, chords in zip(steps, held, strict=True):
            key = step.key or self.key
            if (key, id(chords)) not in locks:
                locks[key, id(chords)] = self._lock_of(key, chords)
            settings.append(MeasureSetting(step.slot, locks[key, id(chords)], step.tempi[0]))
        return LineSettings(settings)

    def line(
        self,
        track: int = 0,
        steps: Sequence[Step] | None = None,
        settings: LineSettings | None = None,
    ) -> Line:
        """Return the notes of a track as they are heard, in measures that are played in a loop.

        None are those of `steps`, heard by their `settings`. Measures that the song lacks are
        silent.
        """
        row, played = self.track(track), self.steps if steps is None else steps
        if settings is None:
            settings = self.settings(played, drums=row.kind == "drums")
        slots = self._played(track, played)
        return Line(
            [slot.measure for slot in slots],
            row.groove,
            touches=[slot.touches for slot in slots],
            settings=settings,
            patterns=[slot.pattern for slot in slots],
        )

    def _measure(self, track: int, slot: int) -> Measure:
        if slot < self.length:
            return self.tracks[track].slots[slot].measure
        return silence(self.grid(self.length))

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
