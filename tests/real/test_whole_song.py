"""A song made by keys alone sounds, with the right pitches, from an independent synthesiser."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import mido
import numpy as np
import numpy.typing as npt
import pytest

from engine.bench.jack import JackServer, starts
from engine.bench.terminal import PseudoTerminal
from engine.locations import MEASURE_VAE
from tests.support.fluidsynth import needs_fluidsynth, read, recording, synthesiser
from tests.support.jack import NoteReader
from tests.support.jack_terminal import application_on_terminal

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not MEASURE_VAE.exists(), reason="no weights lie in presets/models"),
]

OCARINA = 80
"""A General MIDI program, counted from 1, whose tones are nearly pure."""

TEMPO = 96
PERIOD = 512
"""Frames of a period: a synthesiser beside others needs longer ones."""

TAKES = 4
"""How often the song is recorded. JACK's clock, and so the recording, slips now and then on a
busy machine; a note that was played wrong would be wrong in every take."""

SETTLED, LONGEST = 0.04, 0.3
"""Seconds after the start of a note from which its pitch is read, and for how long."""


@pytest.mark.parametrize("jack", [PERIOD], indirect=True)
def test_a_song_made_by_keys_alone_is_recorded_with_its_pitches(
    jack: JackServer, hear: Callable[[str], NoteReader], tmp_path: Path
) -> None:
    needs_fluidsynth()
    listener = hear("listener")
    with synthesiser(jack), application_on_terminal(jack) as terminal:
        jack.connect("armonica:out", "fluidsynth:midi_00")
        jack.connect("armonica:out", "listener:in")
        exported = compose(terminal, tmp_path / "song.mid")
        notes, length = timed(exported)
        assert len(notes) >= 8
        written = [pitch for _, _, pitch in notes]
        for _ in range(TAKES):
            with recording(jack, tmp_path / "song.wav", length + 1.5) as recorder:
                before = len(listener.messages)
                terminal.press(" ")
                recorder.wait(length + 30)
                terminal.press(" ")
            listener.wait_until(
                lambda messages: messages[-1][1] == b"\xfc" and not listener.holding()
            )
            played = [data[1] for _, data in listener.messages[before:] if starts(data)]
            assert played[: len(written)] == written
            sounding = heard_pitches(*read(tmp_path / "song.wav"), notes)
            if sounding == written:
                break
    assert sounding == written


def test_killing_the_application_while_it_plays_silences_every_note(
    jack: JackServer, hear: Callable[[str], NoteReader]
) -> None:
    listener = hear("listener")
    with application_on_terminal(jack) as terminal:
        jack.connect("armonica:out", "listener:in")
        terminal.press(" ")
        listener.wait_until(lambda messages: sum(starts(data) for _, data in messages) >= 3)
        listener.wait_until(lambda _: bool(listener.holding()))
        killed = terminal.kill()
        listener.wait_until(lambda _: not listener.holding())
        listener.wait_until(lambda messages: messages[-1][0] > killed)
        # Nothing starts afterwards, though the player had been told more notes.
        assert not listener.wait_for(lambda _: bool(listener.holding()), timeout=0.5)
    last = max(at for at, data in listener.messages if data[0] & 0xE0 == 0x80)
    assert last - killed < 0.2


def compose(terminal: PseudoTerminal, file: Path) -> Path:
    """Make a song of three measures by keys: one from the corpus, one by chance, one by hand."""

    def form(key: str, title: str, *keys: str) -> None:
        mark = terminal.mark()
        terminal.type(key)
        terminal.wait_for(title, mark)
        for each in keys:
            terminal.type(each)

    # The song that ships goes, down to one measure, which is emptied and then made by hand.
    for keys in ("D" * 30, "d", "lll", "j", "llll", "j", "hh"):
        terminal.type(keys)
    # Before it comes one drawn by chance, and before that one from a tune.
    for keys in ("n", "))))", "r", "n"):
        terminal.type(keys)
    form("b", "title has", "hornpipe", "\r", "\t", "1", "\r")
    form("t", "Quarter notes a minute", str(TEMPO), "\r")
    # The program is the twelfth of what is turned there.
    form("I", "Sound", "j" * 11, "\r", str(OCARINA), "\r", "q")
    form("X", "Write the loop", "\x01\x0b", str(file), "\r")
    deadline = time.monotonic() + 30
    while not file.exists():
        assert time.monotonic() < deadline, f"no file was written; {terminal.text()[-3000:]}"
        time.sleep(0.05)
    terminal.press("1")
    return file


Note = tuple[float, float, int]
"""Seconds of start and end, and pitch."""


def timed(file: Path) -> tuple[list[Note], float]:
    """Return the notes of a MIDI file, which must be as they were asked for, and its length."""
    song = mido.MidiFile(file)
    now, started, notes = 0.0, dict[int, float](), list[Note]()
    for message in song:
        now += message.time
        if message.type == "set_tempo":
            assert round(mido.tempo2bpm(message.tempo)) == TEMPO
        elif message.type == "program_change":
            assert message.program == OCARINA - 1
        elif message.type == "note_on" and message.velocity:
            started[message.note] = now
        elif message.type in ("note_on", "note_off"):
            notes.append((started.pop(message.note), now, message.note))
    assert not started
    assert 8 * 60 / TEMPO < now <= 12 * 60 / TEMPO + 0.01
    return sorted(notes), 12 * 60 / TEMPO


def heard_pitches(sound: npt.NDArray[np.float64], rate: int, notes: list[Note]) -> list[int]:
    """Return the strongest pitch in the recording at the place of each note."""
    loud = np.abs(sound) > 0.01
    assert loud.any(), "the recording is silent"
    began = int(np.argmax(loud)) / rate - notes[0][0]
    found = []
    for on, off, _ in notes:
        start = began + on + SETTLED
        end = min(began + off, start + LONGEST)
        part = sound[int(start * rate) : int(end * rate)]
        spectrum = np.abs(np.fft.rfft(part * np.hanning(len(part)), n=1 << 17))
        frequencies = np.fft.rfftfreq(1 << 17, 1 / rate)
        audible = (frequencies > 100) & (frequencies < 2500)
        peak = frequencies[audible][int(np.argmax(spectrum[audible]))]
        found.append(round(69 + 12 * np.log2(peak / 440)))
    return found
