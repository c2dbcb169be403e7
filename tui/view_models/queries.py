"""What is asked about influence, and the answers: plain state that all screens share."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from typing import Literal

from engine.latent.spec import serves
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
    # One kind of question: what it was last about (its key), and what its answer is about.

    def __init__(self) -> None:
        self.requested: Hashable = None
        self.latest: InfluenceFound | None = None
        self._command: Asking | None = None
        self._since = -1
        self._answered: Hashable = None

    def due(self, key: Hashable) -> bool:
        return key is not None and key != self.requested

    def ask(self, key: Hashable, command: Asking, revision: int) -> Asking:
        self.requested, self._command, self._since = key, command, revision
        return command

    def answer(self, answer: InfluenceFound) -> None:
        if answer.asked == self._command and answer.revision >= self._since:
            self.latest, self._answered = answer, self.requested

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
        self._measure_question, self._take_question = _Question(), _Question()
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
            answer = self._take_question.latest
            here = answer is not None and _take_of(answer) == self._chosen
        else:
            answer = self._measure_question.latest
            here = answer is not None and _place_of(answer) == (
                self._shown.track,
                self._shown.selected,
            )
        return answer if here and self._key(subject) is not None else None

    def stale(self, subject: Subject) -> bool:
        """Return whether what is there now has not been answered yet."""
        question = self._take_question if subject == "take" else self._measure_question
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
        answer, key = self.answer("measure"), self._key("measure")
        if answer is None or answer.found is None or self._measure_question.stale(key):
            return False
        assert isinstance(answer.asked, AskInfluence)  # It is about a measure.
        command = replace(answer.asked, gradients=True)
        self.link.send(self._measure_question.ask(key, command, self._shown.revision))
        return True

    def follow(self, shown: Snapshot) -> None:
        """Follow the state of the song."""
        self._shown = shown
        self._begin()

    def choose(self, take: str | None) -> None:
        """Follow the chosen take, None while none is finished."""
        self._chosen = take
        self._begin()

    def on_answer(self, answer: InfluenceFound) -> None:
        """Keep an answer, and pass it to the question that it belongs to."""
        self._measure_question.answer(answer)
        self._take_question.answer(answer)

    # Asking

    def _begin(self) -> None:
        due = self._measure_question.due(self._key("measure")) or self._take_question.due(
            self._key("take")
        )
        if due and not self._waiting:
            self._waiting = True
            self._later(FOLLOW, self._ask)

    def _ask(self) -> None:
        self._waiting = False
        wanted, shown, key = self.wanted, self._shown, self._key("measure")
        named = (wanted.books, wanted.licences, wanted.without)
        if self._measure_question.due(key):
            measure = AskInfluence(
                shown.selected, TOP, *named, alone=wanted.alone, track=shown.track
            )
            self.link.send(self._measure_question.ask(key, measure, shown.revision))
        key = self._key("take")
        if self._take_question.due(key) and self._chosen is not None:
            take = AskTakeInfluence(self._chosen, TOP, *named)
            self.link.send(self._take_question.ask(key, take, 0))

    def _key(self, subject: Subject) -> Hashable:
        if subject == "take":
            wanted = replace(self.wanted, alone=False)
            return None if self._chosen is None else (self._chosen, wanted)
        shown = self._shown
        if shown.model.state == "loading" or shown.slot.empty or not serves(shown.slot.grid):
            return None
        if not shown.song.melodic(shown.track, shown.selected):
            return None
        measures = tuple(None if slot.empty else slot.measure for slot in shown.row.slots)
        return (shown.track, shown.selected, measures, self.wanted)


def _place_of(answer: InfluenceFound) -> tuple[int, int] | None:
    asked = answer.asked
    return (asked.row, asked.slot) if isinstance(asked, AskInfluence) else None


def _take_of(answer: InfluenceFound) -> str | None:
    return answer.asked.take if isinstance(answer.asked, AskTakeInfluence) else None
