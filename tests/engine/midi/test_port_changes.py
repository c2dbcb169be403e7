"""Ports that come and go: told once each, until nobody reads any more."""

from __future__ import annotations

import os
import sys
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from engine.midi.port_changes import Sighting, follow, sightings
from engine.midi.ports import PortInfo

SYNTH = PortInfo("jack:synth:in", "jack", "out")
KEYS = PortInfo("jack:keys:out", "jack", "in")

Ports = st.lists(
    st.builds(PortInfo, st.sampled_from("abcd"), st.just("jack"), st.sampled_from(["in", "out"])),
    unique=True,
)


def says(*lines: str) -> list[str]:
    """Return a watcher that writes lines and then wait for the end of its input, as ours does."""
    writing = "".join(f"print({line!r}, flush=True); " for line in lines)
    return [sys.executable, "-c", f"import sys; {writing} sys.stdin.read()"]


@given(before=Ports, after=Ports)
def test_what_was_seen_leads_from_one_look_to_the_other(
    before: list[PortInfo], after: list[PortInfo]
) -> None:
    there = set(before)
    for seen in sightings(before, after):
        assert (seen.port in there) == (seen.change == "vanished")
        there ^= {seen.port}
    assert there == set(after)


def test_a_port_is_seen_to_appear_and_to_vanish() -> None:
    lines = ('{"jack":[[],[]]}', '{"jack":[["jack:synth:in"],["jack:keys:out"]]}', "{}")
    looks = []
    for ports in follow(command=says(*lines)):
        looks.append(ports)
        if len(looks) == 3:
            break
    virtual = PortInfo("virtual", "jack", "out")
    assert looks == [(virtual,), (virtual, SYNTH, KEYS), ()]
    seen = [each for a, b in pairwise(looks) for each in sightings(a, b)]
    assert seen[:2] == [Sighting("appeared", SYNTH), Sighting("appeared", KEYS)]
    assert {each.change for each in seen[2:]} == {"vanished"}


def test_lines_that_are_no_census_are_passed_over() -> None:
    looks = follow(command=says("jackd says hello", '{"a": 3}', '{"alsa":[["alsa:a"],[]]}'))
    assert [port.name for port in next(looks)] == ["virtual", "alsa:a"]
    looks.close()


def test_where_no_watcher_can_be_started_nothing_is_there() -> None:
    looks = follow(command=["/nowhere/at/all"])
    assert next(looks) == ()
    looks.close()


def test_it_ends_when_nobody_reads_any_more() -> None:
    reading, writing = os.pipe()
    looks = follow(writing, says("{}"))
    assert next(looks) == ()
    os.close(reading)
    assert list(looks) == []
    os.close(writing)
