"""What ships for steering belongs together, and is small."""

from __future__ import annotations

import pytest

from engine import locations
from engine.steering.musicgen.model import AudioModel, open_model
from engine.steering.probes.store import SHIPPED, find, shelf
from engine.steering.spec import PARTS
from engine.steering.tagger import load_tagger
from engine.steering.training.probe_examples import TRAITS

MOST = 60_000_000


@pytest.fixture(scope="module")
def model() -> AudioModel:
    return open_model("tiny", device="cpu", threads=1)


def test_the_model_that_ships_is_small_and_is_opened_by_its_name(model: AudioModel) -> None:
    there = [path for path in locations.TINY_MUSICGEN.iterdir() if path.is_file()]
    assert sum(path.stat().st_size for path in there) <= MOST
    assert (model.spec.sample_rate, model.spec.frame_rate) == (16_000, 25.0)
    load_tagger(locations.TINY_MUSICGEN)


def test_every_trait_has_a_probe_of_this_model_that_beats_chance(model: AudioModel) -> None:
    shelved = shelf([SHIPPED])
    assert shelved.faults == ()
    cards = {each.card.name: each.card for each in shelved.of(model.spec)}
    assert sorted(cards) == sorted(TRAITS)
    for name, card in cards.items():
        assert find(name, model.spec, shelved).card == card
        assert card.low > 0.5
        assert abs(card.shuffled - 0.5) < 0.05
    # What is in the sound itself is known better than what is in the tune.
    assert all(cards[part].accuracy > 0.75 for part in PARTS)
