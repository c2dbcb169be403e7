"""Takes that lie outside the folder of takes: kept as files of the user's own, made again."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from engine.audio.files import check_name
from engine.common import atomic
from engine.errors import NotReady, UserError
from engine.music.song import Song
from engine.services.generation import take_store
from engine.services.generation.prompts import most_frames, prompt_codes
from engine.services.generation.recipe import TakeRecipe
from engine.services.generation.recipe_file import encode
from engine.services.generation.take_job import Source, kept

if TYPE_CHECKING:
    from engine.audio.synth import Wave
    from engine.services.generation.backends import Instrument
    from engine.services.generation.take_store import Codes


class OtherPrompt(UserError):
    """What a take continued, and is not there any more as it was."""

    title = "Take"


class ExportedTake:
    """Keeps a take as one file of the user's own, with its recipe beside it.

    ``more`` gives what is written along with them, all or nothing. Raises `BadAudioName`.
    """

    def __init__(
        self, path: Path, more: Callable[[TakeRecipe], Mapping[Path, bytes]] = lambda _: {}
    ) -> None:
        self._suffix = check_name(path)
        self._path, self._more = path, more
        self._source: Source | None = None

    @property
    def source(self) -> Source:
        """What was kept, to be made again; raises `NotReady` before."""
        if self._source is None:
            raise NotReady("Nothing is kept yet.")
        return self._source

    def prepare(self) -> None:
        """Make sure that there is a place; raises `CannotWrite`."""
        folder = self._path.parent
        for number, wrong in (
            (errno.ENOENT, not folder.is_dir()),
            (errno.EISDIR, self._path.is_dir()),
        ):
            if wrong:
                raise atomic.cannot_write(self._path, OSError(number, os.strerror(number)))
        try:
            self._path.resolve()
        except (OSError, RuntimeError) as error:
            # Links that lead to one another.
            raise atomic.cannot_write(self._path, error) from error
        atomic.make_folder(folder)

    def write(self, recipe: TakeRecipe, wave: Wave, codes: Codes) -> TakeRecipe:
        """Keep the take whole or not at all; raises `CannotWrite`."""
        import torch

        recipe, sound = take_store.sealed(recipe, wave, codes)
        atomic.write_all(
            {
                self._path: take_store.converted(sound, self._suffix, self._path),
                take_store.beside(self._path): encode(recipe),
                **self._more(recipe),
            }
        )
        prompt = torch.from_numpy(codes[:, : recipe.prompt_frames]).long()
        self._source = Source(recipe, prompt if recipe.prompt_frames else None)
        return recipe


def source(recipe: TakeRecipe, instrument: Instrument, soundfont: str = "") -> Source:
    """Return what a recipe is made again from: its prompt is read as it was read then.

    Raises `OtherPrompt` where that is not there any more as it was, and what reading it raises.
    """
    if not recipe.prompt_frames:
        return Source(recipe, None)
    for take in take_store.listed().takes:
        if take_store.read(take.id).codes == recipe.codes:
            return Source(recipe, kept(take.id).prompt)
    prompt = recipe.generation.prompt
    if prompt.kind == "song":
        raise OtherPrompt(
            "The take continued a song on the screen, and is not among the takes kept here.",
            "Make it again from the screen.",
        )
    most = most_frames(instrument.spec, recipe.frames - recipe.prompt_frames)
    codes = prompt_codes(instrument, prompt, Song(), most, soundfont)
    if codes is None or take_store.digest_of(codes.cpu().numpy().astype("int32")) != recipe.prompt:
        raise OtherPrompt(
            f"{prompt.which} is not what the take continued then.",
            "Bring the old file back, or steer anew.",
        )
    return Source(recipe, codes)
