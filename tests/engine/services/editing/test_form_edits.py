"""Edits of the form, against a plain model of what they should do; undo; what is selected."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.music.form import MOST_REPEATS, OrderEntry, Section, SongForm
from engine.music.scales import Key
from engine.music.slot import Origin, Slot
from engine.music.song import Song
from engine.music.track import Track
from engine.protocol.base import Command
from engine.protocol.edit import InsertSlot, RemoveSlot, SelectSlot, Undo
from engine.protocol.form import (
    AddEntry,
    AddSection,
    ClearForm,
    CopySection,
    JoinSection,
    JumpTo,
    LoopMeasures,
    MakeUnique,
    MoveEntry,
    MoveEntrySelection,
    NudgeRepeats,
    OfForm,
    RemoveEntry,
    RemoveSection,
    SelectEntry,
    SetJumpUnit,
    SetLoop,
    SetSection,
    SplitSection,
    TapTempo,
)
from engine.protocol.notices import CommandFailed
from engine.protocol.transport import Play, Record
from tests.support.dispatcher import DispatcherHarness
from tests.support.measures import quarters


def numbered(count: int) -> Song:
    """Return a song whose measures have their numbers as pitches, from 55."""
    slots = tuple(
        Slot.brought_in(quarters(55 + number), Origin("written", str(number)))
        for number in range(count)
    )
    return Song("Song", 60.0, (Track(slots=slots), Track(slots=slots, channel=1)))


@dataclass
class Plain:
    """A song as lists: sections by name with their measures, and the names that are played."""

    measures: list[str]
    sections: list[list[str]] = field(default_factory=list)
    order: list[list[int]] = field(default_factory=list)

    def played(self) -> list[str]:
        """Return the measures as they are played."""
        if not self.sections:
            return self.measures
        return [
            measure
            for section, repeats in self.order
            for _ in range(repeats)
            for measure in self.sections[section]
        ]

    def do(self, kind: str, first: int, second: int) -> Command | None:
        """Do a step, and return its command; None where it is refused and changes nothing."""
        size = sum(map(len, self.sections)) or len(self.measures)
        slot, entry = first % size, first % max(1, len(self.order))
        if kind == "split":
            self.split(slot)
            return SplitSection(slot)
        if not self.sections:
            return None
        section = first % len(self.sections)
        match kind:
            case "add":
                self.order.insert(entry, [section, 1])
                return AddEntry(section, entry)
            case "remove" if len(self.order) > 1:
                del self.order[entry]
                return RemoveEntry(entry)
            case "repeats":
                by = second % 5 - 2
                repeats = self.order[entry][1] + by
                self.order[entry][1] = max(1, min(MOST_REPEATS, repeats))
                return NudgeRepeats(entry, by)
            case "move":
                by = second % 5 - 2
                to = max(0, min(len(self.order) - 1, entry + by))
                self.order.insert(to, self.order.pop(entry))
                return MoveEntry(entry, by)
            case "new" if size < 40:
                after = self.order[entry][0]
                self.insert(after + 1, [""] * (second % 3 + 1))
                self.order.insert(entry + 1, [after + 1, 1])
                return AddSection(entry, second % 3 + 1)
            case "copy" if size < 40:
                after = self.order[entry][0]
                self.insert(after + 1, list(self.sections[after]))
                self.order.insert(entry + 1, [after + 1, 1])
                return CopySection(entry)
            case "unique" if size < 40:
                after, repeats = self.order[entry]
                if sum(each[0] == after for each in self.order) == 1:
                    return None
                self.insert(after + 1, list(self.sections[after]))
                self.order[entry] = [after + 1, repeats]
                return MakeUnique(entry)
            case "drop" if len(self.sections) > 1:
                self.drop(section)
                return RemoveSection(section)
        return None

    def split(self, slot: int) -> None:
        """Begin a section at a slot."""
        if not self.sections:
            self.sections, self.order = [list(self.measures)], [[0, 1]]
        at = 0
        while slot >= len(self.sections[at]):
            slot -= len(self.sections[at])
            at += 1
        if not slot:
            return
        rest = self.sections[at][slot:]
        del self.sections[at][slot:]
        order = []
        for section, repeats in self.order:
            number = section + (section > at)
            order += [[at, 1], [at + 1, 1]] * repeats if section == at else [[number, repeats]]
        self.sections.insert(at + 1, rest)
        self.order = order

    def insert(self, at: int, measures: list[str]) -> None:
        """Put a section in that nothing plays yet."""
        self.sections.insert(at, measures)
        self.order = [[section + (section >= at), repeats] for section, repeats in self.order]

    def drop(self, at: int) -> None:
        """Take a section out."""
        del self.sections[at]
        order = [
            [section - (section > at), repeats] for section, repeats in self.order if section != at
        ]
        self.order = order or [[number, 1] for number in range(len(self.sections))]


def played(song: Song, track: int = 0) -> list[str]:
    """Return the measures of a song as they are played, by the numbers that they had."""
    return [song.tracks[track].slots[step.slot].origin.title for step in song.steps]


kinds = st.sampled_from(
    ["split", "add", "remove", "repeats", "move", "new", "copy", "unique", "drop"]
)


@settings(max_examples=100)
@given(st.lists(st.tuples(kinds, st.integers(0, 40), st.integers(0, 40)), max_size=12))
def test_random_edits_play_what_a_plain_model_plays(steps: list[tuple[str, int, int]]) -> None:
    harness = DispatcherHarness(song=numbered(6), model=None)
    plain = Plain([str(number) for number in range(6)])
    for kind, first, second in steps:
        before = harness.dispatcher.snapshot.song
        command = plain.do(kind, first, second)
        if command is None:
            continue
        harness.clear()
        harness.do(command)
        song = harness.dispatcher.snapshot.song
        assert played(song) == played(song, 1) == plain.played()
        if song != before:
            names = [section.name for section in song.form.sections]
            assert len({*names}) == len(names)
            harness.do(Undo())
            assert harness.dispatcher.snapshot.song == before
            harness.do(command)


def failure(harness: DispatcherHarness) -> str:
    """Return the words of the one failure that was published."""
    (failed,) = harness.published(CommandFailed)
    return str(failed)


AB = replace(
    numbered(4),
    form=SongForm(
        (Section("A", 2), Section("B", 2)), (OrderEntry(0), OrderEntry(1), OrderEntry(0))
    ),
)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (SplitSection(2), "begins here already"),
        (SplitSection(9), "no measure 10"),
        (JoinSection(1), "No section comes after B"),
        (SetSection(5, name="X"), "no section 6"),
        (SetSection(0, name=""), "1 to 24 characters"),
        (SetSection(0, tempo=1000.0), "20 to 400"),
        (AddSection(0, 0), "one measure at least"),
        (AddSection(0, 600), "at most 512 measures"),
        (AddSection(9), "no entry 10"),
        (CopySection(9), "no entry 10"),
        (MakeUnique(1), "one entry alone"),
        (RemoveSection(2), "no section 3"),
        (AddEntry(0, 9), "no place 10"),
        (RemoveEntry(9), "no entry 10"),
        (MoveEntry(9, 1), "no entry 10"),
        (NudgeRepeats(9, 1), "no entry 10"),
        (SelectEntry(9), "no entry 10"),
        (LoopMeasures(2, 9), "not there"),
        (LoopMeasures(9, 1), "no measure 10"),
        (JumpTo(0), "Nothing plays"),
    ],
)
def test_what_cannot_be_is_said_and_changes_nothing(command: Command, words: str) -> None:
    harness = DispatcherHarness(song=AB, model=None)
    before = harness.dispatcher.snapshot
    harness.do(command)
    assert words in failure(harness)
    assert harness.dispatcher.snapshot == before


@pytest.mark.parametrize("command", [AddEntry(0), CopySection(0), JoinSection(0), MakeUnique(0)])
def test_a_song_without_sections_says_how_to_begin_one(command: Command) -> None:
    harness = DispatcherHarness(song=numbered(4), model=None)
    harness.do(command)
    assert "no sections" in failure(harness)


def test_one_note_of_a_repeat_is_changed_where_it_was_made_unique() -> None:
    harness = DispatcherHarness(song=AB, model=None)
    harness.do(MakeUnique(2))
    shown = harness.dispatcher.snapshot
    assert (shown.selected, shown.entry) == (2, 2)
    assert [section.name for section in shown.song.form.sections] == ["A", "A2", "B"]
    changed = shown.song.with_slot(2, replace(shown.song.slot(2), measure=quarters(72)))
    assert [measure.pitches[0] for measure in changed.measures()] == [55, 56, 57, 58, 72, 56]


def test_sections_are_joined_where_they_follow_each_other() -> None:
    harness = DispatcherHarness(song=AB, model=None)
    before = played(AB)
    harness.do(JoinSection(0))
    song = harness.dispatcher.snapshot.song
    assert [(each.name, each.length) for each in song.form.sections] == [("A", 4)]
    # The A that stood alone is a pass of the whole now.
    assert played(song) == [*before[:4], *before[:4]]
    assert song.form.order == (OrderEntry(0, 2),)


def test_a_section_gets_a_name_a_tempo_and_a_key_and_loses_them() -> None:
    harness = DispatcherHarness(song=AB, model=None)
    harness.do(SetSection(0, "Verse", 90.0, 120.0, Key(2)))
    assert harness.dispatcher.snapshot.song.form.sections[0] == Section(
        "Verse", 2, 90.0, 120.0, Key(2)
    )
    harness.do(SetSection(0, plain=("tempo", "ramp", "key")))
    assert harness.dispatcher.snapshot.song.form.sections[0] == Section("Verse", 2)
    assert harness.dispatcher.snapshot.undo[0] == "section Verse"
    harness.do(ClearForm())
    assert not harness.dispatcher.snapshot.song.form


def test_the_entry_goes_with_the_measure_and_the_measure_with_the_entry() -> None:
    harness = DispatcherHarness(song=AB, model=None)

    def here() -> tuple[int, int]:
        shown = harness.dispatcher.snapshot
        return shown.entry, shown.selected

    harness.do(SelectEntry(2))
    assert here() == (2, 0)
    harness.do(SelectSlot(1))
    assert here() == (2, 1)
    harness.do(SelectSlot(3))
    assert here() == (1, 3)
    harness.do(MoveEntrySelection(-5))
    assert here() == (0, 0)
    harness.do(RemoveEntry(0), AddEntry(1, 0))
    assert harness.dispatcher.snapshot.song.form.order == (
        OrderEntry(1), OrderEntry(1), OrderEntry(0),
    )  # fmt: skip


def test_a_loop_goes_with_its_measures() -> None:
    harness = DispatcherHarness(song=AB, model=None)

    def loop() -> Any:
        return harness.dispatcher.snapshot.loop

    harness.do(SelectSlot(2), SetLoop("section"))
    assert loop() == (2, 2)
    harness.do(InsertSlot(0))
    assert loop() == (3, 2)
    harness.do(InsertSlot(4))
    assert loop() == (3, 3)
    harness.do(RemoveSlot(5), RemoveSlot(0))
    assert loop() == (2, 2)
    harness.do(SetLoop("measure"))
    assert loop() == (harness.dispatcher.snapshot.selected, 1)
    harness.do(SetLoop("song"))
    assert loop() is None


def test_a_jump_while_it_plays_and_none_while_it_records() -> None:
    harness = DispatcherHarness(song=AB, model=None)
    harness.do(Play(0), SetJumpUnit("measure"), JumpTo(1))
    assert harness.dispatcher.snapshot.jumps == "measure"
    harness.advance_to(5.0)
    assert harness.dispatcher.services.transport._sequencer.playhead(5.0).slot == 2
    harness.clear()
    harness.do(Record(slot=0), JumpTo(0))
    assert "records" in failure(harness)
    harness.clear()
    harness.do(SetLoop("measure"))
    assert "records" in failure(harness)


def test_taps_set_the_tempo_in_one_step_of_undo() -> None:
    harness = DispatcherHarness(song=AB, model=None)
    for tap in (0.0, 0.5, 1.0, 1.5):
        harness.now = tap
        harness.do(TapTempo())
    assert harness.dispatcher.snapshot.song.tempo == 120.0
    assert len(harness.dispatcher.snapshot.undo) == 1
    harness.now = 9.0
    harness.do(TapTempo())
    assert harness.dispatcher.snapshot.song.tempo == 120.0
    harness.now = 9.1
    harness.do(TapTempo())
    assert harness.dispatcher.snapshot.song.tempo == 400.0
    assert len(harness.dispatcher.snapshot.undo) == 2


def test_a_song_that_is_played_once_stops_by_itself() -> None:
    harness = DispatcherHarness(song=AB, model=None)
    harness.do(Play(0, once=True))
    harness.advance_to(23.0)
    assert harness.dispatcher.snapshot.playing
    harness.advance_to(25.0)
    assert not harness.dispatcher.snapshot.playing


def of_three() -> DispatcherHarness:
    """Return a song of sections A B C, played in this order."""
    harness = DispatcherHarness(song=numbered(6), model=None)
    harness.dispatch(SplitSection(2), SplitSection(4))
    harness.clear()
    return harness


@pytest.mark.parametrize(
    "command",
    [
        RemoveEntry(1), MoveEntry(1, 1), NudgeRepeats(1, 1), CopySection(1), MakeUnique(1),
        RemoveSection(1), JoinSection(1), AddEntry(1, 2), SetSection(1, name="X"), SelectEntry(1),
        AddSection(1), JumpTo(1),
    ],
    ids=lambda command: type(command).__name__,
)  # fmt: skip
def test_a_number_that_means_another_one_by_now_is_refused(command: OfForm) -> None:
    harness = of_three()
    harness.dispatch(Play())
    seen = replace(command, seen=harness.dispatcher.snapshot.song.form.mark)
    # Another screen moves an entry before the command of this one arrives.
    harness.dispatch(MoveEntry(0, 1))
    before = harness.dispatcher.snapshot
    harness.clear()
    harness.dispatch(seen)
    (refused,) = harness.published(CommandFailed)
    assert "changed meanwhile" in refused.message  # type: ignore[attr-defined]
    assert harness.dispatcher.snapshot.song is before.song
    assert harness.dispatcher.snapshot.entry == before.entry


def test_what_leaves_the_numbers_as_they_are_refuses_nothing() -> None:
    harness = of_three()
    mark = harness.dispatcher.snapshot.song.form.mark
    harness.dispatch(NudgeRepeats(0, 1), SetSection(0, tempo=90.0), InsertSlot(3))
    harness.dispatch(RemoveEntry(1, seen=mark))
    assert not harness.published(CommandFailed)
    assert len(harness.dispatcher.snapshot.song.form.order) == 2
