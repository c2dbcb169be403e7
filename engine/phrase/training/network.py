"""The phrase model as a torch network: a transformer over events that says the next one.

Three blocks read what stands there; from them comes the tick of the next event. A fourth reads
again, knowing that tick, and says the pitch. Attention is biased by the distance in measures and
by both ticks, so that what stood at the same place some measures ago is one step away.
"""

from __future__ import annotations

from math import sqrt
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.phrase.events import METRES, MODES, PITCHES, TICKS
from engine.phrase.sequences import GAUGES, NO_END, NO_INDEX
from engine.phrase.shape import BINS, SPAN, PhraseShape

PLACES = TICKS + 2
"""The ticks that a step can stand at: those of a measure, its bar line, and a sequence's head."""

Batch = dict[str, Tensor]
"""The arrays of `Steps`, a row each; and ``valid`` and ``block``. Block 0 sees all that stands
before it, another one sees itself and block 0: measures that do not see each other."""


class AttentionBlock(nn.Module):
    """Attention with learned biases, then a layer for each step alone."""

    def __init__(self, shape: PhraseShape, drop: float) -> None:
        super().__init__()
        width = shape.width
        self.heads, self.drop = shape.heads, drop
        self.norm, self.inner_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.query, self.key_value = nn.Linear(width, width), nn.Linear(width, 2 * width)
        self.out = nn.Linear(width, width)
        self.inner, self.outer = nn.Linear(width, shape.inner), nn.Linear(shape.inner, width)
        self.by_distance = nn.Embedding(2 * SPAN + 1, shape.heads)
        self.by_ticks = nn.Embedding(PLACES, shape.heads * PLACES)
        nn.init.zeros_(self.by_distance.weight)
        nn.init.zeros_(self.by_ticks.weight)

    def keys(self, x: Tensor) -> Tensor:
        """Return keys and values [2, B, heads, T, width / heads]."""
        rows, length, width = x.shape
        both: Tensor = self.key_value(self.norm(x))
        split = both.view(rows, length, 2, self.heads, width // self.heads)
        return split.permute(2, 0, 3, 1, 4)

    def forward(
        self, x: Tensor, keys: Tensor, distance: Tensor, tick: Tensor, marks: Tensor, mask: Tensor
    ) -> Tensor:
        """Read ``keys`` for the steps ``x`` [B, T, width], which stand at ``tick`` [B, T].

        ``distance`` [B, T, S] is how far each slot is, ``marks`` [B, 1, T, S + PLACES] says the
        slot and tick of each key, ``mask`` [B, 1, T, T] is added.
        """
        rows, length, width = x.shape
        query = self.query(self.norm(x)).view(rows, length, self.heads, width // self.heads)
        query = query.transpose(1, 2) / sqrt(width // self.heads)
        ticks = self.by_ticks(tick).view(rows, length, self.heads, PLACES).transpose(1, 2)
        bias = torch.cat([self.by_distance(distance).permute(0, 3, 1, 2), ticks], 3)
        weights = query @ keys[0].transpose(-1, -2) + bias @ marks.transpose(-1, -2) + mask
        read = (weights.softmax(-1) @ keys[1]).transpose(1, 2).reshape(rows, length, width)
        x = x + functional.dropout(self.out(read), self.drop, self.training)
        inner = self.outer(functional.gelu(self.inner(self.inner_norm(x))))
        return x + functional.dropout(inner, self.drop, self.training)


class PhraseNetwork(nn.Module):
    """The network; ``forward`` gives the logits of the next tick, pitch, and the gauges."""

    def __init__(self, shape: PhraseShape, drop: float = 0.15) -> None:
        super().__init__()
        self.shape, self.drop = shape, drop
        width = shape.width
        sizes = {
            "pitch": PITCHES + 3,
            "pitch_class": 15,
            "tick": PLACES,
            "count": 26,
            "index": NO_INDEX + 1,
            "index_in_four": 5,
            "index_in_eight": 9,
            "to_end": NO_END + 1,
            "mode": len(MODES) + 1,
            "tonic": 13,
            "metre": len(METRES) + 1,
            "given_tick": TICKS + 1,
        }
        self.tables = nn.ModuleDict({name: nn.Embedding(n, width) for name, n in sizes.items()})
        for table in self.tables.values():
            nn.init.normal_(cast(nn.Embedding, table).weight, std=0.05)
        self.asked = nn.Linear(2 * GAUGES, width)
        self.blocks = nn.ModuleList(AttentionBlock(shape, drop) for _ in range(shape.layers + 1))
        self.tick_norm, self.tick_head = nn.LayerNorm(width), nn.Linear(width, TICKS + 1)
        self.pitch_norm, self.pitch_head = nn.LayerNorm(width), nn.Linear(width, PITCHES + 1)
        self.gauge_norm, self.gauge_head = nn.LayerNorm(width), nn.Linear(width, GAUGES * BINS)

    def embed(self, batch: Batch) -> Tensor:
        """Return what each step is, [B, T, width]."""
        pitch, shown = batch["pitch"], batch["shown"]
        sounding = torch.where(pitch < PITCHES, (pitch - 11) % 12, pitch - PITCHES + 12)
        unknown = shown == NO_INDEX
        read = {name: batch[name] for name in ("tick", "count", "to_end", "mode", "tonic", "metre")}
        read |= {
            "pitch": pitch,
            "pitch_class": sounding,
            "index": shown,
            "index_in_four": torch.where(unknown, 4, shown % 4),
            "index_in_eight": torch.where(unknown, 8, shown % 8),
        }
        found: Tensor = self.asked(batch["asked"])
        for name, numbers in read.items():
            found = found + self.tables[name](numbers)
        return functional.dropout(found, self.drop, self.training)

    def forward(self, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        """Return logits of the next tick [B, T, 25], of its pitch [B, T, 42], and of the gauges.

        The pitch is that of an event at ``next_tick``. The gauges are [B, T, 5, 16].
        """
        x = self.embed(batch)
        length = x.shape[1]
        place = batch["measure"].clamp(max=NO_INDEX - 1)
        slots = int(place.max()) + 1
        block = batch["block"]
        sees = batch["valid"][:, None, :] & torch.ones(length, length, dtype=torch.bool).tril()
        if bool(block.any()):
            sees = sees & (
                (block[:, :, None] == 0)
                | (block[:, None] == block[:, :, None])
                | (block[:, None] == 0)
            )
        mask = torch.where(sees, 0.0, -1e9)[:, None]
        marks = torch.cat(
            [functional.one_hot(place, slots), functional.one_hot(batch["tick"], PLACES)], 2
        ).float()[:, None]
        distance = (torch.arange(slots)[None, None] - place[:, :, None]).clamp(-SPAN, SPAN) + SPAN
        *blocks, last = (cast(AttentionBlock, each) for each in self.blocks)
        for each in blocks:
            x = each(x, each.keys(x), distance, batch["tick"], marks, mask)
        given = batch["next_tick"].clamp(0, TICKS)
        knowing = x + self.tables["given_tick"](given)
        y = last(knowing, last.keys(x), distance, given, marks, mask)
        gauges = self.gauge_head(self.gauge_norm(x)).view(*x.shape[:-1], GAUGES, BINS)
        return self.tick_head(self.tick_norm(x)), self.pitch_head(self.pitch_norm(y)), gauges
