"""What the benches of tone and level have in common: voices of ../shared/data (never of data/eval), a stage run over
them, loudness and true peak measured, and Debian's ffmpeg beside it (`apt-get install ffmpeg`)."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from bench.harm import si_sdr_db
from dsp.analysis.loudness import HOP_FRAMES, _impulse_response, gated
from dsp.block import RATE_HZ
from dsp.stage import Stage

DATA = Path(__file__).parents[2].parent / "shared" / "data"
PERIOD = 128
VOICES = (
    "singing/producerspace_etv_am_136_phrase_00", "singing/producerspace_etv_gm_136_phrase_00",
    "singing/producerspace_shv_ab_124_00", "fullband/kerstin_024", "fullband/nathalie_03", "fullband/philipp_00",
)  # fmt: skip

Sound = NDArray[np.float32]


def voices(seconds: float, limit: int | None = None) -> list[Sound]:
    """Sung and spoken, their peaks at -6 dBFS; short files are repeated."""
    return [peak(read(DATA / "voice" / f"{name}.opus", seconds), -6.0) for name in VOICES[:limit]]


def read(path: Path, seconds: float) -> Sound:
    """The first channel of a file of 48 kHz, repeated to this length."""
    if not path.exists():
        raise SystemExit(f"{path}: no such file; the data lies beside the clone as ../shared")
    sound, rate = soundfile.read(path, dtype="float32", always_2d=True)
    if rate != RATE_HZ:
        raise SystemExit(f"{path}: {rate} Hz: {RATE_HZ} is needed")
    return np.resize(sound[:, 0], round(seconds * RATE_HZ)).astype(np.float32)


def peak(sound: Sound, dbfs: float) -> Sound:
    louder: Sound = (sound * (10.0 ** (dbfs / 20.0) / max(float(np.abs(sound).max()), 1e-9))).astype(np.float32)
    return louder


def through(stage: Stage, sound: Sound, values: Mapping[str, float]) -> Sound:
    """`sound`, (frames,) or (frames, channels), through the stage with these settings, aligned with it."""
    rows = sound[:, None] if sound.ndim == 1 else sound
    stage.prepare(RATE_HZ, PERIOD, rows.shape[1])
    for name, value in values.items():
        stage.set_param(name, value)
    stage.reset()
    late = stage.latency_frames if stage.wanted else 0
    frames = -(-(len(rows) + late) // PERIOD) * PERIOD
    out = np.zeros((frames, rows.shape[1]), np.float32)
    out[: len(rows)] = rows
    for start in range(0, frames, PERIOD):
        stage.process(out[start : start + PERIOD])
    out = out[late : late + len(rows)]
    return out[:, 0] if sound.ndim == 1 else out


def ffmpeg(filters: str, sound: Sound) -> Sound | None:
    """Through Debian's ffmpeg; None where there is none."""
    if shutil.which("ffmpeg") is None:
        return None
    raw = ["-f", "f32le", "-ar", str(RATE_HZ), "-ac", "1"]
    command = ["ffmpeg", "-v", "error", *raw, "-i", "-", "-af", filters, *raw, "-"]
    out = np.frombuffer(subprocess.run(command, input=sound.tobytes(), capture_output=True, check=True).stdout, "<f4")
    return np.pad(out, (0, max(0, len(sound) - len(out))))[: len(sound)].astype(np.float32)


def hop_energies(sound: Sound) -> NDArray[np.float64]:
    """K-weighted mean square of each 100 ms."""
    size = len(sound) + 8192
    weighted = np.fft.irfft(np.fft.rfft(sound, size) * _weighting(size), size)
    whole = len(sound) // HOP_FRAMES * HOP_FRAMES
    energies: NDArray[np.float64] = np.square(weighted[:whole].reshape(-1, HOP_FRAMES)).mean(axis=1)
    return energies


@lru_cache(maxsize=4)
def _weighting(size: int) -> NDArray[np.complex128]:
    return np.fft.rfft(_impulse_response(), size)


def lufs(sound: Sound) -> float:
    return gated(hop_energies(sound))


def true_peak_db(sound: Sound, times: int = 8) -> float:
    """Of the sound with so many times as many samples, by its spectrum."""
    spectrum = np.fft.rfft(sound.astype(np.float64))
    wide = np.zeros(len(sound) * times // 2 + 1, np.complex128)
    wide[: len(spectrum)] = spectrum
    return float(20.0 * np.log10(np.abs(np.fft.irfft(wide, len(sound) * times)).max() * times))


def harm(clean: Sound, out: Sound) -> tuple[float, float]:
    """What a stage does to a clean voice: SI-SDR in dB, and the change of loudness in LU."""
    return si_sdr_db(out, clean), lufs(out) - lufs(clean)
