"""Commands given to a state, which meets or refuses them."""

from __future__ import annotations

from engine.protocol.base import Command
from engine.protocol.notices import CommandFailed
from engine.protocol.snapshot import Snapshot
from engine.services.editing.state import State


def do(state: State, *commands: Command) -> Snapshot:
    """Apply commands that are all met."""
    for command in commands:
        refused = [e for e in state.apply(command) if isinstance(e, CommandFailed)]
        assert not refused, refused
    return state.snapshot()


def refusal(state: State, command: Command) -> str:
    """Apply a command that is refused and return the sentence; nothing may change."""
    before = state.snapshot()
    (event,) = state.apply(command)
    assert isinstance(event, CommandFailed)
    assert state.snapshot() == before
    return event.message
