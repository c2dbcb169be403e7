"""An engine without a thread: a command is met before `send` returns, and nothing sounds."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from engine.errors import ArmonicaError, BadMidiFile, BadSong, CannotWrite
from engine.jobs import Job
from engine.latent.attribute_map import surface
from engine.latent.sensitivity import effects, sensitivity
from engine.midi.controllers import map_files
from engine.midi.messages import MidiReceived
from engine.music.measure import Measure
from engine.music.slot import Origin, Slot
from engine.music.song import Song
from engine.protocol.analysis import (
    AskHarmony,
    AskInfluence,
    AskTakeInfluence,
    DrawMap,
    Explain,
    MapComputed,
    RegenerateAway,
    SensitivityComputed,
    WriteProvenance,
)
from engine.protocol.base import Command, Event
from engine.protocol.devices import (
    CancelLearn,
    Forget,
    Learn,
    OpenPort,
    SetBinding,
    SetThru,
    WatchMidi,
)
from engine.protocol.edit import LoadMeasures, ReplaceSong, SetLatents
from engine.protocol.facts import (
    MarkClock,
    MarkInputs,
    MarkLoop,
    MarkPort,
    MarkPreferences,
    MarkSaved,
    MarkTransport,
    MarkWaiting,
)
from engine.protocol.files import (
    AtTheEnd,
    BrowseCorpus,
    CorpusBrowsed,
    ExportMidi,
    ForgetKept,
    ImportMidi,
    KeepUnsaved,
    LeaveKept,
    LetUnsavedGo,
    LoadTune,
    LookIntoMidi,
    MidiLookedInto,
    OpenSong,
    PreviewTune,
    SaveSong,
    TrackFound,
    TuneFound,
    TunePreviewed,
)
from engine.protocol.form import JumpTo, LoopMeasures, SetJumpUnit, SetLoop, TapTempo
from engine.protocol.generation import GenerationState
from engine.protocol.notices import CommandFailed, Notice
from engine.protocol.phrase import AskSurprise, ProposeMeasures
from engine.protocol.snapshot import ClockStatus, PortStatus, Snapshot
from engine.protocol.switches import Toggle, Toggled, toggled
from engine.protocol.transport import (
    Audition,
    AuditionHits,
    AuditionMeasures,
    BackToOwnTempo,
    CaptureLast,
    EndRecording,
    FollowClock,
    Panic,
    Play,
    Record,
    SetAudition,
    SetEditTiming,
    SetRecord,
    Stop,
)
from engine.runtime.model_queue import ModelQueue
from engine.services.analysis.harmony_queries import harmony
from engine.services.analysis.influence_queries import EscapeFound, InfluenceQueries
from engine.services.devices.controllers import Controllers
from engine.services.editing.state import State
from engine.services.transport.course import loop_of
from engine.services.transport.recording import changed, recorded
from tests.support import fake_influence
from tests.support.fakes import FakeModel
from tests.support.songs import one_track

TUNES = tuple(
    TuneFound(number, title, "oneills1850", number, metre, key, measures)
    for number, (title, metre, key, measures) in enumerate(
        (
            ("The Rakes of Kildare", "4/4", "G", 16),
            ("Kitty of Coleraine", "4/4", "D", 16),
            ("The Boys of Bluehill", "2/2", "D", 16),
            ("Chief O'Neill's Favourite", "4/4", "D", 32),
            ("Off to California", "4/4", "G", 16),
        ),
        start=1,
    )
)

TRACKS = (
    TrackFound(1, "", 0, False),
    TrackFound(2, "Kit", 40, True),
    TrackFound(3, "Flute", 120, False),
    TrackFound(4, "", 1, False),
    TrackFound(5, "Piano", 300, False, ("top", "inner", "bass")),
)


def song() -> Song:
    """Return four measures of the fake's own music in eight slots, one of them moved."""
    model = FakeModel()
    codes = []
    for density, span, jump, rhythm in (
        (0.0, 0.5, -0.6, -1.0),
        (1.0, 0.0, 0.8, 0.5),
        (-0.75, 1.2, 0.2, -0.5),
        (-1.5, -1.0, 0.0, 1.0),
    ):
        point = list(model.spec.origin)
        point[:4] = [rhythm, span, density, jump]
        codes.append(tuple(point))
    slots = [
        Slot(measure, code, code, Origin("corpus", TUNES[0].title, "measure 1"))
        for measure, code in zip(model.decode(codes), codes, strict=True)
    ]
    return one_track("The Rakes of Kildare", 96.0, slots=(*slots, *[Slot()] * 4))


class FakeEngine:
    """Meets commands by `State`, those about jobs and files by rule; keeps what was sent."""

    def __init__(self, start: Song | None = None, *, ready: bool = True) -> None:
        self.state = State(start if start is not None else song())
        self.sent: list[Command] = []
        self.influences = InfluenceQueries(fake_influence.parts())
        self.closed = False
        self.muted = False
        """Whether events are kept from everybody, as by a line on which nothing comes back."""
        self.queue = ModelQueue()
        self.controllers = Controllers(self.tell)
        self._callbacks: list[Callable[[Event], None]] = []
        self._told = -1
        if ready:
            self.adopt()

    @property
    def snapshot(self) -> Snapshot:
        """The latest state."""
        return self.state.snapshot()

    @property
    def generation(self) -> GenerationState:
        """Nothing is generated here."""
        return GenerationState()

    @property
    def ends(self) -> tuple[AtTheEnd, ...]:
        """Nothing is kept here."""
        return ()

    def subscribe(self, callback: Callable[[Event], None]) -> Callable[[], None]:
        """Tell ``callback`` the state at once, and every event from now on."""
        self._callbacks.append(callback)
        callback(self.snapshot)
        return lambda: self._callbacks.remove(callback)

    def listen(self, *ports: str) -> None:
        """Let ports be heard whose controllers have their maps."""
        self.controllers.take_maps(*map_files.load())
        self.controllers.seen(ports)

    def hear(self, *messages: MidiReceived) -> None:
        """Let messages of controllers arrive, and what they ask for be met."""
        self._look()
        for each in messages:
            command = self.controllers.on_message(each, self.snapshot, GenerationState())
            if command is not None:
                self.send(command)
        for command in self.controllers.settle(math.inf, self.snapshot):
            self.send(command)

    def adopt(self) -> None:
        """Let the model arrive."""
        self.state.adopt(FakeModel())
        self.queue.empty(self.send, lambda: len(self.snapshot.undo))
        self.state.apply(MarkWaiting(0))
        self._publish()

    def tell(self, event: Event) -> None:
        """Tell an event that no command asked for."""
        for callback in () if self.muted else tuple(self._callbacks):
            callback(event)

    def close(self) -> None:
        """Remember that it was closed."""
        self.closed = True

    def send(self, command: Command) -> None:
        """Handle a command; before the model is there, what can be."""
        if self.snapshot.model.state == "loading" and self.queue.defer(command):
            self.state.apply(MarkWaiting(self.queue.count))
            self._publish()
            return
        self.sent.append(command)
        try:
            events = self.answer(command)
        except ArmonicaError as error:
            events = (CommandFailed.of(error, command.request),)
        for event in events:
            self.tell(event)
        self._publish()

    def of(self, *kinds: type[Command]) -> list[Command]:
        """Return what was sent of some kinds, in order."""
        return [command for command in self.sent if isinstance(command, kinds)]

    def _look(self) -> None:
        if self.controllers.lacks_maps():
            self.controllers.take_maps(*map_files.load())

    def _publish(self) -> None:
        shown = self.snapshot
        if shown.revision != self._told:
            self._told = shown.revision
            self.tell(shown)

    def answer(self, command: Command) -> tuple[Event, ...]:
        """Return the events that a command brings about."""
        shown = self.snapshot
        match command:
            case DrawMap(slot, x, y, attribute, width, height):
                code = shown.song.slot(slot).latent
                if self.state.model is None or code is None:
                    return ()
                drawn = surface(self.state.model, code, x, y, attribute, width, height)
                return (MapComputed(slot, shown.revision, drawn, True),)
            case Explain(slot, dimensions):
                code = shown.song.slot(slot).latent
                if self.state.model is None or code is None:
                    return ()
                does = effects(self.state.model, code, dimensions)
                slopes = sensitivity(self.state.model, code, dimensions)
                return (SensitivityComputed(slot, shown.revision, does, slopes),)
            case AskHarmony():
                return self._done(harmony(command, shown))
            case AskInfluence():
                return self._done(self.influences.ask(command, shown))
            case AskTakeInfluence():
                return self._done(self.influences.ask_take(command, shown))
            case RegenerateAway():
                assert self.state.model is not None
                return self._done(self.influences.away(command, shown, self.state.model))
            case WriteProvenance(path):
                if "missing" in path:
                    raise CannotWrite(f"{path} cannot be written.", "Name a folder that is there.")
                return (Notice(f"Written: {path}.", request=command.request),)
            case AskSurprise() | ProposeMeasures():
                return ()
            case WatchMidi() | AuditionMeasures() | AuditionHits() | JumpTo() | TapTempo():
                return ()
            case SetLoop(scope):
                return self.state.apply(MarkLoop(loop_of(scope, shown)))
            case LoopMeasures(first, count):
                return self.state.apply(MarkLoop((first, count)))
            case SetJumpUnit(unit):
                return self.state.apply(MarkPreferences(jumps=unit))
            case Play(slot):
                shown.song.slot(shown.selected if slot is None else slot)
                return self.state.apply(MarkTransport(True))
            case Stop() | Panic():
                return self.state.apply(MarkTransport(False))
            case Record():
                return self.state.apply(MarkTransport(True, recorded(command, shown)))
            case EndRecording():
                return self.state.apply(MarkTransport(shown.playing))
            case SetRecord():
                return self.state.apply(MarkPreferences(record=changed(shown.record, command)))
            case SetEditTiming(timing):
                return self.state.apply(MarkPreferences(timing=timing))
            case SetAudition(on):
                return self.state.apply(MarkPreferences(audition=on))
            case Audition(slot):
                shown.song.slot(slot)
                return ()
            case Toggle():
                wanted = toggled(command, shown, self.generation)
                wanted = replace(wanted, request=command.request)
                self.send(wanted)
                return (Toggled(wanted),) if command.request else ()
            case BrowseCorpus(query):
                words = query.lower().split()
                found = [t for t in TUNES if all(word in t.title.lower() for word in words)]
                return (CorpusBrowsed(query, tuple(found), 0),)
            case PreviewTune(tune, first, count):
                count = min(count, TUNES[tune - 1].measures - first + 1)
                measures = tuple(_scale(first + each) for each in range(count))
                return (TunePreviewed(tune, first, measures),)
            case LookIntoMidi(path):
                if "missing" in path:
                    raise BadMidiFile(f"{path} is not there.", "Check its name.")
                return (MidiLookedInto(path, TRACKS, command.request),)
            case LoadTune(slot, tune, first, count):
                title = TUNES[tune - 1].title
                measures = tuple(_scale(first + each) for each in range(count))
                origins = tuple(
                    Origin("corpus", title, f"measure {first + each}") for each in range(count)
                )
                return self.state.apply(LoadMeasures(slot, measures, origins))
            case Learn() | CancelLearn() | Forget() | SetBinding():
                self._look()
                self.controllers.handle(command)
                return ()
            case OpenPort(name):
                status = PortStatus(name, "open" if name else "none", known=shown.port.known)
                return self.state.apply(MarkPort(status))
            case SetThru(on, only):
                inputs = replace(shown.inputs, thru=on, only=only)
                return self.state.apply(MarkInputs(inputs))
            case CaptureLast(slot):
                origin = Origin("played", "Played", "kept, measure 1 of 1")
                played = LoadMeasures(slot or 0, (_scale(2),), (origin,))
                return self.state.apply(played)
            case FollowClock(source):
                return self.state.apply(MarkClock(ClockStatus(source)))
            case BackToOwnTempo():
                return self.state.apply(MarkClock(ClockStatus()))
            case KeepUnsaved():
                return (Notice("What is not saved is kept.", request=command.request),)
            case LetUnsavedGo() | LeaveKept() | ForgetKept():
                return ()
            case SaveSong(path):
                path = path or shown.path or "song.json"
                return (
                    *self.state.apply(MarkSaved(path, shown.song)),
                    Notice(f"Saved as {path}.", request=command.request),
                )
            case ExportMidi(path):
                if "missing" in path:
                    raise CannotWrite(f"{path} cannot be written.", "Name a folder that is there.")
                return (Notice(f"Written: {path}.", request=command.request),)
            case ImportMidi(slot, path, _):
                origin = Origin("midi", path, "measure 1")
                published = self.state.apply(LoadMeasures(slot, (_scale(1),), (origin,)))
                return (*published, Notice("1 measure. A pitch moved.", request=command.request))
            case OpenSong(path):
                if "missing" in path:
                    raise BadSong(f"{path} is not there.", "Check its name.")
                opened = replace(song(), title="Opened")
                published = self.state.apply(ReplaceSong(opened, path, True))
                return (*published, Notice("Opened.", request=command.request))
            case _:
                return self.state.apply(command)

    def _done(self, work: Callable[[Job], None]) -> tuple[Event, ...]:
        published: list[Event] = []
        Job(0, "", "", work, published.append).run()
        events: list[Event] = []
        for event in published:
            if isinstance(event, EscapeFound):
                events += self.state.apply(SetLatents(event.slot, event.values))
                events.append(Notice(event.words))
            else:
                events.append(event)
        return tuple(events)


def _scale(number: int) -> Measure:
    tokens = [0] * 24
    for beat in range(8):
        tokens[beat * 3] = 60 + (0, 2, 4, 5, 7, 9, 11, 12)[(beat + number) % 8]
    return Measure.from_tokens(tokens)
