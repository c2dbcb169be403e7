"""A language model in the shapes of the published MusicGens, with random weights and no codec."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from engine.steering.musicgen.audiocraft_stubs import import_audiocraft
from engine.steering.spec import AudioSpec

SHAPES = {"small": (1024, 24, 16), "medium": (1536, 48, 24), "large": (2048, 48, 32)}
"""Width, layers and heads of the published models."""

TEXT = 12
"""Positions of a description."""

_BOOKS, _CODES, _RATE = 4, 2048, 50.0


class RandomMusicGen:
    """What generation asks of a model, with weights drawn at random: in half on a GPU."""

    def __init__(self, name: str, size: int, layers: int, heads: int, device: str) -> None:
        import_audiocraft()
        from audiocraft.models.lm import LMModel
        from audiocraft.modules.codebooks_patterns import DelayedPatternProvider
        from audiocraft.modules.conditioners import ConditionFuser

        fuser = ConditionFuser(
            {"cross": ["description"], "sum": [], "prepend": [], "input_interpolate": []}
        )
        self.device = device
        # Made without weights first: those that audiocraft draws take minutes.
        with torch.device("meta"):
            lm = LMModel(
                DelayedPatternProvider(_BOOKS),
                torch.nn.Identity(),  # type: ignore[arg-type]
                fuser,
                n_q=_BOOKS,
                card=_CODES,
                dim=size,
                num_heads=heads,
                hidden_scale=4,
                norm="layer_norm",
                norm_first=True,
                bias_proj=False,
                num_layers=layers,
                dropout=0.0,
                activation="gelu",
                bias_ff=False,
                bias_attn=False,
                causal=True,
                custom=False,
                memory_efficient=True,
                cross_attention=True,
                positional_embedding="sin",
            )
        kind = torch.float16 if device.startswith("cuda") else torch.float32
        lm = lm.to(kind).to_empty(device=device).eval()
        with torch.no_grad():
            for key, weight in lm.named_parameters():
                if weight.dim() == 2:
                    width = size if "emb" in key else weight.shape[1]
                    weight.uniform_(-((3 / width) ** 0.5), (3 / width) ** 0.5)
                else:
                    weight.fill_(float("norm" in key and key.endswith("weight")))
        self.lm: Any = lm
        told: Any = _Described(size, kind, device)
        self.lm.condition_provider = told
        self.spec = AudioSpec(
            name, "0" * 16, 32_000, _RATE, _BOOKS, layers, heads, size // heads, 30.0, text=True
        )

    def conditions(self, *texts: str | None) -> dict[str, Any]:
        """Return what is attended to, a row for each text."""
        found: dict[str, Any] = self.lm.condition_provider(texts)
        return found

    @contextmanager
    def working(self, mixed: bool = True) -> Iterator[None]:
        """Infer inside; ``mixed`` as audiocraft does it on a GPU."""
        kind = self.device.split(":")[0]
        with (
            torch.inference_mode(),
            torch.autocast(kind, torch.float16, enabled=mixed and kind == "cuda"),
        ):
            yield


class _Described(torch.nn.Module):
    """Stands for the text encoder: noise that says nothing."""

    def __init__(self, size: int, kind: torch.dtype, device: str) -> None:
        super().__init__()
        self._told = torch.randn(1, TEXT, size).to(device, kind)

    def tokenize(self, rows: Any) -> Any:
        return rows

    def forward(self, rows: Any) -> dict[str, Any]:
        told = self._told.repeat(len(rows), 1, 1)
        return {"description": (told, torch.ones(told.shape[:2], device=told.device))}
