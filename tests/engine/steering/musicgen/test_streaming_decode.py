"""A piece heard while it grows: pieces that join, each sample once."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from engine.steering.musicgen.model import AudioModel, open_model
from engine.steering.musicgen.streaming_decode import GrowingAudio
from engine.steering.spec import AudioSpec
from tests.support.checkpoints import ENTRIES, write_model

HOP = 40


class Smooth:
    """Decodes codes to a line through them that looks three frames to each side."""

    spec = AudioSpec("smooth", "0" * 16, 2000, 2000 / HOP, 1, 1, 1, 1, 30.0)

    def decode(self, codes: Tensor, sketch: bool = False) -> Tensor:
        del sketch
        steps = codes[0].float().repeat_interleave(HOP)[None, None]
        width = 6 * HOP + 1
        padded = torch.nn.functional.pad(steps, (3 * HOP, 3 * HOP), mode="replicate")
        return torch.nn.functional.avg_pool1d(padded, width, 1)[0, 0]


def decoded(model: Smooth | AudioModel, codes: Tensor, ends: list[int], begin: int = 0) -> Tensor:
    growing = GrowingAudio(model, begin)
    pieces = [growing.add(codes[:, :end]) for end in ends]
    return torch.cat([*pieces, growing.add(codes, last=True)])


@settings(max_examples=30)
@given(ends=st.lists(st.integers(0, 200), max_size=8).map(sorted), begin=st.integers(0, 100))
def test_pieces_are_the_whole(ends: list[int], begin: int) -> None:
    codes = torch.randint(100, (1, 200), generator=torch.Generator().manual_seed(1))
    ends = [max(end, begin) for end in ends]
    model = Smooth()
    whole = model.decode(codes)[begin * HOP :]
    assert torch.allclose(decoded(model, codes, ends, begin), whole, atol=1e-3)


def test_no_click_where_pieces_join(tmp_path_factory: pytest.TempPathFactory) -> None:
    model = open_model(write_model(tmp_path_factory.mktemp("model")), device="cpu")
    codes = torch.randint(ENTRIES, (4, 120), generator=torch.Generator().manual_seed(1))
    whole, pieces = model.decode(codes), decoded(model, codes, list(range(20, 120, 9)))
    assert pieces.shape == whole.shape
    assert float((pieces - whole).abs().max()) < 1e-3


def test_what_is_not_settled_waits() -> None:
    growing = GrowingAudio(Smooth())
    codes = torch.ones(1, 50, dtype=torch.long)
    assert len(growing.add(codes[:, :2])) == 0
    first = growing.add(codes[:, :40])
    assert growing.frames == 40 - 8
    assert len(first) == growing.frames * HOP
    assert len(growing.add(codes[:, :40])) == 0
    assert len(growing.add(codes[:, :40], last=True)) == 8 * HOP
