"""What each action does that has to ask something first."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from engine.formats.song_file import SUFFIX
from engine.latent.spec import LIMIT
from engine.locations import file_name, meant, songs_folder, taken
from engine.music.song import FASTEST, SLOWEST
from engine.protocol.base import Command
from engine.protocol.devices import OpenPort
from engine.protocol.edit import SetLatent, SetTempo, SetTitle
from engine.protocol.files import ExportMidi, LoadTune, SaveSong
from engine.protocol.notices import Refused
from engine.protocol.snapshot import Snapshot
from engine.protocol.transport import BackToOwnTempo, FollowClock
from tui.actions.host import ComposeView
from tui.dialogs.choice import Choice
from tui.dialogs.form import Field, Form, number, words
from tui.dialogs.help import Help
from tui.dialogs.leaving import Leaving
from tui.dialogs.midi_import import Importer
from tui.dialogs.open_song import Opener
from tui.dialogs.parameters import DialSheet
from tui.dialogs.tune_browser import Browser, Taken
from tui.view_models import gauges
from tui.view_models.parameters import (
    Dial,
    RouteDials,
    lock_words,
    modulation_dials,
    modulation_words,
    sound_dials,
)


def _type_value(screen: ComposeView) -> None:
    index, slot = screen.chosen, screen.slot
    gauge = gauges.gauges(screen.shown)[index]
    field = Field(
        gauge.label,
        "" if gauge.value is None else f"{gauge.value:.2f}",
        number(-LIMIT, LIMIT, "A gauge"),
        "A number from -3 to 3, in standard deviations; 0 is usual.",
    )

    def take(values: tuple[Any, ...] | None) -> None:
        if values is not None:
            screen.gestures.end()
            screen.send(SetLatent(slot, index, values[0]))

    screen.app.push_screen(Form("Set gauge", [field]), take)


def _tempo(screen: ComposeView) -> None:
    tempo = f"{screen.shown.song.tempo:g}"
    hint = f"Quarter notes a minute, {SLOWEST:g} to {FASTEST:g}."
    field = Field("tempo", tempo, number(SLOWEST, FASTEST, "A tempo"), hint)
    _ask(screen, Form("Tempo", [field]), SetTempo)


def _title(screen: ComposeView) -> None:
    field = Field("title", screen.shown.song.title, words("A title"))
    _ask(screen, Form("Song", [field]), SetTitle)


def _sound(screen: ComposeView) -> None:
    sheet = DialSheet(screen.link, screen.gestures, "Sound", sound_dials, lock_words)
    screen.app.push_screen(sheet)


def _routes(screen: ComposeView) -> None:
    routes = RouteDials()
    sheet = DialSheet(screen.link, screen.gestures, "Routes", routes.dials, routes.foot)
    screen.app.push_screen(sheet)


def _modulate(screen: ComposeView) -> None:
    index = screen.chosen
    title = f"What {gauges.gauges(screen.shown)[index].label} moves"

    def dials(shown: Snapshot) -> tuple[Dial, ...]:
        return modulation_dials(shown, index)

    def foot(shown: Snapshot) -> str:
        return modulation_words(shown, index)

    screen.app.push_screen(DialSheet(screen.link, screen.gestures, title, dials, foot))


def _port(screen: ComposeView) -> None:
    port = screen.shown.port
    names = list(port.known)
    if port.name is not None and port.name not in names:
        names.insert(0, port.name)
    lines = [*(name if name in port.known else f"{name} (gone)" for name in names), "no port"]
    note = "" if port.known else (
        "No MIDI port is to be seen. Start a synthesiser or plug one in; it shows here by itself."
    )  # fmt: skip
    current = names.index(port.name) if port.name is not None else len(names)

    def take(at: int | None) -> None:
        if at is not None:
            screen.send(OpenPort(names[at] if at < len(names) else None))

    screen.app.push_screen(Choice("MIDI port", lines, current, note), take)


def _clock_from(screen: ComposeView) -> None:
    clock, inputs = screen.shown.clock, screen.shown.inputs
    names = list(inputs.heard)
    if clock.follow and clock.follow not in names:
        names.insert(0, clock.follow)
    sources: list[str | None] = [None, "", *names]
    lines = [
        f"the song's own tempo, {screen.shown.song.tempo:g} bpm",
        "any input that sends a clock",
        *(name if name in inputs.heard else f"{name} (not heard)" for name in names),
    ]
    note = "" if inputs.heard else (
        "No MIDI input is heard. Plug one in, or start what sends a clock; it shows here by itself."
    )  # fmt: skip

    def take(at: int | None) -> None:
        if at is not None:
            source = sources[at]
            screen.send(BackToOwnTempo() if source is None else FollowClock(source))

    screen.app.push_screen(Choice("Clock", lines, sources.index(clock.follow), note), take)


def _browse(screen: ComposeView) -> None:
    slot = screen.slot

    def take(taken: Taken | None) -> None:
        if taken is not None:
            screen.send(LoadTune(slot, taken.tune.tune, taken.first, taken.count))

    screen.app.push_screen(Browser(screen.link, slot), take)


def _import(screen: ComposeView) -> None:
    screen.gestures.end()
    screen.app.push_screen(Importer(screen.link, screen.slot))


def _save(screen: ComposeView) -> None:
    if screen.shown.path is None:
        _save_as(screen)
    else:
        screen.saving = SaveSong()
        screen.send(screen.saving)


def ask_again(screen: ComposeView, refused: Refused) -> None:
    """Asks about a song that was not saved, because another program changed its file."""
    again, screen.saving = refused.again, None

    def take(at: int | None) -> None:
        if at == 0:
            _save_as(screen)
        elif at == 1 and again is not None:
            screen.send(again)

    lines = ["save it under another name", "replace what is there"]
    screen.app.push_screen(Choice("Not saved", lines, 0, refused.message), take)


def _save_as(screen: ComposeView, then: Callable[[], object] = lambda: None) -> None:
    ask_path(screen, "Save the song as", SUFFIX, SaveSong, screen.shown.path, then)


def _export(screen: ComposeView) -> None:
    ask_path(screen, "Write the loop as a MIDI file", ".mid", ExportMidi)


def _open(screen: ComposeView) -> None:
    screen.gestures.end()
    screen.app.push_screen(Opener(screen.link))


def ask_path(
    screen: ComposeView,
    title: str,
    suffix: str,
    command: Callable[[str], Command],
    own: str | None = None,
    then: Callable[[], object] = lambda: None,
    name: str | None = None,
) -> None:
    """Asks for a file to write; ``own`` may be replaced unasked, ``name`` is proposed."""

    def doubt(values: tuple[Any, ...]) -> str:
        target = meant(_in_folder(values[0]), suffix)
        try:
            there = str(target) != own and taken(target)
        except (OSError, ValueError):
            # A name that no file can have is refused by the engine.
            return ""
        return f"{target} is there already." if there else ""

    def done(values: tuple[Any, ...] | None) -> None:
        if values is not None:
            then()

    def asked(values: tuple[Any, ...]) -> Command:
        made = command(_in_folder(values[0]))
        # Whoever was told what is there, and goes ahead, has been asked.
        if isinstance(made, SaveSong) and doubt(values):
            return SaveSong(made.path, replace=True)
        return made

    usual = str(songs_folder() / f"{file_name(name or screen.shown.song.title)}{suffix}")
    hint = f"A name alone lies in {songs_folder()}."
    field = Field("file", own or usual, words("A path"), hint)
    screen.app.push_screen(Form(title, [field], doubt, _asking(screen, asked)), done)


def _in_folder(path: str) -> str:
    alone = "/" not in path and os.sep not in path and not path.startswith("~")
    return str(songs_folder() / path) if alone else path


def _asking(
    screen: ComposeView, command: Callable[[tuple[Any, ...]], Command]
) -> Callable[[tuple[Any, ...], Command | None], Command]:
    def ask(values: tuple[Any, ...], again: Command | None) -> Command:
        asked = again or command(values)
        screen.gestures.end()
        screen.send(asked)
        return asked

    return ask


def _ask(screen: ComposeView, form: Form, command: Callable[..., Command]) -> None:
    def take(values: tuple[Any, ...] | None) -> None:
        if values is not None:
            screen.gestures.end()
            screen.send(command(*values))

    screen.app.push_screen(form, take)


def _quit(screen: ComposeView) -> None:
    # What is shown may lag behind the keys.
    count = screen.link.snapshot.waiting
    if not count or getattr(screen.app, "stays", False):
        _end(screen)
        return

    def take(at: int | None) -> None:
        screen.ending = at == 0 and screen.link.snapshot.waiting > 0
        if screen.ending:
            screen.app.notify("It ends as soon as the model is there.")
        elif at is not None:
            _end(screen)

    lines = ["wait for it, then end", "end now"]
    words = f"The model is still loading. Edits that wait for it, lost if it ends now: {count}."
    screen.app.push_screen(Choice("Before the end", lines, 0, words), take)


def _end(screen: ComposeView) -> None:
    app = screen.app
    shown = screen.link.snapshot
    if (shown.saved and not shown.unsaved) or getattr(app, "stays", False):
        app.exit()
        return

    def take(answer: str | None) -> None:
        if answer == "end":
            app.exit()
        elif answer == "save":
            _save_as(screen, lambda: _quit(screen))

    keeps = getattr(app, "keeps", True)
    app.push_screen(Leaving(screen.link, shown, keeps), take)


def _help(screen: ComposeView) -> None:
    screen.app.push_screen(Help(screen.keymap, "compose"))


DEEDS: dict[str, Callable[[ComposeView], None]] = {
    "gauge.type": _type_value,
    "gauge.modulate": _modulate,
    "measure.browse": _browse,
    "measure.import": _import,
    "play.tempo": _tempo,
    "play.sound": _sound,
    "play.routes": _routes,
    "play.port": _port,
    "play.clock_from": _clock_from,
    "song.title": _title,
    "song.save": _save,
    "song.save_as": _save_as,
    "song.open": _open,
    "song.export": _export,
    "app.help": _help,
    "app.quit": _quit,
}
