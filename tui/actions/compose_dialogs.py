"""Handlers of the compose screen that have to ask something first."""

from __future__ import annotations

from typing import Any

from engine.latent.spec import LIMIT
from engine.protocol.edit import SetLatent, SetTitle
from engine.protocol.files import ExportMidi, LoadTune
from engine.protocol.snapshot import Snapshot
from tui.actions.everywhere_dialogs import ask, ask_path
from tui.actions.host import ComposeView
from tui.actions.registry import Registry
from tui.dialogs.form import Field, Form, number, words
from tui.dialogs.midi_import import Importer
from tui.dialogs.open_song import Opener
from tui.dialogs.parameters import DialSheet
from tui.dialogs.tune_browser import Browser, TuneExcerpt
from tui.view_models import gauges
from tui.view_models.parameters import (
    Dial,
    modulation_dials,
    modulation_words,
)


def _type_value(view: ComposeView) -> None:
    index, slot = view.session.gauge, view.session.slot
    gauge = gauges.gauges(view.session.shown)[index]
    field = Field(
        gauge.label,
        "" if gauge.value is None else f"{gauge.value:.2f}",
        number(-LIMIT, LIMIT, "A gauge"),
        "A number from -3 to 3, in standard deviations; 0 is usual.",
    )

    def apply(values: tuple[Any, ...] | None) -> None:
        if values is not None:
            view.session.gestures.end()
            view.session.send(SetLatent(slot, index, values[0]))

    view.app.push_screen(Form("Set gauge", [field]), apply)


def _title(view: ComposeView) -> None:
    field = Field("title", view.session.shown.song.title, words("A title"))
    ask(view, Form("Song", [field]), SetTitle)


def _modulate(view: ComposeView) -> None:
    index = view.session.gauge
    title = f"What {gauges.gauges(view.session.shown)[index].label} moves"

    def dials(shown: Snapshot) -> tuple[Dial, ...]:
        return modulation_dials(shown, index)

    def foot(shown: Snapshot) -> str:
        return modulation_words(shown, index)

    view.app.push_screen(DialSheet(view.session.link, view.session.gestures, title, dials, foot))


def _browse(view: ComposeView) -> None:
    slot = view.session.slot

    def apply(excerpt: TuneExcerpt | None) -> None:
        if excerpt is not None:
            view.session.send(LoadTune(slot, excerpt.tune.tune, excerpt.first, excerpt.count))

    view.app.push_screen(Browser(view.session.link, slot), apply)


def _import(view: ComposeView) -> None:
    view.session.gestures.end()
    view.app.push_screen(Importer(view.session.link, view.session.slot))


def _export(view: ComposeView) -> None:
    ask_path(view, "Write the loop as a MIDI file", ".mid", ExportMidi)


def _open(view: ComposeView) -> None:
    view.session.gestures.end()
    view.app.push_screen(Opener(view.session.link))


HANDLERS: Registry[ComposeView] = Registry(
    {
        "gauge.type": _type_value,
        "gauge.modulate": _modulate,
        "measure.browse": _browse,
        "measure.import": _import,
        "song.title": _title,
        "song.open": _open,
        "song.export": _export,
    }
)
"""The handlers, by action id."""
