"""Spectrograms before and after, as a picture for docs.

    requirements/bench.sh -m bench.denoise_pictures [--set FOLDER]

Each row is one example: as recorded, denoised at full amount by the box's chain, and the clean voice.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import soundfile

from bench.denoise_systems import ROOT, SHIPPED, run_bundle
from bench.spectrogram import panels, save, show
from dsp.block import RATE_HZ

SET = ROOT.parent / "shared" / "data" / "eval" / "denoise"
CASES = {
    "10_sing_pjs077_hiss_00dB": "sung, hiss, 0 dB",
    "03_sing_pjs077_cafe_05dB": "sung, cafe, 5 dB",
    "04_speech_pjs0_hum_05dB": "spoken, hum, 5 dB",
}
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
    figure, axes = panels(len(CASES), 3, 7.0)
    with tempfile.TemporaryDirectory(prefix="hushbox-pictures-") as temporary:
        for row, (name, words) in zip(axes, CASES.items(), strict=True):
            noisy, denoised = folder / f"{name}_noisy.flac", Path(temporary) / "denoised.flac"
            run_bundle(bundle, "auto", noisy, denoised)
            row[0].set_ylabel(f"{words}\nkHz")
            for panel, path in zip(row, (noisy, denoised, folder / f"{name}_clean.flac"), strict=True):
                show(panel, soundfile.read(path, dtype="float32")[0][: int(SECONDS * RATE_HZ)])
    for panel, title in zip(axes[0], ("as recorded", bundle.name, "the voice alone"), strict=True):
        panel.set_title(title)
    save(figure, out)


if __name__ == "__main__":
    sys.exit(main())
