"""Cell pictures: what is repainted, and what of it is written."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from rich.style import Style
from textual._compositor import ChopsUpdate
from textual.strip import Strip

from tests.support.pictures import Frame, lines
from tui.formatting.text import fitting
from tui.widgets.canvas import BothSides, Canvas, Picture, spare

PLAIN, BOLD = Style(color="white"), Style(color="white", bold=True)


class Letters(Canvas):
    """A field of letters, one of which can be changed."""

    def __init__(self) -> None:
        super().__init__()
        self.letters: dict[tuple[int, int], str] = {}
        self.cursor: tuple[int, int] | None = None
        self.painted = 0

    def paint(self, picture: Picture) -> None:
        self.painted += 1
        for y in range(picture.height):
            picture.put(0, y, "abcdefghij" * 20, self.rich_style)
        for (x, y), letter in self.letters.items():
            picture.put(x, y, letter, self.rich_style)

    def mark(self, picture: Picture) -> None:
        if self.cursor is not None:
            picture.put(*self.cursor, "@", self.rich_style)

    def plain(self) -> str:
        return "letters"


def update(frame: Frame) -> ChopsUpdate | None:
    """Return what Textual would write now, as it would on a terminal."""
    compositor = frame.screen._compositor
    compositor.update_widgets({frame.widget})
    return compositor.render_partial_update()


async def test_one_changed_cell_is_all_that_is_written() -> None:
    letters = Letters()
    frame = Frame(letters)
    async with frame.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        letters.letters[60, 5] = "X"
        letters.redraw()
        made = update(frame)
        assert isinstance(made, BothSides)
        written = made.render_segments(frame.console)
        assert written.startswith("\x1b[6;61H")
        assert "X" in written
        assert "a" not in written
        assert len(written) < 64


async def test_textual_alone_still_writes_the_row_from_the_left() -> None:
    # When this fails Textual crops on both sides itself, and `spare` can go.
    letters = Letters()
    frame = Frame(letters)
    async with frame.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        letters.letters[60, 5] = "X"
        letters.redraw()
        made = update(frame)
        assert made is not None
        alone = ChopsUpdate(made.chops, made.spans, made.chop_ends)
        assert alone.render_segments(frame.console).count("a") >= 6


async def test_a_screen_is_spared_once_and_stays_so() -> None:
    letters = Letters()
    frame = Frame(letters)
    async with frame.run_test() as pilot:
        await pilot.pause()
        before = vars(frame.screen._compositor)["render_partial_update"]
        assert spare(frame.screen)
        assert vars(frame.screen._compositor)["render_partial_update"] is before
        assert update(frame) is None


async def test_a_screen_made_otherwise_is_left_as_it_is() -> None:
    assert not spare(object())  # type: ignore[arg-type]


async def test_marks_move_without_painting_again() -> None:
    letters = Letters()
    frame = Frame(letters)
    async with frame.run_test(size=(40, 6)) as pilot:
        await pilot.pause()
        painted = letters.painted
        for x in range(10, 13):
            letters.cursor = (x, 3)
            letters.remark()
            await pilot.pause()
        assert letters.painted == painted
        assert lines(letters)[3][8:16] == "ijab@def"


async def test_asked_for_the_whole_only_what_differs_is_repainted() -> None:
    # As when the focus comes or goes.
    letters = Letters()
    frame = Frame(letters)
    async with frame.run_test(size=(40, 6)) as pilot:
        await pilot.pause()
        letters.letters[7, 2] = "X"
        letters.refresh()
        made = update(frame)
        assert made is not None
        assert made.spans == [(2, 7, 8)]
        letters.refresh()
        assert update(frame) is None


async def test_what_lies_over_a_picture_repaints_it_whole() -> None:
    letters = Letters()
    frame = Frame(letters)
    async with frame.run_test(size=(40, 6)) as pilot:
        await pilot.pause()
        letters.styles.tint = "red 40%"
        made = update(frame)
        assert made is not None
        assert made.spans == [(y, 0, 40) for y in range(6)]


async def test_nothing_changed_is_nothing_repainted() -> None:
    letters = Letters()
    frame = Frame(letters)
    async with frame.run_test(size=(40, 6)) as pilot:
        await pilot.pause()
        letters.redraw()
        assert update(frame) is None


async def test_another_size_and_another_theme_are_drawn_whole() -> None:
    letters = Letters()
    frame = Frame(letters)
    async with frame.run_test(size=(40, 6)) as pilot:
        await pilot.pause()
        await pilot.resize_terminal(30, 4)
        await pilot.pause()
        assert [len(line) for line in lines(letters)] == [30] * 4
        dark = letters.picture().at(0, 0)[1]
        frame.theme = "light"
        await pilot.pause()
        assert letters.picture().at(0, 0)[1] != dark


cells = st.lists(
    st.tuples(st.sampled_from(".x"), st.sampled_from([PLAIN, BOLD])), min_size=30, max_size=30
)


def picture_of(rows: list[list[tuple[str, Style]]]) -> Picture:
    picture = Picture(30, len(rows), PLAIN)
    for y, row in enumerate(rows):
        for x, (character, style) in enumerate(row):
            picture.put(x, y, character, style)
    return picture


@given(st.lists(st.tuples(cells, cells), min_size=1, max_size=3))
def test_changes_cover_every_differing_cell_and_begin_and_end_with_one(
    pairs: list[tuple[list[tuple[str, Style]], list[tuple[str, Style]]]],
) -> None:
    old, new = picture_of([a for a, _ in pairs]), picture_of([b for _, b in pairs])
    covered = set()
    for region in old.changes(new):
        assert region.height == 1
        for x in (region.x, region.right - 1):
            assert old.at(x, region.y) != new.at(x, region.y)
        covered |= {(x, region.y) for x in range(region.x, region.right)}
    differing = {
        (x, y) for y in range(old.height) for x in range(30) if old.at(x, y) != new.at(x, y)
    }
    assert differing <= covered


@given(cells)
def test_a_strip_holds_the_cells_in_runs(row: list[tuple[str, Style]]) -> None:
    strip = picture_of([row]).strip(0)
    assert isinstance(strip, Strip)
    assert strip.text == "".join(character for character, _ in row)
    styles = [segment.style for segment in strip]
    assert all(a != b for a, b in pairwise(styles))


def test_what_falls_outside_a_picture_is_left_out() -> None:
    picture = Picture(4, 2, PLAIN)
    picture.put(-1, 0, "abcdef", PLAIN)
    picture.put(0, 2, "no", PLAIN)
    assert [picture.strip(y).text for y in range(2)] == ["bcde", "    "]


def test_the_first_text_that_fits_is_taken() -> None:
    assert fitting(9, "long text", "short") == "long text"
    assert fitting(8, "long text", "short") == "short"
    assert fitting(3, "long text", "short") == "sh…"
    assert fitting(0, "short") == ""


def test_characters_of_two_cells_take_two() -> None:
    picture = Picture(8, 1, PLAIN)
    picture.put(1, 0, "日e\u0301本x", PLAIN)
    assert picture.strip(0).text == " 日e本x "
    assert picture.strip(0).cell_length == 8
    picture = Picture(4, 1, PLAIN)
    picture.put(1, 0, "日本", PLAIN)
    assert picture.strip(0).text == " 日 "
    assert fitting(5, "日本語") == "日本…"
