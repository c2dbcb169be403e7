"""Muon: steps with all singular values near one, and a small problem that it solves."""

from __future__ import annotations

import copy

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.steering.training.muon import Muon, orthogonal


@settings(max_examples=40)
@given(st.integers(0, 2**31), st.integers(2, 48), st.integers(2, 48))
def test_singular_values_come_near_one_and_directions_stay(
    seed: int, rows: int, columns: int
) -> None:
    made = torch.Generator().manual_seed(seed)
    least = min(rows, columns)
    left, _ = torch.linalg.qr(torch.randn(rows, least, generator=made))
    right, _ = torch.linalg.qr(torch.randn(columns, least, generator=made))
    sizes = 0.1 + torch.rand(least, generator=made)
    found = orthogonal(7.0 * left * sizes @ right.T)
    values = torch.linalg.svdvals(found)
    assert float(values.min()) > 0.6
    assert float(values.max()) < 1.25
    # In the basis of its own singular vectors nothing lies off the diagonal.
    inside = left.T @ found @ right
    assert float((inside - torch.diag(inside.diagonal())).abs().max()) < 1e-3


def test_half_the_digits_are_enough_for_a_direction() -> None:
    matrix = torch.randn(24, 40, generator=torch.Generator().manual_seed(0))
    whole, half = orthogonal(matrix), orthogonal(matrix, torch.bfloat16)
    assert half.dtype == torch.float32
    assert torch.cosine_similarity(whole.flatten(), half.flatten(), dim=0) > 0.99
    assert torch.equal(orthogonal(torch.zeros(4, 5)), torch.zeros(4, 5))


def test_a_step_is_of_the_size_of_its_rate() -> None:
    for rows, columns, size in ((8, 8, 1.0), (8, 32, 1.0), (32, 8, 2.0)):
        weights = torch.zeros(rows, columns)
        weights.grad = torch.randn(rows, columns, generator=torch.Generator().manual_seed(1))
        Muon([weights], lr=0.1).step()
        assert 0.6 * 0.1 * size < float(torch.linalg.svdvals(weights).mean()) < 1.25 * 0.1 * size


def regression(seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    made = torch.Generator().manual_seed(seed)
    seen = torch.randn(256, 12, generator=made)
    return seen, seen @ torch.randn(12, 20, generator=made)


def train(weights: torch.Tensor, muon: Muon, first: int, last: int) -> float:
    seen, meant = regression(0)
    for step in range(first, last):
        for group in muon.param_groups:
            group["lr"] = 0.2 * (1 - step / 200)
        loss = (seen @ weights.T - meant).square().mean()
        muon.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        muon.step()
    return float(loss.detach())


def test_a_regression_is_learned() -> None:
    weights = torch.zeros(20, 12, requires_grad=True)
    muon = Muon([weights], lr=0.2, decay=0.0)
    assert train(weights, muon, 0, 1) > 5
    assert train(weights, muon, 1, 200) < 0.02


def test_a_state_that_was_kept_goes_on_bit_by_bit() -> None:
    whole = torch.zeros(20, 12, requires_grad=True)
    muon = Muon([whole], lr=0.2)
    train(whole, muon, 0, 20)
    kept, state = whole.detach().clone().requires_grad_(), copy.deepcopy(muon.state_dict())
    train(whole, muon, 20, 40)
    again = Muon([kept], lr=0.1)
    again.load_state_dict(state)
    train(kept, again, 20, 40)
    assert torch.equal(kept, whole)


def test_what_has_no_gradient_stays() -> None:
    still, moved = torch.ones(3, 4), torch.ones(3, 4)
    moved.grad = torch.randn(3, 4, generator=torch.Generator().manual_seed(0))
    Muon([still, moved], lr=0.1).step()
    assert torch.equal(still, torch.ones(3, 4))
    assert not torch.equal(moved, still)
