"""Settings: defaults, then the file, then the environment; what is wrong is named."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.config import BadSetting, Settings, load
from engine.errors import BadFile, UnknownName


def write(folder: Path, text: str) -> Path:
    """Write the settings file."""
    (folder / "config.toml").write_text(text)
    return folder


def test_without_a_file_every_setting_has_its_default(tmp_path: Path) -> None:
    config = load(tmp_path, {})
    assert config.settings == Settings()
    assert {value.source for value in config.values} == {"default"}
    assert all(value.says.endswith(".") for value in config.values)


def test_the_environment_comes_after_the_file_and_each_value_knows_its_source(
    tmp_path: Path,
) -> None:
    write(tmp_path, 'port = "Synth"\ntiming = "beat"\naudition = false\n')
    environment = {"ARMONICA_PORT": "none", "ARMONICA_AUTOSAVE": "off", "ARMONICA_HOME": "x"}
    config = load(tmp_path, environment)
    assert config.settings == Settings(port="none", timing="beat", audition=False, autosave=False)
    sources = {value.name: value.source for value in config.values}
    assert sources["port"] == "ARMONICA_PORT"
    assert sources["timing"] == str(tmp_path / "config.toml")
    assert sources["theme"] == "default"
    assert load(tmp_path, {"ARMONICA_RATE": "5"}).settings.rate == 5.0
    choices = {value.name: value.choices for value in config.values}
    assert choices["timing"] == ("now", "beat")


def test_an_unknown_name_comes_with_the_nearest_known_one(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="Did you mean 'theme'"):
        load(write(tmp_path, 'thema = "dark"'), {})
    with pytest.raises(UnknownName, match="ARMONICA_KEYMAP"):
        load(tmp_path / "none", {"ARMONICA_KEYMAPS": "tmux"})


@pytest.mark.parametrize(
    ("text", "environment", "message"),
    [
        ('timing = "later"', {}, "It is now or beat."),
        ("audition = 1", {}, "true or false"),
        ("port = 3", {}, "text"),
        ("rate = true", {}, "number"),
        ('channels = "1, 17"', {}, "some of 1 to 16"),
        ("strength = 2", {}, "from 0 to 1"),
        ("rate = 0", {}, "from 1 to 60"),
        ("", {"ARMONICA_RATE": "slow"}, "number"),
        ("", {"ARMONICA_RATE": "nan"}, "from 1 to 60"),
        ("", {"ARMONICA_AUDITION": "perhaps"}, "true or false"),
    ],
)
def test_a_value_that_a_setting_cannot_have(
    tmp_path: Path, text: str, environment: dict[str, str], message: str
) -> None:
    with pytest.raises(BadSetting) as caught:
        load(write(tmp_path, text), environment)
    assert message in caught.value.line()


@settings(max_examples=60)
@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_any_file_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    folder = tmp_path_factory.mktemp("config")
    (folder / "config.toml").write_bytes(data)
    with contextlib.suppress(BadFile, UnknownName, BadSetting):
        load(folder, {})
