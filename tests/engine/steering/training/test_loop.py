"""Trainings: a run that was killed ends as one that was not, and no run takes up another's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import BadModel, CannotWrite, OutOfRange
from engine.latent.training.run_folder import CHECKPOINT, METRICS
from engine.steering.training.loop import TrainingProgress, run


class Killed(BaseException):
    """Stands for the end of the process."""


class Doubling:
    """Learns one number, by steps that depend on where it stands."""

    def __init__(self) -> None:
        self.value = torch.ones(1, dtype=torch.float64)
        self.killed_at = -1

    def step(self, at: int, steps: int) -> dict[str, float]:
        if at == self.killed_at:
            raise Killed
        self.value = self.value * 1.01 + at / steps
        return {"loss": float(self.value)}

    def state(self) -> dict[str, Any]:
        return {"value": self.value}

    def load(self, state: dict[str, Any]) -> None:
        self.value = state["value"]

    def validate(self) -> dict[str, float]:
        if self.killed_at == -2:
            raise Killed
        return {"held out": float(self.value)}

    def export(self, folder: Path, card: dict[str, Any]) -> None:
        folder.mkdir(exist_ok=True)
        (folder / "card.json").write_text(json.dumps(card))


def test_a_run_writes_its_figures_and_exports_what_it_learned(tmp_path: Path) -> None:
    reported: list[TrainingProgress] = []
    model = run(
        Doubling(), tmp_path, 25, {"seed": 1}, save_every=5, measure_every=10,
        on_progress=reported.append,
    )  # fmt: skip
    lines = [json.loads(line) for line in (tmp_path / METRICS).read_text().splitlines()]
    assert [line["step"] for line in lines] == [10, 20, 25]
    card = json.loads((model / "card.json").read_text())
    assert (card["seed"], card["steps"], card["measured"]) == (1, 25, lines[-1])
    assert [(each.step, each.steps) for each in reported] == [(10, 25), (20, 25), (25, 25)]
    assert all(each.rate > 0 for each in reported)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(killed=st.lists(st.integers(0, 29), max_size=4), every=st.integers(1, 12))
def test_wherever_it_is_killed_it_ends_the_same(
    tmp_path_factory: pytest.TempPathFactory, killed: list[int], every: int
) -> None:
    folder = tmp_path_factory.mktemp("run")
    for at in killed:
        learner = Doubling()
        learner.killed_at = at
        try:
            run(learner, folder, 30, {}, save_every=every)
        except Killed:
            continue
    last, whole = Doubling(), Doubling()
    run(last, folder, 30, {}, save_every=every)
    run(whole, tmp_path_factory.mktemp("whole"), 30, {})
    assert torch.equal(last.value, whole.value)


def test_a_run_that_is_done_has_been_exported(tmp_path: Path) -> None:
    learner = Doubling()
    learner.killed_at = -2
    with pytest.raises(Killed):
        run(learner, tmp_path, 10, {})
    model = run(Doubling(), tmp_path, 10, {})
    assert json.loads((model / "card.json").read_text())["steps"] == 10
    assert run(Doubling(), tmp_path, 10, {}) == model


def test_a_run_goes_on_from_one_with_fewer_steps(tmp_path: Path) -> None:
    run(Doubling(), tmp_path, 10, {})
    reported: list[TrainingProgress] = []
    run(Doubling(), tmp_path, 30, {}, on_progress=reported.append)
    assert [each.step for each in reported] == [20, 30]


def test_the_checkpoint_of_another_run_is_refused(tmp_path: Path) -> None:
    run(Doubling(), tmp_path, 5, {"seed": 1, "clips": 4})
    run(Doubling(), tmp_path, 5, {"clips": 4, "seed": 1})
    with pytest.raises(BadModel, match="another run"):
        run(Doubling(), tmp_path, 5, {"seed": 2, "clips": 4})


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.binary(max_size=60), st.floats(0, 1, exclude_max=True)))
def test_a_damaged_checkpoint_is_told(tmp_path: Path, damage: bytes | float) -> None:
    if not (tmp_path / "whole").exists():
        run(Doubling(), tmp_path, 5, {})
        (tmp_path / CHECKPOINT).rename(tmp_path / "whole")
    whole = (tmp_path / "whole").read_bytes()
    cut = damage if isinstance(damage, bytes) else whole[: int(damage * len(whole))]
    (tmp_path / CHECKPOINT).write_bytes(cut)
    with pytest.raises(BadModel, match="cannot be read as a checkpoint"):
        run(Doubling(), tmp_path, 5, {})


def test_no_steps_and_no_place_are_refused(tmp_path: Path) -> None:
    with pytest.raises(OutOfRange):
        run(Doubling(), tmp_path, 0, {})
    (tmp_path / "file").touch()
    with pytest.raises(CannotWrite):
        run(Doubling(), tmp_path / "file" / "run", 5, {})
