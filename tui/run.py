"""Shows an engine on the terminal until the user leaves, and says what became of the song."""

from __future__ import annotations

import os
import sys
from typing import Any

from engine.common.printing import put_over
from engine.errors import SongLost, TerminalError
from engine.protocol.waiting import lost_words
from tui import keymap as keymaps
from tui.app import ArmonicaApp
from tui.bridge import EngineLink
from tui.ending import ScreensFault, ended_by_signals


def check_terminal() -> None:
    """Raise `TerminalError` where no screen can be shown."""
    instead = "Work without a screen: armonica render --measures 8 -o song.mid (see --help)."
    streams = sys.stdin, sys.stdout
    if not all(each is not None and each.isatty() for each in streams):
        raise TerminalError("The screens need a terminal, and this is none.", instead)
    if os.environ.get("TERM", "dumb") in ("dumb", ""):
        raise TerminalError("A dumb terminal cannot show the screens.", instead)


def run(
    engine: EngineLink,
    *,
    keymap: str | None = None,
    stays: bool = False,
    **shown: Any,
) -> None:
    """Show an engine until the user leaves or the terminal goes, then close the engine.

    One that ``stays`` goes on without screens, and what is not saved with it. What is ``shown``
    is handed on to `ArmonicaApp`.

    Raises `TerminalError`, `BadKeymap`, `BadTheme` or `UnknownName` before anything is drawn,
    `ScreensFault` where a fault ended the screens, and `SongLost` where a song could not be kept
    at the end; the engine is closed then also.
    """
    try:
        check_terminal()
        keys = keymaps.load(keymap or keymaps.fitting())
        app = ArmonicaApp(engine, keymap=keys, stays=stays, **shown)
        with ended_by_signals(app.hang_up, app.leave_requests, engine):
            try:
                app.run()
            finally:
                # A second signal must not keep the song from being kept.
                engine.close()
    finally:
        engine.close()
        lost = report_ends(engine)
    if engine.snapshot.waiting and not stays:
        _print_error(lost_words(engine.snapshot.waiting))
    if app.fault is not None:
        raise ScreensFault(app.fault, lost)
    if lost:
        raise SongLost(lost)


def report_ends(engine: EngineLink) -> str:
    """Say on standard error what became of songs that are kept; gives what was lost, in words."""
    lost = []
    for end in engine.ends:
        if end.path is None:
            lost.append(end.line())
            continue
        _print_error(end.line())
    return " ".join(lost)


def _print_error(words: str) -> None:
    # The terminal may be the thing that is gone.
    put_over(words, sys.stderr)
