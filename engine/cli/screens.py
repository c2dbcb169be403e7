"""`armonica` alone: the screens."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from engine import config, locations
from engine.runtime.startup import LoadingAhead

if TYPE_CHECKING:
    from engine.remote.connect import Address


def add(top: argparse.ArgumentParser) -> None:
    """Add what `armonica` takes when no word follows."""
    top.add_argument("--song", type=Path, metavar="FILE.armonica", help="open this song")
    top.add_argument("--port", metavar="NAME", help="play to this MIDI port (see `armonica ports`)")
    top.add_argument("--keymap", metavar="NAME", help="default, tmux, or one of your own")
    top.add_argument("--theme", metavar="NAME", help="dark, light or mono")


def run(options: argparse.Namespace) -> None:
    """Open the terminal application; raises `TerminalError` where it cannot be shown."""
    # It is there before the first picture is, so that no key waits for it.
    model = LoadingAhead()

    from engine.runtime.engine import Engine
    from engine.services.session import autosave
    from tui.run import check_terminal
    from tui.run import run as show

    check_terminal()
    settings = config.load().settings
    if options.port is not None:
        settings = replace(settings, port=options.port)
    engine = Engine(model, song=options.song, settings=settings)
    kept = autosave.claimed(engine.snapshot.path if options.song is not None else None)
    engine.start()
    show(
        engine,
        keymap=options.keymap or settings.keymap or None,
        theme=options.theme or settings.theme,
        recovered=kept,
        keeps=settings.autosave,
        rate=settings.rate,
    )


def attach(
    where: Callable[[], Address],
    port: str | None,
    *,
    keymap: str | None,
    theme: str,
    rate: float,
) -> None:
    """Open the screens of an engine elsewhere; the music sounds at ``port`` here (None: not).

    Raises `TerminalError` where they cannot be shown, and what attaching raises.
    """
    from engine.remote.audio_router import Loudspeaker
    from engine.remote.client import RemoteEngine
    from engine.remote.player_bridge import PlayerBridge
    from tui.run import check_terminal
    from tui.run import run as show

    check_terminal()
    plays = port is not None
    address = where()
    engine = RemoteEngine(
        address,
        home=(lambda hear: PlayerBridge(hear, port or "")) if plays else None,
        sound=Loudspeaker if plays else None,
    )
    engine.start()
    assert engine.welcome is not None  # It answered.
    if address.kind != "unix":
        locations.use_songs_of(Path(engine.welcome.songs), engine.welcome.song_files)
    show(
        engine,
        keymap=keymap,
        theme=theme,
        recovered=engine.welcome.recovered,
        stays=True,
        rate=rate,
    )
