"""Surprise as the screens follow it: one question at a time, and no stale words."""

from __future__ import annotations

from dataclasses import replace

from engine.protocol.phrase import AskSurprise, SurpriseFound
from tests.support.fake_engine import FakeEngine, song
from tui.view_models.surprise_inquiry import SurpriseInquiry


def made() -> tuple[SurpriseInquiry, FakeEngine]:
    engine = FakeEngine(song())
    inquiry = SurpriseInquiry(engine)
    inquiry.follow(engine.snapshot)
    return inquiry, engine


def found(engine: FakeEngine, slot: int, *words: str) -> SurpriseFound:
    shown = engine.snapshot
    percentiles = tuple(range(10, 10 + shown.song.length))
    return SurpriseFound(AskSurprise(slot, track=0), shown.revision, percentiles, 14.2, words)


def test_it_asks_once_and_again_when_something_has_changed() -> None:
    inquiry, engine = made()
    assert engine.of(AskSurprise) == [AskSurprise(0, track=0)]
    inquiry.follow(engine.snapshot)
    other = replace(engine.snapshot, selected=1)
    inquiry.follow(other)
    # The first question is not answered yet.
    assert len(engine.of(AskSurprise)) == 1
    inquiry.on_answer(found(engine, 0))
    assert engine.of(AskSurprise)[1:] == [AskSurprise(1, track=0)]
    inquiry.on_answer(found(engine, 1))
    inquiry.follow(other)
    assert len(engine.of(AskSurprise)) == 2


def test_words_are_about_the_measure_that_is_shown() -> None:
    inquiry, engine = made()
    assert (inquiry.words, inquiry.percentiles) == ("", ())
    inquiry.on_answer(found(engine, 0, "A flat on beat 3 leaves G major (9.8 bits)"))
    assert inquiry.words == (
        "14 bits, more unusual than 10 % of printed measures"
        " · A flat on beat 3 leaves G major (9.8 bits)"
    )
    assert inquiry.percentiles[0] == 10
    inquiry.follow(replace(engine.snapshot, selected=1))
    assert inquiry.words == ""
    assert inquiry.percentiles[0] == 10


def test_a_question_about_what_is_gone_is_waited_for_no_more() -> None:
    engine = FakeEngine(song())
    inquiry = SurpriseInquiry(engine)
    last = engine.snapshot.song.length - 1
    notes = engine.snapshot.row.slots[0]
    shown = engine.snapshot.song
    full = shown.with_track(0, slots=(notes,) * shown.length)
    inquiry.follow(replace(engine.snapshot, song=full, selected=last))
    # The measure is taken out before the engine comes to the question, which it refuses then.
    short = full.with_track(0, slots=(notes,) * last)
    inquiry.follow(replace(engine.snapshot, song=short, selected=last - 1))
    assert engine.of(AskSurprise) == [AskSurprise(at, track=0) for at in (last, last - 1)]
