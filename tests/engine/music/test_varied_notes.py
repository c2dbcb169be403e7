"""Notes changed by chance: what a scope leaves as it is, and what is locked and asked for."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import OutOfRange
from engine.music.asked_tones import AskedTones
from engine.music.grid import GRIDS
from engine.music.locks import NOTHING, kept
from engine.music.measure import HIGHEST, HOLD, LOWEST, REST, Measure
from engine.music.slot import Origin, Slot
from engine.music.varied_notes import NoteScope, varied
from tests.support.measures import measure, quarters

SCOPES: tuple[NoteScope, ...] = ("notes", "rhythm", "pitches")
TUNE = quarters(60, 64, 67, 65)


@st.composite
def measures(draw: st.DrawFn) -> Measure:
    """Draw a measure in any metre with a note at least."""
    grid = GRIDS[draw(st.sampled_from(sorted(GRIDS)))]
    token = st.sampled_from((HOLD, HOLD, HOLD, REST, 55, 60, 63, 67, 84))
    tokens = draw(st.lists(token, min_size=grid.ticks, max_size=grid.ticks))
    tokens[draw(st.integers(0, grid.ticks - 1))] = 62
    return Measure.from_tokens(tokens, grid)


def onsets(played: Measure) -> list[int]:
    return [tick for tick, token in enumerate(played.tokens) if token > REST]


amounts, seeds = st.floats(0.1, 10), st.integers(0, 999)


@given(measures(), amounts, seeds)
def test_pitches_change_in_their_rhythm(played: Measure, amount: float, seed: int) -> None:
    made = varied(played, "pitches", amount, seed)
    assert onsets(made) == onsets(played)
    assert all(LOWEST <= pitch <= HIGHEST for pitch in made.pitches)
    changed = sum(a != b for a, b in zip(made.pitches, played.pitches, strict=True))
    assert 1 <= changed <= max(1, round(len(played.pitches) * amount / 10))
    assert varied(played, "pitches", amount, seed) == made


@given(measures(), amounts, seeds)
def test_a_rhythm_changes_under_its_pitches(played: Measure, amount: float, seed: int) -> None:
    made = varied(played, "rhythm", amount, seed)
    assert made.pitches == played.pitches
    # Whatever moves stays between the notes around it.
    moved = sum(a != b for a, b in zip(onsets(made), onsets(played), strict=True))
    assert moved <= max(1, math.ceil(len(played.pitches) * amount / 10))


@given(measures(), amounts, seeds, st.sampled_from(SCOPES), st.data())
def test_what_is_locked_stays(
    played: Measure, amount: float, seed: int, scope: NoteScope, data: st.DataObject
) -> None:
    starts = onsets(played)
    locked = frozenset(data.draw(st.sets(st.sampled_from(starts), max_size=len(starts) - 1)))
    slot = Slot(played, origin=Origin("written"), locked_notes=locked)
    keeps = kept((slot,), 0)
    made = varied(played, scope, amount, seed, keeps)
    assert keeps.of(made) == made
    for tick in locked:
        assert made.tokens[tick] == played.tokens[tick]
    assert made.pitches
    if scope != "notes":
        assert len(made.pitches) == len(played.pitches)


@given(measures(), amounts, seeds, st.sampled_from(SCOPES))
def test_no_new_note_is_foreign_where_a_key_is_asked_for(
    played: Measure, amount: float, seed: int, scope: NoteScope
) -> None:
    ticks = played.grid.ticks
    tones = AskedTones((frozenset((0, 2, 4, 5, 7, 9, 11)),) * ticks, ((0, frozenset((0, 4, 7))),))
    made = varied(played, scope, amount, seed, NOTHING, tones)
    new = set(zip(onsets(made), made.pitches, strict=True))
    new -= set(zip(onsets(played), played.pitches, strict=True))
    for tick, pitch in new:
        # A note that moves in time keeps its pitch, which may have been foreign before.
        assert tones.allows(tick, pitch) or scope == "rhythm"


def test_a_selection_alone_is_varied_and_a_triplet_stays_out_of_even_beats() -> None:
    for seed in range(30):
        for scope in SCOPES:
            made = varied(TUNE, scope, 10, seed, ticks=range(6, 12))
            assert [made.tokens[at] for at in (0, 12, 18)] == [60, 67, 65]
        made = varied(TUNE, "rhythm", 10, seed)
        assert all(made.grid.onsets[tick].denominator % 3 for tick in onsets(made))


def test_seeds_make_different_measures_and_more_changes_more() -> None:
    for scope in SCOPES:
        assert len({varied(TUNE, scope, 5, seed) for seed in range(20)}) > 8
    changed = [
        sum(
            a != b for a, b in zip(varied(TUNE, "pitches", n, 3).pitches, TUNE.pitches, strict=True)
        )
        for n in (0, 2, 5, 10)
    ]
    assert changed == [0, 1, 2, 4]


def test_what_cannot_be_varied_is_refused() -> None:
    for amount in (-1.0, 10.5, math.nan):
        with pytest.raises(OutOfRange, match="0 to 10"):
            varied(TUNE, "notes", amount, 1)
    with pytest.raises(OutOfRange, match="no free note"):
        varied(measure("----"), "notes", 1, 1)
    with pytest.raises(OutOfRange, match="no free note"):
        varied(TUNE, "notes", 1, 1, ticks=())
