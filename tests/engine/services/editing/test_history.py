"""Undo and redo of contents with names."""

from __future__ import annotations

from engine.music.song import Song
from engine.services.editing.history import Content, History


def content(title: str) -> Content:
    """Return a content that is told from others by its title."""
    return Content(Song(title))


A, B, C, D = map(content, "ABCD")


def test_steps_go_back_and_forth() -> None:
    history = History()
    history.push("to B", A, B)
    history.push("to C", B, C)
    assert history.undo_names == ("to C", "to B")
    step = history.undo(C)
    assert step is not None
    assert step.other == B
    assert history.redo_names == ("to C",)
    again = history.redo(B)
    assert again is not None
    assert again.other == C
    assert history.redo(C) is None


def test_a_new_step_forgets_what_was_taken_back() -> None:
    history = History()
    history.push("to B", A, B)
    history.undo(B)
    history.push("to C", A, C)
    assert history.redo_names == ()
    assert history.undo_names == ("to C",)


def test_a_gesture_grows_and_takes_its_last_name() -> None:
    history = History()
    history.push("a bit", A, B, key=1)
    assert history.before(1, B) == A
    assert history.before(2, B) == B
    history.push("more", B, C, key=1)
    assert history.undo_names == ("more",)
    step = history.undo(C)
    assert step is not None
    assert step.other == A


def test_only_so_many_steps_are_kept() -> None:
    history = History(limit=2)
    for name, old, new in (("1", A, B), ("2", B, C), ("3", C, D)):
        history.push(name, old, new)
    assert history.undo_names == ("3", "2")
    history.undo(D)
    history.undo(C)
    assert history.undo(B) is None


def test_every_content_can_be_replaced() -> None:
    history = History()
    history.push("to B", A, B)
    history.push("to C", B, C)
    history.undo(C)
    history.map(lambda old: Content(old.song, "path"))
    assert [each.path for each in history.contents()] == ["path", "path"]
