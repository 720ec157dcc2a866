"""Run an exported bundle over a folder of `*_noisy.flac`, exactly as the box would, and write `*_hushbox.flac`.

python -m training.evaluate --set ../shared/data/eval/denoise --out /tmp/out [--runtime onnx]
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import soundfile

from dsp.inference.bundle import Bundle
from dsp.layouts.denoise import LAYOUTS
from training.runtimes import OnnxStep, Step, TfliteStep
from training.stream import denoise


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bundle", type=Path, default=Path("models_quantized/denoise-live"))
    parser.add_argument("--set", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--runtime", choices=("tflite", "onnx"), default="tflite")
    parser.add_argument("--amount-db", type=float, default=40.0, help="the box goes to 40")
    args = parser.parse_args()
    path = args.bundle / f"{args.bundle.name}.{args.runtime}"
    step: Step = TfliteStep(path) if args.runtime == "tflite" else OnnxStep(path)
    layout = LAYOUTS[Bundle.load(args.bundle).features]
    args.out.mkdir(parents=True, exist_ok=True)
    taken, hops = 0.0, 0
    for noisy in sorted(args.set.glob("*_noisy.flac")):
        sound, rate = soundfile.read(noisy, dtype="float32", always_2d=True)
        assert rate == 48_000, f"{noisy.name}: {rate} Hz, allowed 48000"
        started = time.perf_counter()
        cleaned = denoise(step, sound, layout, 10 ** (-args.amount_db / 20))
        taken, hops = taken + time.perf_counter() - started, hops + len(sound) // layout.hop_frames
        soundfile.write(args.out / noisy.name.replace("_noisy", "_hushbox"), cleaned, rate, subtype="PCM_24")
    print(f"{hops} hops, {1e6 * taken / max(hops, 1):.0f} us each")


if __name__ == "__main__":
    main()
