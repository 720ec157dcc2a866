"""Tells the stages behind a denoiser how likely there is voice now, by what its mask keeps.

A network that takes noise out of a voice knows best where the voice is. For each hop the share of the power that its
mask keeps, in five bands, how loud what is kept is beside the voice's own recent level, and its level itself, which
tells most where there is little noise, go through a logistic regression. It was fitted to 40 mixes of `shared/data`
(voices and noises of the training data, at any gain of the preamplifier down to -25 dB) against the activity of the
voice alone: `python -m bench.restore.voice_sense --fit`.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from dsp.block import RATE_HZ
from dsp.parts.voice_sense import VoiceSense

Array = NDArray[np.float32]

WEIGHTS = (0.279, -0.155, 0.166, 0.227, -0.056, 0.173, 0.516, -0.387, 0.444, -2.834)
"""Of what features() gives, and last the constant."""

LEAST_SHARE, LEAST_LEVEL, FAINTEST_LEVEL = -8.0, -10.0, -16.0  # natural logarithms
MOST_ABOVE, LEAST_SPAN = 8.0, 3.0
NOTHING, FAINTEST = 1e-9, 1e-7  # power of a band in which nothing is kept, or heard
FORGET_S = 20.0  # time constant by which the loudest and the quietest level draw near each other
SMOOTH_MS, SETTLE_MS = 40.0, 30.0
FALL_MS = 25.0  # time constant of a falling probability: between two pitch pulses of a low voice it stays


class Hearing:
    """What is known of one channel, from hop to hop."""

    def __init__(self, hop_frames: int) -> None:
        hop_s = hop_frames / RATE_HZ
        self._forget = hop_s / FORGET_S
        self._newest = 1.0 - math.exp(-1000.0 * hop_s / SMOOTH_MS)
        self._settle_hops = math.ceil(SETTLE_MS / 1000.0 / hop_s)
        self.reset()

    def reset(self) -> None:
        self._hops = 0
        self._smooth = self._share = self._loudest = self._quietest = 0.0

    def features(self, heard: list[float], kept: list[float]) -> list[float]:
        """heard, kept: the power of each band, before and behind the mask. All natural logarithms."""
        shares = [max(LEAST_SHARE, math.log((k + NOTHING) / (h + FAINTEST))) for h, k in zip(heard, kept, strict=True)]
        all_kept = sum(kept)
        level, share = math.log(all_kept + NOTHING), math.log((all_kept + NOTHING) / (sum(heard) + FAINTEST))
        if self._hops < self._settle_hops:  # the transform fills: what it hears is not yet whole
            self._hops += 1
            self._smooth, self._share, self._loudest, self._quietest = level, share, level, level - LEAST_SPAN
        self._smooth += self._newest * (level - self._smooth)
        self._share += self._newest * (share - self._share)
        span = self._loudest - self._quietest
        self._loudest = max(self._smooth, self._loudest - self._forget * span)
        self._quietest = min(self._smooth, self._quietest + self._forget * max(0.0, span - LEAST_SPAN))
        above = self._smooth - self._quietest
        beside = max(LEAST_LEVEL, level - self._loudest)
        own = max(FAINTEST_LEVEL, self._smooth)
        return [*shares, beside, min(MOST_ABOVE, above), max(LEAST_SHARE, self._share), own]


class Teller:
    """Hop by hop it hears the mask; block by block it tells a VoiceSense what leaves the denoiser. Audio thread."""

    def __init__(self, sense: VoiceSense, channels: int, hop_frames: int, late_frames: int | None) -> None:
        """late_frames: of the hops behind the step that makes them (HopAdapter). None: the newest hop acts at once."""
        self.sense, self._hop_frames, self._late = sense, hop_frames, late_frames
        self._hearings = [Hearing(hop_frames) for _ in range(channels)]
        self._now, self._before, self._held = [0.0] * channels, [0.0] * channels, [0.0] * channels
        self._fall = math.exp(-1000.0 * hop_frames / (RATE_HZ * FALL_MS))
        kept = 2 if late_frames is None else 3 + -(-(late_frames + 8192) // hop_frames)
        self._told = [[0.0] * channels for _ in range(kept)]  # by hop, a ring
        self._known = [False] * kept
        sense.prepare(channels)
        self.reset()

    def reset(self) -> None:
        """Forget the sound: nobody knows."""
        self.sense.reset()
        for hearing in self._hearings:
            hearing.reset()
        self._hops = self._frames = 0
        for row in (self._now, self._before, self._held, *self._told):
            for channel in range(len(row)):
                row[channel] = 0.0
        for at in range(len(self._known)):
            self._known[at] = False

    def hear(self, told: Array, usable: bool) -> None:
        """A hop's mask has been put into effect.  told: (channels, 2, bands), power heard and kept.

        The sound of a hop is made by its own mask and the next one, which hears a hop ahead: the greater counts, so
        that who follows is there before a word begins.
        """
        self._hops += 1
        at = self._hops % len(self._told)
        self._known[at] = usable
        row = self._told[at]
        for channel, (heard, kept) in enumerate(told.tolist()):
            new = self._hearings[channel].features(heard, kept)
            score = WEIGHTS[-1]
            for weight, value in zip(WEIGHTS, new, strict=False):
                score += weight * value
            now = 1.0 / (1.0 + math.exp(-min(max(score, -30.0), 30.0)))
            held = max(now, self._held[channel] * self._fall)
            row[channel] = max(held, self._held[channel])
            self._held[channel] = held

    def tell(self, frames: int) -> None:
        """A block of so many frames leaves the denoiser."""
        sense = self.sense
        if self._late is None:
            first = last = self._hops
        else:
            first = (self._frames - self._late) // self._hop_frames + 1
            self._frames += frames
            last = (self._frames - self._late - 1) // self._hop_frames + 1
        known = first > 0
        for channel in range(len(sense.probability)):
            sense.probability[channel] = 0.0
        for hop in range(max(first, 1), last + 1):
            at = hop % len(self._told)
            known = known and self._known[at]
            for channel, value in enumerate(self._told[at]):
                if value > sense.probability[channel]:
                    sense.probability[channel] = value
        sense.known = known
