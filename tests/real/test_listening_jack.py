"""A keyboard under a real JACK server: heard in time, and played on to the instrument."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable

import pytest

from engine.midi import messages as m
from engine.midi.client import PlayerLink
from tests.support.fake_player import EventLog
from tests.support.jack import NoteReader
from tests.support.jack_keyboard import KEYS, Keyboard

pytestmark = pytest.mark.real


def test_keys_are_heard_stamped_and_played_on(
    link: PlayerLink, log: EventLog, hear: Callable[[str], NoteReader], keyboard: Keyboard
) -> None:
    synth = hear("sounder")
    log.wait_for(m.PortsSeen, lambda seen: "jack:sounder:in" in seen.outputs)
    link.send(m.UsePort("sounder"))
    link.send(m.Thru(True, 6))
    link.send(m.Listen(everything=True))
    log.wait_for(m.Listening, lambda listening: KEYS in listening.names)
    at = keyboard.play("90 3c 64", "80 3c 00")
    struck = log.wait_for(m.MidiReceived)
    assert (struck.port, struck.data) == (KEYS, b"\x90\x3c\x64")
    assert at <= struck.at <= time.monotonic()
    synth.wait_until(lambda messages: len(messages) >= 2)
    notes = [data for _, data in synth.messages if data[0] & 0xF0 in (0x80, 0x90)]
    assert notes == [b"\x96\x3c\x64", b"\x86\x3c\x00"]


def test_keys_held_at_the_unplugging_end_and_the_keyboard_is_heard_again(
    link: PlayerLink, log: EventLog, hear: Callable[[str], NoteReader], keyboard: Keyboard
) -> None:
    synth = hear("sounder")
    log.wait_for(m.PortsSeen, lambda seen: "jack:sounder:in" in seen.outputs)
    link.send(m.UsePort("sounder"))
    link.send(m.Thru(True))
    link.send(m.Listen(("keyboard",)))
    log.wait_for(m.Listening, lambda listening: listening.names == (KEYS,))
    keyboard.play("90 3c 64")
    synth.wait_until(lambda _: len(synth.holding()) == 1)
    keyboard.unplug()
    log.wait_for(m.Listening, lambda listening: listening.names == ())
    synth.wait_until(lambda _: not synth.holding())
    again = Keyboard()
    try:
        log.wait_for(m.Listening, lambda listening: listening.names == (KEYS,))
        again.play("90 40 64")
        log.wait_for(m.MidiReceived, lambda message: message.data[1] == 0x40)
    finally:
        again.unplug()


def test_others_can_play_to_our_own_port(
    link: PlayerLink, log: EventLog, keyboard: Keyboard
) -> None:
    link.send(m.Listen(("virtual",)))
    log.wait_for(m.Listening, lambda listening: listening.names == ("virtual",))
    subprocess.run(["jack_connect", "keyboard:keys", "armonica-in:in"], check=True)
    keyboard.play("90 3c 64")
    assert log.wait_for(m.MidiReceived).port == "virtual"
