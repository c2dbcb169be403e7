"""A song of sections, metres, chords and tracks, made by keys alone, sounds as its file says."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import mido
import numpy as np
import pytest
import soundfile

from engine.bench.jack import JackServer, Message, starts
from engine.bench.terminal import PseudoTerminal
from engine.locations import MEASURE_VAE
from tests.support.fluidsynth import needs_fluidsynth, read, recording, synthesiser
from tests.support.jack import NoteReader
from tests.support.jack_terminal import application_on_terminal

pytestmark = [
    pytest.mark.real,
    pytest.mark.long,
    pytest.mark.skipif(not MEASURE_VAE.exists(), reason="no weights lie in presets/models"),
]

PERIOD = 512
"""Frames of a period: a synthesiser beside others needs longer ones."""

TEMPO = 180

TAKES = 3
"""How often the song is listened to: JACK's clock slips now and then on a busy machine, and a
note that was played wrong would be wrong in every take."""

OFF = 0.04
"""How far a note may be heard from its beat, in seconds."""

Struck = tuple[float, int, int]
"""A note that starts: its place in quarter notes of the song, channel from 0, and pitch."""


@pytest.mark.parametrize("jack", [PERIOD], indirect=True)
def test_a_song_of_three_sections_made_by_keys_sounds_as_its_file_says(
    jack: JackServer, hear: Callable[[str], NoteReader], tmp_path: Path
) -> None:
    needs_fluidsynth()
    listener, place = hear("listener"), tmp_path / "song.armonica"
    with synthesiser(jack), application_on_terminal(jack) as terminal:
        jack.connect("armonica:out", "fluidsynth:midi_00")
        jack.connect("armonica:out", "listener:in")
        suggested = compose(terminal, place)
        assert suggested[0][:2] == [1, "1"]
        assert "F/A" not in [name for _, _, name in suggested]
        song = json.loads(place.read_text())
        is_what_was_asked_for(song)
        wanted = ordered(struck(song))
        seconds = measure_starts(song)[-1] * 60 / TEMPO
        before = 0

        def since() -> list[Message]:
            return [each for each in listener.messages[before:] if starts(each[1])]

        for _ in range(TAKES):
            with recording(jack, tmp_path / "heard.wav", seconds + 4) as recorder:
                before = len(listener.messages)
                terminal.press(" ")
                # A turn is as long as the song, and then it begins again.
                listener.wait_until(lambda _: len(since()) > len(wanted))
                terminal.press(" ")
                recorder.wait(seconds + 30)
            listener.wait_until(
                lambda messages: messages[-1][1] == b"\xfc" and not listener.holding()
            )
            found = ordered(heard(since()[: len(wanted)]))
            assert [each[1:] for each in found] == [each[1:] for each in wanted]
            off = max(abs(one[0] - other[0]) for one, other in zip(found, wanted, strict=True))
            if off * 60 / TEMPO <= OFF:
                break
        assert off * 60 / TEMPO <= OFF
    sound, rate = read(tmp_path / "heard.wav")
    # From the first note on no measure is silent.
    begins = int(np.argmax(np.abs(sound) > 0.005))
    assert len(sound) > begins + int((seconds - 0.5) * rate)
    for start, end in pairwise(measure_starts(song)):
        first, last = (begins + int(at * 60 / TEMPO * rate) for at in (start, end))
        assert np.abs(sound[first : min(last, len(sound))]).max() > 0.005
    is_rendered(place, wanted, seconds)


def compose(terminal: PseudoTerminal, place: Path) -> list[list[Any]]:
    """Make the song by keys, and save it; return the chords as they were suggested."""

    def keys(*each: str) -> None:
        for some in each:
            terminal.type(some, quiet=0.15)

    def sheet(key: str, title: str, *each: str) -> None:
        mark = terminal.mark()
        terminal.type(key)
        terminal.wait_for(title, mark)
        keys(*each)

    # Of the song that ships nothing is left but an empty measure; then there are five.
    keys("D" * 30, "d", "&", "iiii")
    sheet("t", "Quarter notes a minute", str(TEMPO), "\r")
    # The third and the fourth are in 6/8, and with the third and the fifth sections begin.
    keys("ll")
    sheet("T", "Metre of measure 3", "jj", "\r", "\r")
    keys("l")
    sheet("T", "Metre of measure 4", "jj", "\r", "\r")
    keys("h", "b", "ll", "b", "hhhh")
    # A melody: notes in the first measure, gauges in the second, notes in those of 6/8.
    keys("\r", "3\rkk\rkk\rk\r", "{", "r", "lll", "jl")
    keys("3", "^", "4\rjj\rjj\rkk\rkk\rj\r", "8\rkkkk\r")
    # Gauges again; all keys name what they change, as no key is waited for that changes nothing.
    keys("{", "r", "ll", "&", "hhhh")

    def written(holds: str) -> None:
        deadline = time.monotonic() + 30
        while not (place.exists() and holds in place.read_text()):
            assert time.monotonic() < deadline, f"no file was written; {terminal.text()[-3000:]}"
            time.sleep(0.05)

    # Chords: the likeliest everywhere, and two of them others. A chord that lasts is named once.
    sheet("E", "Chords for measure 1", "jjjjj", "\r")
    sheet("S", "Save the song as", f"\x01\x0b{place}", "\r")
    written('"chords"')
    suggested: list[list[Any]] = json.loads(place.read_text())["chords"]
    sheet("e", "Chord in measure 1", "\x15Am7", "\r")
    keys("ll")
    sheet("e", "Chord in measure 3", "\x15F/A", "\r")
    # A bass and drums by rule; where the drums rest, in 6/8, they are written.
    sheet("y", "Kind of track 1", "jjjjj", "\r")
    sheet("R", "Track 2 by rule", "jj", "\r")
    sheet("y", "Kind of track 2", "jjjj", "\r")
    sheet("R", "Track 3 by rule", "\r")
    keys("\r", "j" * 40, "\rk\r", "&")
    # Both are frozen.
    keys("R", "2", "R", "1")
    # The first section comes again, with measures of its own, of which one note is another.
    keys("<", "o", "M", "\r", "n", "]", "&")
    keys("S")
    written('"A2"')
    keys("<")
    return suggested


def is_what_was_asked_for(song: dict[str, Any]) -> None:
    """Look into the file for what the keys were to bring about."""
    melody, bass, drums = song["tracks"]
    assert [track.get("kind", "melody") for track in song["tracks"]] == ["melody", "bass", "drums"]
    assert not any(track.get("accompaniment") for track in song["tracks"])
    order = [song["form"]["sections"][section] for section, _ in song["form"]["order"]]
    assert [(each["name"], each["length"]) for each in order] == [
        ("A", 2), ("A2", 2), ("B", 2), ("C", 1),
    ]  # fmt: skip
    metres = [melody["slots"][at].get("metre", "4/4") for at in order_of(song)]
    assert metres == ["4/4"] * 4 + ["6/8"] * 2 + ["4/4"]
    kinds = [melody["slots"][at]["origin"]["kind"] for at in order_of(song)]
    assert kinds[0] == kinds[4] == kinds[5] == "written"
    assert kinds[1] == kinds[6] == "prior"
    assert all(melody["slots"][at]["moved"] for at in (order_of(song)[1], order_of(song)[6]))
    # Every measure has its bass, which a rule played, and its drums but the fourth, which rests.
    assert {slot["origin"]["kind"] for slot in bass["slots"]} == {"rule"}
    struck_in = [bool(drums["slots"][at].get("pattern")) for at in order_of(song)]
    assert struck_in == [True] * 5 + [False, True]
    names = [name for _, _, name in song["chords"]]
    assert names.count("Am7") >= 1
    assert names.count("F/A") == 1
    one, other = (
        [token for slot in track for token in melody["slots"][slot]["tokens"]]
        for track in (order_of(song)[:2], order_of(song)[2:4])
    )
    changed = [(was, now) for was, now in zip(one, other, strict=True) if was != now]
    assert [now - was for was, now in changed] == [1]


def order_of(song: dict[str, Any]) -> list[int]:
    """Return the measures of the song in the order in which they are played."""
    firsts, begins = [], 0
    for section in song["form"]["sections"]:
        firsts.append(begins)
        begins += section["length"]
    return [
        firsts[section] + at
        for section, repeats in song["form"]["order"]
        for _ in range(repeats)
        for at in range(song["form"]["sections"][section]["length"])
    ]


def parts(slot: dict[str, Any]) -> list[float]:
    """Return where in quarter notes the parts of a measure begin."""
    if slot.get("metre", "4/4") == "6/8":
        return [at / 4 for at in range(12)]
    return [beat + part for beat in range(4) for part in (0, 1 / 4, 1 / 3, 1 / 2, 2 / 3, 3 / 4)]


def measure_starts(song: dict[str, Any]) -> list[float]:
    """Return where each measure that is played begins, and where the last one ends."""
    slots = song["tracks"][0]["slots"]
    lengths = [3 if slots[at].get("metre") == "6/8" else 4 for at in order_of(song)]
    return [float(sum(lengths[:at])) for at in range(len(lengths) + 1)]


def struck(song: dict[str, Any]) -> list[Struck]:
    """Return the notes of the song as its file has them, in order."""
    found = []
    for track in song["tracks"]:
        for start, at in zip(measure_starts(song), order_of(song), strict=False):
            slot = track["slots"][at]
            for onset, _, pitch, _ in slot.get("pattern") or ():
                found.append((start + onset / 960, track["channel"], pitch))
            # In tokens 0 holds what sounds and 1 is a rest.
            for part, token in zip(parts(slot), slot.get("tokens", ()), strict=False):
                if token > 1:
                    found.append((start + part, track["channel"], token + 12 * track["octave"]))
    return sorted(found)


def ordered(notes: list[Struck]) -> list[Struck]:
    """Return notes by channel, pitch and time: what starts at once comes in no order."""
    return sorted(notes, key=lambda note: (note[1], note[2], note[0]))


def heard(messages: list[Message]) -> list[Struck]:
    """Return notes that a client received, in quarter notes from the first of them on."""
    first = messages[0][0]
    return [((at - first) * TEMPO / 60, data[0] & 15, data[1]) for at, data in messages]


def is_rendered(place: Path, wanted: list[Struck], seconds: float) -> None:
    """Render the song by the command line, as notes and as sound."""
    notes, sound = place.with_suffix(".mid"), place.with_suffix(".wav")
    for out in (notes, sound):
        words = [sys.executable, "-m", "engine", "render", str(place), "-o", str(out)]
        done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
        assert (done.returncode, done.stderr) == (0, "")
    file = mido.MidiFile(notes)
    found, at = [], 0.0
    for message in mido.merge_tracks(file.tracks):
        at += message.time / file.ticks_per_beat
        if message.type == "note_on" and message.velocity:
            found.append((at, message.channel, message.note))
    found.sort()
    assert [each[1:] for each in ordered(found)] == [each[1:] for each in ordered(wanted)]
    pairs = zip(ordered(found), ordered(wanted), strict=True)
    assert max(abs(one[0] - other[0]) for one, other in pairs) < 0.01
    wave, rate = soundfile.read(sound)
    assert len(wave) >= seconds * rate
    assert np.abs(wave[: int(seconds * rate)]).max() > 0.01
