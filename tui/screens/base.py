"""What the screens beside the compose screen have in common: their parts, their way to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar

from textual import events, on
from textual.geometry import Region
from textual.reactive import Reactive
from textual.screen import Screen
from textual.widget import Widget

from engine.protocol.base import Command
from tui.action_table import Place
from tui.actions import compose
from tui.bridge import EngineLink
from tui.keymap import Keymap
from tui.screens.compose import ComposeScreen
from tui.widgets.layout_host import Desk
from tui.widgets.transport import Transport


class BesideScreen(Screen[None]):
    """A screen of parts that lie as an arrangement says.

    What belongs to song, port and program is done as on the compose screen, by it. ``PLACE`` is
    where its actions belong, ``DEEDS`` what is done for each of them.
    """

    PLACE: ClassVar[Place]
    DEEDS: ClassVar[Mapping[str, Callable[[Any], None]]]

    DEFAULT_CSS = """
    BesideScreen { background: $background; layers: base; }
    BesideScreen #desk { width: 1fr; height: 1fr; overflow: hidden; }
    """

    # Textual repaints the whole screen when the focus goes on; the parts do it themselves.
    focused: Reactive[Widget | None] = Reactive(None, repaint=False)

    def __init__(self, link: EngineLink, keymap: Keymap, composing: ComposeScreen) -> None:
        super().__init__()
        self.link = link
        self.keymap = keymap
        self.composing = composing
        self._regions: dict[str, Region] = {}
        self._built = False

    def regions(self) -> dict[str, Region]:
        """Gives the place of each part that is in sight."""
        raise NotImplementedError

    def draw(self) -> None:
        """Draws everything; parts that show it already do nothing."""
        raise NotImplementedError

    def on_resize(self, event: events.Resize) -> None:
        """Lays the parts out anew."""
        del event
        if self._built:
            self.lay_out()
            self.call_after_refresh(self.draw)

    def on_screen_resume(self) -> None:
        """Draws what came while another screen was shown."""
        if self._built:
            self.lay_out()
            self.draw()

    def lay_out(self) -> None:
        """Gives each part its place, or none."""
        regions = self.regions()
        if regions == self._regions:
            return
        self._regions = regions
        desk = self.query_one(Desk)
        for part in desk.children:
            part.display = part.id in regions
        desk.lay_out()

    def send(self, command: Command) -> None:
        """Sends a command to the engine, in order with those of the compose screen."""
        self.composing.send(command)

    def go(self, place: Place) -> None:
        """Goes to a screen."""
        self.composing.go(place)

    def say(self, words: str) -> None:
        """Says something in passing, in the place of what was said before."""
        self.app.clear_notifications()
        self.app.notify(words, timeout=3)

    @property
    def _drawn(self) -> bool:
        return self._built and self.is_current

    def _draw_transport(self) -> None:
        if self._drawn:
            self.composing.fill(self.query_one(Transport))

    def action_do(self, action: str) -> None:
        """Does one of the actions of the table; what is not of this screen, the other does."""
        if action in self.DEEDS:
            self.DEEDS[action](self)
        else:
            compose.DEEDS[action](self.composing)

    @on(Transport.Pressed)
    def _on_transport_pressed(self) -> None:
        self.action_do("play.toggle")

    @on(Transport.Rolled)
    def _on_transport_rolled(self, message: Transport.Rolled) -> None:
        self.action_do("play.faster" if message.steps > 0 else "play.slower")


Shown = TypeVar("Shown", bound=BesideScreen)


def bound(kind: type[Shown], keymap: Keymap) -> type[Shown]:
    """Gives a screen with a keymap's bindings; Textual takes bindings from classes."""
    body: dict[str, Any] = {"BINDINGS": keymap.bindings(kind.PLACE), "__doc__": kind.__doc__}
    return type(kind.__name__, (kind,), body, inherit_bindings=False)
