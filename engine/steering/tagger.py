"""The tagger: hears which parts sound in a wave. It takes no part in steering, and judges it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import safetensors
import safetensors.torch
import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.common import atomic
from engine.corpus.clip_format import CLIP_PARTS
from engine.errors import BadModel, OutOfRange
from engine.steering.musicgen.spectrum import HOP, log_mel, magnitude

WEIGHTS, CARD = "tagger.safetensors", "tagger.json"
WINDOW_SECONDS = 2.0

_RATE, _BANDS = 16_000, 64
_WIDTHS = (24, 48, 96, 128)


class Tagger(nn.Module):
    """A small convolutional network on mel bands of two seconds or more."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for into, out in zip((1, *_WIDTHS), _WIDTHS, strict=False):
            layers += [
                nn.Conv2d(into, out, 3, stride=2, padding=1),
                nn.BatchNorm2d(out),
                nn.GELU(),
            ]
        self.seen = nn.Sequential(*layers)
        rows = _BANDS // 2 ** len(_WIDTHS)
        self.embed = nn.Linear(2 * _WIDTHS[-1] * rows, 128)
        self.heard = nn.Linear(128, len(CLIP_PARTS))

    def embedding(self, wave: Tensor) -> Tensor:
        """Return an embedding [B, 128] of waves [B, samples] at 16 kHz."""
        bands = log_mel(magnitude(wave), _BANDS, _RATE)
        found = self.seen((bands + 4.0)[:, None] * 0.5)
        # What sounds all the time, and what sounds at moments.
        pooled = torch.cat([found.mean(dim=3), found.amax(dim=3)], dim=1).flatten(1)
        return functional.gelu(self.embed(pooled))

    def forward(self, wave: Tensor) -> Tensor:
        """Return logits [B, parts] that each part of `CLIP_PARTS` sounds."""
        return cast(Tensor, self.heard(self.embedding(wave)))

    @torch.inference_mode()
    def parts(self, wave: Tensor) -> dict[str, float]:
        """Return for each part the chance that it sounds in a wave [samples] at 16 kHz.

        Raises `OutOfRange` for less than a tenth of a second.
        """
        if wave.ndim != 1 or len(wave) < 10 * HOP:
            raise OutOfRange("The tagger needs a tenth of a second of one channel at least.")
        chances = torch.sigmoid(self(wave[None]))[0]
        return dict(zip(CLIP_PARTS, chances.tolist(), strict=True))


def save_tagger(folder: Path, tagger: Tagger, card: dict[str, Any]) -> None:
    """Write a tagger's weights in half precision, and its card; raises `CannotWrite`."""
    tensors = {
        name: value.half() if value.is_floating_point() else value
        for name, value in tagger.state_dict().items()
    }
    atomic.make_folder(folder)
    atomic.write_all(
        {
            folder / CARD: json.dumps({**card, "parts": CLIP_PARTS}, indent=1).encode(),
            folder / WEIGHTS: safetensors.torch.save(tensors),
        }
    )


def load_tagger(folder: Path) -> Tagger:
    """Read a tagger from its two files; raises `BadModel` where they are missing or damaged."""
    tagger = Tagger()
    try:
        card = json.loads((folder / CARD).read_text(encoding="utf-8"))
        if tuple(card["parts"]) != CLIP_PARTS:
            raise ValueError("it hears other parts")
        tensors = safetensors.torch.load_file(folder / WEIGHTS)
        tagger.load_state_dict(
            {k: v.float() if v.is_floating_point() else v for k, v in tensors.items()}
        )
    except (
        OSError, ValueError, KeyError, TypeError, RuntimeError, safetensors.SafetensorError,
    ) as error:  # fmt: skip
        raise BadModel(
            f"{folder} holds no tagger ({str(error).splitlines()[0]}).",
            "Install Armonica again, or train one: armonica train tagger.",
        ) from error
    return tagger.eval()
