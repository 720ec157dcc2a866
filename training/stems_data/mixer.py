"""Draws the four stems of one example, SEGMENT_FRAMES frames each; levels and colour come later (loader)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from dsp.layouts import stems as layout
from training.data import decode
from training.data.decode import Stretch
from training.data.sources import RATE_HZ
from training.stems_data import store
from training.stems_data.rooms import Rooms
from training.stems_data.store import Piece, Stereo

STEPS = 384
SEGMENT_FRAMES = layout.WINDOW_FRAMES + (STEPS - 1) * layout.HOP_FRAMES
STEMS = layout.STEMS
SONG_SHARE = 0.22  # of examples whose stems belong together
SOURCES = {  # how often a stem comes from where; what is not in the cache is left out
    "vocals": {"song": 0.5, "sung": 0.36, "speech": 0.14},
    "drums": {"song": 0.3, "kit": 0.4, "gm": 0.3},
    "bass": {"song": 0.22, "lines": 0.36, "gm": 0.42},
    "other": {"song": 0.25, "lines": 0.33, "gm": 0.42},
}
SPEECH_GROUPS = ("kerstin", "philipp", "vocobox")
AUDIBLE_RMS = 0.004
Rng = np.random.Generator


@dataclass
class StemsExample:
    """sounds: (4, SEGMENT_FRAMES, 2), trust: (4,) 1 where truth is known; together: the stems belong to one song."""

    sounds: NDArray[np.float32]
    trust: NDArray[np.float32]
    together: bool


class StemsMixer:
    """Draws examples of one split ("train" or "val") from the cache."""

    def __init__(self, cache: Path, split: str, rng: Rng, with_held_out_song: bool = False) -> None:
        """with_held_out_song: train on it too, when no choice depends on it any more."""
        self.rng = rng
        self._sound: dict[str, NDArray[np.int16]] = {}
        self._pieces: dict[tuple[str, str], list[tuple[str, Piece]]] = {}
        self._songs: dict[str, dict[str, Piece]] = {}
        for name in store.names(cache):
            self._sound[name], pieces = store.load(cache, name)
            for piece in pieces:
                if piece.split != split and not (with_held_out_song and piece.source == "song"):
                    continue
                self._pieces.setdefault((piece.stem, piece.source), []).append((name, piece))
                if piece.source == "song":
                    self._songs.setdefault(piece.song, {})[piece.stem] = piece
        self._voices: dict[str, tuple[NDArray[np.int16], list[Stretch]]] = {}
        for source, kind in (("sung", "sung"), ("speech", "voices")):
            if (cache / f"{kind}.json").exists():
                audio, stretches = decode.load(cache, kind)
                groups = SPEECH_GROUPS if source == "speech" else ("sung",)
                self._voices[source] = (audio, [s for s in stretches if s.split == split and s.group in groups])
        self._rooms = Rooms(cache, rng)

    def example(self) -> StemsExample:
        """A new example."""
        if self._songs and self.rng.random() < SONG_SHARE:
            return self._one_song()
        sounds = np.stack([self.stem(stem) for stem in STEMS])
        return StemsExample(sounds, np.ones(4, np.float32), False)

    def _one_song(self) -> StemsExample:
        """All stems of a song at the same time, at one speed."""
        parts = self._songs[str(self.rng.choice(list(self._songs)))]
        speed = self._speed()
        frames = int(np.ceil(SEGMENT_FRAMES * speed)) + 2
        at = int(self.rng.integers(min(piece.frames for piece in parts.values()) - frames))
        sounds = np.zeros((4, SEGMENT_FRAMES, 2), np.float32)
        trust = np.ones(4, np.float32)
        for index, stem in enumerate(STEMS):
            if stem == "other" and "backing" in parts:
                stem = "backing"
                trust[2:] = 0.0
            if stem in parts:
                sounds[index] = self._at_speed(self._cut("songs", parts[stem], at, frames), speed)
        return StemsExample(sounds, trust, True)

    def stem(self, stem: str) -> Stereo:
        """One stem alone, from any source, sounding most of the time."""
        shares = {
            source: share
            for source, share in SOURCES[stem].items()
            if (stem, source) in self._pieces or source in self._voices
        }
        weights = np.array(list(shares.values()))
        source = str(self.rng.choice(list(shares), p=weights / weights.sum()))
        for _ in range(5):
            sound = self._voice(source) if source in self._voices else self._recorded(stem, source)
            if np.sqrt(np.mean(np.square(sound))) > AUDIBLE_RMS:
                break
        return self._widened(sound)

    def _recorded(self, stem: str, source: str) -> Stereo:
        candidates = self._pieces[(stem, source)]
        frames_each = np.array([piece.frames for _, piece in candidates], float)
        name, piece = candidates[int(self.rng.choice(len(candidates), p=frames_each / frames_each.sum()))]
        speed = self._speed()
        frames = int(np.ceil(SEGMENT_FRAMES * speed)) + 2
        if piece.frames <= frames:
            sound = np.zeros((frames, 2), np.float32)
            sound[: piece.frames] = self._cut(name, piece, 0, piece.frames)
            sound = np.roll(sound, int(self.rng.integers(frames)), axis=0)
        else:
            sound = self._cut(name, piece, int(self.rng.integers(piece.frames - frames)), frames)
        return self._at_speed(sound, speed)

    def _cut(self, name: str, piece: Piece, at: int, frames: int) -> Stereo:
        cut = self._sound[name][piece.start + at : piece.start + at + frames]
        return cut.astype(np.float32) * np.float32(1 / 32768)

    def _speed(self) -> float:
        return float(2 ** self.rng.uniform(-0.3, 0.3)) if self.rng.random() < 0.65 else 1.0

    def _at_speed(self, sound: Stereo, speed: float) -> Stereo:
        if speed != 1.0:
            sound = soxr.resample(sound, RATE_HZ * speed, RATE_HZ, quality="LQ")
        out = np.zeros((SEGMENT_FRAMES, 2), np.float32)
        frames = min(len(sound), SEGMENT_FRAMES)
        out[:frames] = sound[:frames]
        return out

    # -- voices

    def _take(self, source: str) -> NDArray[np.float32]:
        """A mono voice of SEGMENT_FRAMES frames; short ones with pauses around them."""
        rng = self.rng
        audio, stretches = self._voices[source]
        out = np.zeros(SEGMENT_FRAMES, np.float32)
        at = int(rng.integers(-SEGMENT_FRAMES // 2, SEGMENT_FRAMES // 8))
        while at < SEGMENT_FRAMES:
            stretch = stretches[int(rng.integers(len(stretches)))]
            frames = min(stretch.frames, int(rng.uniform(1, 9) * RATE_HZ))
            start = stretch.start + int(rng.integers(stretch.frames - frames + 1))
            piece = audio[start : start + frames].astype(np.float32) / 32768
            first, last = max(at, 0), min(at + frames, SEGMENT_FRAMES)
            if last > first:
                out[first:last] = piece[first - at : last - at]
            at += frames + int(rng.choice([0.02, 0.3, 1.5]) * rng.uniform(0.5, 1.5) * RATE_HZ)
        return out

    def _voice(self, source: str) -> Stereo:
        """A voice, sometimes doubled or with a second one, in a room or not."""
        rng = self.rng
        mono = self._take(source)
        if self.rng.random() < 0.5:
            mono = self._at_speed(np.stack((mono, mono), axis=1), float(2 ** rng.uniform(-0.2, 0.2)))[:, 0]
        sound = pan(mono, rng.normal(0, 0.1))
        draw = rng.random()
        if draw < 0.3:  # double tracking: other pitch, other time, left and right
            for side in (-1, 1):
                detuned = np.interp(
                    np.arange(SEGMENT_FRAMES) * 2 ** (rng.normal(0, 12) / 1200) - rng.uniform(0.008, 0.035) * RATE_HZ,
                    np.arange(SEGMENT_FRAMES),
                    mono,
                )
                sound += pan(detuned.astype(np.float32), side * rng.uniform(0.3, 1.0)) * np.float32(rng.uniform(0.3, 1))
        elif draw < 0.42:
            sound += pan(self._take(source), rng.uniform(-1, 1)) * np.float32(rng.uniform(0.3, 1))
        if rng.random() < 0.65:
            sound = self._rooms.place(sound)
        return squash(sound, rng) if rng.random() < 0.5 else sound

    def _widened(self, sound: Stereo) -> Stereo:
        """Swap sides, change width and balance."""
        rng = self.rng
        if rng.random() < 0.5:
            sound = sound[:, ::-1]
        if rng.random() < 0.6:
            side = np.float32(2 ** rng.uniform(-1.5, 0.6))
            middle, apart = sound.mean(axis=1), (sound[:, 0] - sound[:, 1]) * (0.5 * side)
            sound = np.stack((middle + apart, middle - apart), axis=1)
        if rng.random() < 0.2:
            sound = sound * np.array([2 ** rng.uniform(-0.7, 0), 1.0], np.float32)
        return sound


def pan(mono: NDArray[np.float32], position: float) -> Stereo:
    """Constant power.  position: -1 left to 1 right."""
    angle = (np.clip(position, -1, 1) + 1) * np.pi / 4
    gains = np.array([np.cos(angle), np.sin(angle)], np.float32) * np.float32(np.sqrt(2))
    result: Stereo = mono[:, None] * gains
    return result


def squash(sound: Stereo, rng: Rng) -> Stereo:
    """A compressor with 10 ms steps, pulling loud parts towards the rest."""
    step = 480
    blocks = np.abs(sound[: len(sound) // step * step]).max(axis=1).reshape(-1, step).max(axis=1) + 1e-4
    level = np.convolve(blocks, np.ones(5) / 5, "same")
    gain = (level / level.max()) ** -rng.uniform(0.2, 0.6)
    gain = np.minimum(gain, 6.0)
    curve = np.interp(np.arange(len(sound)), np.arange(len(gain)) * step + step / 2, gain).astype(np.float32)
    squashed: Stereo = sound * curve[:, None]
    return squashed


def rms_of_loud_parts(sound: Stereo) -> float:
    """RMS of the loud tenths of a second only, so that pauses do not change the balance."""
    power = np.square(sound[: len(sound) // 4800 * 4800]).reshape(-1, 9600).mean(axis=1)
    return float(np.sqrt(power[power >= power.max() * 1e-3].mean() + 1e-12))
