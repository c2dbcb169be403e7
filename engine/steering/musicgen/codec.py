"""The codec of the small MusicGen: sound as eight tokens a twenty-fifth of a second, and back.

The encoder sees mel bands; the decoder gives magnitudes, and their phases are found by
Griffin-Lim. It joins audiocraft as one of its compression models.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

import safetensors
import safetensors.torch
import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.common import atomic
from engine.errors import BadModel, OutOfRange
from engine.steering.musicgen.audiocraft_stubs import import_audiocraft
from engine.steering.musicgen.quantiser import ResidualQuantiser
from engine.steering.musicgen.spectrum import BINS, HOP, invert, log_mel, magnitude

import_audiocraft()
from audiocraft.models.encodec import CompressionModel  # noqa: E402

WEIGHTS, CARD = "codec.safetensors", "codec.json"

SKETCHED = 10
"""Rounds of Griffin-Lim for what is heard while it grows, and decoded in better time later."""


@dataclass(frozen=True, slots=True)
class CodecShape:
    """The sizes of a codec.

    ``subframes`` are the spectral frames in a token frame, ``rounds`` those of Griffin-Lim.
    """

    rate: int = 16_000
    bands: int = 96
    subframes: int = 4
    width: int = 320
    encoder: int = 3
    decoder: int = 4
    latent: int = 96
    codebooks: int = 8
    codes: int = 512
    rounds: int = 32

    @property
    def hop(self) -> int:
        """Sample in a token frame."""
        return HOP * self.subframes


class SpectralCodec(CompressionModel):
    """A codec of mel bands and a residual vector quantiser, with a spectral decoder."""

    def __init__(self, shape: CodecShape) -> None:
        super().__init__()
        self.shape = shape
        self.rounds = shape.rounds
        self.into = nn.Conv1d(shape.subframes * shape.bands, shape.width, 3, padding=1)
        self.encoder = nn.Sequential(*[_Block(shape.width) for _ in range(shape.encoder)])
        self.to_latent = nn.Conv1d(shape.width, shape.latent, 1)
        self.quantiser = ResidualQuantiser(shape.codebooks, shape.codes, shape.latent)
        self.from_latent = nn.Conv1d(shape.latent, shape.width, 3, padding=1)
        self.decoder = nn.Sequential(*[_Block(shape.width) for _ in range(shape.decoder)])
        self.out = nn.Conv1d(shape.width, shape.subframes * BINS, 1)

    def latents(self, wave: Tensor) -> Tensor:
        """Return the latents [B, latent, frames] of waves [B, samples], before quantisation."""
        seen = log_mel(magnitude(wave), self.shape.bands, self.shape.rate)
        seen = (seen + 4.0) * 0.5
        return cast(
            Tensor, self.to_latent(self.encoder(self.into(_fold(seen, self.shape.subframes))))
        )

    def log_magnitudes(self, latents: Tensor) -> Tensor:
        """Return log magnitudes [B, 513, subframes * frames] of latents [B, latent, frames]."""
        return self.spectra(self.decoder(self.from_latent(latents)))

    def block_behind(self, number: int, x: Tensor) -> Tensor:
        """Return what a block of the decoder gives for all but the first three frames of ``x``.

        Nothing follows the last one.
        """
        block = self.decoder[number]
        assert isinstance(block, _Block)
        return block.behind(x)

    def spectra(self, decoded: Tensor) -> Tensor:
        """Return log magnitudes [B, 513, subframes * frames] of what the blocks give."""
        return _unfold(self.out(decoded), self.shape.subframes) - 4.0

    def forward(self, x: Tensor) -> Any:
        """Refuse: training goes through `latents` and `log_magnitudes`."""
        raise NotImplementedError("A spectral codec is trained on spectra.")

    def encode(self, x: Tensor) -> tuple[Tensor, None]:
        """Return codes [B, codebooks, frames] of waves [B, 1, samples], and no scale.

        What is left over after the last whole frame is not heard.
        """
        samples = x.shape[-1] // self.shape.hop * self.shape.hop
        if not samples:
            return torch.zeros(len(x), self.shape.codebooks, 0, dtype=torch.long), None
        return self.quantiser.encode(self.latents(x[:, 0, :samples])), None

    def decode(self, codes: Tensor, scale: Tensor | None = None) -> Tensor:
        """Return waves [B, 1, frames * hop] of codes [B, codebooks, frames]."""
        del scale
        return self._sounded(codes, self.rounds)

    def sketch(self, codes: Tensor) -> Tensor:
        """Return the waves of codes as `decode` does, their phases found in fewer rounds."""
        return self._sounded(codes, min(self.rounds, SKETCHED))

    def _sounded(self, codes: Tensor, rounds: int) -> Tensor:
        if not codes.shape[-1]:
            return torch.zeros(len(codes), 1, 0)
        # Row by row, as `invert` goes: a piece sounds the same whatever is decoded beside it.
        waves = [
            invert(self.log_magnitudes(self.decode_latent(row)).exp(), rounds)
            for row in torch.split(codes, 1)
        ]
        return torch.cat(waves)[:, None]

    def decode_latent(self, codes: Tensor) -> Tensor:
        """Return the quantised latents [B, latent, frames] of codes."""
        return self.quantiser.decode(codes)

    @property
    def channels(self) -> int:
        """The number of channels: one."""
        return 1

    @property
    def frame_rate(self) -> float:
        """Token frames a second."""
        return self.shape.rate / self.shape.hop

    @property
    def sample_rate(self) -> int:
        """Sample a second."""
        return self.shape.rate

    @property
    def cardinality(self) -> int:
        """The number of codes in a codebook."""
        return self.shape.codes

    @property
    def num_codebooks(self) -> int:
        """The number of codebooks in use."""
        return self.shape.codebooks

    @property
    def total_codebooks(self) -> int:
        """The number of codebooks there are."""
        return self.shape.codebooks

    def set_num_codebooks(self, n: int) -> None:
        """Refuse any other number than all: the language model knows no other."""
        if n != self.shape.codebooks:
            raise OutOfRange(f"This codec has {self.shape.codebooks} codebooks, not {n}.")


class _Block(nn.Module):
    # ConvNeXt (Liu et al. 2022) along time.
    def __init__(self, width: int) -> None:
        super().__init__()
        self.along = nn.Conv1d(width, width, 7, padding=3, groups=width)
        self.norm = nn.LayerNorm(width)
        self.wide = nn.Linear(width, 4 * width)
        self.narrow = nn.Linear(4 * width, width)
        self.scale = nn.Parameter(torch.full((width,), 0.1))

    def forward(self, x: Tensor) -> Tensor:
        return self._added(x, self.along(x))

    def behind(self, x: Tensor) -> Tensor:
        """Return what is given for all but the first three frames, with nothing after the last."""
        padded = functional.pad(x, (0, 3))
        along = functional.conv1d(padded, self.along.weight, self.along.bias, groups=x.shape[1])
        return self._added(x[:, :, 3:], along)

    def _added(self, x: Tensor, along: Tensor) -> Tensor:
        y = self.norm(along.transpose(1, 2))
        y = self.narrow(functional.gelu(self.wide(y))) * self.scale
        added: Tensor = x + y.transpose(1, 2)
        return added


def _fold(spectra: Tensor, subframes: int) -> Tensor:
    # [B, bands, n T] -> [B, n bands, T]
    batch, bands, frames = spectra.shape
    apart = spectra.reshape(batch, bands, frames // subframes, subframes)
    return apart.permute(0, 1, 3, 2).reshape(batch, bands * subframes, frames // subframes)


def _unfold(folded: Tensor, subframes: int) -> Tensor:
    batch, rows, frames = folded.shape
    apart = folded.reshape(batch, rows // subframes, subframes, frames)
    return apart.permute(0, 1, 3, 2).reshape(batch, rows // subframes, frames * subframes)


def save_codec(folder: Path, codec: SpectralCodec, card: dict[str, Any]) -> None:
    """Write a codec's weights in half precision, and its card; raises `CannotWrite`."""
    tensors = {
        name: value.half() if value.is_floating_point() else value
        for name, value in codec.state_dict().items()
        if not _of_training(name)
    }
    atomic.make_folder(folder)
    atomic.write_all(
        {
            folder / CARD: json.dumps({**card, "shape": asdict(codec.shape)}, indent=1).encode(),
            folder / WEIGHTS: safetensors.torch.save(tensors),
        }
    )


def load_codec(folder: Path) -> SpectralCodec:
    """Read a codec from its two files; raises `BadModel` where they are missing or damaged."""
    try:
        card = json.loads((folder / CARD).read_text(encoding="utf-8"))
        tensors = safetensors.torch.load_file(folder / WEIGHTS)
        shape = CodecShape(**card["shape"])
        _check(shape, tensors)
        codec = SpectralCodec(shape)
        missing, unexpected = codec.load_state_dict(
            {name: value.float() for name, value in tensors.items()}, strict=False
        )
        if unexpected or [name for name in missing if not _of_training(name)]:
            raise ValueError("the weights are of another shape")
    except (
        OSError,
        ValueError,
        KeyError,
        TypeError,
        RuntimeError,
        safetensors.SafetensorError,
    ) as e:
        raise BadModel(
            f"{folder} holds no codec ({(str(e) or type(e).__name__).splitlines()[0]}).",
            "Install Armonica again, or train one: armonica train codec.",
        ) from e
    return codec.eval()


def _check(shape: CodecShape, tensors: dict[str, Tensor]) -> None:
    # Before anything is built: a card alone could ask for more memory than there is.
    sizes = asdict(shape)
    whole = all(type(size) is int and size > 0 for size in sizes.values())
    if not (whole and 8_000 <= shape.rate <= 192_000 and shape.rounds <= 1_000):
        raise ValueError(f"no codec has the sizes {sizes}")
    blocks = [name.split(".")[0] for name in tensors if name.endswith(".scale")]
    if (
        tensors["into.weight"].shape != (shape.width, shape.subframes * shape.bands, 3)
        or tensors["out.weight"].shape != (shape.subframes * BINS, shape.width, 1)
        or tensors["quantiser.codes"].shape != (shape.codebooks, shape.codes, shape.latent)
        or (blocks.count("encoder"), blocks.count("decoder")) != (shape.encoder, shape.decoder)
    ):
        raise ValueError("the weights are of another shape")


def read_card(folder: Path) -> dict[str, Any]:
    """Read what is known of a codec: the seed and steps of its training, its figures."""
    card: dict[str, Any] = json.loads((folder / CARD).read_text(encoding="utf-8"))
    return card


def digest(folder: Path) -> str:
    """Return a name for a codec's weights: sixteen hexadecimal digits."""
    return sha256((folder / WEIGHTS).read_bytes()).hexdigest()[:16]


def _of_training(name: str) -> bool:
    return name.rpartition(".")[2] in ("sums", "uses")
