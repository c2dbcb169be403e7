"""Every latent model of measures keeps to `LatentModel`: the one that ships, and the tests' own."""

from __future__ import annotations

import pytest

from engine import locations
from engine.latent.spec import LatentModel
from engine.latent.weights import load
from engine.music.attributes import ATTRIBUTES, attributes
from engine.music.measure import SILENCE, Measure
from tests.support.fakes import FakeModel

SCALE = Measure.from_tokens([token for pitch in (60, 62, 64, 65) for token in (pitch, *[0] * 5)])
LEAPS = Measure.from_tokens([60, *[0] * 11, 72, *[0] * 5, 60, *[0] * 5])


@pytest.fixture(scope="module", params=["shipped", "fake"])
def model(request: pytest.FixtureRequest) -> LatentModel:
    return load(locations.MEASURE_VAE) if request.param == "shipped" else FakeModel()


def test_the_first_dimensions_carry_the_attributes_and_names_are_unique(model: LatentModel) -> None:
    spec = model.spec
    assert [each.attribute for each in spec.dimensions[:4]] == list(ATTRIBUTES)
    assert len(set(spec.names)) == len(spec.dimensions)
    assert [each.index for each in spec.dimensions] == list(range(len(spec.dimensions)))
    assert spec.digest
    for each in spec.dimensions[:4]:
        values = [each.target(value) or 0.0 for value in (-3.0, -1.0, 0.0, 1.0, 3.0)]
        assert values == sorted(values)


def test_a_code_has_a_number_for_each_dimension_whatever_lies_beside_it(model: LatentModel) -> None:
    codes = model.encode([SCALE, LEAPS, SILENCE])
    assert {len(code) for code in codes} == {len(model.spec.dimensions)}
    # In a batch the last bits of a code differ; what is kept is rounded to four decimals.
    assert model.encode([LEAPS])[0] == pytest.approx(codes[1], abs=1e-5)
    assert model.encode([]) == []


def test_the_same_code_gives_the_same_measure_whatever_lies_beside_it(model: LatentModel) -> None:
    codes = model.encode([SCALE, LEAPS])
    measures = model.decode(codes)
    assert model.decode(codes[1:]) == measures[1:]
    assert model.decode(codes) == measures
    assert model.decode([]) == []


def test_attributes_are_those_of_the_plainly_decoded_measure(model: LatentModel) -> None:
    codes = model.encode([SCALE, LEAPS])
    plain = model.decode(codes, candidates=1)
    for found, measure in zip(model.attributes(codes), plain, strict=True):
        assert found == pytest.approx(tuple(attributes(measure).values()))


def test_more_density_is_more_notes(model: LatentModel) -> None:
    density = [each.attribute for each in model.spec.dimensions].index(ATTRIBUTES[2])
    code = list(model.spec.origin)
    counts = []
    for value in (-2.0, 0.0, 2.0):
        code[density] = value
        counts.append(len(model.decode([tuple(code)], moved=[density])[0].notes))
    assert counts[0] < counts[1] < counts[2]


def test_a_map_has_a_count_for_each_cell(model: LatentModel) -> None:
    rows = model.occupancy(2, 1, 9, 5)
    assert [len(row) for row in rows] == [9] * 5
    assert min(min(row) for row in rows) >= 0
    assert rows[2][4] > rows[0][0]
