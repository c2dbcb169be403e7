"""The table of what a turn of a gauge leaves, on a few measures."""

import pytest

from engine import locations
from engine.corpus.table import read
from engine.errors import OutOfRange
from engine.latent.evaluation import switches
from engine.latent.evaluation.edits import evaluate, made_up, table
from engine.latent.weights import load


def test_music_of_other_kinds_is_made_from_a_seed_and_differs_from_kind_to_kind() -> None:
    found = made_up(0, 4)
    assert set(found) == {"pop", "latin", "riff", "jazz", "arpeggio"}
    assert found == made_up(0, 4)
    assert found != made_up(1, 4)
    assert all(len(measure.pitches) >= 4 for kind in found.values() for measure in kind)
    # Jazz is in triplets, which straight kinds have none of.
    assert any(measure.tokens[2] > 1 or measure.tokens[4] > 1 for measure in found["jazz"])
    assert not any(measure.tokens[2] > 1 for measure in found["pop"])


def test_the_table_says_what_is_kept_and_what_is_reached() -> None:
    corpus, model = read(locations.CORPUS), load(locations.MEASURE_VAE)
    found = evaluate(model, corpus, bases=1, seed=0)
    for judged in found["kinds"].values():
        whole = judged["turns"]["1"]
        assert whole["edited"]["kept"] > whole["decoded"]["kept"]
        assert whole["edited"]["reached"] > 0.7
    assert table(found).count("| 0.5 |") == 2
    with pytest.raises(OutOfRange):
        evaluate(model, corpus, bases=100_000, seed=0)


def test_what_switches_cost_is_told_of_each() -> None:
    corpus, model = read(locations.CORPUS), load(locations.MEASURE_VAE)
    found = switches.evaluate(model, corpus, bases=2, seed=0)
    ways = found["ways"]
    for way, share in (("stay in the key", "in_key"), ("both", "in_key"), ("both", "chord_tones")):
        assert ways[way][share] == 1 >= ways["neither"][share]
    assert ways["neither"]["chord_tones"] < 0.9
    assert all(min(row["spearman"]) > 0.9 for row in ways.values())
    assert switches.table(found).count("\n| ") == 1 + len(ways)
    with pytest.raises(OutOfRange):
        switches.evaluate(model, corpus, bases=0, seed=0)
