"""Trials: prompts that lack a part, what is made of them, and distances between sets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from engine.corpus.audio.render import clips
from engine.corpus.clip_format import CLIP_PARTS, RATE
from engine.steering.control.settings import TraitSetting
from engine.steering.evaluation.composed_prompts import composed
from engine.steering.evaluation.trials import (
    LENGTH,
    PROMPT,
    Arm,
    TrialPrompt,
    continue_prompts,
    frechet,
    judge,
    prompts,
)
from engine.steering.spec import PARTS
from engine.steering.tagger import Tagger
from tests.support.small_musicgen import tune, write_model


@pytest.mark.parametrize("part", PARTS)
def test_a_prompt_lacks_its_part_and_what_really_follows_has_it(
    part: str, clips_folder: Path
) -> None:
    found = list(prompts(part, clips(clips_folder, "test"), 4, seed=1))
    assert found
    for prompt in found:
        assert len(prompt.wave) == round(PROMPT * RATE)
        assert len(prompt.without) == len(prompt.with_part) == round(LENGTH * RATE)
        assert prompt.part == part
        assert part not in prompt.parts
        assert prompt.parts
        assert set(prompt.parts) < set(CLIP_PARTS)
        assert np.abs(prompt.with_part - prompt.without)[-2 * RATE :].max() > 0.01
        assert np.abs(prompt.with_part).max() <= 1


def test_prompts_are_the_same_again_and_fewer_are_the_first_of_more(clips_folder: Path) -> None:
    source = clips(clips_folder, "test")
    more, fewer = (list(prompts("bass", source, count, seed=1)) for count in (3, 2))
    assert [each.number for each in fewer] == [each.number for each in more[:2]]
    assert np.array_equal(fewer[0].without, more[0].without)
    other = list(prompts("bass", source, 3, seed=2))
    assert not np.array_equal(other[0].without, more[0].without)


def test_a_clip_in_which_the_part_does_not_sound_is_passed_over(clips_folder: Path) -> None:
    source = clips(clips_folder, "test")
    silenced = source.stems.copy()
    silenced[:2, CLIP_PARTS.index("drums")] = 0
    quiet = type(source)(silenced, source.sheets)
    assert {each.number for each in prompts("drums", quiet, 9, seed=1)} <= {2, 3}


def test_a_continuation_begins_with_its_prompt_and_is_the_same_again(
    clips_folder: Path, tmp_path: Path
) -> None:
    from engine.steering.musicgen.model import open_model
    from engine.steering.probes.fit import fit

    model = open_model(write_model(tmp_path), device="cpu", threads=1)
    prompt = next(iter(prompts("drums", clips(clips_folder, "test"), 1, seed=0)))
    noise = torch.Generator().manual_seed(0)
    labels = torch.arange(40) % 2 == 0
    features = torch.randn(40, 1, 2, 16, generator=noise) + labels[:, None, None, None]
    probe = fit(features, labels, torch.arange(40) // 2, name="drums", spec=model.spec)
    arm = Arm("iti", TraitSetting.signed("drums", 3.0, arm="iti"))
    trials = [(prompt, Arm("none"), 1), (prompt, arm, 1), (prompt, arm, 1), (prompt, arm, 2)]
    plain, pushed, again, other = continue_prompts(model, trials, [probe])
    assert len(plain.wave) == round(LENGTH * RATE)
    assert 0 <= plain.confidence <= 1
    assert plain.gate == 0
    assert pushed.gate > 0.9
    assert np.array_equal(pushed.wave, again.wave)
    assert not np.array_equal(plain.wave, pushed.wave)
    assert not np.array_equal(other.wave, pushed.wave)


class Hears(Tagger):
    """Hears drums where something sounds at all, and the melody always."""

    def forward(self, wave: torch.Tensor) -> torch.Tensor:
        loud = wave.abs().amax(dim=1) > 0.01
        logits = torch.full((len(wave), len(CLIP_PARTS)), -3.0)
        logits[:, 0] = 3.0
        logits[:, 1] = torch.where(loud, 3.0, -3.0)
        return logits


def test_a_continuation_is_judged_by_its_end_and_its_prompt_by_its_beginning() -> None:
    wave = tune(LENGTH)
    prompt = TrialPrompt("drums", 0, wave, wave, ("melody", "bass"))
    torch.manual_seed(0)
    tagger = Hears().eval()
    found = judge(tagger, prompt, wave, 0)
    assert found["success"] is True
    # The bass is not heard in the prompt, and need not be kept.
    assert found["kept"] == 1.0
    assert found["silent"] is False
    assert found["beat"] > found["floor"]
    assert -1 <= found["similarity"] <= 1
    assert len(found["embedding"]) == 128
    assert list(found["heard"]) == list(CLIP_PARTS)
    ended = wave.copy()
    ended[round(3.5 * RATE) :] = 0
    silent = judge(tagger, prompt, ended, 0)
    assert (silent["success"], silent["silent"]) == (False, True)
    nobody = judge(tagger, TrialPrompt("drums", 0, wave, wave, ("bass",)), wave, 0)
    assert nobody["kept"] is None


# The Frechet distance


def test_equal_sets_are_no_distance_apart_in_any_order() -> None:
    ours = np.random.default_rng(0).normal(0, 1, (200, 12))
    assert frechet(ours, ours) == pytest.approx(0, abs=1e-6)
    assert frechet(ours, ours[::-1]) == pytest.approx(0, abs=1e-6)
    assert frechet(ours[:8], ours[:8]) == pytest.approx(0, abs=1e-5), "fewer than sizes"


def test_shifted_and_stretched_sets_are_as_far_as_the_closed_form_says() -> None:
    ours = np.random.default_rng(0).normal(0, 1, (400, 6))
    shift = np.arange(6.0)
    assert frechet(ours, ours + shift) == pytest.approx(float(shift @ shift))
    # Stretched about its mean by s: the trace of the covariance times (s - 1) squared.
    stretched = ours.mean(0) + 3 * (ours - ours.mean(0))
    trace = float(np.trace(np.cov(ours, rowvar=False)))
    assert frechet(ours, stretched) == pytest.approx(4 * trace)
    assert frechet(stretched, ours) == pytest.approx(4 * trace)


def test_sets_of_normals_are_as_far_as_their_normals() -> None:
    random = np.random.default_rng(1)
    one = random.normal(0, 1, (20_000, 3))
    two = random.normal([1, 0, 0], [1, 2, 0.5], (20_000, 3))
    assert frechet(one, two) == pytest.approx(1 + 1 + 0.25, abs=0.1)


# Prompts of composed measures


def test_composed_prompts_are_two_seconds_of_a_melody_at_its_level() -> None:
    found = list(composed("drums", 3, seed=0))
    assert [each.number for each in found] == [0, 1, 2]
    for each in found:
        assert each.parts == ("melody",)
        assert len(each.wave) == round(PROMPT * RATE)
        assert 0.01 < np.abs(each.wave).max() < 1
    assert not np.array_equal(found[0].wave, found[1].wave)
    (again,) = composed("drums", 1, seed=0)
    assert np.array_equal(again.wave, found[0].wave)
