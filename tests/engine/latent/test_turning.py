"""A gauge turned on a measure that is there: what stays, what is asked for, what is locked."""

import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine import locations
from engine.latent.measure_edits import edited
from engine.latent.model import TrainedVAE
from engine.latent.plausibility import beat_patterns, in_key
from engine.latent.tokens import measured
from engine.latent.turning import Aim, reach
from engine.latent.weights import load
from engine.music.asked_tones import AskedTones
from engine.music.attributes import attributes
from engine.music.locks import NOTHING, kept
from engine.music.measure import HIGHEST, HOLD, LOWEST, REST, Measure
from engine.music.slot import Origin, Slot
from tests.support.measures import measure
from tests.support.small_vae import random_measures

TUNE = Origin("corpus", "The Tune")
RIFF = Measure.from_tokens(
    (60, 0, 0, 0, 0, 60, 0, 63, 0, 60, 0, 0, 1, 66, 0, 0, 0, 60, 0, 0, 0, 1, 0, 72)
)
"""Of no jig or reel: the model does not give it back."""

TOKENS = st.sampled_from((HOLD, HOLD, HOLD, HOLD, REST, 57, 60, 63, 66, 70, 81))
MEASURES = st.lists(TOKENS, min_size=24, max_size=24).map(Measure.from_tokens)


@pytest.fixture(scope="module")
def vae() -> TrainedVAE:
    return load(locations.MEASURE_VAE)


def brought(vae: TrainedVAE, played: Measure, locked: frozenset[int] = frozenset()) -> Slot:
    (code,) = vae.encode([played])
    return Slot(played, code, code, TUNE, False, played, locked_notes=locked)


def turned_to(slot: Slot, dimension: int, by: float) -> tuple[float, ...]:
    assert slot.latent is not None
    to = slot.latent[dimension] + by
    return (*slot.latent[:dimension], to, *slot.latent[dimension + 1 :])


def notes(played: Measure) -> set[tuple[int, int]]:
    return {(tick, token) for tick, token in enumerate(played.tokens) if token > REST}


def test_what_is_counted_note_by_note_is_what_is_counted_of_measures(vae: TrainedVAE) -> None:
    rows = np.concatenate([random_measures(50, 3), [[REST, *[HOLD] * 23]]])
    aim = Aim(vae.codec, np.zeros(4), np.ones(4), rows[0])
    score = np.abs(reach(vae.codec, measured(rows))).sum(axis=1)
    odd = (vae.codec.surprise[beat_patterns(rows)] - 4.0).clip(min=0).sum(axis=1)
    whole = score + 0.6 * (rows != rows[0]).mean(axis=1) + 0.25 * odd + 0.5 * (1 - in_key(rows))
    assert aim.cost(rows) == pytest.approx(whole)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(played=MEASURES)
def test_an_edit_is_a_measure_that_differs_in_one_note(played: Measure) -> None:
    start = np.array([played.tokens])
    for row in edited(start):
        made = Measure.from_tokens(row)
        assert all(t <= REST or LOWEST <= t <= HIGHEST for t in made.tokens)
        assert 1 <= np.count_nonzero(row != start[0]) <= 2
        assert abs(len(made.pitches) - len(played.pitches)) <= 1
        # What lies before is not made to go on where it did not.
        assert row[0] != HOLD or played.tokens[0] == HOLD


@pytest.mark.parametrize("dimension", range(4))
@pytest.mark.parametrize("played", [RIFF, measure("CDEFGFED"), measure("CCCC")])
def test_a_small_turn_changes_little_and_a_large_one_does_what_it_says(
    vae: TrainedVAE, played: Measure, dimension: int
) -> None:
    slot = brought(vae, played)
    for by in (-0.05, 0.05, 0.1):
        small = vae.turned(slot, turned_to(slot, dimension, by))
        # What a tick costs is 0.6 / 24, and no more is paid than is gained.
        assert _differ(small, played) <= math.floor(abs(by) * 24 / 0.6 + 1e-6)
    before = attributes(played)
    if slot.latent is not None and slot.latent[dimension] < 1.5:
        after = attributes(vae.turned(slot, turned_to(slot, dimension, 1.5)))
        name = vae.spec.dimensions[dimension].name
        assert after[name] > before[name]
        assert notes(played) & notes(vae.turned(slot, turned_to(slot, dimension, 0.5)))


def _differ(one: Measure, other: Measure) -> int:
    return sum(a != b for a, b in zip(one.tokens, other.tokens, strict=True))


def test_a_measure_that_is_not_given_back_is_not_thrown_away(vae: TrainedVAE) -> None:
    slot = brought(vae, RIFF)
    code = turned_to(slot, 2, 0.4)
    assert len(notes(RIFF) & notes(vae.decode([code], moved=(2,))[0])) <= 3
    assert len(notes(RIFF) & notes(vae.turned(slot, code))) >= len(notes(RIFF)) - 1


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(played=MEASURES, data=st.data())
def test_a_locked_note_is_in_whatever_gauges_make(
    vae: TrainedVAE, played: Measure, data: st.DataObject
) -> None:
    starts = sorted(tick for tick, _ in notes(played))
    locked = frozenset(data.draw(st.sets(st.sampled_from(starts)))) if starts else frozenset()
    slot = brought(vae, played, locked)
    code = turned_to(
        slot, data.draw(st.integers(0, 31)), data.draw(st.floats(-3, 3, allow_nan=False))
    )
    keeps = kept((slot,), 0)
    made = vae.turned(slot, code, keeps)
    assert keeps.of(made) == made
    assert {(n.onset, n.duration, n.pitch) for n in played.notes if
            played.grid.nearest(n.onset) in locked} <= {
                (n.onset, n.duration, n.pitch) for n in made.notes}  # fmt: skip
    assert vae.turned(slot, code, keeps) == made


def test_the_register_transposes_and_a_free_gauge_changes_what_the_model_would(
    vae: TrainedVAE,
) -> None:
    slot = brought(vae, RIFF)
    higher = vae.turned(slot, turned_to(slot, 4, 3 / vae.codec.spread))
    assert higher == RIFF.transposed(3)
    made = [vae.turned(slot, turned_to(slot, at, 2.5)) for at in range(5, 32)]
    assert any(each != RIFF for each in made)


C_MAJOR_TONES = frozenset((0, 2, 4, 5, 7, 9, 11))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(played=MEASURES, data=st.data())
def test_a_turn_stays_in_the_key_where_that_is_asked_and_leaves_what_is_locked(
    vae: TrainedVAE, played: Measure, data: st.DataObject
) -> None:
    starts = sorted(tick for tick, _ in notes(played))
    locked = frozenset(data.draw(st.sets(st.sampled_from(starts)))) if starts else frozenset()
    slot = brought(vae, played, locked)
    code = turned_to(slot, data.draw(st.integers(0, 3)), data.draw(st.floats(-2, 2)))
    tones = AskedTones((C_MAJOR_TONES,) * 24, ((0, frozenset((0, 4, 7))),))
    keeps = kept((slot,), 0)
    made = vae.turned(slot, code, keeps, tones)
    assert keeps.of(made) == made
    if code != slot.latent:
        for tick, token in notes(made):
            assert tick in locked or tones.allows(tick, token)
    assert vae.turned(slot, code, keeps, tones) == made


def test_a_measure_that_is_as_asked_is_turned_as_it_was(vae: TrainedVAE) -> None:
    slot = brought(vae, measure("CDEFGFED"))
    tones = AskedTones((frozenset(range(12)),) * 24)
    for dimension in range(4):
        code = turned_to(slot, dimension, 0.5)
        assert vae.turned(slot, code, tones=tones) == vae.turned(slot, code)
    assert vae.fitted(slot.measure, NOTHING, tones) == slot.measure
    asked = AskedTones((C_MAJOR_TONES,) * 24)
    made = vae.fitted(RIFF, NOTHING, asked)
    assert all(asked.allows(*each) for each in notes(made))
    # It is changed where it has to be: E flat and F sharp, twice a note each.
    assert len(notes(made) & notes(RIFF)) >= len(notes(RIFF)) - 3
