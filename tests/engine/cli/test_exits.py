"""How commands end: 2 is the user's mistake, 1 a failure of the machine, 130 an interruption."""

from __future__ import annotations

import errno
import os
import pickle
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from engine.cli.main import main
from engine.cli.take_making import Interrupted
from engine.common.atomic import cannot_write
from engine.errors import BadMidiFile, CannotWrite, PortError, UserError
from engine.midi.controllers import map_files

REFUSALS = [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EMFILE]
MISTAKES = [errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.EISDIR, errno.ENAMETOOLONG]

CLOSED = ["<&-", ">&-", "2>&-", "<&- >&-", "<&- >&- 2>&-"]


def failing(number: int) -> Any:
    """Return a call of the system that is refused."""

    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number), "name")

    return fail


@pytest.fixture
def writers(tune: Path, tmp_path: Path) -> dict[str, list[str]]:
    """Return commands that write files."""
    shipped = map_files.load()[0][0].path.stem
    return {
        "midi": ["render", "--base", str(tune), "-o", str(tmp_path / "out.mid")],
        "sound": ["render", "--base", str(tune), "-o", str(tmp_path / "out.flac")],
        "map": ["controllers", "use", shipped, "--device", "knobs"],
    }


@pytest.mark.parametrize("what", ["midi", "sound", "map"])
@pytest.mark.parametrize("number", [*REFUSALS, *MISTAKES], ids=errno.errorcode.get)
def test_a_disk_that_refuses_is_no_mistake_of_the_user(
    number: int,
    what: str,
    writers: dict[str, list[str]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("engine.common.atomic._stage", failing(number))
    assert main(writers[what]) == (1 if number in REFUSALS else 2)
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert os.strerror(number) in err


@pytest.mark.parametrize("number", REFUSALS, ids=errno.errorcode.get)
def test_work_that_takes_long_asks_before_it_begins(
    number: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("engine.influence.measures.build.build_and_write", failing(errno.EDOM))
    monkeypatch.setattr(Path, "touch", failing(number))
    assert main(["corpus", "index", "-o", str(tmp_path / "index")]) == 1
    assert f"{tmp_path}/index cannot be written" in capsys.readouterr().err


@pytest.mark.parametrize("number", REFUSALS, ids=errno.errorcode.get)
@pytest.mark.parametrize("words", [["encode"], ["controllers", "check"]], ids=" ".join)
def test_a_disk_that_cannot_be_read_is_no_mistake_of_the_user(
    number: int,
    words: list[str],
    tune: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", failing(number))
        patch.setattr(Path, "read_bytes", failing(number))
        assert main([*words, str(tune)]) == 1
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("kind", ["missing", "folder", "long", "loop", "beneath"])
@pytest.mark.parametrize(
    "words",
    ["encode {}", "influence {}", "influence {}.wav", "controllers check {}", "again {} -o a.wav",
     "render -o {}.mid", "steer --seconds 1 -o {}.wav", "steer --seconds 1 -o a.wav --model {}",
     "steer --seconds 1 -o a.wav --continue {}", "probes list --model {}",
     "evaluate steering --model {}", "evaluate measures --model {}", "corpus index --corpus {}",
     "probes train rain --with {} --without {}", "train codec --clips {} -o out"],
)  # fmt: skip
def test_a_name_that_leads_nowhere_is_a_mistake_of_the_user(
    words: str,
    kind: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    for end in ("", ".mid", ".wav"):
        (tmp_path / f"loop{end}").symlink_to(f"loop{end}")
        (tmp_path / f"folder{end}").mkdir()
    names = {"missing": "no/where", "long": "x" * 300, "beneath": "file/x"}
    name = names.get(kind, kind)
    assert main(words.format(name, name).split()) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1


@pytest.mark.parametrize("name", ["", ".", "/"])
@pytest.mark.parametrize(
    "words",
    ["encode {}", "influence {}", "controllers check {}", "again {} -o a.wav", "again a.wav -o {}",
     "render -o {}", "steer --seconds 1 -o {}", "steer --seconds 1 -o {} --twin --probe drums=1",
     "steer --seconds 1 -o a.wav --report {}"],
)  # fmt: skip
def test_a_name_of_no_file_is_a_mistake_of_the_user(
    words: str, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([each.format(name) for each in words.split()]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("closed", CLOSED)
@pytest.mark.parametrize(
    ("words", "code"), [("", 2), ("ports --json", 0), ("ports --nothing", 2), ("encode none", 2)]
)
def test_a_stream_that_is_closed_is_no_fault(
    words: str, code: int, closed: str, tmp_path: Path
) -> None:
    command = f"{shlex.quote(sys.executable)} -m engine {words} {closed}"
    ended = subprocess.run(
        ["bash", "-c", command],
        env=os.environ | {"ARMONICA_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=180,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert ended.returncode == code, ended.stderr
    assert ended.stderr.count("\n") == (1 if code and "2>" not in closed else 0)
    log = tmp_path / "state" / "armonica.log"
    assert not log.exists() or log.read_text() == ""


def test_an_interruption_is_told_as_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("engine.midi.ports.list_ports", interrupt)
    assert main(["ports"]) == 130
    assert capsys.readouterr().err == "armonica: interrupted\n"


def test_errors_keep_how_they_end_when_they_come_from_another_process() -> None:
    full = cannot_write(Path("x"), OSError())
    full.__cause__ = OSError(errno.ENOSPC, "full")
    for error, code in (
        (full, 1),
        (CannotWrite("x"), 2),
        (UserError("x"), 2),
        (BadMidiFile("x"), 2),
        (PortError("x"), 1),
        (Interrupted("x"), 130),
    ):
        assert error.status() == code
        back = pickle.loads(pickle.dumps(error))
        assert (type(back), back.line(), back.status()) == (type(error), error.line(), code)


@pytest.mark.parametrize("closed", CLOSED)
def test_no_file_takes_the_place_of_a_stream_that_is_closed(closed: str, tmp_path: Path) -> None:
    record = tmp_path / "told"
    code = (
        "import sys; from engine.common.printing import open_closed; open_closed(); "
        f"file = open({str(record)!r}, 'w'); print(sys.stdin.read(), file=sys.stdout, flush=True); "
        "print('lost', file=sys.stderr, flush=True); file.write(str(file.fileno()))"
    )
    command = f"{shlex.quote(sys.executable)} -c {shlex.quote(code)} {closed}"
    ended = subprocess.run(
        ["bash", "-c", command], stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    assert ended.returncode == 0
    assert int(record.read_text()) > 2
