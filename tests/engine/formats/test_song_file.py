"""Song files: exact round trips, strict reading, and writing whole or not at all."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.config import Settings
from engine.errors import BadSong, CannotWrite, OutOfRange
from engine.formats import preset_songs
from engine.formats.song_file import (
    Document,
    decode,
    encode,
    located,
    read,
    write,
)
from engine.formats.song_text import LARGEST
from engine.latent.spec import serves
from engine.music.chord_track import PlacedChord
from engine.music.chords import chord_of
from engine.music.form import NO_FORM, OrderEntry, Section, SongForm
from engine.music.grid import FOUR_QUARTERS, GRIDS, Grid
from engine.music.groove import PLAIN, SWING_UNITS, Groove
from engine.music.measure import HOLD, Measure, silence
from engine.music.modulation import Modulation, check
from engine.music.pattern import Hit, Pattern
from engine.music.performance import Touch
from engine.music.routes import Route
from engine.music.scales import SCALES, Key
from engine.music.slot import Origin, OriginKind, Slot
from engine.music.song import MOST_SLOTS, Song
from engine.music.track import TRACK_KINDS, Track
from engine.runtime.startup import opening, shipped, shipped_songs
from engine.text import printable
from tests.support.songs import one_track
from tests.support.values import (
    ACCOMPANIMENTS,
    CHORD_TRACKS,
    GRID,
    PATTERNS,
    measures,
    modulations,
)

texts = st.text(max_size=40).map(printable)
names = texts | st.just("a\udc80b")
codes = st.lists(st.floats(-10, 10), min_size=4, max_size=4).map(tuple)
origins = st.builds(
    Origin,
    st.sampled_from([kind for kind in get_args(OriginKind) if kind != "empty"]),
    texts,
    texts,
)
touches = st.builds(Touch, st.integers(1, 127), st.floats(-0.5, 0.5)) | st.none()


@st.composite
def filled(draw: st.DrawFn, grid: Grid) -> Slot:
    """A slot with something in it, as it was played or not."""
    source = draw(st.none() | measures(grid))
    played: tuple[Touch | None, ...] = ()
    if source is not None and draw(st.booleans()):
        count = len(source.pitches)
        played = tuple(draw(st.lists(touches, min_size=count, max_size=count)))
    code = draw(st.none() | codes) if serves(grid) else None
    return Slot(
        draw(measures(grid)), code, code, draw(origins), draw(st.booleans()), source, played
    )


def slots(grid: Grid) -> st.SearchStrategy[Slot]:
    """Draw slots of a grid, empty or not."""
    patterned = st.builds(Slot, st.just(silence(grid)), origin=origins, pattern=PATTERNS)
    return st.just(Slot.blank(grid)) | filled(grid) | patterned


def apart(drawn: list[Modulation]) -> tuple[Modulation, ...]:
    """Leave out those that pull at a controller or a gauge that another has."""
    kept: list[Modulation] = []
    for modulation in drawn:
        with contextlib.suppress(OutOfRange):
            check((*kept, modulation))
            kept.append(modulation)
    return tuple(kept)


banks = st.none() | st.integers(0, 127)


# A song is played to seven others at most.
ports = st.sampled_from(["", "Synth", "a:b:in", "Ünder", "\U0001f3b9", "x" * 40])


def rows(grids: Sequence[Grid]) -> st.SearchStrategy[Track]:
    """Draw tracks of a slot for each grid."""
    return st.builds(
        Track,
        name=texts,
        channel=st.integers(0, 15),
        program=st.integers(0, 127),
        velocity=st.integers(1, 127),
        bank_msb=banks,
        bank_lsb=banks,
        level=banks,
        pan=banks,
        port=ports,
        octave=st.integers(-4, 4),
        transpose=st.integers(-24, 24),
        muted=st.booleans(),
        solo=st.booleans(),
        locked=st.booleans(),
        groove=st.just(PLAIN)
        | st.builds(
            Groove,
            st.floats(50, 75),
            st.sampled_from(SWING_UNITS),
            st.floats(0, 50),
            st.integers(0, 40),
            st.integers(0, 2**63 - 1),
        ),
        modulations=st.lists(modulations(), max_size=4).map(apart),
        routes=st.lists(
            st.builds(
                Route,
                ports,
                st.integers(0, 15),
                st.none() | st.integers(0, 127),
                st.integers(-24, 24),
                st.booleans(),
            ),
            max_size=7,
        ).map(tuple),
        slots=st.tuples(*map(slots, grids)),
        kind=st.sampled_from(TRACK_KINDS),
        accompaniment=st.none() | ACCOMPANIMENTS,
    )


keys = st.builds(Key, st.integers(0, 11), st.sampled_from(sorted(SCALES)))
tempi = st.floats(20, 400)


@st.composite
def forms(draw: st.DrawFn, length: int) -> SongForm:
    """Draw the form of so many measures, or none."""
    if draw(st.booleans()):
        return NO_FORM
    cuts = sorted(draw(st.sets(st.integers(1, length - 1)))) if length > 1 else []
    names = st.text("ABC'12 ", min_size=1, max_size=6)
    sections = tuple(
        Section(
            draw(names),
            end - start,
            draw(st.none() | tempi),
            draw(st.none() | tempi),
            draw(st.none() | keys),
        )
        for start, end in pairwise([0, *cuts, length])
    )
    entries = st.builds(OrderEntry, st.integers(0, len(sections) - 1), st.integers(1, 3))
    return SongForm(sections, tuple(draw(st.lists(entries, min_size=1, max_size=5))))


@st.composite
def whole_songs(draw: st.DrawFn) -> Song:
    """Draw a song of one to three tracks."""
    grids = draw(st.lists(st.just(FOUR_QUARTERS) | GRID, min_size=1, max_size=6))
    return Song(
        draw(texts),
        draw(tempi),
        tuple(draw(st.lists(rows(grids), min_size=1, max_size=3))),
        draw(st.none() | st.tuples(texts, texts)),
        draw(keys),
        draw(st.booleans()),
        draw(forms(len(grids))),
        draw(CHORD_TRACKS),
        draw(st.booleans()),
    )


songs = whole_songs()
documents = st.builds(Document, songs, st.frozensets(st.integers(0, 31)), st.none() | names)

MEASURE = Measure((60, *[HOLD] * 23))
SONG = one_track(
    "Air",
    slots=(
        Slot(MEASURE, (0.5, -1.0), (0.25, 3.0), Origin("midi", "Áir", "1"), True),
        Slot.brought_in(MEASURE, Origin("played"), (Touch(99, -0.03),)),
        Slot(),
    ),
)

PLAINLY = SONG.with_track(0, slots=(SONG.tracks[0].slots[0], SONG.tracks[0].slots[2]))
SONG = replace(
    SONG.with_track(
        0,
        bank_msb=8,
        groove=Groove(62, "sixteenths", 8.5, 12, 7),
        routes=(Route("Synth", 3, 12, -12, False),),
        modulations=(
            Modulation(2, "cc14", 0, 1, 0, 16_383),
            Modulation(3, "bend", 1, 0, 16_000, 20),
        ),
    ),
    key=Key(2, "dorian"),
    lock=True,
)


def test_a_song_in_four_quarters_says_nothing_of_metres() -> None:
    assert b"metre" not in encode(Document(SONG))
    assert json.loads(encode(Document(SONG)))["armonica"] == 2


def test_a_song_says_which_measures_are_in_another_metre() -> None:
    body = json.loads(encode(Document(one_track(slots=(Slot.blank(GRIDS["6/8"]), Slot())))))
    assert body["armonica"] == 5
    assert body["tracks"][0]["slots"] == [{"metre": "6/8"}, None]


@pytest.mark.parametrize(
    ("slot", "words"),
    [
        ({"metre": "13/8"}, "metre that is not known"),
        ({"metre": 6}, "metre"),
        ({"metre": "6/8", "tokens": []}, "measure 1 of track 1"),
        ({}, "in one track and in"),
    ],
)
def test_a_song_whose_metres_make_no_sense_is_refused(slot: object, words: str) -> None:
    row = Track(slots=(Slot.blank(GRIDS["6/8"]), Slot()))
    body = json.loads(encode(Document(Song(tracks=(row, row)))))
    body["tracks"][0]["slots"][0] = slot
    with pytest.raises(BadSong, match=words):
        decode(json.dumps(body).encode())


def test_a_code_in_a_metre_that_no_model_knows_is_refused() -> None:
    grid = GRIDS["12/8"]
    slot = Slot.brought_in(Measure((60, *[HOLD] * 23), grid), Origin("written"))
    body = json.loads(encode(Document(one_track(slots=(slot,)))))
    body["tracks"][0]["slots"][0] |= {"latent": [0.0], "anchor": [0.0]}
    with pytest.raises(BadSong, match="no model knows 12/8"):
        decode(json.dumps(body).encode())


@given(documents)
def test_what_is_written_is_read_again(document: Document) -> None:
    assert decode(encode(document)) == document


def test_a_file_is_readable_and_says_what_it_is() -> None:
    text = encode(Document(PLAINLY)).decode()
    assert text.splitlines()[1:3] == [' "armonica": 1,', ' "title": "Air",']
    assert '"origin": {"kind": "midi", "title": "Áir", "detail": "1"}' in text


def test_a_song_of_the_version_before_opens_and_says_nothing_of_playing() -> None:
    body = json.loads(encode(Document(SONG)))
    body["armonica"] = 1
    with pytest.raises(BadSong):
        decode(json.dumps(body).encode())
    for slot in body["slots"][:2]:
        del slot["played"]
    for name in ("groove", "key", "lock", "bank", "modulations", "routes"):
        del body[name]
    found = decode(json.dumps(body).encode()).song
    assert [slot.played for slot in found.slots()] == [(), (), ()]
    assert [slot.measure for slot in found.slots()] == [slot.measure for slot in SONG.slots()]


def test_a_song_says_how_each_note_was_played_or_is_refused() -> None:
    assert '"played": [[99, -0.03]]' in encode(Document(SONG)).decode()
    several: list[Any] = [{}, [[99]], [[0, 0.0]], [[99, 0.6]], [[99.5, 0]], [None, None], [True]]
    for wrong in several:
        body = json.loads(encode(Document(SONG)))
        body["slots"][1]["played"] = wrong
        with pytest.raises(BadSong):
            decode(json.dumps(body).encode())


def test_a_song_that_was_not_played_opens_in_older_programs() -> None:
    text = encode(Document(PLAINLY)).decode()
    assert '"armonica": 1' in text
    assert "played" not in text


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path to every value inside a JSON value."""
    found = [path] if path else []
    items = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, inner in items:
        found += places(inner, (*path, key))
    return found


PLACES = places(json.loads(encode(Document(SONG))))


@settings(max_examples=300)
@given(st.sampled_from(PLACES), json_values, st.booleans())
def test_a_changed_file_is_read_or_refused(place: tuple[Any, ...], value: Any, drop: bool) -> None:
    body = json.loads(encode(Document(SONG)))
    inside = body
    for key in place[:-1]:
        inside = inside[key]
    if drop:
        del inside[place[-1]]
    else:
        inside[place[-1]] = value
    with contextlib.suppress(BadSong):
        found = decode(json.dumps(body).encode())
        assert decode(encode(found)) == found


@settings(max_examples=200)
@given(st.binary(max_size=200) | json_values.map(lambda value: json.dumps(value).encode()))
def test_whatever_else_is_refused(data: bytes) -> None:
    with pytest.raises(BadSong):
        decode(data)


@given(st.data())
def test_a_cut_or_flipped_file_is_read_or_refused(data: st.DataObject) -> None:
    whole = bytearray(encode(Document(SONG)))
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] = data.draw(st.integers(0, 255))
    for each in (bytes(whole), bytes(whole[:at])):
        with contextlib.suppress(BadSong):
            decode(each)


def changed(change: Callable[[dict[str, Any]], object]) -> bytes:
    """Return a song file with one thing changed."""
    body = json.loads(encode(Document(SONG)))
    change(body)
    return json.dumps(body).encode()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "damaged"),
        (b"{" * 100_000, "damaged"),
        (b"[" * 100_000, "damaged"),
        (b'{"armonica": 2, "tempo": ' + b"9" * 5000 + b"}", "damaged"),
        (b"[]", "no song"),
        (changed(lambda body: body.update(armonica=6)), "version 6"),
        (changed(lambda body: body.update(armonica=4)), "lacks tracks"),
        (changed(lambda body: body.update(armonica=1)), "not known"),
        (changed(lambda body: body.pop("groove")), "lacks groove"),
        (changed(lambda body: body["groove"].update(swing=80)), "swing"),
        (changed(lambda body: body["groove"].update(unit="fifths")), "swing"),
        (changed(lambda body: body["groove"].update(seed=-1)), "seed"),
        (changed(lambda body: body["key"].update(scale="dorien")), "scale"),
        (changed(lambda body: body["key"].update(tonic=12)), "tonic"),
        (changed(lambda body: body.update(lock=1)), "neither true nor false"),
        (changed(lambda body: body["modulations"][0].update(number=40)), "controller"),
        (changed(lambda body: body["routes"][0].update(transpose=25)), "transposition"),
        (changed(lambda body: body["routes"][0].update(port=None)), "port"),
        (changed(lambda body: body["routes"][0].update(port="x" * 201)), "port"),
        (changed(lambda body: body["routes"][0].update(clock=0)), "neither true"),
        (changed(lambda body: body["routes"][0].update(program=True)), "program"),
        (changed(lambda body: body["routes"].extend(body["routes"] * 7)), "at most 7"),
        (changed(lambda body: body["modulations"][0].update(kind="nrpn")), "kind"),
        (changed(lambda body: body["modulations"][0].update(dimension=3)), "two controllers"),
        (changed(lambda body: body["modulations"][0].pop("low")), "lacks low"),
        (changed(lambda body: body["modulations"].append(None)), "not an object"),
        (changed(lambda body: body.update(modulations=5)), "not a list"),
        (changed(lambda body: body.update(bank=[1])), "bank"),
        (changed(lambda body: body.update(bank=[1, 128])), "bank"),
        (changed(lambda body: body.update(bank=[True, None])), "bank"),
        (changed(lambda body: body.update(armonica=True)), "version True"),
        (changed(lambda body: body.update(tempo=float("nan"))), "damaged"),
        (changed(lambda body: body.update(tempo=10**400)), "tempo"),
        (changed(lambda body: body.update(tempo=5)), "tempo"),
        (changed(lambda body: body.update(tempo=True)), "tempo"),
        (changed(lambda body: body.update(more=1)), "more"),
        (changed(lambda body: body.pop("locks")), "lacks locks"),
        (changed(lambda body: body.update(slots=[])), "slots"),
        (changed(lambda body: body.update(slots=[None] * (MOST_SLOTS + 1))), "slots"),
        (changed(lambda body: body["slots"][0].update(tokens=[60])), "24 tokens"),
        (changed(lambda body: body["slots"][0].update(anchor=None)), "anchor"),
        (changed(lambda body: body["slots"][0]["origin"].update(kind="empty")), "kind"),
        (changed(lambda body: body["track"].update(channel=16)), "channel"),
        (changed(lambda body: body["track"].update(channel=1.5)), "channel"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(data: bytes, message: str) -> None:
    with pytest.raises(BadSong, match=message) as caught:
        decode(data)
    assert caught.value.remedy
    assert "\n" not in caught.value.line()


def test_a_file_that_is_too_large_is_not_read() -> None:
    with pytest.raises(BadSong, match="larger"):
        decode(b" " * (LARGEST + 1))


def test_a_song_is_written_in_the_oldest_version_that_holds_it() -> None:
    assert json.loads(encode(Document(PLAINLY)))["armonica"] == 1
    assert json.loads(encode(Document(SONG)))["armonica"] == 2
    for song in (
        replace(PLAINLY, lock=True),
        replace(PLAINLY, key=Key(5)),
        PLAINLY.with_track(0, groove=Groove(51)),
    ):
        assert json.loads(encode(Document(song)))["armonica"] == 2
        assert decode(encode(Document(song))).song == song


def test_what_came_with_version_5_is_written_where_it_is_not_as_usual() -> None:
    plain = replace(SONG, tracks=SONG.tracks * 2)
    body = json.loads(encode(Document(plain)))
    assert body["armonica"] == 4
    assert "kind" not in body["tracks"][1]
    body = json.loads(encode(Document(plain.with_track(1, kind="bass"))))
    assert body["armonica"] == 5
    assert "kind" not in body["tracks"][0]
    assert body["tracks"][1]["kind"] == "bass"
    body["tracks"][1]["kind"] = "spoons"
    with pytest.raises(BadSong, match="kind"):
        decode(json.dumps(body).encode())
    form = SongForm(
        (Section("A", 1), Section("B", 2, ramp=90.0)), (OrderEntry(1, 2), OrderEntry(0))
    )
    body = json.loads(encode(Document(replace(SONG, form=form))))
    assert body["armonica"] == 5
    assert body["form"]["order"] == [[1, 2], [0, 1]]
    assert decode(json.dumps(body).encode()).song.form == form
    for wrong in ([[2, 1]], [[0]], [["A", 1]], [[0, 100]], [], "A B", [0]):
        spoilt = {**body, "form": {**body["form"], "order": wrong}}
        with pytest.raises(BadSong):
            decode(json.dumps(spoilt).encode())
    body = json.loads(encode(Document(plain.with_track(1, kind="bass"))))
    body["armonica"] = 4
    with pytest.raises(BadSong, match="kind"):
        decode(json.dumps(body).encode())


def test_a_pattern_is_read_strictly() -> None:
    hit = Hit(Fraction(1, 3), 38, Fraction(1, 4), 90)
    drums = Slot(origin=Origin("written"), pattern=Pattern((hit,)))
    body = json.loads(encode(Document(one_track(slots=(drums,), kind="drums"))))
    row = body["tracks"][0]["slots"][0]
    assert row["pattern"] == [[320, 240, 38, 90]]
    for wrong, words in (
        ([[320, 240, 38]], "note of a pattern"),
        ([[0.5, 240, 38, 90]], "whole number"),
        ([[320, 0, 38, 90]], "lasts"),
        ([[320, 240, 128, 90]], "pitch"),
        ([[320, 240, 38, 0]], "velocity"),
        ([[320, 240, 38, 90], [0, 240, 38, 90]], "order"),
        ([[320, 240, 38, 90]] * 2, "lie on each other"),
        ([[at, 1, 38, 90] for at in range(513)], "at most"),
        ("x", "list"),
    ):
        row["pattern"] = wrong
        with pytest.raises(BadSong, match=words):
            decode(json.dumps(body).encode())
    row["pattern"] = []
    row["tokens"] = [60, *[0] * 23]
    with pytest.raises(BadSong, match="no melody"):
        decode(json.dumps(body).encode())


def test_chords_are_written_as_they_are_read() -> None:
    placed = [(0, "0", "Am7"), (0, "2", "C/E"), (1, "1/3", "N.C."), (1, "1", "F#m7b5")]
    chords = tuple(PlacedChord(slot, Fraction(at), chord_of(name)) for slot, at, name in placed)
    plain = replace(PLAINLY, chords=chords)
    body = json.loads(encode(Document(plain)))
    assert body["armonica"] == 5
    rows = [[1, "1", "Am7"], [1, "3", "C/E"], [2, "4/3", "N.C."], [2, "2", "F#m7b5"]]
    assert body["chords"] == rows
    assert decode(encode(Document(plain))).song == plain
    for bad, words in (
        ([1, "1", "H"], "no chord"), ([1, "1"], "a chord is not"), ([1, 1, "C"], "a chord is not"),
        ([1, "1/0", "C"], "no beat"), ([1, "0", "C"], "begins on a beat"),
        ([1, "99", "C"], "begins on a beat"), ([0, "1", "C"], "begins on a beat"),
        ([9, "1", "C"], "no measure 9"), ("C", "a chord is not"), ([True, "1", "C"], "a chord"),
    ):  # fmt: skip
        body["chords"] = [bad]
        with pytest.raises(BadSong, match=words) as caught:
            decode(json.dumps(body).encode())
        assert "\n" not in caught.value.line()
    body["chords"] = rows[::-1]
    with pytest.raises(BadSong, match="in order"):
        decode(json.dumps(body).encode())


def test_a_file_is_written_under_its_name_with_the_suffix(tmp_path: Path) -> None:
    place = write(tmp_path / "air", Document(SONG))
    assert place == tmp_path / "air.armonica"
    assert read(place) == read(tmp_path / "air") == Document(SONG)
    assert [path.name for path in tmp_path.iterdir()] == ["air.armonica"]
    assert located("~/a.armonica") == Path.home() / "a.armonica"


def test_a_link_and_the_rights_of_a_file_stay(tmp_path: Path) -> None:
    place = write(tmp_path / "air", Document(SONG))
    place.chmod(0o600)
    link = tmp_path / "link.armonica"
    link.symlink_to(place)
    write(link, Document(replace(SONG, title="Other")))
    assert link.is_symlink()
    assert place.stat().st_mode & 0o777 == 0o600
    assert read(place).song.title == "Other"


def test_a_write_that_fails_leaves_the_old_file_and_nothing_beside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = write(tmp_path / "air", Document(SONG))

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device", descriptor)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CannotWrite, match="No space left") as caught:
        write(place, Document(replace(SONG, title="Other")))
    assert "Free some space" in caught.value.remedy
    assert [path.name for path in tmp_path.iterdir()] == ["air.armonica"]
    assert read(place).song.title == "Air"


@pytest.mark.parametrize("name", ["missing/air", "", "a\0b", "x" * 5000])
def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(CannotWrite) as caught:
        write(str(tmp_path / name) if name else "/", Document(SONG))
    assert caught.value.remedy
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_file_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.armonica")
    for name in ("pipe.armonica", ".", "missing", "a\0b"):
        with pytest.raises(BadSong):
            read(f"{tmp_path}/{name}")


def test_text_in_a_file_cannot_steer_the_terminal() -> None:
    steering = Document(replace(SONG, title="Air\x1b[2J\ud800\nb"))
    assert decode(encode(steering)).song.title == "Air?[2J??b"


def test_a_song_without_the_suffix_stays_the_file_it_was_opened_from(tmp_path: Path) -> None:
    write(tmp_path / "air", Document(SONG)).rename(tmp_path / "air")
    assert opening(tmp_path / "air", Settings()).path == str(tmp_path / "air")
    write(tmp_path / "reel", Document(SONG))
    assert opening(tmp_path / "reel", Settings()).path == str(tmp_path / "reel.armonica")


def test_the_place_of_a_song_does_not_depend_on_where_one_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert write("air", Document(SONG)) == tmp_path / "air.armonica"
    assert opening("air", Settings()).path == str(tmp_path / "air.armonica")


def test_a_damaged_song_among_those_that_ship_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.locations.SONGS", tmp_path)
    assert shipped() == Song()
    (tmp_path / "1.armonica").write_text("{")
    write(tmp_path / "2", Document(SONG))
    assert shipped().title == "Air"


def test_the_songs_that_ship_are_those_of_their_recipes(tmp_path: Path) -> None:
    made = preset_songs.ship(tmp_path)
    assert [path.read_bytes() for path in made] == [p.read_bytes() for p in shipped_songs()]
    first = shipped()
    assert first.title == "The Londonderry Hornpipe"
    assert first.sounding == 8
    assert first.slot(0).origin.detail == "O'Neill's Music of Ireland 1753, measure 1"
