"""Figures: the same in any transposition, rare ones count more, runs are the longest."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.influence.measures.ngrams import (
    STEPS,
    GramIndex,
    Stretches,
    grams,
    longest_among,
    longest_run,
    steps,
)
from engine.music.measure import REST


def line(*pitches: int, every: int = 6) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    tokens = np.zeros(-(-len(pitches) * every // 24) * 24, np.uint8)
    tokens[: len(pitches) * every : every] = pitches
    return tokens.reshape(-1, 24)


def test_figures_do_not_know_of_transposition_and_do_of_rhythm() -> None:
    ours, where = grams(line(60, 62, 64, 65, 67, 69))
    assert where.tolist() == [0, 0, 0]
    assert grams(line(65, 67, 69, 70, 72, 74))[0].tolist() == ours.tolist()
    assert not set(grams(line(60, 62, 64, 65, 67, 69, every=3))[0]) & set(ours.tolist())


def test_a_rest_between_notes_is_another_step_than_a_hold() -> None:
    held, rested = line(60, 62), line(60, 62)
    rested[0, 3] = REST
    assert steps(held)[0].tolist() != steps(rested)[0].tolist()


@pytest.mark.parametrize("notes", [0, 1, 3])
def test_too_few_notes_have_no_figure(notes: int) -> None:
    assert len(grams(line(*[60 + at for at in range(notes)], *[REST]))[0]) == 0
    assert STEPS == 3


def test_rare_figures_weigh_more_and_every_row_that_has_one_is_given() -> None:
    names = np.array([7, 7, 7, 9, 11])
    index = GramIndex.of(names, np.array([0, 1, 2, 2, 0]), np.array([0, 1, 2, 2, 0]), 3)
    rows, weights = index.scores(np.array([7, 9, 13]))
    assert rows.tolist() == [0, 1, 2]
    assert weights[2] > weights[0] == weights[1] >= 0
    assert len(index.scores(np.array([5]))[0]) == 0


@settings(max_examples=100)
@given(st.lists(st.integers(0, 3), max_size=12), st.lists(st.integers(0, 3), max_size=12))
def test_the_longest_run_is_the_longest(ours: list[int], theirs: list[int]) -> None:
    length, mine, other = longest_run(np.array(ours, np.int64), np.array(theirs, np.int64))
    assert ours[mine : mine + length] == theirs[other : other + length]
    expected = max(
        (
            size
            for at in range(len(ours))
            for size in range(len(ours) - at + 1)
            if any(
                theirs[there : there + size] == ours[at : at + size]
                for there in range(len(theirs) - size + 1)
            )
        ),
        default=0,
    )
    assert length == expected


def test_among_several_lines_no_stretch_goes_from_one_to_the_next() -> None:
    ours = steps(line(60, 62, 64, 65, 67, 69, 71, 72))[0]
    first, second = line(62, 64, 66, 67), line(69, 71, 73, 74)
    lines = np.stack([first, second, np.zeros_like(first)])
    assert longest_among(ours, lines) == 3
    assert longest_among(ours, line(62, 64, 66, 67, 69, 71, 73, 74)[None]) == 7
    assert longest_among(ours, np.zeros((2, 1, 24), np.uint8)) == 0
    assert longest_among(ours[:0], lines) == 0


@settings(max_examples=60)
@given(
    st.lists(st.lists(st.integers(60, 62), max_size=12), max_size=4),
    st.lists(st.integers(60, 62), min_size=2, max_size=12),
    st.integers(1, 6),
)
def test_a_stretch_that_stands_in_a_line_is_never_overlooked(
    lines: list[list[int]], query: list[int], length: int
) -> None:
    stretches = Stretches([line(*each) for each in lines])
    ours = steps(line(*query))[0]
    longest = max((longest_run(ours, steps(line(*each))[0])[0] for each in lines), default=0)
    if longest >= length:
        assert stretches.may_hold(ours, length)


def test_a_stretch_that_stands_in_no_line_is_known_not_to() -> None:
    stretches = Stretches([line(60, 62, 64, 65), line(60, 61, 60, 61, 60)])
    assert stretches.may_hold(steps(line(67, 69, 71, 72))[0], 3)
    assert not stretches.may_hold(steps(line(67, 69, 71, 72, 74))[0], 4)
    assert not stretches.may_hold(steps(line(60, 64, 67))[0], 1)
    assert not Stretches([]).may_hold(steps(line(60, 62))[0], 1)
