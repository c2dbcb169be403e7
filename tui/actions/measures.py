"""What is done to whole measures, on the compose screen and on the song screen alike."""

from __future__ import annotations

from collections.abc import Callable

from engine.protocol.edit import ClearSlot, CopySlot, InsertSlot, RemoveSlot
from engine.protocol.transport import Audition
from tui.actions.host import Host
from tui.actions.registry import Registry

Handler = Callable[[Host], None]


def handlers(prefix: str) -> Registry[Host]:
    """Return the handlers of a screen, by the ids of its actions, which begin with ``prefix``."""
    found: Registry[Host] = Registry()

    @found.handles(f"{prefix}.copy")
    def _copy(view: Host) -> None:
        shown = view.session.shown
        view.session.copied = (shown.track, shown.selected)
        key = view.keymap.label(f"{prefix}.paste")
        words = f"Measure {shown.selected + 1} is copied; {key} puts it elsewhere."
        view.app.notify(words, timeout=2)

    @found.handles(f"{prefix}.paste")
    def _paste(view: Host) -> None:
        shown, copied = view.session.shown, view.session.copied
        if copied is None:
            key = view.keymap.label(f"{prefix}.copy")
            view.app.notify(f"Nothing is copied yet; {key} copies a measure.", timeout=3)
        elif copied != (shown.track, shown.selected):
            track, slot = copied
            of = None if track == shown.track else track
            view.session.send(CopySlot(slot, shown.selected, of))

    found[f"{prefix}.clear"] = _clear
    found[f"{prefix}.insert"] = _insert
    found[f"{prefix}.remove"] = _remove
    found[f"{prefix}.audition"] = _hear
    return found


def _clear(view: Host) -> None:
    view.session.send(ClearSlot(view.session.slot))


def _insert(view: Host) -> None:
    if view.session.copied is not None:
        track, slot = view.session.copied
        view.session.copied = (track, slot + (slot >= view.session.slot))
    view.session.send(InsertSlot(view.session.slot))


def _remove(view: Host) -> None:
    if view.session.copied is not None:
        track, slot = view.session.copied
        gone = slot == view.session.slot
        view.session.copied = None if gone else (track, slot - (slot > view.session.slot))
    view.session.send(RemoveSlot(view.session.slot))


def _hear(view: Host) -> None:
    view.session.send(Audition(view.session.slot))
