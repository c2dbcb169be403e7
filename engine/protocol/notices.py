"""Jobs, failures and notices: what is said beside the state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, Self

from engine.errors import ArmonicaError
from engine.protocol.base import Command, Event


@dataclass(frozen=True, slots=True)
class JobProgressed(Event):
    """A job's name and how far it is, 0 to 1 (1: done)."""

    job: int
    name: str
    done: float


@dataclass(frozen=True, slots=True)
class CommandFailed(Event):
    """A command that could not be met: an error's title, message and remedy.

    ``answers`` is that command; None where no command was at fault. ``again`` is the one that
    does it all the same, where the user is to be asked.
    """

    title: str
    message: str
    remedy: str
    answers: Command | None = None
    again: Command | None = None

    @classmethod
    def of(
        cls, error: ArmonicaError, answers: Command | None = None, again: Command | None = None
    ) -> Self:
        """Tell an error."""
        return cls(error.title, error.message, error.remedy, answers, again)


@dataclass(frozen=True, slots=True)
class Notice(Event):
    """Something worth a line: a port gone or back, a file written, what an import changed.

    ``answers`` is the command about a file that was met by it, if one was.
    """

    text: str
    kind: Literal["information", "warning"] = "information"
    answers: Command | None = None


@dataclass(frozen=True, slots=True)
class Cancel(Command):
    """Ends a job at its next step."""

    overtakes: ClassVar[bool] = True

    job: int
