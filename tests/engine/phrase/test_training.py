"""Training of the phrase model: the same run whether it was killed or not, and the best kept."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.corpus.table import Corpus
from engine.errors import BadModel, OutOfRange
from engine.latent.training.run_folder import CHECKPOINT, METRICS
from engine.phrase import book_tunes
from engine.phrase.events import PITCHES, SILENT
from engine.phrase.model import load
from engine.phrase.training import examples
from engine.phrase.training import train as training
from engine.phrase.training.examples import batches, collate, example, lessons
from engine.phrase.training.train import MODEL, PhraseTrainer, train
from tests.support import small_phrase


@pytest.fixture(autouse=True)
def few_tunes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Learn from 32 tunes and validate on 8: some in pairs of 2/4, some jigs."""
    torch.set_num_threads(1)
    few = {"train": small_phrase.tunes("validation")[::6], "validation": small_phrase.tunes()[:8]}
    monkeypatch.setattr(examples, "LONGEST", 6)
    monkeypatch.setattr(training, "tunes_of", lambda _, split: few[split])


@cache
def corpora() -> tuple[Corpus, Corpus]:
    return book_tunes.tables()


def trainer(folder: Path, steps: int = 6) -> PhraseTrainer:
    return PhraseTrainer(folder, corpora(), small_phrase.SHAPE, 3, steps)


def same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(a[name], b[name]) for name in a)


def test_a_killed_run_goes_on_as_if_it_had_not_been(tmp_path: Path) -> None:
    whole = trainer(tmp_path / "whole")
    for _ in range(6):
        whole.step()
    first = trainer(tmp_path / "cut")
    assert not first.resume()
    for _ in range(3):
        first.step()
    first.save()
    second = trainer(tmp_path / "cut")
    assert second.resume()
    assert second.at == 3
    while not second.done:
        second.step()
    assert same(whole.averaged, second.averaged)
    with pytest.raises(BadModel, match="another run"):
        trainer(tmp_path / "cut", steps=7).resume()
    (tmp_path / "cut" / CHECKPOINT).write_bytes(b"no")
    with pytest.raises(BadModel, match="cannot be read as a checkpoint"):
        trainer(tmp_path / "cut").resume()


def test_the_best_checkpoint_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "MEASURE_EVERY", 2)
    found = iter([30.0, 20.0, 25.0])
    quantiles = np.linspace(0, 1, 101)
    monkeypatch.setattr(
        PhraseTrainer,
        "validate",
        lambda _: training.Validated(next(found), 1.0, quantiles),
    )
    folder = train(
        tmp_path, corpora(), seed=0, steps=6, command="train it", shape=small_phrase.SHAPE
    )
    card: dict[str, Any] = json.loads((folder / "card.json").read_text())
    assert (card["step"], card["validation"]["bits"]) == (4, 20.0)
    assert card["command"] == "train it"
    assert load(folder).quantiles[-1] == 1
    lines = [json.loads(line) for line in (tmp_path / METRICS).read_text().splitlines()]
    assert [line["bits"] for line in lines] == [30.0, 20.0, 25.0]
    assert folder == tmp_path / MODEL


def test_bits_fall(tmp_path: Path) -> None:
    run = trainer(tmp_path, steps=120)
    before = run.validate().bits
    while not run.done:
        run.step()
    assert run.validate().bits < before - 15


def test_examples_are_the_tune_in_some_order() -> None:
    random = np.random.default_rng(0)
    found = lessons(small_phrase.tunes()[:30], small_phrase.scores())
    batch = collate([example(each, random) for each in found for _ in range(8)])
    pitch, after = batch["pitch"], batch["next_pitch"]
    heard = batch["valid"][:, 1:] & (after[:, :-1] >= 0)
    # Each event is what was to be said one step before.
    assert torch.equal(pitch[:, 1:][heard], after[:, :-1][heard])
    assert bool(((pitch[:, 1:][heard] < PITCHES) | (pitch[:, 1:][heard] == SILENT)).all())
    alone = batch["block"].max(dim=1).values > 0
    assert 0 < int(alone.sum()) < 60
    # What is asked for is shown or to be told, and never both.
    shown = batch["asked"][..., 5:] > 0
    assert not bool((shown & batch["goals"].isfinite()).any())
    assert bool(shown.any())
    halves = batch["metre"] == 1
    assert bool(halves.any())
    assert int(batch["tick"][halves & (pitch < PITCHES)].max()) < 12


def test_a_turn_shows_every_tune_once() -> None:
    found = lessons(small_phrase.tunes()[:30], small_phrase.scores())
    order = [at for chunk in batches(found, 7, np.random.default_rng(0)) for at in chunk]
    assert sorted(order) == list(range(30))


def test_a_training_has_a_step(tmp_path: Path) -> None:
    with pytest.raises(OutOfRange, match="at least one step"):
        trainer(tmp_path, steps=0)
