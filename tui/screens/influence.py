"""The influence screen: which pieces a measure or a take is similar to, and how original it is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import on
from textual.geometry import Region
from textual.widget import Widget

from engine.influence.spec import Match
from engine.protocol.analysis import InfluenceFound, MatchExcerpt
from engine.protocol.base import Event
from engine.protocol.generation import GenerationState
from engine.protocol.snapshot import Snapshot
from tui.action_tables.action import Place
from tui.actions.influence import HANDLERS
from tui.keymap import Keymap
from tui.layouts.influence import behind
from tui.screens.base import SessionScreen
from tui.session import Session
from tui.view_models import gauges
from tui.view_models.queries import Subject
from tui.widgets.comparison import Comparison, Side
from tui.widgets.match_list import MatchList, MatchReading
from tui.widgets.originality import Verdict, VerdictHeading


class InfluenceScreen(SessionScreen):
    """Shows what was found behind a measure or a take, and what can be done about it."""

    PLACE: ClassVar[Place] = "influence"
    HANDLERS = HANDLERS
    SHOWS = (
        InfluenceFound,
        GenerationState,
        Snapshot,
    )
    AUTO_FOCUS = "#matches"

    def __init__(self, session: Session, keymap: Keymap) -> None:
        super().__init__(session, keymap)
        self.subject: Subject = "measure"
        self.chosen = 0
        self.near = False
        self.amount = 0.5
        self.heard: Side | None = None
        self.avoided: dict[int, str] = {}
        self._compared: tuple[Match | None, MatchExcerpt] = (None, MatchExcerpt())

    def parts(self) -> Iterable[Widget]:
        """Return the parts of this screen, from the top."""
        return (
            Verdict(id="verdict"),
            MatchList(id="matches"),
            Comparison(id="compare"),
        )

    def regions(self, width: int, height: int) -> dict[str, Region]:
        """Return the place of each part that is in sight."""
        return behind(width, height, near=self.near)

    # What the handlers need to know

    @property
    def influence(self) -> InfluenceFound | None:
        """The answer about what is shown, if there is one."""
        return self.session.inquiry.answer(self.subject)

    @property
    def match(self) -> Match | None:
        """The chosen match, if there is any."""
        found = self.influence.found if self.influence is not None else None
        matches = found.matches if found is not None else ()
        return matches[min(self.chosen, len(matches) - 1)] if matches else None

    @property
    def beside(self) -> MatchExcerpt:
        """The measures of the chosen match."""
        answer = self.influence
        if answer is None or not answer.beside:
            return MatchExcerpt()
        return answer.beside[min(self.chosen, len(answer.beside) - 1)]

    def about(self, subject: Subject) -> None:
        """Ask about another subject."""
        if subject != self.subject:
            self.subject, self.chosen = subject, 0
            self.draw()

    def choose(self, index: int) -> None:
        """Choose a match by its place, the nearest there is."""
        found = self.influence.found if self.influence is not None else None
        count = len(found.matches) if found is not None else 0
        self.chosen = max(0, min(count - 1, index))
        self.draw()

    def bring_near(self, near: bool) -> None:
        """Return the comparison the room of the list, or return that back."""
        self.near = near
        self.lay_out()
        self.draw()

    # Drawing

    def show(self, event: Event) -> None:
        """Show an event that the session has handled."""
        del event
        self.draw()

    def draw(self) -> None:
        """Draw everything; parts that show it already do nothing."""
        if not self.drawn:
            return
        self._draw_transport()
        answer, stale = self.influence, self.session.inquiry.stale(self.subject)
        compared = (self.match, self.beside)
        if compared != self._compared:
            # Another piece, or what became of the measure, has not been heard.
            self._compared, self.heard = compared, None
        self.query_one(Verdict).show(self._heading(), answer, stale=stale)
        found = answer.found if answer is not None else None
        readings: tuple[MatchReading, ...] = ()
        if answer is not None and found is not None:
            readings = tuple(
                MatchReading(match, beside, match.cluster in self.avoided)
                for match, beside in zip(found.matches, answer.beside, strict=True)
            )
        unit = found.unit if found is not None else "measure"
        close = found is not None and found.close
        chosen = max(0, min(self.chosen, len(readings) - 1))
        self.query_one(MatchList).show(readings, chosen, unit, close=close, stale=stale)
        self.query_one(Comparison).show(self.match, self.beside, unit, heard=self.heard)

    def _heading(self) -> VerdictHeading:
        shown, wanted = self.session.shown, self.session.inquiry.wanted
        if self.subject == "take":
            subject, key = "The chosen take", self.keymap.label("app.steer")
            instead = (
                f"No finished take is chosen: {key} goes where they are made."
                if self.session.inquiry.take is None
                else "Looking among the training clips …"
            )
        else:
            count = shown.song.length
            subject = f"Measure {shown.selected + 1} of {count}" + ", alone" * wanted.alone
            instead = gauges.unlooked(shown)
        limits = []
        if wanted.books is not None:
            limits.append(f"{', '.join(sorted(wanted.books))} only")
        if wanted.licences is not None:
            limits.append(f"{', '.join(sorted(wanted.licences))} only")
        if wanted.without:
            limits.append(f"{_tunes(len(wanted.without))} left out")
        if self.avoided and self.subject == "measure":
            limits.append(f"away from {_tunes(len(self.avoided))} by {self.amount:.0%}")
        return VerdictHeading(subject, " · ".join(limits), instead)

    # What the user does

    @on(MatchList.Chosen)
    def _on_match_chosen(self, message: MatchList.Chosen) -> None:
        self.choose(message.index)

    @on(MatchList.Rolled)
    def _on_matches_rolled(self, message: MatchList.Rolled) -> None:
        self.choose(self.chosen + message.steps)


def _tunes(count: int) -> str:
    return f"{count} tune{'s' * (count != 1)}"
