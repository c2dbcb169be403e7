"""The whole vocabulary: every command and event, for what carries, stores or tests all of them."""

from __future__ import annotations

from engine.protocol import (
    analysis,
    chords,
    devices,
    edit,
    facts,
    files,
    form,
    generation,
    notes,
    notices,
    patterns,
    snapshot,
    switches,
    tracks,
    transport,
)
from engine.protocol.base import Command, Event

SUBJECTS = (
    snapshot, edit, notes, patterns, chords, tracks, form, transport, devices, files, analysis,
    generation,
    switches, notices, facts,
)  # fmt: skip


def _kinds(base: type) -> tuple[type, ...]:
    return tuple(
        kind
        for subject in SUBJECTS
        for kind in vars(subject).values()
        if isinstance(kind, type)
        and issubclass(kind, base)
        and kind.__module__ == subject.__name__
        # What others derive from is no command itself.
        and not type.__subclasses__(kind)
    )


COMMANDS = _kinds(Command)
"""Every command and fact, subject by subject."""

EVENTS = _kinds(Event)
"""Every event, subject by subject."""
