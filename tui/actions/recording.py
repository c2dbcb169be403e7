"""What is done about playing on a MIDI keyboard, and about a measure's neighbours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

from engine.config import channels
from engine.errors import OutOfRange
from engine.latent.variation import FARTHEST, MOST_BETWEEN
from engine.protocol.devices import SetThru
from engine.protocol.edit import Interpolate, Vary
from engine.protocol.snapshot import MOST_COUNT_IN, MOST_LATENCY, Click, ClickSound, RecordMode
from engine.protocol.transport import CaptureLast, EndRecording, Record, SetRecord
from tui.actions.host import ComposeView
from tui.dialogs.form import Field, Form, number, whole

REACH = 0.5
"""By how much a key makes varying go farther or less far, in standard deviations."""

CLICKS: dict[str, Click] = {each: each for each in get_args(Click)}
SOUNDS: dict[str, ClickSound] = {each: each for each in get_args(ClickSound)}


def _record(mode: RecordMode) -> Callable[[ComposeView], None]:
    def record(screen: ComposeView) -> None:
        screen.gestures.end()
        if screen.shown.recording is not None:
            screen.send(EndRecording())
            return
        if screen.shown.inputs.wanted == ():
            words = "No MIDI input is heard: the setting inputs says so."
            screen.app.notify(words, severity="warning")
        screen.send(Record(mode, screen.slot))

    return record


def _capture(screen: ComposeView) -> None:
    screen.gestures.end()
    screen.send(CaptureLast(screen.slot))


def _thru(screen: ComposeView) -> None:
    inputs = screen.shown.inputs
    screen.send(SetThru(not inputs.thru, inputs.only))
    state = "stays here" if inputs.thru else "goes on to the instrument"
    screen.app.notify(f"What is played {state}.", timeout=2)


def _how(screen: ComposeView) -> None:
    record, inputs = screen.shown.record, screen.shown.inputs
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

    def take(values: tuple[Any, ...] | None) -> None:
        if values is not None:
            strength, count_in, click, sound, latency, only = values
            screen.send(SetRecord(strength, latency, click, count_in, sound))
            screen.send(SetThru(screen.shown.inputs.thru, only))

    screen.app.push_screen(Form("How playing is recorded", fields), take)


def _click(text: str) -> Click:
    if text not in CLICKS:
        raise OutOfRange(f"Beats are struck {', '.join(CLICKS)}, and not {text!r}.")
    return CLICKS[text]


def _sound(text: str) -> ClickSound:
    if text not in SOUNDS:
        raise OutOfRange(f"Beats are struck by a {' or a '.join(SOUNDS)}, and not {text!r}.")
    return SOUNDS[text]


def _vary(screen: ComposeView) -> None:
    screen.gestures.end()
    screen.send(Vary(screen.slot, screen.reach, screen.draws.getrandbits(31)))


def _reach(by: float) -> Callable[[ComposeView], None]:
    def change(screen: ComposeView) -> None:
        screen.reach = max(REACH, min(FARTHEST, screen.reach + by))
        screen.app.clear_notifications()
        screen.app.notify(f"Varying goes {screen.reach:g} standard deviations.", timeout=2)

    return change


def _between(screen: ComposeView) -> None:
    slots, here = screen.shown.song.slots, screen.slot
    later = (at for at, slot in enumerate(slots) if at > here and not slot.empty)
    target = next(later, screen.copied if screen.copied is not None else here)
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

    def take(values: tuple[Any, ...] | None) -> None:
        if values is not None:
            screen.gestures.end()
            screen.send(Interpolate(here, values[0] - 1, values[1]))

    screen.app.push_screen(Form("Measures in between", fields), take)


DEEDS: dict[str, Callable[[ComposeView], None]] = {
    "keys.record": _record("replace"),
    "keys.overdub": _record("overdub"),
    "keys.capture": _capture,
    "keys.how": _how,
    "keys.thru": _thru,
    "measure.vary": _vary,
    "measure.vary_less": _reach(-REACH),
    "measure.vary_more": _reach(REACH),
    "measure.between": _between,
}
