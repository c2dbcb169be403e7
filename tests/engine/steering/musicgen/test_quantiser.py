"""Residual quantisation: what codes keep of latents, and codes that nothing chooses."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.steering.musicgen.quantiser import ResidualQuantiser


def latents(seed: int, clouds: int = 12, frames: int = 400) -> torch.Tensor:
    """Return latents [2, 4, frames] that lie around a few points."""
    made = torch.Generator().manual_seed(seed)
    points = 3 * torch.randn(clouds, 4, generator=made)
    chosen = torch.randint(clouds, (2, frames), generator=made)
    return (points[chosen] + 0.1 * torch.randn(2, frames, 4, generator=made)).transpose(1, 2)


def started(seed: int = 0, books: int = 3, size: int = 16) -> ResidualQuantiser:
    torch.manual_seed(seed)
    quantiser = ResidualQuantiser(books, size, 4)
    quantiser.start(latents(seed))
    return quantiser


def left_over(quantiser: ResidualQuantiser, of: torch.Tensor) -> float:
    return float((quantiser.decode(quantiser.encode(of)) - of).square().mean())


@settings(max_examples=8)
@given(st.integers(0, 1000), st.integers(1, 4))
def test_what_is_decoded_is_what_training_sees(seed: int, books: int) -> None:
    quantiser = started(seed, books).eval()
    seen = latents(seed + 1)
    codes = quantiser.encode(seen)
    assert codes.shape == (2, books, 400)
    assert int(codes.min()) >= 0
    assert int(codes.max()) < 16
    quantised, _ = quantiser(seen)
    assert torch.allclose(quantised, quantiser.decode(codes), atol=1e-5)


def test_each_codebook_leaves_less_over() -> None:
    found = [left_over(started(books=books), latents(0)) for books in (1, 2, 3)]
    assert found[0] > found[1] > found[2]
    assert found[2] < 0.02 * float(latents(0).square().mean())


def test_codes_that_begin_as_means_are_used() -> None:
    codes = started().encode(latents(0))
    for book in range(3):
        assert len(set(codes[:, book].flatten().tolist())) >= 12


def test_gradients_go_through_as_if_nothing_were_quantised() -> None:
    seen = latents(0).requires_grad_()
    quantised, loss = started()(seen)
    (gradient,) = torch.autograd.grad(quantised.sum(), seen, retain_graph=True)
    assert torch.equal(gradient, torch.ones_like(gradient))
    (pull,) = torch.autograd.grad(loss, seen)
    # Against the pull lies the code: a step along it leaves less over.
    quantiser = started().eval()
    assert left_over(quantiser, seen.detach() - 50 * pull) < left_over(quantiser, seen.detach())


def test_codes_follow_latents_that_move() -> None:
    quantiser = started().train()
    there = latents(0) + 2.0
    before = left_over(quantiser, there)
    for _ in range(120):
        quantiser(there)
    assert left_over(quantiser, there) < 0.1 * before


def test_a_code_that_nothing_chooses_starts_over_where_latents_are() -> None:
    quantiser = started(books=1).train()
    quantiser.codes[0, 3] = 1000.0
    quantiser.sums[0, 3] = 1000.0
    for _ in range(120):
        quantiser(latents(0))
    assert float(quantiser.codes.abs().max()) < 20
    assert bool(torch.isfinite(quantiser.codes).all())


def test_nothing_moves_outside_training() -> None:
    quantiser = started().eval()
    before = quantiser.codes.clone()
    quantiser(latents(9))
    assert torch.equal(quantiser.codes, before)


def test_fewer_latents_than_codes_will_do() -> None:
    torch.manual_seed(0)
    quantiser = ResidualQuantiser(2, 16, 4)
    few = latents(0, frames=3)
    quantiser.start(few)
    assert left_over(quantiser, few) < 1e-9
