"""The tagger: what it hears from, its files, and the labels that it learns."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.corpus.clip_format import CLIP_PARTS, RATE
from engine.errors import BadModel, OutOfRange
from engine.steering.tagger import CARD, WEIGHTS, Tagger, load_tagger, save_tagger
from engine.steering.training.tagger import levels_of
from tests.support.small_musicgen import tune


def tagger(seed: int = 0) -> Tagger:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Tagger().eval()


@pytest.mark.parametrize("samples", [1600, 32_000, 32_077, 96_000])
def test_every_part_has_a_chance_in_a_wave_of_any_length(samples: int) -> None:
    wave = torch.from_numpy(tune(samples / RATE)[:samples])
    found = tagger().parts(wave)
    assert tuple(found) == CLIP_PARTS
    assert all(0 < chance < 1 for chance in found.values())
    assert tagger().embedding(wave[None]).shape == (1, 128)


def test_silence_is_a_wave_too() -> None:
    assert all(0 < chance < 1 for chance in tagger().parts(torch.zeros(32_000)).values())


@pytest.mark.parametrize("wave", [torch.zeros(1599), torch.zeros(0), torch.zeros(2, 32_000)])
def test_less_than_a_tenth_of_a_second_of_one_channel_is_refused(wave: torch.Tensor) -> None:
    with pytest.raises(OutOfRange):
        tagger().parts(wave)


def test_waves_are_judged_each_for_itself() -> None:
    waves = torch.stack([torch.from_numpy(tune(2.0, seed)) for seed in (1, 2)])
    with torch.inference_mode():
        assert torch.allclose(tagger()(waves)[1:], tagger()(waves[1:]), atol=1e-5)


def test_what_is_saved_is_loaded_and_saved_again_as_the_same_bytes(tmp_path: Path) -> None:
    save_tagger(tmp_path / "one", tagger(), {"seed": 3})
    loaded = load_tagger(tmp_path / "one")
    save_tagger(tmp_path / "two", loaded, {"seed": 3})
    for name in (CARD, WEIGHTS):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    wave = torch.from_numpy(tune())
    whole, half = tagger().parts(wave), loaded.parts(wave)
    assert all(half[part] == pytest.approx(whole[part], abs=0.01) for part in CLIP_PARTS)
    assert not loaded.training


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from([CARD, WEIGHTS]), st.floats(0, 1, exclude_max=True))
def test_a_file_that_was_cut_short_is_told(tmp_path: Path, name: str, share: float) -> None:
    if not (tmp_path / CARD).exists():
        save_tagger(tmp_path, tagger(), {})
    whole = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(whole[: int(share * len(whole))])
    try:
        with pytest.raises(BadModel, match="holds no tagger"):
            load_tagger(tmp_path)
    finally:
        (tmp_path / name).write_bytes(whole)


def test_a_tagger_of_other_parts_is_refused(tmp_path: Path) -> None:
    save_tagger(tmp_path, tagger(), {})
    (tmp_path / CARD).write_text(json.dumps({"parts": ["melody", "kazoo"]}))
    with pytest.raises(BadModel, match="other parts"):
        load_tagger(tmp_path)


def test_labels_follow_what_sounds_and_when() -> None:
    stems = np.zeros((6, 2 * RATE), np.int16)
    usual = 10 ** (-25 / 20) * 32768
    stems[0] = usual
    stems[1, RATE // 2 :] = usual / 2
    stems[2] = usual
    before = np.array([True, True, False, False, True, False])
    after = np.array([True, True, True, False, True, False])
    found = levels_of(stems, before, after, change=1.5)
    assert found.shape == (6, 20)
    assert np.allclose(found[0], 1, atol=1e-3)
    assert np.allclose(found[1], [0] * 5 + [0.5] * 15, atol=1e-3)
    assert np.allclose(found[2], [0] * 15 + [1] * 5, atol=1e-3)
    assert not found[3:].any()
