"""Runs `hushbox process` in this process, on noise written into files of the current folder."""

import contextlib
import io
from pathlib import Path

import numpy as np
import soundfile

from firmware_app import cli

RNG = np.random.default_rng(11)
DRY = ("--bundle", "none")


def process(*args: object) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of `hushbox process …`."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = cli.main(["process", *map(str, args)])
    return code, out.getvalue(), err.getvalue()


def noise(frames: int = 12_345, channels: int = 1, peak: float = 0.9) -> np.ndarray:
    return RNG.uniform(-peak, peak, (frames, channels))


def write(name: str, sound: np.ndarray, rate_hz: int = 48_000, subtype: str = "PCM_16") -> Path:
    soundfile.write(name, sound, rate_hz, subtype=subtype)
    return Path(name)
