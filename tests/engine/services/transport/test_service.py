"""What transport commands change in the state, and which of them are refused."""

from __future__ import annotations

import pytest

from engine.protocol.base import Command
from engine.protocol.edit import SelectSlot
from engine.protocol.notices import CommandFailed
from engine.protocol.snapshot import RecordSettings, RecordStatus
from engine.protocol.transport import (
    Audition,
    CaptureLast,
    EndRecording,
    Panic,
    Play,
    Record,
    SetAudition,
    SetEditTiming,
    SetRecord,
    Stop,
)
from tests.support.dispatcher import SONG, DispatcherHarness


def refused(harness: DispatcherHarness) -> list[CommandFailed]:
    return [event for event in harness.events if isinstance(event, CommandFailed)]


def test_playing_is_shown_until_it_is_stopped() -> None:
    harness = DispatcherHarness()
    playing = []
    for command in (Play(), Stop(), Play(1), Panic()):
        harness.do(command)
        playing.append(harness.dispatcher.snapshot.playing)
    assert playing == [True, False, True, False]


def test_recording_is_shown_from_where_to_where_until_it_is_stopped() -> None:
    harness = DispatcherHarness()
    harness.do(SelectSlot(2))
    seen = []
    first, second = Record("overdub"), Record(slot=0, measures=2)
    for command in (first, Record(), EndRecording(), second, Stop()):
        harness.do(command)
        seen.append((harness.dispatcher.snapshot.recording, harness.dispatcher.snapshot.playing))
    assert [each.message for each in refused(harness)] == ["It records already."]
    to_the_end = RecordStatus("overdub", 2, SONG.length - 2)
    two = RecordStatus("replace", 0, 2)
    assert seen == [
        (to_the_end, True),
        (to_the_end, True),
        (None, True),
        (two, True),
        (None, False),
    ]


def test_how_it_plays_and_records_is_shown() -> None:
    harness = DispatcherHarness()
    harness.do(SetEditTiming("beat"), SetAudition(on=False))
    harness.do(SetRecord(strength=0.5, click="never", count_in=2), SetRecord(latency=9.0))
    shown = harness.dispatcher.snapshot
    assert (shown.timing, shown.audition) == ("beat", False)
    assert shown.record == RecordSettings(0.5, 9.0, "never", 2)


@pytest.mark.parametrize(
    "command",
    [
        Play(SONG.length),
        Audition(-1),
        CaptureLast(SONG.length),
        Record(slot=SONG.length),
        Record(slot=0, measures=0),
        SetRecord(1.5),
        SetRecord(latency=-1.0),
        SetRecord(count_in=5),
    ],
    ids=str,
)
def test_what_cannot_be_done_is_refused_and_changes_nothing(command: Command) -> None:
    harness = DispatcherHarness()
    before = harness.dispatcher.snapshot
    harness.do(command)
    assert len(refused(harness)) == 1
    assert harness.dispatcher.snapshot == before
    assert harness.player.messages == []
