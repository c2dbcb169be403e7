"""What is asked about influence, and the answers: plain state that all screens share."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from typing import Literal

from engine.protocol.analysis import AskInfluence, AskTakeInfluence, InfluenceFound
from engine.protocol.snapshot import Snapshot
from tui.bridge import EngineLink
from tui.layouts.influence import TOP

FOLLOW = 0.05
"""Seconds after an edit in which others join it before it is asked what lies behind it."""


Subject = Literal["measure", "take"]
Asking = AskInfluence | AskTakeInfluence


@dataclass(frozen=True, slots=True)
class Wanted:
    """What may be named: of ``books`` and ``licences`` alone (None: any), ``without`` clusters.

    ``alone`` leaves out the measures around the one that is asked about.
    """

    books: frozenset[str] | None = None
    licences: frozenset[str] | None = None
    without: frozenset[int] = frozenset()
    alone: bool = False


class _Question:
    # One kind of question: what it was asked of last (its key), and what its answer is of.

    def __init__(self) -> None:
        self.asked: Hashable = None
        self.told: InfluenceFound | None = None
        self._command: Asking | None = None
        self._since = -1
        self._answered: Hashable = None

    def due(self, key: Hashable) -> bool:
        return key is not None and key != self.asked

    def ask(self, key: Hashable, command: Asking, revision: int) -> Asking:
        self.asked, self._command, self._since = key, command, revision
        return command

    def answer(self, told: InfluenceFound) -> None:
        if told.asked == self._command and told.revision >= self._since:
            self.told, self._answered = told, self.asked

    def stale(self, key: Hashable) -> bool:
        return key is not None and key != self._answered


class Inquiry:
    """Follows the selected measure and the chosen take, and asks what lies behind them.

    ``later`` does something after so many seconds. It asks once for all edits that come within
    `FOLLOW`, and not more often; a held key is followed while it is held.
    """

    def __init__(
        self, link: EngineLink, later: Callable[[float, Callable[[], None]], object]
    ) -> None:
        self.link = link
        self.wanted = Wanted()
        self._later = later
        self._measure, self._take = _Question(), _Question()
        self._shown = link.snapshot
        self._chosen: str | None = None
        self._waiting = False

    # What the screens see

    @property
    def take(self) -> str | None:
        """The take that is asked about, None while none is finished."""
        return self._chosen

    def answer(self, subject: Subject) -> InfluenceFound | None:
        """Return the latest answer; one about another measure or take is none."""
        if subject == "take":
            told = self._take.told
            here = told is not None and _take_of(told) == self._chosen
        else:
            told = self._measure.told
            here = told is not None and _place_of(told) == (self._shown.track, self._shown.selected)
        return told if here and self._key(subject) is not None else None

    def stale(self, subject: Subject) -> bool:
        """Return whether what is there now has not been answered yet."""
        question = self._take if subject == "take" else self._measure
        return question.stale(self._key(subject))

    @property
    def settled(self) -> bool:
        """Whether all that can be asked has been answered."""
        return not (self._waiting or self.stale("measure") or self.stale("take"))

    # What changes it

    def want(self, wanted: Wanted) -> None:
        """Change what may be named, and ask again."""
        self.wanted = wanted
        self._begin()

    def weigh(self) -> bool:
        """Ask once more about the measure, with its gradients; False while nothing is found."""
        told, key = self.answer("measure"), self._key("measure")
        if told is None or told.found is None or self._measure.stale(key):
            return False
        assert isinstance(told.asked, AskInfluence)  # It is about a measure.
        command = replace(told.asked, gradients=True)
        self.link.send(self._measure.ask(key, command, self._shown.revision))
        return True

    def follow(self, shown: Snapshot) -> None:
        """Take the state of the song."""
        self._shown = shown
        self._begin()

    def choose(self, take: str | None) -> None:
        """Take the chosen take, None while none is finished."""
        self._chosen = take
        self._begin()

    def on_answer(self, told: InfluenceFound) -> None:
        """Take an answer."""
        self._measure.answer(told)
        self._take.answer(told)

    # Asking

    def _begin(self) -> None:
        due = self._measure.due(self._key("measure")) or self._take.due(self._key("take"))
        if due and not self._waiting:
            self._waiting = True
            self._later(FOLLOW, self._ask)

    def _ask(self) -> None:
        self._waiting = False
        wanted, shown, key = self.wanted, self._shown, self._key("measure")
        named = (wanted.books, wanted.licences, wanted.without)
        if self._measure.due(key):
            measure = AskInfluence(
                shown.selected, TOP, *named, alone=wanted.alone, track=shown.track
            )
            self.link.send(self._measure.ask(key, measure, shown.revision))
        key = self._key("take")
        if self._take.due(key) and self._chosen is not None:
            take = AskTakeInfluence(self._chosen, TOP, *named)
            self.link.send(self._take.ask(key, take, 0))

    def _key(self, subject: Subject) -> Hashable:
        if subject == "take":
            wanted = replace(self.wanted, alone=False)
            return None if self._chosen is None else (self._chosen, wanted)
        shown = self._shown
        if shown.model.state == "loading" or shown.slot.empty:
            return None
        measures = tuple(None if slot.empty else slot.measure for slot in shown.row.slots)
        return (shown.track, shown.selected, measures, self.wanted)


def _place_of(told: InfluenceFound) -> tuple[int, int] | None:
    asked = told.asked
    return (asked.row, asked.slot) if isinstance(asked, AskInfluence) else None


def _take_of(told: InfluenceFound) -> str | None:
    return told.asked.take if isinstance(told.asked, AskTakeInfluence) else None
