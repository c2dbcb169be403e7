"""Hands all that reaches the engine thread to the services; it waits for nothing."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TypeVar

from engine.config import Settings
from engine.errors import ArmonicaError
from engine.jobs import Jobs
from engine.latent.spec import LatentModel
from engine.midi import messages as m
from engine.protocol.base import Command, Edit, Event
from engine.protocol.devices import ControllersState
from engine.protocol.edit import Redo, Undo
from engine.protocol.facts import MarkModel, MarkWaiting
from engine.protocol.files import AtTheEnd
from engine.protocol.generation import GenerationState
from engine.protocol.notices import CommandFailed, Notice
from engine.protocol.snapshot import Snapshot
from engine.protocol.waiting import lost_words
from engine.runtime.model_queue import ASKING, ModelQueue
from engine.runtime.wiring import wire
from engine.services.analysis.influence_backends import InfluenceParts
from engine.services.base import Service, ServiceContext
from engine.services.editing.command_log import CommandLog
from engine.services.editing.state import State
from engine.services.generation.backends import StudioParts
from engine.services.session.keeper import Keeper

Arrival = TypeVar("Arrival")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ModelLoaded:
    """The model is there."""

    model: LatentModel


@dataclass(frozen=True, slots=True)
class ModelFailed:
    """The model cannot be had, and why."""

    error: ArmonicaError


Item = Command | Event | ModelLoaded | ModelFailed | m.FromPlayer
"""What reaches the engine thread; an event is one that a job sends."""


class Dispatcher:
    """Hands commands, reports of the player, and events of jobs to the services, in order.

    ``play`` takes messages for the player, ``publish`` events for all subscribers. ``report`` is
    the way from other threads to `handle_item` (None: ``publish``); ``studio`` says what audio is
    made and played with, ``influence`` what is asked about the training data. ``seen`` are the
    digests of the song files that were read before. Times are in seconds of the monotonic clock.
    """

    def __init__(
        self,
        state: State,
        *,
        play: Callable[[m.ToPlayer], None],
        publish: Callable[[Event], None],
        jobs: Jobs,
        settings: Settings,
        keeper: Keeper | None = None,
        seen: Mapping[str, str] | None = None,
        recording: CommandLog | None = None,
        report: Callable[[Event], None] | None = None,
        studio: StudioParts | None = None,
        influence: InfluenceParts | None = None,
    ) -> None:
        self._state = state
        self._publish = publish
        self._queue = ModelQueue()
        self._catching_up = False

        def send(messages: Iterable[m.ToPlayer]) -> None:
            for message in messages:
                play(message)

        context = ServiceContext(state.snapshot, self._apply, self._dispatch, send, publish)
        self.services = wire(
            context,
            state,
            jobs,
            settings,
            report=report or publish,
            keeper=keeper,
            seen=seen,
            recording=recording,
            studio=studio,
            influence=influence,
        )
        self._ordered = self.services.ordered
        self._handlers: dict[type[Command], Service] = {
            kind: service for service in self._ordered for kind in service.commands
        }
        for service in self._ordered:
            service.start(0.0)

    @property
    def snapshot(self) -> Snapshot:
        """The latest state."""
        return self._state.snapshot()

    @property
    def studio(self) -> GenerationState:
        """The latest state of what audio is made with."""
        return self.services.generation.shown

    @property
    def controls(self) -> ControllersState:
        """The latest state of the controllers."""
        return self.services.controllers.shown

    def wake(self) -> float | None:
        """Give when `tick` is due next; None while only something new can change anything."""
        times = [service.next_wake() for service in self._ordered]
        return min((time for time in times if time is not None), default=None)

    def tick(self, now: float) -> None:
        """Do what is due by time alone."""
        for service in self._ordered:
            service.tick(now)

    def settle(self, now: float) -> None:
        """Do what need not be done for each of many arrivals: controls have moved values."""
        for service in self._ordered:
            service.settle(now)

    def handle_item(self, item: Item, now: float) -> None:
        """Hand on whatever has arrived."""
        match item:
            case Command():
                # Now, as another may be selected by the time at which what waits is done.
                self._dispatch(item.on_track(self.snapshot.track), now)
            case ModelLoaded(model):
                self._on_model(model, now)
            case ModelFailed(error):
                self._apply(MarkModel(None, error.line()), now)
                self._publish(CommandFailed.of(error))
                # The reason has been told once; what waited is not refused one by one.
                self._queue.give_up()
                self._catch_up(now)
            case Event():
                self._on_event(item, now)
            case _:
                for service in self._ordered:
                    service.on_player(item, now)

    def close(self, now: float) -> tuple[AtTheEnd, ...]:
        """Silence, keep what is not saved, and give what became of that."""
        if self.snapshot.waiting:
            log.warning(lost_words(self.snapshot.waiting))
        with ExitStack() as ends:
            # The last one that is added ends first, and each is tried, whatever the others raise.
            for service in reversed(self._ordered):
                ends.callback(service.close, now)
        return self.services.session.ends

    def _dispatch(self, command: Command, now: float) -> None:
        if self._must_wait(command, now):
            return
        try:
            self._handlers[type(command)].handle(command, now)
        except ArmonicaError as error:
            self._publish(CommandFailed.of(error, command.request))

    def _on_event(self, event: Event, now: float) -> None:
        for service in self._ordered:
            if isinstance(event, service.reports):
                service.on_report(event, now)
                return
        self._publish(event)

    def _apply(self, command: Command, now: float) -> bool:
        before = self.snapshot
        events = self._state.apply(command)
        after = self.snapshot
        refused = any(isinstance(event, CommandFailed) for event in events)
        if not refused:
            for service in self._ordered:
                service.on_state(command, before, after, now)
        if after.revision != before.revision:
            if after.model.state == "loading" and not isinstance(command, Undo | Redo):
                self._queue.noted(len(before.undo), len(after.undo))
            # What a service applied because of this is published already, and holds it.
            if not self._catching_up and self.snapshot is after:
                self._publish(after)
        for event in events:
            self._publish(event)
        return not refused

    def _on_model(self, model: LatentModel, now: float) -> None:
        self._state.offer(model)
        # Nobody is shown where a gauge stands before what waited has moved it.
        self._catching_up = True
        try:
            self._apply(MarkModel(model.spec.digest), now)
            self._catch_up(now)
        finally:
            self._catching_up = False
            self._publish(self.snapshot)

    def _must_wait(self, command: Command, now: float) -> bool:
        if self.snapshot.model.state != "loading" or not self._queue.defer(command):
            return False
        if not self.snapshot.waiting and not isinstance(command, ASKING):
            self._publish(Notice("The model is still loading; this follows when it is there."))
        self._apply(MarkWaiting(self._queue.count), now)
        return True

    def _catch_up(self, now: float) -> None:
        self._queue.empty(
            lambda command: self._dispatch(command, now), lambda: len(self.snapshot.undo)
        )
        self._apply(MarkWaiting(0), now)


def collapsed(batch: Sequence[Arrival]) -> list[Arrival | Command]:
    """Make one of moves that follow each other in line: a held key makes no backlog.

    Of those to a place the last one stands; those by a way are added up.
    """
    kept: list[Arrival | Command] = []
    for item in batch:
        last = kept[-1] if kept else None
        one = item.joined(last) if isinstance(item, Edit) and isinstance(last, Edit) else None
        if one is not None:
            kept.pop()
        kept.append(item if one is None else one)
    return kept
