import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsp.block import Block
from dsp.parts.hop_adapter import HopAdapter
from dsp.parts.spread_hops import MOST_FRAMES, SpreadHops, adapter, blocks_for


class Copying:
    """Copies a hop, in pieces; writes down what was done in which block."""

    def __init__(self, hop: int, channels: int, pieces: int) -> None:
        self.block = 0
        self.done: list[tuple[int, str]] = []
        self.pieces = [lambda at=at: self.note(str(at)) for at in range(pieces)]
        self._hop: Block = np.zeros((hop, channels), np.float32)

    def note(self, what: str) -> None:
        self.done.append((self.block, what))

    def begin(self, hop_in: Block) -> None:
        self.note("begin")
        np.copyto(self._hop, hop_in)

    def end(self, hop_out: Block) -> None:
        self.note("end")
        np.copyto(hop_out, self._hop)

    def adapter(self, period: int, spread: bool = True) -> HopAdapter:
        hop, channels = self._hop.shape
        return adapter(period, hop, channels, self.begin, self.pieces, self.end, spread=spread)


def through(of: HopAdapter, work: Copying, signal: np.ndarray) -> np.ndarray:
    out = signal.copy()
    for work.block, start in enumerate(range(0, len(out), of.period_frames)):
        of.process(out[start : start + of.period_frames])
    return out


@pytest.mark.parametrize(
    ("period", "hop", "pieces", "blocks"),
    [
        (512, 512, 7, 1),  # nothing to spread
        (480, 512, 7, 1),
        (256, 480, 8, 1),  # the next hop may be whole in the next block
        (256, 512, 7, 2),
        (128, 512, 7, 2),
        (128, 480, 8, 2),
        (64, 512, 7, 3),
        (32, 512, 7, 6),
        (32, 512, 3, 3),  # no more blocks than pieces
        (32, 512, 1, 1),
    ],
)
def test_how_many_blocks_share_a_hop(period: int, hop: int, pieces: int, blocks: int) -> None:
    assert blocks_for(period, hop, pieces) == blocks
    assert (blocks - 1) * period <= max(MOST_FRAMES, period)


@given(period=st.integers(1, 600), hop=st.integers(1, 600), channels=st.integers(1, 2), pieces=st.integers(1, 9))
def test_the_sound_is_as_late_as_declared_and_no_block_does_all(
    period: int, hop: int, channels: int, pieces: int
) -> None:
    work = Copying(hop, channels, pieces)
    spread, blocks = work.adapter(period), blocks_for(period, hop, pieces)
    at_once = Copying(hop, channels, pieces).adapter(period, spread=False)
    late = spread.latency_frames
    assert late == at_once.latency_frames + (blocks - 1) * period
    signal = np.random.default_rng(1).uniform(-1, 1, ((5 + 5 * hop // period) * period, channels)).astype(np.float32)
    out = through(spread, work, signal)
    assert np.array_equal(out[late:], signal[: len(signal) - late])
    assert not out[:late].any()
    whole = ["begin", *map(str, range(pieces)), "end"]
    done = [what for _, what in work.done]
    assert done == (whole * (len(done) // len(whole) + 1))[: len(done)]  # in order, and one hop after another
    if blocks > 1:
        a_block = [sum(what not in ("begin", "end") for _, what in each) for _, each in by_block(work)]
        assert max(a_block) == -(-pieces // blocks)


def by_block(work: Copying) -> "itertools.groupby[int, tuple[int, str]]":
    return itertools.groupby(work.done, lambda entry: entry[0])


def test_a_reset_leaves_no_work_and_no_sound() -> None:
    work = Copying(512, 1, 4)
    spread = work.adapter(128)
    sound = np.ones((512, 1), np.float32)
    through(spread, work, sound.copy())  # a hop has begun
    assert work.done[-1][1] != "end"
    spread.reset()
    work.done.clear()
    out = through(spread, work, np.zeros((1024, 1), np.float32))
    assert not out.any()
    assert work.done[0][1] == "begin"


@pytest.mark.parametrize("blocks", [1, 5])
def test_a_hop_that_does_not_last_so_many_blocks_is_refused(blocks: int) -> None:
    work = Copying(512, 1, 4)
    with pytest.raises(ValueError, match=f"blocks = {blocks}: allowed 2 to 4"):
        SpreadHops(128, 512, 1, work.begin, work.pieces, work.end, blocks)
