"""Drum performances (MIDI) played on recorded and made-up drums.  python -m training.stems_data.kit --hours 1.5

Each performance gets a kit of its own: every drum is taken from a recorded kit or synthesised, tuned, levelled and
panned; the whole is sometimes driven into saturation and put into a room.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import mido
import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from training.data.decode import DATA
from training.data.sources import RATE_HZ
from training.stems_data import store
from training.stems_data.rooms import Rooms
from training.stems_data.store import CACHE, Stereo

LONGEST_SECONDS = 60.0
TAIL_SECONDS = 3.0
HELD_OUT_EVERY = 15  # one of so many performances is for validation
# Drum of each General MIDI key, as the performances' electronic kit sends them.
DRUMS = (
    {36: "kick", 35: "kick", 37: "stick", 38: "snare", 40: "snare", 39: "clap", 54: "shaker", 56: "bell"}
    | {42: "closed", 22: "closed", 44: "closed", 46: "open", 26: "open"}
    | {48: "tom1", 50: "tom1", 45: "tom2", 47: "tom2", 43: "tom3", 58: "tom3", 41: "tom3"}
    | {49: "crash", 55: "crash", 57: "crash", 52: "crash", 51: "ride", 59: "ride", 53: "bell"}
)
RECORDED = {
    "kick": ("muldjord_KdrumL", "muldjord_KdrumR", "gogodze_ks"),
    "snare": ("muldjord_Snare_", "gogodze_sc", "gogodze_se"),
    "stick": ("muldjord_SnareRest", "gogodze_ss"),
    "closed": ("muldjord_HihatClosed", "gogodze_hc", "gogodze_ht", "gogodze_hh"),
    "open": ("muldjord_HihatOpen", "gogodze_ho", "gogodze_hl"),
    "tom1": ("muldjord_Tom1", "gogodze_th"),
    "tom2": ("muldjord_Tom2", "gogodze_tm"),
    "tom3": ("muldjord_Tom3", "muldjord_Tom4", "gogodze_tl"),
    "crash": ("muldjord_CrashL", "muldjord_CrashR", "muldjord_China"),
    "ride": ("muldjord_RideL_", "muldjord_RideR_"),
    "bell": ("muldjord_RideLBell", "muldjord_RideRBell"),
}
PLACES = {"closed": 0.35, "open": 0.35, "ride": -0.4, "crash": -0.5, "tom1": 0.3, "tom2": 0.0, "tom3": -0.4}
Rng = np.random.Generator
Mono = NDArray[np.float32]


@dataclass(frozen=True)
class Hit:
    at_seconds: float
    drum: str
    strength: float  # 0 to 1


def hits(path: Path) -> list[Hit]:
    """A performance's notes."""
    found, now = [], 0.0
    for message in mido.MidiFile(path):
        now += message.time
        if message.type == "note_on" and message.velocity > 0:
            found.append(Hit(now, DRUMS.get(message.note, "stick"), message.velocity / 127))
    return found


class DrumRack:
    """All recorded one-shots, from soft to loud."""

    def __init__(self, data: Path, rng: Rng) -> None:
        self._rng = rng
        self._shots: dict[str, list[Stereo]] = {}
        for prefixes in RECORDED.values():
            for prefix in prefixes:
                shots = [_read(path) for path in sorted((data / "instruments/drums").glob(f"{prefix}*.opus"))]
                self._shots[prefix] = sorted(shots, key=lambda shot: float(np.square(shot).sum()))

    def voice(self, drum: str, electronic: float) -> list[Stereo]:
        """Shots of one drum from soft to loud, tuned and levelled to one kit."""
        rng = self._rng
        if drum not in RECORDED or rng.random() < electronic:
            shots = [_stereo(synthetic(drum, rng)) for _ in range(3)]
        else:
            shots = self._shots[str(rng.choice(RECORDED[drum]))]
            start = int(rng.integers(2))
            shots = shots[start :: max(1, len(shots) // 6)]
        tune = float(2 ** np.clip(rng.normal(0, 0.12), -0.4, 0.4))
        if rng.random() < 0.4:
            tune = 1.0
        level = 10 ** (rng.normal(0, 2.5) / 20) / max(float(np.abs(shots[-1]).max()), 1e-3)
        if drum in ("closed", "open", "ride", "crash", "bell", "shaker"):
            level *= 0.45
        cut = int(rng.choice([0.25, 1.0, 3.0], p=[0.2, 0.3, 0.5]) * RATE_HZ)
        fade = np.linspace(1, 0, cut, dtype=np.float32)[:, None] ** 0.5
        out = []
        for shot in shots:
            tuned = soxr.resample(shot, RATE_HZ * tune, RATE_HZ, quality="MQ") if tune != 1.0 else shot
            tuned = tuned[:cut]
            out.append((tuned * fade[: len(tuned)] * np.float32(level)).astype(np.float32))
        return out


def _read(path: Path) -> Stereo:
    sound, rate = soundfile.read(path, dtype="float32", always_2d=True)
    if sound.shape[1] == 1:
        sound = np.repeat(sound, 2, axis=1)
    if rate != RATE_HZ:
        sound = soxr.resample(sound, rate, RATE_HZ)
    loud = np.abs(sound).max(axis=1)
    start = max(int(np.argmax(loud > 0.02 * loud.max())) - 48, 0)
    return np.asarray(sound[start : start + int(TAIL_SECONDS * RATE_HZ)], np.float32)


def _stereo(mono: Mono) -> Stereo:
    return np.stack((mono, mono), axis=1).astype(np.float32)


def synthetic(drum: str, rng: Rng) -> Mono:
    """An electronic drum: a falling tone, noise, or both."""
    time = np.arange(int(1.2 * RATE_HZ)) / RATE_HZ
    noise = rng.standard_normal(len(time))
    if drum == "kick":
        low, sweep, fall = rng.uniform(38, 65), rng.uniform(60, 400), rng.uniform(15, 90)
        phase = 2 * np.pi * (low * time + sweep / fall * (1 - np.exp(-fall * time)))
        body = np.sin(phase) * np.exp(-time * rng.uniform(3, 16))
        sound = np.tanh(body * rng.uniform(1, 4)) + 0.3 * rng.random() * noise * np.exp(-time * 300)
    elif drum in ("snare", "clap", "stick"):
        tone = np.sin(2 * np.pi * rng.uniform(150, 330) * time) * np.exp(-time * rng.uniform(15, 40))
        crack = _high(noise, rng.uniform(0.2, 0.8)) * np.exp(-time * rng.uniform(8, 35))
        if drum == "clap" or rng.random() < 0.25:
            tone = 0 * tone
            crack = crack + np.roll(crack, int(0.011 * RATE_HZ)) + np.roll(crack, int(0.022 * RATE_HZ))
        sound = rng.uniform(0, 1) * tone + crack
    elif drum.startswith("tom"):
        low = {"tom1": 160, "tom2": 120, "tom3": 85}[drum] * rng.uniform(0.8, 1.25)
        phase = 2 * np.pi * (low * time + low / 30 * (1 - np.exp(-15 * time)))
        sound = np.sin(phase) * np.exp(-time * rng.uniform(4, 12))
    else:
        fast = {"closed": 50.0, "shaker": 40.0, "open": 8.0, "ride": 5.0, "crash": 3.0, "bell": 6.0}[drum]
        metal = sum(np.sign(np.sin(2 * np.pi * f * time)) for f in rng.uniform(3000, 9000, 6)) / 6
        share = rng.random()
        sound = _high(share * noise + (1 - share) * metal, 0.9) * np.exp(-time * fast * rng.uniform(0.7, 1.6))
    return (sound / np.abs(sound).max()).astype(np.float32)


def _high(noise: NDArray[np.float64], amount: float) -> NDArray[np.float64]:
    out = noise.copy()
    out[1:] -= amount * noise[:-1]
    return out


def play(performance: list[Hit], rack: DrumRack, rng: Rng) -> Stereo:
    """One performance, at its own kit and tempo, LONGEST_SECONDS at most."""
    pace = float(2 ** rng.uniform(-0.25, 0.25))
    played = [(hit.at_seconds * pace, hit) for hit in performance]
    length = min(played[-1][0] + TAIL_SECONDS, LONGEST_SECONDS)
    first = rng.uniform(0, max(played[-1][0] + TAIL_SECONDS - length, 0.0))
    electronic = float(rng.choice([0.0, 0.3, 1.0], p=[0.45, 0.25, 0.3]))
    voices: dict[str, tuple[list[Stereo], float]] = {}
    out = np.zeros((int((length + TAIL_SECONDS) * RATE_HZ), 2), np.float32)
    spread = rng.uniform(0, 1)
    for at_seconds, hit in played:
        at = int((at_seconds - first) * RATE_HZ)
        if not 0 <= at < int(length * RATE_HZ):
            continue
        if hit.drum not in voices:
            voices[hit.drum] = (rack.voice(hit.drum, electronic), PLACES.get(hit.drum, 0.0) * spread)
        shots, place = voices[hit.drum]
        shot = shots[min(int(hit.strength * len(shots)), len(shots) - 1)]
        gains = np.array([min(1.0, 1 - place), min(1.0, 1 + place)], np.float32) * np.float32(hit.strength**1.2)
        shot = shot[: len(out) - at]
        out[at : at + len(shot)] += shot * gains
    return out[: int(length * RATE_HZ)]


def finish(sound: Stereo, rooms: Rooms, rng: Rng) -> Stereo:
    """Room, drive and level of the whole kit."""
    if rng.random() < 0.4:
        sound = rooms.place(sound)
    peak = float(np.abs(sound).max()) + 1e-6
    drive = rng.uniform(0.5, 6) if rng.random() < 0.6 else 0.1
    driven = np.tanh(sound * np.float32(drive / peak))
    return (driven * np.float32(0.8 / (np.abs(driven).max() + 1e-6))).astype(np.float32)


def pieces(data: Path, cache: Path, hours: float, rng: Rng) -> Iterator[tuple[Stereo, str, str, str, str]]:
    paths = sorted((data / "groove").rglob("*.mid"))
    rack, rooms, done = DrumRack(data, rng), Rooms(cache, rng), 0.0
    while done < hours * 3600:
        number = int(rng.integers(len(paths)))
        performance = hits(paths[number])
        if len(performance) < 8:
            continue
        sound = finish(play(performance, rack, rng), rooms, rng)
        done += len(sound) / RATE_HZ
        yield sound, "drums", "kit", paths[number].stem, "val" if number % HELD_OUT_EVERY == 0 else "train"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--hours", type=float, default=1.5)
    parser.add_argument("--seed", type=int, default=21)
    args = parser.parse_args()
    rng = np.random.default_rng(args.seed)
    print(f"{store.write(args.cache, 'kit', pieces(args.data, args.cache, args.hours, rng)):.2f} hours of drums")


if __name__ == "__main__":
    main()
