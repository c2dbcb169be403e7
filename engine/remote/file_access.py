"""Which files whoever is attached may have read and written: those in the folders for that."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from engine.common import output_files
from engine.errors import UserError
from engine.formats import song_file
from engine.locations import SONGS, data_folder, meant, songs_folder, state_folder
from engine.protocol.analysis import WriteProvenance
from engine.protocol.base import Command
from engine.protocol.edit import ReplaceSong
from engine.protocol.files import (
    ExportMidi,
    ForgetKept,
    ImportMidi,
    LookIntoMidi,
    OpenSong,
    RecoverSong,
    SaveSong,
)
from engine.protocol.generation import OpenAudioModel, Prompt, SaveTake, SetGeneration

LONGEST = 4096
"""The longest path that is looked at, in characters."""


class OutOfReach(UserError):
    """A file that commands over a line cannot name."""

    title = "Files"


class Fence:
    """Knows the folders that commands over a line may name files in.

    Written is in the engine's song folder, where exports go as well, and in ``more`` folders;
    read also what ships, takes, and models. A link counts as what it leads to.
    """

    def __init__(self, more: Sequence[Path] = ()) -> None:
        self._more = tuple(more)

    def check(self, command: Command, own: str | None = None) -> None:
        """Raise `OutOfReach`, or `BadName`, for a command about a file elsewhere.

        ``own`` is the file of the engine's song, wherever it lies: that may be written.
        """
        try:
            self._check(command, own)
        except (OSError, ValueError, RuntimeError) as error:
            reason = getattr(error, "strerror", None) or error
            raise OutOfReach(f"No file can be called that: {reason}.", "Name another.") from None

    def _check(self, command: Command, own: str | None) -> None:
        written = (songs_folder(), *self._more)
        opened = (*written, SONGS)
        match command:
            case SaveSong(str(path)):
                if own is None or output_files.named(path, output_files.SONG) != Path(own):
                    self._inside(output_files.named(path, output_files.SONG), written)
            case ExportMidi(path):
                self._inside(output_files.named(path, output_files.MIDI), written)
            case WriteProvenance(path):
                self._inside(output_files.named(path, output_files.PROVENANCE), written)
            case SaveTake(_, path):
                sound = output_files.named(path, output_files.SOUND)
                self._inside(sound, written)
                self._inside(sound.with_name(sound.name + output_files.RECIPE.suffixes[0]), written)
            case ReplaceSong(path=str(path)):
                raise OutOfReach(
                    "Which file a song belongs to is for the engine to say.", "Open the file."
                )
            case OpenSong(path):
                self._inside(song_file.located(path), opened)
                self._inside(song_file.found(path), opened)
            case ImportMidi(_, path) | LookIntoMidi(path):
                self._inside(meant(path), opened)
            case SetGeneration(prompt=Prompt("file", path)):
                self._inside(meant(path), (*opened, data_folder() / "takes"))
            case OpenAudioModel(name):
                self._check_model(name)
            case RecoverSong(path) | ForgetKept(path):
                self._inside(Path(path), (state_folder() / "kept",))
            case SaveSong(None) | ReplaceSong(path=None):
                pass
            case _ if hasattr(command, "path"):
                # One that came later, and whose file nobody has thought of here.
                raise OutOfReach(f"{type(command).__name__} cannot be asked over a line.")

    def _check_model(self, name: str) -> None:
        from engine.steering.musicgen.model import DEFAULT, KNOWN

        if name not in (DEFAULT, *KNOWN):
            self._inside(meant(name), (*self._more, data_folder() / "models"))

    def _inside(self, place: Path, folders: Sequence[Path]) -> None:
        # By its name first: nothing outside is even looked at, as that may take for ever.
        near = any(_named(place).is_relative_to(_named(each)) for each in folders)
        if near and len(str(place)) <= LONGEST:
            real = place.resolve()
            if any(real.is_relative_to(each.resolve()) for each in folders):
                return
        raise OutOfReach(
            f"{output_files.shown(place)} lies outside the folders for whoever is attached.",
            f"Use {songs_folder()}, or name more in the engine's setting `folders`.",
        )


def _named(place: Path) -> Path:
    return Path(os.path.normpath(place.absolute()))
