"""Notes are edited by commands: the gauges are read anew, and undo walks both."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.formats import song_file
from engine.music import note_edits
from engine.music.note_edits import Span
from engine.music.performance import Touch
from engine.music.placed_notes import PlacedNote, placed
from engine.music.song import Song
from engine.protocol.base import Command
from engine.protocol.edit import ResetLatent, SetKey, SetLatent, Undo
from engine.protocol.notes import (
    InvertNotes,
    JoinNotes,
    MoveNotes,
    NudgeVelocity,
    PasteNotes,
    PutNote,
    RemoveNotes,
    ResizeNotes,
    ReverseNotes,
    SplitNote,
    StretchNotes,
    TransposeNotes,
)
from engine.protocol.notices import CommandFailed
from engine.protocol.tracks import SetTrack
from engine.services.editing.state import State
from tests.support.edits import do, refusal
from tests.support.fakes import FakeModel

Q = Fraction
C, D, E, F, G = 60, 62, 64, 65, 67


@pytest.fixture
def state() -> State:
    """Return a state whose model is there."""
    made = State()
    made.adopt(FakeModel())
    return made


def placed_in(song: Song) -> list[tuple[float, float, int]]:
    """Return onset, length and pitch of every note of the song."""
    notes = placed(
        [slot.measure for slot in song.tracks[0].slots],
        [slot.touches for slot in song.tracks[0].slots],
    )
    return [(float(note.onset), float(note.duration), note.pitch) for note in notes]


def put(slot: int, onset: int | Fraction, pitch: int, length: int | Fraction = 1) -> PutNote:
    return PutNote(slot, Q(onset), Q(length), pitch)


def test_notes_are_written_into_an_empty_song_and_the_gauges_say_what_they_mean(
    state: State,
) -> None:
    song = do(state, put(0, 0, C), put(0, 1, E), put(0, 2, G, 2)).song
    assert placed_in(song) == [(0, 1, C), (1, 1, E), (2, 2, G)]
    slot = song.tracks[0].slots[0]
    assert slot.origin.kind == "written"
    assert slot.latent == FakeModel().encode([slot.measure])[0] == slot.anchor
    assert all(other.empty for other in song.tracks[0].slots[1:])
    assert state.snapshot().undo[0] == "note added in measure 1"


def test_gauges_and_notes_mix_and_undo_walks_both(state: State) -> None:
    do(state, put(0, 0, C), put(0, 2, E))
    by_hand = state.snapshot().song
    moved = do(state, SetLatent(0, 2, 2.5)).song
    assert moved.tracks[0].slots[0].measure != by_hand.tracks[0].slots[0].measure
    do(state, RemoveNotes(0, Q(0), Q(1)))
    assert state.snapshot().row.slots[0].origin.kind == "written"
    assert do(state, Undo()).song == moved
    assert do(state, Undo()).song == by_hand
    # A gauge that goes back to where the notes put it brings the notes back.
    do(state, SetLatent(0, 2, 2.5))
    assert (
        do(state, ResetLatent(0)).song.tracks[0].slots[0].measure
        == by_hand.tracks[0].slots[0].measure
    )


def test_a_note_goes_on_over_the_bar_line_and_comes_back(state: State) -> None:
    do(state, put(0, 3, C), put(1, 2, E))
    tied = do(state, ResizeNotes(0, Q(3), Q(4), by=Q(1))).song
    assert placed_in(tied) == [(3, 2, C), (6, 1, E)]
    assert tied.slot(1).measure.held_in == 1
    short = do(state, ResizeNotes(0, Q(3), Q(4), by=Q(-1))).song
    assert placed_in(short) == [(3, 1, C), (6, 1, E)]
    assert not short.slot(1).measure.held_in


def test_notes_move_into_the_next_measure_and_what_is_untouched_stays_the_same(
    state: State,
) -> None:
    before = do(state, put(0, 3, C), put(1, 1, E), put(3, 0, G)).song
    after = do(state, MoveNotes(0, Q(3), Q(4), by=Q(1))).song
    assert placed_in(after) == [(4, 1, C), (5, 1, E), (12, 1, G)]
    assert after.slot(3) is before.slot(3)
    assert "no measure there" in refusal(state, MoveNotes(0, Q(4), Q(5), by=Q(-8)))


def test_a_note_that_was_held_over_measures_goes_whole(state: State) -> None:
    do(state, put(0, 2, C, 8), put(3, 0, E))
    assert placed_in(state.snapshot().song) == [(2, 8, C), (12, 1, E)]
    # From a measure in its middle, where it only goes on.
    song = do(state, RemoveNotes(1, Q(-2), Q(-1))).song
    assert placed_in(song) == [(12, 1, E)]
    assert not any(slot.measure.held_in for slot in song.tracks[0].slots)


def test_a_note_may_be_put_before_its_measure(state: State) -> None:
    assert placed_in(do(state, put(2, -6, C)).song) == [(2, 1, C)]
    assert "no measure there" in refusal(state, put(0, -1, C))


def test_selections_are_transposed_turned_stretched_split_and_joined(state: State) -> None:
    do(state, put(0, 0, C), put(0, 1, D), put(0, 2, E), SetKey(tonic=0, scale="major"))
    assert placed_in(do(state, TransposeNotes(0, Q(0), Q(2), semitones=2)).song) == [
        (0, 1, D), (1, 1, E), (2, 1, E),
    ]  # fmt: skip
    assert placed_in(do(state, Undo(), TransposeNotes(0, Q(0), Q(3), degrees=2)).song) == [
        (0, 1, E), (1, 1, F), (2, 1, G),
    ]  # fmt: skip
    assert [n[2] for n in placed_in(do(state, InvertNotes(0, Q(0), Q(3))).song)] == [E, 63, 61]
    assert [n[2] for n in placed_in(do(state, Undo(), ReverseNotes(0, Q(0), Q(3))).song)] == [
        G,
        F,
        E,
    ]
    assert placed_in(do(state, StretchNotes(0, Q(0), Q(3), factor=Q(2))).song) == [
        (0, 2, G), (2, 2, F), (4, 2, E),
    ]  # fmt: skip
    assert placed_in(do(state, SplitNote(0, Q(5))).song)[2:] == [(4, 1, E), (5, 1, E)]
    assert placed_in(do(state, JoinNotes(0, Q(4), Q(6))).song)[2:] == [(4, 2, E)]


def test_a_phrase_is_pasted_and_velocities_are_its_own(state: State) -> None:
    phrase = (PlacedNote(Q(0), Q(1, 2), C, Touch(40)), PlacedNote(Q(1, 2), Q(1), E))
    do(state, SetTrack(velocity=90))
    song = do(state, PasteNotes(2, Q(1), phrase)).song
    assert placed_in(song) == [(9, 0.5, C), (9.5, 0.5, E)]
    assert song.tracks[0].slots[2].touches == (Touch(40), None)
    song = do(state, NudgeVelocity(2, Q(0), Q(4), by=-20)).song
    assert song.tracks[0].slots[2].touches == (Touch(20), Touch(70))


def test_what_cannot_be_is_refused_in_one_line(state: State) -> None:
    do(state, put(0, 0, C))
    assert "from G3 to C6" in refusal(state, put(0, 1, 30))
    assert "no measure there" in refusal(state, put(0, 40, C))
    assert "too far" in refusal(state, put(0, 4000, C))
    assert "No note starts" in refusal(state, RemoveNotes(0, Q(1), Q(2)))
    assert "longer than nothing" in refusal(state, put(0, 1, C, 0))
    assert "selection" in refusal(state, RemoveNotes(0, Q(1), Q(1)))
    assert "four times" in refusal(state, StretchNotes(0, Q(0), Q(1), factor=Q(9)))
    assert "no measure 99" in refusal(state, put(98, 0, C))
    assert "1 to 1000" in refusal(state, PasteNotes(0, Q(0), ()))


def test_without_a_model_notes_can_be_written_and_wait_for_their_codes() -> None:
    state = State()
    song = do(state, put(0, 0, C)).song
    assert song.tracks[0].slots[0].latent is None
    state.adopt(FakeModel())
    assert state.snapshot().row.slots[0].latent is not None


def test_a_written_song_is_saved_as_it_is_and_older_programs_are_told(state: State) -> None:
    song = do(state, put(0, 0, C), NudgeVelocity(0, Q(0), Q(1), by=-9)).song
    data = song_file.encode(song_file.Document(song))
    assert b'"armonica": 3' in data
    assert song_file.decode(data).song == song


PLACES = st.integers(-4, 15).map(lambda n: Q(n, 2))
PITCHES = st.integers(55, 84)
SPANS = st.tuples(PLACES, st.integers(1, 8)).map(lambda s: (s[0], s[0] + Q(s[1], 2)))


@st.composite
def commands(draw: st.DrawFn) -> Command:
    slot = draw(st.integers(0, 3))
    start, end = draw(SPANS)
    steps = draw(st.integers(-4, 4))
    return draw(
        st.sampled_from(
            [
                PutNote(slot, start, Q(draw(st.integers(1, 8)), 2), draw(PITCHES)),
                RemoveNotes(slot, start, end),
                MoveNotes(slot, start, end, Q(steps, 2)),
                TransposeNotes(slot, start, end, semitones=steps),
                ResizeNotes(slot, start, end, Q(steps, 2)),
                SplitNote(slot, start),
                JoinNotes(slot, start, end),
                InvertNotes(slot, start, end),
                ReverseNotes(slot, start, end),
            ]
        )
    )


def model_of(notes: note_edits.Notes, command: Command) -> note_edits.Notes:
    """Do the same to all notes of a song at once, bar lines or not."""
    assert isinstance(command, PutNote | SplitNote | RemoveNotes) or hasattr(command, "start")
    at = Q(4) * command.slot  # type: ignore[attr-defined]
    match command:
        case PutNote(_, onset, duration, pitch):
            return note_edits.put(notes, [PlacedNote(at + onset, at + onset + duration, pitch)])
        case SplitNote(_, place):
            return note_edits.split(notes, at + place)
        case RemoveNotes(_, a, b):
            return note_edits.remove(notes, Span(at + a, at + b))
        case MoveNotes(_, a, b, by):
            return note_edits.move(notes, Span(at + a, at + b), by)
        case TransposeNotes(_, a, b, semitones):
            return note_edits.transpose(notes, Span(at + a, at + b), semitones)
        case ResizeNotes(_, a, b, by):
            return note_edits.resize(notes, Span(at + a, at + b), by, Q(1, 4))
        case JoinNotes(_, a, b):
            return note_edits.join(notes, Span(at + a, at + b))
        case InvertNotes(_, a, b):
            return note_edits.invert(notes, Span(at + a, at + b))
        case ReverseNotes(_, a, b):
            return note_edits.reverse(notes, Span(at + a, at + b))
    raise AssertionError(command)


@given(st.lists(commands(), max_size=12))
def test_any_sequence_of_edits_does_what_they_say(sequence: list[Command]) -> None:
    state = State()
    plain: note_edits.Notes = ()
    for command in sequence:
        before = state.snapshot().song
        refused = [e for e in state.apply(command) if isinstance(e, CommandFailed)]
        if refused:
            assert state.snapshot().song == before
            continue
        plain = tuple(n for n in model_of(plain, command) if n.onset < 32)
        wanted = [(float(n.onset), float(min(n.end, Q(32)) - n.onset), n.pitch) for n in plain]
        assert placed_in(state.snapshot().song) == wanted
    for _ in state.snapshot().undo:
        state.apply(Undo())
    assert state.snapshot().song == Song()
