"""The parts of a model that audiocraft would fetch by itself, taken from folders instead."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from engine.errors import BadModel
from engine.steering.musicgen.checkpoint import LM, read_config, read_package
from engine.steering.musicgen.download import ADDRESS, FILES


def parts_of(config: Any, codec: dict[str, Any]) -> list[str]:
    """Return the names of the further models that one needs: text encoders, a codec elsewhere.

    Raises `BadModel` for a condition that cannot be met here.
    """
    needed = []
    for name, each in (config.conditioners or {}).items():
        if name == "args":
            continue
        if each.model == "t5":
            needed.append(str(each.t5.name))
        elif each.model not in ("lut", "chroma_stem"):
            raise BadModel(
                f"The model is conditioned by {each.model}, which is not part of the program.",
                "Choose a MusicGen that takes text, a melody or nothing.",
            )
    if "pretrained" in codec:
        needed.append(codec["pretrained"])
    return needed


def find_part(name: str, folders: list[Path]) -> Path | None:
    """Return the folder of a further model, or None."""
    # A name out of a stranger's file may be a path of this machine: only known ones are sought.
    if name not in FILES:
        raise BadModel(
            f"The model builds on {name!r}, which is not known here.",
            f"Known: {', '.join(FILES)}.",
        )
    for folder in folders:
        if all((folder / name / file).is_file() for file in FILES[name]):
            return folder / name
    return None


class _Local:
    """Stands where audiocraft calls ``from_pretrained``: nothing but local files is read."""

    def __init__(self, called: str, folders: list[Path]) -> None:
        self._called, self._folders = called, folders

    def from_pretrained(self, name: str) -> Any:
        folder = find_part(name, self._folders)
        if folder is None:
            raise BadModel(
                f"The model needs {name}, and its files are not here.",
                f"Put those of {ADDRESS}/{name} into {self._folders[-1] / name}.",
            )
        transformers = importlib.import_module("transformers")
        # Its bars on standard error would tear the screen.
        transformers.utils.logging.disable_progress_bar()
        kind = getattr(transformers, self._called)
        more = {} if self._called.endswith("Tokenizer") else {"use_safetensors": True}
        try:
            return kind.from_pretrained(str(folder), local_files_only=True, **more)
        except Exception as error:
            raise BadModel(
                f"The files of {name} in {folder} cannot be read.", "Fetch them again."
            ) from error


@contextmanager
def local_only(folders: list[Path]) -> Iterator[None]:
    """Let audiocraft read local files and weights only inside."""
    from audiocraft.models import encodec, loaders
    from audiocraft.modules import conditioners
    from omegaconf import OmegaConf

    def read(folder: str, filename: str | None = None, **_: Any) -> dict[str, Any]:
        path = Path(folder) / (filename or LM)
        package = read_package(path)
        if "xp.cfg" in package:
            package["xp.cfg"] = OmegaConf.to_yaml(read_config(package, path))
        if filename == LM:
            package["best_state"] = {
                name: tensor
                for name, tensor in package["best_state"].items()
                if ".self_wav.chroma." not in name
            }
        return package

    places: list[tuple[Any, str, Any]] = [
        (loaders, "_get_state_dict", read),
        (encodec, "HFEncodecModel", _Local("EncodecModel", folders)),
        (conditioners, "T5Tokenizer", _Local("T5Tokenizer", folders)),
        (conditioners, "T5EncoderModel", _Local("T5EncoderModel", folders)),
        (importlib.import_module("audiocraft.models.builders"), "ChromaStemConditioner", no_melody),
    ]
    before = [getattr(module, name) for module, name, _ in places]
    try:
        for module, name, new in places:
            setattr(module, name, new)
        yield
    finally:
        for (module, name, _), old in zip(places, before, strict=True):
            setattr(module, name, old)


def no_melody(
    output_dim: int,
    sample_rate: int,
    n_chroma: int,
    radix2_exp: int,
    duration: float,
    device: Any = "cpu",
    **options: Any,
) -> Any:
    """Return what stands for a melody in a model that takes one, where none is given.

    audiocraft's own splits recordings with a further model; what it makes of silence is all
    that is needed here, and is computed.
    """
    import torch
    from audiocraft.modules.conditioners import WaveformConditioner

    hop = options.get("winhop") or (options.get("winlen") or 2**radix2_exp) // 4
    frames = int(sample_rate * duration) // hop + 1

    class NoMelody(WaveformConditioner):
        def _get_wav_embedding(self, x: Any) -> Any:
            chroma = torch.zeros(len(x.wav), frames, n_chroma, device=self.device)
            if options.get("argmax"):
                # The strongest of equals is the first.
                chroma[..., 0] = 1.0
            return chroma

    return NoMelody(n_chroma, output_dim, device)
