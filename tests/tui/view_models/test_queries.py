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


class InquiryHarness:
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

    def _later(self, seconds: float, callback: Callable[[], None]) -> None:
        assert seconds == FOLLOW
        self.waiting.append(callback)

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
        for callback in waiting:
            callback()

    def receive_answers(self) -> None:
        """Take every answer that was given."""
        answers, self.answers = self.answers, []
        for answer in answers:
            self.inquiry.on_answer(answer)


def test_a_measure_is_asked_about_once_for_all_edits_that_come_together() -> None:
    harness = InquiryHarness()
    for value in (0.1, 0.2, 0.3):
        harness.do(SetLatent(0, 0, value))
    assert len(harness.waiting) == 1
    harness.wait()
    assert harness.sent == [AskInfluence(0, track=0)]
    assert harness.inquiry.stale("measure")
    harness.receive_answers()
    assert harness.inquiry.answer("measure") is not None
    assert harness.inquiry.settled
    harness.follow()
    assert not harness.waiting, "nothing new has to be asked"


def test_an_answer_from_before_an_edit_is_shown_as_old_until_the_new_one_comes() -> None:
    harness = InquiryHarness()
    harness.wait()
    harness.receive_answers()
    before = harness.inquiry.answer("measure")
    harness.do(SetLatent(0, 2, 2.0), SetLatent(0, 1, -2.0))
    assert harness.inquiry.answer("measure") is before
    assert harness.inquiry.stale("measure")
    harness.wait()
    harness.receive_answers()
    assert harness.inquiry.answer("measure") is not before
    assert not harness.inquiry.stale("measure")


def test_a_late_answer_to_an_older_question_is_not_taken() -> None:
    harness = InquiryHarness()
    harness.wait()
    (late,) = harness.answers
    harness.answers.clear()
    harness.do(SetLatent(0, 2, 2.0), SetLatent(0, 1, -2.0))
    harness.wait()
    harness.inquiry.on_answer(late)
    assert harness.inquiry.answer("measure") is None
    harness.receive_answers()
    now = harness.inquiry.answer("measure")
    harness.inquiry.on_answer(late)
    assert harness.inquiry.answer("measure") is now is not None


def test_an_answer_about_another_measure_is_none() -> None:
    harness = InquiryHarness()
    harness.wait()
    harness.receive_answers()
    harness.do(SelectSlot(1))
    assert harness.inquiry.answer("measure") is None
    harness.wait()
    (other,) = harness.answers
    harness.do(SelectSlot(2))
    harness.inquiry.on_answer(other)
    assert harness.inquiry.answer("measure") is None
    harness.answers.clear()
    harness.wait()
    harness.receive_answers()
    answer = harness.inquiry.answer("measure")
    assert answer is not None
    assert answer.asked == AskInfluence(2, track=0)


def test_a_measure_around_the_selected_one_is_part_of_the_question() -> None:
    harness = InquiryHarness()
    harness.wait()
    harness.receive_answers()
    harness.do(SetLatent(1, 2, 2.0), SetLatent(1, 1, -2.0))
    harness.wait()
    assert harness.sent == [AskInfluence(0, track=0)] * 2


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
    harness = InquiryHarness()
    harness.wait()
    harness.receive_answers()
    harness.inquiry.choose("t1")
    harness.wait()
    harness.receive_answers()
    takes = len(harness.engine.of(AskTakeInfluence))
    harness.inquiry.want(wanted)
    harness.wait()
    named = (wanted.books, wanted.licences, wanted.without)
    assert harness.engine.of(AskInfluence)[-1] == AskInfluence(
        0, 10, *named, alone=wanted.alone, track=0
    )
    more = harness.engine.of(AskTakeInfluence)[takes:]
    # A take is asked about as a whole.
    assert more == ([] if wanted.alone else [AskTakeInfluence("t1", 10, *named)])


def test_an_empty_measure_is_not_asked_about_and_nothing_before_the_model_is_there() -> None:
    harness = InquiryHarness(ready=False)
    assert not harness.waiting
    assert harness.inquiry.settled
    harness.engine.adopt()
    harness.follow()
    harness.wait()
    harness.receive_answers()
    assert harness.inquiry.answer("measure") is not None
    harness.do(SelectSlot(6))
    assert not harness.waiting
    assert harness.inquiry.answer("measure") is None
    assert harness.inquiry.settled


def test_a_take_is_asked_about_when_it_is_chosen_and_forgotten_when_it_is_not() -> None:
    harness = InquiryHarness()
    harness.wait()
    harness.receive_answers()
    harness.inquiry.choose("t1")
    assert harness.inquiry.stale("take")
    harness.wait()
    harness.receive_answers()
    answer = harness.inquiry.answer("take")
    assert answer is not None
    assert answer.asked == AskTakeInfluence("t1")
    harness.inquiry.choose("t2")
    assert harness.inquiry.answer("take") is None
    harness.inquiry.choose(None)
    assert harness.inquiry.answer("take") is None
    assert not harness.inquiry.stale("take")
    harness.wait()
    assert harness.engine.of(AskTakeInfluence) == [AskTakeInfluence("t1")]


moves = st.sampled_from(["select", "edit", "want", "take", "wait", "hear", "late", "lose"])


@given(st.lists(st.tuples(moves, st.integers(0, 3)), max_size=40))
def test_in_any_order_the_answer_shown_is_that_about_what_is_there(
    steps: list[tuple[str, int]],
) -> None:
    harness, old = InquiryHarness(), []
    for move, number in steps:
        match move:
            case "select":
                harness.do(SelectSlot(number * 2))
            case "edit":
                harness.do(SetLatent(number, 2, number / 2))
            case "want":
                wanted = harness.inquiry.wanted
                harness.inquiry.want(replace(wanted, alone=not wanted.alone))
            case "take":
                harness.inquiry.choose(None if number == 0 else f"t{number}")
            case "wait":
                harness.wait()
            case "hear":
                old += harness.answers
                harness.receive_answers()
            case "late" if old:
                harness.inquiry.on_answer(old[number % len(old)])
            case _:
                old += harness.answers
                harness.answers.clear()
        answer = harness.inquiry.answer("measure")
        if answer is not None:
            assert answer.asked.slot == harness.engine.snapshot.selected  # type: ignore[union-attr]
    harness.wait()
    harness.inquiry.want(Wanted(without=frozenset({99})))
    harness.wait()
    harness.receive_answers()
    assert harness.inquiry.settled
    shown = harness.engine.snapshot
    answer = harness.inquiry.answer("measure")
    assert (answer is None) == shown.row.slots[shown.selected].empty
