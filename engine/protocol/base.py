"""What every command and event is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


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
    """

    needs_model: ClassVar[bool] = False
    overtakes: ClassVar[bool] = False
    auditioned: ClassVar[bool] = False
