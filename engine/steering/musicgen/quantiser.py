"""Residual vector quantisation: a latent as one code from each of several codebooks."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

DECAY = 0.98
"""How slowly codes follow the latents that choose them (a moving average)."""

FORGOTTEN = 0.1
"""A code that is chosen less than this share of the usual is put where a latent is."""

_ROUNDS = 12


class ResidualQuantiser(nn.Module):
    """Codebooks of which each codes what those before it left over.

    Codes are moving averages of the latents that choose them (van den Oord et al. 2017,
    appendix A.1), begin as means found by k-means, and start over when nothing chooses them.
    """

    codes: Tensor
    sums: Tensor
    uses: Tensor

    def __init__(self, books: int, size: int, width: int) -> None:
        super().__init__()
        self.books, self.size = books, size
        self.register_buffer("codes", torch.randn(books, size, width))
        # What training alone needs is kept in its checkpoints alone.
        self.register_buffer("sums", torch.zeros(books, size, width))
        self.register_buffer("uses", torch.ones(books, size))

    def forward(self, latents: Tensor) -> tuple[Tensor, Tensor]:
        """Return quantised latents [B, width, T], with gradients as if they were not, and the loss.

        The loss pulls latents to their codes. While training, the codes move.
        """
        flat = latents.transpose(1, 2).flatten(0, 1)
        left, found, loss = flat, torch.zeros_like(flat), flat.new_zeros(())
        for book in range(self.books):
            chosen = self._nearest(book, left.detach())
            code = functional.embedding(chosen, self.codes[book])
            loss = loss + functional.mse_loss(left, code)
            if self.training:
                self._follow(book, left.detach(), chosen)
            left, found = left - code, found + code
        quantised = flat + (found - flat).detach()
        shape = latents.transpose(1, 2).shape
        return quantised.reshape(shape).transpose(1, 2), loss / self.books

    def encode(self, latents: Tensor) -> Tensor:
        """Return the codes [B, books, T] of latents [B, width, T]."""
        batch, _, frames = latents.shape
        left, found = latents.transpose(1, 2).flatten(0, 1), []
        for book in range(self.books):
            chosen = self._nearest(book, left)
            found.append(chosen.view(batch, frames))
            left = left - functional.embedding(chosen, self.codes[book])
        return torch.stack(found, dim=1)

    def decode(self, codes: Tensor) -> Tensor:
        """Return the latents [B, width, T] of codes [B, books, T]."""
        each = [
            functional.embedding(codes[:, book], self.codes[book]) for book in range(self.books)
        ]
        return torch.stack(each).sum(dim=0).transpose(1, 2)

    @torch.no_grad()
    def start(self, latents: Tensor) -> None:
        """Put the codes where k-means finds them in latents [B, width, T]."""
        left = latents.transpose(1, 2).flatten(0, 1)
        for book in range(self.books):
            picked = torch.randint(len(left), (self.size,))
            self.codes[book] = left[picked]
            for _ in range(_ROUNDS):
                chosen = self._nearest(book, left)
                sums, uses = self._gathered(left, chosen)
                there = uses > 0
                self.codes[book, there] = sums[there] / uses[there, None]
            self.uses[book] = 1.0
            self.sums[book] = self.codes[book]
            left = left - functional.embedding(self._nearest(book, left), self.codes[book])

    def _nearest(self, book: int, latents: Tensor) -> Tensor:
        codes = self.codes[book]
        return (codes.square().sum(1) - 2 * latents @ codes.T).argmin(dim=1)

    @torch.no_grad()
    def _follow(self, book: int, latents: Tensor, chosen: Tensor) -> None:
        # Uses are in shares of the usual, so that the size of a batch does not matter.
        usual = len(latents) / self.size
        sums, uses = self._gathered(latents, chosen)
        self.uses[book].lerp_(uses / usual, 1 - DECAY)
        self.sums[book].lerp_(sums / usual, 1 - DECAY)
        forgotten = self.uses[book] < FORGOTTEN
        count = int(forgotten.sum())
        if count:
            fresh = latents[torch.randint(len(latents), (count,))]
            self.sums[book, forgotten], self.uses[book, forgotten] = fresh, 1.0
        self.codes[book] = self.sums[book] / self.uses[book, :, None]

    def _gathered(self, latents: Tensor, chosen: Tensor) -> tuple[Tensor, Tensor]:
        sums = latents.new_zeros(self.size, latents.shape[1]).index_add_(0, chosen, latents)
        return sums, torch.bincount(chosen, minlength=self.size).to(latents.dtype)
