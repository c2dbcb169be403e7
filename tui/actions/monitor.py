"""What each action of the monitor screen does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tui.actions import everywhere
from tui.actions.host import MonitorView
from tui.actions.registry import Registry
from tui.dialogs.form import Field, Form
from tui.view_models.midi_log import KINDS, WAYS, Filter

Handler = Callable[[MonitorView], None]

HANDLERS: Registry[MonitorView] = Registry(everywhere.HANDLERS)
"""The handlers, by action id."""


# What is to be seen


def _toggle(number: int) -> Handler:
    def toggle(view: MonitorView) -> None:
        view.look(view.through.toggled(KINDS[number]))

    return toggle


for _number in range(len(KINDS)):
    HANDLERS[f"monitor.{_number + 1}"] = _toggle(_number)


@HANDLERS.handles("monitor.way")
def _way(view: MonitorView) -> None:
    at = WAYS.index(view.through.way)
    view.look(replace(view.through, way=WAYS[(at + 1) % len(WAYS)]))


def _channel(by: int) -> Handler:
    def change(view: MonitorView) -> None:
        at = ((view.through.channel or 0) + by) % 17
        view.look(replace(view.through, channel=at or None))

    return change


HANDLERS["monitor.channel_less"] = _channel(-1)
HANDLERS["monitor.channel_more"] = _channel(1)


@HANDLERS.handles("monitor.words")
def _words(view: MonitorView) -> None:
    hint = "Part of a port's name, of the words, or of the bytes; nothing shows all."
    field = Field("lines with", view.through.words, str.strip, hint)

    def apply(values: tuple[Any, ...] | None) -> None:
        if values is not None:
            view.look(replace(view.through, words=values[0]))

    view.app.push_screen(Form("Which messages", [field]), apply)


@HANDLERS.handles("monitor.everything")
def _everything(view: MonitorView) -> None:
    view.look(Filter())


# Going about


@HANDLERS.handles("monitor.hold")
def _hold(view: MonitorView) -> None:
    view.hold(view.passed.newest if view.foot is None else None)


@HANDLERS.handles("monitor.newest")
def _newest(view: MonitorView) -> None:
    view.hold(None)


@HANDLERS.handles("monitor.clear")
def _clear(view: MonitorView) -> None:
    view.clear()


def _roll(by: int) -> Handler:
    def roll(view: MonitorView) -> None:
        view.roll(by)

    return roll


def _page(by: int) -> Handler:
    def page(view: MonitorView) -> None:
        view.roll(by * max(1, view.room - 1))

    return page


HANDLERS["monitor.up"] = _roll(-1)
HANDLERS["monitor.down"] = _roll(1)
HANDLERS["monitor.page_up"] = _page(-1)
HANDLERS["monitor.page_down"] = _page(1)
