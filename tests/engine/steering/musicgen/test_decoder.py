"""The decoder of our own against audiocraft: the same codes, whatever the model's layout."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.errors import BadModel
from engine.steering.control.captured_step import CapturedStep
from engine.steering.control.meter import Meters
from engine.steering.control.settings import TraitSetting
from engine.steering.control.steerer import Steerer
from engine.steering.musicgen.generate import Request, generate
from engine.steering.musicgen.model import AudioModel, open_model
from engine.steering.musicgen.module_steps import decoder_of
from engine.steering.probes.store import find
from tests.support.checkpoints import lm_config, write_model
from tests.support.pushing import Pusher, prompt

LAYERS = {"layers": 3, "size": 64, "heads": 4, "hidden": 4, "fast": True}
STEREO = [0, 0, 1, 1, 2, 2, 3, 3]

LAYOUTS: dict[str, dict[str, Any]] = {
    "small": {},
    "stereo": {"codebooks": 8},
    "melody": {},
    "summed": {},
    "biased": {"bias_attn": True, "bias_ff": True, "bias_proj": True},
    "turned by two": {"positional_embedding": "sin_rope", "fast": False},
}
"""By name what sets a layout apart from musicgen-small's, at a reduced size."""

FUSED = {"melody": "prepend", "summed": "sum"}


class Described(torch.nn.Module):
    """Describes by what a text says: five positions, another five for another text."""

    def __init__(self, size: int, positions: int) -> None:
        super().__init__()
        self.text_conditions, self.wav_conditions = ["description"], list[str]()
        self.conditioners = {"description": None}
        self.size, self.positions = size, positions

    def tokenize(self, rows: list[Any]) -> list[Any]:
        return rows

    def forward(self, rows: list[Any]) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
        found = []
        for row in rows:
            text = row.text["description"]
            chance = torch.Generator().manual_seed(0 if text is None else 1 + int(text))
            found.append(torch.randn(self.positions, self.size, generator=chance))
        told = torch.stack(found)
        return {"description": (told, torch.ones(told.shape[:2]))}


@pytest.fixture(scope="module")
def layouts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, AudioModel]:
    """Return an open model of every layout, with random weights."""
    return {name: _opened(name, tmp_path_factory.mktemp("layout")) for name in LAYOUTS}


def _opened(name: str, folder: Path) -> AudioModel:
    config = lm_config(text="lut", **LAYERS | LAYOUTS[name])
    if name == "stereo":
        config["codebooks_pattern"]["delay"]["delays"] = STEREO
    fused = FUSED.get(name, "cross")
    config["fuser"] = {"cross": [], "sum": [], "prepend": [], "input_interpolate": []}
    config["fuser"][fused] = ["description"]
    config["transformer_lm"]["cross_attention"] = fused == "cross"
    model = open_model(write_model(folder / "model", config=config, seed=3), device="cpu")
    model.lm.condition_provider = Described(64, 1 if fused == "sum" else 5)
    with torch.no_grad():
        chance = torch.Generator().manual_seed(4)
        for weight in model.lm.parameters():
            # As audiocraft begins, biases are nothing and codes are as likely as each other.
            weight.add_(torch.randn(weight.shape, generator=chance), alpha=0.05)
    return model


def grown(model: AudioModel, request: Request, steering: Any = None) -> torch.Tensor:
    *_, last = generate(model, request, steering)
    return last.codes


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("text", [None, "3"])
def test_two_hundred_steps_are_audiocrafts(
    layouts: dict[str, AudioModel], name: str, text: str | None
) -> None:
    from audiocraft.modules.conditioners import ConditioningAttributes

    model = layouts[name]
    assert decoder_of(model.lm) == "own"
    given = torch.cat([prompt(9)] * (model.spec.codebooks // 4))
    row = ConditioningAttributes(text={"description": text})
    theirs = model.lm.generate(
        given[None], [row], max_gen_len=209, use_sampling=False, cfg_coef=3.0
    )
    ours = grown(model, Request(209, given, temperature=0, text=text))
    assert torch.equal(ours, theirs[0])
    assert len(set(ours.flatten().tolist())) > 8


def test_the_shipped_model_goes_as_audiocraft_does() -> None:
    model = open_model("tiny", device="cpu")
    theirs = model.lm.generate(None, [], num_samples=1, max_gen_len=193, use_sampling=False)
    assert torch.equal(grown(model, Request(193, temperature=0)), theirs[0])


def test_a_seed_gives_the_same_piece_by_both() -> None:
    model = open_model("tiny", device="cpu")
    probes = [find(name, model.spec) for name in ("drums", "pad")]
    settings = [TraitSetting("drums", "add", 6.0), TraitSetting("pad", "remove", 3.0)]
    request = Request(110, seed=7)
    steerers = [Steerer(probes, settings, pace=model.spec.frame_rate) for _ in range(2)]
    ours = grown(model, request, steerers[0])
    theirs = grown(model, replace(request, decoder="modules"), steerers[1])
    assert torch.equal(ours, theirs)
    for one, other in zip(*(each.trace for each in steerers), strict=True):
        for name, reading in one.readings.items():
            assert reading.confidence == pytest.approx(other.readings[name].confidence, abs=1e-4)
            assert reading.pushed == other.readings[name].pushed


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("branch", ["both", "conditional"])
def test_heads_are_read_and_pushed_as_in_the_modules(
    layouts: dict[str, AudioModel], name: str, branch: Any
) -> None:
    model = layouts[name]
    push = torch.randn(3, 4, 16, generator=torch.Generator().manual_seed(2))
    given = torch.cat([prompt(9)] * (model.spec.codebooks // 4))
    request = Request(40, given, seed=1, text="3", branch=branch)
    ours, theirs = Pusher(push, every=3), Pusher(push, every=3)
    one = grown(model, request, ours)
    other = grown(model, replace(request, decoder="modules"), theirs)
    assert torch.equal(one, other)
    assert ours.read_at.keys() == theirs.read_at.keys()
    for step, seen in ours.read_at.items():
        assert torch.allclose(seen, theirs.read_at[step], atol=1e-4)


@pytest.mark.parametrize("change", [{"kv_repeat": 2}, {"layer_scale": 0.5}, {"past_context": 8}])
def test_other_kinds_are_left_to_the_modules(change: dict[str, Any], tmp_path: Path) -> None:
    folder = write_model(tmp_path / "model", fast="kv_repeat" in change, **change)
    model = open_model(folder, device="cpu")
    assert decoder_of(model.lm) == "modules"
    assert grown(model, Request(20, seed=1)).shape == (4, 20)


def test_a_damaged_model_says_so() -> None:
    model = open_model("tiny", device="cpu")
    with torch.no_grad():
        model.lm.out_norm.weight[3] = float("nan")
    with pytest.raises(BadModel, match="no numbers"):
        grown(model, Request(20))


@pytest.mark.parametrize("name", ["small", "stereo", "biased", "turned by two"])
def test_a_step_that_never_moves_goes_the_same_way(
    layouts: dict[str, AudioModel], name: str
) -> None:
    model = layouts[name]
    given = torch.cat([prompt(9)] * (model.spec.codebooks // 4))
    whole = grown(model, Request(40, given, temperature=0, text="3"))
    with model.working(mixed=False):
        conditions = model.conditions("3", None)
        step = CapturedStep(model.lm, 40, conditions, rows=2, top_k=5, prompt=given)
        step.capture()
        for _ in range(step.steps):
            step.step()
    delays = model.lm.pattern_provider.delays
    books = zip(step.codes.t(), delays, strict=True)
    assert torch.equal(torch.stack([book[1 + at : 41 + at] for book, at in books]), whole)


def test_a_step_that_never_moves_is_pushed_read_and_taken_back() -> None:
    model = open_model("tiny", device="cpu")
    probes = [find(name, model.spec) for name in ("drums", "pad")]
    with model.working(mixed=False):
        step = CapturedStep(model.lm, 40, {}, probes=probes)
        step.draw(1)
        for _ in range(20):
            step.step()
        meters = Meters(probes).read(0, step.heads[:, 0].view(5, 8, 32))
        read = step.readings[19].tolist()
        assert read == pytest.approx(list(meters.values()), abs=1e-4)
        first = step.codes.clone()
        for strength in (50.0, 0.0):
            step.push.fill_(strength)
            step.position.fill_(10)
            for _ in range(10):
                step.step()
            # The noise belongs to positions, so that the same is drawn again.
            assert torch.equal(step.codes, first) == (strength == 0.0)
