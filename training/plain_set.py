"""Write a plain held-out set, for comparison with other denoisers: dry voices with one noise each, otherwise unchanged.

    python -m training.plain_set --out FOLDER && make bench-denoise ARGS="--set FOLDER"

Validation mixes are coloured, reverberant and partly damaged on purpose; other denoisers were not made for that. This
set is not, so it shows where others are better. `--only hum` (or fan, hiss, recorded, babble) selects one noise.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import soundfile

from training.data.decode import CACHE
from training.data.loader import active_rms
from training.data.mixer import Mixer
from training.data.noise_synth import unit
from training.data.sources import RATE_HZ

ITEMS = 40
VOICES = {"kathleen": "speech", "flemishguy": "speech", "song": "sing", "singing": "sing", "sung": "sing"}
NOISES = ("recorded", "hiss", "hum", "fan", "recorded", "babble", "keys", "recorded", "clicks")
SNRS_DB = (0, 5, 10, 15)
OTHERS = {"libri": 1.0, "ocean": 1.0}  # who babbles
PEAK = 0.5
LEAST_RMS = 0.03  # of a voice: it sounds most of the time


def write(cache: Path, out: Path) -> None:
    """NAME_noisy.flac and NAME_clean.flac for each item of set.json."""
    mixer = Mixer(cache, "val", np.random.default_rng(77))
    out.mkdir(parents=True, exist_ok=True)
    voices = [group for group in VOICES if mixer.has(group)]
    if missing := set(VOICES) - set(voices):
        print(f"plain_set: no {', '.join(missing)} in {cache}: the set goes without, and compares with no other set")
    listing = []
    for index in range(ITEMS):
        group, noise_kind = voices[index % len(voices)], NOISES[index % len(NOISES)]
        snr_db = SNRS_DB[index // len(voices) % len(SNRS_DB)]
        mixer.only_voices({group: 1.0})
        voice, _ = mixer.voice()
        while np.sqrt(np.mean(np.square(voice))) < LEAST_RMS:
            voice, _ = mixer.voice()
        mixer.only_voices(OTHERS)
        noise = unit(mixer.one_noise(noise_kind)) * np.float32(active_rms(voice) * 10 ** (-snr_db / 20))
        gain = np.float32(PEAK / np.abs(voice + noise).max())
        name = f"{index:02d}_{VOICES[group]}_{group}_{noise_kind}_{snr_db:02d}dB"
        soundfile.write(out / f"{name}_noisy.flac", (voice + noise) * gain, RATE_HZ)
        soundfile.write(out / f"{name}_clean.flac", voice * gain, RATE_HZ)
        about = {"voice": f"{VOICES[group]}_{group}", "noise": noise_kind, "snr_db": snr_db}
        listing.append({"name": name, **about, "seconds": round(len(voice) / RATE_HZ, 2)})
    (out / "set.json").write_text(json.dumps(listing, indent=1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    write(args.cache, args.out)


if __name__ == "__main__":
    main()
