"""What is told so often that only the latest of its kind counts for whoever is slow."""

from __future__ import annotations

from engine.protocol.commands import AskTakeInfluence
from engine.protocol.events import (
    ClockFollowed,
    ControlsShown,
    Event,
    Explained,
    InfluenceFound,
    JobProgressed,
    KeysHeard,
    LatenessMeasured,
    MapFilled,
    MidiPassed,
    PlayheadMoved,
    Snapshot,
    StudioShown,
    TakeGrown,
    TakePlayed,
)

OFTEN = (
    Snapshot, PlayheadMoved, LatenessMeasured, MapFilled, Explained, JobProgressed,
    StudioShown, TakeGrown, TakePlayed, InfluenceFound, KeysHeard, ControlsShown,
    ClockFollowed,
)  # fmt: skip

GATHERED = 512
"""How many MIDI messages are gathered at most while nobody takes them."""


def latest(waiting: Event | None, event: Event) -> Event:
    """Gives what stands for two events of a kind: the later, or of MIDI messages both."""
    if isinstance(waiting, MidiPassed) and isinstance(event, MidiPassed):
        return waiting.then(event, GATHERED)
    return event


def kind_of(event: Event) -> tuple[type[Event], int]:
    """Gives what a later event must share with this one to stand in its place."""
    # The last word of one job must not be taken for another's, nor what lies behind a take for
    # what lies behind a measure.
    if isinstance(event, InfluenceFound):
        return type(event), int(isinstance(event.asked, AskTakeInfluence))
    return type(event), event.job if isinstance(event, JobProgressed) else 0
