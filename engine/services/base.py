"""The protocol of all services: what reaches them on the engine thread, and what they may do."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import ClassVar

from engine.midi import messages as m
from engine.protocol.base import Command, Event
from engine.protocol.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class ServiceContext:
    """What a service gets of the rest of the engine.

    ``snapshot`` gives the latest state. ``apply`` changes it by a command or a fact, lets every
    service react (`Service.on_state`), publishes the new snapshot, and tells whether that could
    be done. ``dispatch`` handles a command as if a user had sent it. ``send`` takes messages for
    the player, ``publish`` an event for all subscribers.
    """

    snapshot: Callable[[], Snapshot]
    apply: Callable[[Command, float], bool]
    dispatch: Callable[[Command, float], None]
    send: Callable[[Iterable[m.ToPlayer]], None]
    publish: Callable[[Event], None]


class Service:
    """The owner of one subject on the engine thread; each hook does nothing unless overridden.

    ``commands`` are the classes of commands that it handles, ``reports`` those of the events by
    which its own jobs answer: such an event goes to it alone. ``now`` is always in seconds of
    the monotonic clock. Nothing here waits.
    """

    commands: ClassVar[tuple[type[Command], ...]] = ()
    reports: ClassVar[tuple[type[Event], ...]] = ()

    def __init__(self, context: ServiceContext) -> None:
        self.context = context

    def start(self, now: float) -> None:
        """Bring the state to what the settings say, before anything arrives."""

    def handle(self, command: Command, now: float) -> None:
        """Handle one of ``commands``; raise an `ArmonicaError` where that cannot be done.

        Unless overridden, the command changes the state and nothing else.
        """
        self.context.apply(command, now)

    def on_report(self, report: Event, now: float) -> None:
        """Take in what a job of this service has come to."""

    def on_player(self, report: m.FromPlayer, now: float) -> None:
        """React to a report of the player process."""

    def on_state(self, command: Command, before: Snapshot, after: Snapshot, now: float) -> None:
        """React to a command or fact that was applied, whether or not it changed anything.

        It comes before the new snapshot is published: what is heard goes first.
        """

    def next_wake(self) -> float | None:
        """Give when `tick` or `settle` is due next; None while only something new matters."""
        return None

    def tick(self, now: float) -> None:
        """Do what is due by time alone."""

    def settle(self, now: float) -> None:
        """Do what need not be done for each of many arrivals, after the last of them."""

    def close(self, now: float) -> None:
        """End what goes on; it is called whatever became of the other services."""
