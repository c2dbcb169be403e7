"""A musician's first ten minutes, as the root README has them, typed word for word."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mido
import pytest
from textual.pilot import Pilot

from engine import locations
from engine.config import Settings
from engine.formats import song_file
from engine.latent.weights import load
from engine.midi import messages as m
from engine.runtime.engine import Engine
from tests.support.fake_player import RecordingPlayer
from tests.support.waiting import until
from tui.app import ArmonicaApp
from tui.dialogs.choice import Choice
from tui.dialogs.form import Form

ROOT = Path(__file__).resolve().parents[2]

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(
        not locations.MEASURE_VAE.exists(), reason="no weights lie in presets/models"
    ),
]

NAMED = {"⏎": "enter", "^u": "ctrl+u", "space": "space"}
SIGNS = {
    "&": "ampersand", "{": "left_curly_bracket", "<": "less_than_sign", "*": "asterisk",
    ".": "full_stop",
}  # fmt: skip


def steps() -> Iterator[list[str]]:
    """Yield the keys of each line of the section: what stands before two spaces."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    section = text.split("## The first ten minutes")[1].split("\n## ")[0]
    (block,) = re.findall(r"^```\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    for line in block.splitlines():
        words = re.split(r" {2,}", line)[0].split(" ")
        yield [
            key
            for word in words
            for key in ([NAMED[word]] if word in NAMED else [SIGNS.get(e, e) for e in word])
        ]


async def settled(pilot: Pilot[Any], engine: Engine, app: ArmonicaApp, key: str) -> None:
    """Wait until the engine has met what was asked of it, and the screen shows that."""
    if key == "enter" and isinstance(app.screen, Form):
        # It stays until what it asks for is done.
        await until(pilot, lambda: not isinstance(app.screen, Form))
    if key == "E":
        await until(pilot, lambda: isinstance(app.screen, Choice))
    met = threading.Event()
    end = engine.subscribe(lambda _: met.set())
    await until(pilot, met.is_set)
    end()
    await until(pilot, lambda: app.session.shown == engine.snapshot and not engine.snapshot.waiting)


async def test_the_first_ten_minutes_end_with_a_song_that_is_saved_and_exported() -> None:
    first = sorted(locations.SONGS.glob("*.armonica"))[0]
    player = RecordingPlayer()
    engine = Engine(
        lambda: load(locations.MEASURE_VAE),
        lambda _: player,
        song=song_file.read(first).song,
        settings=Settings(),
    )
    engine.start()
    app = ArmonicaApp(engine, seed=1)
    try:
        async with app.run_test(size=(120, 40)) as pilot:
            await until(pilot, lambda: app.session.shown.model.state == "ready")
            for keys in steps():
                for key in keys:
                    await pilot.press(key)
                    await settled(pilot, engine, app, key)
    finally:
        engine.close()
    assert [each for each in player.messages if isinstance(each, m.Notes)]
    folder = locations.songs_folder()
    song = song_file.read(folder / "first.armonica").song
    melody, bass, drums = song.tracks
    assert [track.kind for track in song.tracks] == ["melody", "bass", "drums"]
    assert melody.slots[0].measure.pitches == (67, 69, 71, 72)
    assert len(melody.slots[1].measure.pitches) == 2
    assert [slot.origin.kind for slot in melody.slots[2:]] == ["prior", "prior"]
    assert all(slot.moved for slot in melody.slots[2:])
    assert bass.accompaniment is None
    assert {slot.origin.kind for slot in bass.slots} == {"rule"}
    assert drums.accompaniment is not None
    assert "Am7" in [chord.name() for chord in song.chords]
    assert [(s.name, s.length) for s in song.form.sections] == [("A", 2), ("B", 2)]
    assert [(e.section, e.repeats) for e in song.form.order] == [(0, 2), (1, 1)]
    assert len(song.steps) == 6
    channels = {
        message.channel
        for message in mido.MidiFile(folder / "first.mid")
        if message.type == "note_on" and message.velocity
    }
    assert channels == {track.channel for track in song.tracks}
