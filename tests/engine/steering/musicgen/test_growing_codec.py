"""The shipped codec's sound while it grows: each sample once, joined, as good as a sketch."""

from __future__ import annotations

from functools import lru_cache

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from engine.steering.musicgen.codec import SpectralCodec
from engine.steering.musicgen.growing_codec import CONTEXT, SETTLE, GrowingSpectra
from engine.steering.musicgen.model import AudioModel, open_model
from engine.steering.musicgen.spectrum import magnitude
from tests.support.small_musicgen import tune

FRAMES = 75


@lru_cache
def shipped() -> AudioModel:
    return open_model("tiny", device="cpu", threads=1)


@lru_cache
def codes() -> Tensor:
    return shipped().encode(tune(FRAMES / 25))


def pieces(ends: list[int], begin: int = 0) -> list[Tensor]:
    growing = GrowingSpectra(shipped(), begin)
    found = [growing.add(codes()[:, :end]) for end in ends]
    return [*found, growing.add(codes(), last=True)]


def meant() -> Tensor:
    """Return the magnitudes that the codes ask for."""
    codec = shipped().codec
    assert isinstance(codec, SpectralCodec)
    with torch.inference_mode():
        return codec.log_magnitudes(codec.decode_latent(codes()[None])).exp()


def missed(wave: Tensor) -> float:
    """Return how far the magnitudes of a wave, or of its end, lie from those that were meant."""
    found = magnitude(wave[None])
    # What lies at the cut has nothing before it.
    edge = 8 if found.shape[2] < meant().shape[2] else 0
    found = found[:, :, edge:]
    wanted = meant()[:, :, -found.shape[2] :]
    return float((found - wanted).norm() / wanted.norm())


@settings(max_examples=12, deadline=None)
@given(
    ends=st.lists(st.integers(0, FRAMES), max_size=6).map(sorted), begin=st.integers(0, FRAMES - 1)
)
def test_each_sample_comes_once(ends: list[int], begin: int) -> None:
    found = pieces([max(begin, end) for end in ends], begin)
    hop = shipped().codec.shape.hop
    done = begin
    for piece, end in zip(
        found, [*(max(begin, end) - SETTLE for end in ends), FRAMES], strict=True
    ):
        assert len(piece) == max(0, end - done) * hop
        done = max(done, end)
    assert all(bool(piece.isfinite().all()) for piece in found)


@pytest.mark.parametrize("step", [4, 12])
def test_it_sounds_no_worse_than_a_sketch_decoded_around_each_piece(step: int) -> None:
    model = shipped()
    wave = torch.cat(pieces(list(range(step, FRAMES, step))))
    assert missed(wave) < 1.25 * missed(model.decode(codes(), sketch=True))
    # Phases that begin anew at every piece would miss much more.
    apart = [model.decode(codes()[:, at : at + 4], sketch=True) for at in range(0, FRAMES, 4)]
    assert missed(wave) < 0.7 * missed(torch.cat(apart))


def test_no_click_where_pieces_join() -> None:
    wave = torch.cat(pieces(list(range(12, FRAMES, 6))))
    hop = shipped().codec.shape.hop
    # A click is a jump of the second difference against what lies around it.
    bends = wave.diff(n=2).abs()
    for end in range(12, FRAMES, 6):
        at = (end - SETTLE) * hop
        assert float(bends[at - 4 : at + 4].max()) < 1.5 * float(bends[at - hop : at + hop].max())


def test_what_comes_later_begins_as_if_it_had_not_been_cut() -> None:
    begin = 30
    assert begin > CONTEXT
    model, later = shipped(), torch.cat(pieces(list(range(40, FRAMES, 10)), begin))
    sketch = model.decode(codes()[:, begin - CONTEXT :], sketch=True)
    assert missed(later) < 1.25 * missed(sketch[-len(later) :])
