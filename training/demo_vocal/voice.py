"""A singing voice from source and filter: harmonics of a glottal pulse and noise, through formants that move.

After G. Fant, "Acoustic Theory of Speech Production" (1960), and D. Klatt, "Software for a cascade/parallel formant
synthesizer" (1980); harmonics are added up one by one, so that nothing aliases. All arrays are circular: the end of the
phrase runs into its beginning.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.demo_vocal.score import BEAT_S, FIRST_BEAT_S, LENGTH_S, PHONES, notes, timeline

RATE_HZ = 48_000
FRAMES = round(LENGTH_S * RATE_HZ)
STEP = 240  # samples between two targets: 5 ms
STEPS = FRAMES // STEP
TOP_HZ = 17_000.0

Signal = NDArray[np.float64]

_UPPER_HZ = 3900.0 + 1050.0 * np.arange(20)  # formants four and up, of a vocal tract of 16.5 cm
_UPPER_WIDTH_HZ = 200.0 + 60.0 * np.arange(20)
_WIDTHS_HZ = (85.0, 100.0, 140.0)


def sing(rng: np.random.Generator) -> Signal:
    """The phrase, FRAMES samples, peak 1."""
    tracks = _tracks()
    pitch = _pitch(rng)
    voiced, pulse = _voiced(tracks, pitch, rng)
    noise = _breath(tracks, pulse, rng) + _hiss(tracks, rng)
    dry = voiced + noise
    wet = dry + _room(dry, rng)
    wet -= wet.mean()
    return wet / np.abs(wet).max()


def smooth(values: Signal, seconds: float, rate_hz: float = RATE_HZ / STEP) -> Signal:
    """Circular smoothing along axis 0 by a Hann window that is `seconds` long."""
    width = max(2, round(seconds * rate_hz))
    kernel = np.zeros(len(values))
    kernel[:width] = np.hanning(width + 2)[1:-1]
    kernel = np.roll(kernel / kernel.sum(), -(width // 2))
    spectrum = np.fft.rfft(kernel).reshape(-1, *[1] * (values.ndim - 1))
    return np.fft.irfft(np.fft.rfft(values, axis=0) * spectrum, len(values), axis=0)


def _tracks() -> dict[str, Signal]:
    """The phones' targets every STEP samples, gliding into each other as a mouth does."""
    tracks = {name: np.zeros(STEPS) for name in ("f1", "f2", "f3", "voice", "breath", "hiss", "low", "high")}
    at_s = np.arange(STEPS) * STEP / RATE_HZ
    for name, start, end in timeline():
        phone, here = PHONES[name], (at_s >= start) & (at_s < end)
        for track, value in (
            ("f1", phone.f1), ("f2", phone.f2), ("f3", phone.f3), ("voice", phone.voice), ("breath", phone.breath),
            ("hiss", phone.hiss), ("low", phone.hiss_low_hz), ("high", phone.hiss_high_hz),
        ):  # fmt: skip
            tracks[track][here] = value
    for track, seconds in (
        ("f1", 0.06),
        ("f2", 0.08),
        ("f3", 0.08),
        ("voice", 0.05),
        ("breath", 0.03),
        ("hiss", 0.035),
    ):
        tracks[track] = smooth(tracks[track], seconds)
    tracks["voice"] *= _swell(at_s)
    return tracks


def _swell(at_s: Signal) -> Signal:
    """Each note grows for a moment and dies away towards its end."""
    level = np.ones(STEPS)
    for note in notes():
        start, seconds = FIRST_BEAT_S + note.beat * BEAT_S, note.beats * BEAT_S
        inside = np.clip((at_s - start) / seconds, 0, 1)
        here = (at_s >= start - 0.1) & (at_s < start + seconds)
        level[here] = (0.75 + 0.25 * np.sin(np.pi * inside**0.7))[here]
    return smooth(level, 0.08)


def _pitch(rng: np.random.Generator) -> Signal:
    """Fundamental in Hz every STEP samples: notes, glides, a vibrato that comes late, and human unsteadiness."""
    at_s = np.arange(STEPS) * STEP / RATE_HZ
    cents = np.zeros(STEPS)
    depth = np.zeros(STEPS)
    for note in notes():
        onset = FIRST_BEAT_S + note.beat * BEAT_S
        early = onset - 0.07  # a singer is on the note when the vowel starts
        cents[at_s >= early] = 1200 * np.log2(note.pitch_hz / 220.0)
        since = np.clip((at_s - onset - 0.22) / 0.35, 0, 1)
        here = (at_s >= early) & (at_s < onset + note.beats * BEAT_S)
        depth[here] = (since * (38 if note.beats > 1 else 22))[here]
        cents += -35 * np.exp(-(((at_s - onset) / 0.05) ** 2))  # scooped from below
    cents = smooth(cents, 0.11)
    rate_hz = 5.4 + 0.3 * smooth(rng.standard_normal(STEPS), 0.8) * 6
    wobble = np.sin(2 * np.pi * np.cumsum(rate_hz) * STEP / RATE_HZ)
    drift = 9 * smooth(rng.standard_normal(STEPS), 0.4) * 5 + 5 * smooth(rng.standard_normal(STEPS), 0.02)
    return 220.0 * 2 ** ((cents + smooth(depth, 0.1) * wobble + drift) / 1200)


def _tract(tracks: dict[str, Signal], f_hz: Signal) -> NDArray[np.complex128]:
    """Response of the vocal tract, (STEPS, bins): f_hz is (STEPS, bins) or (1, bins)."""
    response: NDArray[np.complex128] = np.ones((1, 1), complex)
    for name, width in zip(("f1", "f2", "f3"), _WIDTHS_HZ, strict=True):
        response = response * _resonance(f_hz, tracks[name][:, None], width)
    upper: NDArray[np.complex128] = np.ones_like(f_hz, complex)
    for centre, width in zip(_UPPER_HZ, _UPPER_WIDTH_HZ, strict=True):
        upper *= _resonance(f_hz, centre, width)
    return response * upper


def _resonance(f_hz: Signal, centre_hz: Signal | float, width_hz: float) -> NDArray[np.complex128]:
    response: NDArray[np.complex128] = (centre_hz**2 + 0j) / (centre_hz**2 - f_hz**2 + 1j * f_hz * width_hz)
    return response


def _source(f_hz: Signal) -> Signal:
    """Spectrum of a sung glottal pulse with the lips' radiation: about -6 dB an octave, then -12."""
    return 220.0 / (f_hz + 80.0) / np.sqrt(1 + (f_hz / 3400.0) ** 2)


def _voiced(tracks: dict[str, Signal], pitch: Signal, rng: np.random.Generator) -> tuple[Signal, Signal]:
    """The harmonics' sum, and the glottis' opening 0…1, by which breath comes in puffs."""
    count = int(TOP_HZ / pitch.min())
    f_hz = pitch[:, None] * np.arange(1, count + 1)
    gains = _tract(tracks, f_hz) * _source(f_hz)
    gains *= 0.5 * (1 + np.cos(np.pi * np.clip((f_hz - 0.85 * TOP_HZ) / (0.15 * TOP_HZ), 0, 1)))
    # Higher harmonics are less steady.
    unsteady = smooth(rng.standard_normal((STEPS, count)), 0.03) * 2.0
    gains *= 10 ** (unsteady * np.clip(np.arange(count) / 40, 0.05, 1) * 4 / 20)
    # A singer evens out her vowels, though not wholly.
    loudness = np.sqrt((np.abs(gains) ** 2).sum(1))
    gains *= (tracks["voice"] * loudness**-0.7)[:, None]
    phase = 2 * np.pi * np.cumsum(_to_samples(pitch)) / RATE_HZ
    turn = np.exp(1j * phase)
    harmonic = np.ones(FRAMES, complex)
    total = np.zeros(FRAMES)
    for k in range(count):
        harmonic *= turn
        total += (_to_samples(gains[:, k]) * harmonic).real
    return total * 0.5, 0.5 + 0.5 * turn.real


def _to_samples(targets: NDArray[Any]) -> NDArray[Any]:
    """Straight lines between targets, around the circle."""
    part = np.arange(STEP) / STEP
    return (targets[:, None] + (np.roll(targets, -1) - targets)[:, None] * part).reshape(-1)


def _breath(tracks: dict[str, Signal], pulse: Signal, rng: np.random.Generator) -> Signal:
    """Noise from the glottis, in puffs while the voice sounds, through the same mouth."""
    voiced = np.clip(_to_samples(tracks["voice"]), 0, 1)
    puffs = 1 - voiced + voiced * 1.6 * pulse**2
    noise = rng.standard_normal(FRAMES) * puffs * _to_samples(tracks["breath"])

    def shape(f_hz: Signal, at: slice) -> Signal:
        part = {name: track[at] for name, track in tracks.items()}
        tract = np.abs(_tract(part, f_hz))
        return 0.9 * tract / np.sqrt((tract**2).mean(1, keepdims=True)) ** 0.8 * np.minimum(f_hz / 600, 1)

    return _shaped(noise, shape)


def _hiss(tracks: dict[str, Signal], rng: np.random.Generator) -> Signal:
    """Noise from teeth and lips, with soft edges in frequency."""
    noise = rng.standard_normal(FRAMES) * _to_samples(tracks["hiss"])

    def shape(f_hz: Signal, at: slice) -> Signal:
        low, high = tracks["low"][at, None], tracks["high"][at, None]
        safe = np.maximum(f_hz, 1.0)
        return 1.6 / np.sqrt((1 + (low / safe) ** 8) * (1 + (safe / high) ** 5))

    return _shaped(noise, shape)


def _shaped(noise: Signal, shape: Callable[[Signal, slice], Signal]) -> Signal:
    """Noise through a filter that changes every STEP samples: overlapping windows, each with its own response."""
    length, fft = 4 * STEP, 2048
    window = np.hanning(length + 1)[:-1] / 2  # four overlap: they sum to 1
    f_hz = (np.arange(fft // 2 + 1) * RATE_HZ / fft)[None, :]
    total = np.zeros(FRAMES + fft)
    around = np.concatenate((noise[-length // 2 :], noise, noise[: length // 2]))  # windows are centred on their target
    for first in range(0, STEPS, 256):
        at = slice(first, min(first + 256, STEPS))
        starts = np.arange(at.start, at.stop) * STEP
        pieces = around[starts[:, None] + np.arange(length)] * window
        filtered = np.fft.irfft(np.fft.rfft(pieces, fft) * shape(f_hz, at), fft)
        # Zero-phase responses ring on both sides; half of the transform is kept for what comes before.
        filtered = np.roll(filtered, fft // 4, axis=1)
        for row, start in zip(filtered, starts, strict=True):
            total[start : start + fft] += row
    total[:fft] += total[FRAMES:]
    return np.roll(total[:FRAMES], -(length // 2) - fft // 4)


def _room(dry: Signal, rng: np.random.Generator) -> Signal:
    """A small furnished room, RT60 0.35 s, some 15 dB under the voice."""
    length = round(0.5 * RATE_HZ)
    at_s = np.arange(length) / RATE_HZ
    tail = rng.standard_normal(length) * 10 ** (-3 * at_s / 0.35) * (at_s > 0.012)
    impulse = tail * 0.009
    for delay_s, gain in ((0.0041, 0.16), (0.0073, -0.12), (0.0117, 0.1), (0.0169, 0.07)):
        impulse[round(delay_s * RATE_HZ)] += gain
    f_hz = np.fft.rfftfreq(FRAMES, 1 / RATE_HZ)
    absorbed = 1 / np.sqrt(1 + (f_hz / 5000) ** 2)  # soft furniture takes the treble
    return np.fft.irfft(np.fft.rfft(dry) * np.fft.rfft(impulse, FRAMES) * absorbed, FRAMES)
