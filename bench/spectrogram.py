"""Spectrograms side by side, for the pictures in docs. Needs matplotlib (requirements/bench.sh)."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dsp.block import RATE_HZ

WINDOW, STEP = 2048, 512
TOP_KHZ = 16.0


def panels(rows: int, columns: int, height: float) -> tuple[Any, NDArray[Any]]:
    """A figure `height` inches high and its axes (rows, columns); time runs along the last row."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(
        rows, columns, figsize=(10, height), sharex=True, sharey=True, layout="constrained", squeeze=False
    )
    for panel in axes[-1]:
        panel.set_xlabel("seconds")
    return figure, axes


def show(panel: Any, sound: NDArray[np.float32]) -> None:
    """Draw a mono sound at the box's rate."""
    extent = (0.0, len(sound) / RATE_HZ, 0.0, RATE_HZ / 2000)
    panel.imshow(level_db(sound), origin="lower", aspect="auto", extent=extent, vmin=-90, vmax=0)
    panel.set_ylim(0.0, TOP_KHZ)


def save(figure: Any, out: Path) -> None:
    """Save as a PNG with few colours."""
    from PIL import Image

    out.parent.mkdir(parents=True, exist_ok=True)
    picture = io.BytesIO()
    figure.savefig(picture, dpi=80)
    Image.open(picture).convert("RGB").quantize(48, dither=Image.Dither.NONE).save(out, optimize=True)


def level_db(sound: NDArray[np.float32]) -> NDArray[np.float64]:
    """(bins, frames), 0 dB for a full-scale sine."""
    frames = np.lib.stride_tricks.sliding_window_view(sound, WINDOW)[::STEP] * np.hanning(WINDOW)
    level: NDArray[np.float64] = 20 * np.log10(np.abs(np.fft.rfft(frames, axis=1)).T * 4 / WINDOW + 1e-9)
    return level
