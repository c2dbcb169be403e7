"""Chords that are suggested: what fits comes first, and likelihoods are those of all chains."""

from __future__ import annotations

from itertools import product
from math import exp

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.harmony import chord_suggestions as suggestions
from engine.harmony.chord_suggestions import OPTIONS, chords_in, suggest, suggest_between
from engine.music.chords import ChordSymbol
from engine.music.note_line import Line, Stretch
from engine.music.scales import SCALES, Key
from tests.support.measures import measure, quarters

C = Key(0, "major")


def names(*texts: str, key: Key = C, length: float = 4.0) -> list[str]:
    """Return the likeliest chord of each place under measures."""
    line = Line([measure(text) for text in texts])
    return [
        place.options[0][0].name(key) for place in suggest(line.once(), key, line.length, length)
    ]


def test_broken_triads_have_their_chords() -> None:
    assert names("CEGE", "FAFA", "GDGD", "CEG-") == ["C", "F", "G", "C"]
    assert names("CEFA", "GDCE", length=2.0) == ["C", "F", "G", "C"]


def test_each_place_has_five_chords_and_their_likelihoods_fall() -> None:
    line = Line([measure("CDEF"), measure("GFED")])
    for place in suggest(line.once(), C, line.length, 4.0):
        likelihoods = [likelihood for _, likelihood in place.options]
        assert len(place.options) == OPTIONS
        assert likelihoods == sorted(likelihoods, reverse=True)
        assert 0 < sum(likelihoods) <= 1 + 1e-9


def fit(notes: list[Stretch], chord: ChordSymbol, start: float) -> float:
    """Count out what notes say for a chord that lies under them for four quarter notes."""
    total = 0.0
    for note in notes:
        shared = min(note.end, start + 4) - max(note.start, start)
        if shared > 0:
            inside = suggestions._INSIDE if chord.holds(note.pitch) else suggestions._OUTSIDE
            total += shared * inside * (suggestions._STRESSED if note.start == start else 1.0)
    return total


@settings(max_examples=25)
@given(
    st.lists(st.lists(st.integers(60, 72), min_size=4, max_size=4), min_size=1, max_size=3),
    st.integers(0, 11),
    st.sampled_from(["major", "natural minor", "dorian"]),
)
def test_likelihoods_are_those_of_all_chains_counted_out(
    tunes: list[list[int]], tonic: int, scale: str
) -> None:
    key, line = Key(tonic, scale), Line([quarters(*each) for each in tunes])
    chords, notes = chords_in(key), line.once()
    total, each = 0.0, [dict.fromkeys(chords, 0.0) for _ in tunes]
    steps = suggestions._steps(chords)
    for chain in product(range(len(chords)), repeat=len(tunes)):
        worth = 0.0
        for at, one in enumerate(chain):
            worth += fit(notes, chords[one], at * 4.0)
            worth += suggestions._liking(chords[one], key)
            worth += steps[chain[at - 1], one] if at else 0.0
        worth += suggestions._LAST_TONIC if chords[chain[-1]].root == tonic else 0.0
        total += exp(worth)
        for at, one in enumerate(chain):
            each[at][chords[one]] += exp(worth)
    for place, counted in zip(suggest(notes, key, line.length, 4.0), each, strict=True):
        for chord, likelihood in place.options:
            assert likelihood == pytest.approx(counted[chord] / total, rel=1e-6)


def test_a_melody_that_is_transposed_takes_its_chords_along() -> None:
    low, high = Line([quarters(60, 64, 67, 65)]), Line([quarters(62, 66, 69, 67)])
    here = suggest(low.once(), C, 4.0, 2.0)
    there = suggest(high.once(), Key(2, "major"), 4.0, 2.0)
    for a, b in zip(here, there, strict=True):
        assert [chord.transposed(2) for chord, _ in a.options] == [chord for chord, _ in b.options]
        assert np.allclose([x for _, x in a.options], [x for _, x in b.options])


def test_every_scale_has_chords_of_its_own_notes_and_a_dominant() -> None:
    for scale in SCALES:
        chords = chords_in(Key(0, scale))
        assert ChordSymbol(7, "7") in chords
        assert len(chords) >= OPTIONS
    assert ChordSymbol(9, "m") in chords_in(Key(9, "natural minor"))


def test_chords_that_are_fixed_stay_and_lead_the_others() -> None:
    line = Line([measure("CDEF"), measure("GFED"), measure("CCCC")])
    free = suggest_between(line.once(), C, (0.0, 4.0, 8.0, 12.0))
    sixth = ChordSymbol(9, "m7")
    led = suggest_between(line.once(), C, (0.0, 4.0, 8.0, 12.0), {1: sixth})
    chord, likelihood = led[1].options[0]
    assert (chord, likelihood) == (sixth, 1.0)
    assert led[0].options != free[0].options
    # What is in the song is thought of elsewhere, too.
    assert sixth in [chord for chord, _ in led[2].options]
