"""The pushes of several traits made one, and no longer than heads can bear."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from engine.steering.control.settings import TraitSetting
from engine.steering.probes.probe import Probe

BOUND = 1.5
"""How long the summed push on a head may be, in lengths of its longest member.

Traits that agree add up to it; two strong ones at right angles are not held back.
"""


def full_push(probe: Probe, setting: TraitSetting) -> Tensor:
    """Return the push of a setting with its gate wide open: [layers, heads, head size].

    Strength, sign, the heads chosen and their weights are in it.
    """
    tuning = setting.tuning
    heads = probe.card.push_heads if tuning.heads is None else tuning.heads
    weights = probe.mask(None if heads == "all" else heads)
    # The constant arm is inference-time intervention as published: a head is pushed or not.
    if tuning.soft and setting.arm != "iti":
        weights = weights * probe.soft_weights(tuning.exponent)
    steps = probe.steps(tuning.direction, matched=tuning.matched, seed=tuning.seed)
    return setting.sign * setting.strength * weights[..., None] * steps


def summed(members: Sequence[Tensor], bound: float = BOUND) -> Tensor | None:
    """Add pushes [layers, heads, head size], bounded on each head; None where there are none.

    On every head the sum is at most ``bound`` times as long as its longest member.
    """
    if not members:
        return None
    if len(members) == 1:
        return members[0]
    total = members[0]
    longest = members[0].norm(dim=-1)
    for member in members[1:]:
        total = total + member
        longest = longest.maximum(member.norm(dim=-1))
    length = total.norm(dim=-1)
    tiny = 1e-30
    shrink: Tensor = (bound * longest / length.clamp_min(tiny)).clamp_max(1.0)
    return total * shrink[..., None]
