"""The metre of measures, which is asked on the song screen and on the notes screen alike."""

from __future__ import annotations

from engine.music.grid import GRIDS
from engine.protocol.edit import SetMetre
from tui.actions.host import Host
from tui.dialogs.choice import Choice
from tui.formatting.metres import metre_line


def ask_metre(view: Host) -> None:
    """Ask for a metre, and then for which measures."""
    shown = view.session.shown
    here, grids = shown.selected, list(GRIDS.values())
    current = grids.index(shown.song.grid(here))

    def choose(at: int | None) -> None:
        if at is not None:
            _ask_where(view, grids[at].name, here)

    title = f"Metre of measure {here + 1}"
    view.app.push_screen(Choice(title, [metre_line(grid) for grid in grids], current), choose)


def _ask_where(view: Host, metre: str, here: int) -> None:
    last = view.session.shown.song.length - 1
    ranges = {f"measure {here + 1}": (here, here)}
    if here < last:
        ranges[f"measures {here + 1} to {last + 1}"] = (here, last)
    if here:
        ranges[f"all {last + 1} measures"] = (0, last)

    def choose(at: int | None) -> None:
        if at is not None:
            view.session.gestures.end()
            view.session.send(SetMetre(metre, *list(ranges.values())[at]))

    if len(ranges) == 1:
        choose(0)
    else:
        view.app.push_screen(Choice(f"{metre} in", list(ranges)), choose)
