"""One training example: a voice in a room, its target, and noise, each as sound of SEGMENT_FRAMES frames.

Everything after this is linear (levels, SNR, short-time spectra), so `loader` can mix a voice with several noises.
Convolutions and equalisers are circular over the segment: sound that wraps round is like the reverberation of the past.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from training.data import bursts, decode, noise_synth, recording
from training.data.decode import CROWD, Stretch
from training.data.noise_synth import Audio, Rng, unit
from training.data.sources import ENDS_HZ, FULL_HZ, RATE_HZ, WIDEBAND_ENDS_HZ
from training.data.whistle import whistle

SEGMENT_FRAMES = 131_072
VOICE_SHARES = {
    "kerstin": 0.10,
    "nathalie": 0.13,
    "kathleen": 0.10,
    "philipp": 0.10,
    "flemishguy": 0.10,
    "producerspace": 0.05,
    "vocobox": 0.05,
    "song": 0.10,
    "singing": 0.13,
    "ocean": 0.10,
    "intent": 0.06,
    "libri": 0.07,
    "wake": 0.03,
    "sung": 0.12,
    "whistle": 0.03,
}  # of those that a split has
WHISTLE = "whistle"  # made on the spot
NOISE_SHARES = {
    "recorded": 0.30,
    "hiss": 0.08,
    "hum": 0.10,
    "fan": 0.09,
    "buzz": 0.04,
    "amplifier": 0.04,
    "babble": 0.13,
    "texture": 0.06,
    "traffic": 0.03,
    "clicks": 0.03,
    "keys": 0.03,
    "handling": 0.02,
    "music": 0.04,
    "notes": 0.04,
}
BURST_KINDS = {"clicks": bursts.clicks, "keys": bursts.keys, "handling": bursts.handling}
CROWD_SHARE = 0.3  # of babble is recorded
BURSTS_SHARE, DRIFT_SHARE = 0.3, 0.06  # of noises have some on top
DRIFT_DB = (0.0, 18.0)  # above the noise: what is softer belongs to a recording, see recording.with_floor
CLEAN_SHARE, NOISE_SHARE = 0.12, 0.04  # of examples: nothing to take away, nothing to keep
MADE_TOP_SHARE = 0.75  # of voices that end at 8 or 12 kHz are carried on to 20, and all of those that end lower
MADE_TOP_HZ = (4500.0, 12_000.0)  # of sounds that end here, some are carried on
OTHER_TOP_SHARE = 0.3  # of voices with a top get another one, from somewhere here on:
OTHER_TOP_HZ = (7500.0, 11_000.0)
BABBLE_TOP_HZ = min(ENDS_HZ.values())
EARLY_SECONDS = 0.03


@dataclass
class Example:
    """voice: the microphone's sound without noise. target: what the denoiser should leave of it."""

    voice: Audio
    target: Audio
    noise: Audio
    keep_room: float
    sensitivity: float
    top_hz: float  # nothing is known of the voice above it
    snr_db: float
    level_db: float
    kind: str  # "mix", "clean" or "noise"
    bleed: bool  # the noise is music from the singer's headphones: always soft


class Mixer:
    """Draws examples of one split ("train" or "val") from the cache."""

    def __init__(self, cache: Path, split: str, rng: Rng) -> None:
        self.rng = rng
        self._audio: dict[str, NDArray[np.int16]] = {}  # by group
        self._stretches: dict[str, list[Stretch]] = {}
        for kind in ("voices", "noises", "music", "rooms", "sung", "notes"):
            if not (cache / f"{kind}.json").exists():
                continue
            audio, every = decode.load(cache, kind)
            for stretch in every:
                if stretch.split == split:
                    group = stretch.group if kind == "voices" or stretch.group == CROWD else kind
                    self._audio[group] = audio
                    self._stretches.setdefault(group, []).append(stretch)
        self._weights = {group: _cumulated(stretches) for group, stretches in self._stretches.items()}
        self._noise_kinds = [kind for kind in NOISE_SHARES if kind != "notes" or "notes" in self._stretches]
        shares = np.array([NOISE_SHARES[kind] for kind in self._noise_kinds])
        self._noise_shares = shares / shares.sum()
        self._rooms = [self._room(stretch) for stretch in self._stretches["rooms"]]
        self.only_voices(VOICE_SHARES)

    def has(self, group: str) -> bool:
        """Whether there are voices of `group` in this split."""
        return group in self._stretches or group == WHISTLE

    def only_voices(self, shares: dict[str, float]) -> None:
        """Restrict the voices to those of some groups that are there. Raises ValueError where none is."""
        self._voice_groups = [group for group in shares if self.has(group)]
        if not self._voice_groups:
            raise ValueError(f"no recordings of {', '.join(shares)} in the cache; make them: training/run.sh data")
        weights = np.array([shares[group] for group in self._voice_groups])
        self._voice_shares = weights / weights.sum()

    def example(self) -> Example:
        """A new example."""
        rng = self.rng
        draw = rng.random()
        kind = "clean" if draw < CLEAN_SHARE else "noise" if draw < CLEAN_SHARE + NOISE_SHARE else "mix"
        dry, top_hz = self.voice()
        keep_room = 1.0 if rng.random() < 0.6 else float(rng.choice([0.0, 0.0, rng.random()]))
        voice, target = self._with_floor(*self._place(dry, keep_room))
        bleed = rng.random() < 0.05
        return Example(
            voice=voice,
            target=target,
            noise=self._bleed() if bleed else self._noise(),
            keep_room=keep_room,
            sensitivity=0.0 if rng.random() < 0.6 else float(rng.uniform(-1, 1)),
            top_hz=top_hz,
            snr_db=self.draw_snr_db(bleed),
            level_db=self.draw_level_db(),
            kind=kind,
            bleed=bleed,
        )

    def draw_snr_db(self, bleed: bool) -> float:
        return float(self.rng.uniform(15, 40) if bleed else np.clip(self.rng.normal(8, 8), -6, 28))

    def draw_level_db(self) -> float:
        """Peak of the mix in dBFS."""
        return float(-3 - 42 * self.rng.beta(1.0, 2.2))

    # -- voices

    def _cut(self, group: str, frames: int, from_start: bool = False) -> tuple[Audio, Stretch]:
        """A piece of `frames` frames; from_start: a whole recording's beginning, with silence after it."""
        rng = self.rng
        stretch = self._stretches[group][int(np.searchsorted(self._weights[group], rng.random()))]
        audio = self._audio[group]
        if from_start:
            piece = np.zeros(frames, np.float32)
            found = audio[stretch.start : stretch.start + min(stretch.frames, frames)]
            piece[: len(found)] = found
        elif stretch.frames <= frames:
            piece = audio[stretch.start : stretch.start + stretch.frames].astype(np.float32)
            piece = np.roll(np.resize(piece, frames), int(rng.integers(frames)))
        else:
            at = stretch.start + int(rng.integers(stretch.frames - frames))
            piece = audio[at : at + frames].astype(np.float32)
        return piece * np.float32(1 / 32768), stretch

    def voice(self) -> tuple[Audio, float]:
        """A dry voice of SEGMENT_FRAMES frames, and the frequency in Hz up to which it is known."""
        rng = self.rng
        group = str(rng.choice(self._voice_groups, p=self._voice_shares))
        if group == WHISTLE:
            return whistle(rng, SEGMENT_FRAMES), FULL_HZ
        speed = float(rng.uniform(0.9, 1.14)) if rng.random() < 0.5 else 1.0
        frames = int(np.ceil(SEGMENT_FRAMES * speed)) + 8
        for _ in range(6):
            piece, stretch = self._cut(group, frames)
            if np.sqrt(np.mean(np.square(piece))) > 0.01:
                break
        if speed != 1.0:
            piece = soxr.resample(piece, RATE_HZ, RATE_HZ / speed, quality="MQ").astype(np.float32)
        piece = np.resize(piece, SEGMENT_FRAMES)
        if stretch.frames < frames or rng.random() < 0.12:
            piece = piece * self._some_silence()
        if stretch.top_hz >= MADE_TOP_HZ[1]:
            if rng.random() < OTHER_TOP_SHARE:
                return recording.with_top(rng, piece, float(rng.uniform(*OTHER_TOP_HZ))), FULL_HZ
            # A top that was sped up lies higher, but so may what the filter left above it.
            return piece, FULL_HZ if stretch.top_hz == FULL_HZ else stretch.top_hz * min(speed, 1.0)
        if stretch.top_hz < WIDEBAND_ENDS_HZ or rng.random() < MADE_TOP_SHARE:
            return recording.with_top(rng, piece, stretch.top_hz), FULL_HZ
        return piece, stretch.top_hz * min(speed, 1.0)

    def _with_floor(self, voice: Audio, target: Audio) -> tuple[Audio, Audio]:
        """Add what the recording itself brings along to both."""
        rms = float(np.sqrt(np.mean(np.square(voice))))
        floor = recording.with_floor(self.rng, rms, len(voice))
        if floor is None:
            return voice, target
        heard = voice + floor
        return heard, heard if target is voice else target + floor

    def _some_silence(self) -> Audio:
        """A gate that opens and closes with short fades."""
        gate = np.zeros(SEGMENT_FRAMES, np.float32)
        start = int(self.rng.integers(0, SEGMENT_FRAMES // 2))
        stop = int(self.rng.integers(start + SEGMENT_FRAMES // 4, SEGMENT_FRAMES + SEGMENT_FRAMES // 4))
        gate[start:stop] = 1.0
        fade = np.linspace(0, 1, 480, dtype=np.float32)
        gate[start : start + 480] *= fade
        if stop + 480 < SEGMENT_FRAMES:
            gate[stop : stop + 480] = fade[::-1]
        return gate

    def _room(self, stretch: Stretch) -> tuple[NDArray[np.complex64], NDArray[np.complex64]]:
        """Spectra of the early and the late part of an impulse response, the early one at unit energy."""
        response = self._audio["rooms"][stretch.start : stretch.start + stretch.frames].astype(np.float32) / 32768
        response = response[int(np.argmax(np.abs(response))) :][:SEGMENT_FRAMES]
        early = int(EARLY_SECONDS * RATE_HZ)
        fade = np.clip((early + 480 - np.arange(len(response))) / 480, 0, 1).astype(np.float32)
        response /= np.sqrt(np.sum(np.square(response * fade)) + 1e-9)
        return (
            np.fft.rfft(response * fade, SEGMENT_FRAMES).astype(np.complex64),
            np.fft.rfft(response * (1 - fade), SEGMENT_FRAMES).astype(np.complex64),
        )

    def _place(self, dry: Audio, keep_room: float) -> tuple[Audio, Audio]:
        """Equalise a voice and put it in a room. Returns the sound there, and the part that should be left."""
        rng = self.rng
        in_room, equalised = rng.random() < 0.5, rng.random() < 0.85
        if not in_room and not equalised:
            return dry, dry
        spectrum = np.fft.rfft(dry)
        if equalised:
            spectrum = spectrum * noise_synth.microphone(rng, SEGMENT_FRAMES)
        if not in_room:
            heard = np.fft.irfft(spectrum).astype(np.float32)
            return heard, heard
        early, late = self._rooms[int(rng.integers(len(self._rooms)))]
        gain = np.float32(10 ** (rng.uniform(-15, 2) / 20))
        direct = spectrum * np.float32(rng.uniform(0, 0.7))  # closer to the microphone than the measured source
        near, far = direct + spectrum * early, spectrum * late * gain
        heard = np.fft.irfft(near + far).astype(np.float32)
        if keep_room == 1.0:
            return heard, heard
        return heard, np.fft.irfft(near + far * np.float32(keep_room)).astype(np.float32)

    # -- noises

    def _noise(self) -> Audio:
        rng = self.rng
        count = int(rng.choice([1, 2, 3], p=[0.6, 0.28, 0.12]))
        out = np.zeros(SEGMENT_FRAMES, np.float32)
        for index in range(count):
            kind = str(rng.choice(self._noise_kinds, p=self._noise_shares))
            level = 0.0 if index == 0 else rng.uniform(-15, 3)
            out += unit(self.one_noise(kind)) * np.float32(10 ** (level / 20))
        if rng.random() < BURSTS_SHARE:
            burst = bursts.BURSTS[int(rng.integers(len(bursts.BURSTS)))](rng, SEGMENT_FRAMES)
            peak = np.float32(np.abs(burst).max() + 1e-9)
            out += burst / peak * np.float32(10 ** (rng.uniform(0, 24) / 20))
        out = unit(out)
        if rng.random() < DRIFT_SHARE:
            out = out + noise_synth.drift(rng, SEGMENT_FRAMES) * np.float32(10 ** (rng.uniform(*DRIFT_DB) / 20))
        return out

    def one_noise(self, kind: str) -> Audio:
        """A noise of a kind of NOISE_SHARES, at any level."""
        rng = self.rng
        if kind == "recorded":
            return self._recorded()
        if kind == "babble":
            return self._babble()
        if kind == "music":
            piece = self._cut("music", SEGMENT_FRAMES)[0]
            return self._shape(piece, 4.0)
        if kind == "notes":
            return self._notes()
        if kind in BURST_KINDS:
            return BURST_KINDS[kind](rng, SEGMENT_FRAMES)
        made: Audio = getattr(noise_synth, kind)(rng, SEGMENT_FRAMES)
        return made

    def _notes(self) -> Audio:
        """Somebody plays, drops or knocks on something: single notes and strokes at odd times and pitches."""
        rng = self.rng
        out = np.zeros(SEGMENT_FRAMES, np.float32)
        for _ in range(int(rng.integers(1, 14))):
            speed = float(2 ** rng.uniform(-1, 1))
            frames = int(rng.uniform(0.1, 2.0) * RATE_HZ)
            piece, _ = self._cut("notes", int(frames * speed) + 2, from_start=True)
            piece = np.interp(np.arange(frames) * speed, np.arange(len(piece)), piece).astype(np.float32)
            piece[-480:] *= np.linspace(1, 0, 480, dtype=np.float32)
            at = int(rng.integers(0, SEGMENT_FRAMES - frames))
            out[at : at + frames] += unit(piece) * np.float32(10 ** (rng.uniform(-18, 0) / 20))
        return out if rng.random() < 0.3 else self._far(out, 0.3)

    def _bleed(self) -> Audio:
        """Music that leaks out of headphones: thin, and not in time with the voice."""
        piece = self._cut("music", SEGMENT_FRAMES)[0]
        octaves = noise_synth.octaves_above_1khz(SEGMENT_FRAMES)
        thin = 1 / (1 + np.exp2(-(octaves + self.rng.uniform(0.5, 2.5)) * self.rng.uniform(1, 2.5)))
        spectrum = np.fft.rfft(piece) * thin * noise_synth.random_curve_db(self.rng, SEGMENT_FRAMES, 4.0)
        return unit(np.fft.irfft(spectrum).astype(np.float32))

    def _far(self, audio: Audio, near: float) -> Audio:
        """Put `audio` somewhere in a room; near: share of the early sound."""
        early, late = self._rooms[int(self.rng.integers(len(self._rooms)))]
        spectrum = np.fft.rfft(audio) * (early * np.float32(near) + late)
        return unit(
            np.fft.irfft(spectrum * noise_synth.random_curve_db(self.rng, SEGMENT_FRAMES, 3.0)).astype(np.float32)
        )

    def _shape(self, audio: Audio, depth_db: float) -> Audio:
        curve = noise_synth.random_curve_db(self.rng, SEGMENT_FRAMES, depth_db)
        return np.fft.irfft(np.fft.rfft(audio) * curve).astype(np.float32)

    def _recorded(self) -> Audio:
        rng = self.rng
        speed = float(2 ** rng.uniform(-0.7, 0.7)) if rng.random() < 0.7 else 1.0
        frames = int(SEGMENT_FRAMES * speed) + 2
        piece, stretch = self._cut("noises", frames)
        if speed != 1.0:
            # Linear interpolation is dull at the top, which is no harm to noise.
            piece = np.interp(np.arange(SEGMENT_FRAMES) * speed, np.arange(frames), piece).astype(np.float32)
        piece = piece[:SEGMENT_FRAMES]
        top_hz = stretch.top_hz * speed
        if MADE_TOP_HZ[0] < top_hz < MADE_TOP_HZ[1] and rng.random() < MADE_TOP_SHARE:
            piece = recording.with_top(rng, piece, top_hz)  # or a noise would be known by its want of a top
        if rng.random() < 0.3:
            piece = piece[::-1]
        return self._shape(piece, 5.0) if rng.random() < 0.7 else piece

    def _babble(self) -> Audio:
        """A room full of voices, far away, with or without dishes."""
        rng = self.rng
        if CROWD in self._stretches and rng.random() < CROWD_SHARE:
            # It has voices in it, so it is put far away: near voices are to be kept.
            return self._far(self._cut(CROWD, SEGMENT_FRAMES)[0], float(rng.uniform(0, 0.6)))
        out = np.zeros(SEGMENT_FRAMES, np.float32)
        groups = [group for group in self._voice_groups if group != WHISTLE]
        for _ in range(int(rng.choice([3, 5, 8, 14]))):  # one or two in a hall are a voice in a hall
            group = groups[int(rng.integers(len(groups)))]
            piece = self._cut(group, SEGMENT_FRAMES)[0]
            out += unit(piece) * np.float32(10 ** (rng.uniform(-12, 0) / 20))
        if rng.random() < 0.6:
            out = unit(out) + bursts.clatter(rng, SEGMENT_FRAMES, int(rng.integers(1, 14)))
        if rng.random() < MADE_TOP_SHARE:  # or else a voice without a top would be known for babble
            out = recording.with_top(rng, out, BABBLE_TOP_HZ)
        out = self._far(out, 0.5)
        if rng.random() < 0.7:
            out = out + noise_synth.coloured(rng, SEGMENT_FRAMES, -3.0, 4.0) * np.float32(
                10 ** (rng.uniform(-20, -4) / 20)
            )
        return out


def _cumulated(stretches: list[Stretch]) -> NDArray[np.float64]:
    """Chances of stretches, summed up: by length, but ten times as much of one kind is heard three times as often."""
    frames_of: dict[str, int] = {}
    for stretch in stretches:
        frames_of[stretch.group] = frames_of.get(stretch.group, 0) + stretch.frames
    weights = np.array([stretch.frames / np.sqrt(frames_of[stretch.group]) for stretch in stretches])
    return np.asarray(np.cumsum(weights / weights.sum()))
