"""The piano roll: notes in true time, what is held over, how it came in, where the music is."""

from __future__ import annotations

import pytest
from textual.geometry import Region

from engine.music.measure import HIGHEST, HOLD, LOWEST, REST, SILENCE, Measure
from engine.music.pitch_names import pitch_name
from tests.support.measures import quarters
from tests.support.pictures import Frame, lines
from tui.widgets.canvas import Picture
from tui.widgets.piano_roll import PianoRoll, last_pitch


def from_words(text: str) -> Measure:
    """Read tokens from words: a pitch, ``-`` for a hold, ``r`` for a rest; holds to the end."""
    words = {"-": HOLD, "r": REST}
    tokens = [words[word] if word in words else int(word) for word in text.split()]
    return Measure.from_tokens(tokens + [HOLD] * (24 - len(tokens)))


QUARTERS = quarters(60, 62, 64, 65)


@pytest.fixture
def roll() -> PianoRoll:
    return PianoRoll()


async def test_quarters_take_quarters_and_leave_room_between(roll: PianoRoll) -> None:
    async with Frame(roll).run_test(size=(24, 7)) as pilot:
        await pilot.pause()
        roll.show(None, QUARTERS, None)
        assert roll.beat_width == 4
        assert lines(roll) == [
            "   │ ┬1   2   3   4   ┬",
            " F4│ │    ┊   ┊   ▄▄▄▖│",
            " E4│ │    ┊   ▀▀▀▘┊   │",
            " D4│ │    ▀▀▀▘┊   ┊   │",
            " C4│ │▀▀▀▘┊   ┊   ┊   │",
            "   │ │    ┊   ┊   ┊   │",
            "   │ │    ┊   ┊   ┊   │",
        ]


async def test_unequal_places_stand_in_true_time(roll: PianoRoll) -> None:
    async with Frame(roll).run_test(size=(80, 9)) as pilot:
        await pilot.pause()
        assert roll.beat_width == 12
        roll.show(None, from_words("60 62 64 65 67 69"), None)
        start = roll.span[0]
        places = [roll.column(onset) - start for onset in roll.current.grid.onsets[:7]]
        assert places == [0, 3, 4, 6, 8, 9, 12]


async def test_a_note_held_over_goes_through_the_bar_line(roll: PianoRoll) -> None:
    async with Frame(roll).run_test(size=(80, 9)) as pilot:
        await pilot.pause()
        roll.show(QUARTERS, from_words("- - - 60"), None)
        start = roll.span[0]
        row = next(line for line in lines(roll) if line.startswith(" F4"))
        assert set(row[start - 6 : start + 5]) <= {"▀", "▄"}
        assert row[start + 5] in "▘▖"
        assert roll.plain() == "Measure: F4 held over, C4 at beat 1 and 1/2."


async def test_nothing_is_held_over_from_nothing(roll: PianoRoll) -> None:
    async with Frame(roll).run_test(size=(80, 9)) as pilot:
        await pilot.pause()
        roll.show(SILENCE, from_words("- - - - - -"), None)
        assert "silence" in "".join(lines(roll))
        assert roll.plain() == "Measure: silence."


async def test_neighbours_stand_on_their_side(roll: PianoRoll) -> None:
    async with Frame(roll).run_test(size=(80, 9)) as pilot:
        await pilot.pause()
        roll.show(QUARTERS, SILENCE, QUARTERS)
        start, end = roll.span
        text = lines(roll)
        inside = "".join(line[start:end] for line in text)
        assert not set(inside) & set("▀▄")
        assert any(set(line[4 : start - 1]) & set("▀▄") for line in text)
        assert any(set(line[end + 1 :]) & set("▀▄") for line in text)


async def test_a_tall_roll_has_a_row_for_each_pitch(roll: PianoRoll) -> None:
    async with Frame(roll).run_test(size=(80, 31)) as pilot:
        await pilot.pause()
        roll.show(None, from_words(f"{LOWEST} - - - - - {HIGHEST}"), None)
        text = lines(roll)
        assert text[1].startswith(" C6")
        assert text[30].startswith(" G3")
        assert "█" in text[1]
        assert "█" in text[30]


@pytest.mark.parametrize("height", [5, 6, 7, 9, 12, 16, 20])
async def test_every_note_of_an_octave_and_a_half_is_in_sight(roll: PianoRoll, height: int) -> None:
    async with Frame(roll).run_test(size=(80, height)) as pilot:
        await pilot.pause()
        for low in (60, 66, 55):
            span = min(18, 3 * (height - 1) - 1)
            roll.show(None, from_words(f"{low} - - - - - {low + span}"), None)
            assert not set("".join(lines(roll))) & set("↑↓")


async def test_what_does_not_fit_is_pointed_at(roll: PianoRoll) -> None:
    async with Frame(roll).run_test(size=(80, 5)) as pilot:
        await pilot.pause()
        roll.show(None, from_words("60 - - - - - 62 - - - - - 84"), None)
        text = "".join(lines(roll))
        assert text.count("↑") == 1
        assert "↓" not in text


async def test_the_measure_as_it_came_in_is_a_thin_line(roll: PianoRoll) -> None:
    async with Frame(roll).run_test(size=(80, 31)) as pilot:
        await pilot.pause()
        roll.show(None, from_words("60"), None, ghost=from_words("67"))
        assert any("━" in line for line in lines(roll))
        roll.show(None, from_words("60"), None, ghost=from_words("60"))
        assert not any("━" in line for line in lines(roll))


async def test_a_ghost_shows_beside_a_note_in_one_cell(roll: PianoRoll) -> None:
    async with Frame(roll).run_test(size=(80, 9)) as pilot:
        await pilot.pause()
        drawn = []
        for note in (59, 60):
            roll.show(None, from_words(str(note)), None, ghost=from_words(str(119 - note)))
            picture = roll.picture()
            start = roll.span[0]
            drawn += [
                (picture.at(start, y)[0], picture.at(start, y)[1])
                for y in range(1, 9)
                if picture.at(start, y)[0] in "▀▄"
            ]
        assert [(glyph, bool(s.underline), bool(s.overline)) for glyph, s in drawn] == [
            ("▄", False, True),
            ("▀", True, False),
        ]


async def test_the_playhead_repaints_two_columns(roll: PianoRoll) -> None:
    async with Frame(roll).run_test(size=(80, 9)) as pilot:
        await pilot.pause()
        roll.show(None, QUARTERS, None)
        roll.playhead(1.0)
        before = roll.picture()
        start = roll.span[0]
        assert lines(roll)[0][start + 12] == "▼"
        roll.playhead(1.05)
        assert list(before.changes(roll.picture())) == []
        roll.playhead(1.1)
        changed: list[Region] = list(before.changes(roll.picture()))
        assert all(region.x == start + 12 for region in changed)
        assert all(region.width == 2 for region in changed)
        roll.playhead(None)
        assert "▼" not in lines(roll)[0]


async def test_the_same_measure_again_paints_nothing(
    roll: PianoRoll, monkeypatch: pytest.MonkeyPatch
) -> None:
    painted: list[Picture] = []
    async with Frame(roll).run_test(size=(80, 9)) as pilot:
        await pilot.pause()
        roll.show(None, QUARTERS, None)
        monkeypatch.setattr(roll, "paint", painted.append)
        roll.show(None, QUARTERS, None)
        await pilot.pause()
        assert not painted
        roll.show(None, quarters(60), None)
        await pilot.pause()
        assert painted


def test_names_of_pitches() -> None:
    assert [pitch_name(pitch) for pitch in (55, 60, 61, 84)] == ["G3", "C4", "C#4", "C6"]


def test_what_sounds_at_the_end() -> None:
    assert last_pitch(QUARTERS) == 65
    assert last_pitch(from_words("60 - r")) is None
    assert last_pitch(SILENCE) is None
