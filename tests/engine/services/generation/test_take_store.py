"""Takes on disk: what is written is read, and whatever is not a take is passed over."""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.common import atomic
from engine.common.fields import BadTake
from engine.errors import CannotWrite, UnknownName
from engine.services.generation import take_store
from engine.services.generation.recipe import is_id
from engine.services.generation.recipe_file import decode, encode
from tests.support.takes import CODES, NAME, RECIPE, WAVE


def test_a_recipe_is_read_as_it_was_written() -> None:
    assert decode(encode(RECIPE), NAME) == RECIPE
    assert encode(RECIPE).isascii()


def test_a_recipe_of_the_first_format_is_still_read() -> None:
    body = json.loads(encode(RECIPE))
    for name in ("results", "loudness", "levelling"):
        del body[name]
    body["armonica_take"] = 1
    old = decode(json.dumps(body).encode(), NAME)
    assert old == replace(
        RECIPE, levelling=None, take=replace(RECIPE.take, results=(), loudness=None)
    )
    # Made again it is written anew, and still says that it was made the old way.
    assert decode(encode(old), NAME).levelling is None
    body["armonica_take"] = 3
    with pytest.raises(BadTake, match="newer version"):
        decode(json.dumps(body).encode(), NAME)


def test_a_take_is_read_as_it_was_written() -> None:
    kept = take_store.write(RECIPE, WAVE, CODES)
    assert take_store.read(NAME) == kept
    np.testing.assert_array_equal(take_store.read_codes(kept), CODES)
    wave, rate = take_store.read_wave(NAME)
    assert rate == 16_000
    np.testing.assert_allclose(wave, WAVE, atol=1e-4)
    assert take_store.listed() == take_store.Listed((kept.take,))


def test_two_takes_of_one_second_have_two_names() -> None:
    names = [take_store.write(RECIPE, WAVE, CODES).take.id for _ in range(3)]
    assert len(set(names)) == 3
    assert all(map(is_id, names))
    assert len(take_store.listed().takes) == 3


@pytest.mark.parametrize(
    ("place", "value", "says"),
    [
        (("asked", "seed"), None, "lacks seed"),
        (("traits", 0, "tuning", "soft"), None, "lacks soft"),
        (("traits", 0, "probe"), "x", "digest"),
        (("changes", 0, "step"), -1, "step of a change"),
        (("changes", 0, "strength"), 99, "strength of drums"),
        (("levelling", "gains"), [0.0], "gains"),
        (("trace", "steps", 0), [], "different lengths"),
        (("peaks", 0, 1), 2, "peak"),
        (("model", "colour"), "red", "no field called 'colour'"),
    ],
)
def test_what_lacks_or_leaves_its_range_is_refused_in_words(
    place: tuple[str | int, ...], value: object, says: str
) -> None:
    body = json.loads(encode(RECIPE))
    *way, last = place
    part = body
    for key in way:
        part = part[key]
    if value is None:
        del part[last]
    else:
        part[last] = value
    with pytest.raises(BadTake, match=says):
        decode(json.dumps(body).encode(), NAME)


@given(st.data())
def test_a_recipe_with_anything_else_in_a_field_is_refused_and_nothing_worse(
    data: st.DataObject,
) -> None:
    body = json.loads(encode(RECIPE))
    place = body
    while True:
        key = data.draw(
            st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place)))
        )
        if not place[key] or not isinstance(place[key], dict | list) or data.draw(st.booleans()):
            break
        place = place[key]
    place[key] = data.draw(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just([[]])
        | st.just({"x": 1}) | st.just(10**400)
    )  # fmt: skip
    # Anything else that is raised fails the test.
    with contextlib.suppress(BadTake):
        decode(json.dumps(body).encode(), NAME)


@given(st.binary(max_size=200))
def test_what_is_no_recipe_at_all_is_refused(data: bytes) -> None:
    with pytest.raises(BadTake):
        decode(data, NAME)


def test_names_never_become_places() -> None:
    for name in ("../x", "a", "20261122-201500-../x", "20261122-201500-A", "", f"{NAME}/x"):
        with pytest.raises(UnknownName):
            take_store.place(name)
        with pytest.raises(BadTake):
            decode(encode(RECIPE), name)
    named = json.loads(encode(RECIPE)) | {"parent": "../../secret"}
    with pytest.raises(BadTake):
        decode(json.dumps(named).encode(), NAME)


def test_what_is_damaged_or_foreign_is_passed_over() -> None:
    kept = take_store.write(RECIPE, WAVE, CODES)
    folder = take_store.takes_folder()
    (folder / "notes.json").write_text("{}")
    (folder / "20261122-201501-cut.json").write_bytes(encode(RECIPE)[:-40])
    (folder / "20261122-201502-folder.json").mkdir()
    os.mkfifo(folder / "20261122-201503-pipe.json")
    found = take_store.listed()
    assert found.takes == (kept.take,)
    assert len(found.faults) == 4


def test_a_twin_that_is_gone_is_no_twin() -> None:
    kept = take_store.write(RECIPE, WAVE, CODES)
    take_store.amend(kept.twinned("20261122-201600-twin"))
    assert take_store.read(NAME).take.twin == "20261122-201600-twin"
    assert take_store.listed().takes[0].twin is None


def test_codes_and_sound_that_are_not_the_takes_are_refused() -> None:
    kept = take_store.write(RECIPE, WAVE, CODES)
    other = take_store.write(RECIPE, WAVE, CODES + 1)
    place = take_store.place(NAME, take_store.CODES)
    for content in (
        take_store.place(other.take.id, take_store.CODES).read_bytes(),
        b"",
        b"x" * 100,
    ):
        place.write_bytes(content)
        with pytest.raises(BadTake):
            take_store.read_codes(kept)
    take_store.place(NAME).write_bytes(b"no sound")
    with pytest.raises(BadTake):
        take_store.read_wave(NAME)
    take_store.remove(NAME)
    for read in (take_store.read, take_store.read_wave):
        with pytest.raises(BadTake):
            read(NAME)


def test_a_take_is_written_whole_or_not_at_all(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    real, left = atomic._stage, [2]

    def full(temporary: Path, target: Path, content: bytes) -> None:
        left[0] -= 1
        if left[0] < 0:
            temporary.write_bytes(content[:10])
            raise OSError(28, "No space left on device")
        real(temporary, target, content)

    monkeypatch.setattr(atomic, "_stage", full)
    with pytest.raises(CannotWrite, match="No space left"):
        take_store.write(RECIPE, WAVE, CODES)
    assert list(take_store.takes_folder().iterdir()) == []
    left[0] = 9
    take_store.write(RECIPE, WAVE, CODES)
    left[0] = 1
    with pytest.raises(CannotWrite):
        take_store.export(NAME, str(tmp_path / "mine.flac"))
    assert not list(tmp_path.glob("mine*"))


def test_what_a_killed_program_left_is_swept() -> None:
    take_store.write(RECIPE, WAVE, CODES)
    for name, age in (("old", 7_200), ("new", 0)):
        path = take_store.takes_folder() / f".{name}.tmp"
        path.touch()
        os.utime(path, (path.stat().st_mtime - age,) * 2)
    take_store.listed()
    assert [path.name for path in take_store.takes_folder().glob(".*.tmp")] == [".new.tmp"]
