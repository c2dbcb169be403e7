"""Snapshots travel as what differs, whatever one edits."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.common.json_values import BadLine
from engine.music.chord_track import joined, written
from engine.music.measure import SILENCE
from engine.music.slot import Origin, Slot
from engine.music.song import MOST_SLOTS, Song
from engine.protocol.snapshot import Snapshot
from engine.remote.protocol import LONGEST_FROM_ENGINE, LONGEST_TO_ENGINE
from engine.remote.snapshot_delta import Differences
from tests.support.measures import quarters
from tests.support.songs import one_track
from tests.support.values import values

SLOW = settings(suppress_health_check=list(HealthCheck), max_examples=25)


def travelled(there: Differences, here: Differences, snapshot: Snapshot) -> Snapshot:
    return here.read(json.loads(json.dumps(there.write(snapshot), allow_nan=False)))


@SLOW
@given(st.lists(values(Snapshot), max_size=4))
def test_any_snapshots_one_after_the_other_arrive_as_they_are(shown: list[Snapshot]) -> None:
    there, here = Differences(), Differences()
    for each in [*shown, Snapshot()]:
        assert travelled(there, here, each) == each


def full(slots: int) -> Song:
    code = tuple(0.123456789012345 * (n + 1) for n in range(32))
    slot = Slot(SILENCE, code, code, Origin("corpus", "A tune of some name", "measure 1"))
    return one_track(slots=tuple(replace(slot, moved=bool(n % 2)) for n in range(slots)))


def test_one_gauge_of_a_long_song_is_a_short_line() -> None:
    there, here = Differences(), Differences()
    first = Snapshot(song=full(MOST_SLOTS))
    body = json.dumps(there.write(first))
    assert LONGEST_TO_ENGINE / 4 < len(body) < LONGEST_FROM_ENGINE / 8
    shown = here.read(json.loads(body))
    here.read(json.loads(json.dumps(there.write(replace(first, undo=("louder",) * 499)))))
    code = first.row.slots[7].latent
    assert code is not None
    turned = replace(first.row.slots[7], latent=(*code[:5], 0.5, *code[6:]))
    moved = first.song.with_slot(7, replace(turned, measure=quarters(60, 62, 64, 65)))
    names = ("gauge up in measure 8", *("louder",) * 499)
    line = json.dumps(there.write(Snapshot(1, moved, undo=names)))
    assert len(line) < 350
    after = here.read(json.loads(line))
    assert after.song == moved
    pairs = zip(after.song.tracks[0].slots, shown.row.slots, strict=True)
    assert [n for n, (now, was) in enumerate(pairs) if now is not was] == [7]


def test_one_chord_of_a_long_song_is_a_short_line() -> None:
    there, here = Differences(), Differences()
    song = full(MOST_SLOTS)
    chart = "|".join(["C"] * 256)
    chords = (*written(chart, 0, Fraction(0), song.grids, song.key),)
    travelled(there, here, Snapshot(song=replace(song, chords=chords)))
    other = written("Dm7", 100, Fraction(0), song.grids, song.key)
    after = Snapshot(1, replace(song, chords=joined(chords, other)))
    line = json.dumps(there.write(after))
    assert len(line) < 200
    assert here.read(json.loads(line)) == after


def test_a_slot_put_in_leaves_the_others_as_they_are() -> None:
    there, here = Differences(), Differences()
    song = full(64)
    travelled(there, here, Snapshot(song=song))
    more = song.with_track(0, slots=(Slot(), *song.tracks[0].slots))
    assert len(json.dumps(there.write(Snapshot(1, more)))) < 1000


@SLOW
@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=4),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["song", "slots", "title", "revision"]), inner)
        ),
        max_leaves=8,
    )
)
def test_a_garbled_difference_is_a_bad_line_and_changes_nothing(body: object) -> None:
    here = Differences()
    before = here.read({"revision": 3})
    try:
        here.read(body)
    except BadLine:
        assert here.read({}) is not None
        assert here.read({}) == before


def test_a_difference_from_what_was_not_there_is_refused() -> None:
    with pytest.raises(BadLine, match="was not there"):
        Differences().read({"song": {"tracks": [{"from": 0, "slots": [[8, 1]]}]}})
    with pytest.raises(BadLine, match="was not there"):
        Differences().read({"song": {"tracks": [{"from": 1}]}})
    with pytest.raises(BadLine, match="was not there"):
        Differences().read(
            {"song": {"tracks": [{"from": 0, "slots": [{"code": [[0, 1.0]], "like": 0}]}]}}
        )
    with pytest.raises(BadLine, match="was not there"):
        Differences().read({"undo": [[0, 3]]})
