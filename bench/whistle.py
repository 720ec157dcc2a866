"""A whistled melody in the denoisers: how much of it is left, by pitch and by the player's settings?

    python -m bench.whistle [--bundle models_quantized/denoise-live] [--breath -25] [--room -50]

The whistling is synthetic: notes from 800 to 3500 Hz with vibrato, their octave 30 dB softer, breath noise around the
pitch and a quiet room. Printed for each bundle: the change in level of each note, for each `sensitivity` at full
amount, then at sensitivity 0 with smaller amounts. No network was trained on whistling. It asserts nothing;
tests/models does.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.stereo import play
from dsp.block import RATE_HZ
from dsp.inference.bundle import Bundle, list_bundles
from dsp.rack.build import build_chain

MODELS = Path(__file__).parent.parent / "models_quantized"
PITCHES_HZ = (800.0, 1200.0, 1800.0, 2500.0, 3500.0)
NOTE_S, GAP_S, LEAD_S = 0.7, 0.1, 0.5
LEVEL = 0.05  # RMS of a note
SENSITIVITIES = (-1.0, 0.0, 1.0)
AMOUNTS_DB = (24.0, 12.0, 6.0)
FULL_DB = 40.0
Sound = NDArray[np.float64]


def whistle(breath_db: float = -25.0, room_db: float = -50.0) -> tuple[Sound, list[slice]]:
    """A whistled melody, (frames,), and the place of each note in it."""
    rng = np.random.default_rng(7)
    time = np.arange(round(NOTE_S * RATE_HZ)) / RATE_HZ
    shape = np.minimum(1.0, np.minimum(time, time[::-1]) / 0.04)
    parts, notes = [np.zeros(round(LEAD_S * RATE_HZ))], []
    for hz in PITCHES_HZ:
        pitch = hz * (1.0 + 0.012 * np.sin(2 * np.pi * 5.5 * time) * np.minimum(1.0, time / 0.2))
        phase = 2 * np.pi * np.cumsum(pitch) / RATE_HZ
        tone = np.sqrt(2.0) * (np.sin(phase) + 10 ** (-30 / 20) * np.sin(2 * phase))
        breath = _around(rng.normal(size=len(time)), hz) * 10 ** (breath_db / 20)
        at = sum(len(part) for part in parts)
        notes.append(slice(at, at + len(time)))
        parts += [LEVEL * shape * (tone + breath), np.zeros(round(GAP_S * RATE_HZ))]
    parts.append(np.zeros(RATE_HZ // 4))
    sound = np.concatenate(parts)
    return sound + LEVEL * 10 ** (room_db / 20) * rng.normal(size=len(sound)), notes


def _around(noise: Sound, hz: float) -> Sound:
    """Noise of half an octave to each side, RMS 1."""
    f = np.fft.rfftfreq(len(noise), 1 / RATE_HZ)
    found = np.fft.irfft(np.fft.rfft(noise) * ((f > hz / 1.4) & (f < hz * 1.4)), len(noise))
    return np.asarray(found / np.sqrt(np.mean(np.square(found))))


def kept_of(bundle: Path, sound: Sound, notes: list[slice], **values: float) -> list[float]:
    """The change in level of each note. values: those of the denoiser's parameters."""
    chain = build_chain(bundle, real_time=False)
    for name, value in values.items():
        chain.set_param(f"denoise.{name}", value)
    out = play(chain, sound[:, None])[:, 0]
    return [float(10 * np.log10(np.square(out[note]).sum() / np.square(sound[note]).sum())) for note in notes]


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="bench.whistle", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--bundle", type=Path, help="one folder; all that are shipped without")
    parser.add_argument("--breath", type=float, default=-25.0, help="dB, against the tone")
    parser.add_argument("--room", type=float, default=-50.0, help="dB, against the tone")
    options = parser.parse_args(argv)
    shipped = [folder for folder in list_bundles(MODELS) if Bundle.load(folder).kind.startswith("denoise")]
    sound, notes = whistle(options.breath, options.room)
    print(f"Level of each note, dB{'':21}" + "".join(f"{hz:7.0f}" for hz in PITCHES_HZ) + " Hz")
    for folder in [options.bundle] if options.bundle else shipped:
        rows = [("sensitivity", value, {"sensitivity": value, "amount_db": FULL_DB}) for value in SENSITIVITIES]
        rows += [("amount_db", value, {"amount_db": value}) for value in AMOUNTS_DB]
        for name, value, values in rows:
            levels = kept_of(folder, sound, notes, **values)
            print(f"{folder.name:18}{name:>13}{value:6.0f}      " + "".join(f"{db:7.1f}" for db in levels), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
