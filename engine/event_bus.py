"""The event bus: subscribers, and which events a later one of its kind replaces."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from engine.protocol.analysis import (
    AskTakeInfluence,
    InfluenceFound,
    MapComputed,
    SensitivityComputed,
)
from engine.protocol.base import Event
from engine.protocol.devices import ControllersState, MidiTraffic
from engine.protocol.generation import GenerationState, PlaybackMoved, TakeProgressed
from engine.protocol.notices import JobProgressed
from engine.protocol.snapshot import Snapshot
from engine.protocol.transport import ClockSyncMeasured, KeysPlayed, LatenessMeasured, PlayheadMoved

Subscriber = Callable[[Event], None]

log = logging.getLogger(__name__)


@dataclass(eq=False, slots=True)
class Subscription:
    """One who is told, until that is ended; any thread may end it."""

    callback: Subscriber
    ended: bool = False

    def end(self) -> None:
        """Tell no more."""
        self.ended = True

    def publish(self, event: Event) -> None:
        """Tell an event, whatever becomes of it there."""
        if self.ended:
            return
        try:
            self.callback(event)
        except Exception:
            log.exception("A subscriber failed on %s", type(event).__name__)


class Subscriptions:
    """All who are told."""

    def __init__(self) -> None:
        self._all: tuple[Subscription, ...] = ()

    def add(self, subscription: Subscription) -> None:
        """Tell one more from now on."""
        self._all = (*self._all, subscription)

    def publish(self, event: Event) -> None:
        """Tell an event to everybody who still listens."""
        self._all = tuple(each for each in self._all if not each.ended)
        for subscription in self._all:
            subscription.publish(event)


OFTEN = (
    Snapshot, PlayheadMoved, LatenessMeasured, MapComputed, SensitivityComputed, JobProgressed,
    GenerationState, TakeProgressed, PlaybackMoved, InfluenceFound, KeysPlayed, ControllersState,
    ClockSyncMeasured,
)  # fmt: skip

GATHERED = 512
"""How many MIDI messages are gathered at most while nobody takes them."""


def latest(waiting: Event | None, event: Event) -> Event:
    """Return what stands for two events of a kind: the later, or of MIDI messages both."""
    if isinstance(waiting, MidiTraffic) and isinstance(event, MidiTraffic):
        return waiting.then(event, GATHERED)
    return event


def kind_of(event: Event) -> tuple[type[Event], int]:
    """Return what a later event must share with this one to stand in its place."""
    # The last word of one job must not be taken for another's, nor what lies behind a take for
    # what lies behind a measure.
    if isinstance(event, InfluenceFound):
        return type(event), int(isinstance(event.asked, AskTakeInfluence))
    return type(event), event.job if isinstance(event, JobProgressed) else 0
