"""Every MIDI system that this machine has keeps to what the player asks of one."""

from __future__ import annotations

import re

import pytest

from engine.errors import PortError
from engine.midi.backends import table
from engine.midi.player.port_watcher import systems

NAMES = sorted(systems())


def test_the_built_in_synth_is_always_one_of_them() -> None:
    assert set(table.BACKENDS) <= set(NAMES)


@pytest.mark.parametrize("api", NAMES)
def test_a_system_lists_names_of_ports_or_says_that_it_does_not_answer(api: str) -> None:
    found = systems()[api].look()
    if found is None:
        return
    for names in found:
        assert isinstance(names, list)
        assert all(isinstance(name, str) and name for name in names)


@pytest.mark.parametrize("api", NAMES)
def test_a_port_that_is_not_there_is_an_error_of_ours(api: str) -> None:
    name = f"{api}:no such port of any system"
    with pytest.raises(PortError) as caught:
        table.open_port(name, api).close()
    assert re.search("port|answer|system|synth", caught.value.line())
