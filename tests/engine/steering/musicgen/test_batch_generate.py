"""Many pieces side by side: each as it grows alone, steered by its own."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from engine.errors import NotReady, OutOfRange
from engine.steering.musicgen.batch_generate import generate_many
from engine.steering.musicgen.generate import Request, generate
from engine.steering.musicgen.model import AudioModel
from tests.support.pushing import Pusher, prompt


def alone(model: AudioModel, request: Request, pusher: Pusher) -> torch.Tensor:
    *_, last = generate(model, request, pusher)
    return last.codes


@pytest.mark.parametrize("kind", ["custom", "rotary", "text"])
@pytest.mark.parametrize("temperature", [0.0, 0.9])
def test_each_piece_is_what_it_is_alone(
    models: dict[str, AudioModel], kind: str, temperature: float
) -> None:
    model = models[kind]
    shape = (model.spec.layers, model.spec.heads, model.spec.head_size)
    push = torch.randn(shape, generator=torch.Generator().manual_seed(5)) * 3
    requests = [
        Request(frames=40, prompt=prompt(seed=seed), seed=seed, temperature=temperature)
        for seed in range(3)
    ]
    given = [None, push, push]
    many = [Pusher(each, every=1 + at) for at, each in enumerate(given)]
    found = generate_many(model, requests, many)
    assert found.shape == (3, 4, 40)
    for at, request in enumerate(requests):
        single = Pusher(given[at], every=1 + at)
        assert torch.equal(found[at], alone(model, request, single))
        assert many[at].read_at.keys() == single.read_at.keys()
        for step, seen in single.read_at.items():
            assert torch.allclose(many[at].read_at[step], seen, atol=1e-4)


def test_pieces_without_a_prompt_grow_too(models: dict[str, AudioModel]) -> None:
    model = models["custom"]
    requests = [Request(frames=20, seed=seed) for seed in (1, 2)]
    found = generate_many(model, requests, [Pusher(None), Pusher(None)])
    for row, request in zip(found, requests, strict=True):
        assert torch.equal(row, alone(model, request, Pusher(None)))


def test_pieces_of_several_lengths_are_refused(models: dict[str, AudioModel]) -> None:
    model, ones = models["custom"], Request(frames=20, prompt=prompt(), seed=1)
    pushers = [Pusher(None), Pusher(None)]
    for other in (replace(ones, frames=21), replace(ones, prompt=prompt(frames=11))):
        with pytest.raises(OutOfRange):
            generate_many(model, [ones, other], pushers)
    with pytest.raises(OutOfRange):
        generate_many(model, [ones], pushers)
    with pytest.raises(OutOfRange):
        generate_many(model, [replace(ones, frames=31 * 50)], pushers[:1])


def test_a_model_that_generates_already_is_left_alone(models: dict[str, AudioModel]) -> None:
    model = models["custom"]
    going = generate(model, Request(frames=20, seed=1))
    next(going)
    with pytest.raises(NotReady):
        generate_many(model, [Request(frames=20, seed=1)], [Pusher(None)])
    going.close()
