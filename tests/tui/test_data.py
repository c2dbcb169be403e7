"""Actions, keymaps, themes, arrangement and bridge, with no terminal."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from textual.geometry import Region
from textual.message import Message

from engine.locations import config_folder
from engine.music.measure import SILENCE, Measure
from engine.protocol.notices import JobProgressed, Notice
from engine.protocol.snapshot import Snapshot
from engine.protocol.transport import PlayheadMoved
from tui import keymap
from tui.action_table import ACTIONS, IDS, rows
from tui.action_tables.action import SCREENS, Place
from tui.app import screen_class
from tui.bridge import Bridge, Due, EngineEvent
from tui.dialogs.help import SIGNS
from tui.key_table import key_table
from tui.layouts.compose import arrangement
from tui.run import check_terminal
from tui.theme import NAMES, defaults, load
from tui.view_models.gestures import PAUSE, Gestures
from tui.widgets.song_strip import contour

TAKEN = {"ctrl+a", "ctrl+b", "ctrl+s", "ctrl+@", "ctrl+space", "ctrl+q", "ctrl+z"}
"""Keys of tmux, screen, flow control and job control."""


@pytest.mark.parametrize("screen", SCREENS)
def test_every_action_of_a_screen_is_done_there(screen: Place) -> None:
    done = set(screen_class(screen).HANDLERS)
    assert done == {action.id for action in ACTIONS if action.on(screen)}


def test_the_help_of_every_screen_says_what_its_signs_mean() -> None:
    assert set(SIGNS) == set(SCREENS)


def test_every_action_has_keys_and_words() -> None:
    assert len(set(IDS)) == len(IDS)
    assert set(keymap.load("default").keys) == set(IDS)
    for action in ACTIONS:
        assert action.sentence.endswith(".")
        assert len(action.label) <= 16


@pytest.mark.parametrize("name", ["default", "tmux"])
@pytest.mark.parametrize("screen", SCREENS)
def test_no_key_means_two_things_on_one_screen(name: str, screen: Place) -> None:
    known = keymap.load(name).keys
    keys = [key for action in ACTIONS if action.on(screen) for key in known[action.id]]
    assert len(set(keys)) == len(keys)


def test_the_tmux_keymap_leaves_the_keys_of_others_alone() -> None:
    keys = keymap.load("tmux").keys
    assert not TAKEN & {key for each in keys.values() for key in each}
    assert all(keys[action] for action in IDS)


def own(text: str) -> Path:
    path = config_folder() / "keymaps" / "mine.toml"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    return path


def test_a_keymap_of_ones_own_lies_over_the_default_one() -> None:
    own('[song]\nundo = "?, ctrl+u"\nexport = ""\n[app]\nhelp = "f1"\n')
    mine = keymap.load("mine")
    assert mine.keys["song.undo"] == ("question_mark", "ctrl+u")
    assert mine.keys["song.export"] == ()
    assert mine.keys["song.redo"] == keymap.load("default").keys["song.redo"]
    assert mine.clashes == ()


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ('[song]\nundoo = "u"', ("song.undoo", "song.undo")),
        ('[song]\nundo = "ctrl+nonsense"', ("ctrl+nonsense", "song.undo")),
        ("[song]\nundo = 5", ("song.undo", "text")),
        ("[song\n", ("mine.toml", "Mend")),
    ],
)
def test_a_wrong_keymap_is_refused_by_file_key_and_nearest_word(
    text: str, parts: tuple[str, ...]
) -> None:
    path = own(text)
    with pytest.raises(keymap.BadKeymap) as refusal:
        keymap.load("mine")
    for words in (str(path), *parts):
        assert words in refusal.value.line()


def test_clashes_are_told_by_both_names() -> None:
    own('[app]\nquit = "V"')
    assert keymap.load("mine").clashes == (
        "mine.toml: V is both map.cells and app.quit; map.cells keeps it.",
        "mine.toml: V is both form.copy and app.quit; form.copy keeps it.",
    )


def test_a_clash_on_every_screen_is_told_once_and_one_key_may_serve_two_screens() -> None:
    own('[app]\nquit = "t"\n[take]\ntwin = "v"')
    assert keymap.load("mine").clashes == (
        "mine.toml: t is both play.tempo and app.quit; play.tempo keeps it.",
    )


def test_an_unknown_keymap_names_the_known() -> None:
    with pytest.raises(keymap.BadKeymap, match="default, tmux"):
        keymap.load("nothing")


def test_the_key_table_has_every_row_of_help() -> None:
    table = key_table()
    for row in rows(keymap.load("default").keys):
        assert row.sentence in table
    assert "| `1` … `9` | Go to measure 1 to 9. |" in table


def test_every_theme_has_every_variable() -> None:
    for name in NAMES:
        assert set(defaults()) <= set(load(name).variables)


@pytest.mark.parametrize("side", ["map", "bank", "matrix"])
def test_parts_never_overlap_and_lie_on_the_screen(side: str) -> None:
    for width in range(80, 201, 7):
        for height in range(24, 61):
            regions = arrangement(width, height, side)
            assert {"transport", "strip", "gauges", "roll", "keys"} <= set(regions)
            taken: list[Region] = []
            for name, region in regions.items():
                where = (name, width, height)
                assert region.width >= 20, where
                assert region.height >= 1, where
                assert Region(0, 0, width, height).contains_region(region), where
                assert not any(region.overlaps(other) for other in taken), where
                taken.append(region)
            assert regions["roll"].height >= 6
            if "map" in regions:
                assert regions["map"].height >= 8


def test_below_80x24_there_is_one_line_alone() -> None:
    assert set(arrangement(79, 24)) == {"small"}
    assert set(arrangement(80, 23)) == {"small"}


def test_the_bridge_hands_over_the_latest_and_never_more_often_than_it_may() -> None:
    posted: list[Message] = []
    now = [0.0]
    bridge = Bridge(posted.append, rate=20, clock=lambda: now[0])
    for beat in range(100):
        bridge(PlayheadMoved(0, float(beat)))
    bridge(Notice("a"))
    bridge(Notice("b"))
    assert [type(each) for each in posted] == [Due, EngineEvent, EngineEvent]
    assert bridge.wait() == 0
    bridge.hand_over()
    last = posted[-1]
    assert isinstance(last, EngineEvent)
    assert last.event == PlayheadMoved(0, 99.0)
    now[0] = 0.01
    bridge(Snapshot(revision=1))
    assert bridge.wait() == pytest.approx(0.04)


def test_the_last_word_of_a_job_is_not_taken_for_anothers() -> None:
    posted: list[Message] = []
    bridge = Bridge(posted.append)
    events = [JobProgressed(1, "a", 1.0), JobProgressed(2, "b", 0.5), JobProgressed(2, "b", 0.6)]
    for event in events:
        bridge(event)
    bridge.hand_over()
    assert [each.event for each in posted if isinstance(each, EngineEvent)] == [
        events[0],
        events[2],
    ]
    assert not posted[-1].can_replace(posted[-2])


def test_the_bridge_loses_nothing_that_counts_from_many_threads() -> None:
    posted: list[Message] = []
    bridge = Bridge(posted.append)

    def tell(number: int) -> None:
        for each in range(50):
            bridge(Notice(f"{number}:{each}"))

    threads = [threading.Thread(target=tell, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({each.event for each in posted if isinstance(each, EngineEvent)}) == 200


def test_a_pause_or_another_hand_begins_a_gesture() -> None:
    now = [0.0]
    gestures = Gestures(lambda: now[0])
    first = gestures.begin("a")
    now[0] += PAUSE / 2
    assert gestures.begin("a") == first
    assert gestures.begin("b") == first + 1
    now[0] += PAUSE * 2
    assert gestures.begin("b") == first + 2
    gestures.end()
    assert gestures.begin("b") == first + 3


def test_a_contour_rises_with_the_tune() -> None:
    tokens = [60, *[0] * 11, 72, *[0] * 11]
    low, high = contour(Measure.from_tokens(tokens), 4, 2)[::-1]
    assert low[0] != " "
    assert high[0] == " "
    assert high[2] != " "
    assert low[2] == " "
    assert contour(SILENCE, 3, 2) == ["   ", "   "]


def test_no_terminal_is_refused_with_the_command_that_needs_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from engine.errors import TerminalError

    with pytest.raises(TerminalError, match="armonica render"):
        check_terminal()
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "dumb")
    with pytest.raises(TerminalError, match=r"dumb .* armonica render"):
        check_terminal()


def test_the_application_is_imported_without_torch_or_numpy() -> None:
    code = (
        "import sys, tui.app, tui.dialogs.tune_browser, tui.dialogs.help\n"
        "print([name for name in ('torch', 'numpy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
