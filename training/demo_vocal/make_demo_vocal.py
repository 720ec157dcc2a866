"""Make firmware_app/assets/demo_vocal.flac: `python -m training.demo_vocal.make_demo_vocal`.

A sung phrase in a room with a fan, a humming cable and a street outside, 8 dB below the voice; mono, 48 kHz, 12.8 s,
a seamless loop. Wholly synthetic and the same on every run: see voice.py and score.py.
"""

import argparse
from pathlib import Path

import numpy as np
import soundfile

from training.demo_vocal.voice import FRAMES, RATE_HZ, Signal, sing

ASSET = Path(__file__).parents[2] / "firmware_app" / "assets" / "demo_vocal.flac"
SNR_DB = 8.0
PEAK = 0.5
SEED = 20_240_501


def demo_vocal() -> tuple[Signal, Signal]:
    """(noisy, clean), FRAMES samples each, on the same scale."""
    rng = np.random.default_rng(SEED)
    voice = sing(rng)
    noise = _fan(rng) + 0.35 * _hum() + 0.5 * _street(rng)
    noise *= _rms_while_sounding(voice) / np.sqrt(np.mean(noise**2)) / 10 ** (SNR_DB / 20)
    noisy = voice + noise
    scale = PEAK / np.abs(noisy).max()
    return noisy * scale, voice * scale


def _rms_while_sounding(voice: Signal) -> float:
    power = (voice**2).reshape(-1, 480).mean(1)
    return float(np.sqrt(power[power > 0.01 * power.max()].mean()))


def _coloured(rng: np.random.Generator, gain_of_hz: Signal) -> Signal:
    """Circular noise with the given magnitude per bin, RMS 1."""
    bins = FRAMES // 2 + 1
    spectrum = (rng.standard_normal(bins) + 1j * rng.standard_normal(bins)) * gain_of_hz
    spectrum[0] = spectrum[-1] = 0
    noise = np.fft.irfft(spectrum, FRAMES)
    return noise / np.sqrt(np.mean(noise**2))


def _fan(rng: np.random.Generator) -> Signal:
    """Air: falling from 200 Hz on, and the tone of its blades. RMS about 1."""
    f_hz = np.fft.rfftfreq(FRAMES, 1 / RATE_HZ)
    air = _coloured(rng, (f_hz > 30) / (1 + (f_hz / 250) ** 1.35) / np.sqrt(1 + (f_hz / 9000) ** 4))
    turn = 2 * np.pi * np.arange(FRAMES) / FRAMES
    blades = sum(
        level * np.sin(multiple * (1820 * turn + 0.8 * np.sin(3 * turn)) + multiple)  # 142 Hz, hunting a little
        for multiple, level in ((1, 0.30), (2, 0.16), (3, 0.08), (4, 0.05))
    )
    return air * (1 + 0.12 * np.sin(7 * turn)) + blades


def _hum() -> Signal:
    """Mains at 50 Hz: strong odd harmonics up to 1.5 kHz. RMS about 1."""
    cycles = round(50 * FRAMES / RATE_HZ)
    turn = 2 * np.pi * cycles * np.arange(FRAMES) / FRAMES
    return np.sum([np.sin(k * turn + k * k) * (1.0 if k % 2 else 0.35) / k**0.8 for k in range(1, 31)], axis=0)


def _street(rng: np.random.Generator) -> Signal:
    """Rumble, and one car that passes."""
    f_hz = np.fft.rfftfreq(FRAMES, 1 / RATE_HZ)
    rumble = _coloured(rng, (f_hz > 20) / (1 + (f_hz / 70) ** 2))
    tyres = _coloured(rng, np.exp(-((np.log2(np.maximum(f_hz, 1) / 500) / 1.3) ** 2)) / np.sqrt(np.maximum(f_hz, 1)))
    at_s = np.arange(FRAMES) / RATE_HZ
    passing = np.exp(-(((at_s - 7.0) / 1.5) ** 2))
    return rumble + 1.2 * passing * tyres


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=ASSET)
    parser.add_argument("--clean", type=Path, help="also write the voice alone, to listen to")
    args = parser.parse_args()
    noisy, clean = demo_vocal()
    soundfile.write(args.out, noisy, RATE_HZ, subtype="PCM_16", compression_level=1.0)
    if args.clean:
        soundfile.write(args.clean, clean, RATE_HZ, subtype="PCM_16")
    print(f"{args.out}: {args.out.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
