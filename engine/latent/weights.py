"""A model's folder: weights as data only, a card that says what made them, training codes."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load as load_arrays
from safetensors.numpy import save as save_arrays

from engine.common import atomic
from engine.errors import BadModel
from engine.latent.calibration import CalibratedCodec
from engine.latent.forward import ForwardPass
from engine.latent.model import TrainedVAE
from engine.latent.shape import NAMED, Shape
from engine.latent.tokens import Ints

WEIGHTS, CODES, CARD = "weights.safetensors", "codes.safetensors", "card.json"
FORMAT = 1

LARGEST = 8192
"""The largest size of any part of a network."""


def save(
    folder: Path, network: ForwardPass, codec: CalibratedCodec, tokens: Ints, card: dict[str, Any]
) -> None:
    """Write a model's weights, its training codes and its card; raises `CannotWrite`.

    The network is kept in half precision. ``card`` says what made the weights (command, seed,
    corpus digest, recipe); their digest and the network's shape are added. ``tokens`` [N, 24]
    are the training measures.
    """
    # Half the size, and no figure of the tables changes: what ships is what was judged.
    halves = {name: array.astype(np.float16) for name, array in network.parameters.items()}
    weights = save_arrays({**halves, **codec.arrays()})
    digest = hashlib.sha256(weights).hexdigest()
    kept = TrainedVAE(ForwardPass(network.shape, halves), codec, digest)
    codes = kept.encode_tokens(tokens).astype(np.float16)
    written = {
        WEIGHTS: weights,
        CODES: save_arrays({"codes": codes}),
        CARD: json.dumps(
            {
                "format": FORMAT,
                "name": "measure-vae",
                "weights": digest,
                "shape": network.shape.as_dict(),
                **card,
            },
            indent=2,
        ).encode()
        + b"\n",
    }
    atomic.make_folder(folder)
    # The card last: it names the digest of the weights, so no other pair is ever loaded.
    atomic.write_all({folder / name: content for name, content in written.items()})


def read_card(folder: Path) -> dict[str, Any]:
    """Read a model's card; raises `BadModel` where it is missing or not a card."""
    path = folder / CARD
    try:
        card = json.loads(path.read_bytes())
        if card["format"] != FORMAT:
            raise BadModel(
                f"{path} is of format {card['format']}, and this program reads format {FORMAT}.",
                "Update armonica, or train anew with `armonica train measures`.",
            )
        _shape(card)
        if not isinstance(card["weights"], str):
            raise TypeError
    except OSError as error:
        raise BadModel(
            f"There is no model in {folder}: {CARD} cannot be read.",
            "Make one with `armonica train measures`.",
        ) from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadModel(f"{path} is damaged.", "Install the model again.") from error
    return dict(card)


def load(folder: Path) -> TrainedVAE:
    """Load a model, as data only; raises `BadModel` where it is missing, damaged or other.

    The weights must have the digest that the card names.
    """
    card = read_card(folder)
    path = folder / WEIGHTS
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadModel(f"{path} cannot be read.", "Install the model again.") from error
    digest = hashlib.sha256(content).hexdigest()
    if digest != card["weights"]:
        raise BadModel(
            f"{path} has the hash {digest[:12]}, and its card names {card['weights'][:12]}.",
            "The file is damaged or another model's; install the model again.",
        )
    try:
        arrays = load_arrays(content)
        codec = CalibratedCodec.from_arrays(arrays)
        network = ForwardPass(_shape(card), arrays)
    except (SafetensorError, KeyError, ValueError, TypeError) as error:
        raise BadModel(
            f"{path} does not hold the network that its card describes.",
            "Install the model again.",
        ) from error
    size = NAMED + 1 + network.shape.free
    return TrainedVAE(network, codec, digest, _codes(folder, size))


def _shape(card: dict[str, Any]) -> Shape:
    shape = Shape(**card["shape"])
    if any(type(size) is not int or not 0 < size <= LARGEST for size in shape.as_dict().values()):
        raise ValueError("a size of the network is none")
    return shape


def _codes(folder: Path, size: int) -> npt.NDArray[np.float16] | None:
    # Only the map's shading of training data needs them; a model plays without.
    try:
        codes = load_arrays((folder / CODES).read_bytes())["codes"]
    except (OSError, SafetensorError, KeyError):
        return None
    fits = codes.dtype == np.float16 and codes.ndim == 2 and codes.shape[1] == size
    return codes if fits and np.isfinite(codes).all() else None
