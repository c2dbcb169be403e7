"""The published shape of MeasureVAE's decoder, untrained: what the map's speed is held against.

Two recurrent levels of two layers each, 512 wide, latent size 256 (Pati et al. 2019; the shape
of Bryan-Kinns et al. 2021): beats, then six ticks within each beat, each tick fed the token
chosen before it.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.latent.tokens import TICKS, VOCABULARY
from engine.music.grid import FOUR_QUARTERS

LATENT, WIDTH, LAYERS, EMBEDDING = 256, 512, 2, 10
BEATS = FOUR_QUARTERS.beats


class ReferenceDecoder(nn.Module):
    """Maps codes [B, 256] to tokens [B, 24] by greedy choice, tick after tick."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(VOCABULARY, EMBEDDING)
        self.start_beats = nn.Linear(LATENT, WIDTH * LAYERS)
        self.beats = nn.GRU(1, WIDTH, LAYERS, batch_first=True)
        self.start_ticks = nn.Linear(WIDTH, WIDTH * LAYERS)
        self.beat = nn.Linear(WIDTH, WIDTH)
        self.ticks = nn.GRU(EMBEDDING + WIDTH, WIDTH, LAYERS, batch_first=True)
        self.out = nn.Linear(WIDTH, VOCABULARY)

    def forward(self, codes: Tensor) -> Tensor:
        """Decode codes [B, 256] to tokens [B, 24]."""
        count = len(codes)
        initial = functional.selu(self.start_beats(codes)).view(count, LAYERS, WIDTH)
        beats, _ = self.beats(torch.zeros(count, BEATS, 1), initial.transpose(0, 1).contiguous())
        token = torch.zeros(count, dtype=torch.long)
        chosen = []
        for output in beats.unbind(1):
            state = functional.selu(self.start_ticks(output)).view(count, LAYERS, WIDTH)
            state = state.transpose(0, 1).contiguous()
            context = functional.selu(self.beat(output))
            for _ in range(TICKS // BEATS):
                step = torch.cat([self.embed(token), context], dim=1)[:, None]
                hidden, state = self.ticks(step, state)
                token = self.out(hidden[:, 0]).argmax(-1)
                chosen.append(token)
        return torch.stack(chosen, dim=1)
