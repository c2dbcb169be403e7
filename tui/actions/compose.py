"""What each action of the table does at once, without asking anything."""

from __future__ import annotations

from collections.abc import Callable

from engine.music.attributes import ATTRIBUTES
from engine.protocol.base import Command
from engine.protocol.edit import (
    GAUGE_STEPS,
    MoveLatent,
    Randomise,
    ResetLatent,
    SelectSlot,
    SetLatent,
)
from engine.protocol.switches import Toggle
from engine.protocol.transport import SetAudition, SetEditTiming
from tui.actions import compose_dialogs, everywhere, measures, recording
from tui.actions.host import ComposeView
from tui.actions.registry import Registry
from tui.view_models import gauges

Handler = Callable[[ComposeView], None]

STEP, COARSE, FINE = GAUGE_STEPS

HANDLERS: Registry[ComposeView] = Registry(
    everywhere.HANDLERS | compose_dialogs.HANDLERS | recording.HANDLERS
)
"""The handlers, by action id."""


# Gauges


def set_gauge(view: ComposeView, index: int, value: float, hand: str) -> None:
    """Move a gauge to a value; moves by one ``hand`` that follow each other are one gesture."""
    if _model(view):
        slot = view.session.slot
        gesture = view.session.gestures.begin((hand, slot, index))
        view.session.send(SetLatent(slot, index, value, gesture))


def step_gauge(view: ComposeView, index: int, by: float, hand: str) -> None:
    """Move a gauge of the selected slot by so much from where it stands."""
    if _model(view):
        slot = view.session.slot
        gesture = view.session.gestures.begin((hand, slot, index))
        view.session.send(MoveLatent(slot, index, by, gesture))


def roll_gauge(view: ComposeView, index: int, steps: int) -> None:
    """Move a gauge by the wheel."""
    step_gauge(view, index, steps * STEP / 2, "wheel")


def _model(view: ComposeView) -> bool:
    # What is asked before the model is there is kept; where none will be, that is said.
    model = view.session.shown.model
    if model.state == "failed":
        view.app.notify(model.detail, title="No model", severity="error")
    return model.state != "failed"


def _move(dx: int, dy: int, size: float) -> Handler:
    def move(view: ComposeView) -> None:
        coarse = size == COARSE
        match view.held:
            case "map":
                view.map.action_move(dx, dy, coarse)
            case "strip" if dx:
                everywhere.go_by(view, dx * (4 if coarse else 1))
            case "strip":
                view.hold("gauges")
            case _ if dx:
                step_gauge(view, view.session.gauge, dx * size, "key")
            case _:
                view.session.gestures.end()
                view.choose(view.session.gauge - dy * (4 if coarse else 1))

    return move


for _name, _dx, _dy in (("left", -1, 0), ("right", 1, 0), ("up", 0, 1), ("down", 0, -1)):
    HANDLERS[f"move.{_name}"] = _move(_dx, _dy, STEP)
    HANDLERS[f"move.{_name}_coarse"] = _move(_dx, _dy, COARSE)
    if _dx:
        HANDLERS[f"move.{_name}_fine"] = _move(_dx, _dy, FINE)


def _tab(by: int) -> Handler:
    def tab(view: ComposeView) -> None:
        parts = [part for part in ("gauges", "bank", "map", "strip") if view.visible_part(part)]
        at = parts.index(view.held) if view.held in parts else 0
        view.hold(parts[(at + by) % len(parts)])

    return tab


HANDLERS["move.next"] = _tab(1)
HANDLERS["move.previous"] = _tab(-1)
HANDLERS["move.gauges"] = lambda view: view.hold("gauges")
HANDLERS["move.map"] = lambda view: view.hold("map")
HANDLERS["move.strip"] = lambda view: view.hold("strip")


def _page(by: int) -> Handler:
    def page(view: ComposeView) -> None:
        count = len(gauges.dimensions(view.session.shown)) - gauges.NAMED
        size = view.bank_page_size()
        pages = -(-count // size)
        # Page 0 is the named gauges, with the map where there is room for one only.
        at = (
            0
            if view.session.gauge < gauges.NAMED
            else 1 + (view.session.gauge - gauges.NAMED) // size
        )
        to = (at + by) % (pages + 1)
        view.choose(0 if to == 0 else gauges.NAMED + (to - 1) * size)

    return page


HANDLERS["move.page_next"] = _page(1)
HANDLERS["move.page_previous"] = _page(-1)


@HANDLERS.handles("gauge.reset")
def _reset(view: ComposeView) -> None:
    view.session.gestures.end()
    view.session.send(ResetLatent(view.session.slot, view.session.gauge))


@HANDLERS.handles("gauge.lock")
def _lock(view: ComposeView) -> None:
    view.session.send(Toggle("lock", view.session.gauge))


# Measures


def _go(number: int) -> Handler:
    def go(view: ComposeView) -> None:
        if number <= view.session.shown.song.length:
            view.session.gestures.end()
            view.session.send(SelectSlot(number - 1))
        else:
            view.app.notify(f"There is no measure {number}.", timeout=2)

    return go


for _number in range(1, 10):
    HANDLERS[f"measure.{_number}"] = _go(_number)
HANDLERS["measure.earlier"] = lambda view: everywhere.go_by(view, -1)
HANDLERS["measure.later"] = lambda view: everywhere.go_by(view, 1)


@HANDLERS.handles("measure.randomise")
def _randomise(view: ComposeView) -> None:
    if _model(view):
        view.session.gestures.end()
        view.session.send(
            Randomise(view.session.slot, view.amount, view.session.draws.getrandbits(31))
        )


def _amount(by: float) -> Handler:
    def change(view: ComposeView) -> None:
        view.amount = round(max(0.1, min(1.0, view.amount + by)), 1)
        view.draw()
        # A held key makes one toast, not a pile of them.
        view.app.clear_notifications()
        words = f"Randomising goes {view.amount:.0%} of the way to a random measure."
        view.app.notify(words, timeout=2)

    return change


HANDLERS["measure.amount_less"] = _amount(-0.1)
HANDLERS["measure.amount_more"] = _amount(0.1)


@HANDLERS.handles("measure.original")
def _original(view: ComposeView) -> None:
    view.session.send(ResetLatent(view.session.slot, None))


HANDLERS.update(measures.handlers("measure"))


# The map


def _axis(which: int) -> Handler:
    def put(view: ComposeView) -> None:
        axes = list(view.axes)
        if axes[1 - which] == view.session.gauge:
            axes[1 - which] = axes[which]
        axes[which] = view.session.gauge
        view.axes = (axes[0], axes[1])
        view.draw()

    return put


HANDLERS["map.x"] = _axis(0)
HANDLERS["map.y"] = _axis(1)


@HANDLERS.handles("map.attribute")
def _attribute(view: ComposeView) -> None:
    view.attribute = (view.attribute + 1) % len(ATTRIBUTES)
    view.draw()


@HANDLERS.handles("map.density")
def _density(view: ComposeView) -> None:
    view.map.action_occupancy()


@HANDLERS.handles("map.cells")
def _cells(view: ComposeView) -> None:
    view.map.action_cells()


@HANDLERS.handles("map.matrix")
def _matrix(view: ComposeView) -> None:
    view.matrix = not view.matrix or not view.visible_part("matrix")
    if view.session.gauge >= gauges.NAMED:
        view.session.gauge = 0
    view.lay_out()
    if not view.visible_part(view.held) or view.held == "bank":
        view.hold("gauges")
    view.draw()


# Playing


@HANDLERS.handles("play.timing")
def _timing(view: ComposeView) -> None:
    def say(command: Command) -> None:
        when = "at once" if command == SetEditTiming("now") else "at the next beat"
        view.app.notify(f"Edits are heard {when}.", timeout=2)

    view.session.toggle("timing", say)


@HANDLERS.handles("play.audition")
def _audition(view: ComposeView) -> None:
    def say(command: Command) -> None:
        state = "are heard" if command == SetAudition(True) else "stay silent"
        view.app.notify(f"Edits {state} while the loop rests.", timeout=2)

    view.session.toggle("audition", say)


# The song

HANDLERS["song.undo"] = everywhere.undo
HANDLERS["song.redo"] = everywhere.redo
