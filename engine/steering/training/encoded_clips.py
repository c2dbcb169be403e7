"""Mixes of rendered clips as codes: what the language model learns from, made once and kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from engine.common import atomic
from engine.common.process_pool import spread
from engine.corpus.audio.render import Clip, Clips, clips
from engine.corpus.clip_format import SAMPLES, SECONDS
from engine.corpus.table import SPLITS
from engine.errors import BadCorpus
from engine.steering.musicgen.codec import SpectralCodec, digest, load_codec
from engine.steering.training.mixes import Mixture, draw, mix

CHANGING = 0.4
"""The share of mixes in which a part enters or leaves on the way."""

_BATCH = 50


@dataclass(frozen=True)
class Encoded:
    """Mixes of one split as codes.

    ``codes`` is int16 [mixes, codebooks, frames]; ``before`` and ``after`` say which parts
    sound, bool [mixes, parts], and ``change`` (seconds [mixes]) when one turns into the
    other. ``sheets`` are the clips, in the order of the mixes.
    """

    codes: npt.NDArray[np.int16]
    before: npt.NDArray[np.bool_]
    after: npt.NDArray[np.bool_]
    change: npt.NDArray[np.float32]
    sheets: tuple[Clip, ...]

    def __len__(self) -> int:
        return len(self.codes)


def mixture_of(seed: int, split: str, turn: int, number: int) -> Mixture:
    """Return the mixture of a clip at a turn: it depends on these four alone."""
    random = np.random.default_rng([seed, 11, SPLITS.index(split), turn, number])
    return draw(random, SECONDS, CHANGING)


def encode_clips(
    folder: Path,
    clips_folder: Path,
    codec_folder: Path,
    split: str,
    *,
    turns: int,
    seed: int,
    workers: int = 1,
    on_progress: Callable[[float], None] = lambda _: None,
) -> Encoded:
    """Return each clip of a split in ``turns`` mixes as codes, kept in ``folder``.

    Goes on where an earlier run stopped; codes of another codec or seed are refused with
    `BadCorpus`.
    """
    source, codec = clips(clips_folder, split), load_codec(codec_folder)
    total = turns * len(source)
    atomic.make_folder(folder)
    card = {"codec": digest(codec_folder), "seed": seed, "clips": len(source), "turns": turns}
    _keep_card(folder / f"{split}.json", card)
    path, done_path = folder / f"{split}.codes", folder / f"{split}.done"
    shape = (total, codec.num_codebooks, SAMPLES // codec.shape.hop)
    there = path.exists()
    codes: npt.NDArray[np.int16]
    codes = np.memmap(path, np.int16, "r+" if there else "w+", shape=shape)
    done = int(done_path.read_text()) if there and done_path.exists() else 0
    batches = [(first, min(first + _BATCH, total)) for first in range(done, total, _BATCH)]
    if batches:
        work = partial(_encode, clips_folder, codec_folder, split, seed)
        with spread(work, batches, workers) as encoded:
            for (first, last), found in zip(batches, encoded, strict=True):
                codes[first:last] = found
                codes.flush()
                atomic.write(done_path, str(last).encode())
                on_progress(last / total)
    mixtures = [mixture_of(seed, split, *divmod(at, len(source))) for at in range(total)]
    return Encoded(
        codes,
        np.stack([each.before for each in mixtures]),
        np.stack([each.after for each in mixtures]),
        np.array([each.change for each in mixtures], np.float32),
        source.sheets * turns,
    )


@torch.inference_mode()
def _encode(
    clips_folder: Path, codec_folder: Path, split: str, seed: int, batch: tuple[int, int]
) -> npt.NDArray[np.int16]:
    source, codec = _tools(clips_folder, codec_folder, split)
    waves = []
    for at in range(*batch):
        turn, number = divmod(at, len(source))
        waves.append(mix(source.stems[number], mixture_of(seed, split, turn, number)))
    found, _ = codec.encode(torch.from_numpy(np.stack(waves))[:, None])
    return found.numpy().astype(np.int16)


@lru_cache(maxsize=1)
def _tools(clips_folder: Path, codec_folder: Path, split: str) -> tuple[Clips, SpectralCodec]:
    torch.set_num_threads(1)
    return clips(clips_folder, split), load_codec(codec_folder)


def _keep_card(path: Path, card: dict[str, Any]) -> None:
    try:
        known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else card
    except ValueError:
        known = None
    if known != card:
        raise BadCorpus(f"{path.parent} holds codes that were made otherwise.", "Name another.")
    atomic.write(path, json.dumps(card).encode())
