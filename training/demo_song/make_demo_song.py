"""Make firmware_app/assets/demo_song.opus: `python -m training.demo_song.make_demo_song`.

The song plays where the box has no interface and a music chain is on. Three channels: left, the singer alone over a fan
and a hum (the microphone of Voice over music), right. 31.8 s, a loop. What is played is ours (score.py); who plays, and
who sings, and by which licences, say instruments.py and voice.py. Needs SciPy, soxr and ../shared/data. The
same on every run, but for what Opus makes of it in another version of libsndfile.
"""

import argparse
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from dsp.analysis.loudness import HOP_FRAMES, Loudness
from training.demo_song import band, voice
from training.demo_song.effects import Stereo, compression, filtered, limiting
from training.demo_song.score import RATE_HZ

ASSET = Path(__file__).parents[2] / "firmware_app" / "assets" / "demo_song.opus"
DETAIL = 0.8  # libsndfile's compression_level: about 50 kbit/s a channel
SEED = 20_261_130
LUFS, CEILING = -14.0, 10 ** (-1.5 / 20)
SHARES_DB = {"vocals": 0.0, "drums": -5.2, "bass": -9.2, "other": -9.4}
"""How loud each stem is while it sounds, by K-weighting, beside the voice: so that stems-live takes the singer out."""


def stems() -> tuple[dict[str, Stereo], NDArray[np.float64]]:
    """(the mastered stems, which add up to the song; the singer alone at a microphone)."""
    rng = np.random.default_rng(SEED)
    track = voice.dry()
    parts = {
        "vocals": voice.produced(track, rng),
        "drums": band.drums(rng),
        "bass": band.bass(),
        "other": band.other(rng),
    }
    for name, share_db in SHARES_DB.items():
        parts[name] = parts[name] * 10 ** ((share_db - 18 - _lufs(parts[name])) / 20)
    mix = np.sum(list(parts.values()), axis=0)
    glue = compression(mix, -15.0, 2.0, 25.0, 180.0)[:, None]
    for _ in range(4):  # the limiter takes a little loudness away
        gain = 10 ** ((LUFS - _lufs(mix * glue)) / 20)
        glue = glue * gain
        glue = glue * limiting(mix * glue, CEILING)[:, None]
    mastered = {name: filtered(part * glue, low_hz=25) for name, part in parts.items()}
    return mastered, voice.microphone(track, rng)


def _lufs(sound: Stereo) -> float:
    meter = Loudness(sound.shape[1], len(sound) / RATE_HZ)
    for at in range(0, len(sound) - HOP_FRAMES + 1, HOP_FRAMES):
        meter.add(sound[at : at + HOP_FRAMES].astype(np.float32))
    return float(meter.lufs or -120.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=ASSET)
    parser.add_argument(
        "--stems", type=Path, help="also write the stems and the mix there as FLAC, to listen and measure"
    )
    args = parser.parse_args()
    parts, singer = stems()
    song = np.sum(list(parts.values()), axis=0)
    tracks = np.stack((song[:, 0], singer, song[:, 1]), axis=1)
    soundfile.write(args.out, tracks, RATE_HZ, format="OGG", subtype="OPUS", compression_level=DETAIL)
    print(f"{args.out}: {args.out.stat().st_size / 1000:.0f} kB, {_lufs(song):.1f} LUFS")
    for name, sound in {**parts, "mix": song}.items() if args.stems else ():
        args.stems.mkdir(parents=True, exist_ok=True)
        soundfile.write(args.stems / f"demo_{name}.flac", sound, RATE_HZ, subtype="PCM_24")


if __name__ == "__main__":
    main()
