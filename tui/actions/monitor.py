"""What each action of the monitor screen does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tui.actions.host import MonitorView
from tui.dialogs.form import Field, Form
from tui.dialogs.help import Help
from tui.view_models.midi_log import KINDS, WAYS, Filter

Deed = Callable[[MonitorView], None]

DEEDS: dict[str, Deed] = {}
"""What is done, by action id."""


def deed(action: str) -> Callable[[Deed], Deed]:
    """Enters a function as what an action does."""

    def enter(function: Deed) -> Deed:
        DEEDS[action] = function
        return function

    return enter


# What is to be seen


def _toggle(number: int) -> Deed:
    def toggle(screen: MonitorView) -> None:
        screen.look(screen.through.toggled(KINDS[number]))

    return toggle


for _number in range(len(KINDS)):
    DEEDS[f"monitor.{_number + 1}"] = _toggle(_number)


@deed("monitor.way")
def _way(screen: MonitorView) -> None:
    at = WAYS.index(screen.through.way)
    screen.look(replace(screen.through, way=WAYS[(at + 1) % len(WAYS)]))


def _channel(by: int) -> Deed:
    def change(screen: MonitorView) -> None:
        at = ((screen.through.channel or 0) + by) % 17
        screen.look(replace(screen.through, channel=at or None))

    return change


DEEDS["monitor.channel_less"] = _channel(-1)
DEEDS["monitor.channel_more"] = _channel(1)


@deed("monitor.words")
def _words(screen: MonitorView) -> None:
    hint = "Part of a port's name, of the words, or of the bytes; nothing shows all."
    field = Field("lines with", screen.through.words, str.strip, hint)

    def take(values: tuple[Any, ...] | None) -> None:
        if values is not None:
            screen.look(replace(screen.through, words=values[0]))

    screen.app.push_screen(Form("Which messages", [field]), take)


@deed("monitor.everything")
def _everything(screen: MonitorView) -> None:
    screen.look(Filter())


# Going about


@deed("monitor.hold")
def _hold(screen: MonitorView) -> None:
    screen.hold(screen.passed.newest if screen.foot is None else None)


@deed("monitor.newest")
def _newest(screen: MonitorView) -> None:
    screen.hold(None)


@deed("monitor.clear")
def _clear(screen: MonitorView) -> None:
    screen.clear()


def _roll(by: int) -> Deed:
    def roll(screen: MonitorView) -> None:
        screen.roll(by)

    return roll


def _page(by: int) -> Deed:
    def page(screen: MonitorView) -> None:
        screen.roll(by * max(1, screen.room - 1))

    return page


DEEDS["monitor.up"] = _roll(-1)
DEEDS["monitor.down"] = _roll(1)
DEEDS["monitor.page_up"] = _page(-1)
DEEDS["monitor.page_down"] = _page(1)


@deed("move.next")
@deed("move.previous")
def _stay(screen: MonitorView) -> None:
    # There is one part only.
    del screen


@deed("app.help")
def _help(screen: MonitorView) -> None:
    screen.app.push_screen(Help(screen.keymap, "monitor"))
