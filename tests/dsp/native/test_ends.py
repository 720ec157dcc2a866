"""C and NumPy do the same at the ends of a hop, of a chain, and in the moving filter: both hear the same sound."""

import numpy as np
import pytest

from dsp import native
from dsp.denoise.hop_ends import HopEnds
from dsp.parts.fir import MovingFir
from dsp.parts.meter import Meter
from dsp.parts.ramp import Ramp
from tests.rigs.both_ways import PERIODS, assert_close, pair, sound

pytestmark = pytest.mark.usefixtures("native_part")


@pytest.mark.parametrize("channels", [1, 2, 3])
@pytest.mark.parametrize("hop", [128, 480])
def test_ends_of_a_hop(hop: int, channels: int) -> None:
    c, numpy = pair(lambda: HopEnds(channels, hop, 7, 48_000, Ramp(0.0, 700, hop)))
    assert c._native is not None
    rng = np.random.default_rng(hop + channels)
    for number in range(120):
        if number % 17 == 3:
            for ends in (c, numpy):
                ends.wet.set(float(number % 2))
        hop_in, processed = sound(rng, hop, channels), sound(rng, hop, channels)
        if number % 9 == 0:
            for at, broken in enumerate((np.nan, np.inf, -np.inf, 1e6)):
                hop_in[at, -1] = processed[-at, 0] = broken
        expected, out, expected_out = processed.copy(), *(np.zeros((hop, channels), np.float32) for _ in range(2))
        dry = c.wet.still and not c.wet.value
        with np.errstate(all="ignore"):
            assert c.begin(hop_in) == numpy_mended(numpy, hop_in) == (4 if number % 9 == 0 else 0)
            c.finish(processed, out)
            with native.switched(False):
                numpy.finish(expected, expected_out)
        assert np.array_equal(c.now, numpy.now)
        assert np.array_equal(c.before, numpy.before)
        assert_close(out, expected_out)
        if dry:
            assert np.array_equal(out, c.before)
        if number == 80:
            c.reset()
            numpy.reset()


def numpy_mended(ends: HopEnds, hop_in: np.ndarray) -> int:
    with native.switched(False):
        return ends.begin(hop_in)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("period", [16, 48, 64, 100, 128])
def test_moving_filter(period: int, channels: int) -> None:
    c, numpy = pair(lambda: MovingFir(channels, 320, 64, 32, 128))
    assert c._native is not None
    rng = np.random.default_rng(period)
    for number in range(6_000 // period):  # beyond the moment at which the past is moved back
        block = sound(rng, period, channels)
        if number % (-(-32 // period) + 3) == 1:
            taps = (rng.standard_normal(320) * 0.05).astype(np.float32)
            c.set_taps(taps)
            numpy.set_taps(taps)
        assert_close(c.process(block), numpy.process(block))
        assert np.array_equal(c.newest(100), numpy.newest(100))
    c.reset()
    numpy.reset()
    assert np.array_equal(c.process(block), numpy.process(block))  # unchanged, only late


@pytest.mark.parametrize("channels", [1, 2, 3])
@pytest.mark.parametrize("period", PERIODS)
def test_the_input_of_a_chain(period: int, channels: int) -> None:
    c, numpy = pair(lambda: Meter(channels, period))
    rng = np.random.default_rng(period)
    for number in range(8):
        block = sound(rng, period, channels)
        if number % 3 == 0:
            block[:3, -1] = np.nan, 1e5, -np.inf
        expected = block.copy()
        with np.errstate(all="ignore"):
            broken = c.mend_and_add(block)
            with native.switched(False):
                assert broken == numpy.mend_and_add(expected) == (3 if number % 3 == 0 else 0)
        assert np.array_equal(block, expected)
    levels = np.zeros((2, channels, 2), np.float32)
    assert c.take(levels[0]) == numpy.take(levels[1])
    assert_close(levels[0], levels[1], of=0.0)
