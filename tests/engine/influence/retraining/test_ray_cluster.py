"""Retrainings on a Ray cluster: the same results, nothing twice, lost workers made good."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from engine.errors import ArmonicaError
from engine.influence.retraining import ray_cluster
from engine.influence.retraining.ray_cluster import NoCluster, on_ray
from engine.influence.retraining.removals import Removal
from engine.influence.retraining.sweep import RESULTS, Outcome, Task, run
from tests.support.retraining import here, removals, sweep


def test_without_ray_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "ray", None)
    with pytest.raises(NoCluster, match="extra `ray`"):
        run(tmp_path, sweep(), removals()[:1], on_ray("local"))


class _Once:
    """Work that ends its first worker, as a machine that goes away does."""

    def __init__(self, mark: Path) -> None:
        self._mark = mark

    def __call__(self, task: Task) -> list[Outcome]:
        if not self._mark.exists():
            self._mark.touch()
            os._exit(9)
        return [Outcome(f"{r.draw}", r, (), (), 0.0, 0.0, 1.0) for r in task]


def _refused(task: Sequence[Removal]) -> list[Outcome]:
    raise ArmonicaError(f"{len(task)} refused.", "Ask again.")


def test_a_cluster_does_what_one_machine_does(tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="Ray is not installed (the extra `ray`)")
    expected = run(tmp_path / "here", sweep(), removals(), here)
    assert run(tmp_path / "ray", sweep(), removals()[:8], on_ray("local")) == {
        key: expected[key] for key in map(sweep().key, removals()[:8])
    }
    content = (tmp_path / "ray" / RESULTS).read_bytes()
    assert run(tmp_path / "ray", sweep(), removals(), on_ray("local")) == expected
    assert (tmp_path / "ray" / RESULTS).read_bytes().startswith(content)
    tasks = [(Removal("base", draw=at),) for at in range(3)]
    with on_ray("local")(_Once(tmp_path / "mark"), tasks) as found:
        assert sorted(each.key for outcomes in found for each in outcomes) == ["0", "1", "2"]
    with (
        on_ray("local")(_refused, tasks) as found,
        pytest.raises(ArmonicaError, match="1 refused"),
    ):
        list(found)


def test_a_cluster_that_is_not_there_is_told() -> None:
    pytest.importorskip("ray", reason="Ray is not installed (the extra `ray`)")
    with pytest.raises(NoCluster, match="No Ray cluster answers"):
        ray_cluster._connected("auto")
