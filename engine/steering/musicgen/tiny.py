"""The shape of the small MusicGen that ships, and its file in audiocraft's checkpoint format."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import torch

from engine.common import atomic
from engine.corpus.clip_format import SECONDS
from engine.steering.musicgen.audiocraft_stubs import import_audiocraft

STATE = "state_dict.bin"


@dataclass(frozen=True, slots=True)
class TinyShape:
    """The sizes of a language model over a codec's codes."""

    layers: int = 5
    size: int = 256
    heads: int = 8
    codebooks: int = 8
    codes: int = 512
    rate: int = 16_000


def config(shape: TinyShape) -> dict[str, Any]:
    """Return the configuration from which audiocraft builds the model.

    Rotary positions, and queries and keys that are normalised, let a small model find the
    beat; it takes no condition.
    """
    return {
        "device": "cpu",
        "dtype": "float32",
        "lm_model": "transformer_lm",
        "channels": 1,
        "sample_rate": shape.rate,
        # audiocraft wants more than its extension stride of 18 s; ours heard clips of 8.
        "dataset": {"segment_duration": 30, "trained_duration": SECONDS},
        "codebooks_pattern": {
            "modeling": "delay",
            "delay": {
                "delays": list(range(shape.codebooks)),
                "flatten_first": 0,
                "empty_initial": 0,
            },
        },
        "transformer_lm": {
            "n_q": shape.codebooks,
            "card": shape.codes,
            "dim": shape.size,
            "num_heads": shape.heads,
            "num_layers": shape.layers,
            "hidden_scale": 4,
            "dropout": 0.0,
            "activation": "gelu",
            "norm_first": True,
            "bias_ff": False,
            "bias_attn": False,
            "bias_proj": False,
            "causal": True,
            # The variant of attention that calls the output projection, where probes listen;
            # the other one that does counts rotary positions wrongly while it streams.
            "custom": True,
            "memory_efficient": False,
            "positional_embedding": "rope",
            "qk_layer_norm": True,
            "weight_init": "gaussian",
            "depthwise_init": "current",
        },
        "classifier_free_guidance": {"training_dropout": 0.0, "inference_coef": 1.0},
        "attribute_dropout": {},
        "fuser": {"cross": [], "sum": [], "prepend": [], "input_interpolate": []},
        "conditioners": {},
    }


def language_model(shape: TinyShape) -> Any:
    """Return audiocraft's language model of that shape for training, weights from torch's seed."""
    import_audiocraft()
    from audiocraft.models.builders import get_lm_model
    from omegaconf import OmegaConf

    built = config(shape)
    # Whole sequences are a third quicker so, and come out the same.
    built["transformer_lm"] |= {"custom": False, "memory_efficient": True}
    return get_lm_model(OmegaConf.create(built))


def save_language_model(folder: Path, lm: Any, shape: TinyShape) -> None:
    """Write the weights in half precision as audiocraft reads them; raises `CannotWrite`."""
    from omegaconf import OmegaConf

    content = BytesIO()
    torch.save(
        {
            "best_state": {name: value.half() for name, value in lm.state_dict().items()},
            "xp.cfg": OmegaConf.to_yaml(OmegaConf.create(config(shape))),
            "version": "1.3.0",
            "exported": True,
        },
        content,
    )
    atomic.make_folder(folder)
    atomic.write(folder / STATE, content.getvalue())
