"""Harm to a clean voice: how much does the denoiser remove, at full amount, from a voice without noise?

    python -m bench.harm [--set FOLDER] [--bundle models_quantized/denoise-live] [--json]

Each NAME_clean.flac (or .wav) of a folder goes through the box's chain with `keep_room` at 1. Printed: SI-SDR; the
change in level of sibilants (20 ms frames in which 4 to 12 kHz stands out) in that band; and the change in level of
note ends and tails (frames that fall from a loud one), by how far they lie under the file's loudest frame.
"""

from __future__ import annotations

import argparse
import functools
import itertools
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from dsp.block import RATE_HZ
from dsp.rack.build import build_chain
from firmware_app.offline.chain import process_file

ROOT = Path(__file__).parent.parent
SET = ROOT.parent / "shared" / "data" / "eval" / "denoise"
AMOUNT = "denoise.amount_db"
FRAME = RATE_HZ // 50
SIBILANT_HZ = (4_000.0, 12_000.0)
TAIL_DEPTHS_DB = (-20.0, -30.0, -40.0, -50.0)
TAIL_FRAMES = 50
"""A tail lasts a second at most after a loud frame."""

Sound = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Harm:
    """Changes of level in dB; nan where the file has no such sound. tails_db: one for each range of TAIL_DEPTHS_DB."""

    name: str
    si_sdr_db: float
    sibilants_db: float
    tails_db: tuple[float, ...]


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="bench.harm", description=__doc__.splitlines()[0])
    parser.add_argument("--set", type=Path, default=SET, help="folder with NAME_clean.flac or .wav, 48 kHz")
    parser.add_argument("--bundle", type=Path, default=ROOT / "models_quantized" / "denoise-live")
    parser.add_argument("--runtime", default="auto")
    parser.add_argument("--limit", metavar="N", type=int, help="the first N files")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(argv)
    files = sorted(path for ending in ("flac", "wav") for path in options.set.glob(f"*_clean.{ending}"))[
        : options.limit
    ]
    if not files:
        print(
            f"bench.harm: no NAME_clean.flac or .wav in {options.set}: --set names a folder with some", file=sys.stderr
        )
        return 2
    harms = [of_file(options.bundle, options.runtime, path) for path in files]
    if options.json:
        print(json.dumps([asdict(harm) for harm in harms], indent=1))
    else:
        print(as_text(f"{options.bundle.name}, {options.runtime}", harms))
    return 0


def of_file(bundle: Path, runtime: str, path: Path) -> Harm:
    """The harm that the chain with `bundle` does to one file."""
    with tempfile.TemporaryDirectory(prefix="hushbox-harm-") as folder:
        target = Path(folder) / "out.flac"
        chain = build_chain(bundle, runtime, real_time=False)
        chain.set_param(AMOUNT, chain.params[AMOUNT].high)
        process_file(chain, path, target)
        read = functools.partial(soundfile.read, dtype="float32", always_2d=True)
        return compare(path.stem.removesuffix("_clean"), read(path)[0][:, 0], read(target)[0][:, 0])


def compare(name: str, clean: Sound, out: Sound) -> Harm:
    """clean, out: (frames,) at 48 kHz, aligned."""
    return Harm(name, si_sdr_db(out, clean), sibilants_db(clean, out), tails_db(clean, out))


def si_sdr_db(estimate: Sound, target: Sound) -> float:
    """Le Roux et al., "SDR: half-baked or well done?", ICASSP 2019."""
    x, s = (sound.astype(np.float64) - sound.mean() for sound in (estimate, target))
    wanted = (x @ s) / (s @ s + 1e-12) * s
    return _db(float(wanted @ wanted), float(np.square(x - wanted).sum()))


def sibilants_db(clean: Sound, out: Sound) -> float:
    """Level change between 4 and 12 kHz, over the frames of `clean` that are sibilants."""
    before, everything = _powers(clean, SIBILANT_HZ), _powers(clean, (50.0, RATE_HZ / 2))
    after = _powers(out, SIBILANT_HZ)
    sibilant = (before > 0.5 * everything) & (before > 1e-2 * before.max())
    return _db(float(after[sibilant].sum()), float(before[sibilant].sum())) if sibilant.any() else float("nan")


def tails_db(clean: Sound, out: Sound) -> tuple[float, ...]:
    """Median change of level of the frames in tails, by depth under the loudest frame of `clean`."""
    before, after = (_powers(sound, (50.0, RATE_HZ / 2)) for sound in (clean, out))
    level = 10 * np.log10(before / before.max() + 1e-12)
    change = 10 * np.log10((after + 1e-12) / (before + 1e-12))
    since_loud = np.arange(len(level)) - np.maximum.accumulate(np.where(level > -15.0, np.arange(len(level)), -10_000))
    falling = np.append(False, np.diff(level) < 0.0)
    tail = (since_loud > 0) & (since_loud <= TAIL_FRAMES) & falling
    found = []
    for high, low in itertools.pairwise(TAIL_DEPTHS_DB):
        inside = change[tail & (level <= high) & (level > low)]
        found.append(float(np.median(inside)) if len(inside) >= 3 else float("nan"))
    return tuple(found)


def _powers(sound: Sound, band_hz: tuple[float, float]) -> NDArray[np.float64]:
    """Power of each 20 ms frame within a band."""
    frames = sound[: len(sound) // FRAME * FRAME].reshape(-1, FRAME) * np.hanning(FRAME)
    low, high = (round(hz * FRAME / RATE_HZ) for hz in band_hz)
    powers: NDArray[np.float64] = np.square(np.abs(np.fft.rfft(frames, axis=1)[:, low:high])).sum(axis=1)
    return powers


def as_text(model: str, harms: list[Harm]) -> str:
    depths = [f"{high:.0f} to {low:.0f}" for high, low in itertools.pairwise(TAIL_DEPTHS_DB)]
    width = max(len(harm.name) for harm in harms)
    lines = [f"{model}: clean voice in, full amount; dB", f"{'':{width}}  SI-SDR  sibilants   tails at"]
    lines[1] += "".join(f"{depth:>11}" for depth in depths)
    rows: list[tuple[str, Sequence[float]]] = [
        (harm.name, (harm.si_sdr_db, harm.sibilants_db, *harm.tails_db)) for harm in harms
    ]
    table = np.array([figures for _, figures in rows])
    mean = np.array([np.nanmean(column) if np.isfinite(column).any() else np.nan for column in table.T])
    far = np.array(
        [np.nan if np.isnan(column).all() else max(column[~np.isnan(column)], key=abs) for column in table.T]
    )
    far[0] = table[:, 0].min()
    for name, figures in [*rows, ("mean", tuple(mean)), ("worst", tuple(far))]:
        tails = "".join(f"{figure:11.2f}" for figure in figures[2:])
        lines.append(f"{name:{width}}{figures[0]:8.2f}{figures[1]:11.2f}{'':11}{tails}")
    return "\n".join(lines)


def _db(power: float, reference: float) -> float:
    return float(10.0 * np.log10((power + 1e-12) / (reference + 1e-12)))


if __name__ == "__main__":
    sys.exit(main())
