"""What the README says is what the program prints."""

import json
import re
import tomllib
from pathlib import Path

from engine import locations
from engine.cli.main import parser
from engine.latent.spec import CANDIDATES
from tui.key_table import key_table

README = (Path(__file__).resolve().parents[1] / "README.md").read_text(encoding="utf-8")


def between(mark: str) -> str:
    """Gives the part of the README between two marks."""
    return README.split(f"<!-- {mark} -->")[1].split(f"<!-- /{mark} -->")[0].strip()


def test_the_key_table_is_made_from_the_actions() -> None:
    assert between("keys") == key_table().strip()


def test_the_figures_are_those_of_the_weights_that_ship() -> None:
    card = json.loads((locations.MEASURE_VAE / "card.json").read_text())
    assert card["weights"][:12] in between("evaluate")
    assert f"{CANDIDATES} candidates" in between("evaluate")


def test_every_command_in_the_readme_is_one() -> None:
    known = parser().format_help()
    words = re.findall(r"(?:`|uv run )armonica ([a-z]+)", README)
    assert len(words) > 10
    assert [word for word in words if word not in known] == []


def test_the_steering_figures_are_those_of_the_model_that_ships() -> None:
    cards = (locations.PRESETS / "probes" / "tiny").glob("*.toml")
    digests = {tomllib.loads(card.read_text())["digest"] for card in cards}
    assert len(digests) == 1
    assert digests.pop() in between("steering")
