"""The index of rendered clips: what is kept of each to be found again, and its file.

It is one file of tensors, and says which clips, corpus, codec and language model it was made
with. An index of another model is refused, for its states would mean nothing.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import safetensors.numpy
from safetensors import SafetensorError, safe_open

from engine import locations
from engine.common import atomic
from engine.errors import BadFile
from engine.influence.clips.alignment import LEVELS, PARTS, SLOTS
from engine.influence.clips.chroma import CLASSES
from engine.influence.clips.codec_tokens import KEPT
from engine.influence.clips.hidden_states import DIRECTIONS

SHIPPED = locations.PRESETS / "influence" / "clips"
"""The index of the clips that the small MusicGen that ships was trained on."""

INDEX = "clips.safetensors"
FORMAT = 1

SPANS = (4.0, 8.0)
"""Seconds of the held-out passages that similarity is calibrated with."""

_LARGEST = 1 << 28
_PACKED = PARTS * SLOTS * CLASSES // 2


class BadClipIndex(BadFile):
    """An index of clips that is missing, damaged, or of another model."""

    title = "Index"


@dataclass(frozen=True, slots=True)
class IndexCard:
    """What an index was made of: digests of clips, corpus, codec and language model.

    ``clips`` names the card of the rendered clips, ``ears`` the part of the codec that hears,
    ``model`` the name of the model and ``digest`` its language model's weights.
    """

    clips: str
    corpus: str
    ears: str
    model: str
    digest: str
    layer: int
    seed: int


@dataclass(frozen=True, eq=False)
class ClipIndex:
    """What is kept of clips.

    ``tune`` (a row of the corpus' tunes), ``first`` (measure, from 1), ``transposed``
    (semitones) and ``number`` (in its split) are int32 [clips]. ``levels`` are uint8
    [clips, 2, 40, 12], ``tokens`` uint16 [clips, 48], ``states`` int8 [clips, 32] in the
    space of ``mean`` [size] and ``directions`` [size, 32]. ``raw`` [2, held-out] and
    ``latent`` [held-out] are how near the nearest clip lies to held-out passages of `SPANS`
    seconds.
    """

    card: IndexCard
    tune: npt.NDArray[np.int32]
    first: npt.NDArray[np.int32]
    transposed: npt.NDArray[np.int32]
    number: npt.NDArray[np.int32]
    levels: npt.NDArray[np.uint8]
    tokens: npt.NDArray[np.uint16]
    states: npt.NDArray[np.int8]
    mean: npt.NDArray[np.float32]
    directions: npt.NDArray[np.float32]
    raw: npt.NDArray[np.float32]
    latent: npt.NDArray[np.float32]
    content: str = ""

    def __len__(self) -> int:
        return len(self.tune)


def write(folder: Path, index: ClipIndex) -> None:
    """Write an index; the same one gives the same bytes. Raises `CannotWrite`."""
    tensors = {
        each.name: np.ascontiguousarray(getattr(index, each.name))
        for each in fields(ClipIndex)
        if each.name not in ("card", "content", "levels")
    }
    # Two levels in a byte.
    flat = index.levels.reshape(len(index), -1)
    tensors["levels"] = flat[:, ::2] << 4 | flat[:, 1::2]
    # One key only: with several, their order in the file is left to chance.
    card = {"format": FORMAT, "content": _digest(tensors), **asdict(index.card)}
    content = safetensors.numpy.save(tensors, metadata={"card": json.dumps(card, sort_keys=True)})
    atomic.make_folder(folder)
    atomic.write(folder / INDEX, content)


def read(folder: Path) -> ClipIndex:
    """Read an index; raises `BadClipIndex` where it is missing or damaged."""
    path = folder / INDEX
    try:
        if path.stat().st_size > _LARGEST:
            raise ValueError("it is too large")
        with safe_open(path, framework="numpy") as opened:
            card = json.loads((opened.metadata() or {})["card"])
        tensors = safetensors.numpy.load(path.read_bytes())
        known, content = card.pop("format"), card.pop("content")
        if known != FORMAT:
            raise ValueError(f"its format is {known!r}, not {FORMAT}")
        if content != _digest(tensors):
            raise ValueError("its content is not what was written")
        levels = tensors.pop("levels")
        if levels.dtype != np.uint8 or levels.shape[1:] != (_PACKED,):
            raise ValueError(f"levels is {levels.dtype} {list(levels.shape)}")
        whole = np.stack([levels >> 4, levels & LEVELS], axis=-1)
        index = ClipIndex(
            card=_card(card),
            levels=whole.reshape(-1, PARTS, SLOTS, CLASSES),
            content=str(content)[:16],
            **tensors,
        )
        _check(index)
    except FileNotFoundError as error:
        raise BadClipIndex(f"There is no index of clips in {folder}.", REMEDY) from error
    except (SafetensorError, OSError, KeyError, ValueError, TypeError, AttributeError) as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise BadClipIndex(
            f"The index of clips in {folder} is damaged ({reason}).", REMEDY
        ) from error
    return index


REMEDY = "Make it anew: armonica corpus index --clips FOLDER (clips of `armonica corpus render`)."


def _card(values: dict[str, Any]) -> IndexCard:
    card = IndexCard(**values)
    for each in fields(IndexCard):
        kind = int if each.name in ("layer", "seed") else str
        if type(getattr(card, each.name)) is not kind:
            raise ValueError(f"{each.name} of its card is no {kind.__name__}")
    return card


def _check(index: ClipIndex) -> None:
    clips, size = len(index.tune), len(index.mean)
    heard = index.latent.shape[0]
    expected: dict[str, tuple[type, tuple[int, ...]]] = {
        **dict.fromkeys(("tune", "first", "transposed", "number"), (np.int32, (clips,))),
        "levels": (np.uint8, (clips, PARTS, SLOTS, CLASSES)),
        "tokens": (np.uint16, (clips, KEPT)),
        "states": (np.int8, (clips, DIRECTIONS)),
        "mean": (np.float32, (size,)),
        "directions": (np.float32, (size, DIRECTIONS)),
        "raw": (np.float32, (len(SPANS), heard)),
        "latent": (np.float32, (heard,)),
    }
    for name, (kind, shape) in expected.items():
        array = getattr(index, name)
        if array.dtype != kind or array.shape != shape:
            raise ValueError(f"{name} is {array.dtype} {list(array.shape)}")
    if not clips or not heard:
        raise ValueError("it is empty")
    finite = all(np.isfinite(getattr(index, n)).all() for n in ("mean", "directions", "raw"))
    if not finite or not np.isfinite(index.latent).all():
        raise ValueError("it holds what is no number")
    if index.tune.min() < 0 or index.first.min() < 1 or abs(index.transposed).max() > CLASSES:
        raise ValueError("a clip comes from where nothing is")


def _digest(tensors: dict[str, Any]) -> str:
    found = hashlib.sha256()
    for name in sorted(tensors):
        array = np.ascontiguousarray(tensors[name])
        found.update(f"{name} {array.dtype} {array.shape}\n".encode())
        found.update(array.tobytes())
    return found.hexdigest()
