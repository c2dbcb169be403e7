"""Keys are found where they are, go along with a melody, and know how sure they are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.corpus.table import shipped as corpus
from engine.errors import OutOfRange
from engine.harmony import key_profiles
from engine.harmony.evaluation import evaluate
from engine.harmony.key_finding import find_keys, keys_of, named
from engine.harmony.key_profiles import BadKeyProfiles, load, save, shipped
from engine.harmony.training import learn
from engine.music.measure import SILENCE
from engine.music.scales import Key
from tests.support.measures import eighths, measure


def test_a_scale_that_comes_home_is_in_its_key() -> None:
    found = find_keys([measure("CDEFGFED"), measure("EGEDC---")])
    assert found[0].key == Key(0, "major")
    assert found[0].certainty > 0.9
    assert named(found).startswith("C major, 9")
    assert len(found) == 48
    assert sum(each.certainty for each in found) == pytest.approx(1)


def test_a_dorian_melody_is_told_from_the_minor_of_its_tonic() -> None:
    dorian = eighths(62, 65, 69, 71, 69, 65, 62, 62), eighths(69, 71, 69, 65, 64, 60, 62, 62)
    minor = eighths(62, 65, 69, 70, 69, 65, 62, 62), eighths(69, 70, 69, 65, 64, 61, 62, 62)
    # The more of it there is, the less most tunes being in major counts.
    assert find_keys(dorian * 4)[0].key == Key(2, "dorian")
    assert find_keys(minor * 4)[0].key == Key(2, "natural minor")


@given(
    st.lists(st.floats(0.01, 8.0), min_size=12, max_size=12), st.integers(0, 11), st.integers(0, 11)
)
def test_a_melody_that_is_transposed_takes_its_keys_along(
    time: list[float], last: int, by: int
) -> None:
    here = keys_of(np.array(time), last, shipped())
    there = keys_of(np.roll(np.array(time), by), (last + by) % 12, shipped())
    moved = {Key((each.key.tonic + by) % 12, each.key.scale): each.certainty for each in here}
    assert {each.key: pytest.approx(each.certainty) for each in there} == moved


def test_silence_is_in_no_key() -> None:
    with pytest.raises(OutOfRange, match="Silence"):
        find_keys([SILENCE])


def test_the_profiles_that_ship_are_learned_from_the_corpus_that_ships(tmp_path: Path) -> None:
    made = learn(corpus())
    save(tmp_path / "keys.json", made, {})
    again = load(tmp_path / "keys.json")
    for part in ("shares", "lasts", "modes"):
        assert np.allclose(getattr(made, part), getattr(shipped(), part), atol=1e-5)
        assert np.array_equal(getattr(again, part), getattr(shipped(), part))


def test_held_out_tunes_are_found_in_the_keys_of_their_books_more_often_than_by_probe_tones() -> (
    None
):
    (ours, theirs), certain = evaluate(corpus())
    assert ours.tunes == theirs.tunes > 200
    assert ours.exact >= 0.85
    assert ours.signature >= 0.92
    assert ours.exact > theirs.exact
    # What is surer is right more often.
    assert [row.exact for row in certain] == sorted(row.exact for row in certain)
    assert sum(row.tunes for row in certain) == ours.tunes


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "damaged"), (b"[]", "damaged"), (b'{"format": 2}', "another format"),
        (b'{"format": 1, "shares": {}}', "damaged"), (b"\xff", "damaged"),
    ],
)  # fmt: skip
def test_damaged_profiles_are_refused(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "keys.json"
    with pytest.raises(BadKeyProfiles, match="cannot be read"):
        load(path)
    path.write_bytes(content)
    with pytest.raises(BadKeyProfiles, match=words):
        load(path)


def test_profiles_that_are_no_shares_are_none() -> None:
    good = shipped()
    for bad in (good.shares * 2, good.shares[:3], np.full((4, 12), np.nan)):
        with pytest.raises(key_profiles.BadKeyProfiles):
            replace(good, shares=bad)
