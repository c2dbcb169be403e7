"""Ranks are fused, and magnitudes play no part in it."""

from __future__ import annotations

import numpy as np

from engine.influence.clips.codec_tokens import KEPT, TokenIndex, packed, tokens
from engine.influence.clips.rank_fusion import fused

THREE = {"chroma": 1.0, "tokens": 0.25, "hidden": 0.5}


def test_the_first_in_every_channel_has_one() -> None:
    values = np.array([0.1, 0.9, 0.3], np.float32)
    assert fused(dict.fromkeys(THREE, values)).argmax() == 1
    assert fused(dict.fromkeys(THREE, values))[1] == np.float32(1)


def test_a_channel_of_large_numbers_is_worth_no_more() -> None:
    random = np.random.default_rng(0)
    channels = {name: random.random(300).astype(np.float32) for name in THREE}
    louder = {**channels, "hidden": channels["hidden"] * np.float32(1000)}
    np.testing.assert_array_equal(fused(channels), fused(louder))


def test_what_is_near_in_nothing_is_no_match() -> None:
    assert not fused(dict.fromkeys(THREE, np.zeros(5, np.float32))).any()


def test_the_same_codes_share_all_tokens_and_rare_ones_count_more() -> None:
    random = np.random.default_rng(1)
    codes = [random.integers(0, 512, (8, 200)) for _ in range(20)]
    index = TokenIndex(np.stack([packed(tokens(each)) for each in codes]))
    for number, each in enumerate(codes):
        shared = index.shared(tokens(each))
        assert shared.argmax() == number
        assert 0.85 < shared[number] <= 1.001
        assert np.delete(shared, number).max() < 0.5


def test_no_token_is_nothing_shared() -> None:
    none = TokenIndex(np.zeros((3, KEPT), np.uint16))
    assert not none.shared(np.array([5, 9], np.uint16)).any()
    assert len(tokens(np.zeros((8, 0), np.int64))) == 0
