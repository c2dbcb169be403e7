"""The session: the latest of everything, passed on to those who asked for its kind."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from engine.protocol.base import Command, Event, with_request
from engine.protocol.devices import ControllersState
from engine.protocol.generation import GenerationState
from engine.protocol.notices import JobProgressed, Notice
from engine.protocol.snapshot import Snapshot
from engine.protocol.switches import Toggle, Toggled
from engine.protocol.transport import LatenessMeasured, PlayheadMoved, SetAudition
from tests.support.fake_engine import FakeEngine
from tui.session import Session


@pytest.fixture
def session() -> Session:
    return Session(
        FakeEngine(), random.Random(1), later=lambda _seconds, _call: None, moved_at=lambda: 0.0
    )


def test_it_begins_with_what_the_engine_shows(session: Session) -> None:
    assert session.shown == session.link.snapshot
    assert session.slot == session.shown.selected


def test_the_latest_of_each_kind_is_kept(session: Session) -> None:
    head, late = PlayheadMoved(2, 1.5), LatenessMeasured(0.1, 0.2, 0.3)
    studio, controls = GenerationState(), ControllersState()
    for event in (head, late, studio, controls):
        session.on_event(event)
    assert (session.playhead, session.lateness) == (head, late)
    assert session.studio is studio
    assert session.controls is controls


def test_what_a_key_turned_over_is_said_from_the_answer_and_not_from_what_is_shown(
    session: Session,
) -> None:
    engine = session.link
    engine.subscribe(lambda event: session.on_event(event) if isinstance(event, Toggled) else None)
    was, sent = session.shown.audition, list[Command]()
    # Another screen was quicker, and this one has not heard of it.
    engine.send(with_request(Toggle("audition")))
    session.toggle("audition", sent.append)
    assert sent == [SetAudition(was)]


def test_a_snapshot_older_than_the_last_changes_nothing_and_is_not_passed_on(
    session: Session,
) -> None:
    seen: list[Event] = []
    session.subscribe(seen.append, Snapshot)
    newer = replace(session.shown, revision=session.shown.revision + 2)
    session.on_event(newer)
    session.on_event(replace(newer, revision=newer.revision - 1))
    assert seen == [newer]
    assert session.shown is newer


def test_subscribers_get_their_kinds_in_the_order_of_subscription_after_the_session(
    session: Session,
) -> None:
    calls: list[tuple[str, object]] = []
    session.subscribe(lambda _: calls.append(("first", session.playhead)), PlayheadMoved, Notice)
    session.subscribe(lambda _: calls.append(("second", session.playhead)), PlayheadMoved)
    head = PlayheadMoved(1, 0.5)
    session.on_event(head)
    assert calls == [("first", head), ("second", head)]
    session.on_event(Notice("Saved."))
    assert [who for who, _ in calls[2:]] == ["first"]


def test_jobs_are_those_that_are_not_done(session: Session) -> None:
    session.on_event(JobProgressed(1, "map", 0.2))
    session.on_event(JobProgressed(2, "take", 0.5))
    session.on_event(JobProgressed(1, "map", 1.0))
    assert list(session.jobs) == [2]
