"""Handlers of what can be done on every screen and has to ask something first."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from engine.formats.song_file import SUFFIX
from engine.locations import exists_already, file_name, meant, songs_folder
from engine.music.form import FASTEST, SLOWEST
from engine.protocol.base import Command, with_request
from engine.protocol.devices import OpenPort
from engine.protocol.edit import SetTempo
from engine.protocol.files import SaveSong
from engine.protocol.notices import CommandFailed
from engine.protocol.transport import BackToOwnTempo, FollowClock
from tui.actions.host import Host
from tui.actions.registry import Registry
from tui.dialogs.choice import Choice
from tui.dialogs.form import Field, Form, number, words
from tui.dialogs.help import Help
from tui.dialogs.leaving import Leaving
from tui.dialogs.parameters import DialSheet
from tui.view_models.parameters import (
    RouteDials,
    lock_words,
    sound_dials,
)


def _tempo(view: Host) -> None:
    tempo = f"{view.session.shown.song.tempo:g}"
    hint = f"Quarter notes a minute, {SLOWEST:g} to {FASTEST:g}."
    field = Field("tempo", tempo, number(SLOWEST, FASTEST, "A tempo"), hint)
    ask(view, Form("Tempo", [field]), SetTempo)


def _sound(view: Host) -> None:
    sheet = DialSheet(view.session.link, view.session.gestures, "Sound", sound_dials, lock_words)
    view.app.push_screen(sheet)


def _routes(view: Host) -> None:
    routes = RouteDials()
    sheet = DialSheet(view.session.link, view.session.gestures, "Routes", routes.dials, routes.foot)
    view.app.push_screen(sheet)


def _port(view: Host) -> None:
    port = view.session.shown.port
    names = list(port.known)
    if port.name is not None and port.name not in names:
        names.insert(0, port.name)
    lines = [*(name if name in port.known else f"{name} (gone)" for name in names), "no port"]
    note = "" if port.known else (
        "No MIDI port is to be seen. Start a synthesiser or plug one in; it shows here by itself."
    )  # fmt: skip
    current = names.index(port.name) if port.name is not None else len(names)

    def choose(at: int | None) -> None:
        if at is not None:
            view.session.send(OpenPort(names[at] if at < len(names) else None))

    view.app.push_screen(Choice("MIDI port", lines, current, note), choose)


def _clock_from(view: Host) -> None:
    clock, inputs = view.session.shown.clock, view.session.shown.inputs
    names = list(inputs.heard)
    if clock.follow and clock.follow not in names:
        names.insert(0, clock.follow)
    sources: list[str | None] = [None, "", *names]
    lines = [
        f"the song's own tempo, {view.session.shown.song.tempo:g} bpm",
        "any input that sends a clock",
        *(name if name in inputs.heard else f"{name} (not heard)" for name in names),
    ]
    note = "" if inputs.heard else (
        "No MIDI input is heard. Plug one in, or start what sends a clock; it shows here by itself."
    )  # fmt: skip

    def choose(at: int | None) -> None:
        if at is not None:
            source = sources[at]
            view.session.send(BackToOwnTempo() if source is None else FollowClock(source))

    view.app.push_screen(Choice("Clock", lines, sources.index(clock.follow), note), choose)


def _save(view: Host) -> None:
    if view.session.shown.path is None:
        _save_as(view)
    else:
        view.session.saving = with_request(SaveSong())
        view.session.send(view.session.saving)


def ask_again(view: Host, refused: CommandFailed) -> None:
    """Ask about a song that was not saved, because another program changed its file."""
    again, view.session.saving = refused.again, None

    def choose(at: int | None) -> None:
        if at == 0:
            _save_as(view)
        elif at == 1 and again is not None:
            view.session.send(again)

    lines = ["save it under another name", "replace what is there"]
    view.app.push_screen(Choice("Not saved", lines, 0, refused.message), choose)


def _save_as(view: Host, then: Callable[[], object] = lambda: None) -> None:
    ask_path(view, "Save the song as", SUFFIX, SaveSong, view.session.shown.path, then)


def ask_path(
    view: Host,
    title: str,
    suffix: str,
    command: Callable[[str], Command],
    own: str | None = None,
    then: Callable[[], object] = lambda: None,
    name: str | None = None,
) -> None:
    """Ask for a file to write; ``own`` may be replaced unasked, ``name`` is proposed."""

    def doubt(values: tuple[Any, ...]) -> str:
        target = meant(_in_folder(values[0]), suffix)
        try:
            there = str(target) != own and exists_already(target)
        except (OSError, ValueError):
            # A name that no file can have is refused by the engine.
            return ""
        return f"{target} is there already." if there else ""

    def done(values: tuple[Any, ...] | None) -> None:
        if values is not None:
            then()

    def command_of(values: tuple[Any, ...]) -> Command:
        made = command(_in_folder(values[0]))
        # Whoever was shown what is there, and goes ahead, has confirmed it.
        if isinstance(made, SaveSong) and doubt(values):
            return SaveSong(made.path, replace=True)
        return made

    usual = str(songs_folder() / f"{file_name(name or view.session.shown.song.title)}{suffix}")
    hint = f"A name alone lies in {songs_folder()}."
    field = Field("file", own or usual, words("A path"), hint)
    view.app.push_screen(Form(title, [field], doubt, _asking(view, command_of)), done)


def _in_folder(path: str) -> str:
    alone = "/" not in path and os.sep not in path and not path.startswith("~")
    return str(songs_folder() / path) if alone else path


def _asking(
    view: Host, command: Callable[[tuple[Any, ...]], Command]
) -> Callable[[tuple[Any, ...], Command | None], Command]:
    def ask(values: tuple[Any, ...], again: Command | None) -> Command:
        request = with_request(again or command(values))
        view.session.gestures.end()
        view.session.send(request)
        return request

    return ask


def ask(view: Host, form: Form, command: Callable[..., Command]) -> None:
    """Show a form, and send the command made of what is typed."""

    def apply(values: tuple[Any, ...] | None) -> None:
        if values is not None:
            view.session.gestures.end()
            view.session.send(command(*values))

    view.app.push_screen(form, apply)


def _quit(view: Host) -> None:
    # What is shown may lag behind the keys.
    count = view.session.link.snapshot.waiting
    if not count or getattr(view.app, "stays", False):
        _end(view)
        return

    def choose(at: int | None) -> None:
        view.session.ending = at == 0 and view.session.link.snapshot.waiting > 0
        if view.session.ending:
            view.app.notify("It ends as soon as the model is there.")
        elif at is not None:
            _end(view)

    lines = ["wait for it, then end", "end now"]
    words = f"The model is still loading. Edits that wait for it, lost if it ends now: {count}."
    view.app.push_screen(Choice("Before the end", lines, 0, words), choose)


def _end(view: Host) -> None:
    app = view.app
    shown = view.session.link.snapshot
    if (shown.saved and not shown.unsaved) or getattr(app, "stays", False):
        app.exit()
        return

    def apply(answer: str | None) -> None:
        if answer == "end":
            app.exit()
        elif answer == "save":
            _save_as(view, lambda: _quit(view))

    keeps = getattr(app, "keeps", True)
    app.push_screen(Leaving(view.session.link, shown, keeps), apply)


def _help(view: Host) -> None:
    view.app.push_screen(Help(view.keymap, view.PLACE))


HANDLERS: Registry[Host] = Registry(
    {
        "play.tempo": _tempo,
        "play.sound": _sound,
        "play.routes": _routes,
        "play.port": _port,
        "play.clock_from": _clock_from,
        "song.save": _save,
        "song.save_as": _save_as,
        "app.help": _help,
        "app.quit": _quit,
    }
)
"""The handlers, by action id."""
