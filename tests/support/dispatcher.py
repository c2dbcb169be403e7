"""A dispatcher with its services, whose time a test moves, and all that it sent and published."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.config import Settings
from engine.jobs import Jobs
from engine.latent.spec import LatentModel
from engine.midi import messages as m
from engine.music.slot import Origin, Slot
from engine.music.song import Song
from engine.protocol.base import Command, Event
from engine.protocol.files import ImportMidi
from engine.protocol.notices import CommandFailed
from engine.runtime.dispatcher import Dispatcher, Item, ModelLoaded
from engine.services.devices.controllers_service import MapsRead
from engine.services.editing.command_log import CommandLog
from engine.services.editing.state import State
from engine.services.session.file_commands import FileWorkOver, MeasuresRead
from engine.services.session.keeper import Keeper
from tests.support.fake_player import RecordingPlayer
from tests.support.fakes import FakeModel
from tests.support.measures import quarters
from tests.support.songs import one_track
from tests.support.waiting import wait_until

TUNE = Origin("corpus", "The Tune")

SONG = one_track(
    "Song", 60.0, slots=(Slot.brought_in(quarters(60, 62, 64, 65), TUNE), *[Slot()] * 3)
)


@dataclass
class DispatcherHarness:
    """A dispatcher whose player and subscriber only write down what they receive."""

    settings: Settings = field(default_factory=Settings)
    song: Song = SONG
    model: LatentModel | None = field(default_factory=FakeModel)
    now: float = 0.0
    keep: bool = False

    def __post_init__(self) -> None:
        self.player = RecordingPlayer()
        self.events: list[Event] = []
        self.jobs = Jobs(self.events.append)
        self.recording = CommandLog(self.song)
        self.dispatcher = Dispatcher(
            State(self.song),
            play=self.player.send,
            publish=self.events.append,
            jobs=self.jobs,
            settings=self.settings,
            keeper=Keeper() if self.keep else None,
            recording=self.recording,
        )
        if self.model:
            self.dispatcher.handle_item(ModelLoaded(self.model), self.now)
        self.clear()

    def clear(self) -> None:
        """Forget the events and messages so far."""
        self.events.clear()
        self.player.messages.clear()

    def dispatch(self, *items: Item) -> None:
        """Dispatch commands, reports and results, though a song is being read or written."""
        for item in items:
            self.dispatcher.handle_item(item, self.now)

    def do(self, *items: Command | m.FromPlayer) -> list[m.ToPlayer]:
        """Dispatch commands and reports, each once the songs before it are read and written.

        Returns the messages to the player since the last clear.
        """
        for item in items:
            self.dispatch(item)
            self.finish_files()
        return self.player.messages

    def finish_files(self) -> None:
        """Wait for songs and maps that are read or written, and dispatch what came of each."""
        services = self.dispatcher.services

        def busy() -> bool:
            return services.session.busy or services.controllers.reading

        def finished() -> bool:
            done = [each for each in list(self.events) if isinstance(each, FileWorkOver | MapsRead)]
            for event in done:
                self.events.remove(event)
                self.dispatcher.handle_item(event, self.now)
            return not busy()

        if busy():
            wait_until(finished, because="A file was never done with.")

    def import_midi(self, command: ImportMidi) -> None:
        """Dispatch the command that reads a file, and then what its job has read."""
        self.do(command)
        self.finish_import()

    def finish_import(self) -> None:
        """Wait for a file to be read or refused, and dispatch what was read."""

        def results() -> list[Event]:
            return [each for each in list(self.events) if read_or_refused(each)]

        wait_until(results, because="The file was never read.")
        for event in results():
            if isinstance(event, MeasuresRead):
                self.events.remove(event)
                self.dispatcher.handle_item(event, self.now)

    def advance_to(self, end: float) -> None:
        """Move time on."""
        while (wake := self.dispatcher.wake()) is not None and wake <= end:
            self.now = wake
            self.dispatcher.tick(wake)
        self.now = end

    def port_state(self) -> str:
        """Return how the port stands."""
        return self.dispatcher.snapshot.port.state

    def published(self, kind: type[Event]) -> list[Event]:
        """Return the events of a kind."""
        return [event for event in self.events if isinstance(event, kind)]


def read_or_refused(event: Event) -> bool:
    """Return whether an event is what the reading of a file came to."""
    if isinstance(event, MeasuresRead):
        return True
    return isinstance(event, CommandFailed) and event.title == "MIDI file"


def note(on: float, off: float, pitch: int) -> m.TimedNote:
    """Return a note as the song sends it."""
    return m.TimedNote(on, off, 0, pitch, 96)
