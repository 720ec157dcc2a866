"""De-reverb: dry voices in real rooms. Truth: the direct sound and 50 ms after it.

Measured: SI-SDR against that truth, and the level in the gaps, where what is heard is late echo alone. By itself, behind
the live denoiser (where its network dries as well), and the network alone (`denoise.keep_room` at 0). The other is the
weighted prediction error method, online, one channel: T. Yoshioka and T. Nakatani, IEEE Trans. ASLP 20, 2012, by
`nara_wpe` (`pip install nara_wpe` into .venv-bench; left out where it is missing).
"""

from __future__ import annotations

import importlib.util

import numpy as np

from bench.harm import si_sdr_db
from bench.restore.heard import SPOKEN, SUNG, Sound, convolved, harm, room, through, voice
from bench.restore.rows import Row
from dsp.block import RATE_HZ
from dsp.parts.voice_sense import VoiceSense
from dsp.restore.dereverb import Dereverb

ROOMS = ("house_living-bathroom", "house_dining-far-kitchen", "house_cinema-hallway", "house_kitchen",
         "hall_Arthur_Sykes_Rymer_Auditorium", "hall_Jack_Lyons_Hall_University_of_York")  # fmt: skip
FRAME = RATE_HZ // 50


def rows(limit: int | None = None) -> list[Row]:
    figures: dict[str, list[list[float]]] = {}
    voices = (SUNG[0], SPOKEN[0], SPOKEN[2])
    for name in voices[: max(1, (limit or 99) // 2)]:
        dry = voice(name)
        for where in ROOMS[:limit]:
            early, late = (convolved(dry, part) for part in room(where))
            wet = early + late
            ways = {
                "nothing": wet,
                "alone": through(Dereverb(), wet, dereverb__amount=1.0),
                "model": through(Dereverb(VoiceSense()), wet, model=True, dereverb__amount=1.0),
                "network": through(Dereverb(VoiceSense()), wet, model=True, values={"denoise.keep_room": 0.0}),
            }
            if importlib.util.find_spec("nara_wpe") is not None:
                ways["wpe"] = _wpe(wet)
            for way, sound in ways.items():
                figures.setdefault(way, []).append([si_sdr_db(sound, early), _gaps_db(sound, early, late)])
    mean = {way: np.nanmean(np.array(values), axis=0) for way, values in figures.items()}
    other = mean.get("wpe")
    found = []
    for way, title in (("alone", "by itself"), ("model", "in the denoiser"), ("network", "keep_room 0 alone")):
        for at, (measure, better) in enumerate((("SI-SDR to the early sound, dB", True), ("level in the gaps, dB", False))):
            found.append(
                Row("dereverb", f"rooms, amount 1, {title}", measure, float(mean["nothing"][at]), float(mean[way][at]),
                    float(other[at]) if other is not None else None, "nara_wpe online", better)
            )  # fmt: skip
    harms = np.array([harm(voice(name), through(Dereverb(), voice(name), dereverb__amount=0.5)) for name in (*SPOKEN, *SUNG)[:limit]])
    found.append(Row("dereverb", "clean voices, amount 0.5", "worst SI-SDR, dB", 99.0, float(harms[:, 0].min())))
    found.append(Row("dereverb", "clean voices, amount 0.5", "loudness, LU", 0.0, float(harms[np.abs(harms[:, 1]).argmax(), 1]), more_is_better=False))
    return found


def _gaps_db(sound: Sound, early: Sound, late: Sound) -> float:
    """Level, beside that of the whole early sound, of the frames in which late echo is 10 dB above what is early."""
    frames = len(sound) // FRAME * FRAME
    now, first, then = (np.square(x[:frames].reshape(-1, FRAME)).mean(axis=1) for x in (sound, early, late))
    gaps = (first < 0.1 * then) & (then > 1e-4 * then.max())
    return float(10.0 * np.log10(now[gaps].mean() / first.mean())) if gaps.any() else float("nan")


def _wpe(wet: Sound) -> Sound:
    from nara_wpe.utils import istft, stft
    from nara_wpe.wpe import OnlineWPE

    size, shift = 1024, 256
    spectra = stft(wet[None].astype(np.float64), size=size, shift=shift).transpose(1, 2, 0)
    online = OnlineWPE(taps=10, delay=4, alpha=0.9999, frequency_bins=size // 2 + 1, channel=1)
    out = np.stack([online.step_frame(frame) for frame in spectra])
    return np.resize(istft(out[:, :, 0], size=size, shift=shift), len(wet)).astype(np.float32)
