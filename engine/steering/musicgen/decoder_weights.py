"""The weights of audiocraft's language model as one step reads them, or why they cannot be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

    Matrix = tuple[Tensor, Tensor | None]
    """A matrix [out, in] and its bias, or None."""


@dataclass(frozen=True, slots=True)
class CrossWeights:
    """A layer's attention to a description: its norm, queries, keys with values, and output."""

    norm: tuple[Tensor, Tensor]
    queries: Matrix
    known: Matrix
    out: Matrix


@dataclass(frozen=True, slots=True)
class LayerWeights:
    """One layer. ``qkv`` is queries, keys and values in one matrix.

    ``turned`` are the norms of queries and keys [2, 1, size] where a model has them.
    """

    norm: tuple[Tensor, Tensor]
    qkv: Matrix
    turned: tuple[Tensor, Tensor] | None
    out: Matrix
    cross: CrossWeights | None
    norm_wide: tuple[Tensor, Tensor]
    wide: Matrix
    activation: Callable[[Tensor], Tensor]
    narrow: Matrix


@dataclass(frozen=True, slots=True)
class DecoderWeights:
    """A language model: ``table`` [books * (codes + 1), size] holds every book's embeddings.

    ``logits`` is one matrix for all books; ``size`` is the width, ``heads`` those of a layer.
    """

    size: int
    heads: int
    books: int
    codes: int
    table: Tensor
    layers: tuple[LayerWeights, ...]
    norm: tuple[Tensor, Tensor]
    logits: Matrix


def unknown_kind(lm: Any) -> str | None:
    """Return what of a language model is not known to the decoder, None where all of it is."""
    from audiocraft.modules.transformer import StreamingTransformerLayer
    from torch import nn

    if lm.fuser.fuse2cond.get("input_interpolate"):
        return "conditions stretched over the piece"
    if type(lm.out_norm) is not nn.LayerNorm:
        return "norms behind its layers"
    for layer in lm.transformer.layers:
        attention, cross = layer.self_attn, layer.cross_attention
        if type(layer) is not StreamingTransformerLayer or not layer.norm_first:
            return "layers of another kind"
        if type(layer.layer_scale_1) is not nn.Identity:
            return "scaled layers"
        if not (attention.custom and attention.causal and attention.past_context is None):
            return "attention of PyTorch's own, or of a limited past"
        if attention.kv_repeat != 1:
            return "keys shared by several heads"
        if attention.rope is not None and attention.rope.xpos is not None:
            return "rotary positions that decay"
        if cross is not None and (not cross.custom or cross.qk_layer_norm):
            return "another attention to descriptions"
        if attention.attention_as_float32 and layer.linear1.weight.dtype.itemsize < 4:
            return "attention in another precision than its weights"
    return None


def gathered(lm: Any) -> DecoderWeights:
    """Return the weights of a language model of a known kind, shared with it where they can be.

    Embeddings and the products that end a step are copied, so that each is one.
    """
    import torch

    with torch.inference_mode():
        heads = [each.weight for each in lm.linears]
        biases = [each.bias for each in lm.linears]
        logits = torch.cat(heads)
        if heads[0].stride(0) == 1:
            # By columns, as the single ones are laid out.
            logits = logits.t().contiguous().t()
        return DecoderWeights(
            size=lm.dim,
            heads=lm.transformer.layers[0].self_attn.num_heads,
            books=lm.n_q,
            codes=lm.card,
            table=torch.cat([each.weight for each in lm.emb]),
            layers=tuple(_layer(each) for each in lm.transformer.layers),
            norm=_norm(lm.out_norm),
            logits=(logits, None if biases[0] is None else torch.cat(biases)),
        )


def _layer(layer: Any) -> LayerWeights:
    import torch

    attention = layer.self_attn
    turned = None
    if attention.qk_layer_norm:
        both = (attention.q_layer_norm, attention.k_layer_norm)
        turned = (
            torch.stack([each.weight for each in both])[:, None],
            torch.stack([each.bias for each in both])[:, None],
        )
    return LayerWeights(
        norm=_norm(layer.norm1),
        qkv=_matrix(attention.in_proj_weight, attention.in_proj_bias),
        turned=turned,
        out=_matrix(attention.out_proj.weight, attention.out_proj.bias),
        cross=None if layer.cross_attention is None else _cross(layer),
        norm_wide=_norm(layer.norm2),
        wide=_matrix(layer.linear1.weight, layer.linear1.bias),
        activation=layer.activation,
        narrow=_matrix(layer.linear2.weight, layer.linear2.bias),
    )


def _cross(layer: Any) -> CrossWeights:
    cross = layer.cross_attention
    weight, bias = _matrix(cross.in_proj_weight, cross.in_proj_bias)
    size = weight.shape[1]
    return CrossWeights(
        norm=_norm(layer.norm_cross),
        queries=(weight[:size], None if bias is None else bias[:size]),
        known=(weight[size:], None if bias is None else bias[size:]),
        out=_matrix(cross.out_proj.weight, cross.out_proj.bias),
    )


def _matrix(weight: Tensor, bias: Tensor | None) -> Matrix:
    return weight.detach(), None if bias is None else bias.detach()


def _norm(module: Any) -> tuple[Tensor, Tensor]:
    return module.weight.detach(), module.bias.detach()
