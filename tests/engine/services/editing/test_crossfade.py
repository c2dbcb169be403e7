"""Repeats that lead from one section to another: what is heard, the order, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.latent.variation import distance
from engine.music.chord_track import written
from engine.music.form import OrderEntry, Section, SongForm
from engine.music.grid import GRIDS
from engine.music.locks import NOTHING, kept
from engine.music.measure import REST, Measure
from engine.music.scales import key_of
from engine.music.slot import Origin, Slot
from engine.music.song import Song
from engine.music.track import Track
from engine.protocol.edit import InsertSlot, ReplaceSong, SetLatent, SetTones, Undo
from engine.protocol.form import Crossfade, MakeUnique, NudgeRepeats
from engine.protocol.notes import ToggleMeasureLock, VaryNotes
from engine.services.editing.state import State
from tests.support.edits import do, refusal
from tests.support.fakes import FakeModel
from tests.support.measures import measure

WRITTEN = Origin("written", "Tune")
FORM = SongForm(
    (Section("A", 2, 100.0), Section("B", 2, 140.0, key=key_of("D major"))),
    (OrderEntry(0, 2), OrderEntry(1)),
)


def slot(text: str) -> Slot:
    return Slot.brought_in(measure(text), WRITTEN)


def song() -> Song:
    """Return a tune of two sections, and a track below it that plays in the second alone."""
    tune = tuple(map(slot, ("CDEF", "CCCC", "GFED", "G-G-")))
    below = (Slot(), Slot(), slot("CCCC"), Slot())
    one = Song("Song", 120.0, (Track(slots=tune), Track(slots=below, channel=1)), form=FORM)
    return replace(one, chords=written("C | F | D7 | G", 0, Fraction(0), one.grids, one.key))


@pytest.fixture
def state(model: FakeModel) -> State:
    return loaded(model)


def loaded(model: FakeModel) -> State:
    state = State(song())
    state.adopt(model)
    return state


def test_repeats_lead_from_one_section_to_the_other_and_are_played_between(state: State) -> None:
    before = state.snapshot().song
    do(state, ToggleMeasureLock(0))
    after = do(state, Crossfade(0, 1, 3)).song
    assert [(s.name, s.length) for s in after.form.sections] == [("A", 2), ("C", 6), ("B", 2)]
    assert after.form.order == (OrderEntry(0, 2), OrderEntry(1), OrderEntry(2))
    fade, tune = after.form.sections[1], after.tracks[0].slots
    # The tempo leads over, too.
    assert (fade.tempo, fade.ramp) == (100.0, 140.0)
    assert [each.origin.detail for each in tune[2:8:2]] == [f"step {n} of 3" for n in (1, 2, 3)]
    assert not any(each.locked for each in tune[2:8])
    for at in (0, 1):
        heard = [tune[at].measure, *(tune[2 + at + 2 * n].measure for n in range(3))]
        heard.append(tune[8 + at].measure)
        whole = distance(heard[0], heard[-1])
        assert max(distance(a, b) for a, b in pairwise(heard)) < whole
    # What is empty on one side changes over in the middle.
    assert [each.empty for each in after.tracks[1].slots[2:8]] == [True] * 4 + [False, True]
    names = [(chord.slot, chord.name()) for chord in after.chords]
    assert names == [
        (0, "C"), (1, "F"), (2, "C"), (3, "F"), (4, "C"), (5, "F"), (6, "D7"), (7, "G"),
        (8, "D7"), (9, "G"),
    ]  # fmt: skip
    shown = state.snapshot()
    assert (shown.selected, shown.entry) == (2, 1)
    assert shown.undo[0] == "fade A into B"
    assert do(state, Undo(), Undo()).song == before


def test_a_fade_goes_back_also_and_heeds_what_is_asked_for(state: State) -> None:
    do(state, SetTones(stay_in_key=True, chord_tones=True))
    after = do(state, Crossfade(1, 0, 4)).song
    assert [s.name for s in after.form.sections] == ["A", "B", "C"]
    assert after.form.order == (OrderEntry(0, 2), OrderEntry(1), OrderEntry(2))
    key = key_of("D major")
    for at in range(4, 12):
        chord = next(c.chord for c in after.chords if c.slot == at)
        assert chord is not None
        for tick, token in enumerate(after.tracks[0].slots[at].measure.tokens):
            if token > REST and after.tracks[0].slots[at].origin.kind == "between":
                assert key.holds(token) or chord.holds(token)
                assert tick not in (0, 12) or chord.holds(token)


def test_drums_and_metres_without_a_model_change_over_in_the_middle(model: FakeModel) -> None:
    jig = Measure.from_tokens([60] * 12, GRIDS["6/8"])
    slots = tuple(Slot.brought_in(each, WRITTEN) for each in (jig, jig.transposed(2)))
    form = SongForm((Section("A", 1), Section("B", 1)), (OrderEntry(0), OrderEntry(1)))
    state = State(Song(tracks=(Track(slots=slots),), form=form))
    state.adopt(model)
    after = do(state, Crossfade(0, 1, 4)).song
    heard = [each.measure.pitches[0] for each in after.tracks[0].slots]
    assert heard == [60, 60, 60, 62, 62, 62]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (Crossfade(0, 0), "Both entries play section A"),
        (Crossfade(0, 9), "no entry 10"),
        (Crossfade(-1, 1), "no entry 0"),
        (Crossfade(0, 1, 0), "1 to 16 repeats"),
        (Crossfade(0, 1, 17), "1 to 16 repeats"),
    ],
)
def test_what_cannot_be_faded_is_refused(state: State, command: Any, words: str) -> None:
    assert words in refusal(state, command)


def test_sections_of_other_lengths_and_metres_are_refused(model: FakeModel) -> None:
    state = loaded(model)
    do(state, InsertSlot(0))
    assert refusal(state, Crossfade(0, 1)) == "Section A has 3 measures, and B 2."
    jig = replace(song(), chords=())
    slots = (*jig.tracks[0].slots[:3], Slot.blank(GRIDS["6/8"]))
    jig = replace(jig, tracks=(Track(slots=slots),))
    do(state, ReplaceSong(jig))
    assert "Measure 2 is in 4/4, and measure 4 in 6/8" in refusal(state, Crossfade(0, 1))
    do(state, ReplaceSong(replace(jig, form=SongForm())))
    assert "no sections" in refusal(state, Crossfade(0, 1))
    assert kept((Slot(),), 0) == NOTHING


COMMANDS = st.one_of(
    st.builds(Crossfade, st.integers(-1, 4), st.integers(-1, 4), st.integers(0, 6)),
    st.builds(NudgeRepeats, st.integers(0, 2), st.integers(-1, 1)),
    st.builds(MakeUnique, st.integers(0, 2)),
    st.builds(VaryNotes, st.integers(0, 3), st.just("notes"), st.floats(0, 10), st.integers(0, 9)),
    st.builds(SetLatent, st.integers(0, 3), st.integers(0, 3), st.floats(-3, 3)),
    st.just(Undo()),
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(COMMANDS, max_size=6))
def test_random_fades_add_their_measures_and_leave_the_others(
    model: FakeModel, commands: list[Any]
) -> None:
    state = loaded(model)
    first = state.snapshot().song
    for command in commands:
        before = state.snapshot()
        state.apply(command)
        after = state.snapshot()
        if not isinstance(command, Crossfade) or after.revision == before.revision:
            continue
        old, new = before.song, after.song
        section = old.form.order[command.entry].section
        length = old.form.sections[section].length * command.repeats
        at = old.form.slots_of(section).stop
        assert new.length == old.length + length
        for was, now in zip(old.tracks, new.tracks, strict=True):
            assert (*now.slots[:at], *now.slots[at + length :]) == was.slots
        played = [step.slot for step in new.steps if step.entry == command.entry + 1]
        assert played == [*range(at, at + length)]
    while state.snapshot().undo:
        do(state, Undo())
    assert state.snapshot().song == first
