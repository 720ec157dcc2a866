"""Loudness, compared with the figures of ITU-R BS.1770-4 and EBU Tech 3341."""

import math

import numpy as np
import pytest

from dsp.analysis.loudness import HOP_FRAMES, Loudness, gated

RATE_HZ = 48_000


def measure(sound: np.ndarray, seconds: float = 60.0, gain: float = 1.0) -> Loudness:
    loudness = Loudness(sound.shape[1], seconds)
    for at in range(0, len(sound) - HOP_FRAMES + 1, HOP_FRAMES):
        loudness.add(sound[at : at + HOP_FRAMES], gain)
    return loudness


def sine(hz: float, dbfs: float, seconds: float, channels: int = 2) -> np.ndarray:
    wave = 10 ** (dbfs / 20) * np.sin(2 * np.pi * hz * np.arange(int(seconds * RATE_HZ)) / RATE_HZ)
    return np.repeat(wave[:, None], channels, axis=1).astype(np.float32)


def test_997_hz_at_full_scale_in_one_channel_is_minus_3_01():
    assert measure(sine(997, 0.0, 4.0, 1)).lufs == pytest.approx(-3.01, abs=0.05)


@pytest.mark.parametrize("dbfs", [-23.0, -33.0])
def test_ebu_case_1_and_2(dbfs: float):
    assert measure(sine(1000, dbfs, 20.0)).lufs == pytest.approx(dbfs, abs=0.1)


def test_ebu_case_3_quiet_parts_do_not_count():
    sound = np.concatenate([sine(1000, -36, 10), sine(1000, -23, 60), sine(1000, -36, 10)])
    assert measure(sound, 120.0).lufs == pytest.approx(-23.0, abs=0.1)


def test_ebu_case_4_neither_does_what_is_below_the_absolute_gate():
    levels = ((-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10))
    assert measure(np.concatenate([sine(1000, db, s) for db, s in levels]), 120.0).lufs == pytest.approx(-23, abs=0.1)


def test_the_weighting_follows_the_standard():
    flat = measure(sine(997, -20, 4.0)).lufs
    assert measure(sine(40, -20, 4.0)).lufs - flat < -4.0  # the high-pass
    assert measure(sine(8000, -20, 4.0)).lufs - flat == pytest.approx(3.3, abs=0.2)  # the shelf of 4 dB, less 0.69


def test_silence_has_no_loudness_and_the_gain_it_was_given_is_taken_off():
    assert measure(np.zeros((RATE_HZ, 1), np.float32)).lufs == -math.inf
    assert gated(np.zeros(3)) == -math.inf
    halved = measure(0.5 * sine(1000, -20, 3.0), gain=0.5)
    assert halved.lufs == pytest.approx(measure(sine(1000, -20, 3.0)).lufs, abs=1e-3)


def test_only_the_newest_seconds_count():
    loudness = measure(np.concatenate([sine(1000, -10, 5), sine(1000, -30, 5)]), seconds=4.0)
    assert loudness.seconds == 4.0
    assert loudness.lufs == pytest.approx(-30.0, abs=0.1)
    loudness.clear()
    assert loudness.lufs == -math.inf
