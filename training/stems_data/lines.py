"""Bass lines, chords, riffs and melodies in key and tempo.  python -m training.stems_data.lines --hours 2

Each song draws a key, a tempo and a round of chords; its bass and two to four other parts are played on recorded notes
or a synthesiser, each with a place, a drive and a room of its own. Bass and others lie side by side in time.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr

from training.data.decode import DATA
from training.data.sources import RATE_HZ
from training.stems_data import store
from training.stems_data.rooms import Rooms
from training.stems_data.store import CACHE, Stereo
from training.stems_data.synth import Patch, draw_patch, tone

Rng = np.random.Generator
SCALES = ((0, 2, 3, 5, 7, 8, 10), (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 9, 10), (0, 2, 4, 5, 7, 9, 10))
BARS = 12
STEPS_A_BAR = 16
HELD_OUT_EVERY = 15  # one of so many songs is for validation
SAMPLED_BASS, SAMPLED_OTHER = ("growly", "swag"), ("emily", "cp80", "wurlitzer", "pianet", "grand")
OCTAVES = {"growly": -1, "swag": -1, "grand": 1}  # how far the names are from what sounds
PITCH = re.compile(r"[_\- ]([A-Ga-g])(s|b|#)?(\d)(?=[_\-.p m f]|$)")
SEMITONES = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}


@dataclass(frozen=True)
class Note:
    at: float  # in steps (16ths)
    steps: float
    pitch: int
    strength: float


@dataclass(frozen=True)
class Song:
    """chords: root and third and fifth as MIDI numbers around 60, one a bar."""

    scale: tuple[int, ...]
    key: int
    chords: tuple[tuple[int, ...], ...]
    step_seconds: float

    def degree(self, number: int, octave: int) -> int:
        """Pitch of a step of the scale."""
        return 12 * (octave + 1 + number // 7) + self.key + self.scale[number % 7]


class Sampler:
    """Recorded notes by instrument and pitch."""

    def __init__(self, data: Path, instruments: tuple[str, ...]) -> None:
        self._paths: dict[str, dict[int, list[Path]]] = {}
        for path in sorted((data / "instruments").glob("*/*.opus")):
            name, found = path.name.split("_")[0], PITCH.search(path.stem)
            if name in instruments and found and "release" not in path.stem:
                shift = {"s": 1, "#": 1, "b": -1}.get(found[2] or "", 0)
                pitch = 12 * (int(found[3]) + 1 + OCTAVES.get(name, 0)) + SEMITONES[found[1].lower()] + shift
                self._paths.setdefault(name, {}).setdefault(pitch, []).append(path)
        self._sounds: dict[Path, Stereo] = {}
        self.names = sorted(self._paths)

    def note(self, name: str, pitch: int, seconds: float, strength: float, rng: Rng) -> Stereo:
        """One note of an instrument, from the nearest recorded pitch."""
        pitches = self._paths[name]
        nearest = min(pitches, key=lambda p: abs(p - pitch))
        path = pitches[nearest][int(rng.integers(len(pitches[nearest])))]
        if path not in self._sounds:
            sound, rate = soundfile.read(path, dtype="float32", always_2d=True)
            sound = np.repeat(sound, 2, axis=1) if sound.shape[1] == 1 else sound[:, :2]
            sound = soxr.resample(sound, rate, RATE_HZ) if rate != RATE_HZ else sound
            loud = np.abs(sound).max(axis=1)
            sound = sound[max(int(np.argmax(loud > 0.02 * loud.max())) - 48, 0) :][: 4 * RATE_HZ]
            self._sounds[path] = (sound / (loud.max() + 1e-6)).astype(np.float32)
        speed = 2 ** ((pitch - nearest) / 12)
        frames = int((seconds + 0.08) * RATE_HZ)
        sound = self._sounds[path][: int(frames * speed) + 2]
        at = np.arange(min(frames, int((len(sound) - 1) / speed))) * speed
        played = np.stack([np.interp(at, np.arange(len(sound)), side) for side in sound.T], axis=1)
        fade = np.clip((len(played) - np.arange(len(played))) / (0.08 * RATE_HZ), 0, 1)
        return (played * fade[:, None] * strength).astype(np.float32)


def draw_song(rng: Rng) -> Song:
    scale, key = SCALES[int(rng.integers(len(SCALES)))], int(rng.integers(12))
    bare = Song(scale, key, (), 60 / float(rng.uniform(70, 176)) / 4)
    roots = [0, *rng.choice([0, 2, 3, 4, 5, 6], 3)]
    size = int(rng.choice([3, 3, 4]))
    chords = tuple(tuple(bare.degree(int(root) + 2 * n, 4) for n in range(size)) for root in roots)
    return Song(scale, key, chords, bare.step_seconds)


def rhythm(rng: Rng, density: float) -> list[tuple[int, int]]:
    """Onsets and lengths in one bar, stronger places more often."""
    weight = np.array([1.0, 0.3, 0.6, 0.3] * 4) * np.array([1.3, 1, 1, 1] * 4).repeat(1)
    onsets = [step for step in range(STEPS_A_BAR) if rng.random() < density * weight[step]] or [0]
    ends = [*onsets[1:], STEPS_A_BAR]
    held = rng.uniform(0.3, 1.0)
    return [(on, max(1, int((end - on) * held))) for on, end in zip(onsets, ends, strict=True)]


def bass_line(song: Song, rng: Rng) -> list[Note]:
    low = int(rng.choice([-24, -24, -12]))
    bar, notes = rhythm(rng, float(rng.choice([0.2, 0.5, 0.9]))), []
    leaps = [int(rng.choice([0, 0, 0, 12, 7, 5, -5])) for _ in bar]
    for number in range(BARS):
        root = song.chords[number % len(song.chords)][0] + low
        root -= 12 * (root > 50)
        notes += [
            Note(number * STEPS_A_BAR + on, length, root + leap, float(rng.uniform(0.6, 1)))
            for (on, length), leap in zip(bar, leaps, strict=True)
            if rng.random() < 0.95
        ]
    return notes


def chord_part(song: Song, rng: Rng) -> list[Note]:
    """Held, struck or broken chords."""
    how = str(rng.choice(["held", "struck", "broken"]))
    shift = int(rng.choice([-12, 0, 0, 12]))
    bar = [(0, STEPS_A_BAR)] if how == "held" else rhythm(rng, float(rng.uniform(0.3, 0.9)))
    if how == "broken":
        each = int(rng.choice([1, 2]))
        bar = [(on, each) for on in range(0, STEPS_A_BAR, each)]
    notes = []
    for number in range(BARS):
        chord = song.chords[number % len(song.chords)]
        for turn, (on, length) in enumerate(bar):
            pitches = (chord[turn % len(chord)] + 12 * (turn // len(chord) % 2),) if how == "broken" else chord
            strength = float(rng.uniform(0.5, 1))
            notes += [Note(number * STEPS_A_BAR + on, length, pitch + shift, strength) for pitch in pitches]
    return notes


def melody(song: Song, rng: Rng) -> list[Note]:
    """A line that walks over the scale; the same rhythm comes again."""
    bars = [rhythm(rng, float(rng.uniform(0.2, 0.7))) for _ in range(2)]
    octave, degree, notes = int(rng.choice([4, 5])), int(rng.integers(7)), []
    for number in range(BARS):
        if rng.random() < 0.2:
            continue
        for on, length in bars[number % 2]:
            degree = int(np.clip(degree + rng.choice([-2, -1, -1, 0, 1, 1, 2, 4]), -3, 10))
            notes.append(
                Note(number * STEPS_A_BAR + on, length, song.degree(degree, octave), float(rng.uniform(0.6, 1)))
            )
    return notes


def play(song: Song, notes: list[Note], sampler: Sampler, low: bool, rng: Rng) -> Stereo:
    """One part on one instrument, with its own level, place and effects."""
    out = np.zeros((int((BARS * STEPS_A_BAR + 8) * song.step_seconds * RATE_HZ), 2), np.float32)
    patch: Patch | None = draw_patch(rng, low) if rng.random() < 0.6 else None
    name = str(rng.choice(sampler.names))
    swing = float(rng.choice([0, 0, 0.3])) * song.step_seconds
    for note in notes:
        at_seconds = note.at * song.step_seconds + (swing if int(note.at) % 2 else 0) + abs(rng.normal(0, 0.004))
        seconds = note.steps * song.step_seconds
        if patch is None:
            sound = sampler.note(name, note.pitch, seconds, note.strength, rng)
        else:
            sound = tone(patch, note.pitch, seconds, note.strength, rng)
        at = int(at_seconds * RATE_HZ)
        sound = sound[: len(out) - at]
        out[at : at + len(sound)] += sound
    return out


def effects(sound: Stereo, song: Song, low: bool, rooms: Rooms, rng: Rng) -> Stereo:
    """Drive, pumping, echo, room and place; peak at 0.8 at the end."""
    sound = sound / (np.abs(sound).max() + 1e-6)
    if rng.random() < 0.4:
        drive = np.float32(2 ** rng.uniform(0, 3.5))
        sound = np.tanh(sound * drive)
    if rng.random() < 0.25:  # ducked on every beat, as if by a kick
        beat = np.arange(len(sound)) / RATE_HZ / (4 * song.step_seconds) % 1.0
        sound = sound * np.minimum(1.0, beat / rng.uniform(0.2, 0.7)).astype(np.float32)[:, None]
    if not low and rng.random() < 0.4:
        delay, again = int(song.step_seconds * float(rng.choice([2, 3, 4])) * RATE_HZ), rng.uniform(0.15, 0.5)
        sound = sound.copy()
        for turn in range(1, 4):
            echo = sound[: -delay * turn] if delay * turn < len(sound) else sound[:0]
            sound[len(sound) - len(echo) :] += echo[:, :: (-1) ** turn] * np.float32(again**turn)
    if rng.random() < (0.15 if low else 0.6):
        sound = rooms.place(sound.astype(np.float32))
    if not low:
        place = float(np.clip(rng.normal(0, 0.4), -1, 1))
        sound = sound * np.array([min(1, 1 - place), min(1, 1 + place)], np.float32)
    return (sound * np.float32(0.8 / (np.abs(sound).max() + 1e-6))).astype(np.float32)


def pieces(data: Path, cache: Path, hours: float, rng: Rng) -> Iterator[tuple[Stereo, str, str, str, str]]:
    basses, others, rooms = Sampler(data, SAMPLED_BASS), Sampler(data, SAMPLED_OTHER), Rooms(cache, rng)
    done, number = 0.0, 0
    while done < hours * 3600:
        song, name = draw_song(rng), f"lines{number}"
        split = "val" if number % HELD_OUT_EVERY == 0 else "train"
        bass = effects(play(song, bass_line(song, rng), basses, True, rng), song, True, rooms, rng)
        yield bass, "bass", "lines", name, split
        whole = np.zeros_like(bass)
        for _ in range(int(rng.choice([1, 2, 3, 4]))):
            notes = [chord_part, chord_part, melody][int(rng.integers(3))](song, rng)
            part = effects(play(song, notes, others, False, rng), song, False, rooms, rng)
            whole += part * np.float32(10 ** (rng.uniform(-12, 0) / 20))
        yield whole * np.float32(0.8 / (np.abs(whole).max() + 1e-6)), "other", "lines", name, split
        done, number = done + len(bass) / RATE_HZ, number + 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--hours", type=float, default=2.0)
    parser.add_argument("--seed", type=int, default=22)
    args = parser.parse_args()
    rng = np.random.default_rng(args.seed)
    hours = store.write(args.cache, "lines", pieces(args.data, args.cache, args.hours, rng))
    print(f"{hours:.2f} hours of bass and other parts")


if __name__ == "__main__":
    main()
