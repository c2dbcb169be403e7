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
    """Return a language model's configuration, as audiocraft writes it beside the weights.

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
    """Return the configuration of a small EnCodec of ``FRAME_RATE`` frames a second."""
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
    """Return a language model with random weights."""
    return _built("get_lm_model", lm_config(**shape), seed)


def write_model(
    folder: Path,
    seed: int = 0,
    codec: bool = True,
    parts: Path | None = None,
    half: bool = False,
    config: dict[str, Any] | None = None,
    **shape: Any,
) -> Path:
    """Write a model's folder; without ``codec`` only the language model's file.

    Text encoders are looked for in ``parts``. With ``half`` the weights are written in half
    precision, as MusicGen's own are. ``config`` stands for one made of ``shape``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    config = config or lm_config(**shape)
    lm = _built("get_lm_model", config, seed, parts)
    write_part(folder / "state_dict.bin", lm.half() if half else lm, config)
    if codec:
        sizes = config["transformer_lm"]
        config = codec_config(sizes["n_q"], sizes["card"])
        part = _built("get_compression_model", config, seed)
        write_part(folder / "compression_state_dict.bin", part, config)
    return folder


def write_part(path: Path, part: Any, config: dict[str, Any]) -> None:
    """Write one part of a model with its configuration beside the weights."""
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


def _built(builder: str, config: dict[str, Any], seed: int, parts: Path | None = None) -> Any:
    import torch
    from omegaconf import OmegaConf

    from engine.steering.musicgen.audiocraft_stubs import import_audiocraft

    import_audiocraft()
    from audiocraft.models import builders

    from engine.steering.musicgen.local_conditioners import local_only

    with torch.random.fork_rng(devices=[]), local_only([parts] if parts else []):
        torch.manual_seed(seed)
        return getattr(builders, builder)(OmegaConf.create(config)).eval()


def write_t5(folder: Path, full: bool = False) -> Path:
    """Write a text encoder as wide as t5-base, and as deep with ``full``, with its words."""
    import tokenizers
    import transformers

    words = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", -10.0), ("▁", -2.0)]
    words += [(each, -3.0) for each in "abcdefghijklmnopqrstuvwxyz"]
    splitter = tokenizers.Tokenizer(tokenizers.models.Unigram(words, unk_id=2))
    splitter.pre_tokenizer = tokenizers.pre_tokenizers.Metaspace()
    splitter.post_processor = tokenizers.processors.TemplateProcessing(
        single="$A </s>", special_tokens=[("</s>", 1)]
    )
    folder.mkdir(parents=True, exist_ok=True)
    splitter.save(str(folder / "tokenizer.json"))
    depth: dict[str, Any] = {"num_layers": 12, "d_ff": 3072, "vocab_size": 32128} if full else {}
    small: dict[str, Any] = {"num_layers": 1, "d_ff": 16, "vocab_size": 64}
    config = transformers.T5Config(d_model=768, num_heads=12, **(depth or small))
    transformers.T5EncoderModel(config).save_pretrained(folder)
    return folder


def write_encodec(folder: Path, full: bool = False) -> Path:
    """Write a codec in the form of encodec_32khz, with its sizes where it is ``full``."""
    import transformers

    config = transformers.EncodecConfig(
        target_bandwidths=[2.2] if full else [1.0],
        sampling_rate=32000,
        audio_channels=1,
        upsampling_ratios=[8, 5, 4, 4],
        num_filters=64 if full else 2,
        codebook_size=2048 if full else ENTRIES,
        codebook_dim=128 if full else 16,
        hidden_size=128 if full else 16,
        num_lstm_layers=2 if full else 1,
        use_causal_conv=False,
        use_conv_shortcut=False,
        normalize=False,
        chunk_length_s=None,
    )
    transformers.EncodecModel(config).save_pretrained(folder)
    return folder


def write_musicgen_small(folder: Path, full: bool = False) -> Path:
    """Write the three parts of facebook/musicgen-small where they are looked for.

    ``folder`` is that of all models. With ``full`` the shapes are exact.
    """
    import torch

    exact: dict[str, Any] = {"layers": 24, "size": 1024, "heads": 16, "hidden": 4, "entries": 2048}
    shape = exact if full else {"layers": 2, "size": 32, "heads": 4}
    place = folder / "facebook" / "musicgen-small"
    write_t5(folder / "t5-base", full)
    write_model(place, codec=False, parts=folder, half=True, text="t5-base", fast=True, **shape)
    torch.save({"pretrained": "facebook/encodec_32khz"}, place / "compression_state_dict.bin")
    write_encodec(folder / "facebook" / "encodec_32khz", full)
    return place
