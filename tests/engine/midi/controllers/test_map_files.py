"""Controller maps as files."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import CannotWrite
from engine.midi.controllers import map_files
from engine.midi.controllers.bindings import CURVES, MOST, TAKEOVERS, Binding, DeviceMap
from engine.midi.controllers.controls import LAST, Control
from engine.midi.controllers.map_files import (
    BadController,
    own_file,
    own_folder,
    read,
    text,
    write,
)
from engine.midi.controllers.relative_encoders import ENCODINGS
from engine.midi.controllers.targets import SORTS, Target


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARMONICA_HOME", str(tmp_path / "home"))


NAMES = st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=20)


@st.composite
def bindings(draw: st.DrawFn) -> Binding:
    kind = draw(st.sampled_from(sorted(LAST)))
    control = Control(kind, draw(st.integers(0, 15)), draw(st.integers(0, LAST[kind])))
    sort = SORTS[draw(st.sampled_from(sorted(SORTS)))]
    name = "12" if sort.named == "number" else draw(NAMES) if sort.named else ""
    low, high = None, None
    if not sort.pressed and draw(st.booleans()):
        low, high = draw(
            st.lists(st.floats(sort.least, sort.most), min_size=2, max_size=2, unique=True)
        )
    return Binding(
        control,
        Target(sort.word, name),
        low,
        high,
        curve=draw(st.one_of(st.sampled_from(CURVES), st.floats(0.1, 10))),
        takeover=draw(st.sampled_from(TAKEOVERS)),
        encoding=draw(st.sampled_from(ENCODINGS)) if kind == "cc" else "absolute",
        threshold=draw(st.floats(0, 0.5)),
        step=draw(st.floats(0.0001, 0.5)),
    )


LINES = st.text(st.characters(categories=["L", "N", "P", "S"], include_characters=" "), max_size=40)
MAPS = st.builds(
    DeviceMap, LINES, st.lists(bindings(), max_size=5).map(tuple), LINES, st.booleans()
)


@given(MAPS)
def test_what_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, device: DeviceMap
) -> None:
    path = tmp_path_factory.getbasetemp() / "map.toml"
    path.write_text(text(device), encoding="utf-8")
    assert read(path) == device


@given(st.binary(max_size=200))
def test_any_bytes_are_a_map_or_a_clear_error(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_bytes(data)
    with pytest.raises(BadController, match=r"any\.toml"):
        read(path)


ENTRY = '[[binding]]\ncontrol = "cc 16"\ntarget = "tempo"\n'


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("device = ", "no TOML"),
        ("note = 'x'", "device is missing"),
        ("device = 3", "device is no text"),
        ('device = "X"\ncolour = 1', "no setting called 'colour'"),
        ('device = "X"\nfeedback = 1', "feedback is true or false"),
        ('device = "X"\nbinding = 1', "are not entries"),
        ('device = "X"\n[[binding]]\ntarget = "tempo"', "binding 1 has no control"),
        ('device = "X"\n[[binding]]\ncontrol = "knob 1"', "'knob 1' is no control"),
        ('device = "X"\n[[binding]]\ncontrol = "cc"', "'cc' is no control"),
        ('device = "X"\n[[binding]]\ncontrol = "bend 1"', "'bend 1' is no control"),
        ('device = "X"\n[[binding]]\ncontrol = "cc 128"', "a cc has a number from 0 to 127"),
        ('device = "X"\n[[binding]]\ncontrol = "cc14 32"', "a cc14 has a number from 0 to 31"),
        ('device = "X"\n[[binding]]\ncontrol = "cc 1"\nchannel = 0', "the channel is 0"),
        ('device = "X"\n[[binding]]\ncontrol = "cc 1"', r"binding 1 \(cc 1\) has no target"),
        (f'device = "X"\n{ENTRY}low = "x"', "low of binding 1"),
        (f'device = "X"\n{ENTRY}low = true', "low of binding 1"),
        (f'device = "X"\n{ENTRY}low = 1', "low of tempo is 1"),
        (f'device = "X"\n{ENTRY}high = nan', "high of tempo is nan"),
        (f'device = "X"\n{ENTRY}curve = []', "curve of binding 1"),
        (f'device = "X"\n{ENTRY}takeover = "grab"', "A takeover is 'grab'"),
        (f'device = "X"\n{ENTRY}{ENTRY}lo = 1', "no part of binding 2 called 'lo'"),
        ('device = "X"\n' + ENTRY * (MOST + 1), f"more than the {MOST}"),
    ],
)
def test_a_file_at_fault_is_told_by_file_and_entry(tmp_path: Path, written: str, says: str) -> None:
    path = tmp_path / "faulty.toml"
    path.write_text(written)
    with pytest.raises(BadController, match=says) as caught:
        read(path)
    assert "faulty.toml" in caught.value.message
    assert caught.value.remedy


def test_a_number_is_a_number_with_or_without_a_point(tmp_path: Path) -> None:
    path = tmp_path / "map.toml"
    path.write_text(f'device = "X"\n{ENTRY}low = 60\nhigh = 120.0\ncurve = 2\n')
    assert read(path).bindings == (
        Binding(Control("cc", 0, 16), Target("tempo"), 60.0, 120.0, curve=2.0),
    )


def test_a_file_that_is_not_there_and_one_too_large_are_told(tmp_path: Path) -> None:
    with pytest.raises(BadController, match="cannot be read"):
        read(tmp_path / "none.toml")
    path = tmp_path / "large.toml"
    path.write_bytes(b"#" * (map_files.LARGEST + 1))
    with pytest.raises(BadController, match="larger than 1 MB"):
        read(path)


@given(st.text())
def test_no_name_of_a_device_leads_out_of_the_folder(device: str) -> None:
    path = own_file(device)
    assert path.parent == own_folder()
    assert path.suffix == ".toml"
    assert path.name == path.name.strip(".")


def test_two_devices_never_share_a_file() -> None:
    assert own_file("a/b") != own_file("a b")


def test_own_maps_come_before_those_that_ship() -> None:
    device = DeviceMap("nanoKONTROL2", (Binding(Control("cc", 0, 0), Target("tempo")),))
    path = own_file(device.device)
    write(path, device)
    (own_folder() / "broken.toml").write_text("device = ")
    maps, wrong = map_files.load()
    assert (maps[0].path, maps[0].map, maps[0].shipped) == (path, device, False)
    assert [each.message for each in wrong if "broken.toml" in each.message]
    assert any(each.shipped for each in maps)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CannotWrite):
        write(tmp_path / "file" / "map.toml", DeviceMap("X"))


def test_every_map_that_ships_is_sound_and_says_that_it_was_not_tried() -> None:
    maps, wrong = map_files.load()
    shipped = [each for each in maps if each.shipped]
    assert len(shipped) >= 3
    assert not wrong
    assert not any(list(each.map.clashes()) for each in shipped)
    assert all("not tried on hardware" in each.map.note for each in shipped)


def test_a_map_that_cannot_be_read_is_not_written_over(tmp_path: Path) -> None:
    place = tmp_path / "mine.toml"
    place.write_text('device = "nano"\n[[binding]]\ncontrol = "cc 16"\n# to be mended')
    before = place.read_bytes()
    with pytest.raises(BadController, match="binding 1"):
        write(place, DeviceMap("nano"))
    assert place.read_bytes() == before
    place.write_text(text(DeviceMap("other")))
    write(place, DeviceMap("nano"))
    assert read(place) == DeviceMap("nano")
