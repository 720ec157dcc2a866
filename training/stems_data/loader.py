"""Batches of mixes from a worker process, through shared memory.

A worker renders stems, takes their short-time spectra, then mixes each set several times with shuffled stems, new
levels and new colours: the transform is linear, so a second mix costs less than the first.
"""

from __future__ import annotations

import multiprocessing
import os
import queue
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing import shared_memory
from pathlib import Path
from typing import Any

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from dsp.layouts import stems as layout
from dsp.parts.stft import analysis_window
from dsp.stems import features
from training.stems_data.mixer import STEPS, Rng, StemsExample, StemsMixer, rms_of_loud_parts
from training.stems_loss import HOP, sound_matrix

MIXES_PER_RENDER = 4
LOW, BANDS = layout.LOW_BINS, layout.BANDS
PARTS: dict[str, tuple[int, ...]] = {  # shapes of each array after (STEPS, batch)
    "features": (layout.INPUT_SIZE,),
    "mix_low": (2, 2 * LOW),  # channel, real | imaginary
    "stems_sound": (4, 2, HOP),
    "mix_power": (2, BANDS),
    "stems_root": (4, 2, BANDS),  # fourth root of power
}
ABSENT_SHARE = (0.2, 0.15, 0.17, 0.1)
LEVEL_DB, LEVEL_SPREAD_DB = (0.0, 0.5, 1.0, 0.5), 4.0
Spectra = NDArray[np.complex64]

_WINDOW = analysis_window(layout.WINDOW_FRAMES, layout.SYNTHESIS_FRAMES)
_AVERAGES = np.ascontiguousarray(features.band_averages().T)


@dataclass
class StemsBatch:
    """Arrays (STEPS, batch, ...) by name of PARTS, and trust (batch, 4)."""

    parts: dict[str, NDArray[np.float32]]
    trust: NDArray[np.float32]


def short_time_spectra(sound: NDArray[np.float32]) -> Spectra:
    """(frames, 2) -> (2, steps, BINS), as StreamingStft sees it."""
    planar = np.ascontiguousarray(sound.T)
    frames = np.lib.stride_tricks.sliding_window_view(planar, layout.WINDOW_FRAMES, axis=1)[:, :: layout.HOP_FRAMES]
    spectra: Spectra = scipy.fft.rfft(frames * _WINDOW, axis=-1)
    return spectra


def to_bands(power: NDArray[np.float32]) -> NDArray[np.float32]:
    """(..., BINS) -> mean power of each band (..., BANDS)."""
    return np.concatenate((power[..., :LOW], power[..., LOW:] @ _AVERAGES), axis=-1)


def running_level(power: NDArray[np.float32]) -> NDArray[np.float32]:
    """StemsFrontEnd's level.  power: (steps,) mean over bins and channels, from the stream's start."""
    level, out = 0.0, np.empty(len(power), np.float32)
    for step, value in enumerate(power):
        level += (float(value) - level) / min(step + 1.0, features.LEVEL_HOPS)
        out[step] = level
    return out


def compute_features(spectra: Spectra, out: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """StemsFrontEnd.features for many frames.  spectra: (2, steps, BINS); out: (steps, INPUT_SIZE).

    Returns the band powers of both channels, each (steps, BANDS).
    """
    left, right = spectra
    powers = np.square(spectra.real) + np.square(spectra.imag)
    cross = left.real * right.real + left.imag * right.imag
    bands_left, bands_right, coherent = to_bands(np.stack((powers[0], powers[1], cross)))
    mean = (bands_left + bands_right) * np.float32(0.5)
    level = running_level(powers.mean(axis=(0, 2)))
    out[:, :BANDS] = np.log10(mean / (level[:, None] + features.POWER_FLOOR) + features.RELATIVE_FLOOR)
    out[:, :BANDS] += features.LOG_OFFSET
    out[:, :BANDS] *= features.LOG_SCALE
    safe = mean + features.POWER_FLOOR
    out[:, BANDS : 2 * BANDS] = (bands_left - bands_right) * np.float32(0.5) / safe
    out[:, 2 * BANDS :] = coherent / safe
    return bands_left, bands_right


def random_colour(rng: Rng, depth_db: float) -> NDArray[np.float32]:
    """A smooth equaliser curve over the bins, linear gain."""
    knots_hz = np.geomspace(40, 20_000, 8)
    gains_db = rng.normal(0, depth_db, len(knots_hz))
    hz = np.maximum(np.arange(layout.BINS) * 48_000 / layout.WINDOW_FRAMES, 20.0)
    return (10 ** (np.interp(np.log(hz), np.log(knots_hz), gains_db) / 20)).astype(np.float32)


def draw_gains(rng: Rng, loudness: NDArray[np.float64], together: bool) -> NDArray[np.float32]:
    """Linear gain of each stem.  loudness: RMS of the stems."""
    if together:
        return (10 ** (rng.normal(0, 2.5, 4) / 20) * 0.1 / max(float(loudness.max()), 1e-3)).astype(np.float32)
    gains = 0.1 / np.maximum(loudness, 2e-3) * 10 ** (rng.normal(LEVEL_DB, LEVEL_SPREAD_DB) / 20)
    gains[rng.random(4) < ABSENT_SHARE] = 0.0
    if not gains.any():
        gains[int(rng.integers(4))] = 1.0
    return gains.astype(np.float32)


def fill(parts: dict[str, NDArray[np.float32]], index: int, stems: NDArray[np.complex64]) -> None:
    """Mix one example into slot `index` of a batch.  stems: (4, 2, steps, BINS)."""
    mix: Spectra = stems.sum(axis=0)
    left, right = compute_features(mix, parts["features"][:, index])
    parts["mix_power"][:, index, 0], parts["mix_power"][:, index, 1] = left, right
    parts["mix_low"][:, index, :, :LOW] = mix[..., :LOW].real.transpose(1, 0, 2)
    parts["mix_low"][:, index, :, LOW:] = mix[..., :LOW].imag.transpose(1, 0, 2)
    power = to_bands(np.square(stems.real) + np.square(stems.imag))
    parts["stems_root"][:, index] = np.sqrt(np.sqrt(power)).transpose(2, 0, 1, 3)
    low = stems[..., :LOW]
    pieces = np.concatenate((low.real, low.imag), axis=-1) @ sound_matrix().numpy()
    sound = parts["stems_sound"][:, index]
    sound[0] = 0.0
    sound[1:] = (pieces[:, :, 1:, :HOP] + pieces[:, :, :-1, HOP:]).transpose(2, 0, 1, 3)


def mixed(
    rng: Rng, examples: list[StemsExample], loudness: list[list[float]], spectra: list[Spectra], index: int, turn: int
) -> Spectra:
    """The stems of one mix with levels and colours. Stems that do not belong together come from several examples."""
    together = examples[index].together
    strangers = [n for n, example in enumerate(examples) if not example.together]
    chosen = [index] * 4
    if not together and turn > 0:
        place = strangers.index(index)
        chosen = [strangers[(place + turn * (stem + 1)) % len(strangers)] for stem in range(4)]
    gains = draw_gains(rng, np.array([loudness[chosen[stem]][stem] for stem in range(4)]), together)
    depth = 1.5 if together else 3.0
    out = np.empty_like(spectra[index])
    for stem in range(4):
        curve = np.repeat(random_colour(rng, depth) * gains[stem], 2)  # real and imaginary parts alike
        np.multiply(spectra[chosen[stem]][stem].view(np.float32), curve, out=out[stem].view(np.float32))
    return out


def _layout(batch: int) -> tuple[int, dict[str, tuple[int, tuple[int, ...]]]]:
    at, places = 0, {}
    for name, shape in PARTS.items():
        full = (STEPS, batch, *shape)
        places[name] = (at, full)
        at += int(np.prod(full))
    return at + 4 * batch, places


def views(buffer: Any, batch: int) -> tuple[dict[str, NDArray[np.float32]], NDArray[np.float32]]:
    """Arrays of one slot over its memory."""
    size, places = _layout(batch)
    flat = np.frombuffer(buffer, np.float32, size)
    parts = {name: flat[at : at + int(np.prod(shape))].reshape(shape) for name, (at, shape) in places.items()}
    return parts, flat[size - 4 * batch :].reshape(batch, 4)


def render(mixer: StemsMixer, batch: int) -> tuple[list[StemsExample], list[list[float]], list[Spectra]]:
    """Examples, loudness of their stems, and their spectra, each (4, 2, steps, BINS)."""
    examples = [mixer.example() for _ in range(batch)]
    loudness = [[rms_of_loud_parts(sound) for sound in example.sounds] for example in examples]
    spectra = [np.stack([short_time_spectra(sound) for sound in example.sounds]) for example in examples]
    return examples, loudness, spectra


def _work(
    slots_by_name: list[str], batch: int, cache: Path, with_held_out_song: bool, seed: int, free: Any, ready: Any
) -> None:
    trainer = os.getppid()
    rng = np.random.default_rng(seed)
    mixer = StemsMixer(cache, "train", rng, with_held_out_song)
    slots = [shared_memory.SharedMemory(name) for name in slots_by_name]
    while True:
        examples, loudness, spectra = render(mixer, batch)
        for turn in range(MIXES_PER_RENDER):
            slot = _next_free(free, trainer)
            if slot is None:
                return
            parts, trust = views(slots[slot].buf, batch)
            for index, example in enumerate(examples):
                fill(parts, index, mixed(rng, examples, loudness, spectra, index, turn))
                trust[index] = example.trust
            del parts, trust
            ready.put(slot)


def _next_free(free: Any, trainer: int) -> int | None:
    """A slot to fill, or None once the trainer is gone."""
    while os.getppid() == trainer:
        try:
            slot: int = free.get(timeout=2)
        except queue.Empty:
            continue
        return slot
    return None


class StemsLoader:
    """Iterate over batches for ever. A batch's arrays are valid until the next one is asked for."""

    def __init__(
        self,
        cache: Path,
        batch: int,
        workers: int = 1,
        slots: int = 3,
        seed: int = 0,
        with_held_out_song: bool = False,
    ) -> None:
        context = multiprocessing.get_context("spawn")
        self.batch = batch
        self._slots = [shared_memory.SharedMemory(create=True, size=_layout(batch)[0] * 4) for _ in range(slots)]
        self._free, self._ready = context.Queue(), context.Queue()
        for slot in range(slots):
            self._free.put(slot)
        names = [slot.name for slot in self._slots]
        self._workers = [
            context.Process(
                target=_work,
                args=(names, batch, cache, with_held_out_song, seed * 1000 + n, self._free, self._ready),
                daemon=True,
            )
            for n in range(workers)
        ]
        for worker in self._workers:
            worker.start()

    def __iter__(self) -> Iterator[StemsBatch]:
        while True:
            slot = self._ready.get(timeout=600)
            parts, trust = views(self._slots[slot].buf, self.batch)
            yield StemsBatch(parts, trust.copy())
            del parts, trust
            self._free.put(slot)

    def close(self) -> None:
        """Stop the workers and free the memory."""
        for worker in self._workers:
            worker.terminate()
            worker.join(5)
        for slot in self._slots:
            slot.unlink()
