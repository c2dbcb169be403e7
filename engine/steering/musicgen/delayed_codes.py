"""Codes as a model is fed them, each codebook later by its delay, and as they are complete."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from torch import Tensor


class DelayedCodes:
    """The codes of pieces that grow side by side, in both orders at once.

    ``delays`` has one for each codebook, ``prompts`` [B, K, begin] are the codes that are there
    already. Position 0 holds the special token ``special`` alone; codebook k of frame f stands
    at position 1 + f + ``delays[k]``. ``fed`` [B, positions, K] holds rows of one table of
    embeddings for all codebooks: a code, and k * (special + 1) before it. ``free`` [positions, K]
    is where a code is to be chosen.
    """

    def __init__(
        self, delays: Sequence[int], frames: int, prompts: Tensor, special: int, device: Any
    ) -> None:
        rows, books, begin = prompts.shape
        latest = max(delays)
        self.positions = 1 + frames + latest
        self._begin, self._frames, self._latest = begin, frames, latest
        # Between these all codebooks are free to be chosen.
        self._all = range(1 + latest + begin, 1 + frames + min(delays))
        self.offsets = torch.arange(books, device=device) * (special + 1)
        shape = (rows, self.positions, books)
        self.fed = torch.full(shape, special, dtype=torch.long, device=device) + self.offsets
        self.free = torch.zeros(self.positions, books, dtype=torch.bool, device=device)
        # Complete order, with room around it for what the delays push out of the piece.
        width = latest + frames + latest
        self._codes = torch.full((rows, books, width), special, dtype=torch.long, device=device)
        self.codes = self._codes[:, :, latest : latest + frames]
        for book, delay in enumerate(delays):
            known = prompts[:, book].to(device)
            self.fed[:, 1 + delay : 1 + delay + begin, book] = known + self.offsets[book]
            self.codes[:, book, :begin] = known
            self.free[1 + delay + begin : 1 + delay + frames, book] = True
        starts = torch.arange(rows * books, device=device) * width
        shifts = torch.tensor([latest - 1 - delay for delay in delays], device=device)
        self._places = starts.view(rows, books) + shifts
        self._flat = self._codes.view(-1)

    @property
    def first(self) -> int:
        """The position that is chosen first."""
        return self._begin + 1

    def put(self, position: int, chosen: Tensor) -> None:
        """Take what was chosen [B, K] for a position, where there is something to choose."""
        if position in self._all:
            torch.add(chosen, self.offsets, out=self.fed[:, position])
            self._flat.index_copy_(0, (self._places + position).view(-1), chosen.view(-1))
            return
        # Inside the prompt and outside the piece there is nothing to choose.
        free, known = self.free[position], self.fed[:, position] - self.offsets
        best = chosen.where(free, known)
        self.fed[:, position] = best + self.offsets
        places = (self._places + position)[:, free].reshape(-1)
        self._flat[places] = best[:, free].reshape(-1)

    def complete(self, position: int) -> int:
        """Return how many frames are complete once ``position`` was put."""
        return min(self._frames, max(self._begin, position - self._latest))
