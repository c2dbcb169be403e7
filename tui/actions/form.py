"""Handlers of the form: sections, their order, loops and jumps."""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args

from engine.latent.variation import MOST_BETWEEN
from engine.music.form import FASTEST, LONGEST_SECTION_NAME, SLOWEST
from engine.music.scales import Key, key_of
from engine.protocol.base import Command
from engine.protocol.form import (
    AddEntry,
    AddSection,
    ClearForm,
    CopySection,
    Crossfade,
    JoinSection,
    JumpTo,
    LoopScope,
    MakeUnique,
    MoveEntry,
    MoveEntrySelection,
    NudgeRepeats,
    RemoveEntry,
    RemoveSection,
    SectionPart,
    SetJumpUnit,
    SetLoop,
    SetSection,
    SplitSection,
)
from engine.protocol.snapshot import JumpUnit, Snapshot
from tui.actions.everywhere_dialogs import ask
from tui.actions.host import BesideView
from tui.actions.registry import Registry
from tui.dialogs.choice import Choice
from tui.dialogs.form import Field, Form, number, whole
from tui.formatting.form import loop_words

HANDLERS: Registry[BesideView] = Registry()
"""The handlers, by action id."""


def _sends(make: Callable[[Snapshot], Command]) -> Callable[[BesideView], None]:
    def send(view: BesideView) -> None:
        view.session.gestures.end()
        view.session.send(make(view.session.shown))

    return send


def _section(shown: Snapshot) -> int:
    """Return the section of the selected measure; the engine says where there is none."""
    return shown.song.form.section_at(shown.selected) or 0


HANDLERS["form.earlier"] = _sends(lambda _: MoveEntrySelection(-1))
HANDLERS["form.later"] = _sends(lambda _: MoveEntrySelection(1))
HANDLERS["form.split"] = _sends(lambda shown: SplitSection(shown.selected))
HANDLERS["form.join"] = _sends(lambda shown: JoinSection(_section(shown)))
HANDLERS["form.add"] = _sends(lambda shown: AddSection(shown.entry if shown.song.form else None))
HANDLERS["form.copy"] = _sends(lambda shown: CopySection(shown.entry))
HANDLERS["form.unique"] = _sends(lambda shown: MakeUnique(shown.entry))
HANDLERS["form.remove"] = _sends(lambda shown: RemoveSection(_section(shown)))
HANDLERS["form.put"] = _sends(
    lambda shown: AddEntry(_section(shown), shown.entry + 1 if shown.song.form else None)
)
HANDLERS["form.take"] = _sends(lambda shown: RemoveEntry(shown.entry))
HANDLERS["form.move_earlier"] = _sends(lambda shown: MoveEntry(shown.entry, -1))
HANDLERS["form.move_later"] = _sends(lambda shown: MoveEntry(shown.entry, 1))
HANDLERS["form.more"] = _sends(lambda shown: NudgeRepeats(shown.entry, 1))
HANDLERS["form.less"] = _sends(lambda shown: NudgeRepeats(shown.entry, -1))


@HANDLERS.handles("form.clear")
def _clear(view: BesideView) -> None:
    def choose(at: int | None) -> None:
        if at == 0:
            view.session.send(ClearForm())

    words = "The sections and their order go; the measures stay. Undo brings them back."
    view.app.push_screen(Choice("Form", ["take the sections away"], 0, words), choose)


@HANDLERS.handles("form.fade")
def _fade(view: BesideView) -> None:
    shown = view.session.shown
    form, here = shown.song.form, shown.entry
    if not form:
        view.app.notify("The song has no sections to fade between.", severity="warning")
        return
    own = form.order[here].section
    others = [at for at, entry in enumerate(form.order) if entry.section != own]
    to = next((at for at in others if at > here), others[0] if others else here)
    last = len(form.order)
    name = form.sections[own].name
    fields = [
        Field(
            "to entry",
            str(to + 1),
            whole(1, last, "An entry"),
            f"From section {name}: 1 to {last}.",
        ),
        Field("repeats", "3", whole(1, MOST_BETWEEN, "Repeats"), f"1 to {MOST_BETWEEN}."),
    ]

    def fade(entry: int, count: int) -> Crossfade:
        # Meant are the entries that were shown when it was asked.
        return Crossfade(here, entry - 1, count, seen=form.mark)

    ask(view, Form("Crossfade", fields), fade)


@HANDLERS.handles("form.loop")
def _loop(view: BesideView) -> None:
    scopes: tuple[LoopScope, ...] = get_args(LoopScope)

    def choose(at: int | None) -> None:
        if at is not None:
            view.session.send(SetLoop(scopes[at]))

    form = view.session.shown.song.form
    section = form.section_at(view.session.shown.selected)
    name = "" if section is None else f" {form.sections[section].name}"
    lines = ["the song", f"section{name}", f"measure {view.session.shown.selected + 1}"]
    if section is None:
        lines, scopes = [lines[0], lines[2]], (scopes[0], scopes[2])
    now = f"It {loop_words(view.session.shown)} now."
    view.app.push_screen(Choice("Loop", lines, 0, now), choose)


@HANDLERS.handles("form.jumps")
def _jumps(view: BesideView) -> None:
    units: tuple[JumpUnit, ...] = get_args(JumpUnit)

    def choose(at: int | None) -> None:
        if at is not None:
            view.session.send(SetJumpUnit(units[at]))

    lines = ["at once", *(f"at the end of the {unit}" for unit in units[1:])]
    at = units.index(view.session.shown.jumps)
    view.app.push_screen(Choice("When a jump happens", lines, at), choose)


@HANDLERS.handles("form.jump")
def _jump(view: BesideView) -> None:
    shown = view.session.shown
    entry = shown.entry if shown.song.form and shown.loop is None else None
    start = entry is not None and _begins(shown)
    view.session.send(JumpTo(entry) if start else JumpTo(slot=shown.selected))


def _begins(shown: Snapshot) -> bool:
    """Return whether the selected measure is the first of the selected entry."""
    form = shown.song.form
    return form.slots_of(form.order[shown.entry].section).start == shown.selected


@HANDLERS.handles("form.edit")
def _edit(view: BesideView) -> None:
    shown = view.session.shown
    form = shown.song.form
    if not form:
        view.session.send(SplitSection(shown.selected))
        return
    at = _section(shown)
    section = form.sections[at]
    key = "" if section.key is None else section.key.name
    fields = [
        Field("name", section.name, str.strip, f"1 to {LONGEST_SECTION_NAME} characters."),
        Field("tempo", _typed(section.tempo), _tempo, "Quarter notes a minute; none: the song's."),
        Field("to", _typed(section.ramp), _tempo, "The tempo at its end; none: it stays."),
        Field("key", key, _key, "For example D dorian; none: the song's."),
    ]

    def command(name: str, tempo: float | None, ramp: float | None, key: Key | None) -> Command:
        given = {"tempo": tempo, "ramp": ramp, "key": key}
        parts: tuple[SectionPart, ...] = get_args(SectionPart)
        plain = tuple(part for part in parts if given[part] is None)
        return SetSection(at, name, tempo, ramp, key, plain, seen=form.mark)

    ask(view, Form(f"Section {section.name}", fields), command)


def _typed(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def _tempo(text: str) -> float | None:
    return number(SLOWEST, FASTEST, "A tempo")(text) if text.strip() else None


def _key(text: str) -> Key | None:
    return key_of(text) if text.strip() else None
