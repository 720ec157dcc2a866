"""Two recordings of the same song, lined up in time: dynamic time warping over pitch classes and onsets.

Coarse first, over all of both; then fine, in a band around what was found, so that memory stays bounded (Salvador and
Chan, "FastDTW", 2007; Müller, "Fundamentals of Music Processing", 2015, chapter 3).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float32]

PER_SECOND = 10.0
MOST_COARSE = 1200
"""Rows of a recording in the coarse search: its table has at most the square of it."""

BAND_ROWS = 30  # to each side of the coarse path
EVERY_S = 0.5
LEAST_SECONDS = 8.0
SAME_SCORE = 0.55
"""Below it they are not the same song. Chosen with tests/rigs/known_songs.py; bench.facts prints both sides."""

_ONSETS = 0.35  # what the onsets count beside the pitches
_LEFT_OUT = 0.42  # the cost of a row before the song begins in both, or after it ends in one
_ASIDE = 0.05  # what a step that halts one of the two costs more


@dataclass(frozen=True, slots=True)
class LinedUp:
    """pairs: (seconds in the one, in the other), about every EVERY_S, both rising. score: 0 to 1, how alike."""

    pairs: tuple[tuple[float, float], ...]
    score: float

    @property
    def same(self) -> bool:
        """Whether it is the same song."""
        return self.score >= SAME_SCORE and len(self.pairs) > 1


def ground(pitches: Rows, onsets: NDArray[np.float32]) -> Rows:
    """What is compared of a recording, PER_SECOND rows: (n, 13), pitch classes (n, 12) of length 1, and onsets.

    onsets: at ten times as many a second.
    """
    rows = min(len(pitches), len(onsets) // 10)
    colour = pitches[:rows] - pitches[:rows].mean(axis=1, keepdims=True)
    size = np.linalg.norm(colour, axis=1, keepdims=True)
    loud = size > 0.05 * float(np.median(size[size > 0.0])) if np.any(size > 0.0) else np.zeros_like(size, bool)
    colour = np.where(loud, colour / np.maximum(size, 1e-9), 0.0)
    strong = onsets[: rows * 10].reshape(-1, 10).max(axis=1, initial=0.0)
    strong = np.maximum(strong - np.median(strong), 0.0)
    strong = strong / max(1e-9, float(np.percentile(strong, 95))) if len(strong) else strong
    return np.concatenate((colour, np.minimum(strong, 1.0)[:, None]), axis=1).astype(np.float32)


def line_up(one: Rows, other: Rows) -> LinedUp | None:
    """one, other: of ground(). None when one of them has less than LEAST_SECONDS with sound."""
    spans = [_sounding(rows) for rows in (one, other)]
    if any(end - first < LEAST_SECONDS * PER_SECOND for first, end in spans):
        return None
    one, other = (rows[first:end] for rows, (first, end) in zip((one, other), spans, strict=True))
    step = -(-max(len(one), len(other)) // MOST_COARSE)
    step = max(step, 4)
    coarse_one, coarse_other = _coarser(one, step), _coarser(other, step)
    middle = _path(_cost(coarse_one, coarse_other, onsets=False), np.zeros(len(coarse_one), np.int64))
    # Where the other is, by the row of the one: the band's middle.
    at = np.interp(np.arange(len(one)), middle[:, 0] * step + step / 2, middle[:, 1] * step + step / 2)
    reach = BAND_ROWS + step
    starts = np.maximum.accumulate(np.clip(at - reach, 0, max(0, len(other) - 1)).astype(np.int64))
    width = min(len(other), 2 * reach + 1)
    starts = np.minimum(starts, len(other) - width)
    band = np.stack([_cost(one[row : row + 1], other[at : at + width])[0] for row, at in enumerate(starts)])
    path = _path(band, starts, len(other))
    return LinedUp(_pairs(path, spans[0][0], spans[1][0]), _score(one, other, path))


def _sounding(rows: Rows) -> tuple[int, int]:
    there = np.flatnonzero(np.abs(rows[:, :12]).sum(axis=1) > 0.0)
    return (int(there[0]), int(there[-1]) + 1) if len(there) else (0, 0)


def _coarser(rows: Rows, step: int) -> Rows:
    whole = np.concatenate((rows, np.zeros((-len(rows) % step, rows.shape[1]), np.float32)))
    mean = whole.reshape(-1, step, rows.shape[1]).mean(axis=1)
    size = np.linalg.norm(mean[:, :12], axis=1, keepdims=True)
    mean[:, :12] /= np.maximum(size, 1e-9)
    return np.asarray(mean, np.float32)


def _cost(one: Rows, other: Rows, onsets: bool = True) -> NDArray[np.float32]:
    """0 for the same, about 1 for pitches that have nothing in common."""
    cost = 1.0 - one[:, :12] @ other[:, :12].T
    if onsets:
        cost = cost + _ONSETS * np.abs(one[:, 12:] - other[:, 12:].T)
    return np.asarray(cost, np.float32)


def _path(cost: NDArray[np.float32], starts: NDArray[np.int64], columns: int | None = None) -> NDArray[np.int64]:
    """The cheapest way, (steps, 2) of rows and columns.  cost: (rows, width), whose row begins at column `starts`.

    Rows or columns before the first step, and after the last, cost _LEFT_OUT each: one may begin earlier, or go on.
    Within a row each cell depends on the one before it, so that the row is found by a running minimum.
    """
    rows, width = cost.shape
    columns = columns if columns is not None else width
    aside = np.float32(_ASIDE)
    steps = np.zeros((rows, width), np.int8)  # 0: both go on, 1: the one goes on, 2: the other does, 3: the beginning
    place = np.arange(width)
    before = np.full(width, np.inf, np.float32)
    ends: tuple[float, int, int] = (np.inf, 0, 0)
    for row in range(rows):
        here = cost[row] + aside
        column = starts[row] + place
        if row:
            move = int(starts[row] - starts[row - 1])
            above = np.full(width + 1, np.inf, np.float32)  # the row before, from one column left of this one's first
            source = np.arange(move - 1, move + width)
            there = (source >= 0) & (source < width)
            above[there] = before[source[there]]
            both, down = above[:-1] + cost[row], above[1:] + here
        else:
            both = down = np.full(width, np.inf, np.float32)
        begin = np.where((column == 0) | (row == 0), _LEFT_OUT * (row + column), np.inf) + cost[row]
        best = np.minimum(np.minimum(both, down), begin)
        # best[j] = min over k <= j of best[k] + sum(here[k+1..j])
        total = np.cumsum(here, dtype=np.float64)
        running = np.minimum.accumulate(best - total)
        found = running + total
        steps[row] = np.where(
            found < best - 1e-6, 2, np.where(begin <= np.minimum(both, down), 3, np.where(both <= down, 0, 1))
        )
        before = found.astype(np.float32)
        left = _LEFT_OUT * (rows - 1 - row + columns - 1 - column)
        closing = np.where((column == columns - 1) | (row == rows - 1), before + left, np.inf)
        at = int(np.argmin(closing))
        if closing[at] < ends[0]:
            ends = (float(closing[at]), row, at)
    _, row, at = ends
    way = []
    while True:
        way.append((row, int(starts[row]) + at))
        step = steps[row, at]
        if step == 3:
            break
        if step == 2:
            at -= 1
            continue
        move = int(starts[row] - starts[row - 1])
        row, at = row - 1, at + move - (1 if step == 0 else 0)
    return np.array(way[::-1], np.int64)


def _pairs(path: NDArray[np.int64], first: int, other_first: int) -> tuple[tuple[float, float], ...]:
    """Both rising: of steps that halt one of them, the middle counts."""
    rows = np.unique(path[:, 0])
    mean = _means(path, rows)
    smooth = np.convolve(np.pad(mean, 2, mode="reflect", reflect_type="odd"), np.full(5, 0.2), mode="valid")
    smooth = np.maximum.accumulate(smooth)
    every = max(1, round(EVERY_S * PER_SECOND))
    keep = np.unique(np.append(np.arange(0, len(rows), every), len(rows) - 1))
    found: list[tuple[float, float]] = []
    for at in keep:
        pair = (round((rows[at] + first) / PER_SECOND, 2), round((smooth[at] + other_first) / PER_SECOND, 2))
        if not found or pair[1] > found[-1][1]:
            found.append(pair)
    return tuple(found)


def _means(path: NDArray[np.int64], rows: NDArray[np.int64]) -> NDArray[np.float64]:
    sums = np.bincount(path[:, 0] - rows[0], path[:, 1])
    counts = np.bincount(path[:, 0] - rows[0])
    return np.asarray((sums / np.maximum(counts, 1))[rows - rows[0]])


def _score(one: Rows, other: Rows, path: NDArray[np.int64]) -> float:
    """How alike the pitches are along the way, less what halts and what is left out."""
    alike = np.sum(one[path[:, 0], :12] * other[path[:, 1], :12], axis=1)
    straight = float(np.mean(np.all(np.diff(path, axis=0) == 1, axis=1))) if len(path) > 1 else 0.0
    covered = min(1.0, (path[-1] - path[0] + 1).min() / min(len(one), len(other)))
    return round(float(np.clip(np.mean(alike) * (0.5 + 0.5 * straight) * np.sqrt(covered), 0.0, 1.0)), 3)
