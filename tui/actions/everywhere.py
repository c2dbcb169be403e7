"""Handlers of what can be done on every screen, and of what belongs to the song as a whole."""

from __future__ import annotations

from collections.abc import Callable

from engine.protocol.base import Command
from engine.protocol.comparison import FlipState, KeepState, MarkState
from engine.protocol.edit import MoveSelection, Redo, Undo
from engine.protocol.form import TapTempo
from engine.protocol.switches import Toggle
from engine.protocol.tracks import MoveTrackSelection, Nudge
from engine.protocol.transport import BackToOwnTempo, Panic
from tui.action_tables.action import SCREENS, Place
from tui.actions import controllers, everywhere_dialogs
from tui.actions.host import Host
from tui.actions.registry import Registry
from tui.theme import NAMES

Handler = Callable[[Host], None]

HANDLERS: Registry[Host] = Registry(everywhere_dialogs.HANDLERS)
"""The handlers, by action id."""

HANDLERS["control.learn"] = controllers.learn
HANDLERS["control.list"] = controllers.controllers


def go_by(view: Host, slots: int) -> None:
    """Select the slot so many further on, the nearest there is."""
    view.session.gestures.end()
    view.session.send(MoveSelection(slots))


@HANDLERS.handles("move.next", "move.previous")
def _stay(view: Host) -> None:
    # A screen that has several parts has a handler of its own.
    del view


@HANDLERS.handles("play.toggle")
def _toggle(view: Host) -> None:
    view.session.send(Toggle("play"))


@HANDLERS.handles("play.panic")
def _panic(view: Host) -> None:
    view.session.send(Panic())
    quits = view.keymap.label("app.quit")
    view.app.notify(f"Everything is silenced. {quits} ends Armonica.", timeout=3)


def _tempo(by: float) -> Handler:
    def change(view: Host) -> None:
        view.session.send(Nudge("tempo", by, view.session.gestures.begin("tempo")))

    return change


@HANDLERS.handles("play.tap")
def _tap(view: Host) -> None:
    view.session.gestures.end()
    view.session.send(TapTempo())


HANDLERS["play.faster"] = _tempo(1)
HANDLERS["play.slower"] = _tempo(-1)


@HANDLERS.handles("play.clock")
def _clock(view: Host) -> None:
    def say(command: Command) -> None:
        if command == BackToOwnTempo():
            view.app.notify("The song's own tempo is kept again.", timeout=2)
            return
        key = view.keymap.label("play.clock")
        words = f"The clock of a MIDI input is kept, as soon as one comes. {key} goes back."
        view.app.notify(words, timeout=4)

    view.session.toggle("clock", say)


def _mark(whole: bool) -> Handler:
    def mark(view: Host) -> None:
        session = view.session
        session.gestures.end()
        session.send(MarkState(None if whole else session.slot))
        what = "The song" if whole else f"Measure {session.slot + 1}"
        flip = view.keymap.label("compare.flip")
        view.app.notify(f"{what} as it is now is B; {flip} lets it sound.", timeout=3)

    return mark


HANDLERS["compare.mark"] = _mark(whole=False)
HANDLERS["compare.mark_song"] = _mark(whole=True)


def _compared(command: Command) -> Handler:
    def send(view: Host) -> None:
        view.session.gestures.end()
        view.session.send(command)

    return send


HANDLERS["compare.flip"] = _compared(FlipState())
HANDLERS["compare.keep"] = _compared(KeepState())


def _screen(place: Place) -> Handler:
    def go(view: Host) -> None:
        view.go(place)

    return go


for _place in SCREENS:
    HANDLERS[f"app.{_place}"] = _screen(_place)


def _track(by: int) -> Handler:
    def go(view: Host) -> None:
        view.session.gestures.end()
        view.session.send(MoveTrackSelection(by))

    return go


HANDLERS["track.above"], HANDLERS["track.below"] = _track(-1), _track(1)


def undo(view: Host) -> None:
    """Undo the last step."""
    view.session.gestures.end()
    view.session.send(Undo())


def redo(view: Host) -> None:
    """Do again what was undone last."""
    view.session.gestures.end()
    view.session.send(Redo())


@HANDLERS.handles("app.palette")
def _palette(view: Host) -> None:
    view.app.action_command_palette()


@HANDLERS.handles("app.theme")
def _theme(view: Host) -> None:
    at = NAMES.index(view.app.theme) if view.app.theme in NAMES else 0
    view.app.theme = NAMES[(at + 1) % len(NAMES)]
