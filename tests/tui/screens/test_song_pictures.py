"""How the song screen looks, held as pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from textual.pilot import Pilot

from engine.music.chord_track import written
from engine.music.song import Song
from tests.support.fake_engine import FakeEngine, song
from tests.support.screens import key_found, open_song, press_in_turn
from tui.app import ArmonicaApp

Compare = Callable[..., bool]

SIZES = pytest.mark.parametrize(
    "size", [(80, 24), (120, 40), (200, 60)], ids=["80x24", "120x40", "200x60"]
)


def band() -> Song:
    """Return a song of four tracks, played in different ways."""
    one = song()
    melody = replace(one.tracks[0], name="Melody", level=100)
    slots = melody.slots
    second = replace(
        melody, name="Second", channel=1, program=40, pan=20, slots=slots[1:] + slots[:1]
    )
    bass = replace(melody, name="Bass", channel=2, program=33, octave=-2, muted=True)
    empty = replace(melody, name="", channel=3, locked=True, slots=(slots[-1],) * 8)
    chords = written("C G7/B | Am F | Dm7b5 | G7 | C 4:N.C.", 0, Fraction(0), one.grids, one.key)
    return replace(one, tracks=(melody, second, bass, empty), chords=chords)


async def before(pilot: Pilot[Any]) -> None:
    """Go to the song screen, to the third measure of the second track."""
    await open_song(pilot)
    await press_in_turn(pilot, "down", "right", "right")
    await key_found(pilot)
    pilot.app.clear_notifications()
    await pilot.pause()


@SIZES
@pytest.mark.parametrize("theme", ["dark", "mono"])
def test_song(snap_compare: Compare, size: tuple[int, int], theme: str) -> None:
    app = ArmonicaApp(FakeEngine(band()), theme=theme, seed=1)
    assert snap_compare(app, terminal_size=size, run_before=before)


@pytest.mark.parametrize("theme", ["light", "terminal"])
def test_other_themes(snap_compare: Compare, theme: str) -> None:
    app = ArmonicaApp(FakeEngine(band()), theme=theme, seed=1)
    assert snap_compare(app, terminal_size=(120, 40), run_before=before)
