import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsp.block import Block
from dsp.parts.delay import Delay
from dsp.parts.hop_adapter import HopAdapter

PERIODS = (32, 48, 64, 128, 256, 441, 480, 1024)


def through(adapter: HopAdapter, signal: np.ndarray) -> np.ndarray:
    out = signal.copy()
    for start in range(0, len(out) - adapter.period_frames + 1, adapter.period_frames):
        adapter.process(out[start : start + adapter.period_frames])
    return out


def copy_hop(hop_in: Block, hop_out: Block) -> None:
    np.copyto(hop_out, hop_in)


@given(period=st.integers(1, 700), hop=st.integers(1, 300), channels=st.integers(1, 3))
def test_delay_is_hop_minus_gcd_for_any_period(period: int, hop: int, channels: int) -> None:
    adapter = HopAdapter(period, hop, channels, copy_hop)
    delay = hop - math.gcd(period, hop)
    assert adapter.latency_frames == delay
    blocks = 4 + 3 * hop // period
    signal = np.random.default_rng(1).uniform(-1, 1, (blocks * period, channels)).astype(np.float32)
    out = through(adapter, signal)
    assert np.array_equal(out[delay:], signal[: len(signal) - delay])
    assert not out[:delay].any()


@pytest.mark.parametrize("period", PERIODS)
def test_no_smaller_delay_would_do(period: int) -> None:
    """In some block the last frame of the output belongs to a hop whose last frame came in with that same block."""
    hop, arrived, slack = 128, 0, []
    adapter = HopAdapter(period, hop, 1, copy_hop)
    for block in range(1, 400):
        arrived = block * period
        processed = arrived // hop * hop
        slack.append(processed + adapter.latency_frames - arrived)
    assert min(slack) == 0


@pytest.mark.parametrize("period", PERIODS)
def test_hops_are_the_same_ones_for_every_period(period: int) -> None:
    seen: list[np.ndarray] = []

    def keep(hop_in: Block, hop_out: Block) -> None:
        seen.append(hop_in.copy())
        hop_out[:] = hop_in[::-1]

    signal = np.arange(period * 50, dtype=np.float32)[:, None]
    adapter = HopAdapter(period, 128, 1, keep)
    through(adapter, signal)
    assert len(seen) == len(signal) // 128
    assert np.array_equal(np.concatenate(seen), signal[: len(seen) * 128])


def test_reset_forgets() -> None:
    adapter = HopAdapter(48, 128, 1, copy_hop)
    through(adapter, np.ones((480, 1), np.float32))
    adapter.reset()
    assert not through(adapter, np.zeros((480, 1), np.float32)).any()


def test_nonsense_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="hop_frames = 0"):
        HopAdapter(128, 0, 1, copy_hop)
    with pytest.raises(ValueError, match="latency_frames = -1"):
        Delay(-1, 128, 1)


@given(latency=st.integers(0, 900), cuts=st.lists(st.integers(1, 256), min_size=1, max_size=30))
def test_delay_changes_no_bit_however_the_sound_is_cut(latency: int, cuts: list[int]) -> None:
    delay = Delay(latency, 256, 2)
    signal = np.random.default_rng(3).uniform(-1, 1, (sum(cuts), 2)).astype(np.float32)
    ends = np.cumsum(cuts)
    out = np.concatenate([delay.process(signal[end - cut : end]).copy() for end, cut in zip(ends, cuts, strict=True)])
    assert np.array_equal(out[latency:], signal[: max(0, len(signal) - latency)])
    assert not out[:latency].any()
