"""What the action handlers need of the screen that they act for; no screen class is known here."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, ClassVar, Protocol

from textual.app import App

from engine.influence.spec import Match
from engine.music.note_edits import Notes, Span
from engine.music.pattern import Hit
from engine.protocol.analysis import InfluenceFound, MatchExcerpt
from engine.protocol.generation import Take, Trait
from tui.action_tables.action import Place
from tui.keymap import Keymap
from tui.session import Session
from tui.view_models.midi_log import Filter, MidiLog
from tui.view_models.note_cursor import NoteCursor
from tui.view_models.queries import Subject
from tui.widgets.comparison import Side


class Host(Protocol):
    """A screen as all handlers see it: the session, the keys, and the application."""

    PLACE: ClassVar[Place]
    session: Session
    keymap: Keymap

    @property
    def app(self) -> App[Any]:
        """The application, which shows dialogs and toasts and has the focus."""

    def go(self, place: Place) -> None:
        """Go to a screen."""


class MapView(Protocol):
    """The attribute map as the handlers see it."""

    def action_move(self, dx: int, dy: int, coarse: bool) -> None:
        """Move the measure on the map."""

    def action_occupancy(self) -> None:
        """Show or hide how dense the training measures lie."""

    def action_cells(self) -> None:
        """Draw the map with the next size of cells."""


class ComposeView(Host, Protocol):
    """The compose screen as its handlers see it."""

    amount: float
    reach: float
    axes: tuple[int, int]
    attribute: int
    matrix: bool

    @property
    def held(self) -> str:
        """The part that has the focus."""

    @property
    def map(self) -> MapView:
        """The attribute map."""

    def hold(self, part: str) -> None:
        """Focus a part, bringing it into sight."""

    def choose(self, index: int) -> None:
        """Choose a gauge by its dimension and focus it."""

    def visible_part(self, part: str) -> bool:
        """Whether a part has a place on the screen."""

    def bank_page_size(self) -> int:
        """Return how many gauges a page of the bank holds."""

    def lay_out(self) -> None:
        """Give each part its place, or none."""

    def draw(self) -> None:
        """Draw everything that has changed."""


class BesideView(Host, Protocol):
    """A screen beside the compose screen, as its handlers see it."""

    def show_message(self, words: str) -> None:
        """Show a toast in the place of those before it."""

    def draw(self) -> None:
        """Draw everything that has changed."""


class NotesView(BesideView, Protocol):
    """The notes screen as its handlers see it."""

    cursor: NoteCursor
    clipboard: Notes

    @property
    def length(self) -> Fraction:
        """How long the selected measure is, in quarter notes."""

    def notes(self) -> Notes:
        """Return the notes of the measure and its neighbours, from the start of the measure."""

    def span(self) -> Span:
        """Return what an edit is about: the selection, or the note at the cursor."""

    def point(self) -> None:
        """Show where the cursor stands now."""


class HitsView(NotesView, Protocol):
    """The notes screen where it shows the grid of drums or chords."""

    copied: tuple[Hit, ...]

    @property
    def ruled(self) -> bool:
        """Whether a rule plays the measure."""

    def hits(self) -> tuple[Hit, ...]:
        """Return the notes of the measure, as the grid has them."""

    def rows(self) -> list[int]:
        """Return the pitches of the rows, from the top."""


class SteerView(BesideView, Protocol):
    """The steer screen as its handlers see it."""

    chosen: int

    @property
    def held(self) -> str:
        """The part that has the focus."""

    @property
    def trait(self) -> Trait | None:
        """The chosen trait, if there are any."""

    def hold(self, part: str) -> None:
        """Focus a part."""

    def choose(self, index: int) -> None:
        """Choose a trait by its place, the nearest there is."""

    def choose_take_by(self, by: int) -> None:
        """Choose a take further down or up the list."""

    def finished_take(self) -> Take | None:
        """Return the chosen take, or say why there is none to do something with."""

    def play(self, take: str, at: float) -> None:
        """Play a take from a place in seconds, and choose it."""

    def seek(self, by: float) -> None:
        """Go on or back in the chosen take by seconds."""


class InfluenceView(BesideView, Protocol):
    """The influence screen as its handlers see it."""

    subject: Subject
    chosen: int
    near: bool
    amount: float
    heard: Side | None
    avoided: dict[int, str]

    @property
    def influence(self) -> InfluenceFound | None:
        """The answer about what is shown, if there is one."""

    @property
    def match(self) -> Match | None:
        """The chosen match, if there is any."""

    @property
    def beside(self) -> MatchExcerpt:
        """The measures of the chosen match."""

    def about(self, subject: Subject) -> None:
        """Ask about another subject."""

    def choose(self, index: int) -> None:
        """Choose a match by its place, the nearest there is."""

    def bring_near(self, near: bool) -> None:
        """Give the comparison the room of the list, or give that back."""


class MonitorView(Host, Protocol):
    """The monitor screen as its handlers see it."""

    passed: MidiLog
    through: Filter
    foot: int | None

    @property
    def room(self) -> int:
        """How many messages are in sight at most."""

    def look(self, through: Filter) -> None:
        """Look through another filter."""

    def hold(self, foot: int | None) -> None:
        """Hold the picture with a message at its foot, or follow what comes (None)."""

    def clear(self) -> None:
        """Forget what has passed."""

    def roll(self, by: int) -> None:
        """Go to later messages, or to earlier ones and hold the picture there."""
