"""Small models with random weights, in audiocraft's checkpoint format."""

from __future__ import annotations

from pathlib import Path
from typing import Any

SAMPLE_RATE = 16000
FRAME_RATE = 50
CODEBOOKS, ENTRIES = 4, 32


def lm_config(
    *,
    layers: int = 2,
    size: int = 32,
    heads: int = 4,
    hidden: int = 2,
    codebooks: int = CODEBOOKS,
    entries: int = ENTRIES,
    text: str | None = None,
    fast: bool = False,
    seconds: float = 30.0,
    **more: Any,
) -> dict[str, Any]:
    """Gives a language model's configuration, as audiocraft writes it beside the weights.

    ``text`` is None, "lut" or the name of a T5; ``fast`` chooses the variant of attention
    that MusicGen's own configurations choose. ``more`` goes into ``transformer_lm``.
    """
    conditioners: dict[str, Any] = {}
    if text == "lut":
        table = {"n_bins": 16, "dim": 8, "tokenizer": "noop"}
        conditioners = {"description": {"model": "lut", "lut": table}}
    elif text:
        t5 = {"name": text, "finetune": False, "word_dropout": 0.0, "normalize_text": False}
        conditioners = {"description": {"model": "t5", "t5": t5}}
    crossed = ["description"] if conditioners else []
    return {
        "device": "cpu",
        "dtype": "float32",
        "lm_model": "transformer_lm",
        "channels": 1,
        "sample_rate": SAMPLE_RATE,
        "dataset": {"segment_duration": seconds},
        "codebooks_pattern": {
            "modeling": "delay",
            "delay": {
                "delays": list(range(codebooks)),
                "flatten_first": 0,
                "empty_initial": 0,
            },
        },
        "transformer_lm": {
            "n_q": codebooks,
            "card": entries,
            "dim": size,
            "num_heads": heads,
            "num_layers": layers,
            "hidden_scale": hidden,
            "dropout": 0.0,
            "activation": "gelu",
            "norm_first": True,
            "bias_ff": False,
            "bias_attn": False,
            "bias_proj": False,
            "causal": True,
            "custom": not fast,
            "memory_efficient": fast,
            **more,
        },
        "classifier_free_guidance": {"training_dropout": 0.3, "inference_coef": 3.0},
        "attribute_dropout": {},
        "fuser": {"cross": crossed, "sum": [], "prepend": [], "input_interpolate": []},
        "conditioners": conditioners,
    }


def codec_config(codebooks: int = CODEBOOKS, entries: int = ENTRIES) -> dict[str, Any]:
    """Gives the configuration of a small EnCodec of ``FRAME_RATE`` frames a second."""
    return {
        "device": "cpu",
        "compression_model": "encodec",
        "sample_rate": SAMPLE_RATE,
        "channels": 1,
        "encodec": {
            "autoencoder": "seanet",
            "quantizer": "rvq",
            "sample_rate": SAMPLE_RATE,
            "channels": 1,
            "causal": False,
            "renormalize": False,
        },
        "seanet": {
            "dimension": 16,
            "channels": 1,
            "causal": False,
            "n_filters": 2,
            "n_residual_layers": 1,
            "ratios": [8, 8, 5],
            "lstm": 0,
            "encoder": {},
            "decoder": {},
        },
        "rvq": {"n_q": codebooks, "bins": entries, "kmeans_init": False, "q_dropout": False},
    }


def language_model(seed: int = 0, **shape: Any) -> Any:
    """Gives a language model with random weights."""
    return _built("get_lm_model", lm_config(**shape), seed)


def write_model(folder: Path, seed: int = 0, codec: bool = True, **shape: Any) -> Path:
    """Writes a model's folder; without ``codec`` only the language model's file."""
    folder.mkdir(parents=True, exist_ok=True)
    config = lm_config(**shape)
    write_part(folder / "state_dict.bin", _built("get_lm_model", config, seed), config)
    if codec:
        parts = config["transformer_lm"]
        config = codec_config(parts["n_q"], parts["card"])
        part = _built("get_compression_model", config, seed)
        write_part(folder / "compression_state_dict.bin", part, config)
    return folder


def write_part(path: Path, part: Any, config: dict[str, Any]) -> None:
    """Writes one part of a model with its configuration beside the weights."""
    import torch
    from omegaconf import OmegaConf

    torch.save(
        {
            "best_state": part.state_dict(),
            "xp.cfg": OmegaConf.to_yaml(OmegaConf.create(config)),
            "version": "1.3.0",
            "exported": True,
        },
        path,
    )


def _built(builder: str, config: dict[str, Any], seed: int) -> Any:
    import torch
    from omegaconf import OmegaConf

    from engine.steering.standins import import_audiocraft

    import_audiocraft()
    from audiocraft.models import builders

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return getattr(builders, builder)(OmegaConf.create(config)).eval()
