"""Batches of spectra from worker processes, through shared memory.

A worker renders voices, targets and noises, takes their short-time spectra, then mixes each set several times with
shuffled noises and new levels: the transform is linear, so a second mix costs a fraction of the first.
"""

from __future__ import annotations

import functools
import multiprocessing
import os
import queue
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing import shared_memory
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dsp.denoise import features, fine
from dsp.layouts.denoise import LIVE, Layout
from dsp.parts.stft import analysis_window
from training.data.mixer import SEGMENT_FRAMES, Example, Mixer

MIXES_PER_RENDER = 3
POOL = 80  # batches
EXTRAS = 3  # per example: loss scale, top in Hz, sensitivity


@dataclass
class Batch:
    """Arrays (steps, batch, width) by name of part_widths, and (batch,) extras."""

    parts: dict[str, NDArray[np.float32]]
    scale: NDArray[np.float32]
    top_hz: NDArray[np.float32]
    sensitivity: NDArray[np.float32]

    def extras(self) -> tuple[NDArray[np.float32], ...]:
        return self.scale, self.top_hz, self.sensitivity


def steps_of(layout: Layout, frames: int = SEGMENT_FRAMES) -> int:
    """Whole windows in a segment."""
    return (frames - layout.window_frames) // layout.hop_frames + 1


def part_widths(layout: Layout) -> dict[str, int]:
    """Name and width of each array (steps, batch, width) in a batch."""
    low, high = 2 * layout.low_bins, layout.high_bands  # real | imaginary; band amplitude
    return {
        "features": layout.input_size,
        "noisy_low": low,
        "target_low": low,
        "noisy_high": high,
        "target_high": high,
    }


class _Tables(NamedTuple):
    """What spectra and features of one layout are computed with."""

    window: NDArray[np.float32]
    averages: NDArray[np.float32]
    standstill: NDArray[np.complex64]
    zoom: NDArray[np.complex64]


@functools.cache
def _tables(layout: Layout) -> _Tables:
    return _Tables(
        analysis_window(layout.window_frames, layout.synthesis_frames),
        np.ascontiguousarray(features.band_averages(layout).T),
        fine.standstill(layout),
        np.ascontiguousarray(fine.zoom(layout)[:, ::-1].T),
    )


def short_time_spectra(audio: NDArray[np.float32], layout: Layout) -> NDArray[np.complex64]:
    """(frames,) -> (steps, bins), as StreamingStft sees it."""
    frames = np.lib.stride_tricks.sliding_window_view(audio, layout.window_frames)[:: layout.hop_frames]
    return np.fft.rfft(frames * _tables(layout).window, axis=-1).astype(np.complex64, copy=False)


def spectra_of(
    example: Example, layout: Layout
) -> tuple[NDArray[np.complex64], NDArray[np.complex64], NDArray[np.complex64]]:
    """Of voice, target and noise."""
    voice = short_time_spectra(example.voice, layout)
    target = voice if example.target is example.voice else short_time_spectra(example.target, layout)
    return voice, target, short_time_spectra(example.noise, layout)


def compute_features(
    spectra: NDArray[np.complex64], keep_room: float, sensitivity: float, out: NDArray[np.float32], layout: Layout
) -> NDArray[np.float32]:
    """DenoiseFrontEnd.features for many frames.  spectra: (steps, bins), out: (steps, input_size) -> band power."""
    bins = layout.low_bins
    low = spectra[:, :bins]
    power = np.square(spectra.real) + np.square(spectra.imag)
    bands = np.concatenate((power[:, :bins], power[:, bins:] @ _tables(layout).averages), axis=1)
    floored = bands + np.float32(features.POWER_FLOOR)
    squeeze = np.power(floored[:, :bins], np.float32(features.COMPRESSION))
    first, second = layout.bands, layout.bands + bins
    out[:, :first] = _scaled_log(floored)
    out[:, first:second] = low.real * squeeze
    out[:, second : second + bins] = low.imag * squeeze
    out[:, layout.keep_room_at], out[:, layout.sensitivity_at] = keep_room, sensitivity
    out[:, layout.fine_at :] = _scaled_log(fine_power(low, layout) + np.float32(features.POWER_FLOOR))
    return bands


def _scaled_log(power: NDArray[np.float32]) -> NDArray[np.float32]:
    scaled: NDArray[np.float32] = (np.log10(power) + np.float32(features.LOG_OFFSET)) * np.float32(features.LOG_SCALE)
    return scaled


def fine_power(low: NDArray[np.complex64], layout: Layout) -> NDArray[np.float32]:
    """FineBins.look for many frames.  low: (steps, fine bins or more) -> (steps, places * fine bins)."""
    steps, bins, past = len(low), layout.fine.bins, layout.fine.past_hops
    still = np.zeros((steps + past - 1, bins), np.complex64)
    turns = np.resize(_tables(layout).standstill, (steps, bins))
    np.multiply(low[:, :bins], turns, out=still[past - 1 :])
    windows = np.lib.stride_tricks.sliding_window_view(still, past, axis=0)  # (steps, bins, past), oldest first
    places = windows.reshape(-1, past) @ _tables(layout).zoom
    power = np.square(places.real) + np.square(places.imag)
    return power.reshape(steps, bins, layout.fine.places).transpose(0, 2, 1).reshape(steps, -1)


def active_rms(audio: NDArray[np.float32]) -> float:
    """RMS of the loud frames only, so that pauses do not change the SNR."""
    power = np.mean(np.square(audio[: len(audio) // 1024 * 1024].reshape(-1, 1024)), axis=1)
    return float(np.sqrt(np.mean(power[power >= power.max() * 10**-3.5]) + 1e-12))


def mix_gains(example: Example, noise: NDArray[np.float32], snr_db: float, level_db: float) -> tuple[float, float]:
    """Linear gains of voice and noise; noise has unit RMS."""
    voice_gain = 0.0 if example.kind == "noise" else 1.0 / max(active_rms(example.voice), 1e-4)
    noise_gain = 0.0 if example.kind == "clean" else 10 ** (-snr_db / 20)
    peak = max(float(np.abs(example.voice).max()) * voice_gain, float(np.abs(noise).max()) * noise_gain * 0.7, 1e-6)
    level = 10 ** (level_db / 20) / peak
    return voice_gain * level, noise_gain * level


def fill(
    parts: dict[str, NDArray[np.float32]],
    extras: NDArray[np.float32],
    index: int,
    example: Example,
    spectra: tuple[NDArray[np.complex64], NDArray[np.complex64], NDArray[np.complex64]],
    gains: tuple[float, float],
    layout: Layout,
) -> None:
    """Mix one example into slot `index` of a batch.  spectra: voice, target, noise."""
    voice_gain, noise_gain = np.float32(gains[0]), np.float32(gains[1])
    noisy = spectra[0] * voice_gain + spectra[2] * noise_gain
    target = spectra[1] * voice_gain
    bands = compute_features(noisy, example.keep_room, example.sensitivity, parts["features"][:, index], layout)
    low = layout.low_bins
    parts["noisy_low"][:, index, :low], parts["noisy_low"][:, index, low:] = noisy[:, :low].real, noisy[:, :low].imag
    parts["target_low"][:, index, :low] = target[:, :low].real
    parts["target_low"][:, index, low:] = target[:, :low].imag
    parts["noisy_high"][:, index] = np.sqrt(bands[:, low:])
    high = target[:, low:]
    parts["target_high"][:, index] = np.sqrt((np.square(high.real) + np.square(high.imag)) @ _tables(layout).averages)
    # The loss compares spectra at a common level: unit RMS of the voice, or noise well below it.
    rms = max(
        float(voice_gain) * active_rms(example.voice),
        float(noise_gain) * (4.0 if example.kind == "noise" else 0.3),
        1e-5,
    )
    extras[0, index], extras[1, index], extras[2, index] = 1.0 / rms, example.top_hz, example.sensitivity


def _places(batch: int, layout: Layout) -> tuple[int, dict[str, tuple[int, int]]]:
    at, places, rows = 0, {}, steps_of(layout) * batch
    for name, width in part_widths(layout).items():
        places[name] = (at, rows * width)
        at += rows * width
    return at + EXTRAS * batch, places


def views(buffer: Any, batch: int, layout: Layout) -> tuple[dict[str, NDArray[np.float32]], NDArray[np.float32]]:
    """Arrays of one slot over its memory."""
    size, places = _places(batch, layout)
    flat = np.frombuffer(buffer, np.float32, size)
    parts = {name: flat[at : at + count].reshape(steps_of(layout), batch, -1) for name, (at, count) in places.items()}
    return parts, flat[size - EXTRAS * batch :].reshape(EXTRAS, batch)


def _next_free(free: Any, trainer: int) -> int | None:
    """A slot to fill, or None once the trainer is gone."""
    while os.getppid() == trainer:
        try:
            slot: int = free.get(timeout=2)
        except queue.Empty:
            continue
        return slot
    return None


def _work(names: list[str], batch: int, cache: Path, seed: int, layout: Layout, free: Any, ready: Any) -> None:
    os.nice(1)
    trainer = os.getppid()
    rng = np.random.default_rng(seed)
    mixer = Mixer(cache, "train", rng)
    slots = [shared_memory.SharedMemory(name) for name in names]
    while True:
        examples = [mixer.example() for _ in range(batch)]
        spectra = [spectra_of(example, layout) for example in examples]
        order = np.arange(batch)
        for turn in range(MIXES_PER_RENDER):
            slot = _next_free(free, trainer)
            if slot is None:
                return
            parts, extras = views(slots[slot].buf, batch, layout)
            for index, example in enumerate(examples):
                other = int(order[index])
                snr_db, level_db = (
                    (example.snr_db, example.level_db)
                    if turn == 0
                    else (mixer.draw_snr_db(examples[other].bleed), mixer.draw_level_db())
                )
                gains = mix_gains(example, examples[other].noise, snr_db, level_db)
                fill(parts, extras, index, example, (*spectra[index][:2], spectra[other][2]), gains, layout)
            del parts, extras
            ready.put(slot)
            order = np.roll(order, int(rng.integers(1, max(batch, 2))))


def several_times(batches: Iterator[Batch], passes: int, rng: np.random.Generator) -> Iterator[Batch]:
    """Each of `batches` as it comes, each followed by `passes` - 1 drawn from a pool of POOL earlier ones.

    Mixing takes a third of a step. A batch that is used again teaches as much as a new one, as long as the network
    scores as well on unknown sounds as on those it learnt from (training/TRIES.md).
    """
    pool: list[Batch] = []
    for batch in batches:
        if len(pool) < POOL:
            pool.append(batch)
        else:
            pool[int(rng.integers(POOL))] = batch
        yield batch
        for _ in range(passes - 1):
            yield pool[int(rng.integers(len(pool)))]


class Loader:
    """Iterate over batches for ever, each `passes` times. The caller may keep a batch.

    Raises RuntimeError where a worker has died.
    """

    def __init__(
        self,
        cache: Path,
        batch: int,
        workers: int = 1,
        slots: int = 4,
        seed: int = 0,
        passes: int = 1,
        layout: Layout = LIVE,
    ) -> None:
        context = multiprocessing.get_context("spawn")
        self.batch, self.passes, self.layout = batch, passes, layout
        self._rng = np.random.default_rng(seed)
        size = _places(batch, layout)[0] * 4
        self._slots = [shared_memory.SharedMemory(create=True, size=size) for _ in range(slots)]
        self._free, self._ready = context.Queue(), context.Queue()
        for slot in range(slots):
            self._free.put(slot)
        names = [slot.name for slot in self._slots]
        self._workers = [
            context.Process(
                target=_work, args=(names, batch, cache, seed * 1000 + n, layout, self._free, self._ready), daemon=True
            )
            for n in range(workers)
        ]
        for worker in self._workers:
            worker.start()

    def __iter__(self) -> Iterator[Batch]:
        return self._new() if self.passes == 1 else several_times(self._new(), self.passes, self._rng)

    def _new(self) -> Iterator[Batch]:
        while True:
            slot = self._next_ready()
            parts, extras = views(self._slots[slot].buf, self.batch, self.layout)
            # Copied, at a hundredth of a step: shared memory cannot be closed while there are views of it.
            batch = Batch({name: part.copy() for name, part in parts.items()}, *(row.copy() for row in extras))
            del parts, extras
            self._free.put(slot)
            yield batch

    def _next_ready(self) -> int:
        """A filled slot, however long a busy machine takes."""
        while True:
            try:
                slot: int = self._ready.get(timeout=5)
            except queue.Empty:
                if dead := [worker.name for worker in self._workers if not worker.is_alive()]:
                    raise RuntimeError(f"no more batches: {', '.join(dead)} has died, see above why") from None
                continue
            return slot

    def close(self) -> None:
        """Stop the workers and free the memory."""
        for worker in self._workers:
            worker.terminate()
            worker.join(5)
        for slot in self._slots:
            slot.close()
            slot.unlink()
