"""Brings audiocraft in without the libraries that it names and that are not used here.

audiocraft imports, at module level, libraries for training, evaluation and text cleaning that
no model needs to play. Stand-ins take their places while it is imported; each raises
`MissingPart` when something of it is used.
"""

from __future__ import annotations

import importlib
import importlib.machinery
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from engine.errors import ArmonicaError

ABSENT = (
    "spacy",
    "librosa",
    "torchmetrics",
    "torchaudio",
    "torchaudio.transforms",
    # Three seconds of imports for training and for a diffusion decoder.
    "audiocraft.solvers",
    "audiocraft.solvers.compression",
)
"""Modules that have nothing behind them here."""

LATE = {"transformers": ("EncodecModel", "RobertaTokenizer", "T5EncoderModel", "T5Tokenizer")}
"""Modules that are slow to import, and the names by which audiocraft asks for them."""

_lock = threading.Lock()


class MissingPart(ArmonicaError):
    """Something of audiocraft that needs a library which is left out."""

    title = "Model"


def import_audiocraft() -> ModuleType:
    """Return the audiocraft package with its ``models`` and ``modules`` imported.

    Takes about half a second beyond torch; later calls and calls from other threads are free.
    The stand-ins leave `sys.modules` again, but for xformers, which audiocraft asks for at
    every step.
    """
    with _lock:
        if "audiocraft.models" not in sys.modules:
            _place_xformers()
            with _standing_in():
                importlib.import_module("audiocraft.models")
        return sys.modules["audiocraft"]


class StandIn(ModuleType):
    """A module with nothing behind it: its names can be imported, and not used."""

    def __init__(self, name: str) -> None:
        super().__init__(name, f"Stands in for {name}.")
        # Other libraries look for modules with `find_spec`, which fails without one.
        self.__spec__ = importlib.machinery.ModuleSpec(name, None, is_package=True)
        self.__path__: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Unusable(f"{self.__name__}.{name}")


class _Unusable:
    """A name of a library that is left out."""

    def __init__(self, name: str) -> None:
        self.__dict__["_name"] = name

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[type, ...]:
        # audiocraft derives classes from it that are never made.
        return (object,)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise self._missing()

    def __call__(self, *_: Any, **__: Any) -> Any:
        raise self._missing()

    def _missing(self) -> MissingPart:
        library = self._name.split(".")[0]
        return MissingPart(
            f"This model needs {self._name}, and {library} is not part of the program.",
            "Choose a model that takes text or nothing as its condition.",
        )


class _Late:
    """A name of a library that is imported when it is first used."""

    def __init__(self, module: str, name: str) -> None:
        self._module, self._called = module, name

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self._meant(), name)

    def __call__(self, *given: Any, **named: Any) -> Any:
        return self._meant()(*given, **named)

    def _meant(self) -> Any:
        return getattr(importlib.import_module(self._module), self._called)


@contextmanager
def _standing_in() -> Iterator[None]:
    absent = [StandIn(name) for name in ABSENT]
    late = []
    for module, names in LATE.items():
        stand_in = StandIn(module)
        for name in names:
            setattr(stand_in, name, _Late(module, name))
        late.append(stand_in)
    # A library that is there already was imported by somebody else, and works.
    placed = {each.__name__: each for each in (*absent, *late) if each.__name__ not in sys.modules}
    for name, each in placed.items():
        parent, _, last = name.rpartition(".")
        if parent in placed:
            setattr(placed[parent], last, each)
    sys.modules.update(placed)
    try:
        yield
    finally:
        for name, each in placed.items():
            if sys.modules.get(name) is each:
                del sys.modules[name]


def _place_xformers() -> None:
    if "xformers" in sys.modules:
        return
    import torch

    package, ops, profiler = (
        StandIn(name) for name in ("xformers", "xformers.ops", "xformers.profiler")
    )
    ops.unbind = torch.unbind  # type: ignore[attr-defined]
    # Only made and compared with None: attention itself is torch's own.
    ops.LowerTriangularMask = type("LowerTriangularMask", (), {})  # type: ignore[attr-defined]
    # Asked for in every layer at every step; without it each asking is a search of the disk.
    idle = ModuleType("xformers.profiler.profiler")
    idle._Profiler = type("_Profiler", (), {"_CURRENT_PROFILER": None})  # type: ignore[attr-defined]
    profiler.profiler = idle  # type: ignore[attr-defined]
    package.ops, package.profiler = ops, profiler  # type: ignore[attr-defined]
    sys.modules.update({each.__name__: each for each in (package, ops, profiler)})
