"""Notes under the hands: measures become placed notes, are edited, and are written again."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from engine.errors import OutOfRange
from engine.music import note_edits as edits
from engine.music.grid import FOUR_QUARTERS
from engine.music.measure import HOLD, REST, Measure
from engine.music.note_edits import Span
from engine.music.performance import Touch
from engine.music.pitch_names import pitch_name
from engine.music.placed_notes import PlacedNote, placed, written
from engine.music.scales import C_MAJOR
from tests.support.values import MEASURES

Q = Fraction
EVERYTHING = Span(Q(0), Q(1000))


def notes(text: str) -> tuple[PlacedNote, ...]:
    """Read ``C4 D4/2 - E4``: pitch and quarter notes; a dash rests."""
    names = {pitch_name(pitch): pitch for pitch in range(128)}
    at, found = Q(0), []
    for word in text.split():
        name, _, length = word.partition("/")
        end = at + (Q(length.replace(":", "/")) if length else 1)
        if name != "-":
            found.append(PlacedNote(at, end, names[name]))
        at = end
    return tuple(found)


def text(of: Sequence[PlacedNote]) -> str:
    """Write notes as `notes` reads them."""
    at, words = Q(0), []
    for note in of:
        if note.onset > at:
            words.append(("-", note.onset - at))
        words.append((pitch_name(note.pitch), note.duration))
        at = note.end
    return " ".join(
        name if length == 1 else f"{name}/{str(length).replace('/', ':')}" for name, length in words
    )


LINE = notes("C4 D4 E4 - G4/2 F4/2")


def test_a_note_laid_over_others_cuts_and_replaces_them() -> None:
    new = notes("-/1:2 A4/2")
    assert text(edits.put(LINE, new)) == "C4/1:2 A4/2 -/3:2 G4/2 F4/2"


def test_notes_go_and_leave_silence() -> None:
    assert text(edits.remove(LINE, Span(Q(1), Q(3)))) == "C4 -/3 G4/2 F4/2"
    with pytest.raises(OutOfRange, match="No note starts here"):
        edits.remove(LINE, Span(Q(3), Q(4)))


def test_notes_move_in_time_and_pitch() -> None:
    assert text(edits.move(LINE, Span(Q(2), Q(3)), Q(1))) == "C4 D4 - E4 G4/2 F4/2"
    assert text(edits.transpose(LINE, Span(Q(0), Q(2)), 12)) == "C5 D5 E4 - G4/2 F4/2"
    up = edits.transpose_degrees(LINE, EVERYTHING, 1, C_MAJOR)
    assert text(up) == "D4 E4 F4 - A4/2 G4/2"
    down = edits.transpose_degrees(LINE, EVERYTHING, -2, C_MAJOR)
    assert text(down) == "A3 B3 C4 - E4/2 D4/2"
    foreign = edits.transpose_degrees(notes("C#4"), EVERYTHING, 1, C_MAJOR)
    assert text(foreign) == "D4"


def test_lengths_grow_to_the_next_note_and_shrink_to_the_least() -> None:
    assert text(edits.resize(LINE, Span(Q(2), Q(3)), Q(5), Q(1, 4))) == "C4 D4 E4/2 G4/2 F4/2"
    shrunk = edits.resize(LINE, Span(Q(0), Q(1)), Q(-9), Q(1, 4))
    assert text(shrunk) == "C4/1:4 -/3:4 D4 E4 - G4/2 F4/2"


def test_split_and_join() -> None:
    parts = edits.split(LINE, Q(5))
    assert text(parts) == "C4 D4 E4 - G4 G4 F4/2"
    assert text(edits.join(parts, Span(Q(4), Q(6)))) == "C4 D4 E4 - G4/2 F4/2"
    assert text(edits.join(LINE, Span(Q(0), Q(3)))) == "C4/3 - G4/2 F4/2"
    assert text(edits.join(LINE, Span(Q(1), Q(2)))) == "C4 D4/2 - G4/2 F4/2"
    with pytest.raises(OutOfRange, match="follows"):
        edits.join(LINE, Span(Q(6), Q(7)))
    with pytest.raises(OutOfRange, match="goes on"):
        edits.split(LINE, Q(3))


def test_upside_down_back_to_front_and_at_another_speed() -> None:
    span = Span(Q(0), Q(3))
    assert text(edits.invert(LINE, span)) == f"C4 {pitch_name(58)} {pitch_name(56)} - G4/2 F4/2"
    assert text(edits.reverse(LINE, span)) == "E4 D4 C4 - G4/2 F4/2"
    assert text(edits.stretch(LINE, span, Q(1, 2))) == "C4/1:2 D4/1:2 E4/1:2 -/5:2 G4/2 F4/2"
    assert text(edits.stretch(LINE, span, Q(2))) == "C4/2 D4/2 E4/2 F4/2"


def test_a_note_gets_a_velocity_of_its_own() -> None:
    made = edits.louder(LINE, Span(Q(0), Q(1)), 10, 96)
    assert [note.touch for note in made[:2]] == [Touch(106), None]
    again = edits.louder(made, Span(Q(0), Q(1)), 100, 96)
    assert again[0].touch == Touch(127)


def test_a_tie_is_one_note_and_comes_back_as_a_tie() -> None:
    line = notes("C4/3 D4/2 E4/3")
    first, second = written(line, (FOUR_QUARTERS,) * 2)
    assert second[0].held_in == 1
    assert placed([first[0], second[0]]) == line


def test_a_measure_that_begins_with_silence_ties_nothing() -> None:
    first, second = written(notes("C4/1:2 -/4 E4"), (FOUR_QUARTERS,) * 2)
    assert first[0].silent is False
    assert second[0].held_in == 0


@st.composite
def rows(draw: st.DrawFn) -> list[Measure]:
    measures = [Measure.from_tokens(draw(MEASURES).tokens) for _ in range(draw(st.integers(1, 4)))]
    # A hold after silence is silent, and is written as a rest.
    sounding, tidy = False, []
    for measure in measures:
        tokens = list(measure.tokens)
        if tokens[0] == HOLD and not sounding:
            tokens[0] = REST
        tidy.append(Measure.from_tokens(tokens))
        for token in tokens:
            sounding = token > REST if token != HOLD else sounding
    return tidy


@given(rows())
def test_measures_are_written_as_they_were_read(row: list[Measure]) -> None:
    grids = [measure.grid for measure in row]
    again = [measure for measure, _ in written(placed(row), grids)]
    assert placed(again) == placed(row)
    assert [each.pitches for each in again] == [each.pitches for each in row]


PITCHES = st.integers(55, 84)
PLACES = st.integers(0, 15).map(lambda n: Q(n, 2))


@st.composite
def lines(draw: st.DrawFn) -> tuple[PlacedNote, ...]:
    made: tuple[PlacedNote, ...] = ()
    for onset in draw(st.lists(PLACES, max_size=8)):
        length = draw(st.integers(1, 4))
        made = edits.put(made, [PlacedNote(onset, onset + Q(length, 2), draw(PITCHES))])
    return made


def halves(of: Sequence[PlacedNote]) -> dict[Fraction, tuple[int, bool]]:
    """Return the plain model: at each half of a quarter note what sounds, and whether it starts."""
    return {
        note.onset + Q(n, 2): (note.pitch, n == 0)
        for note in of
        for n in range(int(note.duration * 2))
    }


@given(lines(), PLACES, st.integers(1, 4), PITCHES)
def test_putting_a_note_is_painting_over(
    line: tuple[PlacedNote, ...], onset: Fraction, length: int, pitch: int
) -> None:
    new = PlacedNote(onset, onset + Q(length, 2), pitch)
    made = halves(edits.put(line, [new]))
    model = halves(line)
    gone = {at for note in line if onset <= note.onset < new.end for at in halves([note])}
    cut = {
        at for note in line if note.onset < onset < note.end for at in halves([note]) if at >= onset
    }
    for at in gone | cut:
        del model[at]
    assert made == model | halves([new])


@given(lines(), PLACES, PLACES, st.data())
def test_one_voice_stays_one_voice(
    line: tuple[PlacedNote, ...], a: Fraction, b: Fraction, data: st.DataObject
) -> None:
    span = Span(min(a, b), max(a, b) + Q(1, 2))
    assume(any(map(span.holds, line)))
    steps = Q(data.draw(st.integers(-8, 8)), 2)
    made = data.draw(
        st.sampled_from(
            [
                edits.move(line, span, steps),
                edits.transpose(line, span, data.draw(st.integers(-12, 12))),
                edits.resize(line, span, steps, Q(1, 4)),
                edits.reverse(line, span),
                edits.stretch(line, span, data.draw(st.sampled_from([Q(2), Q(1, 2)]))),
                edits.invert(line, span),
            ]
        )
    )
    assert all(note.duration > 0 for note in made)
    assert all(x.end <= y.onset for x, y in pairwise(made))
    outside = [note for note in line if not span.holds(note)]
    # What lies outside is as it was, cut, or painted over; nothing new comes in there.
    assert {n.pitch for n in outside} >= {n.pitch for n in made if n in outside}


@given(lines())
def test_back_to_front_twice_is_as_it_was(line: tuple[PlacedNote, ...]) -> None:
    assume(line)
    assert edits.reverse(edits.reverse(line, EVERYTHING), EVERYTHING) == line
