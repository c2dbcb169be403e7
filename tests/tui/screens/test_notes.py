"""The notes screen under keys and the mouse: what becomes of the song, and what is shown of it."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.music.placed_notes import placed
from engine.music.song import Song
from engine.protocol.edit import SetKey
from engine.protocol.notes import PutNote
from engine.protocol.transport import AuditionMeasures, PlayheadMoved
from tests.support.fake_engine import FakeEngine
from tests.support.pictures import lines
from tests.support.screens import open_notes, press_in_turn, toasts
from tests.support.waiting import until
from tui.app import ArmonicaApp
from tui.dialogs.help import Help
from tui.layouts.notes import note_regions
from tui.widgets.attribute_line import AttributeLine
from tui.widgets.note_editor import NoteEditor
from tui.widgets.place_line import PlaceLine

C, D, E, F, G = 60, 62, 64, 65, 67


@pytest.fixture
def engine() -> FakeEngine:
    """Return an engine with an empty song and its model there."""
    return FakeEngine(Song())


@pytest.fixture
def app(engine: FakeEngine) -> ArmonicaApp:
    """Return the application on it."""
    return ArmonicaApp(engine, seed=1)


def song(engine: FakeEngine) -> list[tuple[float, float, int]]:
    """Return onset, length and pitch of every note."""
    slots = engine.snapshot.row.slots
    notes = placed([slot.measure for slot in slots], [slot.touches for slot in slots])
    return [(float(n.onset), float(n.duration), n.pitch) for n in notes]


async def test_a_melody_is_written_by_keys_and_the_gauges_read_it(
    app: ArmonicaApp, engine: FakeEngine
) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await open_notes(pilot)
        readings = screen.query_one(AttributeLine)
        before = readings.plain()
        await press_in_turn(pilot, "enter", "up", "up", "enter", "up", "up", "4", "enter", "enter")
        assert song(engine) == [(0, 1, C), (1, 1, D), (2, 0.5, E), (2.5, 0.5, E)]
        assert readings.plain() != before
        # Each note is heard by itself as it is put.
        auditioned = [c.measures[0].pitches for c in engine.sent if isinstance(c, AuditionMeasures)]
        assert auditioned == [(C,), (D,), (E,), (E,)]
        assert "E4" in screen.query_one(NoteEditor).plain()
        await press_in_turn(pilot, "u", "u", "u", "u")
        assert song(engine) == []


async def test_the_cursor_crosses_the_bar_lines(app: ArmonicaApp, engine: FakeEngine) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_notes(pilot)
        await press_in_turn(pilot, "right", "right", "right", "enter")
        assert (engine.snapshot.selected, float(screen.cursor.place)) == (1, 0)
        await press_in_turn(pilot, "left")
        assert (engine.snapshot.selected, float(screen.cursor.place)) == (0, 3)
        await press_in_turn(pilot, "H", "H", "H", "H", "left")
        assert (engine.snapshot.selected, float(screen.cursor.place)) == (0, 0)
        await press_in_turn(pilot, ">", ">")
        assert engine.snapshot.selected == 2


async def test_what_is_at_the_cursor_is_moved_transposed_and_made_longer(
    app: ArmonicaApp, engine: FakeEngine
) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await open_notes(pilot)
        await press_in_turn(pilot, "enter", "left", ".", "]", "]", "'", "=")
        assert song(engine) == [(1, 2, 74)]
        assert (float(screen.cursor.place), screen.cursor.pitch) == (1, 74)
        await press_in_turn(pilot, ";", ")", "_")
        assert song(engine) == [(1, 1, E)]
        # One gesture is one step.
        await press_in_turn(pilot, ",", ".", ".", "u")
        assert song(engine) == [(1, 1, E)]
        await press_in_turn(pilot, "left", "Z")
        slot = engine.snapshot.row.slots[0]
        assert [touch and touch.velocity for touch in slot.touches] == [104]
        assert "velocity 104 of its own" in screen.query_one(PlaceLine).plain()


async def test_a_note_is_tied_over_the_bar_line(app: ArmonicaApp, engine: FakeEngine) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await open_notes(pilot)
        await press_in_turn(pilot, "L", "L", "L", "enter", "left", "=", "=")
        assert song(engine) == [(3, 3, C)]
        assert engine.snapshot.row.slots[1].measure.held_in == 2


async def test_selections_are_copied_cut_turned_and_stretched(
    app: ArmonicaApp, engine: FakeEngine
) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await open_notes(pilot)
        await press_in_turn(pilot, "enter", "K", "enter", "J", "left", "left", "v", "right")
        assert screen.cursor.selection is not None
        assert "2 notes selected" in screen.query_one(PlaceLine).plain()
        await press_in_turn(pilot, "c", "escape", "right", "p")
        assert song(engine) == [(0, 1, C), (1, 1, 72), (2, 1, C), (3, 1, 72)]
        await press_in_turn(pilot, "a", "r")
        assert [n[2] for n in song(engine)] == [72, C, 72, C]
        await press_in_turn(pilot, "a", "i")
        assert [n[2] for n in song(engine)] == [72, 84, 72, 84]
        await press_in_turn(pilot, "u", "u", "a", "/")
        assert song(engine) == [(0, 0.5, C), (0.5, 0.5, 72), (1, 0.5, C), (1.5, 0.5, 72)]
        await press_in_turn(pilot, "a", "x", ">", "p")
        assert song(engine) == [(7, 0.5, C), (7.5, 0.5, 72), (8, 0.5, C), (8.5, 0.5, 72)]


async def test_notes_are_split_and_joined_gone_through_and_removed(
    app: ArmonicaApp, engine: FakeEngine
) -> None:
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        screen = await open_notes(pilot)
        await press_in_turn(pilot, "2", "enter", "3", "left", "s")
        assert song(engine) == [(0, 1, C), (1, 1, C)]
        await press_in_turn(pilot, "b", "m")
        assert song(engine) == [(0, 2, C)]
        await press_in_turn(pilot, "L", "L", "up", "enter", "b", "b")
        assert (float(screen.cursor.place), screen.cursor.pitch) == (0, C)
        await press_in_turn(pilot, "n", "d")
        assert song(engine) == [(0, 2, C)]
        await press_in_turn(pilot, "d")
        assert song(engine) == [(0, 2, C)]
        await until(pilot, lambda: any("No note starts here" in note for note in toasts(pilot)))


async def test_notes_and_the_measure_are_locked_by_a_key_and_marked_without_colour(
    app: ArmonicaApp, engine: FakeEngine
) -> None:
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        screen = await open_notes(pilot)
        await press_in_turn(pilot, "3", "enter", "up", "up", "enter", "b", "F")
        roll = screen.query_one(NoteEditor)
        assert engine.snapshot.slot.locked_notes == {6}
        assert "1 note locked." in roll.plain()
        assert "D4 sounds, locked" in screen.query_one(PlaceLine).plain()
        assert any("L" in line[3:] for line in lines(roll))
        await press_in_turn(pilot, "d")
        assert toasts(pilot)[-1].startswith("Locked\n1 note is locked in measure 1.")
        assert song(engine) == [(0, 1, C), (1, 1, D)]
        await press_in_turn(pilot, "b", "d")
        assert song(engine) == [(1, 1, D)]
        await press_in_turn(pilot, "G", "enter")
        assert toasts(pilot)[-1].startswith("Locked\nMeasure 1 is locked.")
        assert "measure locked" in screen.query_one(PlaceLine).plain()
        assert "The measure is locked." in roll.plain()
        await press_in_turn(pilot, "G", "a", "F", "d")
        assert song(engine) == []


async def test_degrees_follow_the_key(app: ArmonicaApp, engine: FakeEngine) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await open_notes(pilot)
        engine.send(SetKey(tonic=2, scale="major"))
        await press_in_turn(pilot, "enter", "left", ")")
        assert song(engine) == [(0, 1, 61)]
        assert "degree 7 of D major" in screen.query_one(PlaceLine).plain()


async def test_the_mouse_puts_drags_stretches_and_selects(
    app: ArmonicaApp, engine: FakeEngine
) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await open_notes(pilot)
        roll = screen.query_one(NoteEditor)
        start, beat = roll.span[0], roll.beat_width
        row = roll.row(C)
        assert row is not None
        await pilot.click(NoteEditor, offset=(start + beat, row), times=2)
        await until(pilot, lambda: song(engine) == [(1, 1, C)])

        async def drag(x: int, y: int, to_x: int, to_y: int) -> None:
            await pilot.mouse_down(NoteEditor, offset=(x, y))
            await pilot.hover(NoteEditor, offset=((x + to_x) // 2, (y + to_y) // 2))
            await pilot.hover(NoteEditor, offset=(to_x, to_y))
            await pilot.mouse_up(NoteEditor, offset=(to_x, to_y))

        await drag(start + beat + 1, row, start + 2 * beat + 1, row - 2)
        await until(pilot, lambda: song(engine) == [(2, 1, D)])
        steps = len(engine.snapshot.undo)
        row = roll.row(D)
        assert row is not None
        await drag(start + 3 * beat - 1, row, start + 4 * beat - 1, row)
        await until(pilot, lambda: song(engine) == [(2, 2, D)])
        assert len(engine.snapshot.undo) == steps + 1
        await drag(start + 1, row, start + 2 * beat + 1, row)
        await until(pilot, lambda: "1 note selected" in screen.query_one(PlaceLine).plain())


async def test_the_playhead_and_what_is_played_are_seen(
    app: ArmonicaApp, engine: FakeEngine
) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await open_notes(pilot)
        await press_in_turn(pilot, "enter", "space")
        engine.tell(PlayheadMoved(0, 1.0))
        roll = screen.query_one(NoteEditor)
        await until(pilot, lambda: "▼" in lines(roll)[0])
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, Help))


def test_every_part_has_its_place_and_the_roll_has_most_rows() -> None:
    for width, height in ((80, 24), (120, 40), (200, 60), (81, 29), (115, 31)):
        parts = note_regions(width, height)
        cells = [cell for part in parts.values() for cell in _cells(part)]
        assert len(cells) == len(set(cells))
        assert all(0 <= x < width and 0 <= y < height for x, y in cells)
    assert note_regions(80, 24)["roll"].height >= 14
    assert note_regions(120, 40)["roll"].height >= 26
    assert set(note_regions(79, 24)) == {"small"}


def _cells(part: Any) -> list[tuple[int, int]]:
    return [(x, y) for x in range(part.x, part.right) for y in range(part.y, part.bottom)]


KEYS = st.sampled_from([
    "left", "right", "up", "down", "enter", "escape", "comma", "full_stop",
    *"HLKJdvacxp][()';=_smir*/ZzfwuU<>nb1234567",
])  # fmt: skip


@pytest.mark.long
@settings(max_examples=8, suppress_health_check=[*HealthCheck])
@given(st.lists(KEYS, min_size=5, max_size=40), st.sampled_from([(80, 24), (120, 40), (200, 60)]))
async def test_no_order_of_keys_ever_breaks_the_screen(
    keys: list[str], size: tuple[int, int]
) -> None:
    engine = FakeEngine(Song())
    app = ArmonicaApp(engine, seed=1)
    async with app.run_test(size=size) as pilot:
        screen = await open_notes(pilot)
        for key in keys:
            await pilot.press(key)
        await until(pilot, lambda: app.session.shown == engine.snapshot)
        length = engine.snapshot.row.slots[engine.snapshot.selected].measure.grid.length
        assert 0 <= screen.cursor.place < length
        assert screen.query_one(NoteEditor).row(screen.cursor.pitch) is not None
        assert app.fault is None


async def test_a_command_from_elsewhere_is_seen_at_once(
    app: ArmonicaApp, engine: FakeEngine
) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await open_notes(pilot)
        engine.send(PutNote(0, Fraction(0), Fraction(4), G))
        await until(pilot, lambda: "G4 sounds" in screen.query_one(PlaceLine).plain())
