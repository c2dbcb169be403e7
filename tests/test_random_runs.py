"""Random runs are drawn from their seed, and what they would lose would be seen.

The runs themselves take minutes and are a command: ``python -m tests.random_runs``.
"""

from __future__ import annotations

from pathlib import Path

from tests.owed import Ledger, hung, songs
from tests.random_steps import drawn


def test_a_run_is_drawn_from_its_seed_and_number() -> None:
    assert drawn(3, 1) == drawn(3, 1)
    assert drawn(3, 1) != drawn(4, 1)


def test_what_was_seen_and_is_nowhere_is_lost() -> None:
    ledger = Ledger()
    ledger.seen("one", "", 1.0)
    ledger.seen("two", "", 2.0)
    ledger.seen("three", "two", 3.0)
    assert ledger.lost([("two", 92.0), ("three", 92.0)]) == ["one"]
    assert ledger.lost([("two", 92.0)]) == ["three"]


def test_a_kill_may_take_the_last_two_seconds() -> None:
    ledger = Ledger()
    ledger.seen("one", "", 1.0)
    ledger.seen("two", "one", 10.0)
    ledger.seen("new", "", 10.5)
    assert ledger.lost([("one", 92.0)], killed=11.0) == []
    ledger.seen("three", "one", 12.0)
    assert ledger.lost([("one", 92.0)], killed=20.0) == ["three"]


def test_what_may_be_undone_is_owed_once_it_is_seen_again() -> None:
    ledger = Ledger()
    ledger.seen("one", "", 1.0)
    ledger.doubt()
    assert ledger.lost([]) == []
    assert ledger.lost([], shown="one") == ["one"]


def test_a_title_that_was_given_and_not_seen_may_be_on_either_song() -> None:
    ledger = Ledger()
    ledger.seen("one", "", 1.0)
    ledger.given("two", "one")
    ledger.seen("three", "new", 3.0)
    # A song was opened right after the second title had been given to the first.
    assert ledger.lost([("two", 92.0), ("three", 92.0)]) == []
    assert ledger.lost([("three", 92.0)]) == ["two"]
    ledger.seen("one", "", 1.0)
    ledger.given("two", "one")
    ledger.seen("four", "two", 4.0)
    assert ledger.lost([("two", 92.0)]) == ["three", "four"]


def test_what_was_thrown_away_in_words_is_not_owed() -> None:
    ledger = Ledger()
    ledger.seen("one", "", 1.0)
    ledger.thrown_away("one")
    assert ledger.lost([]) == []


def test_songs_are_read_as_they_lie_on_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "a.armonica"
    path.write_text('{"title": "one", "tempo": 92}')
    assert songs([path]) == [("one", 92.0)]


def test_a_note_ends_by_its_own_message_alone() -> None:
    on, off, silence = b"\x91\x40\x50", b"\x81\x40\x00", b"\xb1\x7b\x00"
    assert hung([(0.0, on), (1.0, silence)]) == {(1, 64)}
    assert hung([(0.0, on), (1.0, off)]) == set()
