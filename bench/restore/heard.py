"""What the benches of gate, breath, de-esser and de-reverb hear: voices, noises and rooms of ../shared/data (never of
data/eval), a stage run over them, and Debian's ffmpeg beside it (`apt-get install ffmpeg`)."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from bench.harm import si_sdr_db
from dsp.analysis.loudness import HOP_FRAMES, Loudness
from dsp.block import RATE_HZ
from dsp.denoise.live import Denoise
from dsp.inference import open_model
from dsp.inference.bundle import Bundle
from dsp.parts.voice_sense import VoiceSense
from dsp.stage import Stage

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"
BUNDLE = ROOT / "models_quantized" / "denoise-live"
PERIOD = 128
SUNG = (
    "singing/producerspace_etv_am_136_phrase_00", "singing/producerspace_etv_ebj_136_adlib_00",
    "singing/producerspace_etv_gm_136_phrase_00", "singing/producerspace_shv_ab_124_00", "fullband/vocobox_00",
)  # fmt: skip
SPOKEN = ("fullband/kerstin_024", "fullband/kerstin_028", "fullband/nathalie_03", "fullband/philipp_00")

Sound = NDArray[np.float32]


def voice(name: str, seconds: float = 8.0) -> Sound:
    """A clean voice, its peak at -6 dBFS. A name whose file is not there gives way to the next of its kind."""
    kind, _, stem = name.partition("/")
    files = sorted((DATA / "voice" / kind).glob(f"{stem}*")) or sorted(
        (DATA / "voice" / kind).glob(f"{stem.rsplit('_', 1)[0]}*")
    )
    if not files:
        raise SystemExit(f"{DATA / 'voice' / name}: no such voice; the data lies beside the clone as ../shared")
    return peak(_read(files[0])[: round(seconds * RATE_HZ)], -6.0)


def noise(name: str, frames: int) -> Sound:
    """name: the start of a file's name under noise/. Repeated to `frames`."""
    sound = _read(sorted((DATA / "noise").glob(f"{name}*"))[0])
    return np.resize(sound, frames).astype(np.float32)


def room(name: str) -> tuple[Sound, Sound]:
    """An impulse response of unit energy in two parts: direct sound and 50 ms after it; and what comes later."""
    response = _read(DATA / "rooms" / f"{name}.flac")
    response = response / np.sqrt(np.square(response).sum())
    early, late = response.copy(), response.copy()
    turn = int(np.argmax(np.abs(response))) + round(0.05 * RATE_HZ)
    early[turn:], late[:turn] = 0.0, 0.0
    return early, late


def convolved(sound: Sound, response: Sound) -> Sound:
    size = 1 << (len(sound) + len(response)).bit_length()
    out = np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(response, size), size)
    return out[: len(sound)].astype(np.float32)


def peak(sound: Sound, dbfs: float) -> Sound:
    return (sound * (10.0 ** (dbfs / 20.0) / max(float(np.abs(sound).max()), 1e-9))).astype(np.float32)


def through(stage: Stage, sound: Sound, *, model: bool = False, values: dict[str, float] | None = None, **on: float) -> Sound:
    """`sound` through the stage, aligned with it. on: its parameters, the dot written __. model: behind the live
    denoiser, whose own parameters are `values`; a stage that hears a VoiceSense then needs one that `told` has made.
    """
    chain = [told(stage)] if model else []
    for denoiser in chain:
        for param_id, value in (values or {}).items():
            denoiser.set_param(param_id, value)
        denoiser.prepare(RATE_HZ, PERIOD, 1)
        denoiser.reset()
    for param_id, value in on.items():
        stage.set_param(param_id.replace("__", "."), value)
    stage.prepare(RATE_HZ, PERIOD, 1)
    stage.reset()
    late = stage.latency_frames * stage.wanted + sum(each.latency_frames for each in chain)
    frames = -(-(len(sound) + late) // PERIOD) * PERIOD
    out = np.zeros((frames, 1), np.float32)
    out[: len(sound), 0] = sound
    for start in range(0, frames, PERIOD):
        block = out[start : start + PERIOD]
        for denoiser in chain:
            denoiser.process(block)
        if stage.at_work:
            stage.process(block)
    return out[late : late + len(sound), 0]


def told(stage: Stage) -> Denoise:
    """The live denoiser that tells the stage's VoiceSense."""
    sense: VoiceSense = stage._voice  # type: ignore[attr-defined]
    bundle = Bundle.load(BUNDLE)
    return Denoise(bundle, open_model(bundle), voice=sense, real_time=False)


def ffmpeg(filters: str, sound: Sound) -> Sound | None:
    """Through Debian's ffmpeg; None where there is none."""
    if shutil.which("ffmpeg") is None:
        return None
    raw = ["-f", "f32le", "-ar", str(RATE_HZ), "-ac", "1"]
    command = ["ffmpeg", "-v", "error", *raw, "-i", "-", "-af", filters, *raw, "-"]
    out = np.frombuffer(subprocess.run(command, input=sound.tobytes(), capture_output=True, check=True).stdout, "<f4")
    return np.resize(out, len(sound)).astype(np.float32) if len(out) >= len(sound) else np.pad(out, (0, len(sound) - len(out)))


def harm(clean: Sound, out: Sound) -> tuple[float, float]:
    """What a stage does to a clean voice: SI-SDR in dB, and the change of loudness in LU."""
    return si_sdr_db(out, clean), _lufs(out) - _lufs(clean)


def _lufs(sound: Sound) -> float:
    meter = Loudness(1, len(sound) / RATE_HZ)
    for start in range(0, len(sound) - HOP_FRAMES + 1, HOP_FRAMES):
        meter.add(sound[start : start + HOP_FRAMES, None])
    return meter.lufs


def level_db(sound: Sound) -> float:
    return float(10.0 * np.log10(np.square(sound, dtype=np.float64).mean() + 1e-15))


def _read(path: Path) -> Sound:
    sound, rate = soundfile.read(path, dtype="float32", always_2d=True)
    if rate != RATE_HZ:
        raise SystemExit(f"{path}: {rate} Hz: {RATE_HZ} is needed")
    return np.ascontiguousarray(sound[:, 0])
