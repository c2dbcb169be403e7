"""Tempo along a song: time to positions and back."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import OutOfRange
from engine.music.tempo_map import RAMP_STEP, TempoMap, TempoSpan

tempi = st.floats(20, 400)
spans = st.builds(TempoSpan, st.sampled_from([0.5, 2.0, 3.0, 4.0, 6.0]), tempi, tempi)
maps = st.lists(spans, min_size=1, max_size=6).map(TempoMap)


@given(maps, st.floats(-50, 200))
def test_a_position_comes_back_from_its_time(tempi: TempoMap, position: float) -> None:
    assert tempi.position(tempi.seconds(position)) == pytest.approx(position, abs=1e-6)


@given(maps, st.floats(0, 100), st.floats(1e-3, 20))
def test_time_goes_on(tempi: TempoMap, position: float, further: float) -> None:
    assert tempi.seconds(position + further) > tempi.seconds(position)


@given(maps, st.floats(0, 50), st.floats(0.1, 30))
def test_the_paces_of_a_stretch_add_up_to_its_time(
    tempi: TempoMap, start: float, length: float
) -> None:
    end = start + length
    places = [start, *tempi.changes(start + 1e-6, end), end]
    total = sum(tempi.pace(place) * (after - place) for place, after in pairwise(places))
    # A stretch that begins or ends within a step of a ramp has its mean there alone.
    most = 2 * RAMP_STEP * (60 / 20 - 60 / 400)
    assert abs(total - (tempi.seconds(end) - tempi.seconds(start))) <= most


def test_a_steady_tempo_is_one_span_however_many_measures_it_has() -> None:
    tempi = TempoMap([TempoSpan(4.0, 90, 90)] * 5)
    assert (tempi.constant, tempi.length, len(tempi.spans)) == (90, 20.0, 1)
    assert tempi.seconds(3.0) == 2.0
    assert tempi.changes(0.0, 60.0) == [0.0, 20.0, 40.0]


def test_a_ramp_takes_the_time_of_its_mean_logarithm() -> None:
    tempi = TempoMap([TempoSpan(8.0, 60, 120)])
    assert tempi.constant is None
    assert tempi.turn == pytest.approx(8 * math.log(2))
    assert [tempi.tempo(place) for place in (0.0, 4.0, 8.0)] == [60, 90, 60]
    assert len(tempi.changes(0.0, 8.0)) == 32


def test_a_tempo_that_no_song_has_is_refused() -> None:
    with pytest.raises(OutOfRange, match="20 to 400"):
        TempoMap.steady(1000, 4.0)
