"""A decoder of our own: audiocraft's weights, one step after another, without its modules.

Keys and values are written into memory that is there, the embeddings of all codebooks are one
gather and their logits one product, and every head's output is read and pushed where it lies.
The results are those of audiocraft's modules within rounding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

from engine.steering.musicgen.decoder_weights import CrossWeights, DecoderWeights, gathered

if TYPE_CHECKING:
    from torch import Tensor


class OwnSteps:
    """One generation of ``rows`` pieces side by side, of up to ``length`` positions each.

    ``conditions`` are condition tensors of as many rows, as the model's provider gives them.
    What stands in front of the sequence counts among the positions.
    """

    def __init__(self, lm: Any, rows: int, length: int, conditions: dict[str, Any]) -> None:
        weights = self._weights = gathered(lm)
        self._rows, self._position = rows, 0
        table = weights.table
        self._device, self._kind = table.device, table.dtype
        self._head = weights.size // weights.heads
        shape = (len(weights.layers), 2, rows, weights.heads, length, self._head)
        self._past = torch.zeros(shape, device=self._device, dtype=self._kind)
        self._layers = [
            (each, past[0], past[1]) for each, past in zip(weights.layers, self._past, strict=True)
        ]
        self._offset = torch.zeros(1, dtype=torch.long, device=self._device)
        tables = Tables(lm, rows, length, conditions, weights)
        self._sines, self._turns = tables.sines, tables.turns
        self._prefix, self._summed, self._heard = tables.prefix, tables.summed, tables.heard
        # A single row without conditions is vectors throughout.
        biased = any(
            bias is not None
            for each in weights.layers
            for _, bias in (each.qkv, each.out, each.wide, each.narrow)
        )
        crossed = any(each is not None for each in self._heard)
        single = rows == 1 and not biased and not crossed and self._device.type == "cpu"
        self._room = _Room(weights, table) if single else None
        self.heads = torch.zeros(0)
        """What the last step read at its last position, before the push."""

    def step(self, fed: Tensor, push: Tensor | None = None) -> Tensor:
        """Return the logits [rows, books, codes] behind what is fed: [rows or 1, positions, books].

        ``fed`` are rows of the table of embeddings, the same for all pieces where it has one.
        ``push`` [layers, rows, size] is added to the heads at the last position.
        """
        if self._room is not None and fed.shape[1] == 1 and self._position:
            return self._vectors(self._room, fed[0, 0], push)
        return self._batch(fed, push)

    def _vectors(self, room: _Room, fed: Tensor, push: Tensor | None) -> Tensor:
        weights, at = self._weights, self._position
        size = (weights.size,)
        norm, end = torch.layer_norm, at + 1
        x = torch.embedding_bag(weights.table, fed, self._offset, False, 0)[0][0]
        if self._summed is not None:
            x = x + self._summed[0, 0]
        if self._sines is not None:
            x = x + self._sines[at]
        turn = None if self._turns is None else self._turns[at]
        pushes = None if push is None else push[:, 0].unbind()
        read = []
        for number, (layer, keys, values) in enumerate(self._layers):
            torch.mv(layer.qkv[0], norm(x, size, *layer.norm), out=room.made)
            if layer.turned is not None:
                weight, bias = layer.turned
                torch.addcmul(bias[:, 0], norm(room.both, size), weight[:, 0], out=room.both)
            if turn is not None and room.pairs is not None:
                torch.mul(room.pairs, turn, out=room.pairs)
            keys[0, :, at] = room.key
            values[0, :, at] = room.value
            seen = functional.scaled_dot_product_attention(
                room.query, keys.narrow(2, 0, end), values.narrow(2, 0, end)
            ).view(-1)
            read.append(seen)
            if pushes is not None:
                seen = seen + pushes[number]
            x = torch.addmv(x, layer.out[0], seen)
            wide = torch.mv(layer.wide[0], norm(x, size, *layer.norm_wide))
            x = torch.addmv(x, layer.narrow[0], layer.activation(wide))
        self._position, self.heads = end, torch.stack(read)[:, None]
        matrix, added = weights.logits
        logits = torch.mv(matrix, norm(x, size, *weights.norm))
        if added is not None:
            logits = logits + added
        return logits.view(1, weights.books, weights.codes)

    def _batch(self, fed: Tensor, push: Tensor | None) -> Tensor:
        weights, at, rows = self._weights, self._position, self._rows
        size, heads, head = (weights.size,), weights.heads, self._head
        norm = functional.layer_norm
        x = weights.table[fed].sum(dim=2).expand(rows, -1, -1)
        if self._summed is not None:
            x = x + self._summed
        if self._prefix is not None:
            x, self._prefix = torch.cat([self._prefix, x], dim=1), None
        steps = x.shape[1]
        end = at + steps
        if self._sines is not None:
            x = x + self._sines[at:end]
        turn = None if self._turns is None else self._turns[at:end, None]
        mask = None
        if steps > 1:
            allowed = torch.ones(steps, end, dtype=torch.bool, device=self._device)
            mask = allowed.tril(at)
        read = x.new_empty((len(self._layers), rows, weights.size))
        for number, (layer, keys, values) in enumerate(self._layers):
            made = functional.linear(norm(x, size, *layer.norm), *layer.qkv)
            made = made.view(rows, steps, 3, -1)
            both = made[:, :, :2]
            if layer.turned is not None:
                weight, bias = (each[:, 0] for each in layer.turned)
                both = torch.addcmul(bias, norm(both, size), weight)
            both = both.reshape(rows, steps, 2, heads, head)
            if turn is not None:
                pairs = torch.view_as_complex(both.float().view(*both.shape[:-1], -1, 2))
                turned = torch.view_as_real(pairs * turn[:, None])
                both = turned.view(both.shape).to(self._kind)
            keys[:, :, at:end] = both[:, :, 1].transpose(1, 2)
            values[:, :, at:end] = made[:, :, 2].view(rows, steps, heads, head).transpose(1, 2)
            seen = functional.scaled_dot_product_attention(
                both[:, :, 0].transpose(1, 2), keys[:, :, :end], values[:, :, :end], mask
            )
            seen = seen.transpose(1, 2).reshape(rows, steps, -1)
            read[number] = seen[:, -1]
            if push is not None:
                seen[:, -1] += push[number]
            x = x + functional.linear(seen, *layer.out)
            if layer.cross is not None and self._heard[number] is not None:
                x = x + self._crossed(layer.cross, self._heard[number], x)
            wide = functional.linear(norm(x, size, *layer.norm_wide), *layer.wide)
            x = x + functional.linear(layer.activation(wide), *layer.narrow)
        self._position, self.heads = end, read
        logits = functional.linear(norm(x[:, -1], size, *weights.norm), *weights.logits)
        return logits.float().view(rows, weights.books, weights.codes)

    def _crossed(self, cross: CrossWeights, known: Any, x: Tensor) -> Tensor:
        rows, steps, size = x.shape
        asked = functional.linear(functional.layer_norm(x, (size,), *cross.norm), *cross.queries)
        asked = asked.view(rows, steps, self._weights.heads, self._head).transpose(1, 2)
        seen = functional.scaled_dot_product_attention(asked, *known)
        return functional.linear(seen.transpose(1, 2).reshape(rows, steps, size), *cross.out)


class _Room:
    """Memory for a row's queries, keys and values, and all that it is looked at as."""

    def __init__(self, weights: DecoderWeights, like: Tensor) -> None:
        self.made = like.new_zeros(3 * weights.size)
        self.both = self.made.view(3, -1)[:2]
        apart = self.made.view(3, weights.heads, -1)
        self.query, self.key, self.value = apart[0][None, :, None], apart[1], apart[2]
        # Rotary positions turn pairs, as complex numbers.
        self.pairs: Tensor | None = None
        if apart.shape[2] % 2 == 0:
            self.pairs = torch.view_as_complex(apart[:2].view(2, weights.heads, -1, 2))


class Tables:
    """What is the same at every step: positions up to ``length``, and the conditions.

    ``sines`` [length, size] are added to what is fed, by ``turns`` [length, half a head] queries
    and keys are turned; ``prefix`` stands in front, ``summed`` is added everywhere, and
    ``heard`` holds each layer's keys and values of what is attended to.
    """

    def __init__(
        self, lm: Any, rows: int, length: int, conditions: dict[str, Any], weights: DecoderWeights
    ) -> None:
        table = weights.table
        self.sines, self.turns = _sines(lm, length, table), _turns(lm, length, table.device)
        self.prefix, self.summed, heard = _fused(lm, rows, conditions, table)
        self.heard = [
            None if each.cross is None or heard is None else _known(each.cross, heard, weights)
            for each in weights.layers
        ]


def _known(cross: CrossWeights, heard: Tensor, weights: DecoderWeights) -> tuple[Tensor, Tensor]:
    made = functional.linear(heard, *cross.known)
    made = made.view(len(heard), -1, 2, weights.heads, weights.size // weights.heads)
    keys, values = (made[:, :, each].transpose(1, 2).contiguous() for each in (0, 1))
    return keys, values


def _sines(lm: Any, length: int, like: Tensor) -> Tensor | None:
    from audiocraft.modules.transformer import create_sin_embedding

    transformer = lm.transformer
    if transformer.positional_embedding not in ("sin", "sin_rope"):
        return None
    positions = torch.arange(length, device=like.device).view(1, -1, 1)
    made = create_sin_embedding(positions, like.shape[1], transformer.max_period, like.dtype)
    found: Tensor = transformer.positional_scale * made[0]
    return found


def _turns(lm: Any, length: int, device: Any) -> Tensor | None:
    rope = lm.transformer.rope
    if rope is None:
        return None
    found: Tensor = rope.get_rotation(0, length).to(device) * rope.scale + (1.0 - rope.scale)
    return found


def _fused(
    lm: Any, rows: int, conditions: dict[str, Any], like: Tensor
) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
    """Return what stands in front, what is added to every position, and what is attended to."""
    if not conditions:
        return None, None, None
    nothing = like.new_zeros((rows, 1, like.shape[1]))
    whole, heard = lm.fuser(nothing, conditions)
    prefix = whole[:, :-1] if whole.shape[1] > 1 else None
    added = [
        conditions[each][0] for each in lm.fuser.fuse2cond.get("sum", ()) if each in conditions
    ]
    summed = sum(added[1:], added[0]) if added else None
    return (
        None if prefix is None else prefix.to(like.dtype),
        None if summed is None else summed.to(like.dtype),
        None if heard is None else heard.to(like.dtype),
    )
