"""Retrainings on a Ray cluster: the same results, nothing twice, lost workers made good."""

from __future__ import annotations

import os
import time
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
    with pytest.raises(NoCluster, match="extra `lab`"):
        run(tmp_path, sweep(), removals()[:1], on_ray("local"))


class _Trouble:
    """Work that ends its first worker, as a machine that goes away does, and refuses one task.

    It refuses once the results of the others have been taken: until then a refusal may overtake
    a result that another worker is still handing in.
    """

    def __init__(self, folder: Path, refused: int) -> None:
        self._folder = folder
        self._refused = refused
        self.taken = folder / "taken"

    def __call__(self, task: Task) -> list[Outcome]:
        lost = self._folder / "lost"
        if not lost.exists():
            lost.touch()
            os._exit(9)
        if task[0].draw == self._refused:
            while not self.taken.exists():
                time.sleep(0.01)
            raise ArmonicaError(f"{len(task)} refused.", "Ask again.")
        return [Outcome(f"{r.draw}", r, (), (), 0.0, 0.0, 1.0) for r in task]


@pytest.mark.long
def test_a_cluster_does_what_one_machine_does(tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="Ray is not installed (the extra `lab`)")
    # Whoever imported it first: its workers run in this environment, and in none that uv makes.
    import ray._private.ray_constants as constants

    constants.RAY_ENABLE_UV_RUN_RUNTIME_ENV = True
    run(tmp_path / "ray", sweep(), removals()[:8], here)
    content = (tmp_path / "ray" / RESULTS).read_bytes()
    expected = run(tmp_path / "here", sweep(), removals(), here)
    assert run(tmp_path / "ray", sweep(), removals(), on_ray("local")) == expected
    assert (tmp_path / "ray" / RESULTS).read_bytes().startswith(content)


@pytest.mark.long
def test_a_lost_worker_is_made_good_and_a_refusal_comes_back_as_it_was(tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="Ray is not installed (the extra `lab`)")
    tasks = [(Removal("base", draw=at),) for at in range(4)]
    trouble = _Trouble(tmp_path, refused=3)
    with on_ray("local")(trouble, tasks) as found:
        assert sorted(next(found)[0].key for _ in range(3)) == ["0", "1", "2"]
        trouble.taken.touch()
        with pytest.raises(ArmonicaError, match="1 refused"):
            next(found)


def test_a_cluster_that_is_not_there_is_told() -> None:
    pytest.importorskip("ray", reason="Ray is not installed (the extra `lab`)")
    with pytest.raises(NoCluster, match="No Ray cluster answers"):
        ray_cluster._connected("auto")
