"""Spreads the work of a long hop over several periods, so that no block carries the whole of it.

A model with a hop of 512 frames would compute nothing in three of four blocks of 128, and everything in the fourth.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from dsp.block import Block
from dsp.parts.hop_adapter import HopAdapter

MOST_FRAMES = 160
"""What spreading may add to the latency, where the period is not longer: 3.3 ms."""

Pieces = Sequence[Callable[[], None]]


def blocks_for(period_frames: int, hop_frames: int, pieces: int) -> int:
    """In how many blocks the work of a hop is done; 1 is all at once. A hop is done before the next one is whole."""
    return max(1, min(pieces, hop_frames // period_frames, 1 + max(1, MOST_FRAMES // period_frames)))


def adapter(
    period_frames: int,
    hop_frames: int,
    channels: int,
    begin: Callable[[Block], None],
    pieces: Pieces,
    end: Callable[[Block], None],
    *,
    spread: bool,
) -> HopAdapter:
    """The adapter for work in pieces: spread where that is wanted and of use, else all in the block of the hop's end.

    begin(hop_in), each of the pieces and end(hop_out) are called in this order; both hops are float32 (hop_frames,
    channels) and may share memory.
    """
    blocks = blocks_for(period_frames, hop_frames, len(pieces)) if spread else 1
    if blocks > 1:
        return SpreadHops(period_frames, hop_frames, channels, begin, pieces, end, blocks)

    def at_once(hop_in: Block, hop_out: Block) -> None:
        begin(hop_in)
        for piece in pieces:
            piece()
        end(hop_out)

    return HopAdapter(period_frames, hop_frames, channels, at_once)


class SpreadHops(HopAdapter):
    """Do one share of a hop's work a block: `blocks` of them, from the block that completes the hop. Audio thread.

    The sound is that of HopAdapter, `blocks - 1` periods later, and `latency_frames` says so.
    """

    def __init__(
        self,
        period_frames: int,
        hop_frames: int,
        channels: int,
        begin: Callable[[Block], None],
        pieces: Pieces,
        end: Callable[[Block], None],
        blocks: int,
    ) -> None:
        if not 2 <= blocks <= hop_frames // period_frames:
            raise ValueError(f"blocks = {blocks}: allowed 2 to {hop_frames // period_frames}, the periods in a hop")
        self._begin, self._end = begin, end
        ends = [-(-len(pieces) * at // blocks) for at in range(blocks + 1)]  # rounded up: end() is in the last block
        self._shares = [tuple(pieces[first:last]) for first, last in pairwise(ends)]
        super().__init__(period_frames, hop_frames, channels, self._take, later_frames=(blocks - 1) * period_frames)

    def reset(self) -> None:
        super().reset()
        self._next = len(self._shares)  # the share that comes next; this many: no work

    def process(self, block: Block) -> None:
        """Replace `block` (period_frames, channels) by the sound from `latency_frames` ago, processed."""
        self._push(block)
        if self._next < len(self._shares):
            for piece in self._shares[self._next]:
                piece()
            self._next += 1
            if self._next == len(self._shares):
                self._end(self._hop_out)
        self._pop(block)

    def _take(self, hop_in: Block, hop_out: Block) -> None:
        self._hop_out = hop_out
        self._begin(hop_in)
        self._next = 0
