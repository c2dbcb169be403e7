"""The trained model: what it answers, how it is kept, and what is refused."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import save as save_tensors

from engine import locations
from engine.errors import ArmonicaError, BadModel, UnknownName
from engine.latent.calibration import CalibratedCodec
from engine.latent.model import REGISTER, TrainedVAE
from engine.latent.network import MeasureVAE
from engine.latent.tokens import Ints
from engine.latent.weights import CARD, CODES, WEIGHTS, load, save
from engine.music.attributes import NAMES
from engine.music.measure import HIGHEST, SILENCE, Measure
from tests.support import long_tunes
from tests.support.small_vae import SHAPE, random_measures


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    tokens = random_measures()
    network = MeasureVAE(SHAPE).forward_pass()
    save(tmp_path / "model", network, CalibratedCodec.fitted(tokens), tokens, {"seed": 0})
    return tmp_path / "model"


@pytest.fixture
def model(folder: Path) -> TrainedVAE:
    return load(folder)


def test_the_first_dimensions_are_named_and_there_are_thirty_two(model: TrainedVAE) -> None:
    assert model.spec.names == (*NAMES, *(f"z{at}" for at in range(4, 32)))
    assert model.spec.dimensions[REGISTER].label == "lowest pitch"
    with pytest.raises(UnknownName, match="note_density"):
        model.spec.dimension("note_desity")


def test_a_gauge_asks_for_more_the_higher_it_stands(model: TrainedVAE) -> None:
    for dimension in model.spec.dimensions[:4]:
        targets = [dimension.target(value) or 0.0 for value in (-3.0, -1.0, 0.0, 1.0, 3.0)]
        assert targets == sorted(targets)
        assert targets[0] < targets[-1]
    assert model.spec.dimensions[7].target(1.0) is None


def test_answers_depend_on_the_arguments_alone(model: TrainedVAE) -> None:
    measures = [Measure(tuple(map(int, row))) for row in random_measures(5)]
    codes = model.encode(measures)
    assert model.decode(codes) == model.decode(codes)
    assert model.decode(codes)[2] == model.decode(codes[2:3])[0]
    assert model.encode([]) == [] == model.decode([])


def test_the_register_is_exact_whatever_the_network_says(model: TrainedVAE) -> None:
    code = list(model.spec.origin)
    for lowest in (55, 58, 62):
        code[REGISTER] = (lowest - model.codec.middle) / model.codec.spread
        (measure,) = model.decode([tuple(code)], candidates=1)
        assert min(measure.pitches) == lowest or max(measure.pitches) == HIGHEST


def test_transposing_moves_the_register_alone(model: TrainedVAE) -> None:
    measure = Measure(tuple(map(int, random_measures(1)[0])))
    here, above = model.encode([measure, measure.transposed(2)])
    assert here[:REGISTER] == above[:REGISTER]
    assert here[REGISTER + 1 :] == above[REGISTER + 1 :]
    assert above[REGISTER] - here[REGISTER] == pytest.approx(2 / model.codec.spread)


def test_a_silent_measure_can_be_encoded(model: TrainedVAE) -> None:
    (code,) = model.encode([SILENCE])
    assert all(np.isfinite(code))


def test_candidates_come_nearer_to_what_is_asked(model: TrainedVAE) -> None:
    codes = np.random.default_rng(1).standard_normal((40, 32))
    from engine.latent.tokens import measured

    def off(candidates: int) -> float:
        found = model.codec.score(measured(model.decode_tokens(codes, candidates=candidates)))
        return float(np.abs(found - codes[:, :4].clip(-2, 2)).sum())

    assert off(32) < off(1)


def test_occupancy_counts_every_training_measure(model: TrainedVAE) -> None:
    counts = model.occupancy(0, 2, 9, 5)
    assert [len(counts), len(counts[0])] == [5, 9]
    assert sum(map(sum, counts)) == 64


def test_weights_that_are_not_the_cards_are_refused_by_hash(folder: Path) -> None:
    path = folder / WEIGHTS
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(BadModel, match=r"weights\.safetensors has the hash [0-9a-f]{12}"):
        load(folder)


@pytest.mark.parametrize("name", [WEIGHTS, CARD])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(BadModel, match=name):
        load(folder)


def test_a_card_of_another_shape_is_refused(folder: Path) -> None:
    card = json.loads((folder / CARD).read_text())
    card["shape"]["width"] = 64
    (folder / CARD).write_text(json.dumps(card))
    with pytest.raises(BadModel, match="does not hold the network"):
        load(folder)


def test_a_pickle_is_never_opened(folder: Path, tmp_path: Path) -> None:
    import hashlib

    class Trap:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (Path.touch, (tmp_path / "sprung",))  # type: ignore[return-value]

    path = folder / WEIGHTS
    torch.save({"trap": Trap()}, path)
    card = json.loads((folder / CARD).read_text())
    card["weights"] = hashlib.sha256(path.read_bytes()).hexdigest()
    (folder / CARD).write_text(json.dumps(card))
    with pytest.raises(BadModel):
        load(folder)
    assert not (tmp_path / "sprung").exists()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=400), honest=st.booleans())
def test_damaged_weights_never_end_in_a_traceback(
    folder: Path, content: bytes, honest: bool
) -> None:
    import hashlib

    (folder / WEIGHTS).write_bytes(content)
    card = json.loads((folder / CARD).read_text())
    card["weights"] = hashlib.sha256(content).hexdigest() if honest else "0" * 64
    (folder / CARD).write_text(json.dumps(card))
    with pytest.raises(ArmonicaError):
        load(folder)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.one_of(
        st.binary(max_size=200),
        st.recursive(
            st.none() | st.integers() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(["format", "shape", "weights", "width"]), inner, max_size=4
                )
            ),
        ).map(lambda value: json.dumps(value).encode()),
    )
)
def test_a_damaged_card_never_ends_in_a_traceback(folder: Path, content: bytes) -> None:
    (folder / CARD).write_bytes(content)
    with pytest.raises(ArmonicaError):
        load(folder)


@pytest.mark.parametrize(
    "shape",
    [
        {"width": 8192, "encoder_blocks": 64, "decoder_blocks": 64},
        {"width": 10**12},
        {"width": 32.0},
        {"width": True},
        {"free": -1},
    ],
)
def test_a_card_cannot_ask_for_more_memory_than_its_weights_fill(
    folder: Path, shape: dict[str, object]
) -> None:
    card = json.loads((folder / CARD).read_text())
    card["shape"] |= shape
    (folder / CARD).write_text(json.dumps(card))
    with pytest.raises(BadModel):
        load(folder)


def test_a_card_nested_without_end_is_refused(folder: Path) -> None:
    (folder / CARD).write_text("[" * 200_000)
    with pytest.raises(BadModel, match="damaged"):
        load(folder)


@pytest.mark.parametrize(
    "codes",
    [
        torch.zeros(3, 5, dtype=torch.float16),
        torch.full((3, 32), float("nan"), dtype=torch.float16),
        torch.zeros(3, 32, dtype=torch.int32),
    ],
)
def test_training_codes_of_another_kind_are_left_out(folder: Path, codes: torch.Tensor) -> None:
    (folder / CODES).write_bytes(save_tensors({"codes": codes}))
    assert sum(map(sum, load(folder).occupancy(0, 7, 9, 5))) == 0


def test_thousands_of_measures_are_encoded_and_decoded_in_a_few_batches(
    model: TrainedVAE, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches: list[int] = []
    for name in ("encode", "decode"):
        plainly = getattr(model.network, name)

        def counted(rows: Ints, plainly: Any = plainly) -> Any:
            batches.append(len(rows))
            return plainly(rows)

        monkeypatch.setattr(model.network, name, counted)
    reported: list[int] = []
    measures = [Measure(tuple(map(int, row))) for row in random_measures(50)] * 100
    codes = model.encode(measures, reported.append)
    assert batches == [2048, 2048, 904]
    assert reported == [2048, 4096, 5000]
    model.decode(codes, candidates=1, on_done=reported.append)
    assert reported[3:] == reported[:3]
    batches.clear()
    again = model.decode(codes * 2, moved=(1,), on_done=reported.append)
    # Whatever is repeated is decoded once, with its 31 neighbours.
    assert sum(batches) <= 32 * len(set(codes))
    assert reported[-1] == 10_000
    assert again[:5000] == again[5000:]


@pytest.mark.long
def test_the_tunes_held_out_are_the_same_one_by_one_and_all_at_once() -> None:
    model, measures = load(locations.MEASURE_VAE), long_tunes.measures(3063)
    together = model.encode(measures)
    alone = [model.encode([measure])[0] for measure in measures]
    assert np.allclose(together, alone, atol=1e-4)
    for candidates, moved in ((1, ()), (32, (2,))):
        codes, others = together, alone
        if moved:
            codes, others = (
                [(*code[:2], 1.0, *code[3:]) for code in each] for each in (together, alone)
            )
        found = model.decode(codes, candidates=candidates, moved=moved)
        for code, measure in zip(others, found, strict=True):
            assert model.decode([code], candidates=candidates, moved=moved) == [measure]


def test_loading_a_model_does_not_bring_in_torch(folder: Path) -> None:
    # Which takes seconds and hundreds of megabytes, and none of it is used.
    words = (
        "import sys; from pathlib import Path; from engine.latent.weights import load; "
        f"load(Path({str(folder)!r})); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", words], check=True)


def test_a_network_that_is_made_draws_its_embedding_as_torch_does() -> None:
    torch.manual_seed(5)
    ours = MeasureVAE(SHAPE).embed
    torch.manual_seed(5)
    theirs = torch.nn.Embedding(ours.num_embeddings, ours.embedding_dim)
    assert torch.equal(ours.weight, theirs.weight)
    assert ours.weight.requires_grad
