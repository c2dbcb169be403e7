"""Opens a MusicGen, shipped, known by name or in any folder, and speaks with it in codes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import ArmonicaError, BadModel, NotReady
from engine.locations import TINY_MUSICGEN, data_folder, meant
from engine.steering.musicgen import memory
from engine.steering.musicgen.audiocraft_stubs import import_audiocraft
from engine.steering.musicgen.checkpoint import (
    CODEC,
    LM,
    check_shapes,
    read_config,
    read_package,
    weights_digest,
)
from engine.steering.musicgen.devices import choose_device, choose_threads, lay_out
from engine.steering.musicgen.download import ADDRESS, FILES, Fetching, fetch_model
from engine.steering.musicgen.local_conditioners import find_part, local_only, parts_of
from engine.steering.musicgen.streaming_decode import Growing, GrowingAudio
from engine.steering.spec import AudioSpec

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from torch import Tensor

DEFAULT = "tiny"
"""The model that ships with the program."""

KNOWN = tuple(name for name in FILES if name.startswith("facebook/musicgen-"))
"""The models that are fetched by name."""

OWN_CODEC = "codec.safetensors"

_loading = threading.Lock()


class AudioModel:
    """A model that is loaded: its shapes, its language model, its codec.

    Raises `NotReady` where it was closed.
    """

    def __init__(self, spec: AudioSpec, musicgen: Any, device: str, threads: int) -> None:
        self.spec, self.device, self.threads = spec, device, threads
        self._musicgen = musicgen

    @property
    def lm(self) -> Any:
        """The language model, audiocraft's ``LMModel``."""
        return self._open().lm

    @property
    def codec(self) -> Any:
        """The codec, audiocraft's ``CompressionModel``."""
        return self._open().compression_model

    def encode(self, wave: npt.NDArray[np.float32] | Tensor) -> Tensor:
        """Return the codes of a wave: [samples] at the model's rate -> [K, T], whole frames."""
        import torch

        with self.working(mixed=False):
            wave = torch.as_tensor(wave, dtype=torch.float32, device=self.device)
            channels = self.codec.channels
            codes, _ = self.codec.encode(wave[None, None].expand(1, channels, -1))
            found: Tensor = codes[0].long().cpu()
        # A tensor of inference would not do in training; its copy does.
        return found.clone()

    def decode(self, codes: Tensor, sketch: bool = False) -> Tensor:
        """Return the wave of codes: [K, T] -> [samples], mono.

        What is loud may exceed full scale: nothing is cut off here.
        With ``sketch`` it is quicker and a little rougher, where the codec can do that.
        """
        with self.working(mixed=False):
            decode = getattr(self.codec, "sketch", None) if sketch else None
            wave = (decode or self.codec.decode)(codes[None].to(self.device))
            found: Tensor = wave[0].mean(dim=0).float().cpu()
        return found.clone()

    def growing(self, begin: int = 0) -> Growing:
        """Return what makes the sound of codes that grow, from frame ``begin`` on."""
        from engine.steering.musicgen.codec import SpectralCodec
        from engine.steering.musicgen.growing_codec import GrowingSpectra

        # Audiocraft's codecs keep no state, so that what lies around a piece is decoded anew.
        if isinstance(self.codec, SpectralCodec):
            return GrowingSpectra(self, begin)
        return GrowingAudio(self, begin)

    def conditions(self, *texts: str | None) -> dict[str, Any]:
        """Return the condition tensors of one row for each text; None is no description.

        A model that takes no description gives none, whatever the texts.
        """
        import torch
        from audiocraft.modules.conditioners import ConditioningAttributes, WavCondition

        provider = self.lm.condition_provider
        if not provider.conditioners:
            return {}
        with self.working():
            rows = []
            for text in texts:
                row = ConditioningAttributes(text=dict.fromkeys(provider.text_conditions, text))
                for name in provider.wav_conditions:
                    silence = torch.zeros((1, 1, 1), device=self.device)
                    length = torch.tensor([0], device=self.device)
                    row.wav[name] = WavCondition(
                        silence, length, [self.spec.sample_rate], [None], []
                    )
                rows.append(row)
            found: dict[str, Any] = provider(provider.tokenize(rows))
            return found

    @contextmanager
    def working(self, mixed: bool = True) -> Iterator[None]:
        """Choose threads and precision inside, and tell of memory that runs out.

        Without ``mixed`` the precision stays single, as codecs need it.
        """
        import torch

        self._open()
        if torch.get_num_threads() != self.threads:
            torch.set_num_threads(self.threads)
        kind = self.device.split(":")[0]
        with (
            memory.raising_when_full(self.spec.name),
            torch.inference_mode(),
            torch.autocast(kind, torch.float16) if mixed and kind == "cuda" else nullcontext(),
        ):
            yield

    def close(self) -> None:
        """Free the model's memory; closing twice is no fault."""
        self._musicgen = None
        memory.release()

    def _open(self) -> Any:
        if self._musicgen is None:
            raise NotReady(f"{self.spec.name} was unloaded.", "Load it again.")
        return self._musicgen


def models_folder() -> Path:
    """Return the folder in which models known by name lie, each under its name."""
    return data_folder() / "models"


def open_model(
    name: str | Path = DEFAULT,
    device: str | None = None,
    threads: int | None = None,
    on_progress: Callable[[Fetching], None] | None = None,
    address: str = ADDRESS,
) -> AudioModel:
    """Load a model: ``tiny``, one of `KNOWN`, or any folder with an audiocraft checkpoint.

    What is missing of a known model is fetched first; while it is loaded nothing asks the
    network, and files are read as data only. ``device`` is the best there is where it is left
    out, and ``threads`` the number that is fastest. Raises `BadModel`, `ModelTooBig`,
    `CannotFetch` or `OutOfRange`.
    """
    device = choose_device(device)
    folder = _folder(name, on_progress, address)
    state = read_package(folder / LM)
    if "pretrained" in state:
        raise BadModel(f"{folder / LM} holds no weights.", "Fetch the model again.")
    config = read_config(state, folder / LM)
    check_shapes(state, config, folder / LM)
    own = (folder / OWN_CODEC).is_file()
    codec = {} if own else read_package(folder / CODEC)
    places = [folder, models_folder()]
    for part in parts_of(config, codec):
        if find_part(part, places) is None and str(name) in KNOWN:
            fetch_model(part, models_folder() / part, on_progress, address)
    _require(str(name), state, codec, config, device, places)
    digest = weights_digest(state["best_state"])
    label = str(name) if str(name) in (DEFAULT, *KNOWN) else folder.name
    del state, codec
    import_audiocraft()
    with _loading, local_only(places), memory.raising_when_full(label):
        musicgen = _load(label, folder, device, own)
    lm = musicgen.lm
    _check(label, musicgen)
    attention = lm.transformer.layers[0].self_attn
    spec = AudioSpec(
        name=label,
        digest=digest,
        sample_rate=int(musicgen.sample_rate),
        frame_rate=float(musicgen.frame_rate),
        codebooks=lm.n_q,
        layers=len(lm.transformer.layers),
        heads=attention.num_heads,
        head_size=attention.embed_dim // attention.num_heads,
        longest=_trained_seconds(musicgen),
        text=bool(lm.condition_provider.text_conditions),
    )
    return AudioModel(spec, musicgen, device, threads or choose_threads(lm, digest, device))


def _folder(name: str | Path, on_progress: Callable[[Fetching], None] | None, address: str) -> Path:
    if str(name) == DEFAULT:
        return TINY_MUSICGEN
    if str(name) in KNOWN:
        folder = models_folder() / str(name)
        fetch_model(str(name), folder, on_progress, address)
        return folder
    folder = meant(name)
    if not folder.is_dir():
        raise BadModel(
            f"There is no model {str(name)!r}.",
            f"Name a folder with a checkpoint, or one of: {', '.join((DEFAULT, *KNOWN))}.",
        )
    return folder


def _require(
    name: str,
    state: dict[str, Any],
    codec: dict[str, Any],
    config: Any,
    device: str,
    places: list[Path],
) -> None:
    weights = sum(each.numel() for each in state["best_state"].values())
    weights += sum(each.numel() for each in codec.get("best_state", {}).values())
    for part in parts_of(config, codec):
        found = find_part(part, places)
        if found is not None:
            weights += (found / "model.safetensors").stat().st_size // 4
    sizes = config.transformer_lm
    # Fifty frames a second is MusicGen's; a frame more or less is nothing beside the weights.
    positions = int(50 * config.dataset.segment_duration)
    rows = 2 if config.conditioners else 1
    needed = memory.forecast(weights, sizes.num_layers, sizes.dim, positions, rows, device)
    memory.require(name, needed, device)


def _load(name: str, folder: Path, device: str, own_codec: bool) -> Any:
    from audiocraft.models import loaders
    from audiocraft.models.musicgen import MusicGen

    try:
        if not own_codec:
            # The whole path, because audiocraft takes a folder called `small` for its own.
            musicgen = MusicGen.get_pretrained(str(folder.absolute()), device=device)
        else:
            from engine.steering.musicgen.codec import load_codec

            codec = load_codec(folder).to(device)
            musicgen = MusicGen(name, codec, loaders.load_lm_model(str(folder), device=device))
    except (ArmonicaError, MemoryError):
        raise
    except Exception as error:
        if "allocate memory" in str(error) or type(error).__name__ == "OutOfMemoryError":
            raise
        first = (str(error) or type(error).__name__).splitlines()[0]
        raise BadModel(
            f"{folder} cannot be loaded as a MusicGen: {first[:200]}.",
            "Fetch it again, or choose another model.",
        ) from error
    for layer in musicgen.lm.transformer.layers:
        if layer.self_attn.rope is not None:
            # With rotary positions audiocraft's quick variant counts heads instead of steps
            # when it streams; the other one has the same weights and counts right.
            layer.self_attn.memory_efficient = False
    if device == "cpu":
        lay_out(musicgen.lm, columns=not musicgen.lm.condition_provider.text_conditions)
    return musicgen


def _trained_seconds(musicgen: Any) -> float:
    # Our own models are trained on shorter pieces than audiocraft lets a configuration say.
    trained = musicgen.lm.cfg.dataset.get("trained_duration")
    return float(musicgen.max_duration if trained is None else trained)


def _check(name: str, musicgen: Any) -> None:
    lm, codec = musicgen.lm, musicgen.compression_model
    if (codec.num_codebooks, codec.cardinality) != (lm.n_q, lm.card):
        raise BadModel(
            f"The codec of {name} has {codec.num_codebooks} x {codec.cardinality} codes, and its "
            f"language model {lm.n_q} x {lm.card}.",
            "They are parts of two models; fetch the model again.",
        )
    pattern = lm.pattern_provider
    if not hasattr(pattern, "delays") or pattern.flatten_first or pattern.empty_initial:
        raise BadModel(
            f"{name} orders its codes in a way that is not known here.",
            "Choose a model with the pattern `delay` or `parallel`.",
        )
