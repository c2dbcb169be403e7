"""What is asked about influence and when, without a screen: time is moved by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.protocol.analysis import AskInfluence, AskTakeInfluence, InfluenceFound
from engine.protocol.base import Command, Event
from engine.protocol.edit import SelectSlot, SetLatent
from tests.support.fake_engine import FakeEngine
from tui.view_models.queries import FOLLOW, Inquiry, Wanted


class Asked:
    """An inquiry whose waiting is ended by the test, on an engine that answers when it is told."""

    def __init__(self, *, ready: bool = True) -> None:
        self.engine = FakeEngine(ready=ready)
        self.answers: list[InfluenceFound] = []
        self.waiting: list[Callable[[], None]] = []
        self.engine.subscribe(self._keep)
        self.inquiry = Inquiry(self.engine, self._later)
        self.follow()

    def _keep(self, event: Event) -> None:
        if isinstance(event, InfluenceFound):
            self.answers.append(event)

    def _later(self, seconds: float, deed: Callable[[], None]) -> None:
        assert seconds == FOLLOW
        self.waiting.append(deed)

    @property
    def sent(self) -> list[Command]:
        """The questions that were asked."""
        return self.engine.of(AskInfluence, AskTakeInfluence)

    def follow(self) -> None:
        """Take the state of the song."""
        self.inquiry.follow(self.engine.snapshot)

    def do(self, *commands: Command) -> None:
        """Change the song."""
        for command in commands:
            self.engine.send(command)
            self.follow()

    def wait(self) -> None:
        """Let the time pass in which edits join each other."""
        waiting, self.waiting = self.waiting, []
        for deed in waiting:
            deed()

    def hear(self) -> None:
        """Take every answer that was given."""
        answers, self.answers = self.answers, []
        for answer in answers:
            self.inquiry.on_answer(answer)


def test_a_measure_is_asked_about_once_for_all_edits_that_come_together() -> None:
    asked = Asked()
    for value in (0.1, 0.2, 0.3):
        asked.do(SetLatent(0, 0, value))
    assert len(asked.waiting) == 1
    asked.wait()
    assert asked.sent == [AskInfluence(0)]
    assert asked.inquiry.stale("measure")
    asked.hear()
    assert asked.inquiry.answer("measure") is not None
    assert asked.inquiry.settled
    asked.follow()
    assert not asked.waiting, "nothing new has to be asked"


def test_an_answer_from_before_an_edit_is_shown_as_old_until_the_new_one_comes() -> None:
    asked = Asked()
    asked.wait()
    asked.hear()
    before = asked.inquiry.answer("measure")
    asked.do(SetLatent(0, 2, 2.0), SetLatent(0, 1, -2.0))
    assert asked.inquiry.answer("measure") is before
    assert asked.inquiry.stale("measure")
    asked.wait()
    asked.hear()
    assert asked.inquiry.answer("measure") is not before
    assert not asked.inquiry.stale("measure")


def test_a_late_answer_to_an_older_question_is_not_taken() -> None:
    asked = Asked()
    asked.wait()
    (late,) = asked.answers
    asked.answers.clear()
    asked.do(SetLatent(0, 2, 2.0), SetLatent(0, 1, -2.0))
    asked.wait()
    asked.inquiry.on_answer(late)
    assert asked.inquiry.answer("measure") is None
    asked.hear()
    now = asked.inquiry.answer("measure")
    asked.inquiry.on_answer(late)
    assert asked.inquiry.answer("measure") is now is not None


def test_an_answer_about_another_measure_is_none() -> None:
    asked = Asked()
    asked.wait()
    asked.hear()
    asked.do(SelectSlot(1))
    assert asked.inquiry.answer("measure") is None
    asked.wait()
    (other,) = asked.answers
    asked.do(SelectSlot(2))
    asked.inquiry.on_answer(other)
    assert asked.inquiry.answer("measure") is None
    asked.answers.clear()
    asked.wait()
    asked.hear()
    told = asked.inquiry.answer("measure")
    assert told is not None
    assert told.asked == AskInfluence(2)


def test_a_measure_around_the_selected_one_is_part_of_the_question() -> None:
    asked = Asked()
    asked.wait()
    asked.hear()
    asked.do(SetLatent(1, 2, 2.0), SetLatent(1, 1, -2.0))
    asked.wait()
    assert asked.sent == [AskInfluence(0)] * 2


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(books=frozenset({"Aird's Airs"})),
        Wanted(licences=frozenset({"unknown"})),
        Wanted(without=frozenset({10})),
        Wanted(alone=True),
    ],
)
def test_what_may_be_named_goes_with_the_question(wanted: Wanted) -> None:
    asked = Asked()
    asked.wait()
    asked.hear()
    asked.inquiry.choose("t1")
    asked.wait()
    asked.hear()
    takes = len(asked.engine.of(AskTakeInfluence))
    asked.inquiry.want(wanted)
    asked.wait()
    named = (wanted.books, wanted.licences, wanted.without)
    assert asked.engine.of(AskInfluence)[-1] == AskInfluence(0, 10, *named, alone=wanted.alone)
    more = asked.engine.of(AskTakeInfluence)[takes:]
    # A take is asked about as a whole.
    assert more == ([] if wanted.alone else [AskTakeInfluence("t1", 10, *named)])


def test_an_empty_measure_is_not_asked_about_and_nothing_before_the_model_is_there() -> None:
    asked = Asked(ready=False)
    assert not asked.waiting
    assert asked.inquiry.settled
    asked.engine.adopt()
    asked.follow()
    asked.wait()
    asked.hear()
    assert asked.inquiry.answer("measure") is not None
    asked.do(SelectSlot(6))
    assert not asked.waiting
    assert asked.inquiry.answer("measure") is None
    assert asked.inquiry.settled


def test_a_take_is_asked_about_when_it_is_chosen_and_forgotten_when_it_is_not() -> None:
    asked = Asked()
    asked.wait()
    asked.hear()
    asked.inquiry.choose("t1")
    assert asked.inquiry.stale("take")
    asked.wait()
    asked.hear()
    told = asked.inquiry.answer("take")
    assert told is not None
    assert told.asked == AskTakeInfluence("t1")
    asked.inquiry.choose("t2")
    assert asked.inquiry.answer("take") is None
    asked.inquiry.choose(None)
    assert asked.inquiry.answer("take") is None
    assert not asked.inquiry.stale("take")
    asked.wait()
    assert asked.engine.of(AskTakeInfluence) == [AskTakeInfluence("t1")]


moves = st.sampled_from(["select", "edit", "want", "take", "wait", "hear", "late", "lose"])


@given(st.lists(st.tuples(moves, st.integers(0, 3)), max_size=40))
def test_in_any_order_the_answer_shown_is_that_about_what_is_there(
    steps: list[tuple[str, int]],
) -> None:
    asked, old = Asked(), []
    for move, number in steps:
        match move:
            case "select":
                asked.do(SelectSlot(number * 2))
            case "edit":
                asked.do(SetLatent(number, 2, number / 2))
            case "want":
                wanted = asked.inquiry.wanted
                asked.inquiry.want(replace(wanted, alone=not wanted.alone))
            case "take":
                asked.inquiry.choose(None if number == 0 else f"t{number}")
            case "wait":
                asked.wait()
            case "hear":
                old += asked.answers
                asked.hear()
            case "late" if old:
                asked.inquiry.on_answer(old[number % len(old)])
            case _:
                old += asked.answers
                asked.answers.clear()
        told = asked.inquiry.answer("measure")
        if told is not None:
            assert told.asked.slot == asked.engine.snapshot.selected  # type: ignore[union-attr]
    asked.wait()
    asked.inquiry.want(Wanted(without=frozenset({99})))
    asked.wait()
    asked.hear()
    assert asked.inquiry.settled
    shown = asked.engine.snapshot
    told = asked.inquiry.answer("measure")
    assert (told is None) == shown.row.slots[shown.selected].empty
