"""Probes on disk: exact round trips, and files from anywhere that must not do harm."""

from __future__ import annotations

import contextlib
import hashlib
import tomllib
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors

from engine.errors import ArmonicaError, CannotWrite, OutOfRange, UnknownName
from engine.steering.probes.probe import BadProbe, Probe, ProbeCard
from engine.steering.probes.store import (
    find,
    flat_toml,
    load,
    place,
    probes_folder,
    read_card,
    shelf,
    write,
)
from engine.text import printable
from tests.support.toy_model import SPEC, Toy

once = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
texts = st.text(max_size=60)
plain = texts.map(printable)


@pytest.fixture(autouse=True)
def _own_probes_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the probes that ship, which are of another model."""
    monkeypatch.setattr("engine.steering.probes.store.SHIPPED", tmp_path / "none")


@pytest.fixture(scope="module")
def probe() -> Probe:
    return Toy().probe()


@pytest.fixture
def path(probe: Probe, tmp_path: Path) -> Path:
    write(probe, tmp_path / "drums.toml")
    return tmp_path / "drums.toml"


def same(one: Probe, other: Probe) -> bool:
    tensors = other.tensors()
    return one.card == other.card and all(
        torch.equal(each, tensors[name]) for name, each in one.tensors().items()
    )


def rewrite(path: Path, **changes: Any) -> None:
    """Change lines of a card, its other file left alone; None takes a line out."""
    values = tomllib.loads(path.read_text())
    values = {**values, **changes}
    kept = {name: value for name, value in values.items() if value is not None}
    path.write_text(flat_toml({k: tuple(v) if isinstance(v, list) else v for k, v in kept.items()}))


def renumber(path: Path, content: bytes) -> None:
    """Put other numbers beside a card, and make the card name them."""
    path.with_suffix(".safetensors").write_bytes(content)
    rewrite(path, numbers=hashlib.sha256(content).hexdigest())


def test_a_probe_comes_back_as_it_was(probe: Probe, path: Path) -> None:
    assert same(load(path, SPEC), probe)
    assert read_card(path)[0] == probe.card
    assert sorted(each.name for each in path.parent.iterdir()) == [
        "drums.safetensors",
        "drums.toml",
    ]


@once
@given(origin=plain, model=plain.filter(bool), warnings=st.lists(plain, max_size=4))
def test_any_text_comes_back(
    probe: Probe, tmp_path: Path, origin: str, model: str, warnings: list[str]
) -> None:
    card = replace(probe.card, origin=origin, model=model, warnings=tuple(warnings))
    write(replace(probe, card=card), tmp_path / "x.toml")
    assert load(tmp_path / "x.toml").card == card


@given(
    st.dictionaries(
        st.from_regex(r"[a-z_]{1,8}", fullmatch=True),
        st.booleans()
        | st.integers(-(2**62), 2**62)
        | st.floats(allow_nan=False, allow_infinity=False)
        | texts
        | st.lists(texts, max_size=3).map(tuple),
    )
)
def test_what_is_written_is_toml(values: dict[str, Any]) -> None:
    def shown(value: Any) -> Any:
        if isinstance(value, tuple):
            return [printable(each) for each in value]
        return printable(value) if isinstance(value, str) else value

    assert tomllib.loads(flat_toml(values)) == {name: shown(each) for name, each in values.items()}


@once
@given(content=st.binary(max_size=400) | texts.map(lambda text: text.encode("utf-8", "replace")))
def test_no_card_is_a_clear_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.toml").write_bytes(content)
    with pytest.raises(BadProbe):
        load(tmp_path / "x.toml")


@once
@given(
    field=st.sampled_from([each.name for each in fields(ProbeCard)]),
    value=st.none()
    | st.booleans()
    | st.integers(-(2**62), 2**62)
    | st.floats()
    | texts
    | st.lists(texts, max_size=2).map(tuple),
)
def test_a_card_with_a_strange_line_is_refused_or_sound(
    probe: Probe, tmp_path: Path, field: str, value: Any
) -> None:
    path = tmp_path / "drums.toml"
    write(probe, path)
    rewrite(path, **{field: value})
    try:
        found = load(path)
    except ArmonicaError:
        return
    # Where it is taken, it can be used.
    assert found.soft_weights().isfinite().all()
    assert 1 <= len(found.top(found.card.monitor_heads)) <= SPEC.layers * SPEC.heads


@once
@given(at=st.integers(0, 3000), byte=st.integers(0, 255), cut=st.none() | st.integers(0, 3000))
def test_damaged_numbers_are_refused(
    probe: Probe, tmp_path: Path, at: int, byte: int, cut: int | None
) -> None:
    path = tmp_path / "drums.toml"
    write(probe, path)
    numbers = path.with_suffix(".safetensors")
    whole = numbers.read_bytes()
    damaged = bytearray(whole)
    damaged[at % len(whole)] = byte
    numbers.write_bytes(bytes(damaged[:cut]))
    if numbers.read_bytes() == whole:
        return
    with pytest.raises(BadProbe, match="does not hold the numbers"):
        load(path)
    # A card that names the damaged numbers does not make them good.
    renumber(path, numbers.read_bytes())
    with contextlib.suppress(BadProbe):
        assert load(path).weights.isfinite().all()


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("weights", lambda t: t * float("nan")),
        ("weights", lambda t: t[:2]),
        ("weights", lambda t: t.flatten()),
        ("intercepts", lambda t: t / 0),
        ("directions", lambda t: t * 1000),
        ("sigmas", lambda t: -t),
        ("accuracies", lambda t: t + 1),
        ("sigmas", lambda t: t.double().long().bool()),
        ("extra", lambda _: torch.zeros(1)),
        ("weights", None),
    ],
)
def test_numbers_that_cannot_be_are_refused(path: Path, name: str, change: Any) -> None:
    tensors = load_tensors(path.with_suffix(".safetensors").read_bytes())
    if change is None:
        del tensors[name]
    else:
        tensors[name] = change(tensors.get(name)).contiguous()
    renumber(path, save_tensors(tensors))
    with pytest.raises(BadProbe):
        load(path)


def test_a_card_cannot_ask_for_memory(path: Path) -> None:
    rewrite(path, layers=1024, heads=1024, head_size=1024)
    with pytest.raises(BadProbe):
        load(path)
    path.write_bytes(b"#" * 10_000_000)
    with pytest.raises(BadProbe, match="not the card"):
        load(path)


def test_a_later_format_is_told(path: Path) -> None:
    rewrite(path, format=2)
    with pytest.raises(BadProbe, match="Update armonica"):
        load(path)


def test_a_probe_is_found_by_name_for_its_model(probe: Probe) -> None:
    with pytest.raises(UnknownName):
        find("drums", SPEC)
    other = replace(SPEC, digest="0ther", name="large")
    write(probe, place(SPEC, "drums"))
    write(replace(probe, card=replace(probe.card, name="bass")), place(SPEC, "bass"))
    assert [each.card.name for each in shelf().of(SPEC)] == ["bass", "drums"]
    assert shelf().of(other) == ()
    assert same(find("drums", SPEC), probe)
    with pytest.raises(UnknownName, match="Did you mean 'drums'"):
        find("drum", SPEC)
    with pytest.raises(BadProbe, match=r"made for toy .*, not for large"):
        find("drums", other)


def test_two_models_of_one_name_keep_their_probes_apart(probe: Probe) -> None:
    other = replace(SPEC, digest="an0ther")
    write(probe, place(SPEC, "drums"))
    write(replace(probe, card=replace(probe.card, digest="an0ther")), place(other, "drums"))
    assert place(SPEC, "drums") != place(other, "drums")
    assert find("drums", SPEC).card.digest == SPEC.digest
    assert find("drums", other).card.digest == "an0ther"


def test_a_probe_given_by_somebody_else_lies_straight_in_the_folder(
    probe: Probe, tmp_path: Path
) -> None:
    write(probe, probes_folder() / "drums.toml")
    assert same(find("drums", SPEC), probe)
    # The first folder wins where two hold the name.
    write(
        replace(probe, card=replace(probe.card, origin="shipped")), tmp_path / "toy" / "drums.toml"
    )
    shelved = shelf((tmp_path, probes_folder()))
    assert len(shelved.found) == 2
    assert find("drums", SPEC, shelved).card.origin == "shipped"


def test_files_that_are_no_probes_are_told_and_hide_no_others(probe: Probe, tmp_path: Path) -> None:
    write(probe, tmp_path / "drums.toml")
    (tmp_path / "notes.toml").write_text("shopping = 'eggs'")
    (tmp_path / "folder.toml").mkdir()
    found = shelf((tmp_path, tmp_path / "nowhere"))
    assert [each.card.name for each in found.found] == ["drums"]
    assert len(found.faults) == 2


@given(texts, texts)
def test_no_name_leads_out_of_the_folder(name: str, model: str) -> None:
    spec = replace(SPEC, name=model, digest=model)
    try:
        found = place(spec, name)
    except OutOfRange:
        found = place(spec, "drums")
    assert found.parent.parent == probes_folder()
    assert found.resolve().is_relative_to(probes_folder().resolve())


def test_a_place_that_cannot_be_written_is_a_clear_line(probe: Probe, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotWrite):
        write(probe, tmp_path / "file" / "drums.toml")
    assert (tmp_path / "file").read_text() == ""
