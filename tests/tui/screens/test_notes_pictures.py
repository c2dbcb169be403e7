"""How the notes screen looks, held as pictures."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
from textual.pilot import Pilot

from engine.music.slot import Slot
from engine.music.song import Song
from engine.music.track import Track
from engine.protocol.chords import WriteChords
from tests.support.fake_engine import FakeEngine
from tests.support.screens import key_found, open_notes, press_in_turn
from tui.app import ArmonicaApp

Compare = Callable[..., bool]
Scene = Callable[[Pilot[Any]], Any]

SIZES = pytest.mark.parametrize(
    "size", [(80, 24), (120, 40), (200, 60)], ids=["80x24", "120x40", "200x60"]
)


def doing(*keys: str) -> Scene:
    """Return what goes to the notes screen and presses keys."""

    async def before(pilot: Pilot[Any]) -> None:
        await open_notes(pilot)
        await press_in_turn(pilot, *keys)
        await key_found(pilot)
        pilot.app.clear_notifications()
        await pilot.pause()

    return before


@SIZES
@pytest.mark.parametrize("theme", ["dark", "mono"])
def test_notes(snap_compare: Compare, size: tuple[int, int], theme: str) -> None:
    engine = FakeEngine()
    engine.send(WriteChords(0, Fraction(0), "Em7 3:C/E | Am7 D7 | G"))
    app = ArmonicaApp(engine, theme=theme, seed=1)
    keys = ("n", "]", "Z", "v", "right", "right")
    assert snap_compare(app, terminal_size=size, run_before=doing(*keys))


@pytest.mark.parametrize("theme", ["light", "terminal"])
def test_an_empty_song(snap_compare: Compare, theme: str) -> None:
    app = ArmonicaApp(FakeEngine(Song()), theme=theme, seed=1)
    keys = ("enter", "up", "up", "enter", "L", "L", "enter", "left", "=", "=")
    assert snap_compare(app, terminal_size=(120, 40), run_before=doing(*keys))


@pytest.mark.parametrize(
    ("theme", "size"), [("dark", (120, 40)), ("mono", (80, 24))], ids=["dark-120x40", "mono-80x24"]
)
def test_a_grid_of_drums(snap_compare: Compare, theme: str, size: tuple[int, int]) -> None:
    track = Track(name="Drums", kind="drums", channel=9, slots=(Slot(),) * 8)
    app = ArmonicaApp(FakeEngine(Song(tracks=(track, Track()))), theme=theme, seed=1)
    hats = ("4", *["enter"] * 8, "<", "H", "H", "H", "H")
    snares = ("right", "right", "enter", "right", "right", "right", "enter", "Z", "<")
    kicks = ("H", "H", "H", "H", "enter", "H", "right", "right", "right", "right", "enter")

    async def before(pilot: Pilot[Any]) -> None:
        screen = await open_notes(pilot)
        for drum, keys in ((42, hats), (38, snares), (36, kicks)):
            screen.cursor.pitch = drum
            await press_in_turn(pilot, *keys)
        await press_in_turn(pilot, "left", "z", "z")
        pilot.app.clear_notifications()
        await pilot.pause()

    assert snap_compare(app, terminal_size=size, run_before=before)
