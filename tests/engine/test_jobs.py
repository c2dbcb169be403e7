"""Work beside the engine thread: newest first, cancelled at the next step, and told."""

from __future__ import annotations

import threading

import pytest

from engine import jobs
from engine.errors import OutOfRange
from engine.jobs import Job, Jobs
from engine.protocol.notices import CommandFailed, JobProgressed, Notice
from tests.support.events import Listener


@pytest.fixture
def listener() -> Listener:
    """Return someone who hears the jobs."""
    return Listener()


def test_the_newest_of_a_kind_replaces_the_older_ones(listener: Listener) -> None:
    lanes, gate, begun = Jobs(listener), threading.Event(), threading.Event()
    done: list[str] = []

    def first(job: Job) -> None:
        begun.set()
        gate.wait(60)
        job.step(0.5)
        done.append("first")

    def work(name: str) -> None:
        def run(job: Job) -> None:
            job.step(0.5)
            done.append(name)
            job.tell(Notice(name))

        lanes.start("model", "map", name, run)

    lanes.start("model", "map", "first", first)
    assert begun.wait(60)
    work("second")
    work("third")
    gate.set()
    listener.wait(Notice, lambda event: event.text == "third")
    assert done == ["third"]
    lanes.close()


def test_lanes_do_not_wait_for_each_other(listener: Listener) -> None:
    lanes, gate = Jobs(listener), threading.Event()

    def slow(job: Job) -> None:
        gate.wait(60)
        job.step(1.0)

    lanes.start("model", "map", "slow", slow)
    lanes.start("files", "browse", "quick", lambda job: job.tell(Notice("quick")))
    listener.wait(Notice)
    gate.set()
    lanes.close()


def test_progress_is_told_for_what_takes_a_while_and_its_end_always(
    listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "QUICK", 0.0)
    monkeypatch.setattr(jobs, "PAUSE", 0.0)
    lanes, begun, gate = Jobs(listener), threading.Event(), threading.Event()

    def work(job: Job) -> None:
        job.step(0.25)
        begun.set()
        gate.wait(60)
        job.step(0.5)

    number = lanes.start("model", "map", "long", work)
    assert begun.wait(60)
    lanes.cancel(number)
    gate.set()
    listener.wait(JobProgressed, lambda event: event.done == 1.0)
    assert [event.done for event in listener.of(JobProgressed)] == [0.25, 1.0]
    lanes.close()


def test_what_goes_wrong_is_told_and_the_lane_goes_on(listener: Listener) -> None:
    lanes = Jobs(listener)

    def refused(job: Job) -> None:
        job.step(0.0)
        raise OutOfRange("Too far.", "Go back.")

    def fault(job: Job) -> None:
        job.step(0.0)
        raise ZeroDivisionError("by zero")

    lanes.start("model", "a", "one", refused)
    lanes.start("model", "b", "another", fault)
    lanes.start("model", "c", "last", lambda job: job.tell(Notice("last")))
    listener.wait(Notice)
    assert [event.message for event in listener.of(CommandFailed)] == [
        "Too far.",
        "Another failed: by zero.",
    ]
    lanes.close()
    lanes.close()


def test_closing_ends_what_runs(listener: Listener) -> None:
    lanes, begun = Jobs(listener), threading.Event()

    def work(job: Job) -> None:
        while True:
            job.step(0.0)
            begun.set()

    lanes.start("model", "a", "endless", work)
    assert begun.wait(60)
    lanes.close()
    assert not [t for t in threading.enumerate() if t.name == "model jobs"]


def test_the_end_of_a_job_is_told_also_where_it_never_began(listener: Listener) -> None:
    lanes, begun, over = Jobs(listener), threading.Event(), []

    def ended(job: Job) -> None:
        over.append(job.name)
        job.tell(Notice(f"{job.name} is over"))

    def held(job: Job) -> None:
        begun.set()
        job.rest(30)
        job.step(0.5)

    lanes.start("audio", "generate", "first", held, ended=ended)
    assert begun.wait(60)
    queued = lanes.start("audio", "load", "second", held, ended=ended)
    lanes.cancel(queued)
    lanes.start("audio", "generate", "third", lambda job: job.step(1.0), ended=ended)
    listener.wait(Notice, lambda event: event.text == "third is over")
    assert over == ["first", "second", "third"]
    lanes.close()
