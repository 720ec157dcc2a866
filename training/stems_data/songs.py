"""Decode the real songs' stems once.  python -m training.stems_data.songs

One whole song is held out for validation and never trained on. Two songs have no bass stem; their bass is in `other`.
There "bass" and "other" are not known separately. The mix of both is called "backing". A copy of it without the low
end, where only faint harmonics of the bass are left, is called "other".
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile
from scipy.signal import butter, sosfiltfilt

from training.data.decode import DATA
from training.data.sources import RATE_HZ
from training.stems_data import store
from training.stems_data.store import CACHE, Stereo

HELD_OUT = "lithium"
WITHOUT_BASS = ("caesium", "rubidium")
BASS_ENDS_HZ = 220.0


def pieces(data: Path) -> Iterator[tuple[Stereo, str, str, str, str]]:
    high_pass = butter(6, BASS_ENDS_HZ, "highpass", fs=RATE_HZ, output="sos")
    for folder in sorted((data / "songs").iterdir()):
        split = "val" if folder.name == HELD_OUT else "train"
        for path in sorted(folder.glob("*.opus")):
            sound = soundfile.read(path, dtype="float32", always_2d=True)[0]
            stem = path.stem
            if stem == "other" and folder.name in WITHOUT_BASS:
                yield sound, "backing", "song", folder.name, split
                sound = sosfiltfilt(high_pass, sound, axis=0).astype(np.float32)
            yield sound, stem, "song", folder.name, split


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--cache", type=Path, default=CACHE)
    args = parser.parse_args()
    print(f"{store.write(args.cache, 'songs', pieces(args.data)):.2f} hours of real stems")


if __name__ == "__main__":
    main()
