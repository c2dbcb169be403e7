"""Recording as the transport does it: what is played goes into the song, and is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace

from engine.config import Settings, channels
from engine.errors import OutOfRange
from engine.midi import messages as m
from engine.music.song import MOST_SLOTS, Song
from engine.protocol.notices import Notice
from engine.protocol.snapshot import RecordSettings, RecordStatus, Snapshot
from engine.protocol.transport import Record, SetRecord
from engine.services.base import ServiceContext
from engine.services.transport.recorder import Recorder
from engine.services.transport.sequencer import Sequencer

IsControl = Callable[[m.MidiReceived], bool]


class Recording:
    """Gives the recorder what is played, and applies the commands that it makes of it.

    ``is_control`` says which MIDI messages move a control, so that they are not recorded.
    """

    def __init__(
        self,
        context: ServiceContext,
        sequencer: Sequencer,
        settings: Settings,
        is_control: IsControl,
    ) -> None:
        self._context = context
        self._sequencer = sequencer
        self._is_control = is_control
        record = RecordSettings(
            settings.strength,
            settings.latency,
            settings.click,
            round(settings.count_in),
            settings.click_sound,
            round(settings.click_channel) - 1 if settings.click_channel else None,
            round(settings.click_note) if settings.click_note else None,
        )
        self._recorder = Recorder(record, channels(settings.channels))

    @property
    def on(self) -> bool:
        """Whether something is recorded, or about to be."""
        return self._recorder.recording

    @property
    def settings(self) -> RecordSettings:
        """How playing becomes measures."""
        return self._recorder.settings

    def set(self, settings: RecordSettings) -> None:
        """Record as ``settings`` say from now on."""
        self._recorder.settings = settings

    def listen(self, only: tuple[int, ...], now: float) -> None:
        """Record the channels in ``only`` alone (none: all)."""
        self._recorder.listen(only, now)

    def begin(self, status: RecordStatus, position: float) -> None:
        """Record into the slots of ``status``, from a position of the beat on."""
        if self._sequencer.beats is not None:
            song = self._context.snapshot().song
            self._recorder.begin(status, self._sequencer.beats, position, song)

    def follow(self, before: Song, after: Song) -> RecordStatus | None:
        """Follow the track that is recorded into; None where it is gone, and the recording ends."""
        return self._recorder.follow(before, after)

    def end(self, now: float) -> str | None:
        """End the recording where there is one: put in what was played last, say what came in."""
        if not self.on:
            return None
        return self._recorder.end(
            now,
            self._sequencer,
            song=lambda: self._context.snapshot().song,
            put=lambda played: self._context.apply(played, now),
        )

    def capture(self, slot: int | None, track: int, now: float) -> None:
        """Put what was just played into a track from ``slot`` on (None: the selected one)."""
        shown = self._context.snapshot()
        slot = shown.selected if slot is None else slot
        shown.song.slot(slot, track)
        check_by_hand(shown.song, track)
        last = self._recorder.last(slot, track, shown.song, now, self._sequencer)
        if self._context.apply(last.command, now):
            self._context.publish(Notice(last.words))

    def on_player(self, report: m.FromPlayer, now: float) -> None:
        """Take in what is played, or that a keyboard has gone."""
        if isinstance(report, m.MidiReceived) and self._is_control(report):
            return
        if self._recorder.on_player(report, now):
            self.publish_keys(now)

    def next_wake(self) -> float | None:
        """Give when `tick` is due next."""
        return self._recorder.next_wake()

    def tick(self, now: float) -> None:
        """Put in the measure that is over."""
        played = self._recorder.due(now, self._sequencer, self._context.snapshot().song)
        if played is not None:
            self._context.apply(played, now)

    def publish_keys(self, now: float) -> None:
        """Publish what is being played, where that is something else than before."""
        shown = self._recorder.show(now, self._sequencer, self._context.snapshot().song)
        if shown is not None:
            self._context.publish(shown)


def changed(settings: RecordSettings, command: SetRecord) -> RecordSettings:
    """Return the settings with what is not None of a command."""
    wanted = {each.name: getattr(command, each.name, None) for each in fields(settings)}
    return replace(settings, **{name: each for name, each in wanted.items() if each is not None})


def recorded(command: Record, shown: Snapshot) -> RecordStatus:
    """Return what a command records into; raises `OutOfRange` where there are no such slots."""
    slot = shown.selected if command.slot is None else command.slot
    shown.song.slot(slot, command.row)
    check_by_hand(shown.song, command.row)
    rest = shown.song.length - slot
    measures = rest if command.measures is None else command.measures
    if not 1 <= measures <= MOST_SLOTS - slot:
        raise OutOfRange(
            f"From measure {slot + 1} on 1 to {MOST_SLOTS - slot} measures can be recorded, "
            f"and not {measures}."
        )
    return RecordStatus(command.mode, slot, measures, command.row)


def check_by_hand(song: Song, track: int) -> None:
    """Raise `OutOfRange` where a rule plays a track, which then is not recorded into."""
    if song.track(track).accompaniment is not None:
        raise OutOfRange(
            f"Track {track + 1} is played by rule.", "Freeze the rule before you record into it."
        )
