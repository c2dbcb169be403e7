"""What is done about playing on a MIDI keyboard, and about a measure's neighbours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

from engine.config import channels
from engine.errors import OutOfRange
from engine.latent.variation import MOST_BETWEEN
from engine.protocol.base import Command
from engine.protocol.devices import SetThru
from engine.protocol.edit import Interpolate
from engine.protocol.phrase import ProposeMeasures
from engine.protocol.snapshot import MOST_COUNT_IN, MOST_LATENCY, Click, ClickSound, RecordMode
from engine.protocol.transport import CaptureLast, Record, SetRecord
from tui.actions.host import ComposeView, Host
from tui.actions.registry import Registry
from tui.dialogs.form import Field, Form, number, whole
from tui.view_models.variation import REACH, Variation

CLICKS: dict[str, Click] = {each: each for each in get_args(Click)}
SOUNDS: dict[str, ClickSound] = {each: each for each in get_args(ClickSound)}


def _record(mode: RecordMode) -> Callable[[ComposeView], None]:
    def record(view: ComposeView) -> None:
        def say(command: Command) -> None:
            if isinstance(command, Record) and view.session.shown.inputs.wanted == ():
                words = "No MIDI input is heard: the setting inputs says so."
                view.app.notify(words, severity="warning")

        view.session.gestures.end()
        view.session.toggle(mode, say)

    return record


def _capture(view: ComposeView) -> None:
    view.session.gestures.end()
    view.session.send(CaptureLast(view.session.slot))


def _thru(view: ComposeView) -> None:
    def say(command: Command) -> None:
        on = isinstance(command, SetThru) and command.on
        state = "goes on to the instrument" if on else "stays here"
        view.app.notify(f"What is played {state}.", timeout=2)

    view.session.toggle("thru", say)


def _how(view: ComposeView) -> None:
    record, inputs = view.session.shown.record, view.session.shown.inputs
    fields = [
        Field(
            "strength",
            f"{record.strength:g}",
            number(0, 1, "A strength"),
            "0: as it was played; 1: on the grid.",
        ),
        Field(
            "count-in",
            str(record.count_in),
            whole(0, MOST_COUNT_IN, "A count-in"),
            f"0 to {MOST_COUNT_IN} measures.",
        ),
        Field("click", record.click, _click, "recording, count-in or never."),
        Field("click sound", record.sound, _sound, "wood block (channel 10) or high note."),
        Field(
            "latency",
            f"{record.latency:g}",
            number(0, MOST_LATENCY, "A latency"),
            "How late a key is heard, in milliseconds.",
        ),
        Field(
            "channels",
            " ".join(str(channel + 1) for channel in inputs.only) or "all",
            channels,
            "1 to 16 with spaces between, or all.",
        ),
    ]

    def apply(values: tuple[Any, ...] | None) -> None:
        if values is not None:
            strength, count_in, click, sound, latency, only = values
            view.session.send(SetRecord(strength, latency, click, count_in, sound))
            view.session.send(SetThru(view.session.shown.inputs.thru, only))

    view.app.push_screen(Form("How playing is recorded", fields), apply)


def _click(text: str) -> Click:
    if text not in CLICKS:
        raise OutOfRange(f"Beats are struck {', '.join(CLICKS)}, and not {text!r}.")
    return CLICKS[text]


def _sound(text: str) -> ClickSound:
    if text not in SOUNDS:
        raise OutOfRange(f"Beats are struck by a {' or a '.join(SOUNDS)}, and not {text!r}.")
    return SOUNDS[text]


def _vary(view: ComposeView) -> None:
    session = view.session
    session.gestures.end()
    seed = session.draws.getrandbits(31)
    session.send(session.variation.command(session.shown, session.gauge, seed))


def _propose(view: ComposeView) -> None:
    view.session.gestures.end()
    seed = view.session.draws.getrandbits(31)
    view.session.send(ProposeMeasures(view.session.slot, seed))


def say_variation(change: Callable[[Variation], str]) -> Callable[[Host], None]:
    """Return a handler that changes what varying does, and says what that is now."""

    def handle(view: Host) -> None:
        view.app.clear_notifications()
        view.app.notify(change(view.session.variation), timeout=2)

    return handle


def _between(view: ComposeView) -> None:
    slots, here = view.session.shown.row.slots, view.session.slot
    later = (at for at, slot in enumerate(slots) if at > here and not slot.empty)
    copied = view.session.copied
    same = copied is not None and copied[0] == view.session.shown.track
    target = next(later, copied[1] if copied is not None and same else here)
    fields = [
        Field(
            "to measure",
            str(target + 1),
            whole(1, len(slots), "A measure"),
            f"From measure {here + 1} to another.",
        ),
        Field(
            "how many",
            "3",
            whole(1, MOST_BETWEEN, "A number of measures"),
            f"1 to {MOST_BETWEEN}; they come after measure {here + 1}.",
        ),
    ]

    def apply(values: tuple[Any, ...] | None) -> None:
        if values is not None:
            view.session.gestures.end()
            view.session.send(Interpolate(here, values[0] - 1, values[1]))

    view.app.push_screen(Form("Measures in between", fields), apply)


HANDLERS: Registry[ComposeView] = Registry(
    {
        "keys.record": _record("replace"),
        "keys.overdub": _record("overdub"),
        "keys.capture": _capture,
        "keys.how": _how,
        "keys.thru": _thru,
        "measure.vary": _vary,
        "measure.propose": _propose,
        "measure.vary_less": say_variation(lambda variation: variation.reaches(-REACH)),
        "measure.vary_more": say_variation(lambda variation: variation.reaches(REACH)),
        "measure.vary_what": say_variation(Variation.next_scope),
        "measure.vary_where": say_variation(Variation.turn_section),
        "measure.between": _between,
    }
)
"""The handlers, by action id."""
