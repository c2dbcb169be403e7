"""What is asked at the start: whether to go on with songs that were kept by themselves."""

from __future__ import annotations

import time
from collections.abc import Sequence

from textual.app import App

from engine.protocol.files import ForgetKept, Kept, LeaveKept, RecoverSong
from engine.text import printable
from tui.bridge import EngineLink
from tui.dialogs.choice import Choice


def offer(app: App[None], engine: EngineLink, kept: Sequence[Kept]) -> None:
    """Offer kept songs one after the other, until one is taken or all are left."""
    first, rest = kept[0], kept[1:]

    def take(at: int | None) -> None:
        if at == 0:
            engine.send(RecoverSong(first.path))
        elif at == 1:
            engine.send(LeaveKept(first.path))
        elif at == 2:
            engine.send(ForgetKept(first.path))
        if at in (1, 2) and rest:
            offer(app, engine, rest)
            return
        # One is gone on with, or nothing was answered: the others wait for the next start.
        for each in kept if at is None else rest:
            engine.send(LeaveKept(each.path))

    lines = ["go on with it", "leave it for the next start", "throw it away"]
    app.push_screen(Choice("Welcome back", lines, 0, _words(first, len(rest))), take)


def _words(kept: Kept, more: int) -> str:
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(kept.time))
    whose = f", which belongs to {printable(kept.belongs_to)}," if kept.belongs_to else ""
    words = f"{kept.title}{whose} was not saved. It was kept {when}, in {kept.path}."
    if more:
        words += f" {more} more {'is' if more == 1 else 'are'} kept; Esc leaves them all."
    return words
