"""Every audio model keeps to `Instrument`: a MusicGen from a folder, and the tests' own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from engine.services.generation.backends import Instrument, Loaded
from engine.steering.musicgen.generate import Request
from engine.steering.musicgen.model import open_model
from tests.support.checkpoints import write_model
from tests.support.fake_audio import FakeAudioModel

FRAMES = 20


@pytest.fixture(scope="module", params=["musicgen", "fake"])
def model(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Instrument]:
    made: Instrument
    if request.param == "musicgen":
        made = Loaded(open_model(str(write_model(tmp_path_factory.mktemp("small")))))
    else:
        made = FakeAudioModel()
    yield made
    made.close()


def codes(model: Instrument, request: Request) -> torch.Tensor:
    return list(model.generate(request, None))[-1].codes


def test_codes_are_whole_frames_of_every_codebook(model: Instrument) -> None:
    spec = model.spec
    hop = round(spec.sample_rate / spec.frame_rate)
    wave = 0.3 * torch.sin(torch.arange(10 * hop) * (2 * torch.pi * 440 / spec.sample_rate))
    found = model.encode(wave)
    assert found.shape == (spec.codebooks, 10)
    assert model.decode(found).shape == (10 * hop,)
    assert torch.equal(model.encode(wave), found)


def test_steps_count_to_their_total_and_what_is_done_grows(model: Instrument) -> None:
    steps = list(model.generate(Request(FRAMES, seed=3), None))
    assert [step.number for step in steps] == list(range(steps[-1].total))
    done = [step.frames for step in steps]
    assert done == sorted(done)
    assert done[-1] == FRAMES
    assert all(step.codes.shape == (model.spec.codebooks, step.frames) for step in steps)


def test_a_seed_gives_the_same_codes_again_and_another_gives_others(model: Instrument) -> None:
    first = codes(model, Request(FRAMES, seed=3))
    assert torch.equal(codes(model, Request(FRAMES, seed=3)), first)
    assert not torch.equal(codes(model, Request(FRAMES, seed=4)), first)


def test_a_prompt_stands_at_the_beginning(model: Instrument) -> None:
    prompt = codes(model, Request(8, seed=1))
    found = codes(model, Request(FRAMES, prompt, seed=2))
    assert torch.equal(found[:, :8], prompt)
    assert found.shape == (model.spec.codebooks, FRAMES)


def test_generating_can_be_left_in_the_middle(model: Instrument) -> None:
    first = codes(model, Request(FRAMES, seed=3))
    growing = model.generate(Request(FRAMES, seed=5), None)
    next(growing)
    growing.close()
    assert torch.equal(codes(model, Request(FRAMES, seed=3)), first)


def test_memory_is_counted(model: Instrument) -> None:
    assert model.memory() > 0
