"""The pushes of one trait and of several, and how they are bounded."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.steering.control.push import BOUND, full_push, summed
from engine.steering.control.settings import TraitSetting, Tuning
from engine.steering.probes.probe import Probe
from tests.support.toy_model import SHAPE, SPEC, Toy


@pytest.fixture(scope="module")
def probe() -> Probe:
    return Toy().probe()


def test_a_push_is_strength_times_weight_times_spread_along_the_direction(probe: Probe) -> None:
    setting = TraitSetting("drums", "add", 3.0, arm="smitin", tuning=Tuning(heads="all"))
    push = full_push(probe, setting)
    layer, head = 1, 2
    weight = float(probe.soft_weights()[layer, head])
    expected = 3.0 * weight * float(probe.sigmas[layer, head]) * probe.directions[layer, head]
    assert torch.allclose(push[layer, head], expected)


def test_heads_that_are_not_chosen_are_untouched(probe: Probe) -> None:
    for arm in ("iti", "smitin", "closed-loop"):
        setting = TraitSetting("drums", "add", arm=arm, tuning=Tuning(heads=3))
        pushed = full_push(probe, setting).norm(dim=-1) > 0
        assert int(pushed.sum()) == 3
        assert pushed.flatten()[probe.top(3)].all()
    advised = full_push(probe, TraitSetting("drums", "add", arm="iti"))
    assert int((advised.norm(dim=-1) > 0).sum()) == probe.card.push_heads


def test_the_constant_arm_does_not_weigh_heads(probe: Probe) -> None:
    setting = TraitSetting("drums", "add", 2.0, arm="iti", tuning=Tuning(heads="all"))
    assert torch.allclose(full_push(probe, setting), 2.0 * probe.steps())


def test_removing_is_the_same_push_the_other_way(probe: Probe) -> None:
    add, remove = TraitSetting("drums", "add"), TraitSetting("drums", "remove")
    assert torch.equal(full_push(probe, remove), -full_push(probe, add))


def test_nothing_added_up_is_nothing() -> None:
    assert summed([]) is None


def test_traits_that_agree_add_up_to_the_bound_only() -> None:
    one = torch.randn(SHAPE)
    both = summed([one, one])
    assert both is not None
    assert torch.allclose(both, BOUND * one)
    apart = torch.zeros(2, *SHAPE)
    apart[0, ..., 0], apart[1, ..., 1] = 1.0, 1.0
    across = summed(list(apart))
    assert across is not None
    assert torch.allclose(across, apart.sum(0))
    against = summed([one, -one])
    assert against is not None
    assert torch.equal(against, torch.zeros(SHAPE))


@settings(max_examples=40)
@given(st.integers(1, 5), st.integers(0, 2**31), st.floats(1e-6, 1e6))
def test_the_sum_is_bounded_on_every_head(count: int, seed: int, scale: float) -> None:
    made = torch.Generator().manual_seed(seed)
    members = list(scale * torch.randn(count, *SHAPE, generator=made))
    total = summed(members)
    assert total is not None
    longest = torch.stack([member.norm(dim=-1) for member in members]).amax(0)
    assert bool((total.norm(dim=-1) <= BOUND * longest * 1.0001).all())
    assert total.shape == (SPEC.layers, SPEC.heads, SPEC.head_size)
