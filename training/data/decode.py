"""Decode all recordings once into flat int16 files that loaders map into memory.

    python -m training.data.decode [--data ../shared/data] [--cache training/.cache]

Each kind becomes `<kind>.i16` (mono, 48 kHz, end to end) and `<kind>.json` (where each usable stretch lies).
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass, fields, replace
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
HIGH_PASS_HZ = 70.0  # for groups with rumble; in others the sound below belongs to the recording
HIGH_PASSED = ("libri", "ocean", "flemishguy")
LEAST_VOICE_SNR_DB = {
    "libri": 38.0,
    "ocean": 32.0,
    "kathleen": 32.0,
    "flemishguy": 30.0,
    "kerstin": 25.0,
    "philipp": 25.0,
    "nathalie": 25.0,
}
CROWD = "crowd"  # noise with voices in it
CHECKED_STRETCH_SECONDS = 6.0


@dataclass(frozen=True)
class Stretch:
    """A usable part of a flat file, in frames."""

    start: int
    frames: int
    group: str
    name: str
    top_hz: float  # nothing above; sources.FULL_HZ where nothing is missing
    split: str


def read_mono(path: Path) -> NDArray[np.float32]:
    """Any file as 48 kHz mono."""
    audio, rate = soundfile.read(path, dtype="float32", always_2d=True)
    mono = audio.mean(axis=1)
    return mono if rate == RATE_HZ else soxr.resample(mono, rate, RATE_HZ).astype(np.float32)


def voice_snr_db(audio: NDArray[np.float32]) -> float:
    """Level of loud frames relative to quiet ones: a bound on how clean a recording is. Digital silence is clean."""
    frames = audio[: len(audio) // 960 * 960].reshape(-1, 960)
    level = 10 * np.log10(np.mean(np.square(frames), axis=1) + 1e-9)
    return float(np.percentile(level, 90) - np.percentile(level, 8))


def _pieces(recording: Recording, frames: int, kind: str) -> list[tuple[int, int, str, float]]:
    """Start, frames, group and top of the pieces of a recording: clips, or of a voice stretches to be checked.

    A clip reaches to the next one, so that a run of short clips is one piece of sound, with its pauses. Of a voice, a
    piece is whole only up to the lowest top of the clips in it.
    """
    clips = [(round(clip.start_seconds * RATE_HZ), clip) for clip in recording.clips]
    if kind == "voices":
        step = frames if recording.group == "song" else int(CHECKED_STRETCH_SECONDS * RATE_HZ)
        pieces = []
        for first in range(0, frames, step):
            count = min(step, frames - first)
            tops = [
                clip.top_hz
                for start, clip in clips
                if start < first + count and first < start + round(clip.seconds * RATE_HZ)
            ]
            pieces.append((first, count, recording.group, min([recording.top_hz, *tops])))
        return pieces
    if not clips:
        return [(0, frames, recording.group, recording.top_hz)]
    ends = [start for start, _ in clips[1:]] + [frames]
    return [
        (
            start,
            (min(end, start + round(clip.seconds * RATE_HZ)) if kind == "notes" else end) - start,
            CROWD if kind == "noises" and clip.speech else recording.group,
            clip.top_hz,
        )
        for (start, clip), end in zip(clips, ends, strict=True)
        if start < frames
    ]


def _joined(last: Stretch | None, piece: Stretch, kind: str) -> Stretch | None:
    """The two stretches as one, where they are adjacent and alike; of noises the highest top counts."""
    if not last or kind == "notes" or last.start + last.frames != piece.start:
        return None
    if (last.name, last.group, last.split) != (piece.name, piece.group, piece.split):
        return None
    if kind == "voices" and last.top_hz != piece.top_hz:
        return None
    return replace(last, frames=last.frames + piece.frames, top_hz=max(last.top_hz, piece.top_hz))


def decode(recordings: list[Recording], target: Path, kind: str = "") -> dict[str, float]:
    """Write `target`.i16 and .json. Returns kept minutes by group and split.  kind: "voices", "noises", "notes", ..."""
    high_pass = butter(4, HIGH_PASS_HZ, "highpass", fs=RATE_HZ, output="sos")
    stretches: list[Stretch] = []
    kept: dict[str, float] = {}
    at = 0
    temporary = target.with_suffix(".tmp")
    with temporary.open("wb") as out:
        for recording in recordings:
            audio = read_mono(recording.path)
            if kind == "voices" and recording.group in HIGH_PASSED:
                audio = sosfilt(high_pass, audio).astype(np.float32)
            if not np.abs(audio).max(initial=0.0) > 1e-4:
                continue
            audio *= 0.9 / np.abs(audio).max()
            name = f"{recording.path.parent.name}/{recording.path.stem}"
            for first, count, group, top_hz in _pieces(recording, len(audio), kind):
                if kind == "voices" and not _is_clean(audio[first : first + count], group):
                    continue
                piece = Stretch(at + first, count, group, name, top_hz, recording.split)
                joined = _joined(stretches[-1] if stretches else None, piece, kind)
                if joined:
                    stretches[-1] = joined
                else:
                    stretches.append(piece)
                key = f"{group}/{recording.split}"
                kept[key] = kept.get(key, 0.0) + count / RATE_HZ
            np.round(audio * 32767).astype(np.int16).tofile(out)
            at += len(audio)
    temporary.replace(target.with_suffix(".i16"))
    target.with_suffix(".json").write_text(json.dumps([asdict(stretch) for stretch in stretches]))
    return {key: round(value / 60, 1) for key, value in kept.items()}


def _is_clean(piece: NDArray[np.float32], group: str) -> bool:
    """Whether a piece of a voice is long and clean enough for its group."""
    least_db = LEAST_VOICE_SNR_DB.get(group)
    if least_db is None:
        return True
    return len(piece) >= CHECKED_STRETCH_SECONDS * RATE_HZ / 2 and voice_snr_db(piece) >= least_db


def load(cache: Path, kind: str) -> tuple[NDArray[np.int16], list[Stretch]]:
    """A flat file and its index. Raises ValueError for a file made by an older program."""
    audio = np.memmap(cache / f"{kind}.i16", np.int16, "r")
    path = cache / f"{kind}.json"
    entries = json.loads(path.read_text())
    expected = {field.name for field in fields(Stretch)}
    if any(set(entry) != expected for entry in entries):
        raise ValueError(f"{path}: made by another version of this program; make it anew: training/run.sh data")
    return audio, [Stretch(**entry) for entry in entries]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--kinds", nargs="+", default=["rooms", "noises", "music", "notes", "voices"])
    args = parser.parse_args()
    args.cache.mkdir(parents=True, exist_ok=True)
    for kind in args.kinds:
        found = getattr(sources, kind)(args.data)
        print(kind, "minutes kept:", decode(found, args.cache / kind, kind), flush=True)


if __name__ == "__main__":
    main()
