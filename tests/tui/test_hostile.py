"""Hostile names on the screens: every action of every screen, and nothing but text in any cell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from functools import cache
from typing import Any, get_args, get_type_hints

import pytest
from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Input

from engine.errors import ArmonicaError
from engine.protocol.analysis import InfluenceFound, MapComputed, SensitivityComputed
from engine.protocol.base import Event
from engine.protocol.devices import ControllersState, ControllerState, MidiLine, MidiTraffic
from engine.protocol.files import Kept, TunePreviewed
from engine.protocol.generation import GenerationState
from engine.protocol.notices import CommandFailed, JobProgressed, Notice
from engine.protocol.snapshot import InputStatus, PortStatus, Snapshot
from tests.support.fake_generation import FakeStudio, take
from tests.support.fake_midi import SESSION
from tests.support.hostile import EVIL_TEXT
from tests.support.pictures import strips
from tests.support.screens import toasts
from tests.support.waiting import until
from tui.action_table import ACTIONS
from tui.action_tables.action import Place
from tui.app import ArmonicaApp
from tui.dialogs.controllers import ControllersSheet
from tui.formatting.plain import PrintableFilter, plain

PLACES: tuple[Place, ...] = ("compose", "notes", "steer", "influence", "monitor")
LEAVES = ("app.quit",)

hints_of = cache(get_type_hints)


def hostile(value: Any, hint: Any = None) -> Any:
    """Return a value with hostile words before every text in it that is no choice or number."""
    if isinstance(value, str):
        return EVIL_TEXT + value if hint is str or str in get_args(hint) else value
    if isinstance(value, tuple):
        inner = get_args(hint)
        return tuple(hostile(each, inner[0] if inner else None) for each in value)
    if not is_dataclass(value) or isinstance(value, type):
        return value
    hints = hints_of(type(value))
    for each in fields(value):
        if each.init:
            # Some values keep hostile words out by themselves.
            try:
                changed = {each.name: hostile(getattr(value, each.name), hints[each.name])}
                value = replace(value, **changed)
            except (ArmonicaError, ValueError):
                pass
    return value


class HostileStudio(FakeStudio):
    """An engine in whose machine everything is named to do harm."""

    @property
    def snapshot(self) -> Snapshot:
        """The latest state, every name in it hostile."""
        ports = PortStatus(EVIL_TEXT, "lost", EVIL_TEXT, (EVIL_TEXT, f"2{EVIL_TEXT}"))
        inputs = InputStatus(heard=(EVIL_TEXT,), failed=(EVIL_TEXT,), known=(EVIL_TEXT,))
        found = super().snapshot
        return replace(
            found,
            song=replace(found.song, title=EVIL_TEXT + found.song.title),
            path=f"/songs/{EVIL_TEXT}",
            saved=False,
            port=ports,
            inputs=inputs,
            routed=((EVIL_TEXT, ports),),
            undo=(EVIL_TEXT,),
        )

    def tell(self, event: Event) -> None:
        """Tell an event with hostile words in it."""
        super().tell(event if isinstance(event, Snapshot) else _hostile_event(event))


def _hostile_event(event: Event) -> Event:
    if isinstance(event, GenerationState):
        # Traits and takes stay findable by what the screens send back.
        event = replace(event, takes=tuple(replace(t, title=EVIL_TEXT) for t in event.takes))
        status = replace(event.model, name=EVIL_TEXT, detail=EVIL_TEXT)
        return replace(event, model=status, sound=EVIL_TEXT, silence=EVIL_TEXT)
    if isinstance(event, InfluenceFound):
        # What was asked is what the answer is known by.
        return replace(event, found=hostile(event.found), lack=EVIL_TEXT * bool(event.lack))
    if isinstance(event, MapComputed | SensitivityComputed | TunePreviewed):
        return event
    made: Event = hostile(event)
    return made


def cells(screen: Screen[Any]) -> Iterator[Segment]:
    """Yield all that a screen shows."""
    for strip in strips(screen):
        yield from strip


def check(app: ArmonicaApp) -> None:
    """Look at every cell of all screens that are shown."""
    for screen in app.screen_stack:
        for strip in strips(screen):
            for segment in strip:
                assert segment.text.isprintable(), segment
                assert not (segment.style and segment.style.link), segment
            assert sum(cell_len(segment.text) for segment in strip) == strip.cell_length


async def tell_all(pilot: Pilot[Any], engine: HostileStudio) -> None:
    """Tell of everything that is shown without being asked for."""
    engine.open()
    engine.change(takes=tuple(take(number) for number in (1, 2)))
    engine.grow(60)
    engine.tell(JobProgressed(3, "look", 0.5))
    lines = tuple(MidiLine(each.at, each.way, EVIL_TEXT, each.data, each.late) for each in SESSION)
    engine.tell(MidiTraffic(lines))
    engine.tell(CommandFailed("Title", "message", "remedy"))
    engine.tell(Notice("notice"))
    await pilot.pause()


@pytest.mark.parametrize("place", PLACES)
async def test_every_action_of_a_screen_shows_text_alone(place: Place) -> None:
    engine = HostileStudio()
    app = ArmonicaApp(
        engine, seed=1, recovered=[Kept(f"/kept/{EVIL_TEXT}", 0.0, EVIL_TEXT, EVIL_TEXT)]
    )
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: len(app.screen_stack) > 1)
        check(app)
        await pilot.press("escape")
        app.go(place)
        await tell_all(pilot, engine)
        base = app.screen
        check(app)
        for action in ACTIONS:
            if not action.on(place) or action.id in LEAVES:
                continue
            if place != "compose" and action.on("compose"):
                # The other screens have these done by the compose screen.
                continue
            app.screen_at(place).action_do(action.id)
            await pilot.pause()
            check(app)
            for line in app.screen.query(Input):
                line.value = EVIL_TEXT
            if app.screen is not base:
                await pilot.press("enter")
                check(app)
            for _ in range(4):
                if len(app.screen_stack) > 1:
                    await pilot.press("escape")
            assert len(app.screen_stack) == 1, action
            if app.screen is not base:
                app.go(place)
            await pilot.pause()
        check(app)


async def test_the_names_of_controllers_are_shown_as_text() -> None:
    engine = HostileStudio()
    app = ArmonicaApp(engine, seed=1)
    async with app.run_test(size=(80, 24)) as pilot:
        app.screen_at("compose").action_do("control.list")
        await until(pilot, lambda: isinstance(app.screen, ControllersSheet))
        device = ControllerState("device", "port", "file", note="note")
        engine.tell(ControllersState((device,)))
        await until(pilot, lambda: "ev?[31m" in "".join(s.text for s in cells(app.screen)))
        check(app)


async def test_a_toast_reads_no_markup_and_holds_one_line() -> None:
    engine = HostileStudio()
    app = ArmonicaApp(engine, seed=1)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        engine.tell(Notice("there"))
        await until(pilot, lambda: any("[/][/y]" in each for each in toasts(pilot)))
        await pilot.pause()
        shown = toasts(pilot)
        assert any("ev?[31m?]0;pwn" in each for each in shown)
        assert all(each.isprintable() for each in shown)
        check(app)


def test_the_filter_keeps_every_cell_where_it_is() -> None:
    line = [Segment("a\x1b[31m\u00a0曲\u3000\x9b\u202e\ud800b")]
    (kept,) = PrintableFilter().apply(line, Color(0, 0, 0))
    assert kept.text == "a[31m?曲???b"
    assert cell_len(kept.text) == cell_len(line[0].text)
    fine = [Segment("曲 ♯")]
    assert PrintableFilter().apply(fine, Color(0, 0, 0)) is fine


def test_words_from_outside_are_one_line_without_markup() -> None:
    assert plain(f"{EVIL_TEXT}").plain.startswith("ev?[31m?]0;pwn?")
    assert "[/][/y][@click=app.exit]z[/]" in plain(EVIL_TEXT).plain
    assert "\n" not in plain(EVIL_TEXT).plain


async def test_what_is_typed_into_a_line_cannot_steer_the_terminal() -> None:
    app = ArmonicaApp(HostileStudio(), seed=1)
    async with app.run_test(size=(80, 24)) as pilot:
        app.screen_at("compose").action_do("song.title")
        await until(pilot, lambda: app.screen.query(Input))
        app.screen.query_one(Input).value = f"{EVIL_TEXT}typed"
        await until(pilot, lambda: "typed" in "".join(s.text for s in cells(app.screen)))
        check(app)
