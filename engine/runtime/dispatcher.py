"""What the engine thread does with all that reaches it; it waits for nothing and has no thread."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from engine.config import Settings, channels
from engine.errors import ArmonicaError, NotReady, WouldReplace
from engine.jobs import Jobs
from engine.latent.spec import LatentModel
from engine.midi import messages as m
from engine.midi.player_mirror import Messages
from engine.music.song import Song
from engine.protocol.base import Command, Event
from engine.protocol.devices import (
    CancelLearn,
    ControllersState,
    Forget,
    Learn,
    ListenTo,
    OpenPort,
    SetBinding,
    SetThru,
    WatchMidi,
)
from engine.protocol.edit import (
    Redo,
    SetLatent,
    SetLatents,
    Undo,
)
from engine.protocol.facts import (
    MarkClock,
    MarkInputs,
    MarkModel,
    MarkPort,
    MarkRoutes,
    MarkWaiting,
)
from engine.protocol.files import (
    READING,
    AtTheEnd,
    ExportMidi,
    ForgetKept,
    ImportMidi,
    KeepUnsaved,
    LeaveKept,
    LetUnsavedGo,
    LoadTune,
    OpenSong,
    RecoverSong,
    SaveSong,
)
from engine.protocol.generation import GenerationState
from engine.protocol.notices import Cancel, CommandFailed, Notice
from engine.protocol.snapshot import RecordSettings, Snapshot
from engine.protocol.transport import (
    Audition,
    AuditionMeasures,
    BackToOwnTempo,
    CaptureLast,
    EndRecording,
    FollowClock,
    Panic,
    Play,
    PlayheadMoved,
    Record,
    SetAudition,
    SetEditTiming,
    SetRecord,
    Stop,
)
from engine.protocol.waiting import lost_words
from engine.runtime.model_queue import ASKING, ModelQueue
from engine.services.analysis.influence_backends import InfluenceParts
from engine.services.analysis.influence_queries import EscapeFound
from engine.services.analysis.service import AnalysisService, Question
from engine.services.devices.controllers import Controllers
from engine.services.devices.inputs import Inputs
from engine.services.devices.midi_monitor import MidiMonitor
from engine.services.devices.output_port import OutputPort
from engine.services.editing import edits
from engine.services.editing.command_log import CommandLog
from engine.services.editing.state import State
from engine.services.generation.backends import StudioParts
from engine.services.generation.service import GenerationService, StudioCommand
from engine.services.generation.take_search import open_take_search
from engine.services.generation.worker_events import StudioReport
from engine.services.session import autosave, file_commands
from engine.services.session.autosave_timer import AutosaveTimer
from engine.services.session.keeper import Keeper
from engine.services.session.song_files import SongFiles
from engine.services.transport.cc_output import AHEAD, GAP, CcOutput, Coming
from engine.services.transport.clock_sync import ClockSync
from engine.services.transport.recorder import Recorder
from engine.services.transport.routing import Routing
from engine.services.transport.sequencer import Sequencer

PLAYHEAD = 0.05
"""Seconds between two tellings of where the music is."""

SLOW_AHEAD = 5.0
"""How far ahead the player is told its notes before something slow is done, in seconds."""

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
"""What reaches the engine thread; an event is one that a job tells."""


class Dispatcher:
    """Meets commands, reports of the player, and events of jobs, each at a time ``now``.

    ``play`` takes messages for the player, ``publish`` what is told to everybody. ``report``
    is the way from other threads to `take` (None: ``publish``); ``studio`` says what audio is
    made and played with, ``influence`` what is asked about the training data. ``seen`` are the
    digests of the song files that were read before.
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
        self._play = play
        self._publish = publish
        self._jobs = jobs
        self._questions = AnalysisService(jobs, influence or InfluenceParts(open_take_search))
        self._shelf = SongFiles(seen)
        self._keeping = AutosaveTimer(keeper, jobs, self._shelf)
        self._recording = recording
        self._desk = OutputPort(settings.port)
        channel, only = state.snapshot().song.track.channel, channels(settings.channels)
        self._ears = Inputs(settings.inputs, settings.thru, channel, only)
        self._passing = MidiMonitor()
        record = RecordSettings(
            settings.strength,
            settings.latency,
            settings.click,
            round(settings.count_in),
            settings.click_sound,
        )
        self._keyboard = Recorder(record, only)
        self._studio = GenerationService(
            jobs, publish, report or publish, settings, studio or StudioParts()
        )
        self._controllers = Controllers(publish)
        self._sequencer = Sequencer(state.snapshot().song)
        self._modulator = CcOutput()
        self._routing = Routing()
        self._following = ClockSync(self._sequencer, settings.clock, settings.clock_offset)
        self._queue = ModelQueue()
        self._catching_up = False
        self._importing: ImportMidi | None = None
        self._head_at = 0.0
        self._greeted = False
        self._started = 0
        self._apply(SetEditTiming(settings.timing), 0.0)
        self._apply(SetAudition(settings.audition), 0.0)
        self._apply(MarkInputs(self._ears.status), 0.0)
        self._apply(MarkClock(self._following.status), 0.0)
        self._apply(
            SetRecord(record.strength, record.latency, record.click, record.count_in, record.sound),
            0.0,
        )

    @property
    def snapshot(self) -> Snapshot:
        """The latest state."""
        return self._state.snapshot()

    @property
    def studio(self) -> GenerationState:
        """The latest state of what audio is made with."""
        return self._studio.shown

    @property
    def controls(self) -> ControllersState:
        """The latest state of the controllers."""
        return self._controllers.shown

    def wake(self) -> float | None:
        """Gives when `tick` is due next; None while only something new can change anything."""
        times = [
            self._sequencer.wake(),
            self._following.wake(),
            self._keyboard.wake(),
            self._keeping.wake(),
            self._passing.wake(),
            self._controllers.wake(),
            self._modulator.wake(),
        ]
        if self._sequencer.playing:
            times.append(self._head_at + PLAYHEAD)
        return min((time for time in times if time is not None), default=None)

    def tick(self, now: float) -> None:
        """Does what is due by time alone."""
        turn = self._following.wake()
        if turn is not None and now >= turn:
            self._keep_clock(now)
        wake = self._sequencer.wake()
        if wake is not None and now >= wake:
            self._send(self._sequencer.advance(now))
        wake = self._modulator.wake()
        if wake is not None and now >= wake:
            self._send(self._modulator.update(*self._course(now)))
        if self._sequencer.playing and now >= self._head_at + PLAYHEAD:
            self._head_at = now
            self._publish(self._sequencer.playhead(now))
            self._show_keys(now)
        played = self._keyboard.due(now, self._sequencer, self.snapshot.song)
        if played is not None:
            self._apply(played, now)
        self._keeping.tick(now)
        messages, told = self._passing.tick(now)
        self._send(messages)
        for event in told:
            self._publish(event)

    def settle(self, now: float) -> None:
        """Does what need not be done for each of many arrivals: controls have moved values."""
        for command in self._controllers.settle(now, self.snapshot):
            self._command(command, now)
        self._send([*self._controllers.spare()])
        self._send([*self._controllers.feed(now, self.snapshot, self.studio)])

    def take(self, item: Item, now: float) -> None:
        """Meets whatever has arrived."""
        match item:
            case Command():
                self._command(item, now)
            case ModelLoaded(model):
                self._state.offer(model)
                # Nobody is shown where a gauge stands before what waited has moved it.
                self._catching_up = True
                try:
                    self._apply(MarkModel(model.spec.digest), now)
                    self._catch_up(now)
                finally:
                    self._catching_up = False
                    self._publish(self.snapshot)
            case ModelFailed(error):
                self._apply(MarkModel(None, error.line()), now)
                self._publish(CommandFailed.of(error))
                # The reason has been told once; what waited is not refused one by one.
                self._queue.give_up()
                self._catch_up(now)
            case StudioReport():
                self._studio.take(item, now)
            case EscapeFound():
                self._go_away(item, now)
            case file_commands.MidiRead():
                self._bring_in(item, now)
            case Event():
                self._publish(item)
            case _:
                self._report(item, now)

    def close(self, now: float) -> tuple[AtTheEnd, ...]:
        """Silences, keeps what is not saved, and tells what became of that."""
        if self.snapshot.waiting:
            log.warning(lost_words(self.snapshot.waiting))
        try:
            self._end_recording(now)
            self._send(self._sequencer.stop(now))
            self._send(self._modulator.close(now))
            self._studio.close()
        finally:
            ends = self._keeping.finish()
        return ends

    def _command(self, command: Command, now: float) -> None:
        if self._must_wait(command, now):
            return
        try:
            self._meet(command, now)
        except ArmonicaError as error:
            again = None
            if isinstance(error, WouldReplace) and isinstance(command, SaveSong):
                again = SaveSong(command.path, replace=True)
            self._publish(CommandFailed.of(error, command, again))

    def _must_wait(self, command: Command, now: float) -> bool:
        if self.snapshot.model.state != "loading" or not self._queue.takes(command):
            return False
        if not self.snapshot.waiting and not isinstance(command, ASKING):
            self._publish(Notice("The model is still loading; this follows when it is there."))
        self._apply(MarkWaiting(self._queue.count), now)
        return True

    def _catch_up(self, now: float) -> None:
        self._queue.meet(
            lambda command: self._command(command, now), lambda: len(self.snapshot.undo)
        )
        self._apply(MarkWaiting(0), now)

    def _meet(self, command: Command, now: float) -> None:
        if isinstance(command, StudioCommand):
            self._studio.meet(command, self.snapshot.song)
            return
        if isinstance(command, ExportMidi) and not command.credits:
            self._file(command, now)
            return
        if isinstance(command, ImportMidi):
            self._importing = command
            self._jobs.start("files", "import", READING, file_commands.reading(command))
            return
        if isinstance(command, Question):
            self._questions.ask(command, self.snapshot, self._state.model)
            return
        match command:
            case Cancel(job):
                self._jobs.cancel(job)
            case ForgetKept(path):
                autosave.discard(path)
            case LeaveKept(path):
                autosave.leave(path)
            case KeepUnsaved() | LetUnsavedGo():
                self._keeping.meet(command)
            case Learn() | CancelLearn() | Forget() | SetBinding():
                # A slow disk holds up this thread, but not the music.
                self._send(self._sequencer.advance(now, SLOW_AHEAD))
                self._controllers.meet(command)
            case OpenPort(name):
                self._answer(self._desk.choose(name), now)
            case ListenTo(names):
                self._send(self._ears.listen(names))
                self._apply(MarkInputs(self._ears.status), now)
            case WatchMidi(on):
                self._send(self._passing.meet(on, now))
            case FollowClock(source):
                self._following.follow(source)
                if self.snapshot.inputs.wanted == ():
                    self._publish(Notice("No MIDI input is heard, so no clock either.", "warning"))
                self._keep_clock(now)
            case BackToOwnTempo():
                self._send(self._following.lead(now))
                self._keep_clock(now)
            case SetThru(on, only):
                self._send(self._ears.pass_on(on, only))
                self._keyboard.listen(only, now)
                self._apply(MarkInputs(self._ears.status), now)
            case Record() if self._keyboard.recording:
                raise NotReady("It records already.", "Stop that first.")
            case CaptureLast(slot):
                self._capture(self.snapshot.selected if slot is None else slot, now)
            case Stop() | Panic() | Play() | EndRecording():
                self._end_recording(now)
                self._apply(command, now)
            case LoadTune() | OpenSong() | RecoverSong() | SaveSong():
                self._file(command, now)
            case _:
                self._apply(command, now)

    def _go_away(self, found: EscapeFound, now: float) -> None:
        slots = self.snapshot.song.slots
        if found.slot >= len(slots) or slots[found.slot].latent != found.before:
            self._publish(Notice("The measure has moved meanwhile, and was left as it is."))
        elif self._apply(SetLatents(found.slot, found.values), now):
            self._publish(Notice(found.words))

    def _file(self, command: file_commands.Filing, now: float) -> None:
        if isinstance(command, OpenSong | RecoverSong):
            self._end_recording(now)
            # What is being read was meant for the song that goes.
            self._importing = None
        # A slow disk holds up this thread, but not the music.
        self._send(self._sequencer.advance(now, SLOW_AHEAD))
        kept = isinstance(command, RecoverSong) and autosave.claim(command.path)
        try:
            done = file_commands.filed(command, self.snapshot, self._shelf)
            if self._filed(command, done, now) and kept and isinstance(command, RecoverSong):
                self._keeping.adopt(command.path, self.snapshot)
        finally:
            if isinstance(command, RecoverSong):
                # Ours by now, or to be offered again.
                autosave.leave(command.path)

    def _filed(self, command: Command, done: file_commands.Filed, now: float) -> bool:
        applied = all(self._apply(each, now) for each in done.commands)
        for notice in done.notices if applied else ():
            self._publish(replace(notice, answers=command))
        return applied

    def _bring_in(self, read: file_commands.MidiRead, now: float) -> None:
        if read.command is not self._importing:
            self._publish(
                CommandFailed(
                    "MIDI file",
                    "Something else was opened meanwhile.",
                    "Take it again.",
                    read.command,
                )
            )
            return
        self._importing = None
        self._filed(read.command, file_commands.imported(read), now)

    def _apply(self, command: Command, now: float) -> bool:
        before = self._state.snapshot()
        events = self._state.apply(command)
        after = self._state.snapshot()
        refused = any(isinstance(event, CommandFailed) for event in events)
        if not refused:
            # First the music: it is heard while the rest is told.
            self._sound(command, before, after, now)
        if after.revision != before.revision:
            if self._recording is not None:
                self._recording.commands.append(command)
            self._keeping.note(before, after, now)
            if after.model.state == "loading" and not isinstance(command, Undo | Redo):
                self._queue.noted(len(before.undo), len(after.undo))
            if not self._catching_up:
                self._publish(after)
        for event in events:
            self._publish(event)
        return not refused

    def _sound(self, command: Command, before: Snapshot, after: Snapshot, now: float) -> None:
        if after.song is not before.song:
            self._send(self._ears.follow(after.song.track.channel))
            self._send(self._sequencer.change(after.song, now, after.timing))
            if after.song.routes != before.song.routes:
                self._reroute(now)
            if command.auditioned and after.audition:
                self._audition_change(before.song, after.song, now)
        match command:
            case Play(slot):
                self._started = after.selected if slot is None else slot
                self._send(self._routing.programs(now))
                self._send(self._following.play(now, self._started))
                self._head_at = now
                self._publish(self._sequencer.playhead(now))
            case Stop():
                self._halt(self._sequencer.stop(now), before, now)
            case Panic():
                self._halt(self._sequencer.panic(now), before, now)
            case Record():
                self._begin_recording(after, now)
            case EndRecording():
                self._send(self._sequencer.unrecord(now))
            case SetRecord():
                self._keyboard.settings = after.record
            case Audition(slot):
                self._hear_slot(slot, now)
            case AuditionMeasures(measures):
                self._send(self._sequencer.audition(measures, now))

        self._send(self._modulator.update(*self._course(now)))

    def _reroute(self, now: float) -> None:
        for message in self._routing.take(self.snapshot.song, now):
            self._play(message)
        self._send(self._sequencer.again(now))
        self._mark_routes(now)

    def _mark_routes(self, now: float) -> None:
        statuses = tuple(self._routing.statuses.items())
        if statuses != self.snapshot.routed:
            self._apply(MarkRoutes(statuses), now)

    def _course(self, now: float) -> tuple[Song, int, Coming | None, float]:
        # What begins in a moment has begun: a prediction is never quite the same twice.
        shown = self.snapshot
        slot, coming = self._sequencer.course(now + GAP) or (shown.selected, None)
        return shown.song, slot, coming, now

    def _hear_slot(self, index: int, now: float) -> None:
        measure = self.snapshot.song.slots[index].measure
        self._send(self._sequencer.audition((measure,), now, index))

    def _begin_recording(self, shown: Snapshot, now: float) -> None:
        status = shown.recording
        if status is None:
            return
        self._started = status.slot
        record = shown.record
        if self._following.on and not self._sequencer.playing:
            # Where another's clock is kept, it counts in.
            self._send(self._following.play(now, status.slot))
        messages, begins = self._sequencer.record(now, status.slot, status.measures, record)
        self._send(messages)
        if self._sequencer.beats is not None:
            self._keyboard.begin(status, self._sequencer.beats, begins)
        self._head_at = now
        self._publish(self._sequencer.playhead(now))
        self._show_keys(now)

    def _end_recording(self, now: float) -> None:
        if not self._keyboard.recording:
            return
        words = self._keyboard.end(
            now,
            self._sequencer,
            song=lambda: self.snapshot.song,
            put=lambda played: self._apply(played, now),
        )
        self._apply(EndRecording(), now)
        self._publish(Notice(words))

    def _capture(self, slot: int, now: float) -> None:
        song = self.snapshot.song
        song.slot(slot)
        last = self._keyboard.last(slot, song, now, self._sequencer)
        if self._apply(last.command, now):
            self._publish(Notice(last.words))

    def _show_keys(self, now: float) -> None:
        shown = self._keyboard.show(now, self._sequencer)
        if shown is not None:
            self._publish(shown)

    def _halt(self, messages: Messages, before: Snapshot, now: float) -> None:
        self._send(messages)
        if before.playing:
            self._publish(PlayheadMoved(None, 0.0))
            self._show_keys(now)

    def _audition_change(self, old: Song, new: Song, now: float) -> None:
        for index, slot in enumerate(new.slots):
            was = old.slots[index].measure if index < len(old.slots) else None
            if slot.measure != was and not slot.measure.silent:
                self._hear_slot(index, now)
                return

    def _report(self, report: m.FromPlayer, now: float) -> None:
        self._passing.take(report)
        ours = isinstance(report, m.MidiReceived) and self._controllers.owns(report)
        if not ours and self._keyboard.hear(report, now):
            self._show_keys(now)
        if isinstance(report, m.MidiReceived):
            if self._following.take(report):
                self._keep_clock(now)
            command = self._controllers.hear(report, self.snapshot, self.studio)
            if command is not None:
                self._command(command, now)
        if isinstance(report, m.MidiReceived | m.Sent):
            return
        if isinstance(report, m.Listening):
            self._controllers.seen(report.names)
        if isinstance(report, m.Rejected):
            log.warning("The player rejected a message: %s", report.reason)
        if isinstance(report, m.PortOpened | m.PortLost | m.PortFailed) and report.outlet:
            self._answer(self._routing.hear(report, now), now)
            self._mark_routes(now)
            return
        if isinstance(report, m.Reach):
            self._modulator.ahead = AHEAD + 2 * report.delay
            self._send(self._sequencer.distance(report.ahead, report.delay, now))
        self._answer(self._desk.take(report), now)
        for event in self._ears.take(report):
            self._publish(event)
        if self._ears.status != self.snapshot.inputs:
            self._apply(MarkInputs(self._ears.status), now)
        if isinstance(report, m.PortOpened) and report.name is not None:
            self._send(self._sequencer.program(now))
            self._send(self._routing.programs(now, 0))
            self._send(self._modulator.again(*self._course(now)))
        elif isinstance(report, m.Ready):
            self._greet(now)

    def _greet(self, now: float) -> None:
        # A player that has just begun missed what was sent while it did not listen yet: the
        # first one starts over, and one that took the place of another goes on.
        again = self._greeted
        self._greeted = True
        if again:
            self._send(self._sequencer.again(now))
            self._send(self._modulator.again(*self._course(now)))
            self._send(self._routing.programs(now))
            return
        self._send(self._ears.greet())
        if self.snapshot.song.routes:
            self._reroute(now)
        if not self._sequencer.playing:
            return
        if self._keyboard.recording:
            self._send(self._sequencer.stop(now))
            self._begin_recording(self.snapshot, now)
        else:
            self._send(self._following.play(now, self._started))

    def _keep_clock(self, now: float) -> None:
        messages, playing = self._following.turn(now)
        self._send(messages)
        if playing is not None:
            self._end_recording(now)
        if playing is not None or self._following.status != self.snapshot.clock:
            self._apply(MarkClock(self._following.status, playing), now)
        if playing is not None:
            self._head_at = now
            self._publish(self._sequencer.playhead(now))
        if told := self._following.tell(now):
            self._publish(told)

    def _answer(self, answer: tuple[list[m.ToPlayer], list[Event]], now: float) -> None:
        messages, events = answer
        self._send(messages)
        if self._desk.status != self.snapshot.port:
            self._apply(MarkPort(self._desk.status), now)
        for event in events:
            self._publish(event)

    def _send(self, messages: Messages) -> None:
        for message in self._routing.spread(messages, self.snapshot.song.track.channel):
            self._play(message)


def collapsed(batch: Sequence[Arrival]) -> list[Arrival]:
    """Leaves out moves that the next one in line overtakes: a held key makes no backlog."""
    kept: list[Arrival] = []
    for item in batch:
        if (
            kept
            and isinstance(item, SetLatent | SetLatents)
            and isinstance(last := kept[-1], SetLatent | SetLatents)
            and edits.target(last) is not None
            and edits.target(last) == edits.target(item)
        ):
            kept.pop()
        kept.append(item)
    return kept
