"""The monitor under keys: what it asks of the engine, what it lets through, what it holds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.pilot import Pilot
from textual.widgets import Input

from engine.event_bus import GATHERED
from engine.midi.describe import decode
from engine.protocol.devices import MidiLine, MidiTraffic, WatchMidi
from engine.protocol.tracks import Nudge
from engine.protocol.transport import LatenessMeasured, Play, PlayheadMoved
from engine.services.devices.midi_monitor import LEASE
from tests.support.fake_engine import FakeEngine
from tests.support.fake_midi import KEYS, PASSED, SESSION, SYNTH, line
from tests.support.pictures import lines
from tests.support.screens import open_monitor
from tests.support.waiting import until
from tui.app import ArmonicaApp
from tui.bridge import Bridge, EngineEvent
from tui.dialogs.form import Form
from tui.dialogs.help import Help
from tui.layouts.monitor import monitoring
from tui.screens import monitor
from tui.screens.monitor import MonitorScreen
from tui.view_models.midi_log import (
    KEPT,
    KEPT_PULSES,
    KINDS,
    SPAN,
    Filter,
    MidiLog,
)
from tui.widgets.midi_lines import MidiLines, columns
from tui.widgets.midi_summary import MidiSummary
from tui.widgets.too_small import TooSmall

ALL = Filter(frozenset(KINDS))
CLOCK = MidiTraffic(tuple(line(n / 48, "F8", 0.0) for n in range(100)))


async def monitoring_on(
    pilot: Pilot[None], engine: FakeEngine, *traffic: MidiTraffic
) -> MonitorScreen:
    """Go to the monitor, and let something pass."""
    screen = await open_monitor(pilot)
    for each in traffic:
        before = screen.passed.newest
        engine.tell(each)
        await until(pilot, lambda b=before, e=each: screen.passed.newest == b + len(e.lines))  # type: ignore[misc]
    await pilot.pause()
    return screen


def messages(screen: MonitorScreen) -> list[str]:
    """Return the words of the messages in sight, from the top."""
    canvas = screen.query_one(MidiLines)
    at = columns(canvas.size.width)
    return [row[at.text : at.raw].strip() for row in lines(canvas)[1:] if row.strip()]


async def test_it_asks_to_watch_while_it_is_in_front_and_no_longer(
    app: ArmonicaApp, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert 2 * monitor.ASK < LEASE
    monkeypatch.setattr(monitor, "ASK", 0.02)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await monitoring_on(pilot, engine)
        before = len(engine.of(WatchMidi))
        await until(pilot, lambda: len(engine.of(WatchMidi)) > before)
        assert set(engine.of(WatchMidi)) == {WatchMidi(True)}
        # A sheet over it changes nothing, and what passes meanwhile is kept.
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, Help))
        engine.tell(PASSED)
        await until(pilot, lambda: not screen.passed.empty)
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is screen)
        assert WatchMidi(False) not in engine.sent
        await until(pilot, lambda: messages(screen))
        await pilot.press("f2")
        await until(pilot, lambda: engine.of(WatchMidi)[-1] == WatchMidi(False))
        await pilot.pause(10 * monitor.ASK)
        assert engine.of(WatchMidi)[-1] == WatchMidi(False)
        await pilot.press("~")
        await until(pilot, lambda: engine.of(WatchMidi)[-1] == WatchMidi(True))


async def test_messages_stand_in_words_the_newest_at_the_bottom(
    app: ArmonicaApp, engine: FakeEngine
) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await monitoring_on(pilot, engine, PASSED)
        shown = [decode(each.data) for each in SESSION]
        assert messages(screen)[:5] == [d.text for d in shown if d.kind != "pulse"][:5]
        row = lines(screen.query_one(MidiLines))[6]
        assert " in " in row
        assert KEYS in row
        assert "CC 74 brightness 82" in row
        assert row.endswith("B0 4A 52")
        late = next(row for row in lines(screen.query_one(MidiLines)) if "G4" in row)
        assert late.endswith("7.02")
        assert screen.query_one(MidiLines).plain() == (
            f"in {KEYS}, channel 1: note on, cut short by 1 byte."
        )
        engine.tell(MidiTraffic((line(3.0, "90 48 01", 0.5),)))
        await until(pilot, lambda: messages(screen)[-1] == "note on  C5 vel 1")
        assert screen.query_one(MidiLines).plain() == (
            f"out {SYNTH}, channel 1: note on  C5 vel 1, 0.50 ms late."
        )


async def test_a_full_page_moves_up_by_half(app: ArmonicaApp, engine: FakeEngine) -> None:
    def notes(first: int, count: int) -> MidiTraffic:
        return MidiTraffic(
            tuple(line(n, f"90 {n % 128:02X} 40", 0.1) for n in range(first, first + count))
        )

    async with app.run_test(size=(80, 24)) as pilot:
        screen = await monitoring_on(pilot, engine, notes(0, 19))
        room = screen.room
        assert room == 19
        assert len(messages(screen)) == room
        count = room
        for more, shown in ((1, 10), (1, 11), (8, 19), (1, 10), (60, 10)):
            engine.tell(notes(count, more))
            count += more
            await until(pilot, lambda: screen.passed.newest == count - 1)  # noqa: B023
            await pilot.pause()
            lines = messages(screen)
            assert len(lines) == shown
            assert lines[-1] == decode(notes(count - 1, 1).lines[0].data).text
        await pilot.press("k", "G")
        await pilot.pause()
        assert len(messages(screen)) == room


@pytest.mark.parametrize(
    ("keys", "seen"),
    [
        (("1", "2", "3", "5"), []),
        (("1", "2", "5"), ["start", "song position 16 sixteenths", "continue"]),
        (("1", "2", "3", "5", "4"), ["clock", "clock"]),
        (("2", "3", "5", "d", "l", "l"), ["note on  A4 vel 88", "note off A4 (on, vel 0)"]),
        (("2", "3", "5", "d", "d", "h"), []),
        (("1", "3", "d", "h", "l", "l"), ["CC 74 brightness 81", "CC 74 brightness 82",
         "sysex Novation, 14 bytes: 0…", "CC 64 sustain 127 on"]),
    ],
)  # fmt: skip
async def test_filters_by_kind_direction_and_channel(
    app: ArmonicaApp, engine: FakeEngine, keys: tuple[str, ...], seen: list[str]
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await monitoring_on(pilot, engine, PASSED)
        whole = messages(screen)
        await pilot.press(*keys)
        await pilot.pause()
        if seen:
            assert messages(screen) == seen
        else:
            assert "The filters let nothing through" in screen.query_one(MidiLines).plain()
        await pilot.press("0")
        await pilot.pause()
        assert messages(screen) == whole


async def test_words_are_looked_for_in_ports_words_and_bytes(
    app: ArmonicaApp, engine: FakeEngine
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await monitoring_on(pilot, engine, PASSED)
        for words, count in (("BRIGHT", 2), ("launchkey", 9), ("f0 00 20", 1), ("", 19)):
            await pilot.press("slash")
            await until(pilot, lambda: isinstance(app.screen, Form))
            app.screen.query_one(Input).value = words
            await pilot.press("enter")
            await until(pilot, lambda: app.screen is screen)
            await pilot.pause()
            assert len(messages(screen)) == count
            assert (f"with “{words}”" in screen.query_one(MidiSummary).plain()) == bool(words)


async def test_a_held_picture_stands_while_messages_come(
    app: ArmonicaApp, engine: FakeEngine
) -> None:
    notes = MidiTraffic(tuple(line(n, f"90 {n:02X} 40", 0.1) for n in range(100)))
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await monitoring_on(pilot, engine, notes)
        room = screen.room
        assert messages(screen)[-1] == decode(notes.lines[99].data).text
        await pilot.press("p")
        held = messages(screen)
        engine.tell(PASSED)
        await until(pilot, lambda: screen.passed.newest == 123)
        await pilot.pause()
        assert messages(screen) == held
        screen.draw()
        await pilot.pause()
        assert "held, 24 newer" in screen.query_one(MidiSummary).plain()
        await pilot.press("up")
        await pilot.pause()
        assert messages(screen)[-1] == decode(notes.lines[98].data).text
        for _ in range(10):
            await pilot.press("K")
        await pilot.pause()
        # The first page is full, and the end.
        assert messages(screen) == [decode(each.data).text for each in notes.lines[:room]]
        await pilot.press("j")
        await pilot.pause()
        assert messages(screen)[-1] == decode(notes.lines[room].data).text
        for _ in range(10):
            await pilot.press("J")
        await pilot.pause()
        assert screen.foot is None
        assert messages(screen)[-1] == decode(SESSION[-1].data).text
        await pilot.press("k", "G")
        assert screen.foot is None
        await pilot.press("c")
        await pilot.pause()
        assert "Nothing has passed yet" in screen.query_one(MidiLines).plain()


async def test_the_summary_counts_and_says_how_late(app: ArmonicaApp, engine: FakeEngine) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await monitoring_on(pilot, engine)
        now = [100.0]
        screen.clock = lambda: now[0]
        engine.tell(MidiTraffic(SESSION, 5, 7))
        engine.tell(LatenessMeasured(0.02, 0.4, 1.5))
        await until(pilot, lambda: screen.passed.missed)
        screen.draw()
        summary = screen.query_one(MidiSummary)
        came = sum(each.way == "in" for each in SESSION)
        rates = f"in {(came + 5) / SPAN:.0f}/s, out {(len(SESSION) - came + 7) / SPAN:.0f}/s, "
        assert summary.plain().startswith(
            f"{rates}late 0.02 p99 0.40 worst 1.50 ms, 12 passed over"
        )
        assert "hears no port" in summary.plain()
        assert "shown: notes controllers clock system" in summary.plain()
        now[0] += monitor.OLD
        screen.draw()
        assert summary.plain().startswith("in 0/s, out 0/s, 12 passed over")
        await pilot.click(MidiSummary, offset=(3, 1))
        await pilot.pause()
        assert screen.through == Filter().toggled("note")


async def test_what_belongs_to_song_and_program_is_done_as_elsewhere(
    app: ArmonicaApp, engine: FakeEngine
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await monitoring_on(pilot, engine)
        await pilot.press("space")
        await until(pilot, lambda: engine.of(Play))
        engine.tell(PlayheadMoved(0, 1.0))
        await pilot.press("tab", "plus")
        await until(pilot, lambda: engine.of(Nudge))
        assert app.screen is screen
        commands = {each.title.split("   ")[0] for each in app.get_system_commands(screen)}
        assert {"Hold", "Find", "Compose", "Play song"} <= commands
        assert "Randomise" not in commands
        await pilot.resize_terminal(60, 20)
        await until(pilot, lambda: screen.query_one(TooSmall).display)


def test_every_part_has_its_place_at_every_size() -> None:
    for width in range(80, 200, 7):
        at = columns(width - 2)
        assert 0 < at.way < at.port < at.channel < at.text < at.raw < at.late
        assert at.raw - at.text >= 28
        for height in range(24, 60):
            parts = monitoring(width, height)
            cells = sum(part.area for part in parts.values())
            assert cells <= width * height
            assert not any(
                a.overlaps(b) for x, a in parts.items() for y, b in parts.items() if x < y
            )
    assert set(monitoring(79, 24)) == {"small"}


def test_pulses_drive_out_no_notes_and_memory_has_an_end() -> None:
    log = MidiLog()
    log.add(PASSED, 0.0)
    for n in range(100):
        log.add(CLOCK, float(n))
    assert len(log.page(ALL, 10_000)) == len(SESSION) - 2 + KEPT_PULSES
    assert len(log.page(Filter(), 10_000)) == len(SESSION) - 2
    long = MidiLine(0.0, "in", KEYS, b"\xf0" + bytes(16_000) + b"\xf7")
    log.add(MidiTraffic((long,) * (KEPT + 5)), 0.0)
    page = log.page(Filter(), 10_000)
    assert len(page) == KEPT
    assert len(page[0].line.data) <= 16
    assert "16002 bytes" in page[0].decoded.text


@given(
    st.lists(st.sampled_from(["90 3C 40", "F8", "B0 07 01"]), max_size=60),
    st.sets(st.sampled_from(KINDS)),
    st.lists(st.integers(-30, 30), max_size=8),
    st.integers(1, 12),
)
def test_rolling_stays_among_what_is_seen(
    data: list[str], kinds: set[str], steps: list[int], room: int
) -> None:
    log = MidiLog()
    log.add(MidiTraffic(tuple(line(n, each, 0.0) for n, each in enumerate(data))), 0.0)
    through = Filter(frozenset(kind for kind in KINDS if kind in kinds))
    seen = [each.number for each in log.page(through, 1000)]
    foot: int | None = log.newest
    for by in steps:
        foot = log.moved(through, log.newest if foot is None else foot, by, room)
        page = [each.number for each in log.page(through, room, foot)]
        last = len(seen) if foot is None else sum(number <= foot for number in seen)
        assert page == seen[max(0, last - room) : last]
        if by < 0:
            assert len(page) == min(room, len(seen))


def test_the_bridge_gathers_what_passes_and_is_bounded() -> None:
    posted: list[object] = []
    now = [0.0]
    bridge = Bridge(posted.append, rate=5.0, clock=lambda: now[0])
    for _ in range(20):
        bridge(PASSED)
    assert len(posted) == 1
    bridge.hand_over()
    event = posted[-1]
    assert isinstance(event, EngineEvent)
    assert isinstance(event.event, MidiTraffic)
    count = 20 * len(SESSION)
    assert len(event.event.lines) == min(count, GATHERED)
    bridge(CLOCK)
    for _ in range(6):
        bridge(CLOCK)
    bridge.hand_over()
    again = posted[-1]
    assert isinstance(again, EngineEvent)
    assert isinstance(again.event, MidiTraffic)
    assert len(again.event.lines) + again.event.missed_out == 700
    # Neither may stand for the other.
    assert not again.can_replace(event)
