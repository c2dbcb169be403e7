"""Generation step by step: read, pushed, stopped, begun again."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import replace

import pytest
import torch

from engine.errors import NotReady, OutOfRange
from engine.steering.musicgen.fast_attention import quick_steps
from engine.steering.musicgen.generate import GenerationStep, Request, generate
from engine.steering.musicgen.heads import delayed, outputs
from engine.steering.musicgen.model import AudioModel
from tests.support.checkpoints import ENTRIES
from tests.support.pushing import SHAPES, Pusher, prompt


def finished(steps: Iterable[GenerationStep]) -> GenerationStep:
    return list(steps)[-1]


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("begin", [0, 12])
def test_greedy_codes_are_audiocrafts_own(
    models: dict[str, AudioModel], name: str, begin: int
) -> None:
    model = models[name]
    given = prompt(begin) if begin else None
    request = Request(40, given, temperature=0, text="3" if name == "text" else None)
    ours = finished(generate(model, request)).codes
    from audiocraft.modules.conditioners import ConditioningAttributes

    conditions = [ConditioningAttributes(text={"description": "3"})] if name == "text" else []
    theirs = model.lm.generate(
        None if given is None else given[None],
        conditions,
        max_gen_len=40,
        use_sampling=False,
        cfg_coef=3.0,
    )
    assert torch.equal(ours, theirs[0])


@pytest.mark.parametrize("name", [name for name in SHAPES if name != "text"])
def test_streaming_and_the_full_pass_agree(models: dict[str, AudioModel], name: str) -> None:
    lm, codes = models[name].lm, prompt(30)[None]
    fed = delayed(lm, codes)
    with torch.inference_mode():
        whole = lm(fed, [], condition_tensors={})
        with quick_steps(lm, 16), lm.streaming():
            pieces = [lm(fed[..., :10], [], condition_tensors={})]
            pieces += [lm(fed[..., at : at + 1], [], condition_tensors={}) for at in range(10, 31)]
    assert torch.allclose(torch.cat(pieces, dim=2), whole, atol=1e-4)


@pytest.mark.parametrize("name", SHAPES)
def test_a_push_of_nothing_changes_nothing(models: dict[str, AudioModel], name: str) -> None:
    model = models[name]
    request = Request(40, prompt(), seed=5, text="3")
    spec = model.spec
    zero = torch.zeros(spec.layers, spec.heads, spec.head_size)
    unhooked = finished(generate(model, request)).codes
    for push in (None, zero):
        assert torch.equal(finished(generate(model, request, Pusher(push))).codes, unhooked)


def test_a_push_changes_what_comes(models: dict[str, AudioModel]) -> None:
    model = models["custom"]
    push = torch.randn(2, 4, 8, generator=torch.Generator().manual_seed(0)) * 5
    request = Request(40, prompt(), seed=5)
    plain, pushed = (finished(generate(model, request, Pusher(p))).codes for p in (None, push))
    assert torch.equal(plain[:, :12], pushed[:, :12])
    assert not torch.equal(plain, pushed)


def test_the_meter_reads_what_the_full_pass_reads(models: dict[str, AudioModel]) -> None:
    model, pusher = models["rotary"], Pusher(None)
    codes = finished(generate(model, Request(40, prompt(12)), pusher)).codes
    full = outputs(model.lm, codes[None])[0]
    assert full.shape == (40, 2, 4, 8)
    # Step 0 has the prompt's last frame before it; the frames grow by one with each step.
    assert sorted(pusher.read_at) == list(range(40 - 12 + 3))
    for step in range(40 - 12):
        assert torch.allclose(pusher.read_at[step], full[11 + step], atol=1e-5)


def test_the_meter_reads_before_the_push(models: dict[str, AudioModel]) -> None:
    model, push = models["custom"], torch.full((2, 4, 8), 3.0)
    plain, pushed = Pusher(None), Pusher(push)
    for each in (plain, pushed):
        next(iter(generate(model, Request(40, prompt()), each)))
    assert torch.equal(plain.read_at[0][0], pushed.read_at[0][0])


def test_pushes_land_only_on_their_steps(models: dict[str, AudioModel]) -> None:
    model = models["custom"]
    push = torch.full((2, 4, 8), 2.0)
    request = Request(30, prompt(), temperature=0)
    every = Pusher(push, every=5)
    finished(generate(model, request, every))
    # The first layer's heads see the codes only, but for the past that a push has left.
    again = Pusher(push, every=1000)
    codes = finished(generate(model, request, again)).codes
    assert len(again.read_at) == len(every.read_at) == 30 - 12 + 3
    assert codes.shape == (4, 30)
    for step in range(1, 5):
        assert torch.equal(every.read_at[step], again.read_at[step])


@pytest.mark.parametrize("name", ["custom", "text"])
def test_the_same_seed_gives_the_same_codes(models: dict[str, AudioModel], name: str) -> None:
    request = Request(40, prompt(), seed=9, text="3")
    first, second = (finished(generate(models[name], request)).codes for _ in range(2))
    other = finished(generate(models[name], Request(40, prompt(), seed=10, text="3"))).codes
    assert torch.equal(first, second)
    assert not torch.equal(first, other)


def test_frames_are_complete_when_their_last_code_is(models: dict[str, AudioModel]) -> None:
    steps = list(generate(models["custom"], Request(20, prompt(12), seed=2)))
    assert [step.number for step in steps] == list(range(20 - 12 + 3))
    assert [step.frames for step in steps] == [12, 12, 12, *range(13, 21)]
    for step in steps:
        assert step.total == len(steps)
        assert torch.equal(step.codes, steps[-1].codes[:, : step.frames])


def test_stopping_keeps_what_there_is(models: dict[str, AudioModel]) -> None:
    model = models["custom"]
    request = Request(40, prompt(), seed=4)
    whole = finished(generate(model, request)).codes
    growing = generate(model, request, Pusher(None))
    first = list(itertools.islice(growing, 10))
    growing.close()
    assert torch.equal(first[-1].codes, whole[:, : first[-1].frames])
    assert torch.equal(finished(generate(model, request)).codes, whole)
    assert not model.lm.transformer.layers[0].self_attn.out_proj._forward_pre_hooks


def test_one_piece_at_a_time(models: dict[str, AudioModel]) -> None:
    model = models["custom"]
    growing = generate(model, Request(40))
    next(growing)
    with pytest.raises(NotReady):
        next(generate(model, Request(40)))
    growing.close()
    assert not torch.is_inference_mode_enabled()


@pytest.mark.parametrize(
    "request_",
    [
        Request(0),
        Request(12, prompt(12)),
        Request(300 * 50 + 1),
        Request(30, prompt()[:2]),
        Request(30, prompt() + ENTRIES),
        Request(30, temperature=-1.0),
        Request(30, temperature=float("nan")),
        Request(30, top_k=-1),
    ],
)
def test_requests_that_cannot_be_met(models: dict[str, AudioModel], request_: Request) -> None:
    with pytest.raises(OutOfRange):
        next(generate(models["custom"], request_))


def test_a_long_piece_goes_on_from_what_was_heard_last(models: dict[str, AudioModel]) -> None:
    model = models["rotary"]
    hears = replace(model.spec, longest=0.4)
    narrow = AudioModel(hears, model._musicgen, "cpu", 1)
    pusher = Pusher(None)
    steps = list(generate(narrow, Request(50, prompt(12), seed=3), pusher))
    assert [step.number for step in steps] == list(range(steps[0].total))
    assert sorted(pusher.read_at) == [step.number for step in steps]
    frames = [step.frames for step in steps]
    assert frames == sorted(frames)
    assert frames[-1] == 50
    for earlier, later in itertools.pairwise(steps):
        assert torch.equal(later.codes[:, : earlier.frames], earlier.codes)
    assert torch.equal(steps[-1].codes[:, :12], prompt(12))
    # It hears twenty frames at once, and at first the last five of the prompt.
    wide = [*generate(model, Request(20, prompt(12)[:, 7:], seed=3))][-1]
    assert torch.equal(steps[-1].codes[:, 7:27], wide.codes)
    again = [*generate(narrow, Request(50, prompt(12), seed=3))][-1]
    assert torch.equal(steps[-1].codes, again.codes)


def test_a_prompt_longer_than_what_is_heard_is_heard_by_its_end(
    models: dict[str, AudioModel],
) -> None:
    model = models["rotary"]
    narrow = AudioModel(replace(model.spec, longest=0.4), model._musicgen, "cpu", 1)
    long = prompt(60)
    whole = [*generate(narrow, Request(66, long, seed=1))][-1]
    short = [*generate(model, Request(20, long[:, -14:], seed=1))][-1]
    assert torch.equal(whole.codes[:, -6:], short.codes[:, -6:])


def test_guidance_reads_the_described_row(models: dict[str, AudioModel]) -> None:
    model = models["text"]
    pusher = Pusher(None)
    finished(generate(model, Request(20, prompt(), text="3"), pusher))
    read = outputs(model.lm, prompt()[None], model.conditions("3"))
    undescribed = outputs(model.lm, prompt()[None], model.conditions(None))
    assert torch.allclose(pusher.read_at[0], read[0, -1], atol=1e-5)
    assert not torch.allclose(read[0, -1], undescribed[0, -1], atol=1e-5)


def test_a_push_may_spare_the_undescribed_row(models: dict[str, AudioModel]) -> None:
    model, push = models["text"], torch.full((2, 4, 8), 1.0)
    both, one = (
        finished(
            generate(model, Request(40, prompt(), seed=3, text="3", branch=branch), Pusher(push))
        )
        for branch in ("both", "conditional")
    )
    assert not torch.equal(both.codes, one.codes)
