"""One step of the decoder with all of its state in tensors that never move, as a graph needs it.

On a GPU the step is captured once and replayed: the position is read from memory, so that one
capture serves all lengths, and a strength, a temperature or a guidance is changed by copying into
its tensor. On a processor the same step runs as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

from engine.steering.musicgen.decoder import Tables
from engine.steering.musicgen.decoder_weights import CrossWeights, gathered
from engine.steering.musicgen.delayed_codes import DelayedCodes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from engine.steering.probes.probe import Probe


class CapturedStep:
    """The steps of one piece of up to ``frames`` frames: one row, or two under guidance.

    ``push`` [layers, rows, size] is added to the heads of the step that is next, ``heads`` is
    what the last one read, and ``readings`` [positions, traits] are the confidences, the
    median of each probe's monitor heads. ``noise`` [positions, K, top_k] belongs
    to positions, so a piece that goes back draws the same again; zeros choose the likeliest.
    """

    def __init__(
        self,
        lm: Any,
        frames: int,
        conditions: dict[str, Any],
        rows: int = 1,
        top_k: int = 60,
        probes: Sequence[Probe] = (),
        prompt: Tensor | None = None,
    ) -> None:
        weights = self._weights = gathered(lm)
        device, kind = weights.table.device, weights.table.dtype
        self._rows, self._top_k = rows, top_k
        self._head = weights.size // weights.heads
        nothing = torch.zeros((1, weights.books, 0), dtype=torch.long)
        self._codes = DelayedCodes(
            lm.pattern_provider.delays,
            frames,
            nothing if prompt is None else prompt[None],
            weights.codes,
            device,
        )
        length = self._codes.positions
        self._tables = Tables(lm, rows, length, conditions, weights)
        if self._tables.prefix is not None or self._tables.summed is not None:
            raise ValueError("a captured step knows no conditions but those attended to")
        layers, size = len(weights.layers), weights.size
        self._past = torch.zeros(
            (layers, 2, rows, weights.heads, length, self._head), device=device, dtype=kind
        )
        self._all = torch.arange(length, device=device)
        self.position = torch.zeros(1, dtype=torch.long, device=device)
        self.push = torch.zeros((layers, rows, size), device=device, dtype=kind)
        self.heads = torch.zeros((layers, rows, size), device=device, dtype=kind)
        self.noise = torch.zeros((length, weights.books, top_k), device=device)
        self.temperature = torch.ones((), device=device)
        self.guidance = torch.full((), 3.0, device=device)
        self._monitor(probes, device, length)
        self._graph: Any = None

    @property
    def steps(self) -> int:
        """How many steps there are in all."""
        return self._codes.positions - 1

    @property
    def codes(self) -> Tensor:
        """What is fed [positions, K], without what is put before each codebook's codes."""
        return self._codes.fed[0] - self._codes.offsets

    def draw(self, seed: int) -> None:
        """Draw the noise of all positions."""
        chance = torch.Generator(self.noise.device).manual_seed(seed)
        self.noise.exponential_(generator=chance).log_().neg_()

    def capture(self) -> None:
        """Capture the step, on a GPU; begins at the first position again."""
        if self.position.device.type == "cuda":
            side = torch.cuda.Stream()  # type: ignore[no-untyped-call]
            side.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(side):
                for _ in range(3):
                    self._step()
            torch.cuda.current_stream().wait_stream(side)
            self._graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(self._graph):
                self._step()
        self.position.zero_()

    def step(self) -> None:
        """Read the codes at the position and choose those at the next one."""
        if self._graph is None:
            self._step()
        else:
            self._graph.replay()

    def _step(self) -> None:
        weights, at, rows = self._weights, self.position, self._rows
        size, fed = (weights.size,), self._codes.fed[0]
        norm, linear = functional.layer_norm, functional.linear
        x = weights.table[fed.index_select(0, at)[0]].sum(dim=0).expand(rows, -1)
        if self._tables.sines is not None:
            x = x + self._tables.sines.index_select(0, at)
        turn = None if self._tables.turns is None else self._tables.turns.index_select(0, at)
        mask = (self._all <= at).view(1, 1, 1, -1)
        for number, layer in enumerate(weights.layers):
            keys, values = self._past[number]
            made = linear(norm(x, size, *layer.norm), *layer.qkv).view(rows, 3, -1)
            both = made[:, :2]
            if layer.turned is not None:
                weight, bias = (each[:, 0] for each in layer.turned)
                both = torch.addcmul(bias, norm(both, size), weight)
            both = both.reshape(rows, 2, weights.heads, self._head)
            if turn is not None:
                pairs = torch.view_as_complex(both.float().view(*both.shape[:-1], -1, 2))
                both = torch.view_as_real(pairs * turn).view(both.shape).to(keys.dtype)
            keys.index_copy_(2, at, both[:, 1, :, None])
            values.index_copy_(2, at, made[:, 2].view(rows, weights.heads, 1, self._head))
            seen = functional.scaled_dot_product_attention(
                both[:, 0, :, None].contiguous(), keys, values, mask
            ).view(rows, -1)
            self.heads[number].copy_(seen)
            x = x + linear(seen + self.push[number], *layer.out)
            heard = self._tables.heard[number]
            if layer.cross is not None and heard is not None:
                x = x + self._crossed(layer.cross, heard, x)
            wide = layer.activation(linear(norm(x, size, *layer.norm_wide), *layer.wide))
            x = x + linear(wide, *layer.narrow)
        logits = linear(norm(x, size, *weights.norm), *weights.logits).float()
        logits = logits.view(rows, weights.books, weights.codes)
        chosen = logits[0]
        if rows == 2:
            chosen = logits[1] + (logits[0] - logits[1]) * self.guidance
        best, which = chosen.topk(self._top_k, dim=-1)
        drawn = best / self.temperature + self.noise.index_select(0, at)[0]
        code = which.gather(-1, drawn.argmax(dim=-1, keepdim=True))[:, 0] + self._codes.offsets
        behind = at + 1
        free = self._codes.free.index_select(0, behind)[0]
        known = fed.index_select(0, behind)[0]
        fed.index_copy_(0, behind, code.where(free, known)[None])
        self._read(at)
        at.add_(1)

    def _crossed(self, cross: CrossWeights, heard: Any, x: Tensor) -> Tensor:
        rows, size = x.shape
        asked = functional.linear(functional.layer_norm(x, (size,), *cross.norm), *cross.queries)
        asked = asked.view(rows, self._weights.heads, 1, self._head)
        seen = functional.scaled_dot_product_attention(asked, *heard)
        return functional.linear(seen.view(rows, size), *cross.out)

    def _monitor(self, probes: Sequence[Probe], device: Any, length: int) -> None:
        # As many heads of each, so that they are one product and one sort.
        count = min((probe.card.monitor_heads for probe in probes), default=0)
        best = [probe.top(count) for probe in probes]
        flat = [probe.weights.flatten(0, 1)[h] for probe, h in zip(probes, best, strict=True)]
        added = [probe.intercepts.flatten()[h] for probe, h in zip(probes, best, strict=True)]
        self.readings = torch.zeros((length, len(probes)), device=device)
        self._monitored = torch.cat(best).to(device) if probes else None
        self._scored = torch.cat(flat).to(device) if probes else None
        self._added = torch.cat(added).to(device) if probes else None

    def _read(self, at: Tensor) -> None:
        if self._monitored is None or self._scored is None or self._added is None:
            return
        seen = self.heads[:, 0].reshape(-1, self._head).index_select(0, self._monitored).float()
        scores = (seen * self._scored).sum(dim=-1) + self._added
        ordered = scores.view(self.readings.shape[1], -1).sort(dim=-1).values
        count = ordered.shape[1]
        middle = ordered[:, (count - 1) // 2 : count // 2 + 1].sigmoid().mean(dim=1)
        self.readings.index_copy_(0, at, middle[None])
