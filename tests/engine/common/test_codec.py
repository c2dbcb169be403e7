"""Everything that can be asked, told or played travels and comes back the same."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.common.json_values import BadLine
from engine.midi import messages as m
from engine.music.measure import SILENCE
from engine.protocol.base import Command, Event, with_request
from engine.protocol.devices import OpenPort
from engine.protocol.edit import LoadMeasures
from engine.protocol.notices import CommandFailed
from engine.protocol.snapshot import Snapshot
from engine.remote.protocol import (
    ASKED,
    HEARD,
    LONGEST_FROM_ENGINE,
    PLAYED,
    TOLD,
    by_engine,
    for_engine,
    parsed,
)
from tests.support.values import any_of

SLOW = settings(suppress_health_check=list(HealthCheck), max_examples=60)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=10,
)


def over_a_line(body: dict[str, Any]) -> Any:
    return json.loads(json.dumps(body, allow_nan=False))


@SLOW
@given(any_of([kind for kind in ASKED.kinds if "Mark" not in kind.__name__]))
def test_what_is_asked_comes_back_the_same(command: Command) -> None:
    body = over_a_line(ASKED.plain(command))
    try:
        assert ASKED.read(body) == command
    except BadLine:
        # Numbers without an end are no command.
        assert "inf" in json.dumps(body)


@SLOW
@given(any_of(TOLD.kinds))
def test_what_is_told_comes_back_the_same(event: Event) -> None:
    assert TOLD.read(over_a_line(TOLD.plain(event))) == event


@SLOW
@given(any_of(PLAYED.kinds))
def test_what_is_played_comes_back_the_same(message: m.ToPlayer) -> None:
    assert PLAYED.read(over_a_line(PLAYED.plain(message))) == message


@SLOW
@given(any_of(HEARD.kinds))
def test_what_the_player_says_comes_back_the_same(message: m.FromPlayer) -> None:
    assert HEARD.read(over_a_line(HEARD.plain(message))) == message


@SLOW
@given(JSON, st.sampled_from([ASKED, TOLD, PLAYED, HEARD]))
def test_garbage_is_a_bad_line_and_nothing_else(body: Any, codec: Any) -> None:
    with pytest.raises(BadLine):
        codec.read(body)


@SLOW
@given(any_of(ASKED.kinds), st.data())
def test_a_command_with_garbage_in_a_field_is_read_strictly_or_refused(
    command: Command, data: st.DataObject
) -> None:
    body = over_a_line(ASKED.plain(command))
    body[data.draw(st.sampled_from([*body, "more"]))] = data.draw(JSON)
    try:
        read = ASKED.read(body)
    except BadLine:
        return
    assert isinstance(read, Command)
    json.dumps(ASKED.plain(read), allow_nan=False)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"is": "SelectSlot", "slot": True}, "int is wanted"),
        ({"is": "SelectSlot", "slot": 2**64}, "64 bits"),
        ({"is": "SelectSlot"}, "lacks slot"),
        ({"is": "SelectSlot", "slot": 1, "more": 2}, "no field called 'more'"),
        ({"is": "SetLatent", "slot": 0, "dimension": 0, "value": "nan"}, "number is wanted"),
        ({"is": "SetEditTiming", "timing": "later"}, "none of now, beat"),
        ({"is": "SetTitle", "title": "\ud800"}, "half a sign"),
        ({"is": "Snapshot"}, "nothing called 'Snapshot'"),
        ({"is": "Command"}, "nothing called 'Command'"),
        ({"is": "LoadMeasures", "slot": 0, "measures": [{"tokens": [3]}], "origins": []}, "tokens"),
    ],
)
def test_a_bad_command_is_refused_with_the_reason(body: dict[str, Any], says: str) -> None:
    with pytest.raises(BadLine, match=says):
        ASKED.read(body)


def test_what_stands_at_its_default_takes_no_room() -> None:
    assert TOLD.plain(Snapshot()) == {"is": "Snapshot"}
    assert ASKED.plain(LoadMeasures(0, (SILENCE,), ())) == {
        "is": "LoadMeasures",
        "slot": 0,
        "measures": [{"tokens": list(SILENCE.tokens)}],
        "origins": [],
    }


def test_a_command_within_an_event_is_named() -> None:
    answer = CommandFailed("No", "It cannot be.", "", again=OpenPort("a"))
    assert TOLD.plain(answer)["again"] == {"is": "OpenPort", "name": "a"}


def test_the_id_of_a_request_travels_and_makes_no_other_command() -> None:
    first, second = with_request(OpenPort("a")), with_request(OpenPort("a"))
    assert first == second == OpenPort("a")
    assert first.request != second.request
    assert first.client == second.client != ""
    assert ASKED.read(ASKED.plain(first)).request == first.request
    # What was written before there were ids is read as ever.
    assert ASKED.read({"is": "OpenPort", "name": "a"}).request == ""


@SLOW
@given(
    st.binary(max_size=200)
    | JSON.map(lambda body: json.dumps({"ask": body}).encode())
    | st.sampled_from([b"[" * 100_000, b'{"ask":' * 50_000, b'{"ask": NaN}', b"1" * 10_000])
)
def test_any_bytes_are_a_line_or_a_bad_line(line: bytes) -> None:
    with pytest.raises(BadLine):
        for_engine(line)
    with pytest.raises(BadLine):
        by_engine(*parsed(line, LONGEST_FROM_ENGINE))
