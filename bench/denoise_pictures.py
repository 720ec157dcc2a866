"""Spectrograms before and after, as a picture for docs.

    requirements/bench.sh -m bench.denoise_pictures [--set FOLDER]

Each row is one case: as recorded, denoised at full amount by the box's chain, and the clean voice.
"""

from __future__ import annotations

import argparse
import io
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from bench.denoise_systems import ROOT, SHIPPED, run_bundle
from dsp.block import RATE_HZ

SET = ROOT.parent / "shared" / "data" / "eval" / "denoise"
CASES = {
    "10_sing_pjs077_hiss_00dB": "sung, hiss, 0 dB",
    "03_sing_pjs077_cafe_05dB": "sung, cafe, 5 dB",
    "04_speech_pjs0_hum_05dB": "spoken, hum, 5 dB",
}
WINDOW, STEP = 2048, 512
SECONDS = 6.0


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="bench.denoise_pictures", description=__doc__.splitlines()[0])
    parser.add_argument("--set", type=Path, default=SET)
    parser.add_argument("--bundle", type=Path, default=SHIPPED / "denoise-live")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images" / "denoise.png")
    options = parser.parse_args(argv)
    missing = [name for name in CASES if not (options.set / f"{name}_noisy.flac").is_file()]
    if missing:
        print(f"bench.denoise_pictures: {options.set} lacks {', '.join(missing)}: --set FOLDER", file=sys.stderr)
        return 2
    draw(options.set, options.bundle, options.out)
    return 0


def draw(folder: Path, bundle: Path, out: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot
    from PIL import Image

    figure, axes = pyplot.subplots(len(CASES), 3, figsize=(10, 7), sharex=True, sharey=True, layout="constrained")
    with tempfile.TemporaryDirectory(prefix="hushbox-pictures-") as temporary:
        for row, (name, words) in zip(axes, CASES.items(), strict=True):
            noisy, denoised = folder / f"{name}_noisy.flac", Path(temporary) / "denoised.flac"
            run_bundle(bundle, "auto", noisy, denoised)
            row[0].set_ylabel(f"{words}\nkHz")
            for panel, path in zip(row, (noisy, denoised, folder / f"{name}_clean.flac"), strict=True):
                sound = soundfile.read(path, dtype="float32")[0][: int(SECONDS * RATE_HZ)]
                extent = (0.0, len(sound) / RATE_HZ, 0.0, RATE_HZ / 2000)
                panel.imshow(level_db(sound), origin="lower", aspect="auto", extent=extent, vmin=-90, vmax=0)
                panel.set_ylim(0.0, 16.0)
    for panel, title in zip(axes[0], ("as recorded", bundle.name, "the voice alone"), strict=True):
        panel.set_title(title)
    for panel in axes[-1]:
        panel.set_xlabel("seconds")
    out.parent.mkdir(parents=True, exist_ok=True)
    picture = io.BytesIO()
    figure.savefig(picture, dpi=80)
    Image.open(picture).convert("RGB").quantize(48, dither=Image.Dither.NONE).save(out, optimize=True)


def level_db(sound: NDArray[np.float32]) -> NDArray[np.float64]:
    """(bins, frames), 0 dB for a full-scale sine."""
    frames = np.lib.stride_tricks.sliding_window_view(sound, WINDOW)[::STEP] * np.hanning(WINDOW)
    level: NDArray[np.float64] = 20 * np.log10(np.abs(np.fft.rfft(frames, axis=1)).T * 4 / WINDOW + 1e-9)
    return level


if __name__ == "__main__":
    sys.exit(main())
