"""Score checkpoints on a plain held-out set, by what listeners complain about: one row each, in dB where not said.

    python -m training.plain_set --out FOLDER
    python -m training.plain_scores --set FOLDER training/denoise_live/checkpoint.pt training/checkpoints/main/stable.pt

The network alone, in float32: no hum canceller, no int8. To compare with other denoisers: export, `make bench-denoise`.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import soundfile
import soxr
import torch
from numpy.typing import NDArray

from training import checkpoints, validate
from training.data.sources import RATE_HZ
from training.model import DenoiseNet

Audio = NDArray[np.float32]
PAUSE_DB = -40.0  # a frame is a pause where the clean voice is so far below its loudest frame
FRAME = 960  # 20 ms
TOP_HZ = (5000.0, 8000.0)  # where public denoisers keep voice that ours removes


def pause_frames(clean: Audio) -> NDArray[np.bool_]:
    """Which frames of 20 ms hold no voice. Shape (frames // FRAME,)."""
    power = np.square(clean[: len(clean) // FRAME * FRAME].reshape(-1, FRAME)).mean(1)
    return np.asarray(power < power.max() * 10 ** (PAUSE_DB / 10))


def noise_down_db(noisy: Audio, output: Audio, clean: Audio) -> float | None:
    """How much softer pauses became; None where there are none."""
    pauses = pause_frames(clean)
    if not pauses.any():
        return None
    before, after = (
        np.square(sound[: len(pauses) * FRAME].reshape(-1, FRAME)[pauses]).mean() for sound in (noisy, output)
    )
    return float(10 * np.log10((before + 1e-12) / (after + 1e-12)))


def top_error_db(output: Audio, clean: Audio) -> float | None:
    """Error between TOP_HZ against the voice there; None where there is no voice."""
    hz = np.fft.rfftfreq(len(clean), 1 / RATE_HZ)
    inside = (hz >= TOP_HZ[0]) & (hz < TOP_HZ[1])
    wanted, found = (np.fft.rfft(sound)[inside] for sound in (clean, output))
    voice = float(np.square(np.abs(wanted)).sum())
    if voice < 1e-6 * float(np.square(np.abs(np.fft.rfft(clean))).sum()):
        return None
    return float(10 * np.log10(np.square(np.abs(found - wanted)).sum() / voice + 1e-12))


def scores(net: DenoiseNet, folder: Path) -> dict[str, float]:
    """Means over the set; `sung` and `spoken` are SI-SDR, `clean_worst` of clean voices put through."""
    from pesq import PesqError, pesq

    items = json.loads((folder / "set.json").read_text())
    noisy, clean = (
        np.stack([soundfile.read(folder / f"{item['name']}_{kind}.flac", dtype="float32")[0] for item in items])
        for kind in ("noisy", "clean")
    )
    settled = slice(validate.SETTLING_FRAMES, -net.layout.synthesis_frames)
    found: dict[str, list[float]] = {}
    for which, sounds in (("mix", noisy), ("clean", clean)):
        for index, spectra in enumerate(validate.enhance(net, sounds)):
            output = validate.synthesise(spectra, net.layout)[settled]
            wanted = clean[index][settled]
            si_sdr = validate.si_sdr_db(output, wanted)
            if which == "clean":
                found.setdefault("clean", []).append(si_sdr)
                continue
            kind = "sung" if items[index]["voice"].startswith("sing") else "spoken"
            try:
                opinion = pesq(16_000, *(soxr.resample(x, RATE_HZ, 16_000) for x in (wanted, output)), "wb")
            except PesqError:
                opinion = 1.0
            measured = {
                "si_sdr": si_sdr,
                kind: si_sdr,
                "pesq": opinion,
                "pauses": noise_down_db(noisy[index][settled], output, wanted),
                "top_error": top_error_db(output, wanted),
            }
            for name, value in measured.items():
                if value is not None:
                    found.setdefault(name, []).append(value)
    result = {name: float(np.mean(values)) for name, values in found.items()}
    result["clean_worst"] = min(found["clean"])
    return {name: round(value, 2) for name, value in result.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", type=Path, required=True, help="what training.plain_set wrote")
    parser.add_argument("checkpoints", nargs="+", type=Path)
    args = parser.parse_args()
    torch.set_num_threads(1)
    for path in args.checkpoints:
        stored = checkpoints.load(path)
        row = scores(checkpoints.network(stored), args.set)
        print({"checkpoint": str(path), "step": stored["step"], **row}, flush=True)


if __name__ == "__main__":
    main()
