"""Screens of the program, gone to by their keys, and the notifications that stand on them."""

from __future__ import annotations

from typing import Any, cast

from textual.pilot import Pilot
from textual.widgets._toast import Toast, ToastRack

from tests.support.fake_generation import FakeStudio
from tests.support.waiting import until
from tui.action_tables.action import Place
from tui.app import ArmonicaApp
from tui.screens.base import SessionScreen
from tui.screens.influence import InfluenceScreen
from tui.screens.monitor import MonitorScreen
from tui.screens.notes import NotesScreen
from tui.screens.song import SongScreen
from tui.screens.steer import SteerScreen


async def open_screen(pilot: Pilot[Any], key: str, place: Place) -> SessionScreen:
    """Press the key of a screen and wait until it is drawn."""
    app = application(pilot)
    await pilot.press(key)
    screen = app.screen_at(place)
    await until(pilot, lambda: screen.drawn)
    return screen


async def open_notes(pilot: Pilot[Any]) -> NotesScreen:
    """Go to the notes screen, the cursor on middle C, with steps of a quarter note."""
    screen = cast("NotesScreen", await open_screen(pilot, "f5", "notes"))
    screen.cursor.pitch = 60
    await pilot.press("3")
    return screen


async def open_song(pilot: Pilot[Any]) -> SongScreen:
    """Go to the song screen."""
    return cast("SongScreen", await open_screen(pilot, "f6", "song"))


async def open_monitor(pilot: Pilot[Any]) -> MonitorScreen:
    """Go to the MIDI monitor."""
    return cast("MonitorScreen", await open_screen(pilot, "f9", "monitor"))


async def open_steer(pilot: Pilot[Any], studio: FakeStudio) -> SteerScreen:
    """Go to the steer screen and wait until it shows the studio."""
    app = application(pilot)
    studio.tell(studio.studio)
    await until(pilot, lambda: app.session.studio == studio.studio)
    screen = cast("SteerScreen", await open_screen(pilot, "f3", "steer"))
    await until(pilot, lambda: app.session.studio == studio.studio)
    return screen


async def open_influence(pilot: Pilot[Any], key: str = "f4") -> InfluenceScreen:
    """Go to the influence screen and wait until it shows all answers."""
    screen = cast("InfluenceScreen", await open_screen(pilot, key, "influence"))
    await influence_answered(pilot)
    return screen


async def open_influence_of_takes(pilot: Pilot[Any], studio: FakeStudio) -> InfluenceScreen:
    """Go over the steer screen to the influence screen."""
    app = application(pilot)
    await open_steer(pilot, studio)
    await until(pilot, lambda: app.session.takes.id == "t2")
    return await open_influence(pilot)


async def influence_answered(pilot: Pilot[Any]) -> None:
    """Let the application run until all that was asked has been answered and is shown."""
    app = application(pilot)
    await until(
        pilot,
        lambda: app.session.shown == app.engine.snapshot and app.session.inquiry.settled,
    )
    await pilot.pause()


async def press_in_turn(pilot: Pilot[Any], *keys: str) -> None:
    """Press keys one by one, each when the screen shows what the one before did."""
    app = application(pilot)
    for key in keys:
        await pilot.press(key)
        await until(pilot, lambda: app.session.shown == app.engine.snapshot)


async def key_found(pilot: Pilot[Any]) -> None:
    """Let the application run until the key of the notes is known and shown."""
    harmony = application(pilot).session.harmony
    await until(pilot, lambda: harmony.settled)
    await pilot.pause()


def toasts(pilot: Pilot[Any]) -> list[str]:
    """Return the notifications that stand on the screen, the oldest first.

    Textual shows them in a test that runs with ``notifications=True``; otherwise this fails.
    """
    rack = pilot.app.screen.get_child_by_type(ToastRack)
    return [str(toast.render()) for toast in rack.walk_children(Toast)]


def application(pilot: Pilot[Any]) -> ArmonicaApp:
    """Return the application under a pilot."""
    app = pilot.app
    assert isinstance(app, ArmonicaApp)
    return app
