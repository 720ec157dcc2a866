"""Sound below hearing (drift, wind on the capsule) is measured, and subtracted while there is too much of it.

It is inaudible, yet it uses up headroom, moves loudspeakers and drives every compressor after the box. A network cannot
tell it from a voice in its lowest bin. A high-pass that is always on would turn the phase of a bass voice for nothing.
So the guard measures first, and acts only where the sound below 20 Hz is out of proportion.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from dsp.block import RATE_HZ, Block
from dsp.native import bound

Values = NDArray[np.float64]

CORNER_HZ, CORNER_Q = 20.0, 1.0
"""The high-pass whose complement is subtracted: 40 dB less at 2 Hz, 24 at 5, 11 at 10. Its sharp corner (1 dB more at
28 Hz) turns an 80 Hz tone by 15 degrees; a Butterworth would turn it by 21.
"""

HEARD_HZ = 16.0
"""The detector's low-pass, four poles. It passes 33 dB less of a bass's lowest E at 41 Hz."""

LEVEL_MS = 60.0  # time constant of the levels
REST_MEMORY_S = 5.0  # decay of the rest's peak level, so that a pause of the voice does not make noise look like wind
TOO_MUCH, SOUND_ENOUGH = 10.0**-0.4, 10.0**-1.2
"""Power below hearing relative to the rest's: to start, and to stop. Well recorded voices stay below -30 dB; their own
rumble comes in bursts of up to 2 dB.
"""

PATIENCE_MS = 400.0
"""How long there must be too much. A breath on the capsule, or the first waves of a bass note, are shorter. OBVIOUS
levels are acted on at once.
"""

OBVIOUS = 2.0  # times the rest's power
FORGIVEN = 0.4  # each hop in order makes up for so many hops of too much

FAINTEST = 10.0**-5.6  # power below which it does no harm
HOLD_S = 2.0
FADE_IN_MS, FADE_OUT_MS = 30.0, 300.0
_BUTTERWORTH = 0.5411961, 1.3065630

ENERGY, LOW, REST, LOUDEST_REST, OVER, SINCE, SHARE, SHARE_NEXT = range(8)
"""What the guard knows, in the order of struct rumble_levels: energy of the hop so far; power below hearing, of the
rest, and the rest's peak; recent hops of too much; hops since there was too much for too long; the share of the rumble
that is subtracted, at the hop's start and at its end.
"""
_LEVELS = 8

Coefficients = tuple[tuple[float, float, float], tuple[float, float]]
"""Of a two-pole filter: b0, b1, b2 and a1, a2."""


class InfrasonicGuard:
    """Finds the part of the present sound below hearing, as HumCanceller finds hum. Audio thread; it adds no delay.

    While there is no more of it than in a clean voice, there is nothing to subtract.
    """

    def __init__(self, channels: int, hop_frames: int = 128, rate_hz: int = RATE_HZ) -> None:
        self._hop_frames, self._channels = hop_frames, channels
        hop_s = hop_frames / rate_hz
        self._newest = 1.0 - math.exp(-1000.0 * hop_s / LEVEL_MS)
        self._fall = math.exp(-hop_s / REST_MEMORY_S)
        self._hold_hops = round(HOLD_S / hop_s)
        self._patience_hops = round(PATIENCE_MS / 1000.0 / hop_s)
        self._fade_in, self._fade_out = 1000.0 * hop_s / FADE_IN_MS, 1000.0 * hop_s / FADE_OUT_MS
        self._low_passes = [_coefficients(HEARD_HZ, q, 1.0 / hop_s, high=False) for q in _BUTTERWORTH]
        self._make_filter(hop_frames, rate_hz)
        self._memory: Values = np.zeros((channels, len(_BUTTERWORTH), 2))  # of the low-passes
        self._levels: Values = np.zeros(_LEVELS)
        self._state: Values = np.zeros((2, channels))
        self._next_state: Values = np.zeros((2, channels))
        self._moved: Values = np.zeros((2, channels))
        self._exact: Values = np.zeros((hop_frames, channels))
        self._from_state: Values = np.zeros((hop_frames, channels))
        self._rumble: Block = np.zeros((hop_frames, channels), np.float32)
        self._rise: Block = (np.arange(1.0, hop_frames + 1) / hop_frames).astype(np.float32)[:, None]
        self._gain: Block = np.zeros((hop_frames, 1), np.float32)
        self._sums: NDArray[np.float32] = np.zeros(channels, np.float32)
        self._hop_sums: NDArray[np.float32] = np.zeros(channels, np.float32)
        self._native = bound.rumble(
            self._rules(), self._levels, self._memory, self._state, self._hop_sums, self._rumble
        )
        self.reset()

    @property
    def active(self) -> bool:
        """Whether anything is to be subtracted at present."""
        return self._levels.item(SHARE) > 0.0 or self._levels.item(SHARE_NEXT) > 0.0

    def reset(self) -> None:
        """Forget the sound: as new."""
        self._done = 0
        self._hop_sums.fill(0.0)
        self._memory.fill(0.0)
        self._levels.fill(0.0)
        self._levels[SINCE] = self._hold_hops
        self._state.fill(0.0)

    def follow(self, block: Block) -> Block | None:
        """Take `block` (frames, channels); return the part of it below hearing, or None where it is not too much.

        The result is a reused buffer of the block's shape. Hops follow one another from reset() on; a block may not go
        beyond the end of a hop.
        """
        frames, first = len(block), self._done
        self._done = (first + frames) % self._hop_frames
        if self._native is not None:
            return self._rumble[:frames] if self._native.follow(block, first) else None
        rumble = self._tell(block, first) if self.active else None
        np.add.reduce(block, axis=0, out=self._sums)
        np.add(self._hop_sums, self._sums, out=self._hop_sums)
        self._levels[ENERGY] += float(np.vdot(block, block))
        if self._done == 0:
            self._judge()
        return rumble

    def _tell(self, block: Block, first: int) -> Block:
        frames = len(block)
        exact, rumble = self._exact[:frames], self._rumble[:frames]
        np.copyto(exact, block)
        np.matmul(self._response[:frames, :frames], block, out=rumble)
        from_state = np.matmul(self._state_seen[:frames], self._state, out=self._from_state[:frames])
        np.add(rumble, from_state, out=rumble, casting="same_kind")
        np.matmul(self._powers[frames], self._state, out=self._moved)
        np.matmul(self._drive[:, self._hop_frames - frames :], exact, out=self._next_state)
        np.add(self._moved, self._next_state, out=self._state)
        share, share_next = self._levels.item(SHARE), self._levels.item(SHARE_NEXT)
        if share < 1.0 or share_next < 1.0:
            gain = np.multiply(self._rise[first : first + frames], share_next - share, out=self._gain[:frames])
            np.add(gain, share, out=gain)
            np.multiply(rumble, gain, out=rumble)
        return rumble

    def _judge(self) -> None:
        """Decide for the hop that is now whole whether there is too much below hearing. It takes effect in the next."""
        energy, low, rest, loudest_rest, over, since, share, share_next = self._levels.tolist()
        newest_low, memories = 0.0, self._memory.tolist()
        for value, memory in zip(self._hop_sums.tolist(), memories, strict=True):
            value /= self._hop_frames
            for coefficients, own in zip(self._low_passes, memory, strict=True):
                value = _filter(value, coefficients, own)
            newest_low += value * value / self._channels
        self._memory[:] = memories
        total = energy / (self._channels * self._hop_frames)
        low += self._newest * (newest_low - low)
        rest += self._newest * (max(total - newest_low, 0.0) - rest)
        loudest_rest = max(rest, loudest_rest * self._fall)
        held = since < self._hold_hops
        limit = SOUND_ENOUGH if held else TOO_MUCH
        too_much = low > max(FAINTEST, limit * loudest_rest)
        over = over + 1.0 if too_much else max(0.0, over - FORGIVEN)
        obvious = held or over > self._patience_hops or low > OBVIOUS * loudest_rest
        since = 0.0 if too_much and obvious else min(since + 1.0, self._hold_hops)
        over = min(over, 2.0 * self._patience_hops)
        if since == 0.0 and not self.active:
            self._start()
        share = share_next
        share_next = min(1.0, max(0.0, share + (self._fade_in if since < self._hold_hops else -self._fade_out)))
        self._levels[:] = 0.0, low, rest, loudest_rest, over, since, share, share_next
        self._hop_sums.fill(0.0)

    def _start(self) -> None:
        """Start the filter, which has not run until now, as if the input had been constant at its present mean."""
        for channel in range(self._channels):
            mean = float(self._hop_sums[channel]) / self._hop_frames
            self._state[0, channel], self._state[1, channel] = -self._b0 * mean, self._b2 * mean

    def _rules(self) -> Values:
        """What the part in C goes by: struct rumble_rules of dsp/native/hop.h."""
        filters = (*self._low_passes, self._high_pass)
        return np.array(
            [self._newest, self._fall, self._hold_hops, self._patience_hops, self._fade_in, self._fade_out]
            + [FAINTEST, TOO_MUCH, SOUND_ENOUGH, OBVIOUS, FORGIVEN]
            + [value for b, a in filters for value in (*b, *a)]
        )

    def _make_filter(self, frames: int, rate_hz: int) -> None:
        """Build the high-pass' complement as matrices over a whole block, because NumPy has no recursive filter."""
        b, a = self._high_pass = _coefficients(CORNER_HZ, CORNER_Q, rate_hz, high=True)
        self._b0, self._b2 = b[0], b[2]
        step = np.array([[-a[0], 1.0], [-a[1], 0.0]])
        into = np.array([b[1] - a[0] * b[0], b[2] - a[1] * b[0]])
        self._powers: Values = np.stack([np.linalg.matrix_power(step, count) for count in range(frames + 1)])
        by_age = self._powers[:frames] @ into  # (frames, 2): the state left by a frame of each age
        self._drive: Values = np.ascontiguousarray(by_age[::-1].T)
        self._state_seen: Values = np.ascontiguousarray(-self._powers[:frames, 0])
        impulse = np.concatenate(([1.0 - b[0]], -by_age[: frames - 1, 0]))
        ages = np.arange(frames)[:, None] - np.arange(frames)
        self._response: Block = np.where(ages >= 0, impulse[ages], 0.0).astype(np.float32)


def _filter(value: float, coefficients: Coefficients, memory: list[float]) -> float:
    """One value through a filter of two poles, whose memory are two."""
    (b0, b1, b2), (a1, a2) = coefficients
    out = b0 * value + memory[0]
    memory[0] = b1 * value - a1 * out + memory[1]
    memory[1] = b2 * value - a2 * out
    return out


def _coefficients(hz: float, q: float, rate_hz: float, *, high: bool) -> Coefficients:
    """The coefficients of a two-pole filter: b0, b1, b2 and a1, a2. R. Bristow-Johnson, "Audio EQ Cookbook"."""
    angle = 2.0 * math.pi * hz / rate_hz
    alpha, cosine = math.sin(angle) / (2.0 * q), math.cos(angle)
    middle = -(1.0 + cosine) if high else 1.0 - cosine
    b = (abs(middle) / 2.0, middle, abs(middle) / 2.0)
    scale = 1.0 / (1.0 + alpha)
    return (b[0] * scale, b[1] * scale, b[2] * scale), (-2.0 * cosine * scale, (1.0 - alpha) * scale)
