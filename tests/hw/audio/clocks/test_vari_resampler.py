"""VariResampler: the sound at any place between the frames, and nothing else."""

import itertools

import numpy as np
import pytest

from hw.audio.clocks.vari_resampler import CAPACITY_FRAMES, VariResampler

BLOCK = 128


def read(resampler: VariResampler, sound: np.ndarray, speeds: np.ndarray) -> np.ndarray:
    """Push and pull in turns; speeds: at the beginning of each block, and one more at the end."""
    block = np.zeros((BLOCK, sound.shape[1]), np.float32)
    heard, at = [], 0
    for begin, end in itertools.pairwise(speeds):
        while not resampler.has(BLOCK, max(begin, end)):
            resampler.push(sound[at : at + 100])
            at += 100
        resampler.pull(block, begin, end)
        heard.append(block.copy())
    return np.concatenate(heard)


@pytest.mark.parametrize("hz", [100, 1000, 10_000, 18_000, 20_000])
@pytest.mark.parametrize("speed", [1.0002, 0.998, 44_100 / 48_000, 2.0])
def test_a_tone_stays_that_tone_to_minus_75_db(hz: int, speed: float) -> None:
    rate_in = 48_000 * speed
    if hz > 0.415 * min(rate_in, 48_000):
        pytest.skip("within the filter's slope")
    tone = np.sin(2 * np.pi * hz / rate_in * np.arange(120_000))[:, None].astype(np.float32)
    heard = read(VariResampler(speed, BLOCK, 1), tone, np.full(301, speed))[:, 0]
    ideal = np.sin(2 * np.pi * hz / rate_in * speed * np.arange(len(heard)))
    assert 10 * np.log10(np.mean((heard - ideal)[500:] ** 2) * 2) < -75


def test_at_speed_one_the_integers_come_back() -> None:
    noise = np.random.default_rng(1).uniform(-1, 1, (20_000, 2)).astype(np.float32)
    heard = read(VariResampler(1.0, BLOCK, 2), noise, np.ones(101))
    assert np.abs(heard - noise[: len(heard)]).max() < 1e-6


def test_a_change_of_speed_is_a_glide() -> None:
    """Against a sine whose phase is the sum of the speeds: no jump in place or pitch at a block's edge."""
    speeds = 1.0 + 0.002 * np.sin(np.arange(401) / 7)
    tone = np.sin(2 * np.pi * 5000 / 48_000 * np.arange(60_000))[:, None].astype(np.float32)
    heard = read(VariResampler(1.0, BLOCK, 1), tone, speeds)[:, 0]
    n = np.arange(BLOCK)
    begins = np.concatenate(([0.0], np.cumsum(BLOCK * (speeds[:-1] + speeds[1:]) / 2)))
    places = np.concatenate(
        [at + n * a + (b - a) * n**2 / (2 * BLOCK) for at, a, b in zip(begins, speeds, speeds[1:], strict=False)]
    )
    ideal = np.sin(2 * np.pi * 5000 / 48_000 * places)
    assert 10 * np.log10(np.mean((heard - ideal)[500:] ** 2) * 2) < -75


def test_waiting_frames_are_dropped_or_made_of_silence() -> None:
    resampler = VariResampler(1.0, BLOCK, 1)
    ramp = np.arange(1, 1001, dtype=np.float32)[:, None] / 1000
    resampler.push(ramp)
    assert resampler.waiting_frames == 1000
    resampler.set_waiting(400)
    block = np.zeros((BLOCK, 1), np.float32)
    resampler.pull(block, 1.0, 1.0)
    assert np.allclose(block, ramp[600 : 600 + BLOCK], atol=1e-4)
    resampler.set_waiting(1500.5)
    assert resampler.waiting_frames == 1500.5
    assert resampler.has(BLOCK, 1.0)


def test_input_that_nobody_reads_is_let_go_and_what_is_newest_stays() -> None:
    resampler = VariResampler(1.0, BLOCK, 1)
    count = np.arange(10 * CAPACITY_FRAMES, dtype=np.float32)[:, None]
    for at in range(0, len(count), 512):
        resampler.push(count[at : at + 512])
    assert CAPACITY_FRAMES // 4 < resampler.waiting_frames < CAPACITY_FRAMES
    resampler.set_waiting(1000)
    block = np.zeros((BLOCK, 1), np.float32)
    resampler.pull(block, 1.0, 1.0)
    assert np.allclose(block, count[-1000 : -1000 + BLOCK], rtol=1e-4)
