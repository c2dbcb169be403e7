"""Training: seeded, and the same run whether it was killed or not."""

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
import torch

from engine.corpus.table import Corpus
from engine.errors import BadModel, CannotWrite, OutOfRange, UnknownName
from engine.latent.shape import Shape
from engine.latent.training import run_folder
from engine.latent.training.augment import augment
from engine.latent.training.regulariser import correlation, edits, sign_loss
from engine.latent.training.run_folder import CHECKPOINT, METRICS
from engine.latent.training.train import Trainer, VaeProgress, train
from engine.latent.training_recipe import ARMONICA, PUBLISHED, recipe
from engine.latent.weights import load
from tests.support.small_vae import random_measures

SMALL = Shape(width=16, encoder_blocks=1, decoder_blocks=1)


def corpus() -> Corpus:
    """Return a corpus of made-up measures: 300 to learn from, 20 to validate on."""
    rows = random_measures(320).astype(np.uint8)
    found = SimpleNamespace(
        tokens=rows,
        digest="made up",
        training=lambda: np.arange(300),
        validation=lambda: np.arange(300, 320),
    )
    return cast(Corpus, found)


def weights(trainer: Trainer) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in trainer.network.parameters()])


def test_a_killed_run_goes_on_as_if_it_had_not_been(tmp_path: Path) -> None:
    whole = Trainer(tmp_path / "whole", corpus(), ARMONICA, SMALL, 3, 12)
    for _ in range(12):
        whole.step()
    first = Trainer(tmp_path / "cut", corpus(), ARMONICA, SMALL, 3, 12)
    for _ in range(5):
        first.step()
    first.save()
    second = Trainer(tmp_path / "cut", corpus(), ARMONICA, SMALL, 3, 12)
    assert second.resume()
    assert second.at == 5
    while not second.done:
        second.step()
    assert torch.equal(weights(whole), weights(second))


def test_a_seed_is_a_run(tmp_path: Path) -> None:
    def run(seed: int) -> torch.Tensor:
        trainer = Trainer(tmp_path, corpus(), PUBLISHED, SMALL, seed, 4)
        for _ in range(4):
            trainer.step()
        return weights(trainer)

    assert torch.equal(run(0), run(0))
    assert not torch.equal(run(0), run(1))


def test_training_leaves_a_model_metrics_and_a_card(tmp_path: Path) -> None:
    seen: list[VaeProgress] = []
    folder = train(
        tmp_path,
        corpus(),
        ARMONICA,
        seed=1,
        steps=25,
        command="the command",
        shape=SMALL,
        on_progress=seen.append,
    )
    model = load(folder)
    assert len(model.spec.dimensions) == 32
    assert seen[-1].step == 25
    assert seen[-1].left == 0
    assert '"exact"' in (tmp_path / METRICS).read_text()
    assert '"the command"' in (folder / "card.json").read_text()


def test_another_runs_checkpoint_is_refused(tmp_path: Path) -> None:
    Trainer(tmp_path, corpus(), ARMONICA, SMALL, 0, 4).save()
    with pytest.raises(BadModel, match="another run"):
        Trainer(tmp_path, corpus(), ARMONICA, SMALL, 1, 4).resume()


def test_a_damaged_checkpoint_is_refused(tmp_path: Path) -> None:
    (tmp_path / CHECKPOINT).write_bytes(b"no checkpoint")
    with pytest.raises(BadModel, match="Delete it"):
        Trainer(tmp_path, corpus(), ARMONICA, SMALL, 0, 4).resume()


def test_a_checkpoint_that_holds_something_else_is_refused(tmp_path: Path) -> None:
    torch.save({"something": 1}, tmp_path / CHECKPOINT)
    with pytest.raises(BadModel, match="Delete it"):
        Trainer(tmp_path, corpus(), ARMONICA, SMALL, 0, 4).resume()


def test_a_place_that_cannot_be_written_is_refused_before_the_first_step(tmp_path: Path) -> None:
    reported: list[VaeProgress] = []
    (tmp_path / "file").touch()
    for place in (tmp_path / "file", tmp_path / "file" / "run"):
        with pytest.raises(CannotWrite):
            train(place, corpus(), ARMONICA, seed=0, steps=1, on_progress=reported.append)
    assert not reported


def test_a_disk_that_fills_up_is_told_and_leaves_the_last_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = Trainer(tmp_path, corpus(), ARMONICA, SMALL, 0, 4)
    trainer.save()
    before = (tmp_path / CHECKPOINT).read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    trainer.step()
    with pytest.raises(CannotWrite, match="No space left"):
        trainer.save()
    assert (tmp_path / CHECKPOINT).read_bytes() == before
    (tmp_path / METRICS).mkdir()
    with pytest.raises(CannotWrite, match="metrics"):
        run_folder.note(tmp_path, {})


def test_a_run_of_no_steps_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OutOfRange):
        Trainer(tmp_path, corpus(), ARMONICA, SMALL, 0, 0)


def test_an_unknown_recipe_names_the_nearest() -> None:
    with pytest.raises(UnknownName, match="published"):
        recipe("publishd")


def test_the_sign_loss_is_nothing_where_codes_are_ordered_and_far() -> None:
    values = torch.tensor([[0.0], [1.0], [2.0]])
    assert sign_loss(values * 10, values) == pytest.approx(0, abs=1e-6)
    assert sign_loss(-values * 10, values) == pytest.approx(4 / 3, abs=1e-3)


def test_the_correlation_sees_a_copied_attribute() -> None:
    torch.manual_seed(0)
    named, free = torch.randn(500, 4), torch.randn(500, 6)
    assert correlation(named, free) < 0.2
    free[:, 2] = -3 * named[:, 1]
    assert correlation(named, free) > 0.9


def test_edits_move_what_they_ask_for_and_exempt_what_must_follow() -> None:
    torch.manual_seed(0)
    codes = torch.randn(400, 31)
    drawn = edits(codes)
    assert torch.equal(drawn.codes[:, :4], drawn.targets)
    assert drawn.targets.abs().max() <= max(3.0, float(codes.abs().max()))
    moved = drawn.weights == 1.0
    assert moved.any(dim=1).all()
    exempt = drawn.weights == 0.0
    assert exempt.any()
    assert not exempt[:, [1, 3]].any()


def test_augmented_measures_start_at_their_lowest_pitch() -> None:
    rows = augment(random_measures(200), np.random.default_rng(0), splice=0.6, change=0.5)
    sounding = np.where(rows > 1, rows, 99)
    assert (sounding.min(axis=1)[(rows > 1).any(axis=1)] == 2).all()
