"""The singer: four recorded lines in F minor at 136 beats a minute, by Producer Space, CC0.

They come from neshanjo/strudel-producer-space-samples and lie, one after the other, in
../shared/data/voice/singing/producerspace_etv_fm_136_phrase_00.opus (its INDEX.tsv has their names and licence).
"""

from pathlib import Path

import numpy as np
import soundfile
import soxr

from training.demo_song.effects import Mono, Stereo, circular, compression, echo, filtered, place, room, shelf
from training.demo_song.score import BAR_BEATS, FRAMES, HOOK_BAR, RATE_HZ

RECORDING = Path("../shared/data/voice") / "singing" / "producerspace_etv_fm_136_phrase_00.opus"
LINES = (  # (bar it begins in, start and length in the recording in seconds, its words)
    (2, 0.00, 6.00, "You can follow me down to the ocean"),
    (6, 6.00, 6.18, "I will show you the place I belong"),
    (10, 12.18, 5.72, "Alone here, the darkness surrounds us"),
    (14, 17.90, 5.78, "In the water reflections of the moon"),
)
_FADE = 480


def dry(recording: Path = RECORDING) -> Mono:
    """The lines in their places, equally loud, (FRAMES,). Raises OSError when the recording is not there."""
    whole, rate_hz = soundfile.read(recording, dtype="float64")
    if rate_hz != RATE_HZ or whole.ndim != 1:
        raise ValueError(f"{recording}: {rate_hz} Hz, shape {whole.shape}: {RATE_HZ} Hz mono is expected")
    track = np.zeros((FRAMES, 2))
    for bar, start, seconds, _ in LINES:
        line = whole[round(start * RATE_HZ) : round((start + seconds) * RATE_HZ)].copy()
        line /= _rms_while_sounding(line) / 0.1
        line[:_FADE] *= np.linspace(0, 1, _FADE)
        line[-_FADE:] *= np.linspace(1, 0, _FADE)
        place(track, line, bar * BAR_BEATS)
    return np.asarray(filtered(track, low_hz=110, order=3)[:, 0])


def produced(track: Mono, rng: np.random.Generator) -> Stereo:
    """The voice as a record has it: even, bright, doubled in the hook, with echo and room.  (FRAMES, 2)"""
    voice = np.repeat(track[:, None], 2, axis=1)
    for threshold_db, ratio, attack, release in ((-22.0, 3.0, 8.0, 120.0), (-17.0, 2.5, 2.0, 60.0)):
        voice = voice * compression(voice, threshold_db, ratio, attack, release)[:, None] * 1.35
    voice = shelf(voice, 7000, 3.0) - 0.25 * filtered(filtered(voice, low_hz=200, order=1), high_hz=420, order=1)
    voice *= 0.1 / _rms_while_sounding(voice[:, 0])
    hook = np.zeros((FRAMES, 1))
    hook[HOOK_BAR * BAR_BEATS * FRAMES // (18 * BAR_BEATS) :] = 1.0
    for cents, late_ms, left, right in ((8, 17, 0.34, 0.05), (-9, 26, 0.05, 0.34)):
        double = _detuned(voice[:, 0], cents)
        voice = voice + hook * np.roll(double, round(late_ms * RATE_HZ / 1000))[:, None] * np.array([left, right])
    sent = filtered(voice, low_hz=280, high_hz=7500)
    wet = 0.13 * circular(sent, room(rng, 1.7, 0.03)) + 0.08 * circular(sent, room(rng, 0.4, 0.008))
    return voice + wet + 0.22 * echo(sent, 0.75, 0.4, 3)


def microphone(track: Mono, rng: np.random.Generator) -> Mono:
    """The same lines as a microphone in a rehearsal room hears them: dry, over a fan and a humming cable.  (FRAMES,)"""
    f_hz = np.fft.rfftfreq(FRAMES, 1 / RATE_HZ)
    shape = (f_hz > 30) / (1 + (f_hz / 260) ** 1.3) / np.sqrt(1 + (f_hz / 9000) ** 4)
    air = np.fft.irfft(shape * (rng.standard_normal(len(f_hz)) + 1j * rng.standard_normal(len(f_hz))), FRAMES)
    cycles = round(50 * FRAMES / RATE_HZ)
    turn = 2 * np.pi * cycles * np.arange(FRAMES) / FRAMES
    hum = np.sum([np.sin(k * turn + k * k) * (1.0 if k % 2 else 0.35) / k**0.8 for k in range(1, 31)], axis=0)
    noise = air / air.std() + 0.35 * hum / hum.std()
    noise *= _rms_while_sounding(track) / noise.std() / 10 ** (10 / 20)
    taken = track + noise
    return taken * 0.5 / np.abs(taken).max()


def _detuned(track: Mono, cents: float) -> Mono:
    """The track a few cents higher, each line still in its place: it drifts by less than 30 ms."""
    total = np.zeros((FRAMES, 2))
    for bar, _, seconds, _ in LINES:
        at = round(bar * BAR_BEATS * FRAMES / (18 * BAR_BEATS))
        part = track[at : at + round(seconds * RATE_HZ)]
        place(total, soxr.resample(part, RATE_HZ * 2 ** (cents / 1200), RATE_HZ) / np.sqrt(2), bar * BAR_BEATS)
    return total[:, 0] * np.sqrt(2)


def _rms_while_sounding(track: Mono) -> float:
    whole = len(track) // 480 * 480
    power = (track[:whole] ** 2).reshape(-1, 480).mean(1)
    return float(np.sqrt(power[power > 0.01 * power.max()].mean()))
