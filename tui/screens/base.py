"""What all screens have in common: their parts, the session, and the actions that they do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, TypeVar

from textual import events, on
from textual.app import ComposeResult
from textual.geometry import Region
from textual.reactive import Reactive
from textual.screen import Screen
from textual.widget import Widget

from engine.protocol.base import Event
from engine.protocol.notices import JobProgressed
from engine.protocol.snapshot import Snapshot
from engine.protocol.transport import ClockSyncMeasured, KeysPlayed, LatenessMeasured, PlayheadMoved
from tui.action_tables.action import Place
from tui.keymap import Keymap
from tui.layouts.compose import Arranged
from tui.session import Session
from tui.widgets.footer import KeysLine
from tui.widgets.layout_host import Desk
from tui.widgets.too_small import TooSmall
from tui.widgets.transport import Transport

TRANSPORT = (
    Snapshot, PlayheadMoved, KeysPlayed, LatenessMeasured, JobProgressed, ClockSyncMeasured,
)  # fmt: skip
"""What the line of the transport shows, on every screen."""


class SessionScreen(Screen[None]):
    """A screen of parts that lie as `regions` says, and show the session.

    ``PLACE`` is where its actions belong, ``HANDLERS`` what is called for each of them, ``SHOWS``
    the kinds of event that it subscribes to, and ``AUTO_FOCUS`` the part that is held at first.
    """

    PLACE: ClassVar[Place]
    HANDLERS: ClassVar[Mapping[str, Callable[[Any], None]]]
    SHOWS: ClassVar[tuple[type[Event], ...]]
    AUTO_FOCUS: ClassVar[str]

    DEFAULT_CSS = """
    SessionScreen { background: $background; layers: base; }
    SessionScreen #desk { width: 1fr; height: 1fr; overflow: hidden; }
    """

    # Textual repaints the whole screen when the focus goes on; the parts do it themselves.
    focused: Reactive[Widget | None] = Reactive(None, repaint=False)

    def __init__(self, session: Session, keymap: Keymap) -> None:
        super().__init__()
        self.session = session
        self.keymap = keymap
        self._regions: dict[str, Region] = {}
        self._built = False
        session.subscribe(lambda _: self._draw_transport(), *TRANSPORT)
        session.subscribe(self.show, *self.SHOWS)

    def compose(self) -> ComposeResult:
        """Make the parts; `regions` says where they lie."""
        yield Desk(
            Transport(id="transport"),
            *self.parts(),
            KeysLine(self.keymap.keys, self.PLACE, id="keys"),
            TooSmall(id="small"),
            arranged=Arranged(self.regions),
        )

    def on_mount(self) -> None:
        """Lay the parts out, and draw what is known; what a screen does of its own goes before."""
        self._built = True
        self.lay_out()
        self.query_one(self.AUTO_FOCUS).focus()
        self.draw()

    def parts(self) -> Iterable[Widget]:
        """Return the parts between the line of the transport and that of the keys."""
        raise NotImplementedError

    def regions(self, width: int, height: int) -> dict[str, Region]:
        """Return the place of each part that is in sight, in so many columns and rows."""
        raise NotImplementedError

    def show(self, event: Event) -> None:
        """Show an event that the session has handled."""
        raise NotImplementedError

    def draw(self) -> None:
        """Draw everything; parts that show it already do nothing."""
        raise NotImplementedError

    def on_resize(self, event: events.Resize) -> None:
        """Lay the parts out anew."""
        del event
        if self._built:
            self.lay_out()
            self.call_after_refresh(self.draw)

    def on_screen_resume(self) -> None:
        """Draw what came while another screen was shown."""
        if self._built:
            self.lay_out()
            self.draw()

    def lay_out(self) -> None:
        """Return each part its place, or none."""
        regions = self.regions(*self.app.size)
        if regions == self._regions:
            return
        self._regions = regions
        desk = self.query_one(Desk)
        for part in desk.children:
            part.display = part.id in regions
        desk.lay_out()

    def go(self, place: Place) -> None:
        """Go to a screen."""
        self.app.go(place)  # type: ignore[attr-defined]

    def show_message(self, words: str) -> None:
        """Format something in passing, in the place of what was said before."""
        self.app.clear_notifications()
        self.app.notify(words, timeout=3)

    @property
    def drawn(self) -> bool:
        """Whether its parts are made and in front."""
        return self._built and self.is_current

    @property
    def _amount(self) -> float | None:
        """What randomising is set to, where the transport line shows it."""
        return None

    def _draw_transport(self) -> None:
        if self.drawn:
            session, jobs = self.session, tuple(self.session.jobs.values())
            self.query_one(Transport).show(
                session.shown,
                session.playhead,
                session.lateness,
                self._amount,
                jobs,
                session.keys.count,
                session.clock,
            )

    def action_do(self, action: str) -> None:
        """Do one of the actions of the table."""
        self.HANDLERS[action](self)

    @on(Transport.Pressed)
    def _on_transport_pressed(self) -> None:
        self.action_do("play.toggle")

    @on(Transport.Rolled)
    def _on_transport_rolled(self, message: Transport.Rolled) -> None:
        self.action_do("play.faster" if message.steps > 0 else "play.slower")


Shown = TypeVar("Shown", bound=SessionScreen)


def bound(kind: type[Shown], keymap: Keymap) -> type[Shown]:
    """Return a screen with a keymap's bindings; Textual takes bindings from classes."""
    body: dict[str, Any] = {"BINDINGS": keymap.bindings(kind.PLACE), "__doc__": kind.__doc__}
    return type(kind.__name__, (kind,), body, inherit_bindings=False)
