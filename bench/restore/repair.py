"""De-click, de-clip, low cut and pops: known clicks, known clipping, rumble and bursts of breath in clean voices.

The others are Debian's ffmpeg (adeclick, adeclip, highpass at 80 Hz, a shelf that is always there), which works on
whole files; without it (`apt-get install ffmpeg`) their column is empty. adeclick and adeclip add their windows up by
default, whose sum is off by 1.4 %: no more than 33 dB of any sound is left, whole or broken, without any delay. With
`m=s` they hand on exactly what they do not mend, so that is what is compared here.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from bench.harm import si_sdr_db
from bench.restore.heard import SPOKEN, SUNG, Sound, ffmpeg, level_db, noise, through, voice
from bench.restore.rows import Row
from dsp.block import RATE_HZ
from dsp.restore.declick import Declick
from dsp.restore.declip import Declip
from dsp.restore.low_cut import LowCut
from dsp.restore.plosives import Plosives

SECONDS = 4.0  # of each voice: adeclip takes as long for it as we for a minute
CLICKS_PER_S = 5
CLIPPED_DB = (3, 6, 9, 12, 15)
MOST_OF_THE_OTHER_DB = 6  # above it adeclip takes minutes for a voice
POPS = 4
CLOSED_MS, OPEN_MS = 60.0, 40.0  # before a pop the lips are closed; so long after it the voice is back


def rows(limit: int | None = None) -> list[Row]:
    """limit: so many voices of each kind."""
    names = (*SUNG, *SPOKEN) if limit is None else (*SUNG[:limit], *SPOKEN[:limit])
    voices = {name: voice(name, SECONDS) for name in names}
    return [*_clicks(voices), *_clipped(voices), *_rumble(voices), *_pops(voices)]


def _row(stage: str, what: str, measure: str, figures: list[tuple[float, float, float | None]], other: str) -> Row:
    """The means over the voices of: nothing, ours, the other's."""
    nothing, ours, others = zip(*figures, strict=True)
    known = [value for value in others if value is not None]
    mean = float(np.mean(known)) if known else None
    return Row(stage, what, measure, float(np.mean(nothing)), float(np.mean(ours)), mean, other if known else "")


def tick(_: np.random.Generator) -> Sound:
    return np.ones(1, np.float32)


def crackle(random: np.random.Generator) -> Sound:
    size = int(random.integers(3, 30))
    return (random.normal(size=size) * np.exp(-3.0 * np.arange(size) / size)).astype(np.float32)


def mouth(random: np.random.Generator) -> Sound:
    frames = np.arange(96)
    wave = np.sin(2 * np.pi * random.uniform(1500, 7000) * frames / RATE_HZ + random.uniform(0, 6))
    return (wave * np.exp(-frames / random.uniform(8, 22))).astype(np.float32)


def with_clicks(sound: Sound, make: Callable[[np.random.Generator], Sound], db: float) -> Sound:
    """CLICKS_PER_S clicks at random places, their peaks `db` (+-6) over the voice's RMS."""
    random, out = np.random.default_rng(1), sound.copy()
    for at in random.integers(2000, len(sound) - 2000, CLICKS_PER_S * len(sound) // RATE_HZ):
        click = make(random)
        level = 10.0 ** ((level_db(sound) + db + random.uniform(-6, 6)) / 20.0)
        out[at : at + len(click)] += random.choice([-1, 1]) * level / np.abs(click).max() * click
    return out


def _clicks(voices: dict[str, Sound]) -> list[Row]:
    found = []
    for make, title in ((tick, "ticks"), (crackle, "crackle"), (mouth, "clicks of the mouth")):
        for db in (0, 10):
            figures = []
            for clean in voices.values():
                broken = with_clicks(clean, make, db)
                other = ffmpeg("adeclick=m=s", broken)
                figures.append(
                    (
                        si_sdr_db(broken, clean),
                        si_sdr_db(through(Declick(), broken, declick__on=1.0), clean),
                        None if other is None else si_sdr_db(other, clean),
                    )
                )
            what = f"{CLICKS_PER_S} {title} a second, {db} dB over the voice"
            found.append(_row("declick", what, "SI-SDR, dB", figures, "ffmpeg adeclick"))
    return found


def _clipped(voices: dict[str, Sound]) -> list[Row]:
    found = []
    for db in CLIPPED_DB:
        figures = []
        for clean in voices.values():
            top = float(np.abs(clean).max()) * 10.0 ** (-db / 20.0)
            broken = np.clip(clean, -top, top)
            other = ffmpeg("adeclip=m=s", broken) if db <= MOST_OF_THE_OTHER_DB else None
            ours = si_sdr_db(through(Declip(), broken, declip__on=1.0), clean)
            figures.append((si_sdr_db(broken, clean), ours, None if other is None else si_sdr_db(other, clean)))
        found.append(_row("declip", f"cut off {db} dB below its peak", "SI-SDR, dB", figures, "ffmpeg adeclip"))
    return found


def _band_db(sound: Sound, low_hz: float, high_hz: float) -> float:
    power = np.square(np.abs(np.fft.rfft(sound)))
    hz = np.fft.rfftfreq(len(sound), 1.0 / RATE_HZ)
    return float(10.0 * np.log10(power[(hz >= low_hz) & (hz < high_hz)].sum() + 1e-12))


def _rumble(voices: dict[str, Sound]) -> list[Row]:
    below, kept = [], []
    for clean in voices.values():
        traffic = noise("alarmclock_traffic", len(clean))
        spectrum = np.fft.rfft(traffic)
        spectrum[np.fft.rfftfreq(len(traffic), 1.0 / RATE_HZ) > 60.0] = 0.0
        low = np.fft.irfft(spectrum, len(traffic))
        low *= 10.0 ** ((level_db(clean) - 6.0 - level_db(low.astype(np.float32))) / 20.0)
        rumble = low.astype(np.float32)
        ours, other = through(LowCut(), clean + rumble, low_cut__on=1.0), ffmpeg("highpass=f=80", clean + rumble)
        before = _band_db(clean + rumble, 15, 60)
        rest = None if other is None else _band_db(other, 15, 60) - before
        below.append((0.0, _band_db(ours, 15, 60) - before, rest))
        mine, theirs = through(LowCut(), clean, low_cut__on=1.0), ffmpeg("highpass=f=80", clean)
        loss = None if theirs is None else abs(_band_db(theirs, 75, 300) - _band_db(clean, 75, 300))
        kept.append((0.0, abs(_band_db(mine, 75, 300) - _band_db(clean, 75, 300)), loss))
    what = ("rumble below 60 Hz, 6 dB under the voice", "a clean voice, 75 to 300 Hz")
    found = [_row("low_cut", what[0], "level, dB", below, "ffmpeg highpass 80")]
    found += [_row("low_cut", what[1], "off, dB", kept, "ffmpeg highpass 80")]
    return [_less(row) for row in found]


def _less(row: Row) -> Row:
    return Row(row.stage, row.what, row.measure, row.nothing, row.ours, row.other, row.other_name, False)


def pop(random: np.random.Generator) -> Sound:
    """A burst of breath on the capsule, 100 ms."""
    frames = 4800
    seconds = np.arange(frames) / RATE_HZ
    shape = (1.0 - np.exp(-seconds / 0.004)) * np.exp(-seconds / 0.025)
    breath = np.convolve(random.normal(size=frames), np.hanning(600) / 17.0, "same")
    wave = np.sin(2 * np.pi * random.uniform(25, 60) * seconds + random.uniform(-0.5, 0.5)) + 0.6 * breath
    return (shape * wave).astype(np.float32)


def with_pops(clean: Sound, seed: int) -> tuple[Sound, list[slice]]:
    """Each comes out of closed lips. Return where they are, too."""
    random, broken, places = np.random.default_rng(seed), clean.copy(), []
    closed, open_ = (round(ms * RATE_HZ / 1000.0) for ms in (CLOSED_MS, OPEN_MS))
    for number in range(POPS):
        at = round((number + 0.5) * len(clean) / (POPS + 0.5))
        burst = pop(random) * np.float32(np.abs(clean).max() * random.uniform(0.6, 1.2))
        broken[at - closed : at + open_] = 0.0
        broken[at : at + len(burst)] += burst
        places.append(slice(at, at + len(burst)))
    return broken, places


def _pops(voices: dict[str, Sound]) -> list[Row]:
    popped, kept = [], []
    for number, clean in enumerate(voices.values()):
        broken, places = with_pops(clean, number)
        other = ffmpeg("bass=g=-9:f=130", broken)
        still = ffmpeg("bass=g=-9:f=130", clean)
        there = np.concatenate([np.arange(len(clean))[place] for place in places])
        levels = [
            None if sound is None else _band_db(sound[there], 0, 130)
            for sound in (broken, through(Plosives(), broken, plosives__on=1.0), other)
        ]
        assert levels[0] is not None
        assert levels[1] is not None
        popped.append((0.0, levels[1] - levels[0], None if levels[2] is None else levels[2] - levels[0]))
        after = through(Plosives(), clean, plosives__on=1.0)
        kept.append((99.0, min(99.0, si_sdr_db(after, clean)), None if still is None else si_sdr_db(still, clean)))
    return [
        _less(_row("plosives", "pops as loud as the voice, below 130 Hz", "level, dB", popped, "ffmpeg bass -9 dB")),
        _row("plosives", "a clean voice", "SI-SDR, dB", kept, "ffmpeg bass -9 dB"),
    ]
