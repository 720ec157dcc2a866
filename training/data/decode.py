"""Decode all recordings once into flat int16 files that loaders map into memory.

    python -m training.data.decode [--data ../shared/data] [--cache training/.cache]

Each kind becomes `<kind>.i16` (mono, 48 kHz, end to end) and `<kind>.json` (where each usable stretch lies).
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

from training.data import sources
from training.data.sources import RATE_HZ, Recording

DATA = Path("../shared/data")
CACHE = Path("training/.cache")
HIGH_PASS_HZ = 70.0  # for groups with rumble; elsewhere what lies below belongs to the recording
HIGH_PASSED = ("libri", "ocean")
LEAST_VOICE_SNR_DB = {"libri": 38.0, "ocean": 32.0, "kerstin": 25.0, "philipp": 25.0}
CHECKED_STRETCH_SECONDS = 6.0


@dataclass(frozen=True)
class Stretch:
    """A usable part of a flat file, in frames."""

    start: int
    frames: int
    group: str
    name: str
    wideband: bool
    split: str


def read_mono(path: Path) -> NDArray[np.float32]:
    """Any file as 48 kHz mono."""
    audio, rate = soundfile.read(path, dtype="float32", always_2d=True)
    mono = audio.mean(axis=1)
    return mono if rate == RATE_HZ else soxr.resample(mono, rate, RATE_HZ).astype(np.float32)


def voice_snr_db(audio: NDArray[np.float32]) -> float:
    """Loud frames against quiet ones: a bound on how clean a recording is. Digital silence counts as clean."""
    frames = audio[: len(audio) // 960 * 960].reshape(-1, 960)
    level = 10 * np.log10(np.mean(np.square(frames), axis=1) + 1e-9)
    return float(np.percentile(level, 90) - np.percentile(level, 8))


def _parts(recording: Recording, frames: int) -> list[tuple[int, int, str]]:
    if recording.split != "tail":
        return [(0, frames, recording.split)]
    share = sources.HELD_OUT_SONG_TAIL if recording.group in ("song", "drums", "bass", "other") else None
    share = sources.HELD_OUT_NOISE_TAIL if share is None else share
    if frames < 20 * RATE_HZ:
        return [(0, frames, "train")]
    cut = int(frames * (1 - share))
    return [(0, cut, "train"), (cut, frames - cut, "val")]


def decode(recordings: list[Recording], target: Path, is_voice: bool = False) -> dict[str, float]:
    """Write `target`.i16 and .json. Returns kept seconds by group and split."""
    high_pass = butter(4, HIGH_PASS_HZ, "highpass", fs=RATE_HZ, output="sos")
    stretches: list[Stretch] = []
    kept: dict[str, float] = {}
    at = 0
    temporary = target.with_suffix(".tmp")
    with temporary.open("wb") as out:
        for recording in recordings:
            audio = read_mono(recording.path)
            if is_voice and recording.group in HIGH_PASSED:
                audio = sosfilt(high_pass, audio).astype(np.float32)
            if not np.abs(audio).max(initial=0.0) > 1e-4:
                continue
            audio *= 0.9 / np.abs(audio).max()
            for start, frames, split in _parts(recording, len(audio)):
                step = int(CHECKED_STRETCH_SECONDS * RATE_HZ) if is_voice and recording.group != "song" else frames
                for first in range(start, start + frames, step):
                    count = min(step, start + frames - first)
                    piece = audio[first : first + count]
                    if (
                        is_voice
                        and recording.group in LEAST_VOICE_SNR_DB
                        and (count < step // 2 or voice_snr_db(piece) < LEAST_VOICE_SNR_DB[recording.group])
                    ):
                        continue
                    last = stretches[-1] if stretches else None
                    name = f"{recording.path.parent.name}/{recording.path.stem}"
                    if last and last.name == name and last.split == split and last.start + last.frames == at + first:
                        stretches[-1] = Stretch(last.start, last.frames + count, *list(asdict(last).values())[2:])
                    else:
                        stretches.append(Stretch(at + first, count, recording.group, name, recording.wideband, split))
                    key = f"{recording.group}/{split}"
                    kept[key] = kept.get(key, 0.0) + count / RATE_HZ
            np.round(audio * 32767).astype(np.int16).tofile(out)
            at += len(audio)
    temporary.replace(target.with_suffix(".i16"))
    target.with_suffix(".json").write_text(json.dumps([asdict(stretch) for stretch in stretches]))
    return {key: round(value / 60, 1) for key, value in kept.items()}


def load(cache: Path, kind: str) -> tuple[NDArray[np.int16], list[Stretch]]:
    """A flat file and its index."""
    audio = np.memmap(cache / f"{kind}.i16", np.int16, "r")
    return audio, [Stretch(**entry) for entry in json.loads((cache / f"{kind}.json").read_text())]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--kinds", nargs="+", default=["rooms", "noises", "music", "notes", "voices"])
    args = parser.parse_args()
    args.cache.mkdir(parents=True, exist_ok=True)
    for kind in args.kinds:
        found = getattr(sources, kind)(args.data)
        print(kind, "minutes kept:", decode(found, args.cache / kind, kind == "voices"), flush=True)


if __name__ == "__main__":
    main()
