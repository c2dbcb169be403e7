"""Threads are measured once, and matrices laid out without changing them."""

from __future__ import annotations

import json

import pytest
import torch

from engine.locations import state_folder
from engine.steering.musicgen import devices
from engine.steering.musicgen.devices import choose_threads, lay_out
from tests.support.checkpoints import language_model


def test_small_models_take_one_thread_unmeasured() -> None:
    assert choose_threads(language_model(), "0" * 16, "cpu") == 1
    assert not state_folder().exists()


@pytest.mark.parametrize("kept", [None, "", "[]", '{"a 4": "x"}', '{"a 4": 0}'])
def test_the_fastest_number_is_measured_once_and_kept(
    monkeypatch: pytest.MonkeyPatch, kept: str | None
) -> None:
    measured: list[int] = []

    def seconds(_: object, threads: int) -> float:
        measured.append(threads)
        return abs(threads - 2)

    monkeypatch.setattr(devices, "SMALL", 0)
    monkeypatch.setattr(devices, "_seconds", seconds)
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(4)))
    if kept is not None:
        state_folder().mkdir(parents=True)
        (state_folder() / devices.MEASURED).write_text(kept)
    lm = language_model()
    assert [choose_threads(lm, "a", "cpu") for _ in range(2)] == [2, 2]
    assert measured == [1, 2, 4]
    assert json.loads((state_folder() / devices.MEASURED).read_text()) == {"a 4": 2}


def test_the_measuring_itself_leaves_the_threads_as_they_were() -> None:
    before = torch.get_num_threads()
    assert devices._seconds(language_model(), 1) > 0
    assert torch.get_num_threads() == before


def test_laying_out_changes_no_value() -> None:
    lm = language_model()
    before = {name: each.clone() for name, each in lm.state_dict().items()}
    lay_out(lm)
    after = lm.state_dict()
    assert all(torch.equal(after[name], each) for name, each in before.items())
    assert lm.transformer.layers[0].linear1.weight.t().is_contiguous()
    lay_out(lm, columns=False)
    assert all(torch.equal(after[name], each) for name, each in before.items())
    assert all(each.is_contiguous() for each in lm.parameters())
