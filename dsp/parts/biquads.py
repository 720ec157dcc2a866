"""A cascade of second-order filters whose settings glide: the bells, shelves and cuts of every stage.

Each section is a state variable filter with trapezoidal integrators, which stays stable however its coefficients are
moved (A. Simper, "Linear Trapezoidal Integrated State Variable Filter", Cytomic 2013; V. Zavalishin, "The Art of VA
Filter Design", 2018). Its coefficients are those of a filter whose magnitude follows the analogue one up to half the
rate, so that a bell at 15 kHz is as wide as one at 1 kHz (M. Vicanek, "Matched Second Order Digital Filters", 2016).
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dsp.block import RATE_HZ, Block
from dsp.native import bound
from dsp.parts.biquads_numpy import Matrix, Scan
from dsp.parts.ramp import ramp_frames

Kind = Literal["off", "bell", "low_shelf", "high_shelf", "high_pass", "low_pass", "band_pass", "notch"]
Values = NDArray[np.float64]
Coefficients = tuple[float, float, float, float, float]
"""Of one section: g (its frequency), k (1 / Q), and how much of the input, of the band and of the low is heard."""

GLIDE_MS = 20.0
SMOOTH_Q = math.sqrt(0.5)  # Butterworth
LOWEST_HZ, HIGHEST = 1.0, 0.49  # the highest is a share of the rate
LOWEST_Q, HIGHEST_Q = 0.05, 100.0
MOST_OF_A_SHELF = 1.0  # its Q; above it is a shelf with a bell beside it, which this design does not follow
RESTED_BLOCKS = 8
"""In NumPy sections that have stood still for so many blocks are worked out as one matrix, which takes 0.1 ms once."""

MATRIX_FRAMES = 128
THROUGH: Coefficients = (0.1, 1.0, 1.0, 0.0, 0.0)


class Biquads:
    """Sections one after the other. Audio thread, but for prepare(); channels have the same filters.

    Every change glides in a straight line for `glide_ms` from where the section stands, frame by frame, so blocks of
    any length give the same sound. A section that is off, or a bell or shelf at 0 dB, is passed by once it has come to
    rest: it costs nothing, and no bit changes.
    """

    def __init__(self, sections: int, glide_ms: float = GLIDE_MS) -> None:
        self._count, self._glide_ms = sections, glide_ms
        self._target: Values = np.tile(THROUGH, (sections, 1))
        self.prepare(RATE_HZ, 1, 1)

    def prepare(self, rate_hz: int, max_frames: int, channels: int) -> None:
        """May allocate. max_frames: the longest block. Sections keep coefficients: set them anew for a new rate."""
        self._rate_hz, self._channels = rate_hz, channels
        self._glide_frames = ramp_frames(self._glide_ms, rate_hz)
        self._now: Values = self._target.copy()
        self._left: NDArray[np.int32] = np.zeros(self._count, np.int32)  # frames to glide
        self._passed: NDArray[np.int32] = np.zeros(self._count, np.int32)  # 1: nothing to do
        self._state: Values = np.zeros((self._count, channels, 2))
        self._native = bound.biquads(self._now, self._target, self._left, self._passed, self._state)
        self._twin = Scan(max_frames, channels)
        self._rested = [0] * self._count  # blocks
        frames = min(max_frames, MATRIX_FRAMES)
        matrices = 0 if self._native is not None else self._count
        self._matrices = [Matrix(frames, channels) for _ in range(matrices)]
        self._together = Matrix(frames, channels, matrices) if matrices > 1 else None
        self.reset()

    @property
    def at_rest(self) -> bool:
        """Whether no section does anything: the sound passes bit by bit."""
        return bool(self._passed.all())

    def set(self, section: int, kind: Kind, hz: float = 1000.0, gain_db: float = 0.0, q: float = SMOOTH_Q) -> None:
        """Glide there. gain_db: of bells and shelves only. A frequency or Q out of reach gives way to the nearest."""
        wanted = design(kind, hz, gain_db, q, self._rate_hz)
        target = self._target[section]
        if wanted[2:] == THROUGH[2:]:
            # Fade out where it stands: a filter that moves meanwhile would be heard.
            wanted = (target[0].item(), target[1].item(), *THROUGH[2:])
        if target.tolist() == list(wanted):
            return
        if self._passed[section]:
            self._now[section, :2] = wanted[:2]
            self._state[section] = 0.0
            self._passed[section] = 0
        target[:] = wanted
        self._left[section] = self._glide_frames
        self._rested[section] = 0

    def process(self, block: Block) -> None:
        """Filter in place. block: float32 (frames, channels); at most as long as prepared for."""
        if self._native is not None:
            self._native.process(block)
            return
        passed: list[int] = self._passed.tolist()
        there = [section for section in range(self._count) if not passed[section]]
        if self._together is None or len(there) < 2 or min(self._rested[at] for at in there) < RESTED_BLOCKS:
            for section in there:
                self._run(section, block)
        else:
            self._run_together(self._together, there, block)

    def reset(self, *, glide: bool = False) -> None:
        """Forget the sound. Be where the settings stand, or glide there from the exact input."""
        self._state.fill(0.0)
        for section, target in enumerate(self._target.tolist()):
            passed = tuple(target[2:]) == THROUGH[2:]
            self._passed[section] = passed
            self._left[section] = self._glide_frames if glide and not passed else 0
            self._rested[section] = 0
            if self._matrices and not (glide or passed):
                self._rested[section] = RESTED_BLOCKS
        np.copyto(self._now, self._target)
        there = [at for at, rested in enumerate(self._rested) if rested]
        if len(there) == 1:
            self._matrices[there[0]].follow([self._now[there].tolist()])
        elif self._together is not None and there:
            self._together.follow([self._now[there].tolist()])
        if glide:
            self._now[:, 2:] = THROUGH[2:]

    def response(self, hz: ArrayLike) -> NDArray[np.complex128]:
        """What the cascade does to tones of these frequencies once it has come to rest. Any thread; allocates."""
        whole = np.ones(np.shape(hz), np.complex128)
        for row in self._target.tolist():
            whole *= response(row, hz, self._rate_hz)
        return whole

    def _run(self, section: int, block: Block) -> None:
        """What dsp/native/biquads.c does, frame after frame, for a section."""
        now, target, state = self._now[section], self._target[section], self._state[section]
        left, start = int(self._left[section]), 0
        if left:
            start = min(left, len(block))
            self._twin.gliding(block[:start], now, target, left, state)
            self._left[section] = left - start
            if left == start:
                now[:] = target
                if tuple(now[2:]) == THROUGH[2:]:
                    self._passed[section] = 1
                    return
        if start == len(block):
            return
        if start or self._rested[section] < RESTED_BLOCKS:
            self._rested[section] += 1
            self._twin.still(block[start:], now, state)
            return
        matrix = self._matrices[section]
        matrix.follow([[now.tolist()]])
        start = matrix.process(block, [state])
        if start < len(block):
            self._twin.still(block[start:], now, state)

    def _run_together(self, matrix: Matrix, sections: list[int], block: Block) -> None:
        """All that is there has come to rest."""
        now: list[list[float]] = self._now.tolist()
        matrix.follow([[now[section] for section in sections]])
        start = matrix.process(block, [self._state[section] for section in sections])
        if start < len(block):
            for section in sections:
                self._twin.still(block[start:], self._now[section], self._state[section])


def response(coefficients: Coefficients, hz: ArrayLike, rate_hz: int = RATE_HZ) -> NDArray[np.complex128]:
    """Of one section, at these frequencies. Any thread; allocates."""
    g, k, m0, m1, m2 = coefficients
    s = 1j * np.tan(np.pi * np.asarray(hz, np.float64) / rate_hz) / g
    answer: NDArray[np.complex128] = m0 + (m1 * s + m2) / (s * s + k * s + 1.0)
    return answer


def analogue(kind: Kind, hz: float, gain_db: float, q: float, at_hz: ArrayLike) -> NDArray[np.complex128]:
    """What a section is made after: the analogue filters of R. Bristow-Johnson's "Audio EQ Cookbook"."""
    above, below = _prototype(kind, gain_db, q)
    s = 1j * np.asarray(at_hz, np.float64) / hz
    answer: NDArray[np.complex128] = np.polyval(above, s) / np.polyval(below, s)
    return answer


def design(kind: Kind, hz: float, gain_db: float, q: float, rate_hz: int = RATE_HZ) -> Coefficients:
    """The coefficients of one section. Any thread; a few microseconds."""
    hz = min(max(hz, LOWEST_HZ), HIGHEST * rate_hz)
    q = min(max(q, LOWEST_Q), MOST_OF_A_SHELF if kind in ("low_shelf", "high_shelf") else HIGHEST_Q)
    omega = 2.0 * math.pi * hz / rate_hz
    if kind == "off" or (kind in ("bell", "low_shelf", "high_shelf") and gain_db == 0.0):
        return THROUGH
    if kind == "notch":
        # A bilinear one, exact at 0 Hz and at half the rate, as narrow as the analogue one towards the lows.
        g = math.tan(omega / 2.0)
        edge = math.tan(omega / 2.0 * (math.sqrt(1.0 + 0.25 / (q * q)) - 0.5 / q)) / g
        k = (1.0 - edge * edge) / edge
        return g, k, 1.0, -k, 0.0
    if kind in _PASSES:
        a = _poles(omega, q)
        return _as_state_variable(_PASSES[kind](a, omega, q), a)
    # Only boosts of the lows and bells, and cuts of the highs, have poles low enough; the others are their inverse.
    turned = (gain_db > 0.0) == (kind == "high_shelf")
    above, below = _prototype(kind, -gain_db if turned else gain_db, q)
    first = math.sqrt(below[2] / below[0])
    a = _poles(omega * first, math.sqrt(below[2] * below[0]) / below[1])
    b = _matched(above, below, a, omega)
    if turned:
        a, b = tuple(value / b[0] for value in b), tuple(value / b[0] for value in a)
    return _as_state_variable(b, a)


Three = tuple[float, ...]


def _prototype(kind: Kind, gain_db: float, q: float) -> tuple[Three, Three]:
    """Numerator and denominator over s at a corner of 1: s squared, s, 1."""
    root = 10.0 ** (gain_db / 40.0)
    slope = math.sqrt(root) / q
    return {
        "bell": ((1.0, root / q, 1.0), (1.0, 1.0 / (root * q), 1.0)),
        "low_shelf": ((root, root * slope, root * root), (root, slope, 1.0)),
        "high_shelf": ((root * root, root * slope, root), (1.0, slope, root)),
        "high_pass": ((1.0, 0.0, 0.0), (1.0, 1.0 / q, 1.0)),
        "low_pass": ((0.0, 0.0, 1.0), (1.0, 1.0 / q, 1.0)),
        "band_pass": ((0.0, 1.0 / q, 0.0), (1.0, 1.0 / q, 1.0)),
        "notch": ((1.0, 0.0, 1.0), (1.0, 1.0 / q, 1.0)),
        "off": ((0.0, 0.0, 1.0), (0.0, 0.0, 1.0)),
    }[kind]


def _poles(omega: float, q: float) -> Three:
    """The denominator over z whose poles are the analogue ones': 1, a1, a2."""
    damping = 0.5 / q
    decay = math.exp(-damping * omega)
    if damping <= 1.0:
        a1 = -2.0 * decay * math.cos(omega * math.sqrt(1.0 - damping * damping))
    else:
        spread = omega * math.sqrt(damping * damping - 1.0)
        a1 = -(math.exp(spread - damping * omega) + math.exp(-spread - damping * omega))
    return 1.0, a1, decay * decay


def _power(x: Three, omega: float) -> float:
    """The squared magnitude of x0 + x1 / z + x2 / z^2 on the unit circle."""
    sine = math.sin(omega / 2.0) ** 2
    total, alternating = sum(x), x[0] - x[1] + x[2]
    return total * total * (1.0 - sine) + alternating * alternating * sine - 16.0 * x[0] * x[2] * sine * (1.0 - sine)


def _magnitude(above: Three, below: Three, corners: float) -> float:
    s = 1j * corners
    return abs(((above[0] * s + above[1]) * s + above[2]) / ((below[0] * s + below[1]) * s + below[2]))


def _matched(above: Three, below: Three, a: Three, omega: float) -> Three:
    """The numerator with which the magnitude is the analogue one at 0, at the corner and at half the rate."""
    end = math.pi / omega  # half the rate, in corners
    at_end, at_corner = _magnitude(above, below, end), _magnitude(above, below, 1.0)
    low = sum(a) * above[2] / below[2]
    high = (a[0] - a[1] + a[2]) * at_end
    sine = math.sin(omega / 2.0) ** 2
    rest = at_corner * at_corner * _power(a, omega) - low * low * (1.0 - sine) - high * high * sine
    bend = rest / (4.0 * sine * (1.0 - sine))
    half = 0.5 * (low + high)
    b0 = 0.5 * (half + math.sqrt(max(half * half + bend, 0.0)))
    return b0, 0.5 * (low - high), -0.25 * bend / b0


def _high_pass(a: Three, omega: float, q: float) -> Three:
    b0 = q * math.sqrt(_power(a, omega)) / (4.0 * math.sin(omega / 2.0) ** 2)
    return b0, -2.0 * b0, b0


def _low_pass(a: Three, omega: float, q: float) -> Three:
    sine = math.sin(omega / 2.0) ** 2
    low = sum(a)
    high = math.sqrt(max(q * q * _power(a, omega) - low * low * (1.0 - sine), 0.0) / sine)
    return 0.5 * (low + high), 0.5 * (low - high), 0.0


def _band_pass(a: Three, omega: float, q: float) -> Three:
    """Flat at the top, one zero at 0 Hz."""
    sine = math.sin(omega / 2.0) ** 2
    total, alternating, product = sum(a), a[0] - a[1] + a[2], -4.0 * a[0] * a[2]
    slope = alternating * alternating - total * total + 4.0 * (1.0 - 2.0 * sine) * product
    bend = (_power(a, omega) - slope * sine) / (4.0 * sine * sine)
    b1 = -0.5 * math.sqrt(max(slope + 4.0 * (2.0 * sine - 1.0) * bend, 0.0))
    b0 = 0.5 * (math.sqrt(max(bend + b1 * b1, 0.0)) - b1)
    return b0, b1, -b0 - b1


_PASSES = {"high_pass": _high_pass, "low_pass": _low_pass, "band_pass": _band_pass}


def _as_state_variable(b: Three, a: Three) -> Coefficients:
    """The state variable filter with this transfer function."""
    total, alternating = sum(a), a[0] - a[1] + a[2]
    g = math.sqrt(total / alternating)
    k = 2.0 * (1.0 - a[2]) / (alternating * g)
    m0 = (b[0] - b[1] + b[2]) / alternating
    at_corner = 2.0 * (b[0] - b[2]) / (alternating * g)
    return g, k, m0, at_corner - m0 * k, sum(b) / total - m0
