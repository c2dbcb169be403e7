"""The song strip, the transport and what is typed into them."""

from __future__ import annotations

import pytest

from engine.midi.sync.clock_tracker import Lock
from engine.protocol.comparison import FlipState, KeepState, MarkState
from engine.protocol.devices import OpenPort
from engine.protocol.edit import ClearSlot, CopySlot, InsertSlot, RemoveSlot, SetTempo, SetTitle
from engine.protocol.facts import MarkClock, MarkInputs, MarkPort
from engine.protocol.snapshot import ClockStatus, InputStatus, PortStatus
from engine.protocol.tracks import Nudge
from engine.protocol.transport import (
    Audition,
    BackToOwnTempo,
    ClockSyncMeasured,
    FollowClock,
    LatenessMeasured,
    Panic,
    Play,
    PlayheadMoved,
    SetAudition,
    SetEditTiming,
    Stop,
)
from tests.support.fake_engine import FakeEngine
from tests.support.pictures import lines
from tests.support.waiting import until
from tui.app import ArmonicaApp
from tui.widgets.song_strip import SongStrip
from tui.widgets.transport import Transport

SIZES = [(80, 24), (120, 40)]


async def test_measures_are_copied_cleared_inserted_and_removed(
    app: ArmonicaApp, engine: FakeEngine
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("2", "c", "5")
        await until(pilot, lambda: app.session.slot == 4)
        await pilot.press("p", "d", "n")
        assert engine.of(CopySlot, ClearSlot, InsertSlot) == [
            CopySlot(1, 4), ClearSlot(4), InsertSlot(4),
        ]  # fmt: skip
        await pilot.press("1")
        await until(pilot, lambda: app.session.slot == 0)
        # The copied measure is the first now, one before where it was.
        await pilot.press("D", "5")
        await until(pilot, lambda: app.session.slot == 4)
        await pilot.press("p")
        assert engine.of(RemoveSlot, CopySlot)[1:] == [RemoveSlot(0), CopySlot(0, 4)]


async def test_two_states_are_heard_by_turns_and_the_line_says_which(
    app: ArmonicaApp, engine: FakeEngine
) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        line = app.screen.query_one(Transport)
        await pilot.press("2", "ctrl+e")
        await until(pilot, lambda: "A of m2" in line.plain())
        await pilot.press("d", "ctrl+f")
        await until(pilot, lambda: "B of m2" in line.plain())
        assert not app.session.shown.song.slot(1).empty
        await pilot.press("ctrl+k")
        await until(pilot, lambda: app.session.shown.compared is None)
        assert app.session.shown.undo[0] == "keep B of measure 2"
        await pilot.press("ctrl+g")
        await until(pilot, lambda: "A of song" in line.plain())
        assert engine.of(MarkState, FlipState, KeepState) == [
            MarkState(1), FlipState(), KeepState(), MarkState(None),
        ]  # fmt: skip


async def test_playing_tempo_and_the_rest_of_the_transport(
    app: ArmonicaApp, engine: FakeEngine
) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("space")
        await until(pilot, lambda: app.session.shown.playing)
        engine.tell(PlayheadMoved(1, 2.5))
        engine.tell(LatenessMeasured(0.1, 0.4, 7.5))
        line = app.composing.query_one(Transport)
        await until(pilot, lambda: "2:3.50" in line.plain() and "late 0.1/7.5 ms" in line.plain())
        assert "Playing measure 2" in app.composing.query_one(SongStrip).plain()
        await pilot.press("space", "+", "+", "-", "e", "A", "enter", "ctrl+c")
        assert engine.of(Play, Stop, SetEditTiming, SetAudition, Audition, Panic) == [
            Play(), Stop(), SetEditTiming("beat"), SetAudition(False), Audition(0),
            Panic(),
        ]  # fmt: skip
        steps = [Nudge("tempo", by, 1) for by in (1, 1, -1)]
        assert engine.of(Nudge) == steps
        assert engine.snapshot.song.tempo == 97


async def test_tempo_and_title_are_typed(app: ArmonicaApp, engine: FakeEngine) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("t", "1", "2", "0", "enter")
        await until(pilot, lambda: engine.of(SetTempo))
        assert engine.of(SetTempo) == [SetTempo(120.0)]
        await pilot.press("T", "Q", "enter")
        await until(pilot, lambda: engine.of(SetTitle))
        assert engine.of(SetTitle) == [SetTitle("Q")]


async def test_a_port_is_chosen(app: ArmonicaApp, engine: FakeEngine) -> None:
    engine.state.apply(MarkPort(PortStatus("Synth", "lost", known=("Through", "FluidSynth"))))
    async with app.run_test(size=(80, 24)) as pilot:
        assert "Synth gone" in app.composing.query_one(Transport).plain()
        await pilot.press("O", "down", "down", "enter")
        await until(pilot, lambda: engine.of(OpenPort))
        assert engine.of(OpenPort) == [OpenPort("FluidSynth")]


DAW = "jack:daw:clock"


@pytest.mark.parametrize(
    ("lock", "clock", "words"),
    [
        ("silent", None, "◇ no clock, 96 bpm"),
        ("locking", ClockSyncMeasured(131.0, None, 0.5), "◇ locking, 131.0 bpm"),
        ("locked", ClockSyncMeasured(120.02, -0.44, 0.5), "◆ locked, 120.0 bpm, -0.4 ms"),
        ("free-wheeling", ClockSyncMeasured(120.0, 6.0, 0.5), "◇ free-wheels, 120.0 bpm, +6.0 ms"),
        ("too fast", ClockSyncMeasured(455.0, None, 0.5), "✕ too fast, 455.0 bpm"),
    ],
)
async def test_the_light_of_a_clock_is_a_shape_a_word_and_a_tempo(
    app: ArmonicaApp, engine: FakeEngine, lock: Lock, clock: ClockSyncMeasured | None, words: str
) -> None:
    engine.state.apply(MarkClock(ClockStatus("", DAW, lock), True))
    async with app.run_test(size=(80, 24)) as pilot:
        engine.tell(PlayheadMoved(1, 2.5))
        if clock is not None:
            engine.tell(clock)
        line = app.composing.query_one(Transport)
        await until(pilot, lambda: words in line.plain() and "2:3.50" in line.plain())
        drawn = lines(line)[0]
        assert all(part in drawn for part in ("▶ playing", *words.split(", "), "2:3.50"))


async def test_a_key_keeps_a_clock_and_goes_back_to_the_own_tempo(
    app: ArmonicaApp, engine: FakeEngine
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        line = app.composing.query_one(Transport)
        await pilot.press("Y")
        await until(pilot, lambda: "no clock" in line.plain())
        await pilot.press("Y")
        await until(pilot, lambda: "no clock" not in line.plain())
        assert engine.of(FollowClock, BackToOwnTempo) == [FollowClock(), BackToOwnTempo()]


async def test_the_input_whose_clock_is_kept_is_chosen(
    app: ArmonicaApp, engine: FakeEngine
) -> None:
    engine.state.apply(MarkInputs(InputStatus(heard=("virtual", DAW))))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("N", "down", "down", "down", "enter")
        await until(pilot, lambda: app.session.shown.clock.follow == DAW)
        await pilot.press("N", "up", "up", "up", "enter")
        await until(pilot, lambda: app.session.shown.clock.follow is None)
        assert engine.of(FollowClock, BackToOwnTempo) == [
            FollowClock(DAW), BackToOwnTempo(),
        ]  # fmt: skip
