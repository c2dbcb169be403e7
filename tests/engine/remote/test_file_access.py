"""Over a line files are read and written in the folders for that alone, whatever is asked."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.config import BadSetting, folders
from engine.errors import ArmonicaError
from engine.formats import midi_file, song_file
from engine.influence import provenance
from engine.locations import SONGS, data_folder, meant, songs_folder, state_folder
from engine.music.song import Song
from engine.protocol.analysis import WriteProvenance
from engine.protocol.base import Command
from engine.protocol.edit import ReplaceSong, SetTitle
from engine.protocol.files import (
    ExportMidi,
    ForgetKept,
    ImportMidi,
    LookIntoMidi,
    OpenSong,
    RecoverSong,
    SaveSong,
)
from engine.protocol.generation import OpenAudioModel, Prompt, SaveTake, SetGeneration
from engine.protocol.snapshot import Snapshot
from engine.remote.file_access import Fence, OutOfReach
from engine.remote.protocol import ASKED
from engine.services.generation import take_store
from engine.services.session import autosave
from engine.services.session.file_commands import filed
from engine.services.session.song_files import SongFiles
from tests.support.takes import CODES, NAME, RECIPE, WAVE

NO_PLACES = {
    "OpenPort.name", "FollowClock.source", "ListenTo.names", "SetTitle.title", "SetKey.scale",
    "SetTrack.name", "SetTrack.port", "AddTrack.name", "AddSection.name", "SetSection.name",
    "SetMetre.metre", "WriteChords.text",
    "BrowseCorpus.query", "SetTrait.name", "NudgeTrait.name", "SetGeneration.text",
    "DrawMap.attribute", "Toggle.trait",
    "AskInfluence.books", "AskInfluence.licences", "AskTakeInfluence.books",
    "AskTakeInfluence.licences", "MarkModel.digest", "MarkModel.detail",
}  # fmt: skip
"""What is text and never becomes a place."""

IDS = {
    "AskTakeInfluence.take", "WriteProvenance.take", "MakeAgain.take", "MakeTwin.take",
    "PlayTake.take", "TogglePlayback.take", "SaveTake.take", "RemoveTake.take",
    "SetBinding.device", "Forget.device",
}  # fmt: skip
"""What becomes a place in a folder of the engine's own, and is checked where it does."""

PLACES = {
    "SaveSong.path", "ExportMidi.path", "WriteProvenance.path", "SaveTake.path", "OpenSong.path",
    "ImportMidi.path", "LookIntoMidi.path", "OpenAudioModel.name", "RecoverSong.path",
    "ForgetKept.path", "LeaveKept.path", "ReplaceSong.path", "MarkSaved.path",
}  # fmt: skip


def test_every_command_that_names_a_file_is_known() -> None:
    """A text in a command that came later is a place, an id, or neither: somebody must say."""
    texts = {
        f"{kind.__name__}.{part.name}"
        for kind in ASKED.kinds
        for part in fields(kind)
        # By which its sender knows the answer; nothing else looks at it.
        if part.name != "request"
        and "str" in str(get_type_hints(kind)[part.name])
        and "Literal" not in str(get_type_hints(kind)[part.name])
    }
    assert texts - {"MarkRoutes.statuses"} == NO_PLACES | IDS | PLACES


@dataclass(frozen=True, slots=True)
class _Later(Command):
    path: str


def test_a_command_that_nobody_thought_of_is_refused() -> None:
    with pytest.raises(OutOfReach, match="_Later"):
        Fence().check(_Later("a"))


# A tree with traps in it: all that a client may name, and all that it must not touch.


@dataclass(frozen=True, slots=True)
class Tree:
    """A song folder with links and worse in it, and a folder outside."""

    songs: Path
    outside: Path

    def state(self) -> dict[str, Any]:
        """Return all that nothing over a line may change, by its name."""
        found: dict[str, Any] = {}
        for folder in (self.outside, self.songs, self.outside.parent):
            for path in folder.rglob("*") if folder != self.outside.parent else folder.iterdir():
                mode = path.lstat().st_mode
                ours = folder == self.songs and path.name.startswith("ours")
                if stat.S_ISREG(mode) and not ours:
                    found[str(path)] = path.read_bytes()
                elif not stat.S_ISREG(mode):
                    found[str(path)] = (stat.S_IFMT(mode), mode & 0o777)
        return found


@pytest.fixture
def tree(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tree]:
    """Yield the tree; the working folder is outside."""
    home, outside = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("outside")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ARMONICA_HOME", str(home))
        patch.setenv("HOME", str(outside))
        songs = songs_folder()
        songs.mkdir(parents=True)
        for folder in (songs, outside):
            song_file.write(folder / "ours.armonica", song_file.Document(Song("A song")))
            filed(ExportMidi(str(folder / "ours.mid")), Snapshot(song=Song("A song")), SongFiles())
            for suffix in (".armonica", ".mid", ".json", ".wav", ".txt"):
                (folder / f"text{suffix}").write_text("somebody's text")
        take_store.write(RECIPE, WAVE, CODES)
        (songs / "inner").mkdir()
        (songs / "up").symlink_to(outside)
        (songs / "root").symlink_to("/")
        for suffix in (".armonica", ".mid", ".json", ".wav"):
            (songs / f"link{suffix}").symlink_to(outside / f"ours{suffix}")
            (songs / f"new{suffix}").symlink_to(outside / f"new{suffix}")
            (songs / f"null{suffix}").symlink_to("/dev/null")
            (songs / f"loop{suffix}").symlink_to(songs / f"loop{suffix}")
            os.mkfifo(songs / f"pipe{suffix}")
        (songs / "ours.wav.json").symlink_to(outside / "new.json")
        patch.chdir(outside)
        yield Tree(songs, outside)


PARTS = st.sampled_from(
    ["..", ".", "", "~", "up", "root", "inner", "ours", "text", "link", "new", "null", "loop",
     "pipe", "tmp", "etc", "dev", "null", "zero", "songs", "a\0b", "\ud800", "\x1b[31m", "é",
     "x" * 300, "x" * 5000, "~root", "~nobody", "kept", "CON", "-rf", "*", "a\nb", "\\..\\.."]
)  # fmt: skip
ENDS = st.sampled_from(
    ["", ".armonica", ".mid", ".midi", ".json", ".wav", ".flac", ".txt", ".MID", "/", "/.", "."]
)
STARTS = st.sampled_from(["", "/", "~/", "//", "songs/", "songs/", "songs/", "outside/", "./"])


@st.composite
def hostile(draw: st.DrawFn) -> str:
    """Draw a path that somebody with bad intentions might name."""
    middle = "/".join(draw(st.lists(PARTS, max_size=4)))
    return draw(STARTS) + middle + draw(ENDS) if draw(st.booleans()) else draw(st.text(max_size=20))


NAMED: dict[str, list[Callable[[str], Command]]] = {
    "write": [
        SaveSong,
        ExportMidi,
        lambda path: ExportMidi(path, credits=True),
        WriteProvenance,
        lambda path: SaveTake(NAME, path),
    ],
    "read": [
        OpenSong,
        LookIntoMidi,
        lambda path: ImportMidi(0, path),
        lambda path: SetGeneration(Prompt("file", path)),
        lambda path: OpenAudioModel(path),
        RecoverSong,
    ],
    "other": [ForgetKept, lambda path: ReplaceSong(Song(), path)],
}


def carry_out(command: Command) -> None:
    """Do what the engine does with a command that names a file, without its threads."""
    match command:
        case WriteProvenance(path):
            provenance.write(path, provenance.of_song("Mine", ()))
        case SaveTake(take, path):
            take_store.export(take, path)
        case LookIntoMidi(path):
            midi_file.tracks(meant(path))
        case ForgetKept(path):
            autosave.discard(path)
        case ImportMidi(_, path, track):
            midi_file.read(meant(path), track)
        case SaveSong() | ExportMidi() | OpenSong() | RecoverSong():
            filed(command, Snapshot(song=Song("Theirs")), SongFiles())


@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=hostile(), how=st.sampled_from([each for kind in NAMED.values() for each in kind]))
def test_whatever_is_named_nothing_outside_is_read_or_changed(
    tree: Tree, path: str, how: Any
) -> None:
    path = path.replace("songs/", f"{tree.songs}/", 1).replace("outside/", f"{tree.outside}/", 1)
    command = how(path)
    before = tree.state()
    with contextlib.suppress(ArmonicaError):
        Fence().check(command)
        if how in NAMED["read"] and path not in ("tiny", "facebook/musicgen-small"):
            # By other means than the fence's own: where this leads to is in one of the folders.
            named = os.path.expanduser(path)  # noqa: PTH111
            there = os.path.exists(named)  # noqa: PTH110 - false, too, where a name is too long
            more = "" if there or how is not OpenSong else ".armonica"
            real = os.path.realpath(named + more)
            data, kept = data_folder(), state_folder() / "kept"
            inside = (tree.songs, SONGS, data / "takes", data / "models", kept)
            assert any(f"{real}/".startswith(f"{os.path.realpath(each)}/") for each in inside)
        carry_out(command)
    after = tree.state()
    made = {name for name in after.keys() - before.keys() if f"{tree.songs}/" in name}
    assert {name: after[name] for name in after if name not in made} == before
    for name in made:
        Path(name).unlink()


@pytest.mark.parametrize("how", NAMED["write"] + NAMED["read"])
def test_links_that_lead_outside_are_refused(tree: Tree, how: Any) -> None:
    suffixes = (".armonica", ".mid", ".json", ".wav")
    for name in ("link", "new", "up/ours", "up/new", "root/etc/new", "../../x", "inner/../up/a"):
        for suffix in suffixes:
            with pytest.raises(ArmonicaError):
                Fence().check(how(str(tree.songs / f"{name}{suffix}")))


def test_what_lies_in_the_folders_may_be_named(tree: Tree) -> None:
    fence, songs = Fence(), tree.songs
    for command in (
        SaveSong(),
        SaveSong(str(songs / "mine")),
        SaveSong(str(songs / "inner" / "mine.armonica")),
        ExportMidi(str(songs / "ours.mid")),
        WriteProvenance(str(songs / "mine.json")),
        SaveTake(NAME, str(songs / "mine.flac")),
        OpenSong(str(songs / "ours")),
        OpenSong(str(next(SONGS.glob("*.armonica")))),
        ImportMidi(0, str(songs / "ours.mid")),
        SetGeneration(Prompt("file", str(take_store.place(NAME)))),
        SetGeneration(Prompt("song")),
        OpenAudioModel("tiny"),
        OpenAudioModel("facebook/musicgen-small"),
        OpenAudioModel(str(data_folder() / "models" / "mine")),
        RecoverSong(str(state_folder() / "kept" / "a.armonica")),
        ForgetKept(str(state_folder() / "kept" / "a.armonica")),
        ReplaceSong(Song(), None),
        SetTitle("/etc/passwd"),
    ):
        fence.check(command)


def test_the_engines_own_song_may_be_saved_where_it_lies(tree: Tree) -> None:
    own = tree.outside / "ours.armonica"
    Fence().check(SaveSong(str(own)), str(own))
    for other in (str(tree.outside / "other.armonica"), str(tree.outside / "ours.mid")):
        with pytest.raises(ArmonicaError):
            Fence().check(SaveSong(other), str(own))


def test_the_setting_widens_what_may_be_named(tree: Tree) -> None:
    fence = Fence(folders(f"{tree.outside}, ~/elsewhere"))
    for path in (tree.outside / "new.armonica", tree.outside / "elsewhere" / "new"):
        fence.check(SaveSong(str(path)))
        fence.check(OpenSong(str(path)))
    fence.check(OpenSong(str(tree.songs / "link.armonica")))
    with pytest.raises(OutOfReach):
        fence.check(SaveSong("/etc/new"))


@pytest.mark.parametrize("text", ["here", "/a, b", "~nobody-of-that-name/x", "./a", "/a\0b"])
def test_folders_are_whole_paths(text: str) -> None:
    with pytest.raises(BadSetting):
        folders(text)
    assert folders(" , ") == ()
