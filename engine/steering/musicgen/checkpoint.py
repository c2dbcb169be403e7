"""Reads the files of an audiocraft model as data only, whoever made them."""

from __future__ import annotations

import hashlib
import pickle
from pathlib import Path
from typing import Any

from engine.errors import BadModel

LM, CODEC = "state_dict.bin", "compression_state_dict.bin"
"""The two files of a model's folder."""

LARGEST_CONFIG = 256 * 1024
"""Bytes of a configuration; MusicGen's own are about 20,000."""

_SIZES = {"n_q": 64, "card": 65536, "dim": 16384, "num_heads": 256, "num_layers": 512}

DEEPEST = 20
"""How deeply a configuration may be nested; MusicGen's own are of five levels."""


def read_package(path: Path) -> dict[str, Any]:
    """Read one part of a model: its ``best_state`` and ``xp.cfg``, or where it is to be had.

    Only tensors and plain values are read, and no code that a file may carry; the tensors stay
    in the file until they are used. Raises `BadModel`.
    """
    import omegaconf
    import torch

    try:
        with torch.serialization.safe_globals(_configurations()):
            package = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except FileNotFoundError as error:
        raise BadModel(
            f"There is no {path.name} in {path.parent}.",
            f"A model's folder holds {LM} and {CODEC}.",
        ) from error
    except pickle.UnpicklingError as error:
        raise BadModel(
            f"{path} holds more than weights, or is damaged, and was not opened further.",
            "Export it again with audiocraft, or fetch it again.",
        ) from error
    except (OSError, RuntimeError, ValueError, KeyError, EOFError, TypeError) as error:
        raise BadModel(
            f"{path} is no checkpoint of audiocraft.", "Fetch it again or choose another folder."
        ) from error
    if isinstance(package, dict):
        if isinstance(package.get("pretrained"), str):
            return {"pretrained": package["pretrained"]}
        state, config = package.get("best_state"), package.get("xp.cfg")
        weights = isinstance(state, dict) and all(
            isinstance(each, torch.Tensor) for each in state.values()
        )
        if isinstance(config, omegaconf.DictConfig):
            config = omegaconf.OmegaConf.to_yaml(config)
        if weights and isinstance(config, str):
            return {"best_state": state, "xp.cfg": config}
    raise BadModel(
        f"{path} has no weights with a configuration in text beside them.",
        "Export it with audiocraft's `utils.export`.",
    )


def _configurations() -> list[Any]:
    # Older checkpoints hold the configuration as objects of these classes, which only carry
    # values: none does anything when it is made.
    import collections
    import typing

    from omegaconf import base, dictconfig, listconfig, nodes

    values = (
        nodes.AnyNode,
        nodes.BooleanNode,
        nodes.FloatNode,
        nodes.IntegerNode,
        nodes.StringNode,
    )
    kept = (base.ContainerMetadata, base.Metadata, dictconfig.DictConfig, listconfig.ListConfig)
    return [*values, *kept, typing.Any, collections.defaultdict, dict, list, int, float, str, bool]


def read_config(package: dict[str, Any], path: Path) -> Any:
    """Return the configuration of a part as an OmegaConf node; raises `BadModel`.

    Values that would ask the machine for something, as ``${oc.env:HOME}`` does, are left empty
    in it: audiocraft writes some where the model was trained, and building it needs none.
    """
    import yaml  # type: ignore[import-untyped]
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    text = package["xp.cfg"]
    remedy = "It is no configuration that audiocraft writes; do not use this model."
    if len(text) > LARGEST_CONFIG:
        raise BadModel(f"The configuration in {path} is of {len(text)} characters.", remedy)
    try:
        depth = 0
        for event in yaml.parse(text, yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent):
                raise BadModel(f"The configuration in {path} repeats parts of itself.", remedy)
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            if depth > DEEPEST:
                raise ValueError("nested too deeply")
        plain = OmegaConf.to_container(OmegaConf.create(text), resolve=False)
        return OmegaConf.create(_without_questions(plain))
    except (yaml.YAMLError, OmegaConfBaseException, ValueError, RecursionError) as error:
        raise BadModel(f"The configuration in {path} cannot be read.", remedy) from error


def _without_questions(value: Any) -> Any:
    # `${a.b}` points to another value; with a colon it calls a function by its name.
    if isinstance(value, dict):
        return {_without_questions(key): _without_questions(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_without_questions(each) for each in value]
    return None if isinstance(value, str) and "${" in value and ":" in value else value


def check_shapes(package: dict[str, Any], config: Any, path: Path) -> None:
    """Make sure that a language model's configuration is that of its weights.

    A configuration alone could ask for more memory than there is. Raises `BadModel`.
    """
    state = package["best_state"]
    try:
        parts = config.transformer_lm
        sizes = {name: parts[name] for name in _SIZES}
        if config.lm_model != "transformer_lm":
            raise BadModel(
                f"{path} is a {config.lm_model}, which does not generate step by step.",
                "Choose a MusicGen.",
            )
        if any(type(n) is not int or not 0 < n <= _SIZES[name] for name, n in sizes.items()):
            raise ValueError("a size is none")
        layers = {key.split(".")[2] for key in state if key.startswith("transformer.layers.")}
        fits = (
            len(layers) == sizes["num_layers"]
            and all(
                tuple(state[f"emb.{book}.weight"].shape) == (sizes["card"] + 1, sizes["dim"])
                for book in range(sizes["n_q"])
            )
            and state["transformer.layers.0.linear1.weight"].shape[0]
            == int(parts.get("hidden_scale", 4) * sizes["dim"])
        )
        if not fits or sizes["dim"] % sizes["num_heads"]:
            raise ValueError("not the weights of this configuration")
        float(config.dataset.segment_duration)
    except BadModel:
        raise
    except Exception as error:
        raise BadModel(
            f"The configuration in {path} is not that of its weights.", "Fetch the model again."
        ) from error


def weights_digest(state: dict[str, Any]) -> str:
    """Return the first 16 hexadecimal digits of the SHA-256 over names, shapes and weights."""
    import torch

    found = hashlib.sha256()
    for name in sorted(state):
        tensor = state[name].contiguous()
        found.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        found.update(memoryview(tensor.reshape(-1).view(torch.uint8).numpy()))
    return found.hexdigest()[:16]
