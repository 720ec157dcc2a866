"""The band's stems: each part played, placed between left and right, and put into a room.  (FRAMES, 2) each."""

import numpy as np

from training.demo_song import instruments, score
from training.demo_song.effects import Stereo, circular, echo, filtered, place, room, shelf
from training.demo_song.score import FRAMES, RATE_HZ

_PANS = {"hat": 0.3, "open": 0.3, "shaker": -0.45, "crash": -0.2, "tom": 0.35}
_LEVELS = {"kick": 1.0, "snare": 0.8, "hat": 0.3, "open": 0.25, "shaker": 0.14, "crash": 0.3, "tom": 0.6}


def silence() -> Stereo:
    return np.zeros((FRAMES, 2))


def drums(rng: np.random.Generator) -> Stereo:
    dry, sent = silence(), silence()
    for turn, hit in enumerate(score.drums()):
        if hit.name in ("shaker", "crash"):
            sound = hit.level * getattr(instruments, hit.name)(rng)
        else:
            sound = instruments.stroke(hit.name, hit.level, turn)
        sound = sound * _LEVELS[hit.name] * (1 + 0.05 * rng.standard_normal())
        beat = hit.beat + 0.004 * rng.standard_normal()
        place(dry, sound, beat, _PANS.get(hit.name, 0))
        if hit.name != "kick":
            place(sent, sound, beat, _PANS.get(hit.name, 0))
    return dry + 0.12 * circular(filtered(sent, low_hz=350), room(rng, 0.6))


def bass() -> Stereo:
    track = silence()
    for hit in score.bass():
        place(track, hit.level * instruments.bass_note(hit.key, _seconds(hit)), hit.beat)
    return filtered(track, low_hz=32)


def other(rng: np.random.Generator) -> Stereo:
    """Guitars, piano, strings and lead in one. They leave the middle to the singer."""
    strings, piano, picked, strummed, lead = (silence() for _ in range(5))
    for hit in score.strings():
        place(strings, hit.level * instruments.string_note(hit.key, _seconds(hit), rng), hit.beat)
    for hit in score.piano():
        sound = hit.level * instruments.note("piano", hit.key, _seconds(hit), 0.15)
        place(piano, sound, hit.beat + 0.012 * rng.random(), 0.75)
    for hit in score.guitar():
        sound = hit.level * instruments.note("guitar", hit.key, _seconds(hit) + 0.5, 0.12)
        strum = hit.name == "strummed"
        place(strummed if strum else picked, sound, hit.beat + 0.01 * rng.random(), 0.6 if strum else -0.8)
    for n, hit in enumerate(score.lead()):
        place(lead, hit.level * instruments.lead_note(hit.key, _seconds(hit)), hit.beat, 0.5 if n % 2 else -0.5)
    strings = filtered(strings, low_hz=400, high_hz=6500)
    piano = filtered(piano, low_hz=140)
    picked = shelf(filtered(picked, low_hz=130), 4000, 3.0)
    strummed = shelf(filtered(strummed, low_hz=220), 5000, 3.0)
    lead = lead + 0.4 * echo(lead, 0.75, 0.5)
    dry = 0.1 * strings + 0.22 * piano + 0.3 * picked + 0.1 * strummed + 0.12 * lead
    sent = filtered(0.14 * strings + 0.15 * piano + 0.2 * picked + 0.06 * strummed + 0.12 * lead, low_hz=300)
    return dry + 0.2 * circular(sent, room(rng, 1.6, 0.02))


def _seconds(hit: score.Hit) -> float:
    return hit.beats * score.BEAT_FRAMES / RATE_HZ
