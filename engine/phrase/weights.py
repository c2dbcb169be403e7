"""A phrase model's folder: weights as data only, and a card that says what made them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import safetensors.numpy
from safetensors import SafetensorError

from engine.common import atomic
from engine.errors import BadModel
from engine.phrase.shape import PhraseShape

WEIGHTS, CARD = "weights.safetensors", "card.json"
FORMAT = 1
QUANTILES = 101
"""How many quantiles of bits a note lie beside a network: those of validation tunes."""

LARGEST = 4096
"""The largest size of any part of a network."""

REMEDY = "Install Armonica again, or train one: armonica train phrase -o FOLDER."

Arrays = dict[str, npt.NDArray[np.generic]]


def save(folder: Path, arrays: Mapping[str, npt.NDArray[Any]], card: Mapping[str, Any]) -> None:
    """Write a network, what lies beside it, and its card; raises `CannotWrite`.

    The network is kept in half precision. ``card`` says what made it; the digest of the weights
    is added.
    """
    kept = {
        name: array.astype(np.float16) if array.dtype == np.float32 else array
        for name, array in arrays.items()
    }
    weights = safetensors.numpy.save({n: np.ascontiguousarray(a) for n, a in kept.items()})
    found = {
        "format": FORMAT,
        "name": "phrase",
        "weights": hashlib.sha256(weights).hexdigest(),
        **card,
    }
    atomic.make_folder(folder)
    # The card last: it names the digest of the weights, so no other pair is ever loaded.
    atomic.write_all(
        {folder / WEIGHTS: weights, folder / CARD: json.dumps(found, indent=2).encode() + b"\n"}
    )


def load(folder: Path) -> tuple[Arrays, PhraseShape, dict[str, Any]]:
    """Read a model's arrays, its shape and its card.

    Raises `BadModel` where a file is missing or damaged, or the two do not belong together.
    """
    try:
        card = json.loads((folder / CARD).read_bytes())
        content = (folder / WEIGHTS).read_bytes()
        if card["format"] != FORMAT:
            raise BadModel(
                f"The phrase model in {folder} is of format {card['format']}, "
                f"and this program reads format {FORMAT}.",
                "Update armonica, or train anew with `armonica train phrase`.",
            )
        if hashlib.sha256(content).hexdigest() != card["weights"]:
            raise ValueError("its weights are not those that its card names")
        sizes = {name: int(size) for name, size in card["shape"].items()}
        if not all(1 <= size <= LARGEST for size in sizes.values()):
            raise ValueError("its card names a network that is none")
        return safetensors.numpy.load(content), PhraseShape(**sizes), card
    except OSError as error:
        raise _bad(folder, f"cannot be read ({Path(error.filename or '').name})") from error
    except (SafetensorError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _bad(folder, f"is damaged ({str(error).splitlines()[0][:80]})") from error


def _bad(folder: Path, what: str) -> BadModel:
    return BadModel(f"The phrase model in {folder} {what}.", REMEDY)
