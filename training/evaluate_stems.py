"""Separate every mix of a folder with a bundle's file.  python -m training.evaluate_stems --set FOLDER --out FOLDER

FOLDER/set.json lists items by name; the mix of each is the sum of its NAME_{vocals,drums,bass,other}.flac. Writes
OUT/NAME/{vocals,drums,bass,other}.wav in float, as long as the mix and aligned with it.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import soundfile

from dsp.layouts import stems as layout
from training.data.sources import RATE_HZ
from training.export_stems import separate
from training.runtimes import OnnxStep, Step, TfliteStep

BUNDLE = Path("models_quantized/stems-live")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--model", type=Path, default=BUNDLE / "stems-live.tflite")
    args = parser.parse_args()
    step: Step = OnnxStep(args.model) if args.model.suffix == ".onnx" else TfliteStep(args.model)
    for item in json.loads((args.set / "set.json").read_text()):
        truth = [soundfile.read(args.set / f"{item['name']}_{stem}.flac", dtype="float32")[0] for stem in layout.STEMS]
        mix = np.sum(truth, axis=0)
        # The first window begins before the sound, and the last one ends after it.
        padded = np.pad(mix, ((layout.WINDOW_FRAMES, 2 * layout.WINDOW_FRAMES), (0, 0)))
        stems = separate(step, padded)[:, layout.WINDOW_FRAMES : layout.WINDOW_FRAMES + len(mix)]
        folder = args.out / item["name"]
        folder.mkdir(parents=True, exist_ok=True)
        for stem, sound in zip(layout.STEMS, stems, strict=True):
            soundfile.write(folder / f"{stem}.wav", sound, RATE_HZ, subtype="FLOAT")
        left = np.abs(stems.sum(axis=0) - mix).max()
        print(f"{item['name']}: the stems add up to the mix within {20 * np.log10(left + 1e-12):.0f} dBFS", flush=True)


if __name__ == "__main__":
    main()
