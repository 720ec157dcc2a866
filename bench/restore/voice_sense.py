"""VoiceSense: how well the probability that the live denoiser tells finds the voice in noise.

Truth: the level of the voice alone, in hops: above -35 dB of its loudest is voice, below -55 dB is none. Measured: the
area under the ROC curve, on mixes of voices and noises that the regression was not fitted to. The other is the level
of the denoised sound itself. `python -m bench.restore.voice_sense --fit` prints weights fitted to the first half.
"""

from __future__ import annotations

import sys

import numpy as np
from numpy.typing import NDArray

from bench.restore.heard import DATA, SPOKEN, SUNG, Sound, level_db, noise, told, voice
from bench.restore.rows import Row
from dsp.block import RATE_HZ
from dsp.denoise.telling import Hearing
from dsp.effects.gate import Gate
from dsp.parts.voice_sense import VoiceSense

PERIOD = 128
SNR_DB = (0.0, 10.0, 20.0, 30.0)


def mixes(number: int, seed: int) -> list[tuple[Sound, Sound, float]]:
    """(voice with silence before and after it, noise, SNR in dB), by chance."""
    random = np.random.default_rng(seed)
    files = sorted(path.name for path in (DATA / "noise").iterdir() if "crowd" not in path.name)
    found = []
    for _ in range(number):
        names = SUNG + SPOKEN
        said = voice(names[random.integers(len(names))], 5.0)
        clean = np.concatenate((np.zeros(RATE_HZ, np.float32), said, np.zeros(RATE_HZ, np.float32)))
        hiss, snr_db = noise(files[random.integers(len(files))], len(clean)), float(random.choice(SNR_DB))
        loud = clean[np.abs(clean) > 0.02]
        hiss *= np.float32(10.0 ** ((level_db(loud) - snr_db - level_db(hiss)) / 20.0))
        gain = np.float32(10.0 ** (random.uniform(-25.0, 0.0) / 20.0))  # nobody knows how far the preamp is turned up
        found.append((gain * clean, gain * hiss, snr_db))
    return found


def heard(clean: Sound, hiss: Sound) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int8]]:
    """(probability told for each hop, level of the denoised sound, truth: 1 voice, 0 none, -1 between)."""
    gate = Gate(VoiceSense())
    denoiser, sense = told(gate), gate._voice
    denoiser.prepare(RATE_HZ, PERIOD, 1)
    denoiser.reset()
    late, hops = denoiser.latency_frames, len(clean) // PERIOD
    sound = (clean + hiss).astype(np.float32)[:, None]
    probability, level = np.zeros(hops), np.zeros(hops)
    for hop in range(hops):
        block = sound[hop * PERIOD : (hop + 1) * PERIOD].copy()
        denoiser.process(block)
        probability[hop], level[hop] = sense.probability[0], np.square(block).mean()
    shift = late // PERIOD
    powers = np.square(clean[: hops * PERIOD].reshape(hops, PERIOD)).mean(axis=1)
    powers = np.convolve(powers, np.ones(7) / 7.0, "same")
    truth = np.where(powers < powers.max() * 10**-5.5, 0, -1).astype(np.int8)
    truth[powers > powers.max() * 10**-3.5] = 1
    return probability[shift:], np.convolve(level, np.ones(7) / 7.0, "same")[shift:], truth[: hops - shift]


def area(score: NDArray[np.float64], truth: NDArray[np.int8]) -> float:
    """Under the ROC curve."""
    score, truth = score[truth >= 0], truth[truth >= 0]
    order = np.argsort(score, kind="stable")
    ranks = np.empty(len(score))
    ranks[order] = np.arange(1, len(score) + 1)
    voiced = int((truth == 1).sum())
    return float((ranks[truth == 1].sum() - voiced * (voiced + 1) / 2) / (voiced * (len(truth) - voiced)))


def rows(limit: int | None = None) -> list[Row]:
    found = [(snr_db, *heard(clean, hiss)) for clean, hiss, snr_db in mixes(limit or 24, seed=2)]
    result = []
    for snr_db in (None, *SNR_DB):
        of = [one[1:] for one in found if snr_db is None or one[0] == snr_db]
        if not of:
            continue
        probability, level, truth = (np.concatenate(parts) for parts in zip(*of, strict=True))
        title = "all mixes" if snr_db is None else f"mixes at {snr_db:.0f} dB"
        ours, other = area(probability, truth), area(level, truth)
        result.append(Row("voice_sense", title, "area under ROC", 0.5, ours, other, "denoised level"))
    return result


def fit(number: int = 40) -> NDArray[np.float64]:
    """Weights of the logistic regression, in the order of dsp.denoise.telling.WEIGHTS."""
    inputs, truths = [], []
    for clean, hiss, _ in mixes(number, seed=1):
        gate = Gate(VoiceSense())
        denoiser, hearing = told(gate), Hearing(PERIOD)
        denoiser.prepare(RATE_HZ, PERIOD, 1)
        denoiser.reset()
        sound, given = (clean + hiss).astype(np.float32)[:, None], []
        for start in range(0, len(sound) // PERIOD * PERIOD, PERIOD):
            denoiser.process(sound[start : start + PERIOD])
            bands = denoiser._front.told[0].tolist()
            given.append([*hearing.features(*bands), 1.0])
        powers = np.square(clean[: len(given) * PERIOD].reshape(-1, PERIOD)).mean(axis=1)
        powers = np.convolve(powers, np.ones(7) / 7.0, "same")
        voiced = powers > powers.max() * 10**-3.5
        sure = voiced | (powers < powers.max() * 10**-5.5)
        inputs.append(np.array(given)[sure])
        truths.append(voiced[sure])
    x, y = np.concatenate(inputs), np.concatenate(truths).astype(float)
    share, weights = np.where(y == 1, 0.5 / y.mean(), 0.5 / (1 - y.mean())), np.zeros(x.shape[1])
    for _ in range(50):  # Newton's steps, with a little of a ridge
        p = 1.0 / (1.0 + np.exp(-np.clip(x @ weights, -30.0, 30.0)))
        bend = (x * (share * p * (1 - p))[:, None]).T @ x + 1e-3 * len(y) * np.eye(x.shape[1])
        weights -= np.linalg.solve(bend, x.T @ (share * (p - y)) + 1e-3 * len(y) * np.append(weights[:-1], 0.0))
    return weights


if __name__ == "__main__":
    print(np.round(fit(), 3).tolist() if "--fit" in sys.argv else "\n".join(map(str, rows())))
