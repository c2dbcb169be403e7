"""Makes audiocraft's self-attention quick where it is asked for one step at a time.

audiocraft joins all keys and values of the past anew at every step, and rearranges them several
times; in a small model that takes longer than the arithmetic. Here they are written into memory
that is there already. Weights, hooks and results (within rounding) stay those of the module.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor


@contextmanager
def quick_steps(lm: Any, length: int) -> Iterator[None]:
    """Attends quickly inside, for one streaming pass of up to ``length`` positions.

    Layers of a kind that is not known here keep audiocraft's own way.
    """
    changed = []
    rotations: dict[tuple[int, int], Tensor] = {}
    try:
        for layer in lm.transformer.layers:
            if _known(layer.self_attn):
                layer.self_attn.forward = _SelfAttention(layer.self_attn, length, rotations)
                changed.append(layer.self_attn)
            crossed = getattr(layer, "cross_attention", None)
            if crossed is not None and crossed.custom and not crossed.qk_layer_norm:
                crossed.forward = _CrossAttention(crossed)
                changed.append(crossed)
        yield
    finally:
        for module in changed:
            del module.forward


def _known(module: Any) -> bool:
    plain = module.custom and module.causal and module.kv_repeat == 1
    turning = module.rope is None or module.rope.xpos is None
    return bool(plain and turning and module.past_context is None)


class _SelfAttention:
    """Stands in for one module's ``forward``, with the keys and values of its past."""

    def __init__(self, module: Any, length: int, rotations: dict[tuple[int, int], Tensor]) -> None:
        self._module, self._length, self._rotations = module, length, rotations
        self._past: Tensor | None = None
        self._done = 0
        if module.rope is not None:
            # Its table would be made anew, and longer by one, at every step.
            module.rope.get_rotation(0, length)

    def __call__(self, query: Tensor, *_: Any, **__: Any) -> tuple[Tensor, None]:
        from torch.nn import functional

        module = self._module
        rows, steps, size = query.shape
        shape = (rows, steps, module.num_heads, size // module.num_heads)
        projected = functional.linear(query, module.in_proj_weight, module.in_proj_bias)
        q, k, v = projected.chunk(3, dim=-1)
        if module.qk_layer_norm:
            q, k = module.q_layer_norm(q), module.k_layer_norm(k)
        q, k, v = (each.reshape(shape).transpose(1, 2) for each in (q, k, v))
        if module.rope is not None:
            rotation = self._rotation(steps)
            q, k = _turned(q, rotation), _turned(k, rotation)
        k, v = self._with_past(k, v)
        if module.attention_as_float32:
            q, k, v = q.float(), k.float(), v.float()
        out = functional.scaled_dot_product_attention(q, k, v, attn_mask=self._mask(q, k))
        out = out.transpose(1, 2).reshape(rows, steps, size).to(query.dtype)
        return module.out_proj(out), None

    def _rotation(self, steps: int) -> Tensor:
        # The same in every layer.
        at = (self._done, steps)
        if at not in self._rotations:
            rope = self._module.rope
            rotation = rope.get_rotation(self._done, self._done + steps)
            self._rotations.clear()
            self._rotations[at] = rotation * rope.scale + (1.0 - rope.scale)
        return self._rotations[at]

    def _with_past(self, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        end = self._done + k.shape[2]
        if self._past is None or end > self._past.shape[3]:
            rows, heads, _, size = k.shape
            length = max(self._length, 2 * end if self._past is not None else end)
            grown = k.new_empty((2, rows, heads, length, size))
            if self._past is not None:
                grown[:, :, :, : self._done] = self._past[:, :, :, : self._done]
            self._past = grown
        self._past[0, :, :, self._done : end] = k
        self._past[1, :, :, self._done : end] = v
        self._done = end
        return self._past[0, :, :, :end], self._past[1, :, :, :end]

    def _mask(self, q: Tensor, k: Tensor) -> Tensor | None:
        import torch

        steps, known = q.shape[2], k.shape[2]
        if steps == 1:
            return None
        allowed = torch.ones(steps, known, dtype=torch.bool, device=q.device)
        return allowed.tril(known - steps)


class _CrossAttention:
    """Stands in for a cross-attention's ``forward``: the text's keys and values are kept."""

    def __init__(self, module: Any) -> None:
        self._module = module
        self._kept: tuple[Tensor, Tensor] | None = None

    def __call__(self, query: Tensor, key: Tensor, *_: Any, **__: Any) -> tuple[Tensor, None]:
        from torch.nn import functional

        module = self._module
        rows, steps, size = query.shape
        weight, bias = module.in_proj_weight, module.in_proj_bias
        heads = (module.num_heads, size // module.num_heads)
        if self._kept is None:
            both = functional.linear(key, weight[size:], None if bias is None else bias[size:])
            k, v = both.chunk(2, dim=-1)
            k, v = (each.reshape(rows, -1, *heads).transpose(1, 2) for each in (k, v))
            self._kept = k, v
        k, v = self._kept
        q = functional.linear(query, weight[:size], None if bias is None else bias[:size])
        q = q.reshape(rows, steps, *heads).transpose(1, 2)
        if module.attention_as_float32:
            q, k, v = q.float(), k.float(), v.float()
        out = functional.scaled_dot_product_attention(q, k, v)
        out = out.transpose(1, 2).reshape(rows, steps, size).to(query.dtype)
        return module.out_proj(out), None


def _turned(x: Tensor, rotation: Tensor) -> Tensor:
    import torch

    pairs = torch.view_as_complex(x.float().reshape(*x.shape[:-1], -1, 2))
    return torch.view_as_real(pairs * rotation).flatten(-2).type_as(x)
