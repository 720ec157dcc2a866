"""The leveller on a voice whose level is ridden up and down, against ffmpeg's dynaudnorm and speechnorm.

Do no harm: a clean voice whose loudness is the target's from beginning to end is to stay as it is. A voice that moves
by 6 dB and more by itself is a ride: what is done to it is shown, but there it does its work.
"""

from __future__ import annotations

import numpy as np

from bench.restore.levels import Sound, ffmpeg, harm, hop_energies, lufs, through, voices
from bench.restore.rows import Row
from dsp.block import RATE_HZ
from dsp.effects.leveller import Leveller

SECONDS, RIDE_S, RIDES_DB = 30.0, 6.0, (0.0, -8.0, 4.0, -12.0, 6.0)
HEARD_AFTER_S = 2.0  # after each ride, when a fader ridden by hand would be there too
STEADY_DB = 6.0
SETTINGS = {"leveller.on": 1.0, "leveller.target_lufs": -20.0}


def rows(limit: int | None = None) -> list[Row]:
    clean = voices(SECONDS, limit)
    levelled = [through(Leveller(), ridden(sound), SETTINGS) for sound in clean]
    others = [ffmpeg("dynaudnorm=p=0.5:m=8", ridden(sound)) for sound in clean]
    speech = [ffmpeg("speechnorm", ridden(sound)) for sound in clean]

    def mean(sounds: list[Sound]) -> float:
        return float(np.mean([unevenness_db(sound, voice) for sound, voice in zip(sounds, clean, strict=True)]))

    found = [
        Row(
            "leveller",
            "a voice ridden by -12 to +6 dB every 6 s",
            "what is left of the rides, dB RMS",
            mean([ridden(sound) for sound in clean]),
            mean(levelled),
            mean([sound for sound in other if sound is not None]) if other[0] is not None else None,
            name,
            more_is_better=False,
        )
        for name, other in (("ffmpeg dynaudnorm", others), ("ffmpeg speechnorm", speech))
    ]
    noisy = [ridden(sound) * gaps() + hiss() for sound in clean]
    out = [through(Leveller(), sound, SETTINGS) for sound in noisy]
    other = [ffmpeg("dynaudnorm=p=0.5:m=8", sound) for sound in noisy]
    found.append(
        Row(
            "leveller",
            "3 s pauses with hiss at -62 dBFS",
            "hiss against voice, dB",
            pause_db(noisy),
            pause_db(out),
            pause_db([sound for sound in other if sound is not None]) if other[0] is not None else None,
            "ffmpeg dynaudnorm",
            more_is_better=False,
        )
    )
    for what, chosen in (("steady", True), ("moving", False)):
        harms = []
        for sound in clean:
            even = (sound * 10.0 ** ((SETTINGS["leveller.target_lufs"] - lufs(sound)) / 20.0)).astype(np.float32)
            if (moves_db(even) < STEADY_DB) == chosen:
                harms.append(harm(even, through(Leveller(), even, SETTINGS)))
        if harms:
            title = f"the worst clean voice at the target, {what}"
            most = max((harm[1] for harm in harms), key=abs)
            found.append(Row("leveller", title, "SI-SDR, dB", float("inf"), min(harm[0] for harm in harms)))
            found.append(Row("leveller", title, "loudness, LU", 0.0, most, more_is_better=False))
    return found


def ridden(sound: Sound) -> Sound:
    """With a fader that moves within 0.2 s."""
    steps = np.repeat(RIDES_DB, round(RIDE_S * RATE_HZ))[: len(sound)]
    smooth = np.convolve(np.pad(steps, (4800, 4799), mode="edge"), np.full(9600, 1 / 9600), mode="valid")[: len(sound)]
    moved: Sound = (sound * 10.0 ** (smooth / 20.0)).astype(np.float32)
    return moved


def gaps() -> Sound:
    """1, and 0 in the second half of each ride."""
    time_s = np.arange(round(SECONDS * RATE_HZ)) / RATE_HZ
    return (time_s % RIDE_S < RIDE_S / 2).astype(np.float32)


def hiss() -> Sound:
    random = np.random.default_rng(3)
    noise: Sound = (10.0 ** (-62.0 / 20.0) * random.normal(size=round(SECONDS * RATE_HZ))).astype(np.float32)
    return noise


def unevenness_db(sound: Sound, voice: Sound) -> float:
    """How the level, relative to the clean voice's, differs from ride to ride, from 2 s after each change."""
    loud = hop_energies(voice)
    gain = 10.0 * np.log10((hop_energies(sound) + 1e-12) / (loud + 1e-12))
    hops = np.arange(len(gain)) / 10.0
    means = []
    for ride in range(len(RIDES_DB)):
        chosen = (hops >= ride * RIDE_S + HEARD_AFTER_S) & (hops < (ride + 1) * RIDE_S) & (loud > 0.05 * loud.max())
        if chosen.any():
            means.append(float(np.average(gain[chosen], weights=loud[chosen])))
    return float(np.std(means))


def moves_db(sound: Sound) -> float:
    """How far the loudness of 3 s goes up and down, without pauses (EBU Tech 3341 calls it short-term loudness)."""
    energies = hop_energies(sound)
    short = [10.0 * np.log10(energies[at : at + 30].mean() + 1e-12) for at in range(0, len(energies) - 29, 5)]
    voiced = np.array(short)[np.array(short) > max(short) - 20.0]
    return float(voiced.max() - voiced.min())


def pause_db(sounds: list[Sound]) -> float:
    """The hiss in the pauses against the voice between them."""
    pause = np.repeat(gaps()[::4800][: round(SECONDS * 10)] == 0.0, 1)
    ratios = []
    for sound in sounds:
        energies = hop_energies(sound)
        inside = pause[: len(energies)] & (np.arange(len(energies)) % 60 > 35)
        outside = ~pause[: len(energies)]
        ratios.append(10.0 * np.log10(energies[inside].mean() / energies[outside].mean()))
    return float(np.mean(ratios))


if __name__ == "__main__":
    for row in rows():
        print(row)
