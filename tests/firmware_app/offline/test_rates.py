"""The vocal chain sounds the same on files, and so on interfaces, of 44.1, 48 and 96 kHz."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from dsp.block import RATE_HZ
from dsp.rack.build import build_chain
from firmware_app.offline.chain import process_file

ON = {
    "low_cut.on": 1.0, "plosives.on": 1.0, "gate.on": 1.0, "deess.on": 1.0, "eq.on": 1.0, "eq.presence.gain_db": 4.0,
    "compressor.on": 1.0, "compressor.threshold_db": -30.0, "transient.attack_db": 4.0, "declick.on": 1.0,
}  # fmt: skip


def sung(seconds: float) -> np.ndarray:
    """Notes with a beginning and an end, and partials up to 6 kHz. At 48 kHz."""
    time = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    partials = sum(np.sin(2 * np.pi * 220.0 * n * time + n * n) / n for n in range(1, 28))
    swell = np.clip(np.sin(2 * np.pi * 2.0 * time), 0.0, None)
    return (0.08 * partials * swell).astype(np.float32)


def processed(folder: Path, rate_hz: int, sound: np.ndarray) -> np.ndarray:
    """Written, processed and read at a rate; at 48 kHz again."""
    chain = build_chain(None, real_time=False)
    for id, value in ON.items():
        chain.set_param(id, value)
    source, target = folder / f"{rate_hz}.wav", folder / f"{rate_hz}-out.wav"
    soundfile.write(source, soxr.resample(sound, RATE_HZ, rate_hz), rate_hz, "FLOAT")
    process_file(chain, source, target)
    return soxr.resample(soundfile.read(target, dtype="float32")[0], soundfile.info(target).samplerate, RATE_HZ)


@pytest.mark.parametrize("rate_hz", [44_100, 96_000])
def test_every_rate_sounds_as_48_khz_does(tmp_path: Path, rate_hz: int) -> None:
    sound = sung(1.5)
    wanted, heard = processed(tmp_path, RATE_HZ, sound), processed(tmp_path, rate_hz, sound)
    inner = slice(RATE_HZ // 10, len(sound) - RATE_HZ // 10)
    off = np.square(wanted[inner] - heard[inner]).sum() / np.square(wanted[inner]).sum()
    assert 10.0 * np.log10(off) < -50.0
