"""Addresses of engines become the user's own ssh, and never one of its options."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.remote.connect import Address, BadAddress, address


def test_ssh_is_the_users_own_with_everything_after_the_end_of_options() -> None:
    where = address("ssh://me@Box.example.org:2222", "/opt/my armonica/bin/armonica")
    command = where.ssh_command()
    assert command[0] == "ssh"
    assert command[command.index("-p") + 1] == "2222"
    assert command[command.index("-l") + 1] == "me"
    at = command.index("--")
    assert command[at + 1] == "Box.example.org"
    assert shlex.split(" ".join(command[at + 2 :])) == ["/opt/my armonica/bin/armonica", "relay"]
    assert "BatchMode=yes" not in command
    assert "BatchMode=yes" in where.ssh_command(again=True)
    assert str(where) == "ssh://me@Box.example.org:2222"


def test_no_address_is_this_machine() -> None:
    assert address(None) == Address()
    assert str(address(None)) == "this machine"


def test_loopback_is_the_only_place_of_a_port() -> None:
    assert address("tcp://localhost:7000").host == "127.0.0.1"
    with pytest.raises(BadAddress, match="ssh"):
        address("tcp://10.0.0.1:7000")


@given(st.text(max_size=30), st.text(max_size=12))
def test_whatever_one_types_no_option_of_ssh_comes_of_it(host: str, user: str) -> None:
    for text in (host, f"ssh://{host}", f"ssh://{user}@{host}"):
        try:
            where = address(text)
        except BadAddress:
            continue
        if where.kind == "ssh":
            command = where.ssh_command()
            assert not where.host.startswith("-")
            assert not where.user.startswith("-")
            assert command.index("--") == len(command) - 4
