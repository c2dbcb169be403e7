"""The words of the command line: JSON that scripts rely on, and one line for each mistake."""

import json
import math
import os
import shlex
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import mido
import numpy as np
import pytest
import soundfile

from engine.bench import Result
from engine.cli.main import main, parser
from engine.corpus.table import shipped
from engine.formats import song_file
from engine.formats.midi_file import read
from engine.music.accompaniment.style import Accompaniment
from engine.music.attributes import NAMES, attributes
from engine.music.form import OrderEntry, Section, SongForm
from engine.music.scales import Key
from engine.music.slot import Origin, Slot
from engine.music.song import Song
from engine.music.track import Track
from engine.protocol.edit import SetLatent
from engine.runtime.startup import load_model
from engine.services.editing.state import State
from tests.support.command_line import run_json, run_refused
from tests.support.edits import do
from tests.support.measures import quarters
from tests.support.songs import one_track

DIMENSIONS = [*NAMES, *(f"z{at}" for at in range(4, 32))]


def test_encode_tells_codes_attributes_and_notes(
    tune: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = run_json(capsys, "encode", tune)["measures"]
    assert [measure["index"] for measure in found] == [1, 2, 3, 4]
    first = found[0]
    assert len(first["latent"]) == 32
    assert list(first["attributes"]) == list(NAMES)
    assert isinstance(first["exact"], bool)
    notes = shipped().measure(int(shipped().rows_of(40)[0])).notes
    assert first["notes"] == [
        [round(float(n.onset), 6), round(float(n.duration), 6), n.pitch] for n in notes
    ]
    assert all(len(note) == 3 for note in first["decoded"])


def test_sweep_moves_one_gauge(tune: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("sweep", "note_density", "--base", tune, "--measure", 2, "--steps", 5)
    found = run_json(capsys, *words, "--from", -2, "--to", 2)
    assert found["dimension"] == "note_density"
    assert [point["value"] for point in found["points"]] == [-2, -1, 0, 1, 2]
    density = [point["attributes"]["note_density"] for point in found["points"]]
    assert density[0] < density[2] < density[4]
    assert found["points"][0]["notes"]


def test_a_sweep_is_what_the_screen_plays(tune: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("sweep", "note_range", "--base", tune, "--measure", 2, "--steps", 2)
    found = run_json(capsys, *words)["points"][1]["attributes"]
    state = State(one_track(slots=(Slot.brought_in(read(tune).measures[1], Origin("midi")),)))
    state.adopt(load_model())
    played = do(state, SetLatent(0, 1, 3.0)).slot.measure
    assert found == attributes(played)


def test_what_no_gauge_moves_is_swept_as_it_came(
    tune: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    brought = read(tune).measures[1]
    here = load_model().encode([brought])[0][1]
    words = ("sweep", "note_range", "--base", tune, "--measure", 2, "--steps", 2)
    found = run_json(capsys, *words, "--from", repr(here))["points"][0]["notes"]
    assert found == [
        [round(float(n.onset), 6), round(float(n.duration), 6), n.pitch] for n in brought.notes
    ]


def test_a_gauge_is_set_in_a_file_as_the_screen_turns_it(
    tune: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("render", "--base", tune, "--measure", 2, "--set", "note_range=1")
    (told,) = run_json(capsys, *words, "-o", tmp_path / "out.mid")["measures"]
    state = State(one_track(slots=(Slot.brought_in(read(tune).measures[1], Origin("midi")),)))
    state.adopt(load_model())
    assert told["attributes"] == attributes(do(state, SetLatent(0, 1, 1.0)).slot.measure)


def test_map_gives_values_from_the_top_down(tune: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("map", "--x", "note_range", "--y", "note_density", "--attribute", "note_density")
    found = run_json(capsys, *words, "--base", tune, "--measure", 1, "--width", 7, "--height", 5)
    assert found["x"] == [-3, -2, -1, 0, 1, 2, 3]
    assert found["y"] == [3, 1.5, 0, -1.5, -3]
    rows = [sum(row) for row in found["values"]]
    assert rows[0] > rows[2] > rows[4]


def test_a_map_without_json_is_drawn(tune: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["map", "--base", str(tune), "--measure", "1", "--width", "30"]) == 0
    drawn = capsys.readouterr().out
    assert "density" in drawn
    assert "◆" in drawn


def test_render_writes_what_the_gauges_ask_for(
    tune: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.mid"
    found = run_json(capsys, "render", "--base", tune, "--set", "note_density=2", "-o", out)
    assert found["file"] == str(out)
    back = read(out)
    assert len(back.measures) == len(found["measures"]) == 4
    assert back.tempo == pytest.approx(110)
    before = sum(len(m.pitches) for m in read(tune).measures)
    assert sum(len(m.pitches) for m in back.measures) > before


def test_render_leaves_what_no_gauge_moves(
    tune: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_json(capsys, "render", "--base", tune, "-o", tmp_path / "same.mid")
    assert read(tmp_path / "same.mid").measures == read(tune).measures


def test_render_writes_what_is_heard_and_tells_what_was_decoded(
    tune: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, words = tmp_path / "out.mid", ("--swing", "66.7", "--humanise", "8,12", "--scale", "Eb")
    found = run_json(capsys, "render", "--base", tune, *words, "--seed", 3, "-o", out)
    plain = run_json(capsys, "render", "--base", tune, "-o", tmp_path / "plain.mid")
    assert found["measures"] == plain["measures"]
    sounded = found["sounded"]
    assert (sounded["swing"], sounded["timing"], sounded["velocity"]) == (66.7, 8, 12)
    assert (sounded["scale"], plain["sounded"]["scale"]) == ("Eb major", None)
    written, even = (mido.MidiFile(each).tracks[1] for each in (out, tmp_path / "plain.mid"))
    pitches = [m.note for m in written if m.type == "note_on"]
    assert all(Key(3).holds(pitch) for pitch in pitches)
    before = [m.note for m in even if m.type == "note_on"]
    assert sum(a != b for a, b in zip(pitches, before, strict=True)) == sounded["moved"] > 0
    assert len({m.velocity for m in written if m.type == "note_on"}) > 1
    first = out.read_bytes()
    run_json(capsys, "render", "--base", tune, *words, "--seed", 3, "-o", out)
    assert out.read_bytes() == first
    run_json(capsys, "render", "--base", tune, *words, "--seed", 4, "-o", out)
    assert out.read_bytes() != first


@pytest.mark.parametrize("kind", ["wav", "flac"])
def test_render_gives_sound_too(
    tune: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    out = tmp_path / f"out.{kind}"
    found = run_json(capsys, "render", "--base", tune, "-o", out)
    assert (found["file"], found["rate"], len(found["measures"])) == (str(out), 44_100, 4)
    assert Path(found["soundfont"]).suffix == ".sf2"
    # Sixteen quarters, and two seconds in which the last note dies away.
    assert found["seconds"] == pytest.approx(16 * 60 / 110 + 2, abs=1e-3)
    wave, rate = soundfile.read(out)
    assert (len(wave) / rate, rate) == (pytest.approx(found["seconds"]), 44_100)
    assert abs(wave).max() == pytest.approx(10 ** (-3 / 20), abs=1e-3)
    run_json(capsys, "render", "--base", tune, "-o", tmp_path / f"again.{kind}")
    assert (tmp_path / f"again.{kind}").read_bytes() == out.read_bytes()


def test_render_refuses_a_soundfont_that_is_none(
    tune: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ARMONICA_SOUNDFONT", str(tune))
    out = tmp_path / "out.wav"
    assert "is no SoundFont" in run_refused(capsys, "render", "--base", tune, "-o", out)
    assert not out.exists()


def test_render_of_a_song_writes_its_tracks_each_in_a_file_of_their_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    slots = (Slot.brought_in(quarters(60, 64, 67, 72), Origin("midi")), Slot())
    rule = Track(kind="drums", channel=9, accompaniment=Accompaniment("rock"), slots=(Slot(),) * 2)
    song = Song("Song", 120, (Track(name="My/Tune", slots=slots), rule))
    place = song_file.write(tmp_path / "song", song_file.Document(song))
    folder, out = tmp_path / "stems", tmp_path / "mix.wav"
    found = run_json(capsys, "render", place, "--stems", folder, "-o", out)
    assert [Path(each).name for each in found["stems"]] == ["01 My_Tune.wav", "02 Track 2.wav"]
    mixed = soundfile.read(out)[0]
    each = [soundfile.read(stem)[0] for stem in found["stems"]]
    assert np.abs(sum(each) - mixed).max() < 2 * 2 / 2**15
    assert all(np.abs(wave).max() > 0.01 for wave in each)
    run_json(capsys, "render", place, "-o", tmp_path / "song.mid")
    for words, why in (
        ((place, "--base", place, "-o", out), "as it is"),
        ((place,), "No file is named"),
        (("--stems", folder, "-o", out), "of a song"),
        ((place, "--stems", place / "x"), "cannot be made"),
    ):
        assert why in run_refused(capsys, "render", *words)


def test_render_of_a_song_has_its_order_and_its_ramp(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    slots = tuple(Slot.brought_in(quarters(*[at] * 4), Origin("midi")) for at in (60, 72))
    form = SongForm(
        (Section("A", 1), Section("B", 1, tempo=60, ramp=120)),
        (OrderEntry(0, 2), OrderEntry(1), OrderEntry(0)),
    )
    song = Song("Song", 120, (Track(slots=slots),), form=form)
    place = song_file.write(tmp_path / "song", song_file.Document(song))
    # Four beats of a tempo that moves evenly with time from 60 to 120 take 4 / 1.5 seconds, or,
    # evenly with the beats, the integral of 1 / (1 + x / 4) from 0 to 4.
    ramp = 4 * math.log(2)
    out, wave = tmp_path / "song.mid", tmp_path / "song.wav"
    run_json(capsys, "render", place, "-o", out)
    now, starts = 0.0, []
    for message in mido.MidiFile(out):
        now += message.time
        if message.type == "note_on" and message.velocity:
            starts.append((now, message.note))
    assert [pitch for _, pitch in starts] == [60] * 8 + [72] * 4 + [60] * 4
    quarters_in_a_row = [at / 2 for at in range(8)]
    assert [at for at, _ in starts[:8]] == pytest.approx(quarters_in_a_row, abs=1e-3)
    assert starts[12][0] == pytest.approx(4 + ramp, abs=0.02)
    gaps = [after - before for (before, _), (after, _) in pairwise(starts[8:13])]
    assert gaps == sorted(gaps, reverse=True)
    assert gaps[0] < 1
    assert gaps[-1] > 0.5
    found = run_json(capsys, "render", place, "-o", wave)
    # What sounds last rings on a little.
    assert 4 + ramp + 2 <= found["seconds"] < 4 + ramp + 6
    sound, rate = soundfile.read(wave)
    loud = np.abs(sound).max(axis=1) > 0.01
    assert loud[: rate // 10].any()
    last = int((4 + ramp + 1.5) * rate)
    assert loud[last : last + rate // 4].any()


def test_render_from_nothing_depends_on_the_seed_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def drawn(seed: int) -> object:
        words = ("render", "--measures", 2, "--seed", seed, "-o", tmp_path / "drawn.mid")
        return run_json(capsys, *words)["measures"]

    assert drawn(5) == drawn(5) != drawn(6)


def test_ports_is_a_list_even_where_there_are_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert isinstance(run_json(capsys, "ports")["ports"], list)


def test_doctor_says_of_each_check_how_it_stands(capsys: pytest.CaptureFixture[str]) -> None:
    found = run_json(capsys, "doctor")
    assert found["ok"] is True
    assert {"model", "corpus", "midi", "folders"} <= {check["name"] for check in found["checks"]}
    assert {check["status"] for check in found["checks"]} <= {"ok", "warn", "fail"}


def test_a_bench_tells_its_first_figure_and_all_of_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    results = (Result("map p50", 1.0, 4.0, "ms", "how"), Result("map p99", 2.0, 4.0, "ms", "how"))
    monkeypatch.setattr("engine.bench.measure", lambda *_: results)
    found = run_json(capsys, "bench", "map")
    assert [found[key] for key in ("ours", "other", "ratio", "unit", "how")] == [
        1.0,
        4.0,
        0.25,
        "ms",
        "how",
    ]
    assert [each["ratio"] for each in found["results"]] == [0.25, 0.5]
    assert main(["bench", "map"]) == 0
    assert capsys.readouterr().out == (
        "map p50: 1 ms against 4 ms, ratio 0.25\nmap p99: 2 ms against 4 ms, ratio 0.5\n  how\n"
    )


def test_every_word_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    for words in ("encode", "sweep", "map", "render", "ports", "doctor", "bench"):
        with pytest.raises(SystemExit) as end:
            parser().parse_args([words, "--help"])
        assert end.value.code == 0
        assert words in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        ("sweep note_densty", "Did you mean 'note_density'?"),
        ("sweep note_density --from nan", "from -3 to 3"),
        ("sweep note_density --to 4", "from -3 to 3"),
        ("sweep note_density --steps 1", "2 to 1001"),
        ("map --attribute loudness", "note_density"),
        ("map --x note_range --y note_range", "two different dimensions"),
        ("map --width 1", "2 to 512"),
        ("map --width many", "--width"),
        ("render -o x.txt", "FILE.mid"),
        ("render -o /nowhere/at/all/x.wav", "/nowhere/at/all"),
        ("render -o /nowhere/at/all/x.mid", "/nowhere/at/all"),
        ("render -o x.mid --set note_density", "DIM=VALUE"),
        ("render -o x.mid --set note_density=inf", "from -3 to 3"),
        ("render -o x.mid --measures 0", "1 to 10000"),
        ("render -o x.mid --seed -1", "--seed lies from 0"),
        ("render -o x.mid --seed 99999999999999999999", "--seed lies from 0"),
        ("--song x ports", "Leave it out"),
        ("render -o x.mid --tempo 7", "from 20 to 400"),
        ("render -o x.mid --measure 2", "--base"),
        ("render -o x.mid --swing 49", "from 50 to 75"),
        ("render -o x.mid --swing-of thirds", "sixteenths"),
        ("render -o x.mid --humanise 60", "from 0 to 50"),
        ("render -o x.mid --humanise 5,x", "from 0 to 40"),
        ("render -o x.mid --scale D-dorian", "D dorian"),
        ("render -o x.mid --scale D_dorian", "--scale"),
        ("encode nothing.mid", "nothing.mid"),
        ("encode", "FILE.mid"),
        ("conjure", "--help"),
        ("bench latncy", "latency"),
        ("train measures -o run --recipe publishd", "published"),
        ("train measures -o run --steps 0", "at least one step"),
        ("evaluate measures --model nowhere", "armonica train measures"),
        ("evaluate measures --bases 0", "1 to"),
        ("train measures -o x/y --corpus nowhere", "armonica corpus build"),
        ("evaluate measures --corpus nowhere", "armonica corpus build"),
    ],
)
def test_a_mistake_is_one_line_that_names_its_remedy(
    words: str,
    remedy: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert remedy in run_refused(capsys, *words.split())
    assert not list(tmp_path.iterdir())


def test_a_measure_that_the_file_does_not_have(
    tune: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = run_refused(capsys, "sweep", "z7", "--base", tune, "--measure", 9)
    assert "measures 1 to 4" in line


def test_an_output_that_cannot_be_written_leaves_nothing(
    tune: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out.mid").mkdir()
    run_refused(capsys, "render", "--base", tune, "-o", tmp_path / "out.mid")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.mid", "tune.mid"]


def test_a_damaged_model_is_refused_by_hash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import shutil

    from engine import locations

    folder = tmp_path / "model"
    shutil.copytree(locations.MEASURE_VAE, folder)
    with (folder / "weights.safetensors").open("r+b") as weights:
        weights.seek(-8, 2)
        weights.write(b"\0" * 8)
    monkeypatch.setattr(locations, "MEASURE_VAE", folder)
    assert "has the hash" in run_refused(capsys, "sweep", "z5")


def test_doctor_tells_settings_that_are_not_the_usual_ones_and_the_log(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ARMONICA_THEME", "light")
    checks = {check["name"]: check for check in run_json(capsys, "doctor")["checks"]}
    assert "theme = light (ARMONICA_THEME)" in checks["settings"]["detail"]
    assert "config.toml is not there" in checks["settings"]["detail"]
    assert "armonica.log" in checks["log"]["detail"]


def test_doctor_fails_on_what_is_wrong_and_looks_at_the_rest(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fault() -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setenv("ARMONICA_THEM", "light")
    monkeypatch.setattr("engine.midi.ports.list_ports", fault)
    assert main(["doctor", "--json"]) == 1
    out, err = capsys.readouterr()
    checks = {check["name"]: check for check in json.loads(out)["checks"]}
    assert checks["settings"]["remedy"] == "Did you mean 'ARMONICA_THEME'?"
    assert "Input/output error" in checks["midi"]["detail"]
    assert checks["model"]["status"] == "ok"
    assert err.startswith("armonica: These checks failed: midi, settings.")


SCRIPT = "from engine.cli.main import script; script()"


def shell(line: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command as a process of its own, behind what a shell puts around it."""
    command = f"set -o pipefail; {shlex.quote(sys.executable)} -c {shlex.quote(SCRIPT)} {line}"
    return subprocess.run(
        ["bash", "-c", command],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("line", "code", "message"),
    [
        ("ports --json | head -c 0", 1, ""),
        ("ports --json > /dev/full", 1, "armonica: The system says: No space left on device."),
        ("encode missing.mid 2>&-", 2, ""),
        ("evaluate measures --model missing 2>&-", 2, ""),
    ],
)
def test_outputs_that_are_closed_or_full_end_in_one_line(
    line: str, code: int, message: str
) -> None:
    ended = shell(line)
    assert ended.returncode == code
    assert ended.stderr.startswith(message)
    assert ended.stderr.count("\n") == bool(message)


def test_a_fault_is_one_line_and_the_log_says_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ARMONICA_HOME", str(tmp_path))

    def fault() -> None:
        raise ZeroDivisionError("never\nexpected")

    monkeypatch.setattr("engine.midi.ports.list_ports", fault)
    assert main(["ports"]) == 1
    err = capsys.readouterr().err
    assert err == (
        "armonica: A fault was met (ZeroDivisionError: never?expected). "
        f"{tmp_path}/state/armonica.log says where.\n"
    )


def test_the_log_holds_what_went_wrong(tmp_path: Path) -> None:
    code = (
        "import logging, threading\n"
        "from engine import logs\n"
        "logs.start(); logs.start()\n"
        "logging.getLogger('engine').warning('late')\n"
        "thread = threading.Thread(target=lambda: 1 / 0, name='lane')\n"
        "thread.start(); thread.join()\n"
    )
    environment = os.environ | {"ARMONICA_HOME": str(tmp_path)}
    ended = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, check=True
    )
    assert ended.stderr == b""
    text = (tmp_path / "state" / "armonica.log").read_text()
    assert text.count("late") == 1
    assert "The thread lane ended by a fault" in text
    assert "ZeroDivisionError" in text


def test_without_a_place_for_a_log_nothing_is_written_over_the_screen(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ended = shell("encode missing.mid", ARMONICA_HOME=str(tmp_path / "file"))
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1


def test_a_terminal_without_the_signs_of_a_map_shows_marks() -> None:
    ended = shell("map --width 5 --height 3", PYTHONIOENCODING="ascii")
    assert ended.returncode == 0
    assert "+3 ?" in ended.stdout
