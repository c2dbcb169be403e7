"""A keyboard's playing goes on to the instrument, and no key is left down."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.midi.messages import Thru, control_name
from engine.midi.player.thru import MidiThru

KEYS, PADS = "alsa:keys", "alsa:pads"


def passage(on: bool = True, channel: int | None = 3, *only: int) -> MidiThru:
    """Return a passage with this setting."""
    made = MidiThru()
    made.set(Thru(on, channel, only))
    return made


def test_notes_pedals_wheels_and_bend_pass_to_the_tracks_channel() -> None:
    thru = passage()
    played = ["90 3c 64", "b0 40 7f", "b0 01 20", "e0 00 40", "d0 10", "80 3c 00"]
    sent = [data.hex(" ") for each in played for data in thru.pass_on(KEYS, bytes.fromhex(each))]
    assert sent == ["93 3c 64", "b3 40 7f", "b3 01 20", "e3 00 40", "d3 10", "83 3c 00"]


def test_knobs_programs_and_clocks_do_not_pass() -> None:
    thru = passage()
    for data in ("b0 10 40", "c0 05", "f8", "fa", "f0 7e 7f f7"):
        assert thru.pass_on(KEYS, bytes.fromhex(data)) == []


def test_other_channels_are_not_played() -> None:
    thru = passage(True, None, 1)
    assert thru.pass_on(KEYS, b"\x90\x3c\x64") == []
    assert thru.pass_on(KEYS, b"\x91\x3c\x64") == [b"\x91\x3c\x64"]


def test_a_key_ends_on_the_channel_where_it_began_whatever_was_set_since() -> None:
    thru = passage()
    thru.pass_on(KEYS, b"\x90\x3c\x64")
    assert thru.set(Thru(True, 5)) == [b"\x83\x3c\x00"]
    assert thru.pass_on(KEYS, b"\x80\x3c\x00") == []
    thru.pass_on(KEYS, b"\x90\x3c\x64")
    assert thru.set(Thru(False)) == [b"\x85\x3c\x00"]
    assert not thru.open


def test_the_keys_of_a_keyboard_that_is_unplugged_end_and_others_stay() -> None:
    thru = passage()
    thru.pass_on(KEYS, b"\x90\x3c\x64")
    thru.pass_on(PADS, b"\x90\x24\x64")
    assert thru.release(but=(PADS,)) == [b"\x83\x3c\x00"]
    assert thru.pass_on(PADS, b"\x90\x24\x00") == [b"\x83\x24\x00"]


messages = st.tuples(
    st.sampled_from([KEYS, PADS]),
    st.tuples(
        st.sampled_from([0x80, 0x81, 0x90, 0x91]), st.integers(60, 63), st.integers(0, 127)
    ).map(bytes),
)
settings = st.builds(Thru, st.booleans(), st.none() | st.integers(0, 3))


@given(st.lists(messages | settings, max_size=40))
def test_every_note_that_began_is_ended_at_last(steps: list[tuple[str, bytes] | Thru]) -> None:
    thru, sent = passage(), []
    for step in steps:
        sent += thru.set(step) if isinstance(step, Thru) else thru.pass_on(*step)
    sent += thru.release()
    sounding: dict[tuple[int, int], int] = {}
    for data in sent:
        key = (data[0] & 0x0F, data[1])
        sounding[key] = sounding.get(key, 0) + (1 if data[0] & 0xF0 == 0x90 else -1)
    assert not any(sounding.values())


def test_pads_that_move_something_are_not_played_and_end_if_they_are_down() -> None:
    thru = passage()
    thru.pass_on(PADS, b"\x99\x24\x64")
    thru.spare((control_name(PADS, b"\x89\x24\x00"), control_name(KEYS, b"\xe0\x00\x40")))
    assert thru.pass_on(PADS, b"\x89\x24\x00") == [b"\x83\x24\x00"]
    assert thru.pass_on(PADS, b"\x99\x24\x64") == []
    assert thru.pass_on(KEYS, b"\xe0\x7f\x7f") == []
    assert thru.pass_on(KEYS, b"\x99\x24\x64") == [b"\x93\x24\x64"]
