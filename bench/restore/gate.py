"""The gate: what is lost of the first and last sounds of phrases, and how far the pauses go down.

Dry voices get pauses and a noise. Truth: where the voice alone is. The other is ffmpeg's agate at the same range,
with its threshold set for each file 10 dB above the noise.
"""

from __future__ import annotations

import numpy as np

from bench.restore.heard import SPOKEN, SUNG, Sound, ffmpeg, harm, level_db, noise, through, voice
from bench.restore.rows import Row
from dsp.block import RATE_HZ
from dsp.effects.gate import Gate
from dsp.parts.voice_sense import VoiceSense

RANGE_DB = 20.0
NOISES = ("alarmclock_rain", "adafruit_machine", "alarmclock_traffic")
EDGE = RATE_HZ // 40  # 25 ms of a phrase's first and last sound


def phrases(name: str, seconds: float = 5.0) -> tuple[Sound, np.ndarray]:
    """(a voice in pieces of 1 s with pauses of 1 s that are silent, (first, last) frame of each phrase)."""
    whole, found, at = voice(name, seconds), [], RATE_HZ
    out = np.zeros(round((2 * seconds + 1) * RATE_HZ), np.float32)
    for start in range(0, len(whole) - RATE_HZ + 1, RATE_HZ):
        piece = whole[start : start + RATE_HZ]
        heard = np.flatnonzero(np.abs(piece) > 0.02 * np.abs(whole).max())
        if len(heard) < RATE_HZ // 4:
            continue
        piece = piece[heard[0] : heard[-1] + 1]
        out[at : at + len(piece)] = piece
        found.append((at, at + len(piece)))
        at += len(piece) + RATE_HZ
    return out[: at], np.array(found)


def rows(limit: int | None = None) -> list[Row]:
    names = (*SPOKEN, *SUNG)[:limit]
    figures: dict[str, list[list[float]]] = {}
    for number, name in enumerate(names):
        clean, edges = phrases(name)
        for snr_db in (15.0, 30.0):
            hiss = noise(NOISES[number % len(NOISES)], len(clean))
            down_db = level_db(clean[clean != 0.0]) - snr_db
            hiss = hiss * np.float32(10.0 ** ((down_db - level_db(hiss)) / 20.0))
            mix = (clean + hiss).astype(np.float32)
            gate = Gate()
            alone = through(gate, mix, gate__on=1.0, gate__range_db=RANGE_DB)
            threshold = 10.0 ** ((down_db + 10.0) / 20.0)
            public = ffmpeg(f"agate=threshold={threshold:.6f}:range={10 ** (-RANGE_DB / 20):.4f}:ratio=9:attack=1:release=150", mix)
            with_model = Gate(VoiceSense())
            behind = through(with_model, mix, model=True, gate__on=1.0, gate__range_db=RANGE_DB)
            before = through(Gate(VoiceSense()), mix, model=True)
            for way, sound, of in (("level", alone, mix), ("model", behind, before), ("agate", public, mix)):
                if sound is not None:
                    figures.setdefault(way, []).append(_losses(sound, of, edges))
    mean = {way: np.mean(all_of, axis=0) for way, all_of in figures.items()}
    other = mean.get("agate")
    found = []
    for way, title in (("level", "by level"), ("model", "behind the denoiser")):
        for at, (what, unit) in enumerate((("first 25 ms of phrases", "lost, dB"), ("last 25 ms of phrases", "lost, dB"))):
            found.append(Row("gate", f"{what}, {title}", unit, 0.0, float(mean[way][at]), _of(other, at), "ffmpeg agate", False))
        found.append(Row("gate", f"pauses, {title}", "down, dB", 0.0, float(mean[way][2]), _of(other, 2), "ffmpeg agate"))
    harms = np.array([harm(phrases(name)[0], through(Gate(), phrases(name)[0], gate__on=1.0)) for name in names])
    found.append(Row("gate", "clean voices, default range", "SI-SDR, dB", 99.0, float(harms[:, 0].min())))
    return found


def _losses(sound: Sound, of: Sound, edges: np.ndarray) -> list[float]:
    def change(first: int, last: int) -> float:
        return level_db(of[first:last]) - level_db(sound[first:last])

    pauses = [change(end + RATE_HZ // 2, end + RATE_HZ - RATE_HZ // 50) for _, end in edges[:-1]]
    first = [change(start, start + EDGE) for start, _ in edges]
    last = [change(end - EDGE, end) for _, end in edges]
    return [float(np.mean(values)) for values in (first, last, pauses)]


def _of(values: np.ndarray | None, at: int) -> float | None:
    return None if values is None else float(values[at])


if __name__ == "__main__":
    for row in rows():
        print(row)
