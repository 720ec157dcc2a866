"""The automix: four talkers by turns at four microphones in a room, against all microphones open and a plain gate.

Each talker is heard by the own microphone, and later, softer and with the room (../shared/data/rooms) by the others.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from bench.harm import si_sdr_db
from bench.restore.levels import DATA, Sound, ffmpeg, read, through, voices
from bench.restore.rows import Row
from dsp.block import RATE_HZ
from dsp.effects.automix import Automix

MICROPHONES, TURN_S, TURNS = 4, 3.0, 6
LATER_FRAMES, SOFTER_DB = 140, -10.0  # a metre of way more
NOISE_DB = -58.0
GATE = "agate=threshold=0.02:ratio=10:attack=5:release=250"
ON = {"automix.on": 1.0}


def rows(limit: int | None = None) -> list[Row]:
    clean, heard = table()
    noise = (10.0 ** (NOISE_DB / 20.0) * np.random.default_rng(5).normal(size=heard.shape)).astype(np.float32)
    open_sum = (heard + noise).sum(axis=1)
    ours = through(Automix(), heard + noise, ON)[:, 0]
    gated = [
        ffmpeg("agate=threshold=0.02:ratio=10:attack=5:release=250", column.copy()) for column in (heard + noise).T
    ]
    gate = np.sum([column for column in gated if column is not None], axis=0) if gated[0] is not None else None
    name, what = "ffmpeg agate on each", "four talkers by turns, four microphones in a room"
    one = np.square(noise[:, 0]).mean()
    idle = through(Automix(), noise, ON)[RATE_HZ:, 0]

    def row(what: str, measure: str, measured: Callable[[Sound, Sound], float], *, more_is_better: bool = True) -> Row:
        other = measured(gate, clean) if gate is not None else None
        nothing, own = measured(open_sum, clean), measured(ours, clean)
        return Row("automix", what, measure, nothing, own, other, name, more_is_better)

    return [
        row(what, "SI-SDR against each one's own, dB", si_sdr_db),
        row(what, "combing, dB RMS over 200 Hz to 4 kHz", combing_db, more_is_better=False),
        row("the first 50 ms of each turn", "dB against the talker's own", onset_db),
        Row(
            "automix", "hiss of four microphones, nobody speaks", "dB over one microphone's",
            10.0 * np.log10(np.square(noise.sum(axis=1)).mean() / one), 10.0 * np.log10(np.square(idle).mean() / one),
            more_is_better=False,
        ),
    ]  # fmt: skip


def table() -> tuple[Sound, Sound]:
    """What each talker's own microphone hears, added up; and what all of them hear, (frames, microphones)."""
    frames = round(TURN_S * TURNS * RATE_HZ)
    talkers = voices(TURN_S, MICROPHONES)
    room = read(DATA / "rooms" / "house_living-bedroom.flac", 0.4)
    room = room / np.sqrt(np.square(room).sum()) * np.float32(10.0 ** (-16.0 / 20.0))
    clean, heard = np.zeros(frames, np.float32), np.zeros((frames, MICROPHONES), np.float32)
    for turn in range(TURNS):
        talker = turn % MICROPHONES
        sound = np.zeros(frames, np.float32)
        start = round(turn * TURN_S * RATE_HZ)
        # A breath between two turns.
        voice = talkers[talker][: round((TURN_S - 0.3) * RATE_HZ)]
        sound[start : start + len(voice)] = voice
        clean += sound
        size = frames + len(room)
        reverb = np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(room, size), size)[:frames]
        for microphone in range(MICROPHONES):
            away = abs(microphone - talker)
            direct = np.roll(sound, LATER_FRAMES * away) * np.float32(10.0 ** (SOFTER_DB * away / 20.0))
            heard[:, microphone] += direct + (np.roll(reverb, 211 * microphone) if away else 0.0)
    return clean, heard


def combing_db(sound: Sound, clean: Sound) -> float:
    """How uneven the response from the clean voice to the mix is."""
    size = 4096
    frames = len(clean) // size
    pair = [np.fft.rfft(x[: frames * size].reshape(frames, size) * np.hanning(size), axis=1) for x in (sound, clean)]
    response = (pair[0] * pair[1].conj()).sum(axis=0) / (np.square(np.abs(pair[1])).sum(axis=0) + 1e-9)
    band = slice(round(200 * size / RATE_HZ), round(4_000 * size / RATE_HZ))
    return float(np.std(20.0 * np.log10(np.abs(response[band]) + 1e-6)))


def onset_db(sound: Sound, clean: Sound) -> float:
    changes = []
    for turn in range(1, TURNS):
        start = round(turn * TURN_S * RATE_HZ)
        loud = clean[start : start + round(TURN_S * RATE_HZ)]
        first = start + int(np.argmax(np.abs(loud) > 0.05))
        part = slice(first, first + RATE_HZ // 20)
        changes.append(10.0 * np.log10(np.square(sound[part]).sum() / np.square(clean[part]).sum()))
    return float(np.mean(changes))
