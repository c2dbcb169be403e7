"""Names of ports: found by a part, told apart, and kept when the system renumbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import PortError, UnknownName
from engine.midi.ports import Census, SeveralMatch, resolve, stable_names

KNOWN = ("virtual", "jack:fluidsynth-midi:midi_00", "alsa:Volca:Volca MIDI 1", "alsa:Volca FM:in")


def test_a_part_is_enough_where_one_port_carries_it() -> None:
    assert resolve("fluid", KNOWN) == "jack:fluidsynth-midi:midi_00"
    assert resolve("volca fm", KNOWN) == "alsa:Volca FM:in"
    assert resolve("virtual", (*KNOWN, "jack:virtual keyboard")) == "virtual"


def test_several_matches_and_none_are_different_sentences() -> None:
    with pytest.raises(SeveralMatch, match=r"2 MIDI ports match 'volca'.*Give more of the name"):
        resolve("volca", KNOWN)
    with pytest.raises(UnknownName, match=r"no MIDI port called 'virtal'. Did you mean 'virtual'"):
        resolve("virtal", KNOWN)


def test_a_name_where_there_are_no_ports_is_a_third_sentence() -> None:
    with pytest.raises(PortError, match="nor any other on this machine"):
        resolve("volca", ())


def test_alsa_numbers_are_left_out_and_equal_names_counted() -> None:
    raw = ["Volca:Volca MIDI 1 20:0", "Volca:Volca MIDI 1 24:0", "Through 14:0"]
    assert stable_names("alsa", raw) == [
        "alsa:Volca:Volca MIDI 1",
        "alsa:Volca:Volca MIDI 1 (2)",
        "alsa:Through",
    ]
    assert stable_names("jack", ["system:midi 1:2"]) == ["jack:system:midi 1:2"]


def test_a_machine_without_midi_has_an_empty_census() -> None:
    census = Census.read(b"{}")
    assert census.outputs == census.inputs == ()
    assert census.virtual_api is None


def test_a_port_is_held_by_its_own_system_only() -> None:
    census = Census({"jack": (("jack:a",), ())})
    assert census.outputs == ("virtual", "jack:a")
    assert census.holds("jack:a", "jack")
    assert census.holds("virtual", "jack")
    assert not census.holds("virtual", "alsa")
    assert not census.holds("jack:b", "jack")


@given(st.dictionaries(st.text(), st.tuples(st.lists(st.text()), st.lists(st.text()))))
def test_a_census_comes_back_from_its_line(ports: dict[str, tuple[list[str], list[str]]]) -> None:
    census = Census({api: (tuple(out), tuple(into)) for api, (out, into) in ports.items()})
    assert Census.read(census.line()) == census


@given(st.binary(max_size=40))
def test_noise_is_no_census(line: bytes) -> None:
    try:
        Census.read(line)
    except ValueError:
        return
