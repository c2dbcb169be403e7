"""Probes on disk: a card in TOML and its numbers in safetensors, and where both lie."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine import locations
from engine.common import atomic
from engine.errors import UnknownName
from engine.steering.probes.probe import BadProbe, ProbeCard, trait_name
from engine.steering.spec import AudioSpec
from engine.text import printable

if TYPE_CHECKING:
    from engine.steering.probes.probe import Probe

CARD, NUMBERS = ".toml", ".safetensors"
FORMAT = 1

SHIPPED = locations.PRESETS / "probes"

_LARGEST_CARD, _HEADER = 2**16, 2**16
_SHORTEST_DIGEST = 8


@dataclass(frozen=True, slots=True)
class FoundProbe:
    """A probe that lies in a folder: what it says of itself, and its card's file."""

    card: ProbeCard
    path: Path


@dataclass(frozen=True, slots=True)
class ProbeShelf:
    """The probes that were found, and what is wrong with the files that hold none."""

    found: tuple[FoundProbe, ...]
    faults: tuple[BadProbe, ...] = ()

    def of(self, spec: AudioSpec) -> tuple[FoundProbe, ...]:
        """Return those made for this model, the first of each name, in order of their names."""
        first: dict[str, FoundProbe] = {}
        for each in self.found:
            if each.card.digest == spec.digest:
                first.setdefault(each.card.name, each)
        return tuple(first[name] for name in sorted(first))


def probes_folder() -> Path:
    """Return the user's folder of probes, of all models."""
    return locations.data_folder() / "probes"


def place(spec: AudioSpec, name: str, folder: Path | None = None) -> Path:
    """Return the card's file of a probe of ``spec``'s model; raises `OutOfRange` for a bad name.

    ``folder`` is a folder of probes, the user's own where none is named. Models of one name
    keep apart there by their digests.
    """
    trait_name(name)
    if folder is not None:
        return folder / f"{name}{CARD}"
    words = re.sub(r"[^A-Za-z0-9_-]+", "-", spec.name.rsplit("/", 1)[-1]).strip("-")[:60]
    mark = hashlib.sha256(spec.digest.encode()).hexdigest()[:_SHORTEST_DIGEST]
    return probes_folder() / f"{words or 'model'}-{mark}" / f"{name}{CARD}"


def shelf(folders: Iterable[Path] | None = None) -> ProbeShelf:
    """List the probes of these folders and the folders in them; reads cards alone.

    Where no folders are named, the user's own come before those that ship.
    """
    found: list[FoundProbe] = []
    faults: list[BadProbe] = []
    for folder in (probes_folder(), SHIPPED) if folders is None else folders:
        for path in sorted((*folder.glob(f"*{CARD}"), *folder.glob(f"*/*{CARD}"))):
            try:
                found.append(FoundProbe(read_card(path)[0], path))
            except BadProbe as fault:
                faults.append(fault)
    return ProbeShelf(tuple(found), tuple(faults))


def find(name: str, spec: AudioSpec, shelved: ProbeShelf | None = None) -> Probe:
    """Load the probe called ``name`` for a model.

    Raises `BadProbe` where there is one for another model only, and `UnknownName` where
    there is none.
    """
    all_found = shelf() if shelved is None else shelved
    fitting = {each.card.name: each for each in all_found.of(spec)}
    if name in fitting:
        return load(fitting[name].path, spec)
    for each in all_found.found:
        if each.card.name == name:
            each.card.check(spec)
    raise UnknownName("trait", name, fitting)


def write(probe: Probe, card_path: Path) -> None:
    """Write a probe whole or not at all: its card, and its numbers beside it.

    Raises `CannotWrite`.
    """
    from safetensors.torch import save

    numbers = save({name: each.contiguous() for name, each in probe.tensors().items()})
    values = {each.name: getattr(probe.card, each.name) for each in fields(ProbeCard)}
    head = {"format": FORMAT, "numbers": hashlib.sha256(numbers).hexdigest()}
    atomic.make_folder(card_path.parent)
    # The card last: it names the digest of the numbers, so no other pair is ever loaded.
    atomic.write_all(
        {
            card_path.with_suffix(NUMBERS): numbers,
            card_path: flat_toml({**head, **values}).encode(),
        }
    )


def read_card(path: Path) -> tuple[ProbeCard, str]:
    """Read a card and the digest of its numbers; raises `BadProbe`."""
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_CARD + 1)
        if len(content) > _LARGEST_CARD:
            raise ValueError("too long")
        values: dict[str, Any] = tomllib.loads(content.decode())
    except OSError as error:
        raise BadProbe(f"{path} cannot be read: {error.strerror or error}.") from error
    except (ValueError, RecursionError) as error:
        raise BadProbe(f"{path} is not the card of a probe.", "Train the probe anew.") from error
    if values.pop("format", None) != FORMAT:
        raise BadProbe(
            f"{path} is of a format that this program does not read.", "Update armonica."
        )
    digest = values.pop("numbers", None)
    if isinstance(values.get("warnings"), list):
        values["warnings"] = tuple(values["warnings"])
    try:
        if not isinstance(digest, str):
            raise TypeError("numbers")
        return ProbeCard(**values), digest
    except TypeError as error:
        raise BadProbe(f"{path} lacks a line or has one too many.") from error
    except BadProbe as error:
        raise BadProbe(f"{path}: {error.message}", error.remedy) from error


def load(card_path: Path, spec: AudioSpec | None = None) -> Probe:
    """Load a probe, as data only; ``spec`` is the model that it is to be for.

    Raises `BadProbe` where it is damaged or for another model.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load as load_tensors

    from engine.steering.probes.probe import Probe

    card, digest = read_card(card_path)
    if spec is not None:
        card.check(spec)
    path = card_path.with_suffix(NUMBERS)
    heads = card.layers * card.heads
    most = 4 * heads * (2 * card.head_size + 4) + _HEADER
    try:
        with path.open("rb") as file:
            content = file.read(most + 1)
    except OSError as error:
        raise BadProbe(f"{path} cannot be read: {error.strerror or error}.") from error
    if hashlib.sha256(content).hexdigest() != digest:
        raise BadProbe(
            f"{path} does not hold the numbers that its card names.",
            "The file is damaged or another probe's; train the probe anew.",
        )
    wanted = {each.name for each in fields(Probe)[1:]}
    try:
        tensors = load_tensors(content)
        if set(tensors) != wanted:
            raise KeyError("names")
        return Probe(card, **tensors)
    except (SafetensorError, KeyError, ValueError, RuntimeError, TypeError) as error:
        raise BadProbe(f"{path} does not hold a probe.", "Train the probe anew.") from error


def flat_toml(values: dict[str, Any]) -> str:
    """Return numbers, truths, texts and tuples of texts as TOML, a line each."""
    return "".join(f"{key} = {_toml(value)}\n" for key, value in values.items())


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str):
        # Of printable characters JSON and TOML write the same.
        return json.dumps(printable(value), ensure_ascii=False)
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    raise TypeError(f"{type(value).__name__} has no line of TOML here")
