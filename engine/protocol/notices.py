"""Jobs, failures and notices: what is said beside the state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self

from engine.errors import ArmonicaError
from engine.protocol.base import Command, Event, Overtaking


@dataclass(frozen=True, slots=True)
class JobProgressed(Event):
    """A job's name and how far it is, 0 to 1 (1: done); ``request`` is what asks for it."""

    job: int
    name: str
    done: float
    request: str = ""


@dataclass(frozen=True, slots=True)
class CommandFailed(Event):
    """A command that could not be met: an error's title, message and remedy.

    ``request`` is the id of that command, empty where nobody waits for an answer. ``again`` is
    the one that does it all the same, where the user is to be asked.
    """

    title: str
    message: str
    remedy: str
    request: str = ""
    again: Command | None = None

    @classmethod
    def of(cls, error: ArmonicaError, request: str = "", again: Command | None = None) -> Self:
        """Tell an error."""
        return cls(error.title, error.message, error.remedy, request, again)


@dataclass(frozen=True, slots=True)
class Notice(Event):
    """Something worth a line: a port gone or back, a file written, what an import changed.

    ``request`` is the id of the command that was met by it, if somebody waits for an answer.
    """

    text: str
    kind: Literal["information", "warning"] = "information"
    request: str = ""


@dataclass(frozen=True, slots=True)
class Cancel(Overtaking):
    """Ends a job at its next step."""

    job: int
