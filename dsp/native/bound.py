"""Binds the arrays of a class to its part in C. Every function returns None where NumPy is to do the work.

Called when a class is made or prepared, never while streaming. hop.h says what each array is for.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from dsp import native
from dsp.native import tables

if TYPE_CHECKING:
    from dsp.native._hop import (
        Bands,
        Biquads,
        Declick,
        Declip,
        Denoise,
        Fir,
        Hold,
        Late,
        LeakHead,
        LeakMusic,
        Learner,
        Meter,
        Past,
        Paths,
        Ring,
        Rumble,
        Sides,
        Stems,
        Stft,
        Transform,
        Wire,
    )

Array = NDArray[np.float32]
Spectrum = NDArray[np.complex64]
Exact = NDArray[np.float64]
Indices = NDArray[np.int32]


class Calls(Protocol):
    """Functions in C without a state of their own; _hop.pyi says what they take."""

    def limit(self, block: Array, ceiling: float, reduction: float, fall: float, loudest: float, /) -> float: ...
    def hold_under(self, wet: Array, input: Array, bound: float, rise: float, /) -> float: ...
    def take_answer(self, answer: Array, mask: Array, most: float, /) -> bool: ...
    def ramp(self, values: Array, start: float, step: float, done: int, /) -> None: ...
    def scale(self, block: Array, values: Array, /) -> None: ...
    def crossfade(self, wet: Array, dry: Array, share: Array, /) -> None: ...
    def pick(self, block: Array, columns: Indices, out: Array, /) -> None: ...
    def gather(self, block: Array, first: Indices, count: Indices, out: Array, /) -> None: ...
    def add_columns(self, sound: Array, columns: Indices, out: Array, mix: int, first: bool, /) -> None: ...
    def lean(self, values: Array, kept: float, last: float, /) -> float: ...
    def mend(self, block: Array, loudest: float, /) -> int: ...
    def compress(self, block: Array, key: Array, numbers: Exact, /) -> None: ...
    def shape_transients(self, block: Array, numbers: Exact, /) -> None: ...
    def automix(self, block: Array, numbers: Exact, /) -> None: ...
    def limit_true(
        self, block: Array, taps: Array, smooth: Exact, past: Array, needs: Exact, numbers: Exact, most_rise: float,
        loudest: float, /,
    ) -> None: ...  # fmt: skip
    def period_of(self, sound: Exact, first: int, like: Exact, clear: float, nearly: float, /) -> float: ...
    def pops_hear(self, block: Array, heard: Array, numbers: Exact, past: Exact, /) -> bool: ...


def calls() -> Calls | None:
    """The functions, or None."""
    return native.hop if native.in_use() else None


def transform(frames: int) -> Transform | None:
    """Of `frames` real values. One is shared by all who ask: its scratch holds nothing between two calls."""
    return _transform(frames) if native.in_use() else None


@lru_cache(maxsize=16)
def _transform(frames: int) -> Transform | None:
    passes = tables.radices(frames)
    if passes is None:
        return None
    scratch = np.zeros(2 * frames, np.float32)
    return native.hop.Transform(
        frames, len(passes), passes, tables.twiddles(frames, passes), tables.turns(frames), scratch
    )


def stft(
    hop_frames: int,
    analysis: Array,
    synthesis: Array,
    past: Array,
    spectrum: Spectrum,
    tail: Array,
    out: Array,
) -> Stft | None:
    """past: (channels, 2 * window); spectrum: (channels, bins); tail, out: a hop."""
    of_window = transform(len(analysis))
    if of_window is None or hop_frames % 2:
        return None
    return native.hop.Stft(len(past), hop_frames, of_window, analysis, synthesis, past, spectrum, tail, out)


def _bands(triangles: Array) -> Bands:
    count, bins = triangles.shape
    return native.hop.Bands(count, bins, *tables.bands(triangles))


def denoise(
    triangles: Array,
    delays_hops: tuple[int, ...],
    fine_delays_hops: tuple[int, ...],
    standstill: Spectrum,
    zoom: Spectrum,
    mid: Spectrum,
    power: Array,
    mean_power: Array,
    features: Array,
    still: Spectrum,
    history: Spectrum,
    past: Spectrum,
    low: Spectrum,
    level: Array,
    told_edges: Indices,
    told: Array,
) -> Denoise | None:
    """triangles: (high_bands, high_bins). zoom: (places, past_hops), oldest first, pairs around the middle conjugate.

    power: (channels, bins); history: (hops, channels, low_bins); past: (past_hops, channels, fine_bins).
    told: (channels, 2, bands of told_edges).
    """
    places, (past_hops, channels, fine_bins) = len(zoom), past.shape
    if not native.in_use() or places % 2 == 0 or places > 9 or fine_bins % 4:
        return None
    upper = zoom[places // 2 :]
    assert np.allclose(upper, zoom[places // 2 :: -1].conj(), atol=1e-6), "zoom: pairs of places are conjugate"
    return native.hop.Denoise(
        channels,
        power.shape[1],
        low.shape[1],
        len(delays_hops),
        len(history),
        fine_bins,
        len(fine_delays_hops),
        past_hops,
        places,
        len(standstill),
        _bands(triangles),
        np.array(delays_hops, np.int32),
        np.array(fine_delays_hops, np.int32),
        standstill,
        np.ascontiguousarray(upper.real),
        np.ascontiguousarray(upper[1:].imag),
        mid,
        power,
        mean_power,
        features,
        still,
        history,
        past,
        low,
        level,
        told_edges,
        told,
    )


def sides(first_bin: int, signs: Array, agreement: Exact, level: Exact, mid: Spectrum) -> Sides | None:
    """signs, agreement, level: a value a channel; mid: (low_bins,)."""
    if not native.in_use():
        return None
    return native.hop.Sides(len(signs), len(mid), first_bin, signs, agreement, level, mid)


def stems(triangles: Array, power: Array, features: Array, gains: Array) -> Stems | None:
    """triangles: (high_bands, high_bins); power: (channels, bins); gains: (stems, channels, bins)."""
    if not native.in_use():
        return None
    channels, bins = power.shape
    low_bins = bins - triangles.shape[1]
    bands = low_bins + len(triangles)
    in_bins, in_bands, shares = (np.zeros(size, np.float32) for size in (4 * bins, 4 * bands, bands))
    return native.hop.Stems(
        channels, bins, low_bins, len(gains) - 1, _bands(triangles), power, in_bins, in_bands, features, shares, gains
    )


def ring(frames: Array) -> Ring | None:
    """frames: (size, channels)."""
    if not native.in_use():
        return None
    size, channels = frames.shape
    return native.hop.Ring(size, channels, frames)


def past(twice: Array) -> Past | None:
    """twice: (channels, 2 * length); everything is kept twice."""
    if not native.in_use():
        return None
    return native.hop.Past(twice.shape[1] // 2, len(twice), twice)


def meter(sums: Exact) -> Meter | None:
    """sums: (channels, 2), peak and energy so far."""
    if not native.in_use():
        return None
    return native.hop.Meter(len(sums), sums)


def rumble(rules: Exact, levels: Exact, memory: Exact, state: Exact, sums: Array, rumble: Array) -> Rumble | None:
    """memory: (channels, 2, 2); state: (2, channels); sums: (channels,); rumble: a hop."""
    if not native.in_use():
        return None
    hop, channels = rumble.shape
    return native.hop.Rumble(channels, hop, rules, levels, memory, state, sums, rumble)


def hold(exact: Array, peaks: Array, share: Array) -> Hold | None:
    """exact: (2, hop, channels); share: (hop,)."""
    if not native.in_use():
        return None
    _, hop, channels = exact.shape
    return native.hop.Hold(channels, hop, len(peaks), exact, peaks, share)


def fir(past: Array, both_taps: Array, rise: Array, wet: Array) -> Fir | None:
    """past: (channels, length); both_taps: (2, taps); wet: the longest block."""
    if not native.in_use():
        return None
    (channels, length), most = past.shape, len(wet)
    return native.hop.Fir(channels, both_taps.shape[1], length, most, len(rise), past, both_taps, rise, wet)


def wire(sample_bytes: int, device_channels: int, columns: tuple[int, ...]) -> Wire | None:
    """Between the bytes of an interface and blocks; for hw.audio.samples, which takes it from whoever starts it.

    sample_bytes: 2 for S16_LE, 3 for S24_3LE, 4 for S32_LE. columns: of the device, counted from 0.
    """
    if not native.in_use():
        return None
    return native.hop.Wire(sample_bytes, device_channels, len(columns), np.array(columns, np.int32))


def biquads(now: Exact, target: Exact, left: Indices, passed: Indices, state: Exact) -> Biquads | None:
    """now, target: (sections, 5); left, passed: (sections,); state: (sections, channels, 2)."""
    if not native.in_use():
        return None
    sections, channels, _ = state.shape
    return native.hop.Biquads(sections, channels, now, target, left, passed, state)


def late(
    channels: int, edges: Indices, decay: Array, rules: Array, past: Array, level: Array, sums: Array,
    shares: Array, in_bands: Array, gains: Array, work: Array, told: Array,
) -> Late | None:  # fmt: skip
    """past: (hops, bins); sums: (decays, bins); shares: (decays, bands); in_bands: (2, bands); work: (2, bins)."""
    if not native.in_use():
        return None
    (hops, bins), (decays, bands) = past.shape, shares.shape
    return native.hop.Late(
        channels, bins, hops, decays, bands, edges, decay, rules, past, level, sums, shares, in_bands, gains,
        work, told,
    )  # fmt: skip


def declick(channels: int, *sizes_and_arrays: Any) -> Declick | None:
    """In the order of struct declick (hop.h); the part in C checks each."""
    return native.hop.Declick(channels, *sizes_and_arrays) if native.in_use() else None


def declip(channels: int, *sizes_and_arrays: Any) -> Declip | None:
    """As declick(), in the order of struct declip."""
    return native.hop.Declip(channels, *sizes_and_arrays) if native.in_use() else None


def paths(spectra: Spectrum, weights: Spectrum, whole: int, low: int) -> Paths | None:
    """Both (partitions, columns, bins); those from `whole` on have their first `low` bins only."""
    if not native.in_use():
        return None
    partitions, columns, bins = spectra.shape
    return native.hop.Paths(partitions, columns, bins, whole, low, spectra, weights)


def learner(sizes: tuple[int, int, int], spectra: Spectrum, *arrays: Any) -> Learner | None:
    """sizes: as of paths(), and bands. arrays: in the order of struct learner (hop.h); the part in C checks each."""
    partitions, columns, bins = spectra.shape
    transform_of = transform(2 * bins - 2)
    return transform_of and native.hop.Learner(partitions, columns, bins, *sizes, transform_of, spectra, *arrays)


def leak_head(step: int, spectra: Spectrum, *arrays: Any) -> LeakHead | None:
    """spectra: (partitions, columns, bins). arrays: in the order of struct leak_head."""
    partitions, columns, bins = spectra.shape
    transform_of = transform(2 * bins - 2)
    return transform_of and native.hop.LeakHead(partitions, columns, bins, step, transform_of, spectra, *arrays)


def leak_music(step: int, spectra: Spectrum, *arrays: Any) -> LeakMusic | None:
    """spectra: (partitions, columns, bins). arrays: in the order of struct leak_music."""
    partitions, columns, bins = spectra.shape
    transform_of = transform(2 * bins - 2)
    return transform_of and native.hop.LeakMusic(partitions, columns, bins, step, transform_of, spectra, *arrays)
