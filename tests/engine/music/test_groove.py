"""Swing and humanise: where notes are heard, in quarter notes from the start of the loop."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import OutOfRange
from engine.music.grid import FOUR_QUARTERS, GRIDS
from engine.music.groove import PLAIN, Groove, SwingUnit
from engine.music.measure import HOLD, REST, Measure
from engine.music.note_line import Line, Stretch
from engine.music.scales import Key
from tests.support.values import GRID, measures

tokens = st.lists(st.sampled_from([HOLD, HOLD, REST, 55, 61, 84]), min_size=24, max_size=24)
loops = st.lists(tokens.map(lambda found: Measure(tuple(found))), min_size=1, max_size=4)
mixed = st.lists(GRID.flatmap(measures), min_size=1, max_size=4)
grooves = st.builds(
    Groove,
    st.floats(50, 75),
    st.sampled_from(["eighths", "sixteenths"]),
    st.floats(0, 50),
    st.integers(0, 40),
    st.integers(0, 2**31 - 1),
)
tempi = st.floats(20, 400)


def beat(*parts: int) -> Measure:
    """Return a measure whose first quarter note has tokens at 0, 1/4, 1/3, 1/2, 2/3 and 3/4."""
    return Measure((*parts, REST, *[HOLD] * 17))


EIGHTHS = beat(60, 0, 0, 62, 0, 0)
SIXTEENTHS = beat(60, 62, 0, 64, 0, 65)
TRIPLET = beat(60, 0, 62, 0, 64, 0)


def onsets(measure: Measure, groove: Groove) -> list[float]:
    """Return the moments at which the notes of a measure sound."""
    return [round(note.start, 4) for note in Line([measure], groove).once()]


def test_even_eighths_become_long_and_short() -> None:
    assert onsets(EIGHTHS, Groove(50)) == [0, 0.5]
    assert onsets(EIGHTHS, Groove(60)) == [0, 0.6]
    assert onsets(EIGHTHS, Groove(75)) == [0, 0.75]
    first, second = Line([EIGHTHS], Groove(60)).once()
    # The end of the first goes along, and the quarter note ends where it did.
    assert (first.end, second.end) == (second.start, 1.0)


def test_swing_of_eighths_takes_sixteenths_along_and_swing_of_sixteenths_leaves_eighths() -> None:
    assert onsets(SIXTEENTHS, Groove(60)) == [0, 0.3, 0.6, 0.8]
    assert onsets(SIXTEENTHS, Groove(60, "sixteenths")) == [0, 0.3, 0.5, 0.8]
    assert onsets(EIGHTHS, Groove(75, "sixteenths")) == [0, 0.5]


def test_a_triplet_swings_already() -> None:
    assert onsets(TRIPLET, Groove(75)) == [0, 0.3333, 0.6667]
    # Beside an eighth off the beat its parts are moved as that is, and keep their order.
    mixed = onsets(beat(60, 0, 62, 64, 65, 0), Groove(75))
    assert mixed == [0, 0.5, 0.75, 0.8333]


@given(mixed, grooves, tempi)
def test_notes_keep_their_order_and_their_length_is_more_than_nothing(
    loop: list[Measure], groove: Groove, tempo: float
) -> None:
    written = Line(loop).between(0, 3 * Line(loop).length)
    line = Line(loop, groove, tempo=tempo)
    found = [n for n in line.between(-1, 3 * line.length + 1) if n.begins_in(0, 3 * line.length)]
    assert [note.pitch for note in found] == [note.pitch for note in written]
    for note, plain in zip(found, written, strict=True):
        assert abs(note.written - plain.start) < 1e-6
        assert note.end - note.start > 0.003
    for note, following in pairwise(found):
        assert note.end <= following.start + 1e-9


@given(mixed, grooves, tempi)
def test_a_note_deviates_by_no_more_than_was_asked(
    loop: list[Measure], groove: Groove, tempo: float
) -> None:
    swung = Line(loop, Groove(groove.swing, groove.unit), tempo=tempo)
    line = Line(loop, groove, tempo=tempo)
    for here, there in zip(line.once(), swung.once(), strict=True):
        moved = (here.later - there.later) * 60 / tempo
        assert abs(moved) <= groove.timing / 1000 + 1e-9
        assert abs(here.louder) <= groove.velocity
    earliest = max(map(line.earliest_at, line.starts))
    assert earliest <= groove.timing / 1000 * tempo / 60 + 2e-6


@pytest.mark.parametrize("name", ["6/8", "7/8", "12/8"])
@pytest.mark.parametrize("unit", ["eighths", "sixteenths"])
def test_swing_leaves_eighths_that_are_counted_by_themselves(name: str, unit: SwingUnit) -> None:
    grid = GRIDS[name]
    eighths = [at for at, onset in enumerate(grid.onsets) if onset % Fraction(1, 2) == 0]
    heard = Groove(66.0, unit).onsets(grid, range(grid.ticks))
    assert [heard[at] for at in eighths] == [float(grid.onsets[at]) for at in eighths]
    assert (heard[1] > grid.places[1]) == (unit == "sixteenths")


def test_a_quarter_of_sixteenth_triplets_does_not_swing() -> None:
    grid = GRIDS["4/4 fine"]
    sixths = [at for at in range(12) if grid.onsets[at] * 6 % 1 == 0]
    heard = Groove(66.0).onsets(grid, sixths)
    assert heard[:12] == grid.places[:12]
    assert heard[12:] != grid.places[12:]


@given(loops, st.integers(0, 2**31 - 1))
def test_what_is_not_asked_for_changes_nothing(loop: list[Measure], seed: int) -> None:
    assert Line(loop, Groove(seed=seed)).once() == Line(loop).once()


@given(loops, grooves, st.integers(0, 3), st.data())
def test_a_deviation_hangs_on_nothing_but_its_own_place(
    loop: list[Measure], groove: Groove, at: int, data: st.DataObject
) -> None:
    at = min(at, len(loop) - 1)
    other = data.draw(loops)
    kept = [*other[:1] * at, loop[at]]

    def of_slot(line: Line) -> list[tuple[int, float, int]]:
        start = line.starts[at]
        notes = [
            note for note in line.between(start - 1, start + 5) if note.begins_in(start, start + 4)
        ]
        return [(note.pitch, round(note.later, 9), note.louder) for note in notes]

    assert of_slot(Line(loop, groove)) == of_slot(Line(kept, groove))
    # And one measure alone, told which it is, is played as it is in the loop.
    alone = Line([loop[at]], groove, first=at)
    assert [n.louder for n in alone.once()] == [
        louder for _, _, louder in of_slot(Line(loop, groove))
    ]


def test_seeds_differ_and_the_whole_range_is_used() -> None:
    draws = [Groove(timing=10, velocity=20, seed=s).louder(3, 6) for s in range(400)]
    assert min(draws) < -15 < 15 < max(draws)
    assert abs(sum(draws) / 400) < 2
    moves = [Groove(timing=10, seed=s).moves(FOUR_QUARTERS, 3, 6, 60) * 1000 for s in range(400)]
    assert -10 <= min(moves) < -7
    assert 7 < max(moves) <= 10


def test_a_note_before_its_turn_is_heard_at_the_end_of_the_turn_before() -> None:
    early = next(
        g
        for s in range(99)
        if (g := Groove(timing=40, seed=s)).moves(FOUR_QUARTERS, 0, 0, 60) < -0.02
    )
    line = Line([EIGHTHS], early, tempo=60)
    note = line.between(3.9, 4.0)
    assert [(n.pitch, round(n.written, 6)) for n in note] == [(60, 4.0)]
    assert line.between(-0.1, 0)[0].begins_in(0, 1)
    assert line.once()[0].start == 0.0


def test_a_key_moves_what_is_heard_and_not_the_measure() -> None:
    line = Line([beat(61, 0, 0, 66, 0, 0)], key=Key())
    assert [note.pitch for note in line.once()] == [60, 65]
    assert line.measures[0].pitches == (61, 66)


def test_plain_is_what_was_there() -> None:
    assert Line([EIGHTHS]).between(0, 4) == [Stretch(0, 0.5, 60), Stretch(0.5, 1, 62)]
    assert PLAIN.onsets(FOUR_QUARTERS, range(24)) == tuple(map(float, FOUR_QUARTERS.onsets))


@settings(max_examples=30)
@given(st.sampled_from([(49.9,), (75.1,), (60, "quarters"), (60, "eighths", 51.0)]))
def test_what_lies_outside_is_refused(values: tuple[float, str, float]) -> None:
    with pytest.raises(OutOfRange):
        Groove(*values)  # type: ignore[arg-type]
