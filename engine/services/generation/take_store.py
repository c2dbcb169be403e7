"""Takes on disk: the sound, its codes, and the recipe of both, under the take's own name."""

from __future__ import annotations

import contextlib
import hashlib
import io
import stat
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from engine.common import atomic, output_files
from engine.common.fields import BadTake
from engine.errors import ArmonicaError, UnknownName
from engine.locations import data_folder, make_usual
from engine.protocol.generation import Take
from engine.services.generation.recipe import TakeRecipe, is_id
from engine.services.generation.recipe_file import decode, encode

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from engine.audio.synth import Wave

    Codes = NDArray[np.int32]

SOUND, CODES, RECIPE = ".flac", ".safetensors", ".json"

_LARGEST_RECIPE, _LARGEST_FILE = 32_000_000, 2_000_000_000
_STALE = 3600.0
_EXPORTED = "00000000-000000-exported"
"""What stands for the name of a take that lies outside the folder."""


@dataclass(frozen=True, slots=True)
class Listed:
    """The takes of a folder, the oldest first, and what is wrong with the files of others."""

    takes: tuple[Take, ...]
    faults: tuple[BadTake, ...] = ()


def takes_folder() -> Path:
    """Return the folder that takes are kept in."""
    return data_folder() / "takes"


def place(take: str, suffix: str = SOUND) -> Path:
    """Return a file of a take; raises `UnknownName` for what no take can be called."""
    if not is_id(take):
        raise UnknownName("take", take, ())
    return takes_folder() / f"{take}{suffix}"


def listed() -> Listed:
    """List the takes that are kept; only their recipes are read."""
    takes: list[Take] = []
    faults: list[BadTake] = []
    folder = takes_folder()
    for path in sorted(folder.glob(f"*{RECIPE}")):
        try:
            takes.append(_read(path).take)
        except BadTake as fault:
            faults.append(fault)
    _sweep(folder)
    known = {take.id for take in takes}
    return Listed(
        tuple(take if take.twin in known else replace(take, twin=None) for take in takes),
        tuple(faults),
    )


def read(take: str) -> TakeRecipe:
    """Read a take's recipe; raises `BadTake` or `UnknownName`."""
    return _read(place(take, RECIPE))


def read_codes(recipe: TakeRecipe) -> Codes:
    """Read the codes [K, T] of a take, those of its prompt first; raises `BadTake`."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    path = place(recipe.take.id, CODES)
    try:
        codes = load(_content(path, _LARGEST_FILE))["codes"]
    except (SafetensorError, KeyError, ValueError, TypeError):
        raise BadTake(f"{path} holds no codes.", "Make the take anew.") from None
    if codes.dtype != "int32" or codes.ndim != 2 or digest_of(codes) != recipe.codes:
        raise BadTake(f"{path} does not hold the codes of its recipe.", "Make the take anew.")
    return codes


def read_wave(take: str) -> tuple[Wave, int]:
    """Read the sound of a take as [samples], and its rate; raises `BadTake`."""
    path = place(take)
    return _wave(_content(path, _LARGEST_FILE), path)


def prepare() -> None:
    """Make the folder that takes are kept in; raises `CannotWrite`."""
    atomic.make_folder(takes_folder())


def write(recipe: TakeRecipe, wave: Wave, codes: Codes) -> TakeRecipe:
    """Keep a take whole or not at all, and return its recipe as it was written.

    Digests are filled in, and a name that is taken is counted on. Raises `CannotWrite`.
    """
    from safetensors.numpy import save

    recipe, sound = sealed(recipe, wave, codes)
    recipe = replace(recipe, take=replace(recipe.take, id=_free(recipe.take.id)))
    own = recipe.take.id
    prepare()
    # The recipe last: what has none is no take.
    atomic.write_all(
        {
            place(own, SOUND): sound,
            place(own, CODES): save({"codes": codes}),
            place(own, RECIPE): encode(recipe),
        }
    )
    return recipe


def sealed(recipe: TakeRecipe, wave: Wave, codes: Codes) -> tuple[TakeRecipe, bytes]:
    """Return the recipe with the digests of all that was made, and the sound as a file's bytes."""
    from engine.audio.files import encode as encode_wave

    sound, _ = encode_wave(wave, recipe.rate, SOUND, "16")
    recipe = replace(
        recipe,
        prompt=digest_of(codes[:, : recipe.prompt_frames]),
        codes=digest_of(codes),
        audio=hashlib.sha256(sound).hexdigest(),
    )
    return recipe, sound


def converted(sound: bytes, suffix: str, path: Path) -> bytes:
    """Return the bytes of a take's sound as a file of another kind; raises `BadTake`."""
    from engine.audio.files import encode as encode_wave

    if suffix == SOUND:
        return sound
    wave, rate = _wave(sound, path)
    return encode_wave(wave, rate, suffix, "16")[0]


def amend(recipe: TakeRecipe) -> None:
    """Write a recipe anew beside the sound it belongs to; raises `CannotWrite`."""
    atomic.write(place(recipe.take.id, RECIPE), encode(recipe))


def remove(take: str) -> None:
    """Remove the files of a take, its recipe first; raises `CannotWrite`."""
    for suffix in (RECIPE, CODES, SOUND):
        path = place(take, suffix)
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise atomic.cannot_write(path, error) from error


def export(take: str, path: str) -> Path:
    """Write a take's sound to a file of the user's own, and its recipe beside that.

    The recipe's name is the sound's with ``.json`` added. Gives the sound's place; raises
    `BadName`, `BadTake` or `CannotWrite`.
    """
    target = output_files.named(path, output_files.SOUND)
    suffix = target.suffix.lower()
    output_files.check(target, output_files.SOUND)
    output_files.check(beside(target), output_files.RECIPE)
    make_usual(target)
    recipe, own = read(take), place(take)
    sound = converted(_content(own, _LARGEST_FILE), suffix, own)
    atomic.write_all({target: sound, beside(target): encode(recipe)})
    return target


def beside(path: Path) -> Path:
    """Return the place of the recipe of a sound outside the folder."""
    return path.with_name(path.name + RECIPE)


def read_exported(path: Path) -> TakeRecipe:
    """Read a recipe that lies beside a sound of the user's own; raises `BadTake`."""
    return _read(path, _EXPORTED)


def digest_of(codes: Codes) -> str:
    """Return the SHA-256 of codes, shape and all."""
    shape = ",".join(map(str, codes.shape)).encode()
    return hashlib.sha256(shape + b":" + codes.astype("<i4").tobytes()).hexdigest()


def _read(path: Path, take: str = "") -> TakeRecipe:
    try:
        return decode(_content(path, _LARGEST_RECIPE), take or path.stem)
    except BadTake as error:
        raise BadTake(f"{path}: {error.message}", error.remedy) from None


def _wave(content: bytes, path: Path) -> tuple[Wave, int]:
    import soundfile

    try:
        wave, rate = soundfile.read(io.BytesIO(content), dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, ValueError, TypeError, RuntimeError) as error:
        raise BadTake(f"{path} is damaged.", "Make the take again.") from error
    return wave[:, 0].copy(), int(rate)


def _content(path: Path, most: int) -> bytes:
    try:
        # Opening a pipe would wait for whoever writes to it.
        if not stat.S_ISREG(path.stat().st_mode):
            raise BadTake(f"{path} is not a file.")
        with path.open("rb") as file:
            content = file.read(most + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise BadTake(f"{path} cannot be read: {reason}.") from None
    if len(content) > most:
        raise BadTake(f"{path} is too large.")
    return content


def _free(take: str) -> str:
    # Another program may have kept a take of that name in the same second.
    name, number = take, 2
    while any(place(name, suffix).exists() for suffix in (RECIPE, CODES, SOUND)):
        name, number = f"{take}-{number}", number + 1
    return name


def _sweep(folder: Path) -> None:
    # Left by a program that was killed while it wrote.
    with contextlib.suppress(OSError, ArmonicaError):
        for path in folder.glob(".*.tmp"):
            if time.time() - path.stat().st_mtime > _STALE:
                path.unlink(missing_ok=True)
