"""The table of measures: the one that ships, and how bars in print become its rows."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from engine import locations
from engine.corpus.build.bars import PrintedBar, PrintedEvent, measures, other_measures
from engine.corpus.build.build import beside, build, shape, split, table, tune_clusters
from engine.corpus.build.notice import names, notice
from engine.corpus.build.tunebooks import BOOKS, BookTune, corpus_folder, read_books, read_tune
from engine.corpus.table import MEASURES, NOTICE, SPLITS, TUNES, Corpus, read, shipped, write
from engine.errors import BadCorpus, CannotWrite, OutOfRange
from engine.music.measure import HOLD, Measure, Note


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return shipped()


def scale(*pitches: int) -> Measure:
    """Four quarter notes."""
    return Measure.from_notes([Note(Fraction(at), Fraction(1), p) for at, p in enumerate(pitches)])


def tune(number: int, title: str, *found: Measure) -> BookTune:
    numbered = tuple(enumerate(found, 1))
    return BookTune(f"made/up/{number}", BOOKS[0], number, title, "4/4", "G major", (), numbered)


MADE_UP = (
    tune(1, "The First", scale(60, 62, 64, 65), scale(67, 65, 64, 62), scale(60, 60, 60, 60)),
    tune(2, "Another", scale(62, 64, 66, 67), scale(69, 67, 66, 64)),
    tune(3, "FIRST -- REEL", scale(72, 60, 72, 60)),
    tune(4, "On Its Own", scale(70, 72, 70, 60), scale(60, 62, 64, 65)),
)


# The table that ships


def test_the_shipped_table_is_whole(corpus: Corpus) -> None:
    assert len(corpus) > 30_000
    assert len(corpus.tunes) > 2_500
    assert {tune.book for tune in corpus.tunes} == {book.title for book in BOOKS}
    assert len({tune.id for tune in corpus.tunes}) == len(corpus.tunes)
    assert np.all(np.diff(corpus.tune) >= 0)
    assert set(corpus.tune.tolist()) == set(range(len(corpus.tunes)))
    assert all(tune.title for tune in corpus.tunes)
    assert {tune.metre for tune in corpus.tunes} >= {"4/4", "2/2", "2/4"}


def test_every_shipped_measure_is_one_as_the_engine_writes_it(corpus: Corpus) -> None:
    for row in range(0, len(corpus), 7):
        measure = corpus.measure(row)
        assert Measure.from_tokens(measure.tokens) == measure
        assert not measure.silent


def test_clusters_are_what_is_the_same_when_transposed(corpus: Corpus) -> None:
    known: dict[tuple[int, ...], int] = {}
    for row in range(0, len(corpus), 5):
        cluster = int(corpus.cluster[row])
        assert known.setdefault(shape(corpus.measure(row)), cluster) == cluster
    assert len(set(known.values())) == len(known)


def test_nothing_held_out_is_known_to_training(corpus: Corpus) -> None:
    parts = {name: set(corpus.cluster[rows].tolist()) for name, rows in _parts(corpus).items()}
    of_training_tunes = set(corpus.cluster[corpus.splits == SPLITS.index("train")].tolist())
    assert parts["train"] == of_training_tunes
    assert not parts["test"] & of_training_tunes
    assert not parts["validation"] & of_training_tunes
    assert not parts["test"] & parts["validation"]
    for name, rows in _parts(corpus).items():
        assert len(parts[name]) == len(rows), "each measure stands for itself once"
        assert {corpus.tunes[tune].split for tune in corpus.tune[rows]} == {name}


def test_the_parts_have_the_sizes_that_the_figures_rest_on(corpus: Corpus) -> None:
    sizes = {name: len(rows) for name, rows in _parts(corpus).items()}
    assert sizes["train"] > 16_000
    assert sizes["test"] > 1_500
    assert sizes["validation"] > 500


def test_a_tune_cluster_lies_in_one_part(corpus: Corpus) -> None:
    split_of: dict[int, str] = {}
    for tune in corpus.tunes:
        assert split_of.setdefault(tune.cluster, tune.split) == tune.split


def test_a_measure_is_found_in_print(corpus: Corpus) -> None:
    found = corpus.search("HIGHLANDMAN ranting aird's")
    tune = next(at for at in found if corpus.tunes[at].number == 1)
    second = int(corpus.rows_of(tune)[1])
    place = corpus.origin(second)
    assert (place.title, place.book) == ("The Ranting Highlandman", "Aird's Airs")
    assert (place.number, place.measure) == (1, 2)
    assert corpus.measure(second).pitches == (71, 71, 71, 79)
    assert not corpus.search("highlandman of no book")


def test_rows_and_tunes_that_are_not_there_are_refused(corpus: Corpus) -> None:
    for row in (-1, len(corpus)):
        with pytest.raises(OutOfRange):
            corpus.measure(row)
        with pytest.raises(OutOfRange):
            corpus.origin(row)
    with pytest.raises(OutOfRange):
        corpus.rows_of(len(corpus.tunes))


def test_the_notice_names_books_transcribers_and_music21() -> None:
    text = (locations.CORPUS / NOTICE).read_text(encoding="utf-8")
    assert "music21" in text
    for name in (*(book.title for book in BOOKS), "Jack Campin", "Henrik Norbeck", "Ray Davies"):
        assert name in text


def test_reading_the_table_needs_neither_torch_nor_music21() -> None:
    code = (
        "import sys; from engine.corpus.table import shipped; shipped();"
        "sys.exit(any(name in sys.modules for name in ('torch', 'music21')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def _parts(corpus: Corpus) -> dict[str, np.ndarray]:
    return {
        "train": corpus.training(),
        "validation": corpus.validation(),
        "test": corpus.test(),
    }


# Writing and reading


def test_the_same_content_gives_the_same_bytes(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        write(tmp_path / folder, table(MADE_UP), "notice\n")
    for name in (MEASURES, TUNES, NOTICE):
        one, two = ((tmp_path / folder / name).read_bytes() for folder in ("one", "two"))
        assert one == two
    back = read(tmp_path / "one")
    assert np.array_equal(back.tokens, table(MADE_UP).tokens)
    assert back.tunes == table(MADE_UP).tunes
    assert back.digest == read(tmp_path / "two").digest
    assert sorted(p.name for p in (tmp_path / "one").iterdir()) == sorted((MEASURES, NOTICE, TUNES))


@pytest.fixture
def written(tmp_path: Path) -> Path:
    write(tmp_path, table(MADE_UP), "notice\n")
    return tmp_path


def test_missing_files_are_named(written: Path) -> None:
    (written / TUNES).unlink()
    with pytest.raises(BadCorpus, match=r"is missing .tunes\.tsv") as caught:
        read(written)
    assert "armonica corpus build" in caught.value.remedy
    with pytest.raises(BadCorpus, match="is missing"):
        read(written / "nowhere")


def test_damaged_files_are_refused(written: Path) -> None:
    whole = {name: (written / name).read_bytes() for name in (MEASURES, TUNES)}
    for name, content in whole.items():
        for damaged in (
            b"",
            content[: len(content) // 2],
            content + b"x",
            b"\x80" * len(content),
            content.replace(b"G major", b"A major") if name == TUNES else content[:-1],
        ):
            (written / name).write_bytes(damaged)
            with pytest.raises(BadCorpus, match="is damaged"):
                read(written)
        (written / name).write_bytes(content)
    read(written)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("tokens", np.full((8, 24), 20, dtype=np.uint8)),
        ("tokens", np.zeros((8, 12), dtype=np.uint8)),
        ("tune", np.full(8, 99, dtype=np.int32)),
        ("number", np.ones(8, dtype=np.int64)),
    ],
)
def test_tables_of_another_kind_are_refused(tmp_path: Path, name: str, value: np.ndarray) -> None:
    made = table(MADE_UP)
    assert len(made) == 8
    arrays = {key: getattr(made, key) for key in ("tokens", "tune", "number", "cluster")}
    write(tmp_path, Corpus(**(arrays | {name: value}), tunes=made.tunes, digest=""), "")
    with pytest.raises(BadCorpus, match="is damaged"):
        read(tmp_path)


def test_places_that_cannot_be_written_are_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CannotWrite, match="cannot be written"):
        write(tmp_path / "file", table(MADE_UP), "")


# Clusters and parts


def test_a_measure_and_its_transposition_are_one() -> None:
    made = table(MADE_UP)
    assert made.cluster.tolist() == [0, 1, 2, 0, 1, 3, 4, 0]


def test_settings_belong_together() -> None:
    # Two shared measures, or one title, but not a single shared measure.
    assert [tune.cluster for tune in table(MADE_UP).tunes] == [0, 0, 0, 1]


def test_links_go_through_others() -> None:
    shapes: list[set[tuple[int, ...]]] = [{(1,), (2,)}, {(1,), (2,), (3,), (4,)}, {(3,), (4,)}]
    assert tune_clusters(shapes, ["a b", "c", "d"]) == [0, 0, 0]
    assert tune_clusters(shapes[::2], ["a b", "d"]) == [0, 1]


def test_the_part_depends_on_what_is_held_alone() -> None:
    assert split([(2, 3), (1,)]) == split([(1,), (2, 3)])
    drawn = [split([(n % 250, n // 250)]) for n in range(2000)]
    assert [drawn.count(name) / 2000 for name in SPLITS] == pytest.approx(
        [0.85, 0.05, 0.1], abs=0.03
    )


# From print to measures


def bar(*events: tuple[float, int | None], metre: str = "4/4", number: int = 1) -> PrintedBar:
    made = tuple(PrintedEvent(Fraction(length), pitch) for length, pitch in events)
    return PrintedBar(made, metre, number, opens=False)


def test_only_what_fits_is_kept() -> None:
    good = bar((1, 60), (2, None), (1, 84))
    bad = [
        bar((1, 60), (2, 62)),
        bar((4, 60), (1, 62)),
        bar((0.125, 60), (3.875, 62)),
        bar((4, 54)),
        bar((4, None)),
        bar((3, 60), metre="3/4"),
        PrintedBar((PrintedEvent(Fraction(4), 60),), "4/4", 1, single=False),
    ]
    assert [measure.pitches for _, measure in measures([*bad, good, *bad])] == [(60, 84)]


def test_a_jig_has_measures_of_its_own() -> None:
    jig = bar((0.5, 67), (0.5, 69), (0.5, 71), (1.5, 74), metre="6/8", number=3)
    short = bar((1.5, 67), metre="6/8", number=4)
    four = bar((4, 60))
    assert not list(measures([jig, short]))
    ((number, measure),) = other_measures([four, jig, short], "6/8")
    assert (number, measure.grid.name, measure.pitches) == (3, "6/8", (67, 69, 71, 74))
    assert not list(other_measures([jig], "9/8"))


def test_a_tune_in_two_metres_is_held_out_of_both() -> None:
    in_four = table(MADE_UP)
    others = table([replace(each, metre="6/8") for each in MADE_UP])
    # As if the one table had drawn another split than the other.
    flipped = tuple(
        replace(each, split="test" if each.split == "train" else "train") for each in others.tunes
    )
    found = beside(replace(others, tunes=flipped), in_four)
    assert [each.split for each in found.tunes] == [each.split for each in in_four.tunes]


def test_a_tie_over_the_bar_line_is_a_hold() -> None:
    tied = PrintedBar(
        (PrintedEvent(Fraction(1), 60, tied=True), PrintedEvent(Fraction(3), 62)), "2/2", 2
    )
    ((number, measure),) = measures([tied])
    assert (number, measure.tokens[0]) == (2, HOLD)
    assert measure.held_in == 1


def test_the_build_says_how_to_get_music21(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.corpus.build.tunebooks.util.find_spec", lambda _: None)
    with pytest.raises(BadCorpus, match="uv sync --extra lab"):
        build(tmp_path / "corpus", lambda *_: None)
    assert not list(tmp_path.iterdir())


def test_names_are_taken_from_fields_full_of_other_things() -> None:
    fields = ('"Transcribed by Norbert Paap, np@an.address"', "Ornament (~) is a turn.", "abc 1.6")
    assert names(fields) == {"Norbert Paap"}


A_TUNE = """\
X:7
T:MADE UP, THE
T:Second title
Z:Jack Campin * 2009
M:C|
L:1/8
K:G
AB|"Am"G2{a}B2 d2g2|(3efg d2 c4-|c4 z2 B2|[GB]4 G4|G6:|
|:cd|e>f g2 a2b2|c''4 c4|1 d6:|2 d4 z4||
"""

A_TUNE_IN_PAIRS = """\
X:8
T:Pairs
M:2/4
L:1/8
K:D
|:F|FFFF|AAAA|BBBB|d3:|
A|AAAA|cccc|dddd|1 eeee:|2 fff||
"""


def test_a_printed_tune_becomes_measures() -> None:
    pytest.importorskip("music21")
    found = read_tune(A_TUNE, BOOKS[2], "book1", 3)
    assert found is not None
    assert (found.id, found.number, found.title) == ("airdsAirs/book1/7", 7, "The Made Up")
    assert (found.metre, found.key, found.credited) == ("2/2", "G major", ("Jack Campin * 2009",))
    assert [
        (number, [str(n.onset) for n in m.notes], m.pitches) for number, m in found.measures
    ] == [
        (1, ["0", "1", "2", "3"], (67, 71, 74, 79)),
        (2, ["0", "1/3", "2/3", "1", "2"], (76, 78, 79, 74, 72)),
        (3, ["3"], (71,)),
        # The fourth is in two voices; the fifth is closed by the pick-up of the next strain.
        (5, ["0", "3", "7/2"], (67, 72, 74)),
        (6, ["0", "3/4", "1", "2", "3"], (76, 78, 79, 81, 83)),
        # The seventh is out of range; the first ending is closed by the strain's own pick-up.
        (8, ["0", "3", "7/2"], (74, 72, 74)),
        (9, ["0"], (74,)),
    ]
    assert found.measures[2][1].held_in == 2


def test_two_four_bars_are_joined_in_pairs() -> None:
    pytest.importorskip("music21")
    found = read_tune(A_TUNE_IN_PAIRS, BOOKS[0], "PairsReel", 3)
    assert found is not None
    assert found.number == 3, "the book has no numbers, so the place counts"
    assert [(number, m.pitches) for number, m in found.measures] == [
        (1, (66,) * 4 + (69,) * 4),
        (3, (71,) * 4 + (74, 69)),
        (5, (69,) * 4 + (73,) * 4),
        (7, (74,) * 4 + (76,) * 4),
        (7, (74,) * 4 + (78,) * 3 + (69,)),
    ]


def test_what_music21_cannot_read_is_left_out() -> None:
    pytest.importorskip("music21")
    assert read_tune("X:1\nT:no metre, no length\nK:G\nABC|ABC|\n", BOOKS[0], "x", 1) is None


def test_books_are_read_in_order_and_told(tmp_path: Path) -> None:
    pytest.importorskip("music21")
    for book in BOOKS:
        (tmp_path / book.folder).mkdir()
        (tmp_path / book.folder / "b.abc").write_text("% a comment\n\n" + A_TUNE_IN_PAIRS)
    (tmp_path / BOOKS[0].folder / "a.abc").write_text(A_TUNE)
    reported: list[tuple[int, int]] = []
    tunes = list(read_books(tmp_path, lambda done, total: reported.append((done, total))))
    assert [(tune.book.folder, tune.number) for tune in tunes] == [
        ("ryansMammoth", 1),
        ("ryansMammoth", 2),
        ("oneills1850", 8),
        ("airdsAirs", 8),
    ]
    assert reported == [(0, 4), (1, 4), (2, 4), (3, 4), (4, 4)]
    assert "Jack Campin" in notice(tunes)
    (tmp_path / BOOKS[1].folder / "b.abc").unlink()
    with pytest.raises(BadCorpus, match="oneills1850 is not"):
        list(read_books(tmp_path, lambda *_: None))


def test_the_shipped_table_is_what_the_books_give(corpus: Corpus) -> None:
    pytest.importorskip("music21")
    row = [tune.id for tune in corpus.tunes].index("airdsAirs/book1/1")
    text = (corpus_folder() / "airdsAirs" / "book1.abc").read_text().split("\nX:")[1]
    found = read_tune("X:" + text, BOOKS[2], "book1", 1)
    assert found is not None
    assert [(n, m) for n, m in found.measures] == [
        (int(corpus.number[at]), corpus.measure(int(at))) for at in corpus.rows_of(row)
    ]
