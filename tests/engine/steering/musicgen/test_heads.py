"""The heads of attention: read before they are pushed, pushed only at the last position."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from engine.errors import BadModel
from engine.steering.musicgen.fast_attention import quick_steps
from engine.steering.musicgen.heads import Heads, HeadsNotSeen, delayed, outputs
from tests.support.checkpoints import ENTRIES, language_model

SHAPE = (2, 4, 8)


@pytest.fixture(scope="module", params=["custom", "fast", "rotary"])
def lm(request: pytest.FixtureRequest) -> Any:
    shapes: dict[str, dict[str, Any]] = {
        "custom": {},
        "fast": {"fast": True},
        "rotary": {"positional_embedding": "rope", "qk_layer_norm": True},
    }
    return language_model(**shapes[request.param])


def codes(rows: int = 1, frames: int = 10) -> Tensor:
    return torch.randint(
        ENTRIES, (rows, 4, frames), generator=torch.Generator().manual_seed(frames)
    )


def logits(lm: Any, fed: Tensor) -> Tensor:
    with torch.inference_mode():
        found: Tensor = lm(fed, [], condition_tensors={})
    return found


def random_push() -> Tensor:
    return torch.randn(SHAPE, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("push", [None, torch.zeros(SHAPE)])
def test_no_push_leaves_the_logits_bit_equal(lm: Any, push: Tensor | None) -> None:
    fed = delayed(lm, codes())
    plain = logits(lm, fed)
    with Heads(lm) as heads:
        heads.begin(push)
        assert torch.equal(logits(lm, fed), plain)


@pytest.mark.parametrize("quick", [False, True])
def test_no_push_leaves_streamed_logits_bit_equal(lm: Any, quick: bool) -> None:
    fed = delayed(lm, codes())

    def streamed(push: Tensor | None, hooked: bool) -> list[Tensor]:
        found = []
        heads = Heads(lm)
        quickly = quick_steps(lm, 11) if quick else torch.inference_mode()
        with quickly, lm.streaming():
            if hooked:
                heads.__enter__()
            for piece in (fed[..., :5], *(fed[..., at : at + 1] for at in range(5, 11))):
                heads.begin(push)
                found.append(logits(lm, piece))
            heads.__exit__(None, None, None)
        return found

    plain = streamed(None, hooked=False)
    for push in (None, torch.zeros(SHAPE)):
        assert all(map(torch.equal, streamed(push, hooked=True), plain))


def test_a_push_is_each_heads_own_columns_of_the_projection(lm: Any) -> None:
    fed, push = delayed(lm, codes()), random_push()
    seen = []
    last = lm.transformer.layers[-1].self_attn.out_proj
    hook = last.register_forward_hook(lambda _, __, out: seen.append(out.clone()))
    with Heads(lm) as heads:
        for each in (None, torch.cat((torch.zeros(1, *SHAPE[1:]), push[1:]))):
            heads.begin(each)
            logits(lm, fed)
    hook.remove()
    plain, pushed = seen
    # What arrives is the precomputed sum over heads of each one's share of the projection.
    shares = last.weight.view(-1, 4, 8)
    expected = torch.einsum("ehd,hd->e", shares, push[1])
    assert torch.allclose(pushed[:, -1] - plain[:, -1], expected.expand(1, -1), atol=1e-5)
    assert torch.equal(pushed[:, :-1], plain[:, :-1])


def test_a_push_reaches_the_last_position_only(lm: Any) -> None:
    fed = delayed(lm, codes())
    plain = logits(lm, fed)
    with Heads(lm) as heads:
        heads.begin(random_push())
        pushed = logits(lm, fed)
    assert torch.equal(pushed[:, :, :-1], plain[:, :, :-1])
    assert not torch.allclose(pushed[:, :, -1], plain[:, :, -1])


def test_streamed_and_whole_pushes_agree(lm: Any) -> None:
    fed, push = delayed(lm, codes()), random_push()
    with Heads(lm) as heads:
        heads.begin(push)
        whole = logits(lm, fed)[:, :, -1]
        with quick_steps(lm, 11), lm.streaming():
            heads.begin()
            logits(lm, fed[..., :-1])
            heads.begin(push)
            streamed = logits(lm, fed[..., -1:])[:, :, -1]
    assert torch.allclose(streamed, whole, atol=1e-4)


def test_what_is_read_was_there_before_the_push(lm: Any) -> None:
    fed, push = delayed(lm, codes()), random_push()
    with Heads(lm) as heads:
        heads.begin()
        logits(lm, fed)
        plain = heads.outputs().clone()
        heads.begin(push)
        logits(lm, fed)
        pushed = heads.outputs()
    assert plain.shape == (2, 1, 4, 8)
    assert torch.equal(plain[0], pushed[0])
    # The second layer hears the push of the first, and is read before its own.
    with Heads(lm) as heads:
        heads.begin(torch.cat((push[:1], torch.zeros(1, *SHAPE[1:]))))
        logits(lm, fed)
        assert torch.equal(heads.outputs()[1], pushed[1])


def test_only_the_conditional_rows_where_asked(lm: Any) -> None:
    fed, push = delayed(lm, codes(rows=2)), random_push()
    plain = logits(lm, fed)
    with Heads(lm, branch="conditional") as heads:
        heads.begin(push, rows=1)
        pushed = logits(lm, fed)
    assert not torch.allclose(pushed[0, :, -1], plain[0, :, -1])
    assert torch.equal(pushed[1], plain[1])


def test_every_layer_is_counted(lm: Any) -> None:
    fed = delayed(lm, codes())
    with Heads(lm, "the model") as heads:
        heads.begin()
        with pytest.raises(HeadsNotSeen, match="the model"):
            heads.outputs()
        logits(lm, fed)
        logits(lm, fed)
        with pytest.raises(HeadsNotSeen, match=r"read \[2\] times"):
            heads.outputs()
        heads.begin()
        logits(lm, fed)
        assert heads.outputs().shape == (2, 1, 4, 8)
    assert not any(layer.self_attn.out_proj._forward_pre_hooks for layer in lm.transformer.layers)


def test_a_model_whose_heads_cannot_be_reached_is_named() -> None:
    lm = language_model(custom=False)
    with pytest.raises(BadModel, match="the old one"):
        Heads(lm, "the old one")


def test_every_position_is_read_as_its_own_last(lm: Any) -> None:
    given = codes(rows=3, frames=12)
    found = outputs(lm, given)
    assert found.shape == (3, 12, 2, 4, 8)
    with Heads(lm) as heads:
        for frames in range(1, 13):
            heads.begin()
            logits(lm, delayed(lm, given[..., :frames]))
            last = heads.outputs().transpose(0, 1)
            assert torch.allclose(found[:, frames - 1], last, atol=1e-5)


def test_delayed_codes_are_audiocrafts_pattern(lm: Any) -> None:
    given = codes(rows=2, frames=9)
    pattern = lm.pattern_provider.get_pattern(9)
    theirs, _, _ = pattern.build_pattern_sequence(given, lm.special_token_id)
    assert torch.equal(delayed(lm, given), theirs[..., :10])


def test_a_push_of_another_shape_is_a_fault(lm: Any) -> None:
    with Heads(lm) as heads, pytest.raises(ValueError, match="shape"):
        heads.begin(torch.zeros(2, 4, 7))
