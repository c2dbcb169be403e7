"""What every command and event is."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from itertools import count
from typing import ClassVar, TypeVar


@dataclass(frozen=True, slots=True)
class Event:
    """Anything that can be told."""


@dataclass(frozen=True, slots=True)
class Command:
    """Anything that can be asked of the engine, as a plain frozen value.

    The policy of a command stands on its class: ``needs_model`` (it waits while the measure
    model loads), ``overtakes`` (it never waits, not even for an edit that does), ``auditioned``
    (while stopped, the measure that it changes is sounded once).

    Slots and dimensions count from 0. Commands with the same ``gesture`` (not 0) on the same
    gauges, tempo, track, groove or key that follow each other are one step of undo; gestures
    below 0 are those of controllers, and one of them is one step whatever it moves.

    ``request`` is the id by which its sender knows the answer (see `with_request`); it makes no
    difference to what is asked, and empty where nobody waits for one.
    """

    needs_model: ClassVar[bool] = False
    overtakes: ClassVar[bool] = False
    auditioned: ClassVar[bool] = False

    request: str = field(default="", kw_only=True, compare=False)

    @property
    def client(self) -> str:
        """The client that waits for an answer; empty where none does."""
        return self.request.partition("-")[0]


Asked = TypeVar("Asked", bound=Command)

_client = os.urandom(6).hex()
_numbers = count(1)


def with_request(command: Asked) -> Asked:
    """Return a command with an id that no other client of an engine gives."""
    return replace(command, request=f"{_client}-{next(_numbers)}")
