"""The one family of errors that a user may meet: what happened, and how to mend it."""

from __future__ import annotations

import difflib
import errno
from collections.abc import Iterable

from engine.text import printable

_REFUSALS = {
    errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO, errno.ENXIO, errno.ENODEV,
    errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS, errno.ENOLCK,
    errno.ESTALE, errno.ETIMEDOUT,
}  # fmt: skip
"""What the system answers where no other request would have helped: a full, read-only or failing
disk, too many files open, no memory."""


class ArmonicaError(Exception):
    """Anything that is told to the user instead of being a fault of the program.

    ``title`` names the subject in a few words, ``message`` says what happened in one
    sentence, ``remedy`` says what to do about it; both are one line of printable text, whatever
    names are in them. ``exit_code`` is what a command ends
    with: 1 where the machine failed, 2 where the request was at fault. See `status`.
    """

    title = "Something went wrong"
    exit_code = 1

    def __init__(self, message: str, remedy: str = "") -> None:
        self.message = printable(message)
        self.remedy = printable(remedy)
        self._refused = False
        super().__init__(self.line())

    def __reduce__(self) -> tuple[object, ...]:
        """Let an error come back from another process as it was raised there."""
        return _again, (type(self), self.message, self.remedy, self._machine_refused())

    def status(self) -> int:
        """Return what a command ends with that raised the error.

        It is ``exit_code``, but 1 wherever a full or read-only disk, or a limit of the machine,
        was behind it: then no other request would have helped.
        """
        return 1 if self._machine_refused() else self.exit_code

    def _machine_refused(self) -> bool:
        behind: BaseException | None = self
        met: set[int] = set()
        while behind is not None and id(behind) not in met:
            if isinstance(behind, OSError) and behind.errno in _REFUSALS:
                return True
            met.add(id(behind))
            behind = behind.__cause__ or behind.__context__
        return self._refused

    def line(self) -> str:
        """Return the error as the one line that a command prints."""
        return " ".join(part for part in (self.message, self.remedy) if part)


def _again(kind: type[ArmonicaError], message: str, remedy: str, refused: bool) -> ArmonicaError:
    # Not by the kind's own words: some are made of other things than a message.
    error = kind.__new__(kind)
    ArmonicaError.__init__(error, message, remedy)
    error._refused = refused
    return error


class UserError(ArmonicaError):
    """A request that cannot be met as it was put."""

    title = "That cannot be done"
    exit_code = 2


class NotMelodic(UserError):
    """Drums or chords where a melody is needed."""

    title = "No melody"


class OutOfRange(UserError):
    """A number outside its range, or not a number at all."""

    title = "Out of range"


class UnknownName(UserError):
    """A name that nothing here carries."""

    title = "Unknown name"

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        choices = list(known)
        near = difflib.get_close_matches(name, choices, n=1, cutoff=0.5)
        shown = ", ".join(choices[:12]) + (", ..." if len(choices) > 12 else "")
        remedy = f"Did you mean {near[0]!r}?" if near else f"Known: {shown}."
        super().__init__(f"There is no {kind} called {name!r}.", remedy)


class BadFile(UserError):
    """A file that cannot be read as what it should be."""

    title = "Unreadable file"


class BadMidiFile(BadFile):
    """A MIDI file that is damaged, empty, or holds nothing a measure can carry."""

    title = "MIDI file"


class BadSong(BadFile):
    """A song file that is damaged or of a version this program does not know."""

    title = "Song file"


class BadModel(BadFile):
    """Weights that are missing, damaged, or not those their card speaks of."""

    title = "Model"


class ModelTooBig(ArmonicaError):
    """A model, or a piece of this length, for which there is too little memory."""

    title = "Memory"


class CannotFetch(ArmonicaError):
    """Files of a model that could not be fetched, or not as they should be."""

    title = "Download"


class BadCorpus(BadFile):
    """A table of measures that is missing or damaged, or tune books that are not there."""

    title = "Corpus"


class CannotWrite(UserError):
    """A place where nothing can be written."""

    title = "Cannot write"


class SongLost(ArmonicaError):
    """A song that was not saved, and could not be kept when the program ended."""

    title = "Song"


class WouldReplace(CannotWrite):
    """A file that holds what was not read or written here: it is replaced only when asked."""


class PortError(ArmonicaError):
    """A MIDI port that is not there or does not answer."""

    title = "MIDI port"


class NotReady(ArmonicaError):
    """A request that needs the model while it is still loading or could not be loaded."""

    title = "Model"


class NoModel(UserError):
    """A request about a measure in a metre that no model knows."""

    title = "Model"


class TerminalError(UserError):
    """A terminal that cannot show the screens."""

    title = "Terminal"


class Outdated(UserError):
    """A command that names by number what has changed since its sender looked."""

    title = "Changed meanwhile"


class Locked(UserError):
    """A move of a gauge that is locked."""

    title = "Locked"
