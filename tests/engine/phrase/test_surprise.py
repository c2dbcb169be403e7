"""Surprise: parts that add up, what is named, and what is not said anything about."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.music.grid import GRIDS, Grid
from engine.music.measure import HOLD, REST, Measure, silence
from engine.music.scales import Key, key_of
from engine.phrase.context import first_index, readable, stretches
from engine.phrase.events import base, events
from engine.phrase.model import PhraseModel, Reading, shipped
from engine.phrase.sequences import About, Seen, steps
from engine.phrase.surprise import PARTS, surprise
from engine.phrase.words import compared, pitch_name, reason, repeated, words
from tests.support import small_phrase

G_MAJOR = key_of("G major")
PITCHES = {"D": 62, "F": 66, "G": 67, "x": 68, "A": 69, "B": 71, "c": 72, "d": 74, ".": 0}


def measure(text: str, grid: Grid = GRIDS["4/4"]) -> Measure:
    """Return a measure in G major, a letter a beat; ``x`` is the A flat that is wrong in it."""
    return small_phrase.measure([PITCHES[letter] for letter in text], grid)


TUNE = [measure(text) for text in ("GABc", "dBGB", "cABG", "AGFD", "GABc", "dBGB", "cAFA", "G.G.")]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> PhraseModel:
    return small_phrase.model(tmp_path_factory.mktemp("model"))


def by_hand(model: PhraseModel, measures: list[Measure], key: Key) -> list[float]:
    """Return the bits of each measure after those before it, by the probabilities themselves."""
    low = base(key)
    found = steps(
        About.of(key, measures[0].grid),
        [Seen(at, events(each, low)) for at, each in enumerate(measures)],
    )
    reading = Reading(model)
    ticks = reading.read(found)
    pitches = reading.pitches(np.maximum(found.next_tick, 0))
    bits: list[float] = []
    for at in range(1, len(found)):
        if found.count[at] == 0:
            bits.append(0.0)
        bits[-1] -= float(ticks[at, found.next_tick[at]]) / np.log(2)
        if found.next_pitch[at] >= 0:
            bits[-1] -= float(pitches[at, found.next_pitch[at]]) / np.log(2)
    return bits


def test_the_parts_add_up_to_the_improbability_of_the_measure(small: PhraseModel) -> None:
    found = surprise(small, TUNE, G_MAJOR)
    expected = by_hand(small, TUNE, G_MAJOR)
    for each, bits in zip(found, expected, strict=True):
        assert each is not None
        assert each.bits == pytest.approx(bits, abs=1e-3)
        assert sum(each.parts) == pytest.approx(each.bits, abs=1e-9)
        assert all(part >= -1e-6 for part in each.parts)
        assert len(each.parts) == len(PARTS)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.lists(st.sampled_from([HOLD, REST, 55, 60, 66, 67, 71, 84]), min_size=12, max_size=12),
        min_size=1,
        max_size=5,
    ),
    st.integers(0, 11),
)
def test_any_measures_have_bits(rows: list[list[int]], tonic: int) -> None:
    model = _kept_model()
    measures = [Measure.from_tokens(row, GRIDS["6/8"]) for row in rows]
    for each, there in zip(surprise(model, measures, Key(tonic)), measures, strict=True):
        assert (each is None) == there.silent
        if each is not None:
            assert np.isfinite(each.bits)
            assert 0 <= each.percentile <= 100
            pitches = [event.pitch for event in each.events if event.pitch is not None]
            assert pitches == list(there.pitches)


def _kept_model() -> PhraseModel:
    return shipped()


def test_a_note_made_wrong_is_named_with_its_bits() -> None:
    model = shipped()
    spoilt = [*TUNE[:5], measure("dxGB"), *TUNE[6:]]
    assert spoilt[5].pitches[1] == 68
    before, after = (surprise(model, each, G_MAJOR)[5] for each in (TUNE, spoilt))
    assert before is not None
    assert after is not None
    assert after.bits > before.bits + 5
    worst = max(after.events, key=lambda event: event.bits)
    assert worst.pitch == 68
    said = words(after, G_MAJOR)
    assert any(text.startswith("A flat on beat 2 leaves G major (") for text in said)
    assert "leaves G major" in reason(worst, after.grid, G_MAJOR)
    assert after.percentile > before.percentile


def test_only_what_is_wanted_is_looked_at_and_comes_out_the_same(small: PhraseModel) -> None:
    long = TUNE * 6
    whole = surprise(small, long, G_MAJOR)
    part = surprise(small, long, G_MAJOR, range(20, 23))
    assert [at for at, each in enumerate(part) if each is not None] == [20, 21, 22]
    for at in (20, 21, 22):
        here, there = part[at], whole[at]
        assert here is not None
        assert there is not None
        # The one was read after 16 measures, the other after up to 31.
        assert len(here.events) == len(there.events)


def test_songs_longer_than_the_model_counts_keep_their_place_in_the_phrase() -> None:
    assert first_index(10) == 0
    for last in (56, 63, 64, 200, 9_999):
        assert first_index(last) % 8 == 0
        assert 0 <= last - first_index(last) < 64
    found = surprise(shipped(), TUNE * 20, G_MAJOR)
    bits = [each.bits for each in found if each is not None]
    assert len(bits) == 160
    # It is the same eight measures over and over, and that is heard there as well.
    assert sum(bits[80:]) / 80 < sum(bits[24:48]) / 24 + 1
    assert sum(bits[80:]) / 80 < sum(bits[:8]) / 8 - 1


def test_what_no_tune_book_has_is_left_out(small: PhraseModel) -> None:
    five = measure("GABcd", GRIDS["5/4"])
    fine = Measure.from_tokens((67, 69, *[HOLD] * 46), GRIDS["4/4 fine"])
    eighths = Measure.from_tokens((67, *[HOLD] * 5, 69, *[HOLD] * 41), GRIDS["4/4 fine"])
    row = [five, silence(GRIDS["4/4"]), TUNE[0], fine, eighths, TUNE[1]]
    found = surprise(small, row, G_MAJOR)
    assert [each is not None for each in found] == [False, False, True, False, True, True]
    assert readable(eighths) == Measure.from_tokens((67, 0, 0, 69, *[0] * 20))
    assert stretches([None, TUNE[0], None, measure("GAB", GRIDS["3/4"])]) == [
        range(3), range(3, 4),
    ]  # fmt: skip


def test_words() -> None:
    assert pitch_name(68, G_MAJOR) == "A flat"
    assert pitch_name(66, G_MAJOR) == "F sharp"
    assert pitch_name(61, G_MAJOR) == "C sharp"
    assert pitch_name(70, key_of("F major")) == "B flat"
    assert pitch_name(63, key_of("C minor")) == "E flat"
    assert pitch_name(61, key_of("B minor")) == "C sharp"
    assert compared(97.4) == "more unusual than 97 % of printed measures"
    assert compared(100.0) == "more unusual than 99 % of printed measures"
    assert repeated(TUNE, 4) == 0
    assert repeated(TUNE, 2) is None


def test_a_silent_song_has_no_surprise(small: PhraseModel) -> None:
    assert surprise(small, [silence(GRIDS["4/4"])] * 3, G_MAJOR) == (None, None, None)
    assert surprise(small, [], G_MAJOR) == ()


def test_the_model_that_ships_is_whole() -> None:
    model = shipped()
    assert list(model.quantiles) == sorted(model.quantiles)
    assert set(model.scores.tables) == {"4/4", "3/4", "6/8", "9/8"}
