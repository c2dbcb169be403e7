"""Reads what each attention head gives, and adds a push to it.

A head's output is its share of what goes into the output projection of its layer's
self-attention: the values it attended to, before they are mixed with those of other heads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Self

from engine.errors import ArmonicaError, BadModel

if TYPE_CHECKING:
    from torch import Tensor

Branch = Literal["both", "conditional"]
"""Which rows are pushed under guidance: all, or only those that know the description."""


class HeadsNotSeen(ArmonicaError):
    """A model whose attention heads were not read at every layer exactly once."""

    title = "Model"


class Heads:
    """Holds on to every layer's heads of a language model while it is entered.

    Each forward pass is announced with `begin` and ended with `outputs`. ``name`` is the
    model's, for messages. Raises `BadModel` where the heads cannot be reached.
    """

    def __init__(self, lm: Any, name: str = "this model", branch: Branch = "both") -> None:
        self._name, self._branch = name, branch
        self._hooks: list[Any] = []
        self._push: Tensor | None = None
        self._rows: int | None = None
        self._everywhere = False
        attentions = [layer.self_attn for layer in lm.transformer.layers]
        # PyTorch's own attention passes by the module that would be listened to.
        if not all(hasattr(each, "out_proj") for each in attentions):
            raise BadModel(
                f"The attention heads of {name} cannot be reached: it was built with "
                "`custom` and `memory_efficient` both off.",
                "Set `custom: true` under `transformer_lm` in its configuration.",
            )
        self._projections = [each.out_proj for each in attentions]
        self._heads = attentions[0].num_heads
        self._size = attentions[0].embed_dim
        self._seen: list[list[Tensor]] = [[] for _ in self._projections]

    @property
    def shape(self) -> tuple[int, int, int]:
        """Layer, heads and the size of a head: the shape of a push."""
        return len(self._projections), self._heads, self._size // self._heads

    def __enter__(self) -> Self:
        for at, projection in enumerate(self._projections):
            self._hooks.append(projection.register_forward_pre_hook(self._hook(at)))
        return self

    def __exit__(self, *_: object) -> None:
        for hook in self._hooks:
            hook.remove()
        self._hooks.clear()
        self._push = None
        for seen in self._seen:
            seen.clear()

    def begin(
        self, push: Tensor | None = None, rows: int | None = None, everywhere: bool = False
    ) -> None:
        """Describe what the next forward pass adds at its last position, and what it reads.

        ``push`` [layers, heads, head size], the same with rows in front for a push of each row,
        or None. ``rows`` is how many of the first rows are
        conditional, None where there is no guidance. ``everywhere`` reads all positions.
        """
        for seen in self._seen:
            seen.clear()
        self._everywhere = everywhere
        self._rows = rows if self._branch == "conditional" else None
        if push is not None:
            if tuple(push.shape[-3:]) != self.shape or push.ndim > 4:
                raise ValueError(f"a push has shape {self.shape}, not {tuple(push.shape)}")
            weight = self._projections[0].weight
            push = push.to(weight.device, weight.dtype).flatten(-2)
            # By layer first, then by row where rows have pushes of their own.
            push = push.transpose(0, 1) if push.ndim == 3 else push
        self._push = push

    def outputs(self) -> Tensor:
        """Return what the pass read, before the push: [layers, rows, heads, head size].

        With ``everywhere`` [layers, rows, positions, heads, head size]. Raises `HeadsNotSeen`
        where a layer was not passed through exactly once.
        """
        import torch

        counts = {len(seen) for seen in self._seen}
        if counts != {1}:
            raise HeadsNotSeen(
                f"The attention heads of {self._name} were read {sorted(counts)} times a layer "
                "in one step, and must be read once.",
                "Its attention is of a kind that cannot be steered; choose another model.",
            )
        found = torch.stack([seen[0] for seen in self._seen])
        return found.view(*found.shape[:-1], *self.shape[1:])

    def _hook(self, at: int) -> Any:
        seen = self._seen[at]

        def hook(_: Any, given: tuple[Tensor, ...]) -> tuple[Tensor, ...] | None:
            x = given[0]
            seen.append(x if self._everywhere else x[:, -1])
            if self._push is None:
                return None
            # What was read must stay as it was, so the push goes into a copy.
            x = x.clone()
            x[: self._rows, -1] += self._push[at]
            return (x, *given[1:])

        return hook


def outputs(
    lm: Any, codes: Tensor, conditions: dict[str, Any] | None = None, name: str = "this model"
) -> Tensor:
    """Return every head's output at every frame: codes [B, K, T] -> [B, T, layers, heads, size].

    Frame ``t`` is read where its first codebook goes in, and with it codebook ``k`` of frame
    ``t - k``: position ``t + 1`` of the delayed sequence, which begins with a position of
    special tokens. So the last frame's reading is what generation reads at its step 0 when the
    same codes are its prompt. ``conditions`` are condition tensors of B rows for models that
    take them.
    """
    import torch

    frames = codes.shape[-1]
    with torch.inference_mode(), Heads(lm, name) as heads:
        heads.begin(everywhere=True)
        lm(delayed(lm, codes), [], condition_tensors=conditions or {})
        # From the end, because some conditions are put in front of the sequence.
        return heads.outputs()[:, :, -frames:].permute(1, 2, 0, 3, 4).contiguous()


def delayed(lm: Any, codes: Tensor) -> Tensor:
    """Return what a model is fed for codes [B, K, T]: [B, K, T + 1], codebook k later by k."""
    import torch

    rows, books, frames = codes.shape
    fed = torch.full(
        (rows, books, frames + 1), lm.special_token_id, dtype=torch.long, device=codes.device
    )
    for book, delay in enumerate(lm.pattern_provider.delays):
        if delay < frames:
            fed[:, book, 1 + delay :] = codes[:, book, : frames - delay]
    return fed
