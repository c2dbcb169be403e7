"""What plays computes what was trained: the same tokens as torch, and the same codes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
import torch

from engine import locations
from engine.corpus.table import shipped
from engine.latent.forward import AT_ONCE, ForwardPass
from engine.latent.model import TrainedVAE
from engine.latent.network import Logits, MeasureVAE
from engine.latent.reranking import neighbours
from engine.latent.shape import NAMED
from engine.latent.tokens import Floats, Ints, relative
from engine.latent.weights import load
from tests.support.small_vae import SHAPE

WITHIN = 1e-5
"""How far a code may lie from torch's, in standard deviations of the prior."""

TIED = 1e-4
"""How little less likely, in logits, is as likely: single precision tells no more."""


@pytest.fixture(scope="module")
def vae() -> TrainedVAE:
    return load(locations.MEASURE_VAE)


@pytest.fixture(scope="module")
def judge(vae: TrainedVAE) -> MeasureVAE:
    return MeasureVAE.of(vae.network)


@pytest.fixture(scope="module")
def held_out() -> Ints:
    corpus = shipped()
    return relative(corpus.tokens[corpus.test()].astype(np.int64))[0]


def logits_of_torch(judge: MeasureVAE, codes: Floats) -> Logits:
    with torch.inference_mode():
        found = [judge.decode(part) for part in torch.split(torch.from_numpy(codes).float(), 2048)]
    return Logits(torch.cat([f.state for f in found]), torch.cat([f.pitch for f in found]))


def tied(logits: Logits) -> npt.NDArray[np.bool_]:
    """Return the ticks [N, 24] at which the two best of state or pitch all but tie in torch."""
    close = [each.topk(2).values.diff().abs().squeeze(-1) < TIED for each in logits]
    return (close[0] | close[1]).numpy()


def agree(vae: TrainedVAE, judge: MeasureVAE, tokens: Ints, count: int) -> None:
    """Check codes, and what ``count`` candidates around each of them decode to."""
    mean, logvar = vae.network.encode(tokens)
    with torch.inference_mode():
        wanted = judge.encode(torch.from_numpy(tokens))
    assert np.abs(mean - wanted.mean.numpy()).max() < WITHIN
    assert np.abs(logvar - wanted.logvar.numpy()).max() < 10 * WITHIN
    steps = neighbours(mean.shape[1])[:count]
    codes = (mean[:, None].astype(np.float64) + steps).reshape(-1, mean.shape[1])
    assert (vae.network.decode(codes) == logits_of_torch(judge, codes).tokens().numpy()).all()
    # And a gauge far out, where more than one note may be as likely to the last bit.
    codes[:, 2] = 2.5
    logits = logits_of_torch(judge, codes)
    other = vae.network.decode(codes) != logits.tokens().numpy()
    assert not (other & ~tied(logits)).any()
    assert other.mean() < 1e-6


def test_every_tenth_measure_held_out_is_encoded_and_decoded_as_torch_does(
    vae: TrainedVAE, judge: MeasureVAE, held_out: Ints
) -> None:
    agree(vae, judge, held_out[::10], 2)


@pytest.mark.long
def test_all_measures_held_out_are_encoded_and_decoded_as_torch_does(
    vae: TrainedVAE, judge: MeasureVAE, held_out: Ints
) -> None:
    agree(vae, judge, held_out, 32)


def test_logits_are_those_of_torch(vae: TrainedVAE, judge: MeasureVAE) -> None:
    codes = np.random.default_rng(3).standard_normal((64, NAMED + vae.network.shape.free))
    with torch.inference_mode():
        wanted = judge.decode(torch.from_numpy(codes).float())
    for found, other in zip(vae.network.logits(codes), wanted, strict=True):
        assert np.abs(found - other.numpy()).max() < 1e-4


def test_rows_are_the_same_in_a_batch_of_any_size(vae: TrainedVAE, held_out: Ints) -> None:
    rows = held_out[: AT_ONCE + 3]
    together, _ = vae.network.encode(rows)
    parts = [vae.network.encode(rows[at : at + 1])[0] for at in (0, AT_ONCE, AT_ONCE + 2)]
    assert np.abs(np.concatenate(parts) - together[[0, AT_ONCE, AT_ONCE + 2]]).max() < WITHIN


def test_weights_go_to_torch_and_back_unchanged(vae: TrainedVAE, judge: MeasureVAE) -> None:
    back = judge.forward_pass().parameters
    assert back.keys() == vae.network.parameters.keys()
    for name, array in vae.network.parameters.items():
        assert (back[name] == array).all(), name


def test_a_fresh_network_has_the_weights_that_its_shape_names() -> None:
    found = {name: tuple(each.shape) for name, each in MeasureVAE(SHAPE).state_dict().items()}
    assert found == SHAPE.parameters()
    arrays = {name: np.zeros(size) for name, size in found.items()}
    arrays["state.bias"] = np.zeros(71)
    with pytest.raises(ValueError, match="shape"):
        ForwardPass(SHAPE, arrays)
