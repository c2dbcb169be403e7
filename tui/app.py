"""The terminal application: one engine and its screens."""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import random
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from textual import events
from textual.app import App, SystemCommand
from textual.command import CommandPalette
from textual.filter import LineFilter
from textual.notifications import SeverityLevel
from textual.screen import Screen
from textual.widgets import Input
from textual.worker import WorkerFailed

from engine.formats import instrument_names
from engine.formats.instrument_names import BadNames
from engine.protocol.files import Kept
from engine.protocol.notices import CommandFailed, Notice
from engine.text import printable
from tui import keymap as keymaps
from tui import theme as themes
from tui.action_table import ACTIONS, shown
from tui.action_tables.action import SCREENS, Place
from tui.actions.everywhere_dialogs import ask_again
from tui.bridge import RATE, Bridge, EngineEvent, EngineLink
from tui.dialogs.base import Sheet, refused
from tui.dialogs.welcome import offer
from tui.formatting.plain import PrintableFilter
from tui.keymap import Keymap
from tui.screens.base import SessionScreen, bound
from tui.screens.compose import ComposeScreen
from tui.session import Session
from tui.terminal_driver import driver_class
from tui.view_models import gestures

if TYPE_CHECKING:
    from tui.screens.influence import InfluenceScreen
    from tui.screens.monitor import MonitorScreen
    from tui.screens.notes import NotesScreen
    from tui.screens.steer import SteerScreen

REPEAT = 3.0
"""Seconds for which a toast is not shown again."""

log = logging.getLogger(__name__)


class ArmonicaApp(App[None], inherit_bindings=False):
    """Shows one engine.

    ``recovered`` are the kept songs that the user is offered. ``keeps`` says whether the engine
    keeps what is not saved, and ``stays`` that it goes on without the screens. ``leave_requests``
    holds something once it is to leave; ``fault`` is what ended it, if anything did. Raises
    `UnknownName` or `BadTheme` for a theme that is not there or cannot be read.
    """

    TITLE = "Armonica"
    DEFAULT_MODE = "compose"
    ENABLE_COMMAND_PALETTE = True
    COMMAND_PALETTE_BINDING = ""
    CSS = """
    .sheet {
        width: 100%; background: $panel; padding: 0 2;
        border-top: $dialog-line $focus; border-title-color: $focus; border-title-style: bold;
        scrollbar-background: $panel; scrollbar-color: $faint; scrollbar-color-hover: $text-quiet;
        scrollbar-background-hover: $panel; scrollbar-background-active: $panel;
        scrollbar-color-active: $text-quiet;
    }
    Toast { background: $panel; color: $foreground; width: auto; max-width: 60; padding: 0 1; }
    OptionList { & > .option-list--option-highlighted { text-style: $style-held; } }
    CommandPalette > Vertical { background: $panel; }
    """

    def __init__(
        self,
        engine: EngineLink,
        *,
        keymap: Keymap | None = None,
        theme: str | None = None,
        recovered: Sequence[Kept] = (),
        keeps: bool = True,
        stays: bool = False,
        rate: float = RATE,
        seed: int | None = None,
    ) -> None:
        no_color = "NO_COLOR" in os.environ
        super().__init__(
            driver_class=driver_class(self.hang_up, self._fail_later),
            ansi_color=True if no_color else None,
        )
        for each in themes.themes():
            self.register_theme(each)
        few = self.console.color_system in ("standard", "windows")
        fitting = "mono" if no_color else "terminal" if few else "dark"
        # What a terminal cannot show is not asked of it, unless the user names a theme.
        chosen = themes.load(fitting if no_color or theme in (None, "dark") else theme or fitting)
        self.register_theme(chosen)
        self.theme = chosen.name
        self.animation_level = "none"
        self.engine = engine
        self.keeps = keeps
        self.stays = stays
        self.keymap = keymap or keymaps.load("default")
        self.bridge = Bridge(self.post_message, rate)
        self._recovered = tuple(recovered)
        self.leave_requests: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._hung_up = False
        self.fault: BaseException | None = None
        self._leave: Callable[[], None] = lambda: None
        self._printable = PrintableFilter()
        self._toasted_at: dict[str, float] = {}
        self.moved_at = 0.0
        """When the last key or movement of the mouse arrived, in seconds of a monotonic clock."""
        self.session = Session(
            engine,
            random.Random(seed),
            later=lambda after, do: self.set_timer(after, do),
            moved_at=lambda: gestures.moved_at(self),
        )
        self._compose = bound(ComposeScreen, self.keymap)(self.session, self.keymap)
        self._screens: dict[Place, SessionScreen] = {"compose": self._compose}
        # A mode for each screen: what lies behind is not drawn, and sheets stay with their screen.
        for place in SCREENS:
            self.add_mode(place, partial(self.screen_at, place))

    async def on_event(self, event: events.Event) -> None:
        """Note when the hand moved, and drop keys that wait when it is to leave.

        A screen that is held up makes no pause of the hand's.
        """
        if isinstance(event, events.InputEvent):
            if self._exit:
                return
            self.moved_at = event.time
        await super().on_event(event)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Return what every line of every widget passes on its way to the terminal."""
        return [*super().get_line_filters(), self._printable]

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Return the variables that the dark theme defines."""
        return themes.defaults()

    @property
    def urgent(self) -> tuple[str, ...]:
        """The keys that end or silence."""
        keys = self.keymap.keys
        return *keys.get("app.quit", ()), *keys.get("play.panic", ())

    @property
    def composing(self) -> ComposeScreen:
        """The compose screen."""
        return self._compose

    def screen_at(self, place: Place) -> SessionScreen:
        """Return a screen, made when it is first asked for: the first paint waits for less."""
        if place not in self._screens:
            self._screens[place] = bound(screen_class(place), self.keymap)(
                self.session, self.keymap
            )
        return self._screens[place]

    @property
    def writing(self) -> NotesScreen:
        """The notes screen."""
        return cast("NotesScreen", self.screen_at("notes"))

    @property
    def steering(self) -> SteerScreen:
        """The steer screen."""
        return cast("SteerScreen", self.screen_at("steer"))

    @property
    def looking(self) -> InfluenceScreen:
        """The influence screen."""
        return cast("InfluenceScreen", self.screen_at("influence"))

    @property
    def monitoring(self) -> MonitorScreen:
        """The monitor screen."""
        return cast("MonitorScreen", self.screen_at("monitor"))

    def go(self, place: Place) -> None:
        """Go to a screen; each keeps what stands on it."""
        if self.current_mode == place:
            return
        if place == "influence":
            # One who comes from the takes asks about the chosen take.
            self.looking.about("take" if self.current_mode == "steer" else "measure")
        self.clear_notifications()
        self.switch_mode(place)

    def on_mount(self) -> None:
        """Begin to listen to the engine, and say what is to be said at the start."""
        self._leave = self.engine.subscribe(self.bridge)
        if self._hung_up:
            self.exit()
        for clash in self.keymap.clashes:
            self.notify(clash, title="Keymap", severity="warning", timeout=10)
        try:
            instrument_names.read()
        except BadNames as error:
            self.notify(error.line(), title=error.title, severity="warning", timeout=10)
        if self._recovered:
            offer(self, self.engine, self._recovered)

    def on_unmount(self) -> None:
        """Stop listening."""
        self._leave()

    def hang_up(self) -> None:
        """Leave as the user would; any thread and any signal may ask, at any time."""
        self._hung_up = True
        self.leave_requests.put(None)
        self._later(self.exit)

    def _fail_later(self, error: Exception) -> None:
        self._later(lambda: self._handle_exception(error))

    def _later(self, do: Callable[[], None]) -> None:
        if self._loop is not None:
            # Closed already, it has nothing to leave.
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(do)

    def _handle_exception(self, error: Exception) -> None:
        if self._exit:
            # Screens that are taken down while they come up miss parts of themselves.
            log.warning("The screens met this while they ended", exc_info=error)
            self._close_messages_no_wait()
            return
        # Textual would print a traceback over the screen instead.
        self.fault = self.fault or (error.error if isinstance(error, WorkerFailed) else error)
        log.error("The screens met a fault", exc_info=self.fault)
        self._return_code = 1
        if self._exception is None:
            self._exception = error
            self._exception_event.set()
        self._close_messages_no_wait()

    # From the engine

    def on_due(self) -> None:
        """Receive what waits in the bridge, now or when its time has come."""
        if not self.is_running:
            return
        wait = self.bridge.wait()
        if wait:
            self.set_timer(wait, self.bridge.hand_over)
        else:
            self.bridge.hand_over()

    def on_engine_event(self, message: EngineEvent) -> None:
        """Pass an event of the engine on to where it is shown."""
        # The engine goes on sending while the screens are taken down one by one.
        if not self.is_running:
            return
        match message.event:
            case event if isinstance(self.screen, Sheet) and self.screen.on_engine_event(event):
                pass
            case CommandFailed() as event if event.again and refused(event, self.session.saving):
                ask_again(self._compose, event)
            case CommandFailed(title, text, remedy):
                self._toast(f"{text} {remedy}".strip(), title, "error")
            case Notice(text, kind):
                self._toast(text, "", kind)
            case event:
                self.session.on_event(event)

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,
    ) -> None:
        """Show a toast; its words are not read as markup, whatever names are in them."""
        super().notify(
            printable(message),
            title=printable(title),
            severity=severity,
            timeout=timeout,
            markup=markup,
        )

    def _toast(self, text: str, title: str, severity: Any) -> None:
        # A held key that is refused thirty times a second is refused in one toast.
        now = time.monotonic()
        if now - self._toasted_at.get(text, float("-inf")) > REPEAT:
            self._toasted_at = {text: now}
            self.notify(text, title=title, severity=severity, timeout=REPEAT)

    # Palette

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Yield every action that can be done on the screen, with its keys."""
        place: Place = screen.PLACE if isinstance(screen, SessionScreen) else "compose"
        for action in ACTIONS:
            if not action.on(place):
                continue
            keys = "  ".join(shown(key) for key in self.keymap.keys.get(action.id, ()))
            title = f"{action.label.capitalize()}   {keys}" if keys else action.label.capitalize()
            yield SystemCommand(title, action.sentence, self._doing(action.id, place))

    def _doing(self, action: str, place: Place) -> Callable[[], None]:
        return lambda: self.screen_at(place).action_do(action)

    def action_command_palette(self) -> None:
        """Open the palette, its cursor still: an idle screen writes nothing."""
        if not isinstance(self.screen, CommandPalette):
            palette = CommandPalette(id="--command-palette")
            self.push_screen(palette)
            palette.call_after_refresh(self._still, palette)

    @staticmethod
    def _still(palette: CommandPalette) -> None:
        for line in palette.query(Input):
            line.cursor_blink = False


def screen_class(place: Place) -> type[SessionScreen]:
    """Return the class of a screen, imported when it is first asked for."""
    match place:
        case "notes":
            from tui.screens.notes import NotesScreen

            return NotesScreen
        case "song":
            from tui.screens.song import SongScreen

            return SongScreen
        case "steer":
            from tui.screens.steer import SteerScreen

            return SteerScreen
        case "influence":
            from tui.screens.influence import InfluenceScreen

            return InfluenceScreen
        case "monitor":
            from tui.screens.monitor import MonitorScreen

            return MonitorScreen
    return ComposeScreen
