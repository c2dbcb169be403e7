"""The session: the one copy of the engine's state on the side of the screens."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

from engine.protocol.analysis import HarmonyFound, InfluenceFound
from engine.protocol.base import Command, Event, with_request
from engine.protocol.devices import ControllersState
from engine.protocol.form import OfForm
from engine.protocol.generation import GenerationState, PlaybackMoved
from engine.protocol.notices import JobProgressed
from engine.protocol.phrase import SurpriseFound
from engine.protocol.snapshot import Snapshot
from engine.protocol.switches import Switch, Toggle, Toggled
from engine.protocol.transport import ClockSyncMeasured, KeysPlayed, LatenessMeasured, PlayheadMoved
from tui.bridge import EngineLink
from tui.view_models.gestures import Gestures
from tui.view_models.harmony_inquiry import HarmonyInquiry
from tui.view_models.queries import Inquiry
from tui.view_models.surprise_inquiry import SurpriseInquiry
from tui.view_models.takes import TakeChoice
from tui.view_models.variation import Variation

Subscriber = Callable[[Event], None]


class Session:
    """What the engine has sent, what the screens share, and the way to the engine.

    `on_event` takes in an event and then passes it to those who subscribed to its type, in the
    order in which they did. ``later`` calls something after so many seconds; ``moved_at`` returns
    when the hand last moved, in seconds of a monotonic clock. All of it is called on the screens'
    thread.
    """

    def __init__(
        self,
        link: EngineLink,
        draws: random.Random,
        *,
        later: Callable[[float, Callable[[], None]], object],
        moved_at: Callable[[], float],
    ) -> None:
        self.link = link
        self.draws = draws
        # What the engine has sent last
        self.shown = link.snapshot
        self.controls = ControllersState()
        self.studio = GenerationState()
        self.playhead = PlayheadMoved(None, 0.0)
        self.keys = KeysPlayed()
        self.lateness: LatenessMeasured | None = None
        self.clock: ClockSyncMeasured | None = None
        self.jobs: dict[int, JobProgressed] = {}
        self.inquiry = Inquiry(link, later)
        self.harmony = HarmonyInquiry(link, later)
        self.surprise = SurpriseInquiry(link)
        self._takes: TakeChoice | None = None
        # What the screens share
        self.gestures = Gestures(moved_at)
        self.gauge = 0
        """The dimension of the chosen gauge."""
        self.part = "gauges"
        """The part of the compose screen that has the focus, or had it when that was left."""
        self.variation = Variation()
        self.copied: tuple[int, int] | None = None
        """The track and the slot that were copied."""
        self.saving: Command | None = None
        """The command to save that an answer is awaited for."""
        self.ending = False
        """Whether the screens end as soon as nothing waits for the model."""
        self._toggling: dict[str, Callable[[Command], None]] = {}
        self._subscribers: list[tuple[tuple[type[Event], ...], Subscriber]] = []

    @property
    def slot(self) -> int:
        """The selected slot."""
        return self.shown.selected

    def send(self, command: Command) -> None:
        """Send a command to the engine; one that names sections says which form was seen."""
        if isinstance(command, OfForm) and command.seen is None:
            command = replace(command, seen=self.shown.song.form.mark)
        self.link.send(command)

    def toggle(self, switch: Switch, say: Callable[[Command], None]) -> None:
        """Turn something over; what that came to is said when the engine tells it."""
        command = with_request(Toggle(switch))
        self._toggling[command.request] = say
        self.send(command)

    def subscribe(self, subscriber: Subscriber, *kinds: type[Event]) -> None:
        """Pass events of some kinds on to a subscriber from now on."""
        self._subscribers.append((kinds, subscriber))

    def on_event(self, event: Event) -> None:
        """Handle an event of the engine, and pass it on; a snapshot older than the last is not."""
        match event:
            case Snapshot():
                if event.revision < self.shown.revision:
                    return
                self.shown = event
                self.inquiry.follow(event)
                self.surprise.follow(event)
            case ControllersState():
                self.controls = event
            case GenerationState():
                self.studio = event
                if self._takes is not None:
                    self._takes.follow_studio()
                    self.ask_about_take()
            case PlaybackMoved():
                if self._takes is not None:
                    self._takes.on_playback(event)
            case PlayheadMoved():
                self.playhead = event
            case KeysPlayed():
                self.keys = event
            case LatenessMeasured():
                self.lateness = event
            case ClockSyncMeasured():
                self.clock = event
            case JobProgressed(job, _, done):
                self.jobs.pop(job, None)
                if done < 1:
                    self.jobs[job] = event
            case HarmonyFound():
                self.harmony.on_answer(event)
            case InfluenceFound():
                self.inquiry.on_answer(event)
            case SurpriseFound():
                self.surprise.on_answer(event)
            case Toggled(command) if command.request in self._toggling:
                self._toggling.pop(command.request)(command)
            case _:
                pass
        for kinds, subscriber in self._subscribers:
            if isinstance(event, kinds):
                subscriber(event)

    # Takes

    @property
    def takes(self) -> TakeChoice:
        """The choice of a take, followed from the first time that anyone asks for it."""
        if self._takes is None:
            self._takes = TakeChoice(lambda: self.studio)
        return self._takes

    def choose_take(self, take: str) -> None:
        """Choose a take by its id, if it is in the list."""
        self.takes.choose(take)
        self.ask_about_take()

    def choose_take_by(self, by: int) -> None:
        """Choose a take further down or up the list."""
        self.takes.choose_by(by)
        self.ask_about_take()

    def ask_about_take(self) -> None:
        """Have the chosen take asked about; none while one grows: both want the processor."""
        take = None if self.studio.job is not None else self.takes.chosen
        self.inquiry.choose(None if take is None else take.id)
