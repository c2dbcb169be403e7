"""What each action of the table does at once, without asking anything."""

from __future__ import annotations

import math
from collections.abc import Callable

from engine.latent.spec import LIMIT
from engine.music.attributes import ATTRIBUTES
from engine.music.song import FASTEST, SLOWEST
from engine.protocol.edit import (
    ClearSlot,
    CopySlot,
    InsertSlot,
    LockDimension,
    MoveLatent,
    Randomise,
    Redo,
    RemoveSlot,
    ResetLatent,
    SelectSlot,
    SetLatent,
    SetTempo,
    Undo,
)
from engine.protocol.transport import (
    Audition,
    BackToOwnTempo,
    FollowClock,
    Panic,
    Play,
    SetAudition,
    SetEditTiming,
    Stop,
)
from tui.action_table import Place
from tui.actions import compose_dialogs, controllers, recording
from tui.actions.host import ComposeView
from tui.view_models import gauges

Deed = Callable[[ComposeView], None]

STEP, COARSE, FINE = 0.25, 1.0, 0.05
"""How far a gauge goes at a press of a key."""

DEEDS: dict[str, Deed] = compose_dialogs.DEEDS | recording.DEEDS
"""What is done, by action id."""


def deed(action: str) -> Callable[[Deed], Deed]:
    """Enters a function as what an action does."""

    def enter(function: Deed) -> Deed:
        DEEDS[action] = function
        return function

    return enter


# Gauges


def set_gauge(screen: ComposeView, index: int, value: float, hand: str) -> None:
    """Moves a gauge to a value; moves by one ``hand`` that follow each other are one gesture."""
    if not _model(screen):
        return
    target = (hand, screen.slot, index)
    gesture = screen.gestures.begin(target)
    value = screen.gestures.ask(target, _within(value))
    screen.send(SetLatent(screen.slot, index, value, gesture))


def step_gauge(screen: ComposeView, index: int, by: float, hand: str) -> None:
    """Moves a gauge of the selected slot from where it is asked to stand.

    While the model loads the engine is asked to move it by as much: it will know from where.
    """
    if not _model(screen):
        return
    slot = screen.slot
    latent, spec = screen.shown.song.slots[slot].latent, screen.shown.model.spec
    target = (hand, slot, index)
    gesture = screen.gestures.begin(target)
    # What is shown has not met what waits; and what began so goes on so, as it may lag behind.
    if screen.shown.model.state == "loading":
        here = math.nan
    else:
        latent = latent or (spec.origin if spec is not None else ())
        here = latent[index] if index < len(latent) else 0.0
    here = screen.gestures.asked(target, here)
    if math.isnan(here):
        screen.gestures.ask(target, here)
        screen.send(MoveLatent(slot, index, by, gesture))
        return
    value = screen.gestures.ask(target, _within(here + by))
    screen.send(SetLatent(slot, index, value, gesture))


def roll_gauge(screen: ComposeView, index: int, steps: int) -> None:
    """Moves a gauge by the wheel."""
    step_gauge(screen, index, steps * STEP / 2, "wheel")


def _within(value: float) -> float:
    return round(max(-LIMIT, min(LIMIT, value)), 4)


def _model(screen: ComposeView) -> bool:
    # What is asked before the model is there is kept; where none will be, that is said.
    model = screen.shown.model
    if model.state == "failed":
        screen.app.notify(model.detail, title="No model", severity="error")
    return model.state != "failed"


def _move(dx: int, dy: int, size: float) -> Deed:
    def move(screen: ComposeView) -> None:
        coarse = size == COARSE
        match screen.held:
            case "map":
                screen.map.action_move(dx, dy, coarse)
            case "strip" if dx:
                go_to(screen, screen.slot + dx * (4 if coarse else 1))
            case "strip":
                screen.hold("gauges")
            case _ if dx:
                step_gauge(screen, screen.chosen, dx * size, "key")
            case _:
                screen.gestures.end()
                screen.choose(screen.chosen - dy * (4 if coarse else 1))

    return move


for _name, _dx, _dy in (("left", -1, 0), ("right", 1, 0), ("up", 0, 1), ("down", 0, -1)):
    DEEDS[f"move.{_name}"] = _move(_dx, _dy, STEP)
    DEEDS[f"move.{_name}_coarse"] = _move(_dx, _dy, COARSE)
    if _dx:
        DEEDS[f"move.{_name}_fine"] = _move(_dx, _dy, FINE)


def _tab(by: int) -> Deed:
    def tab(screen: ComposeView) -> None:
        parts = [part for part in ("gauges", "bank", "map", "strip") if screen.visible_part(part)]
        at = parts.index(screen.held) if screen.held in parts else 0
        screen.hold(parts[(at + by) % len(parts)])

    return tab


DEEDS["move.next"] = _tab(1)
DEEDS["move.previous"] = _tab(-1)
DEEDS["move.gauges"] = lambda screen: screen.hold("gauges")
DEEDS["move.map"] = lambda screen: screen.hold("map")
DEEDS["move.strip"] = lambda screen: screen.hold("strip")


def _page(by: int) -> Deed:
    def page(screen: ComposeView) -> None:
        count = len(gauges.dimensions(screen.shown)) - gauges.NAMED
        size = screen.bank_page_size()
        pages = -(-count // size)
        # Page 0 is the named gauges, with the map where there is room for one only.
        at = 0 if screen.chosen < gauges.NAMED else 1 + (screen.chosen - gauges.NAMED) // size
        to = (at + by) % (pages + 1)
        screen.choose(0 if to == 0 else gauges.NAMED + (to - 1) * size)

    return page


DEEDS["move.page_next"] = _page(1)
DEEDS["move.page_previous"] = _page(-1)


@deed("gauge.reset")
def _reset(screen: ComposeView) -> None:
    screen.gestures.end()
    screen.send(ResetLatent(screen.slot, screen.chosen))


@deed("gauge.lock")
def _lock(screen: ComposeView) -> None:
    screen.send(LockDimension(screen.chosen, screen.chosen not in screen.shown.locks))


# Measures


def go_to(screen: ComposeView, slot: int) -> None:
    """Selects a slot, the nearest there is."""
    screen.gestures.end()
    screen.send(SelectSlot(max(0, min(len(screen.shown.song.slots) - 1, slot))))


def _go(number: int) -> Deed:
    def go(screen: ComposeView) -> None:
        if number <= len(screen.shown.song.slots):
            go_to(screen, number - 1)
        else:
            screen.app.notify(f"There is no measure {number}.", timeout=2)

    return go


for _number in range(1, 10):
    DEEDS[f"measure.{_number}"] = _go(_number)
DEEDS["measure.earlier"] = lambda screen: go_to(screen, screen.slot - 1)
DEEDS["measure.later"] = lambda screen: go_to(screen, screen.slot + 1)


@deed("measure.randomise")
def _randomise(screen: ComposeView) -> None:
    if _model(screen):
        screen.gestures.end()
        screen.send(Randomise(screen.slot, screen.amount, screen.draws.getrandbits(31)))


def _amount(by: float) -> Deed:
    def change(screen: ComposeView) -> None:
        screen.amount = round(max(0.1, min(1.0, screen.amount + by)), 1)
        screen.draw()
        # A held key makes one toast, not a pile of them.
        screen.app.clear_notifications()
        words = f"Randomising goes {screen.amount:.0%} of the way to a random measure."
        screen.app.notify(words, timeout=2)

    return change


DEEDS["measure.amount_less"] = _amount(-0.1)
DEEDS["measure.amount_more"] = _amount(0.1)


@deed("measure.original")
def _original(screen: ComposeView) -> None:
    screen.send(ResetLatent(screen.slot, None))


@deed("measure.copy")
def _copy(screen: ComposeView) -> None:
    screen.copied = screen.slot
    key = screen.keymap.label("measure.paste")
    screen.app.notify(f"Measure {screen.slot + 1} is copied; {key} puts it elsewhere.", timeout=2)


@deed("measure.paste")
def _paste(screen: ComposeView) -> None:
    if screen.copied is None:
        key = screen.keymap.label("measure.copy")
        screen.app.notify(f"Nothing is copied yet; {key} copies a measure.", timeout=3)
    elif screen.copied != screen.slot:
        screen.send(CopySlot(screen.copied, screen.slot))


@deed("measure.clear")
def _clear(screen: ComposeView) -> None:
    screen.send(ClearSlot(screen.slot))


@deed("measure.insert")
def _insert(screen: ComposeView) -> None:
    if screen.copied is not None and screen.copied >= screen.slot:
        screen.copied += 1
    screen.send(InsertSlot(screen.slot))


@deed("measure.remove")
def _remove(screen: ComposeView) -> None:
    if screen.copied == screen.slot:
        screen.copied = None
    elif screen.copied is not None and screen.copied > screen.slot:
        screen.copied -= 1
    screen.send(RemoveSlot(screen.slot))


@deed("measure.audition")
def _hear(screen: ComposeView) -> None:
    screen.send(Audition(screen.slot))


# The map


def _axis(which: int) -> Deed:
    def put(screen: ComposeView) -> None:
        axes = list(screen.axes)
        if axes[1 - which] == screen.chosen:
            axes[1 - which] = axes[which]
        axes[which] = screen.chosen
        screen.axes = (axes[0], axes[1])
        screen.draw()

    return put


DEEDS["map.x"] = _axis(0)
DEEDS["map.y"] = _axis(1)


@deed("map.attribute")
def _attribute(screen: ComposeView) -> None:
    screen.attribute = (screen.attribute + 1) % len(ATTRIBUTES)
    screen.draw()


@deed("map.density")
def _density(screen: ComposeView) -> None:
    screen.map.action_occupancy()


@deed("map.cells")
def _cells(screen: ComposeView) -> None:
    screen.map.action_cells()


@deed("map.matrix")
def _matrix(screen: ComposeView) -> None:
    screen.matrix = not screen.matrix or not screen.visible_part("matrix")
    if screen.chosen >= gauges.NAMED:
        screen.chosen = 0
    screen.lay_out()
    if not screen.visible_part(screen.held) or screen.held == "bank":
        screen.hold("gauges")
    screen.draw()


# Playing


@deed("play.toggle")
def _toggle(screen: ComposeView) -> None:
    screen.send(Stop() if screen.shown.playing else Play())


@deed("play.panic")
def _panic(screen: ComposeView) -> None:
    screen.send(Panic())
    quits = screen.keymap.label("app.quit")
    screen.app.notify(f"Everything is silenced. {quits} ends Armonica.", timeout=3)


def _tempo(by: float) -> Deed:
    def change(screen: ComposeView) -> None:
        gesture = screen.gestures.begin("tempo")
        tempo = screen.gestures.asked("tempo", screen.shown.song.tempo) + by
        tempo = screen.gestures.ask("tempo", max(SLOWEST, min(FASTEST, tempo)))
        screen.send(SetTempo(tempo, gesture))

    return change


DEEDS["play.faster"] = _tempo(1)
DEEDS["play.slower"] = _tempo(-1)


@deed("play.clock")
def _clock(screen: ComposeView) -> None:
    if screen.shown.clock.follow is not None:
        screen.send(BackToOwnTempo())
        screen.app.notify("The song's own tempo is kept again.", timeout=2)
        return
    screen.send(FollowClock())
    key = screen.keymap.label("play.clock")
    words = f"The clock of a MIDI input is kept, as soon as one comes. {key} goes back."
    screen.app.notify(words, timeout=4)


@deed("play.timing")
def _timing(screen: ComposeView) -> None:
    now = screen.shown.timing != "now"
    screen.send(SetEditTiming("now" if now else "beat"))
    screen.app.notify(f"Edits are heard {'at once' if now else 'at the next beat'}.", timeout=2)


@deed("play.audition")
def _audition(screen: ComposeView) -> None:
    on = not screen.shown.audition
    screen.send(SetAudition(on))
    state = "are heard" if on else "stay silent"
    screen.app.notify(f"Edits {state} while the loop rests.", timeout=2)


# Controllers

DEEDS["control.learn"] = controllers.learn
DEEDS["control.list"] = controllers.controllers


# Song and program


def _screen(place: Place) -> Deed:
    def go(screen: ComposeView) -> None:
        screen.go(place)

    return go


DEEDS["app.compose"] = _screen("compose")
DEEDS["app.steer"] = _screen("steer")
DEEDS["app.influence"] = _screen("influence")
DEEDS["app.monitor"] = _screen("monitor")


@deed("song.undo")
def _undo(screen: ComposeView) -> None:
    screen.gestures.end()
    screen.send(Undo())


@deed("song.redo")
def _redo(screen: ComposeView) -> None:
    screen.gestures.end()
    screen.send(Redo())


@deed("app.palette")
def _palette(screen: ComposeView) -> None:
    screen.app.action_command_palette()


@deed("app.theme")
def _theme(screen: ComposeView) -> None:
    from tui.theme import NAMES

    at = NAMES.index(screen.app.theme) if screen.app.theme in NAMES else 0
    screen.app.theme = NAMES[(at + 1) % len(NAMES)]
