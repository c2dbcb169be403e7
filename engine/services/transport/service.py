"""The transport on the engine thread: play, stop, record, the clock, and all that is sent of it."""

from __future__ import annotations

from engine.config import Settings
from engine.errors import NotReady, OutOfRange
from engine.midi import messages as m
from engine.midi.player_mirror import Messages
from engine.music.pattern import Pattern
from engine.music.slot import Slot
from engine.music.song import Song
from engine.protocol.base import Command
from engine.protocol.edit import SetTempo
from engine.protocol.facts import MarkClock, MarkLoop, MarkPreferences, MarkTransport
from engine.protocol.form import JumpTo, LoopMeasures, SetJumpUnit, SetLoop, TapTempo
from engine.protocol.notices import Notice
from engine.protocol.snapshot import RecordStatus, Snapshot
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
    PlayheadMoved,
    Record,
    SetAudition,
    SetEditTiming,
    SetRecord,
    Stop,
)
from engine.services.base import Service, ServiceContext
from engine.services.transport.clock_sync import ClockSync
from engine.services.transport.course import loop_of
from engine.services.transport.music_output import MusicOutput
from engine.services.transport.recording import IsControl, Recording, changed, recorded
from engine.services.transport.routing import Routing
from engine.services.transport.sequencer import Sequencer
from engine.services.transport.tapped_tempo import TappedTempo

PLAYHEAD = 0.05
"""Seconds between two events of where the music is."""


class TransportService(Service):
    """Owns the loop, recording, and the clock that is kept.

    ``is_control`` says which MIDI messages move a control, so that they are not recorded.
    """

    commands = (
        Play, Stop, Panic, Record, EndRecording, SetRecord, CaptureLast, SetEditTiming,
        SetAudition, Audition, AuditionMeasures, AuditionHits, FollowClock, BackToOwnTempo,
        SetLoop, LoopMeasures, SetJumpUnit, JumpTo, TapTempo,
    )  # fmt: skip

    def __init__(self, context: ServiceContext, settings: Settings, is_control: IsControl) -> None:
        super().__init__(context)
        self._settings = settings
        routing = Routing(context.snapshot().song.tracks)
        self._sequencer = Sequencer(context.snapshot().song, routing.outlet_of)
        self._clock = ClockSync(self._sequencer, settings.clock, settings.clock_offset)
        self.recording = Recording(context, self._sequencer, settings, is_control)
        self._output = MusicOutput(context, self._sequencer, routing)
        self._taps = TappedTempo()
        self._playhead_at = 0.0
        self._greeted = False
        self._started = 0

    def start(self, now: float) -> None:
        """Bring the state to the settings."""
        settings = self._settings
        self.context.apply(MarkClock(self._clock.status), now)
        fact = MarkPreferences(settings.timing, settings.audition, self.recording.settings)
        self.context.apply(fact, now)

    def handle(self, command: Command, now: float) -> None:
        """Send the player what a command asks for, and then mark in the state what it changes."""
        match command:
            case Play(slot, once):
                self.end_recording(now)
                self._play(slot, now, once)
            case Stop():
                self.end_recording(now)
                self._stop(self._sequencer.stop(now), now)
            case Panic():
                self.end_recording(now)
                self._stop(self._sequencer.panic(now), now)
            case Record():
                self._record(command, now)
            case EndRecording():
                self.end_recording(now)
            case SetRecord():
                self.recording.set(changed(self.recording.settings, command))
                self.context.apply(MarkPreferences(record=self.recording.settings), now)
            case CaptureLast(slot):
                self.recording.capture(slot, command.row, now)
            case SetEditTiming(timing):
                self.context.apply(MarkPreferences(timing=timing), now)
            case SetAudition(on):
                self.context.apply(MarkPreferences(audition=on), now)
            case Audition(slot):
                self.context.snapshot().song.slot(slot, command.row)
                self._audition_slot(slot, command.row, now)
            case AuditionMeasures(measures):
                track = self.context.snapshot().track
                self._output.send(self._sequencer.audition(measures, now, track=track))
            case AuditionHits(hits):
                track = self.context.snapshot().track
                self._output.send(self._sequencer.strike(Pattern.of(hits), now, track))
            case FollowClock(source):
                self._clock.follow(source)
                if self.context.snapshot().inputs.wanted == ():
                    words = "No MIDI input is heard, so no clock either."
                    self.context.publish(Notice(words, "warning"))
                self._keep_clock(now)
            case SetLoop(scope):
                self._loop(loop_of(scope, self.context.snapshot()), now)
            case LoopMeasures(first, count):
                self._loop((first, count), now)
            case SetJumpUnit(unit):
                self.context.apply(MarkPreferences(jumps=unit), now)
            case JumpTo():
                self._jump(command, now)
            case TapTempo():
                tempo = self._taps.tap(now)
                if tempo is not None:
                    self.context.apply(SetTempo(tempo, self._taps.gesture), now)
            case BackToOwnTempo():
                self._output.send(self._clock.lead(now))
                self._keep_clock(now)

    def end_recording(self, now: float) -> None:
        """End the recording where there is one; the loop runs on."""
        words = self.recording.end(now)
        if words is not None:
            self._output.send(self._sequencer.unrecord(now))
            self.context.apply(MarkTransport(self.context.snapshot().playing), now)
            self.context.publish(Notice(words))

    def on_state(self, command: Command, before: Snapshot, after: Snapshot, now: float) -> None:
        """Send the player what has changed in the song."""
        if after.loop != before.loop:
            slots = None if after.loop is None else range(after.loop[0], sum(after.loop))
            self._output.send(self._sequencer.set_loop(slots, now))
        if after.song is not before.song:
            self._output.send(self._sequencer.change(after.song, now, after.timing))
            self._output.follow_routes(now)
            if self.recording.on:
                self._follow_recording(before.song, after, now)
            if command.auditioned and after.audition:
                self._audition_change(before.song, after.song, now)
        if after.inputs.only != before.inputs.only:
            self.recording.listen(after.inputs.only, now)
        self._output.update_controllers(now)

    def on_player(self, report: m.FromPlayer, now: float) -> None:
        """Take in what is played and the clock; send a port that opened what it has to know."""
        self.recording.on_player(report, now)
        match report:
            case m.MidiReceived():
                if self._clock.receive(report):
                    self._keep_clock(now)
            case m.PortOpened() | m.PortLost() | m.PortFailed() if report.outlet:
                self._output.on_route_port(report, now)
            case m.PortOpened(str()):
                self._output.send(self._sequencer.program(now, 0))
                self._output.send_programs(now, 0)
                self._output.resend_controllers(now)
            case m.Reach(ahead=ahead, delay=delay):
                self._output.set_delay(delay)
                self._output.send(self._sequencer.distance(ahead, delay, now))
            case m.Ready():
                self._greet(now)

    def next_wake(self) -> float | None:
        """Give when the player, a listener or a recording is due something."""
        times = [
            self._sequencer.next_wake(),
            self._clock.next_wake(),
            self.recording.next_wake(),
            self._output.next_wake(),
            self._playhead_at + PLAYHEAD if self._sequencer.playing else None,
        ]
        return min((time for time in times if time is not None), default=None)

    def tick(self, now: float) -> None:
        """Keep the clock, send what is due, and record the measure that is over."""
        turn = self._clock.next_wake()
        if turn is not None and now >= turn:
            self._keep_clock(now)
        wake = self._sequencer.next_wake()
        if wake is not None and now >= wake:
            self._output.send(self._sequencer.advance(now))
        self._output.tick(now)
        if self._sequencer.playing and now >= self._playhead_at + PLAYHEAD:
            self._publish_playhead(now)
            self.recording.publish_keys(now)
        self.recording.tick(now)
        if self._sequencer.over(now):
            self.end_recording(now)
            self._stop(self._sequencer.stop(now), now)

    def close(self, now: float) -> None:
        """Put in what was recorded, and silence everything."""
        self.end_recording(now)
        self._output.send(self._sequencer.stop(now))
        self._output.close(now)

    def _play(self, slot: int | None, now: float, once: bool) -> None:
        shown = self.context.snapshot()
        self._started = shown.selected if slot is None else slot
        shown.song.slot(self._started)
        self._output.send_programs(now)
        self._output.send(self._clock.play(now, self._started, once))
        self._publish_playhead(now)
        self.context.apply(MarkTransport(playing=True), now)

    def _loop(self, loop: tuple[int, int] | None, now: float) -> None:
        if self.recording.on:
            raise NotReady("It records: the loop stays as it is.", "End the recording first.")
        if loop is not None:
            first, count = loop
            song = self.context.snapshot().song
            song.slot(first)
            if not 1 <= count <= song.length - first:
                raise OutOfRange(f"{count} measures from {first + 1} on are not there.")
        self.context.apply(MarkLoop(loop), now)

    def _jump(self, command: JumpTo, now: float) -> None:
        shown = self.context.snapshot()
        if self.recording.on:
            raise NotReady("It records: there is no jump.", "End the recording first.")
        if not shown.playing:
            raise NotReady("Nothing plays that could jump.", "Play the song first.")
        command.check_seen(shown.song.form)
        unit = command.unit or shown.jumps
        if command.entry is not None:
            shown.song.form.entry(command.entry)
        slot = shown.selected if command.slot is None else command.slot
        self._output.send(self._sequencer.jump(now, slot, command.entry, unit))
        self._publish_playhead(now)

    def _stop(self, messages: Messages, now: float) -> None:
        self._output.send(messages)
        if self.context.snapshot().playing:
            self.context.publish(PlayheadMoved(None, 0.0))
            self.recording.publish_keys(now)
        self.context.apply(MarkTransport(playing=False), now)

    def _record(self, command: Record, now: float) -> None:
        if self.recording.on:
            raise NotReady("It records already.", "Stop that first.")
        status = recorded(command, self.context.snapshot())
        self._begin_recording(status, now)
        self.context.apply(MarkTransport(True, status), now)

    def _follow_recording(self, before: Song, after: Snapshot, now: float) -> None:
        status = self.recording.follow(before, after.song)
        if status is None:
            self._output.send(self._sequencer.unrecord(now))
            words = "The track that was recorded into is gone, and the recording has ended."
            self.context.publish(Notice(words, "warning"))
        if status != after.recording:
            self.context.apply(MarkTransport(after.playing, status), now)

    def _audition_slot(self, index: int, track: int, now: float) -> None:
        measure = self.context.snapshot().song.slot(index, track).measure
        self._output.send(self._sequencer.audition((measure,), now, index, track))

    def _audition_change(self, old: Song, new: Song, now: float) -> None:
        for number, (was, track) in enumerate(zip(old.tracks, new.tracks, strict=False)):
            for index, slot in enumerate(track.slots):
                old_slot = was.slots[index] if index < len(was.slots) else Slot()
                before = old_slot.measure, old_slot.pattern
                if (slot.measure, slot.pattern) != before and not slot.silent:
                    self._audition_slot(index, number, now)
                    return

    def _begin_recording(self, status: RecordStatus, now: float) -> None:
        self._started = status.slot
        record = self.recording.settings
        if self._clock.on and not self._sequencer.playing:
            # Where another's clock is kept, it counts in.
            self._output.send(self._clock.play(now, status.slot))
        where = status.slot, status.measures
        messages, begins = self._sequencer.record(now, *where, record, status.track)
        self._output.send(messages)
        self.recording.begin(status, begins)
        self._publish_playhead(now)
        self.recording.publish_keys(now)

    def _greet(self, now: float) -> None:
        # The first player missed what was sent while it did not listen yet, and starts over; one
        # that takes the place of another is sent all of it again by the link to it.
        if self._greeted:
            return
        self._greeted = True
        self._output.open_routes(now)
        if not self._sequencer.playing:
            return
        if self.recording.on and (status := self.context.snapshot().recording):
            self._output.send(self._sequencer.stop(now))
            self._begin_recording(status, now)
        else:
            self._output.send(self._clock.play(now, self._started))

    def _keep_clock(self, now: float) -> None:
        messages, playing = self._clock.turn(now)
        self._output.send(messages)
        if playing is not None:
            self.end_recording(now)
        if playing is not None or self._clock.status != self.context.snapshot().clock:
            self.context.apply(MarkClock(self._clock.status, playing), now)
        if playing is not None:
            self._publish_playhead(now)
        if measured := self._clock.measured(now):
            self.context.publish(measured)

    def _publish_playhead(self, now: float) -> None:
        self._playhead_at = now
        self.context.publish(self._sequencer.playhead(now))
