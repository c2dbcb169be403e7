"""What the engine thread does with all that reaches it; it waits for nothing and has no thread."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from engine import commands as c
from engine import edits, filing
from engine.config import Settings
from engine.desk import PortDesk
from engine.errors import ArmonicaError, NotReady
from engine.events import Event, Noticed, PlayheadMoved, Refused, Snapshot, StudioShown
from engine.influence.sources import InfluenceParts
from engine.influences import Influences, WayFound
from engine.jobs import Job, Jobs
from engine.latent.spec import LatentModel
from engine.midi import messages as m
from engine.music.song import Song
from engine.recording import Recording
from engine.sequencer import Messages, Sequencer
from engine.session import autosave
from engine.session.autosave import Keeper
from engine.session.document import Document
from engine.state import State
from engine.studies import Studies
from engine.studio.desk import Studio, StudioCommand
from engine.studio.parts import StudioParts
from engine.studio.reports import StudioReport

PLAYHEAD = 0.05
"""Seconds between two tellings of where the music is."""

SLOW_AHEAD = 5.0
"""How far ahead the player is told its notes before something slow is done, in seconds."""

KEEP_AFTER = 2.0
"""Seconds of rest after a change before the song is kept by itself."""

KEEP_AT_MOST = 15.0
"""Seconds after which it is kept though changes go on."""

_ASKING = c.DrawMap | c.Explain | c.AskInfluence
_NEEDS_MODEL = (
    c.SetLatent | c.SetLatents | c.ResetLatent | c.LockDimension | c.Randomise | c.RegenerateAway
    | _ASKING
)  # fmt: skip
_HEARD = (
    c.SetLatent | c.SetLatents | c.ResetLatent | c.Randomise | c.LoadMeasures | c.CopySlot
    | c.Undo | c.Redo
)  # fmt: skip

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


Item = c.Command | Event | ModelLoaded | ModelFailed | m.FromPlayer
"""What reaches the engine thread; an event is one that a job tells."""


class Conductor:
    """Meets commands, reports of the player, and events of jobs, each at a time ``now``.

    ``play`` takes messages for the player, ``publish`` what is told to everybody. ``report``
    is the way from other threads to `take` (None: ``publish``); ``studio`` says what audio is
    made and played with, ``influence`` what is asked about the training data.
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
        recording: Recording | None = None,
        report: Callable[[Event], None] | None = None,
        studio: StudioParts | None = None,
        influence: InfluenceParts | None = None,
    ) -> None:
        self._state = state
        self._play = play
        self._publish = publish
        self._jobs = jobs
        self._studies = Studies()
        self._influences = Influences(influence or InfluenceParts())
        self._keeper = keeper
        self._recording = recording
        self._desk = PortDesk(settings.port)
        self._studio = Studio(jobs, publish, report or publish, settings, studio or StudioParts())
        self._sequencer = Sequencer(state.snapshot().song)
        self._waiting: list[c.Command] = []
        self._edits_wait = False
        self._head_at = 0.0
        self._greeted = False
        self._started = 0
        self._keep_at: float | None = None
        self._changed_at: float | None = None
        self._unkept = False
        self._apply(c.SetEditTiming(settings.timing), 0.0)
        self._apply(c.SetAudition(settings.audition), 0.0)

    @property
    def snapshot(self) -> Snapshot:
        """The latest state."""
        return self._state.snapshot()

    @property
    def studio(self) -> StudioShown:
        """The latest state of what audio is made with."""
        return self._studio.shown

    def wake(self) -> float | None:
        """Gives when `tick` is due next; None while only something new can change anything."""
        times = [self._sequencer.wake(), self._keep_at]
        if self._sequencer.playing:
            times.append(self._head_at + PLAYHEAD)
        return min((time for time in times if time is not None), default=None)

    def tick(self, now: float) -> None:
        """Does what is due by time alone."""
        wake = self._sequencer.wake()
        if wake is not None and now >= wake:
            self._send(self._sequencer.advance(now))
        if self._sequencer.playing and now >= self._head_at + PLAYHEAD:
            self._head_at = now
            self._publish(self._sequencer.playhead(now))
        if self._keep_at is not None and now >= self._keep_at:
            self._keep()

    def take(self, item: Item, now: float) -> None:
        """Meets whatever has arrived."""
        match item:
            case c.Command():
                self._command(item, now)
            case ModelLoaded(model):
                self._state.offer(model)
                self._apply(c.MarkModel(model.spec.digest), now)
                self._catch_up(now)
            case ModelFailed(error):
                self._apply(c.MarkModel(None, error.line()), now)
                self._publish(Refused.of(error))
                self._give_up(now)
            case StudioReport():
                self._studio.take(item, now)
            case WayFound():
                self._go_away(item, now)
            case Event():
                self._publish(item)
            case _:
                self._report(item, now)

    def close(self, now: float) -> None:
        """Silences, and keeps the song where it is not saved."""
        self._send(self._sequencer.stop(now))
        self._studio.close()
        if self._keeper is not None:
            self._keeper.finish(self._document(), saved=self.snapshot.saved)

    def _command(self, command: c.Command, now: float) -> None:
        if self._must_wait(command):
            if not self._edits_wait and not isinstance(command, _ASKING):
                self._edits_wait = True
                self._publish(Noticed("The model is still loading; this follows when it is there."))
            self._waiting.append(command)
            return
        try:
            self._meet(command, now)
        except ArmonicaError as error:
            self._publish(Refused.of(error, command))

    def _must_wait(self, command: c.Command) -> bool:
        if self.snapshot.model.state != "loading":
            return False
        if isinstance(command, _NEEDS_MODEL):
            return True
        # What comes after an edit that waits must not overtake it.
        return self._edits_wait and not isinstance(command, c.AT_ONCE)

    def _catch_up(self, now: float) -> None:
        waiting, self._waiting, self._edits_wait = self._waiting, [], False
        for command in waiting:
            self._command(command, now)

    def _give_up(self, now: float) -> None:
        # The reason has been told once; what waited for the model is not refused one by one. An
        # undo that waited was meant for an edit that never came about.
        lost = _NEEDS_MODEL | c.Undo | c.Redo
        self._waiting = [each for each in self._waiting if not isinstance(each, lost)]
        self._catch_up(now)

    def _meet(self, command: c.Command, now: float) -> None:
        if isinstance(command, StudioCommand):
            self._studio.meet(command, self.snapshot.song)
            return
        match command:
            case c.DrawMap():
                work = self._studies.map(command, self.snapshot, self._model())
                self._start("model", "map", "drawing the map", work, command)
            case c.Explain():
                work = self._studies.explain(command, self.snapshot, self._model())
                self._start("model", "explain", "measuring the gauges", work, command)
            case c.AskInfluence():
                work = self._influences.ask(command, self.snapshot)
                self._start("influence", "influence", "looking behind it", work, command)
            case c.AskTakeInfluence():
                work = self._influences.ask_take(command, self.snapshot)
                self._start("clips", "take influence", "looking behind the take", work, command)
            case c.RegenerateAway():
                work = self._influences.away(command, self.snapshot, self._model())
                self._start("influence", "away", "looking for a way out", work, command)
            case c.WriteProvenance(path, take):
                lane = "influence" if take is None else "clips"
                work = self._influences.write(command, self.snapshot)
                self._start(lane, f"write {path}", "writing the provenance", work, command)
            case c.ExportMidi(path, credits=True):
                work = self._influences.export(command, self.snapshot)
                self._start("influence", f"write {path}", "writing the loop", work, command)
            case c.BrowseCorpus():
                work = self._studies.browse(command)
                self._start("files", "browse", "looking for tunes", work, command)
            case c.PreviewTune():
                work = self._studies.preview(command)
                self._start("files", "preview", "reading the tune", work, command)
            case c.LookIntoMidi():
                work = self._studies.look(command)
                self._start("files", "look", "reading the file", work, command)
            case c.Cancel(job):
                self._jobs.cancel(job)
            case c.ForgetKept(path):
                autosave.discard(path)
            case c.OpenPort(name):
                self._answer(self._desk.choose(name), now)
            case (
                c.ImportMidi()
                | c.LoadTune()
                | c.OpenSong()
                | c.RecoverSong()
                | c.SaveSong()
                | c.ExportMidi()
            ):
                self._file(command, now)
            case _:
                self._apply(command, now)

    def _start(
        self, lane: str, kind: str, name: str, work: Callable[[Job], None], command: c.Command
    ) -> None:
        def answered(job: Job) -> None:
            try:
                work(job)
            except ArmonicaError as error:
                job.tell(Refused.of(error, command))

        self._jobs.start(lane, kind, name, answered)

    def _model(self) -> LatentModel:
        if self._state.model is None:
            raise NotReady("This needs the model, which is not there.", "See armonica doctor.")
        return self._state.model

    def _go_away(self, found: WayFound, now: float) -> None:
        slots = self.snapshot.song.slots
        if found.slot >= len(slots) or slots[found.slot].latent != found.before:
            self._publish(Noticed("The measure has moved meanwhile, and was left as it is."))
        elif self._apply(c.SetLatents(found.slot, found.values), now):
            self._publish(Noticed(found.words))

    def _file(self, command: filing.Filing, now: float) -> None:
        # A slow disk holds up this thread, but not the music.
        self._send(self._sequencer.advance(now, SLOW_AHEAD))
        done = filing.filed(command, self.snapshot)
        if all(self._apply(each, now) for each in done.commands):
            for notice in done.notices:
                self._publish(replace(notice, answers=command))
            if isinstance(command, c.RecoverSong) and self._keeper is not None:
                # Kept as ours before it is forgotten as the other's: at no time nowhere.
                self._keeper.keep(self._document(), saved=False)
                autosave.discard(command.path)

    def _apply(self, command: c.Command, now: float) -> bool:
        before = self._state.snapshot()
        events = self._state.apply(command)
        after = self._state.snapshot()
        refused = any(isinstance(event, Refused) for event in events)
        if not refused:
            # First the music: it is heard while the rest is told.
            self._sound(command, before, after, now)
        if after.revision != before.revision:
            if self._recording is not None:
                self._recording.commands.append(command)
            self._note_change(before, after, now)
            self._publish(after)
        for event in events:
            self._publish(event)
        return not refused

    def _sound(self, command: c.Command, before: Snapshot, after: Snapshot, now: float) -> None:
        if after.song is not before.song:
            self._send(self._sequencer.change(after.song, now, after.timing))
            if isinstance(command, _HEARD) and after.audition:
                self._audition_change(before.song, after.song, now)
        match command:
            case c.Play(slot):
                self._started = after.selected if slot is None else slot
                self._send(self._sequencer.play(now, self._started))
                self._head_at = now
                self._publish(self._sequencer.playhead(now))
            case c.Stop():
                self._halt(self._sequencer.stop(now), before)
            case c.Panic():
                self._halt(self._sequencer.panic(now), before)
            case c.Audition(slot):
                self._send(self._sequencer.audition((after.song.slots[slot].measure,), now))
            case c.AuditionMeasures(measures):
                self._send(self._sequencer.audition(measures, now))

    def _halt(self, messages: Messages, before: Snapshot) -> None:
        self._send(messages)
        if before.playing:
            self._publish(PlayheadMoved(None, 0.0))

    def _audition_change(self, old: Song, new: Song, now: float) -> None:
        for index, slot in enumerate(new.slots):
            was = old.slots[index].measure if index < len(old.slots) else None
            if slot.measure != was and not slot.measure.silent:
                self._send(self._sequencer.audition((slot.measure,), now))
                return

    def _report(self, report: m.FromPlayer, now: float) -> None:
        if isinstance(report, m.Rejected):
            log.warning("The player rejected a message: %s", report.reason)
        if isinstance(report, m.Reach):
            self._send(self._sequencer.reach(report.ahead, report.delay, now))
        self._answer(self._desk.take(report), now)
        if isinstance(report, m.PortOpened) and report.name is not None:
            self._send(self._sequencer.program(now))
        elif isinstance(report, m.Ready):
            self._greet(now)

    def _greet(self, now: float) -> None:
        # A player that has just begun missed what was sent while it did not listen yet: the
        # first one starts over, and one that took the place of another goes on.
        again = self._greeted
        self._greeted = True
        if again:
            self._send(self._sequencer.again(now))
        elif self._sequencer.playing:
            self._send(self._sequencer.play(now, self._started))

    def _answer(self, answer: tuple[list[m.ToPlayer], list[Event]], now: float) -> None:
        messages, events = answer
        self._send(messages)
        if self._desk.status != self.snapshot.port:
            self._apply(c.MarkPort(self._desk.status), now)
        for event in events:
            self._publish(event)

    def _send(self, messages: Messages) -> None:
        for message in messages:
            self._play(message)

    def _note_change(self, before: Snapshot, after: Snapshot, now: float) -> None:
        if self._keeper is None or (after.song is before.song and after.saved == before.saved):
            return
        if self._changed_at is None:
            self._changed_at = now
        self._keep_at = min(now + KEEP_AFTER, self._changed_at + KEEP_AT_MOST)

    def _keep(self) -> None:
        self._keep_at = self._changed_at = None
        if self._keeper is None:
            return
        keeper, document, saved = self._keeper, self._document(), self.snapshot.saved

        def work(job: Job) -> None:
            try:
                keeper.keep(document, saved)
            except ArmonicaError as error:
                if not self._unkept:
                    self._unkept = True
                    text = f"The song is not kept by itself: {error.message} Save it yourself."
                    job.tell(Noticed(text, "warning"))

        self._jobs.start("keeping", "keep", "keeping the song", work)

    def _document(self) -> Document:
        shown = self.snapshot
        return Document(shown.song, shown.locks, shown.path)


def collapsed(batch: Sequence[Arrival]) -> list[Arrival]:
    """Leaves out moves that the next one in line overtakes: a held key makes no backlog."""
    kept: list[Arrival] = []
    for item in batch:
        if (
            kept
            and isinstance(item, c.SetLatent | c.SetLatents)
            and isinstance(last := kept[-1], c.SetLatent | c.SetLatents)
            and edits.target(last) is not None
            and edits.target(last) == edits.target(item)
        ):
            kept.pop()
        kept.append(item)
    return kept
