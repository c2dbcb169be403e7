"""The option --model: an audio model by name or folder, and how long it takes to have it."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from engine.cli.options import ProgressLine, duration

if TYPE_CHECKING:
    from engine.steering.musicgen.download import Fetching
    from engine.steering.musicgen.model import AudioModel


def add_model(word: argparse.ArgumentParser, default: str | None = "tiny", what: str = "") -> None:
    """Add the option."""
    word.add_argument(
        "--model",
        default=default,
        metavar="NAME|FOLDER",
        help=what or f"tiny, facebook/musicgen-small .. or a folder ({default})",
    )


def opened(name: str) -> AudioModel:
    """Load a model, and shows on standard error what is fetched for it."""
    from engine.steering.musicgen.model import open_model

    return open_model(name, on_progress=FetchLine())


def name_of(model: str) -> tuple[str, str]:
    """Return the field of a probe's card that tells a model, and its value there.

    A folder is known by its weights, and a model that is fetched by name by its name: nothing
    is fetched to list what there is. Raises `BadModel`.
    """
    from engine.errors import BadModel
    from engine.locations import meant
    from engine.steering.musicgen.checkpoint import LM, read_package, weights_digest
    from engine.steering.musicgen.model import DEFAULT, KNOWN

    if model in (DEFAULT, *KNOWN):
        return "model", model
    folder = meant(model)
    if not folder.is_dir():
        raise BadModel(
            f"There is no model {model!r}.",
            f"Name a folder with a checkpoint, or one of: {', '.join((DEFAULT, *KNOWN))}.",
        )
    state = read_package(folder / LM)
    if "pretrained" in state:
        raise BadModel(f"{folder / LM} holds no weights.", "Fetch the model again.")
    return "digest", weights_digest(state["best_state"])


class FetchLine:
    """A line of progress for each file that is fetched: its size, the rate, the time left."""

    def __init__(self) -> None:
        self._file = ""
        self._line: ProgressLine | None = None

    def __call__(self, fetching: Fetching) -> None:
        """Show how far a file is."""
        if self._line is None or fetching.file != self._file:
            self._file, self._line = fetching.file, ProgressLine(f"fetch {fetching.file}")
        had, rate = fetching.done / 1e6, fetching.rate / 1e6
        if fetching.size is None or fetching.left is None:
            self._line.show(0.0, f"{had:.0f} MB, {rate:.1f} MB/s")
            return
        # Told here, because a file that is gone on with was not begun just now.
        told = f"{had:.0f} of {fetching.size / 1e6:.0f} MB, {rate:.1f} MB/s"
        self._line.show(fetching.done / max(1, fetching.size), told, duration(fetching.left))
