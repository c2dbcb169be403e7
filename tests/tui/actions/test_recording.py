"""Playing into it on the screen: keys, the light and the count-in, and notes as they come."""

from __future__ import annotations

import pytest

from engine.protocol.devices import SetThru
from engine.protocol.edit import Interpolate, Vary
from engine.protocol.facts import MarkInputs
from engine.protocol.notes import VaryNotes
from engine.protocol.snapshot import InputStatus, RecordSettings
from engine.protocol.switches import Toggle
from engine.protocol.transport import CaptureLast, EndRecording, KeysPlayed, PlayheadMoved, Record
from tests.support.fake_engine import FakeEngine
from tests.support.measures import quarters
from tests.support.pictures import Frame, lines
from tests.support.waiting import quiet, until
from tui.app import ArmonicaApp
from tui.widgets.piano_roll import PianoRoll
from tui.widgets.transport import Transport


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_recording_counts_in_shows_its_light_and_ends(
    app: ArmonicaApp, engine: FakeEngine, size: tuple[int, int]
) -> None:
    async with app.run_test(size=size) as pilot:
        await quiet(pilot)
        transport = app.composing.query_one(Transport)
        await pilot.press(">", "R")
        assert engine.of(Record) == [Record("replace", 1)]
        engine.tell(KeysPlayed(count=3))
        await until(pilot, lambda: lines(transport)[0].startswith(" ● in 3"))
        engine.tell(KeysPlayed(slot=1))
        await until(pilot, lambda: lines(transport)[0].startswith(" ● recording"))
        await pilot.press("R")
        assert engine.of(EndRecording) == [EndRecording()]
        await until(pilot, lambda: lines(transport)[0].startswith(" ▶ playing"))
        await pilot.press("E", "space")
        assert engine.of(Record)[-1] == Record("overdub", 1)
        await until(pilot, lambda: lines(transport)[0].startswith(" ■ resting"))


async def test_the_measure_that_is_recorded_is_on_the_roll_with_what_is_played(
    app: ArmonicaApp, engine: FakeEngine
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await quiet(pilot)
        roll = app.composing.query_one(PianoRoll)
        own, next_one = (slot.measure for slot in engine.snapshot.row.slots[:2])
        assert roll.current == own
        await pilot.press("R")
        engine.tell(PlayheadMoved(1, 1.5))
        engine.tell(KeysPlayed((67,), 1, ((1.0, 1.5, 67),)))
        await until(pilot, lambda: roll.current == next_one)
        await until(pilot, lambda: "Keys down: G4." in roll.plain())
        assert any("◆" in line for line in lines(roll))
        await pilot.press("R")
        await until(pilot, lambda: roll.current == own)


async def test_what_is_played_is_drawn_over_the_measure() -> None:
    roll = PianoRoll()
    async with Frame(roll).run_test(size=(24, 7)) as pilot:
        await pilot.pause()
        roll.show(None, quarters(60, 62, 64, 65), None)
        roll.play(((0.0, 2.0, 65), (2.0, 3.0, 60)), (60,))
        assert lines(roll) == [
            "   │ ┬1   2   3   4   ┬",
            " F4│ │◆▄▄▄▄▄▄▖┊   ▄▄▄▖│",
            " E4│ │    ┊   ▀▀▀▘┊   │",
            " D4│ │    ▀▀▀▘┊   ┊   │",
            " C4│ │▀▀▀▘┊   ◆▀▀▘┊   │",
            "   │ │    ┊   ┊   ┊   │",
            "   │ │    ┊   ┊   ┊   │",
        ]


async def test_what_was_just_played_goes_to_the_measure_at_hand(
    app: ArmonicaApp, engine: FakeEngine
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await quiet(pilot)
        await pilot.press("3", "P")
        assert engine.of(CaptureLast) == [CaptureLast(2)]


async def test_a_measure_is_varied_by_the_way_that_is_set(
    app: ArmonicaApp, engine: FakeEngine
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await quiet(pilot)
        await pilot.press("z", "semicolon", "z", *["apostrophe"] * 3, "z")
        assert [each.amount for each in engine.of(Vary)] == [2.0, 1.5, 3.0]  # type: ignore[attr-defined]
        assert len({each.seed for each in engine.of(Vary)}) == 3  # type: ignore[attr-defined]


async def test_what_is_varied_and_where_is_chosen_by_keys(
    app: ArmonicaApp, engine: FakeEngine
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await quiet(pilot)
        await pilot.press("down", "slash", "z", "slash", "asterisk", "z", "slash", "slash", "z")
        (one,) = engine.of(Vary)
        gauge = app.session.gauge
        assert isinstance(one, Vary)
        assert (one.slot, one.dimension, one.count) == (0, gauge, 1)
        notes, pitches = engine.of(VaryNotes)
        assert isinstance(notes, VaryNotes)
        assert isinstance(pitches, VaryNotes)
        sounding = app.session.shown.song.sounding
        assert (notes.what, notes.slot, notes.count) == ("notes", 0, sounding)
        assert pitches.what == "pitches"


async def test_what_gauges_heed_is_switched_by_keys(app: ArmonicaApp, engine: FakeEngine) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await quiet(pilot)
        await pilot.press("number_sign", "quotation_mark", "number_sign")
        switches = [each.switch for each in engine.of(Toggle)]  # type: ignore[attr-defined]
        assert switches == ["stay", "tones", "stay"]
        await until(
            pilot,
            lambda: app.session.shown.song.chord_tones and not app.session.shown.song.stay_in_key,
        )
        assert "gauges: chord tones" in app.screen.query_one(Transport).plain()


async def test_measures_are_put_between_this_one_and_another(
    app: ArmonicaApp, engine: FakeEngine
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await quiet(pilot)
        await pilot.press("Z", "enter")
        assert engine.of(Interpolate) == [Interpolate(0, 1, 3)]
        await until(pilot, lambda: len(app.session.shown.row.slots) == 11)


async def test_how_playing_is_recorded_is_asked_on_one_form(
    app: ArmonicaApp, engine: FakeEngine
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await quiet(pilot)
        await pilot.press("F", "backspace", "0", ".", "5", "down", "backspace", "2", "down")
        await pilot.press("down", "down", *"10", "down", *["backspace"] * 3, *"1 10", "enter")
        assert engine.snapshot.record == RecordSettings(0.5, 10.0, "recording", 2)
        assert engine.of(SetThru) == [SetThru(True, (0, 9))]


async def test_thru_is_turned_off_and_on_with_its_channels_kept(
    app: ArmonicaApp, engine: FakeEngine
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        engine.send(MarkInputs(InputStatus(only=(2,))))
        await quiet(pilot)
        await pilot.press("M", "M")
        assert engine.of(SetThru) == [SetThru(False, (2,)), SetThru(True, (2,))]
