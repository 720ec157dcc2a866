import math

import numpy as np
import pytest

from dsp.block import mend
from dsp.parts.gain import INPUT_GAIN, Gain
from dsp.parts.meter import PEAK, RMS, Meter


def test_peak_and_rms_of_all_blocks_since_the_last_look() -> None:
    meter, into = Meter(2, 128), np.zeros((2, 2), np.float32)
    t = np.arange(128 * 15)
    signal = np.stack([0.5 * np.sin(2 * np.pi * t / 128), np.full(len(t), -0.25)], axis=1).astype(np.float32)
    for block in signal.reshape(-1, 128, 2):
        meter.add(block)
    assert meter.take(into) is False
    assert into[:, PEAK] == pytest.approx([0.5, 0.25], rel=1e-4)
    assert into[:, RMS] == pytest.approx([0.5 / math.sqrt(2), 0.25], rel=1e-4)
    meter.add(np.zeros((64, 2), np.float32))
    meter.take(into)
    assert not into.any()


def test_nothing_added_is_silence() -> None:
    into = np.ones((1, 2), np.float32)
    assert Meter(1, 128).take(into) is False
    assert not into.any()


@pytest.mark.parametrize(("sample", "clipped"), [(32767 / 32768, True), (-1.0, True), (32766 / 32768, False)])
def test_full_scale_of_16_bits_counts_as_clipping(sample: float, clipped: bool) -> None:
    meter, block = Meter(2, 128), np.zeros((128, 2), np.float32)
    block[60, 1] = sample
    meter.add(block)
    meter.add(np.zeros((128, 2), np.float32))
    assert meter.take(np.zeros((2, 2), np.float32)) is clipped


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e30, -1001.0])
def test_mend_silences_what_is_no_sound_and_nothing_else(bad: float) -> None:
    block = np.random.default_rng(0).uniform(-1, 1, (128, 2)).astype(np.float32)
    expected = block.copy()
    block[3, 1] = block[77, 0] = bad
    expected[3, 1] = expected[77, 0] = 0.0
    with np.errstate(all="ignore"):
        assert mend(block) == 2
    assert np.array_equal(block, expected)


def test_mend_leaves_loud_sound_alone() -> None:
    block = np.full((1024, 2), 900.0, np.float32)
    assert mend(block) == 0
    assert (block == 900.0).all()


def test_gain_starts_where_it_stands_and_changes_no_bit_at_0_db() -> None:
    signal = np.random.default_rng(0).uniform(-1, 1, (128, 1)).astype(np.float32)
    gain, block = Gain(INPUT_GAIN), signal.copy()
    gain.prepare(48_000, 128, 1)
    gain.process(block)
    assert np.array_equal(block, signal)
    louder = Gain(INPUT_GAIN)
    louder.set_param(INPUT_GAIN.id, 6.0)
    louder.prepare(48_000, 128, 1)
    louder.process(block)
    assert np.allclose(block, signal * 10 ** (6 / 20), rtol=1e-6)
