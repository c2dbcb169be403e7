"""The loss of the language model is audiocraft's own where audiocraft knows one."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import pytest
import torch
from torch.nn import functional

from engine.steering.musicgen.tiny import language_model
from engine.steering.training import musicgen
from engine.steering.training.musicgen import code_losses
from tests.support.small_musicgen import LM

FRAMES = 20


@pytest.fixture
def lm() -> Any:
    torch.manual_seed(0)
    return language_model(LM).eval()


def codes(seed: int = 0) -> torch.Tensor:
    return torch.randint(16, (2, 3, FRAMES), generator=torch.Generator().manual_seed(seed))


@torch.no_grad()
def test_the_logits_are_audiocrafts_wherever_those_are_valid(
    lm: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    plain = functional.cross_entropy

    def noted(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        seen.append((logits.view(2, FRAMES, -1), targets.view(2, FRAMES)))
        return plain(logits, targets)

    monkeypatch.setattr(functional, "cross_entropy", noted)
    # Term by term in full precision, whatever this processor multiplies in.
    monkeypatch.setattr(musicgen, "reduced", nullcontext)
    losses = code_losses(lm, codes())
    monkeypatch.undo()
    theirs = lm.compute_predictions(codes(), [], {})
    assert len(seen) == 3
    for book, (logits, targets) in enumerate(seen):
        valid = theirs.mask[:, book]
        assert int(valid[0].sum()) == FRAMES - book
        assert torch.allclose(logits[valid], theirs.logits[:, book][valid], atol=1e-5)
        assert torch.equal(targets, codes()[:, book])
    # The first codebook is not delayed, and all of it is valid.
    first = plain(theirs.logits[:, 0].flatten(0, 1), codes()[:, 0].flatten())
    assert float(losses[0]) == pytest.approx(float(first), abs=1e-5)


@torch.no_grad()
def test_fewer_digits_change_next_to_nothing(lm: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(musicgen, "reduced", lambda: torch.autocast("cpu", torch.bfloat16))
    fewer = code_losses(lm, codes())
    monkeypatch.setattr(musicgen, "reduced", nullcontext)
    assert fewer.dtype == torch.float32
    assert torch.allclose(fewer, code_losses(lm, codes()), rtol=0.01)


@torch.no_grad()
def test_no_code_is_seen_before_it_is_predicted(lm: Any) -> None:
    changed = codes()
    changed[:, :, -1] = (changed[:, :, -1] + 1) % 16
    # Only the last frame is another, so that the losses of the others stay: per book one of
    # FRAMES terms differs, and that term alone.
    before, after = code_losses(lm, codes()), code_losses(lm, changed)
    spread = (after - before).abs() * FRAMES
    assert float(spread[0]) < 10
    still = code_losses(lm, codes()[:, :, : FRAMES - 1])
    most = still[0] * (FRAMES - 1) / FRAMES
    assert float(before[0]) > float(most)
    assert float(after[0]) > float(most)


def test_every_codebook_teaches(lm: Any) -> None:
    lm.train()
    losses = code_losses(lm, codes())
    for book in range(3):
        (gradient,) = torch.autograd.grad(losses[book], lm.linears[book].weight, retain_graph=True)
        assert float(gradient.abs().sum()) > 0
