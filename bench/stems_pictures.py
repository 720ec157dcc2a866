"""Spectrograms of one excerpt's stems, as a picture for docs: those that the box separates, above the true ones.

requirements/bench.sh -m bench.stems_pictures [--set FOLDER]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile

from bench.denoise_systems import ROOT, SHIPPED
from bench.spectrogram import panels, save, show
from dsp.block import RATE_HZ
from dsp.inference.bundle import Bundle
from dsp.layouts.stems import STEMS
from firmware_app.offline.stems import separate_file

SET = ROOT.parent / "shared" / "data" / "eval" / "stems"
SECONDS = 6.0


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="bench.stems_pictures", description=__doc__.splitlines()[0])
    parser.add_argument("--set", type=Path, default=SET)
    parser.add_argument("--excerpt", type=int, default=3, help="which of the set, from 0")
    parser.add_argument("--start", type=float, default=12.0, help="first second drawn")
    parser.add_argument("--bundle", type=Path, default=SHIPPED / "stems-live")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images" / "stems.png")
    options = parser.parse_args(argv)
    if not (options.set / "set.json").is_file():
        print(f"bench.stems_pictures: {options.set} lacks set.json: --set FOLDER", file=sys.stderr)
        return 2
    name = json.loads((options.set / "set.json").read_text())[options.excerpt]["name"]
    draw(options.set, name, options.start, options.bundle, options.out)
    return 0


def draw(folder: Path, name: str, start_s: float, bundle: Path, out: Path) -> None:
    truth = {stem: soundfile.read(folder / f"{name}_{stem}.flac", dtype="float32", always_2d=True)[0] for stem in STEMS}
    drawn = slice(round(start_s * RATE_HZ), round((start_s + SECONDS) * RATE_HZ))
    figure, axes = panels(2, len(STEMS), 5.0)
    with tempfile.TemporaryDirectory(prefix="hushbox-pictures-") as temporary:
        mix, made = Path(temporary) / "mix.wav", Path(temporary) / "stems"
        soundfile.write(mix, np.sum(list(truth.values()), axis=0), RATE_HZ, subtype="FLOAT")
        made.mkdir()
        separate_file(Bundle.load(bundle), "tflite", mix, made, False)
        for column, stem in enumerate(STEMS):
            separated = soundfile.read(made / f"{stem}.wav", dtype="float32")[0]
            for row, sound in enumerate((separated, truth[stem])):
                show(axes[row, column], sound[drawn].mean(axis=1))
            axes[0, column].set_title(stem)
    for row, words in enumerate((bundle.name, "what was mixed")):
        axes[row, 0].set_ylabel(f"{words}\nkHz")
    save(figure, out)


if __name__ == "__main__":
    sys.exit(main())
