"""`armonica` alone: the screens."""

from __future__ import annotations

import argparse
from pathlib import Path


def add(top: argparse.ArgumentParser) -> None:
    """Adds what `armonica` takes when no word follows."""
    top.add_argument("--song", type=Path, metavar="FILE.armonica", help="open this song")
    top.add_argument("--port", metavar="NAME", help="play to this MIDI port (see `armonica ports`)")


def run(options: argparse.Namespace) -> None:
    """Opens the terminal application; raises `TerminalError` where it cannot be shown."""
    from tui.app import run as open_screens

    open_screens(song=options.song, port=options.port)
