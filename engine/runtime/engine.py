"""The engine thread: what arrives is met in order, and what happens is told to whoever listens."""

from __future__ import annotations

import logging
import queue
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.config import Settings
from engine.errors import ArmonicaError, BadModel
from engine.event_bus import Subscriber, Subscription, Subscriptions
from engine.jobs import Jobs
from engine.latent.spec import LatentModel
from engine.midi.client import Player, PlayerLink
from engine.midi.messages import FromPlayer, PlayerLost, ToPlayer
from engine.music.song import Song
from engine.protocol.base import Command, Event
from engine.protocol.devices import ControllersState
from engine.protocol.files import AtTheEnd
from engine.protocol.generation import GenerationState
from engine.protocol.notices import CommandFailed
from engine.protocol.snapshot import Snapshot
from engine.protocol.transport import Stop
from engine.runtime.dispatcher import Dispatcher, Item, ModelFailed, ModelLoaded, collapsed
from engine.runtime.startup import opening
from engine.services.analysis.influence_backends import InfluenceParts
from engine.services.editing.command_log import CommandLog
from engine.services.editing.state import State
from engine.services.generation.backends import StudioParts
from engine.services.session import autosave
from engine.services.session.keeper import Keeper

PATIENCE = 1.0
"""How long what waits for the model may hold up the end, in seconds."""

GIVE_WAY = 0.001
"""After how long a thread that computes makes way for one that has a key to meet, in seconds."""

CLOSING = 5.0
"""How long `Engine.close` waits for the engine thread, in seconds."""

ModelLoader = Callable[[], LatentModel]
PlayerFactory = Callable[[Callable[[FromPlayer], None]], Player]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Close:
    pass


class _Mute:
    """Stands in for a player process that cannot be started."""

    def send(self, message: ToPlayer) -> None:
        """Play nothing."""

    def close(self) -> None:
        """Have nothing to end."""


class Engine:
    """The whole instrument without a screen: commands in, events out, music to a MIDI port.

    ``model_loader`` is called on a thread of its own, so that nobody waits for it. ``song`` is
    what is opened: a song, a song file, or None for the one that the settings name (and
    without one, the first that ships). ``studio`` is what audio is made and played with,
    ``influence`` what is asked about the training data.
    Raises `BadSong` for a ``song`` that cannot be read.
    """

    def __init__(
        self,
        model_loader: ModelLoader,
        player: PlayerFactory = PlayerLink,
        *,
        song: Song | Path | str | None = None,
        settings: Settings | None = None,
        clock: Callable[[], float] = time.monotonic,
        record: bool = False,
        studio: StudioParts | None = None,
        influence: InfluenceParts | None = None,
    ) -> None:
        self._settings = settings or Settings()
        self._load = model_loader
        self._make_player = player
        self._clock = clock
        self._studio = studio
        self._influence = influence
        self._opening = opening(song, self._settings)
        opened = self._opening
        self._state = State(opened.song, opened.path, opened.locks)
        self.recording = CommandLog(opened.song, opened.path, opened.locks) if record else None
        self._snapshot = self._state.snapshot()
        self._inbox: queue.SimpleQueue[Item | Subscription | _Close] = queue.SimpleQueue()
        self._subscriptions = Subscriptions()
        # A signal may come while its own thread is closing already.
        self._lock = threading.RLock()
        self._closed = False
        self._keeper = Keeper(by_itself=self._settings.autosave)
        self._ends: tuple[AtTheEnd, ...] = ()
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)

    @property
    def snapshot(self) -> Snapshot:
        """The latest state; any thread may look."""
        return self._snapshot

    @property
    def ends(self) -> tuple[AtTheEnd, ...]:
        """What became of the songs that were not saved; known once it is closed."""
        return self._ends

    def start(self) -> None:
        """Start the engine thread, the player, and the loading of the model."""
        sys.setswitchinterval(GIVE_WAY)
        self._thread.start()
        threading.Thread(target=self._load_model, name="model", daemon=True).start()

    def send(self, command: Command) -> None:
        """Put a command into the inbox; never waits."""
        self._inbox.put(command)

    def subscribe(self, callback: Subscriber) -> Callable[[], None]:
        """Tell every event to ``callback`` on the engine thread, the latest snapshot first.

        After it comes the state of the studio, where that was ever asked for anything, and
        that of the controllers, where there are any.
        Gives what ends that.
        """
        subscription = Subscription(callback)
        self._inbox.put(subscription)
        return subscription.end

    def close(self) -> None:
        """Silence, keeps a song that is not saved, and ends; once is enough.

        Edits that wait for the model are made if it comes within `PATIENCE`; how many were not
        is told by the last `snapshot` (``waiting``).
        """
        with self._lock:
            first, self._closed = not self._closed, True
        if not self._thread.is_alive():
            return
        if first:
            self._inbox.put(_Close())
        if threading.current_thread() is not self._thread:
            self._thread.join(CLOSING)
            if self._thread.is_alive() and not self._ends and self._settings.autosave:
                reason = f"{autosave.folder()} does not answer."
                titles = self._keeper.not_kept()
                self._ends = tuple(AtTheEnd(title, reason=reason) for title in titles)

    def _run(self) -> None:
        jobs = Jobs(self._inbox.put)
        player = self._start_player()
        dispatcher = Dispatcher(
            self._state,
            play=player.send,
            publish=self._publish,
            jobs=jobs,
            settings=self._settings,
            keeper=self._keeper,
            seen={self._opening.path: self._opening.digest} if self._opening.path else {},
            recording=self.recording,
            report=self._inbox.put,
            studio=self._studio,
            influence=self._influence,
        )
        for event in self._opening.events:
            self._publish(event)
        try:
            self._serve(dispatcher)
        finally:
            # Each end is tried, whatever the others meet.
            for end in (lambda: self._keep(dispatcher), player.close, jobs.close):
                self._guarded(end)

    def _keep(self, dispatcher: Dispatcher) -> None:
        self._ends = dispatcher.close(self._clock())

    def _serve(self, dispatcher: Dispatcher) -> None:
        while True:
            wake = dispatcher.wake()
            try:
                pause = None if wake is None else max(0.0, wake - self._clock())
                batch = [self._inbox.get(timeout=pause)]
                while not self._inbox.empty():
                    batch.append(self._inbox.get_nowait())
            except queue.Empty:
                batch = []
            arrived = collapsed(batch)
            for at, item in enumerate(arrived):
                if isinstance(item, _Close):
                    self._wait_for_model(dispatcher, arrived[at + 1 :])
                    return
                self._guarded(lambda item=item: self._handle_item(dispatcher, item))  # type: ignore[misc]
                self._guarded(lambda: dispatcher.tick(self._clock()))
            if not batch:
                self._guarded(lambda: dispatcher.tick(self._clock()))
            self._guarded(lambda: dispatcher.settle(self._clock()))

    def _wait_for_model(
        self, dispatcher: Dispatcher, arrived: Sequence[Item | Subscription | _Close]
    ) -> None:
        if not dispatcher.snapshot.waiting:
            return
        self._guarded(lambda: dispatcher.handle_item(Stop(), self._clock()))
        for item in arrived:
            self._inbox.put(item)
        end = time.monotonic() + PATIENCE
        while dispatcher.snapshot.waiting:
            try:
                item = self._inbox.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                return
            if isinstance(item, ModelFailed):
                return
            if isinstance(item, ModelLoaded):
                self._guarded(lambda item=item: self._handle_item(dispatcher, item))  # type: ignore[misc]

    def _handle_item(self, dispatcher: Dispatcher, item: Item | Subscription) -> None:
        if isinstance(item, Subscription):
            self._subscriptions.add(item)
            item.publish(dispatcher.snapshot)
            # Whoever hears nothing of the studio may take it to be as at the start.
            if dispatcher.studio != GenerationState():
                item.publish(dispatcher.studio)
            if dispatcher.controls != ControllersState():
                item.publish(dispatcher.controls)
        else:
            dispatcher.handle_item(item, self._clock())

    def _guarded(self, do: Callable[[], None]) -> None:
        # A fault in one command must not take the music and the song with it.
        try:
            do()
        except Exception as error:
            log.exception("The engine met a fault")
            self._publish(
                CommandFailed(
                    "Something went wrong", f"A fault was met: {error}.", "The song is safe."
                )
            )

    def _publish(self, event: Event) -> None:
        if isinstance(event, Snapshot):
            self._snapshot = event
        self._subscriptions.publish(event)

    def _start_player(self) -> Player:
        try:
            return self._make_player(self._inbox.put)
        except ArmonicaError as error:
            reason = error.line()
        except Exception as error:
            log.exception("The player could not be started")
            reason = f"{error}."
        self._inbox.put(PlayerLost(reason, restarted=False))
        return _Mute()

    def _load_model(self) -> None:
        try:
            self._inbox.put(ModelLoaded(self._load()))
        except ArmonicaError as error:
            self._inbox.put(ModelFailed(error))
        except Exception as error:
            log.exception("The model could not be loaded")
            self._inbox.put(
                ModelFailed(
                    BadModel(f"The model cannot be loaded: {error}.", "See `armonica doctor`.")
                )
            )
