"""Feedback: a loop that would howl is held, quickly; held notes, whistles and voices pass bit by bit."""

from __future__ import annotations

import numpy as np
import pytest

from dsp.block import RATE_HZ, Block
from dsp.restore.feedback import NOTCHES, Feedback

PERIOD = 128
TIME = np.arange(4 * RATE_HZ) / RATE_HZ


def feedback(period: int = PERIOD, channels: int = 1) -> Feedback:
    stage = Feedback()
    stage.prepare(RATE_HZ, period, channels)
    stage.set_param("feedback.on", 1.0)
    stage.reset()
    return stage


def through(stage: Feedback, sound: np.ndarray, period: int = PERIOD) -> Block:
    out = sound.astype(np.float32)[: len(sound) // period * period, None].copy()
    for start in range(0, len(out), period):
        stage.process(out[start : start + period])
    return out


def grown(
    hz: float, db_a_second: float, from_db: float = -60.0, to_db: float = -6.0, seconds: float = 2.0
) -> np.ndarray:
    """A howl that nothing stops before it is at its limit, in a quiet room."""
    time = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    level = np.minimum(from_db + db_a_second * time, to_db)
    noise = np.random.default_rng(1).normal(size=len(time)) * 1e-4
    return np.asarray(10.0 ** (level / 20.0) * np.sin(2 * np.pi * hz * time) + noise)


def loop(stage: Feedback | None, gain_db: float, seconds: float = 4.0, delay: int = 4 * PERIOD) -> np.ndarray:
    """What the microphone hears before a loudspeaker whose sound comes back, loudest at 1200 Hz. Full scale is the end.

    gain_db: of the loop at 1200 Hz; above 0 it howls.
    """
    radius, turn = 0.985, 2 * np.pi * 1200.0 / RATE_HZ
    taps = radius ** np.arange(1024) * np.cos(turn * np.arange(1024))
    taps /= np.abs(np.fft.rfft(taps, 1 << 15)).max()
    noise = np.random.default_rng(2).normal(size=round(seconds * RATE_HZ) // PERIOD * PERIOD) * 1e-3
    heard, played = noise.copy(), np.zeros(len(noise) + delay + len(taps))
    size = 2048
    spectrum = np.fft.rfft(taps, size)
    for start in range(0, len(noise), PERIOD):
        back = played[max(0, start - delay - len(taps) + 1) : start - delay + PERIOD] if start >= delay else np.zeros(1)
        came = np.fft.irfft(np.fft.rfft(back, size) * spectrum, size)[: len(back)][-PERIOD:]
        heard[start : start + len(came)] += came
        block = heard[start : start + PERIOD].astype(np.float32)[:, None]
        if stage is not None:
            stage.process(block)
        played[start : start + PERIOD] = np.clip(10.0 ** (gain_db / 20.0) * block[:, 0], -1.0, 1.0)
    return heard


def rms(sound: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(sound))))


@pytest.mark.parametrize("hz", [310.0, 1234.0, 5100.0])
@pytest.mark.parametrize("db_a_second", [40.0, 100.0, 250.0])
def test_a_rising_howl_is_found(hz: float, db_a_second: float) -> None:
    stage = feedback()
    through(stage, grown(hz, db_a_second))
    assert stage.detail == pytest.approx(hz, abs=4.0)


def test_it_is_found_within_150_ms_of_rising_out_of_the_quiet() -> None:
    stage = feedback()
    howl = grown(1500.0, 100.0, seconds=1.0)
    for start in range(0, len(howl), PERIOD):
        stage.process(howl[start : start + PERIOD].astype(np.float32)[:, None].copy())
        if stage.detail:
            break
    audible_s = 0.0  # it begins at the level from which on it is looked for
    assert start / RATE_HZ - audible_s <= 0.15


def test_a_loop_that_would_howl_is_held() -> None:
    assert rms(loop(None, 4.0)[-RATE_HZ:]) > 0.3
    stage = feedback()
    held = loop(stage, 4.0)
    assert rms(held[-RATE_HZ:]) < 0.01
    assert stage.detail == pytest.approx(1200.0, abs=40.0)


def test_a_howl_at_its_limit_when_switched_on_is_held_too() -> None:
    stage = feedback()
    through(stage, grown(900.0, 1000.0, from_db=-12.0, to_db=-12.0, seconds=1.0))
    assert stage.detail == pytest.approx(900.0, abs=4.0)


@pytest.mark.parametrize("hz", [220.0, 440.0, 880.0])
def test_a_held_note_with_overtones_stays(hz: float) -> None:
    swell = np.clip(TIME / 1.5, 0.02, 1.0)
    note = swell * sum(0.3 / n * np.sin(2 * np.pi * n * hz * TIME) for n in range(1, 12))
    stage = feedback()
    assert np.array_equal(through(stage, note)[:, 0], note.astype(np.float32)[: len(note) // PERIOD * PERIOD])
    assert stage.detail == 0.0


@pytest.mark.parametrize("hz", [900.0, 1800.0, 3200.0])
def test_a_whistle_stays(hz: float) -> None:
    """With the vibrato and the breath of lips, and an attack of 60 ms."""
    pitch = hz * (1.0 + 0.006 * np.sin(2 * np.pi * 5.0 * TIME))
    breath = np.random.default_rng(3).normal(size=len(TIME)) * 0.004
    sound = 0.2 * np.clip(TIME / 0.06, 0.0, 1.0) * np.sin(2 * np.pi * np.cumsum(pitch) / RATE_HZ) + breath
    stage = feedback()
    through(stage, sound)
    assert stage.detail == 0.0


def test_a_tone_that_does_not_fall_when_it_is_cut_is_let_go() -> None:
    """A synthesiser may rise as howl does; the notch then changes nothing in the microphone."""
    stage = feedback()
    sound = grown(700.0, 60.0, to_db=-20.0, seconds=3.0)
    out = through(stage, sound)
    assert stage.detail == pytest.approx(700.0, abs=4.0)
    assert rms(out[-RATE_HZ // 4 :]) == pytest.approx(rms(sound[-RATE_HZ // 4 :]), rel=0.02)


def test_notches_let_go_when_the_howl_is_over() -> None:
    stage = feedback()
    loop(stage, 4.0, seconds=2.0)
    through(stage, np.random.default_rng(4).normal(size=20 * RATE_HZ) * 1e-3)
    sound = np.random.default_rng(5).normal(size=RATE_HZ) * 1e-3
    assert np.array_equal(through(stage, sound)[:, 0], sound.astype(np.float32))


def test_no_more_than_eight_notches() -> None:
    stage = feedback()
    for hz in np.geomspace(300.0, 9000.0, 12):
        through(stage, grown(hz, 200.0, seconds=0.4))
    assert sum(notch.hz > 0.0 for notch in stage._notches) <= NOTCHES


@pytest.mark.parametrize("period", [64, 441, 1024])
def test_any_period_finds_the_same_howl(period: int) -> None:
    sound = grown(1500.0, 100.0)
    wanted, out = through(feedback(), sound), through(feedback(period), sound, period)
    common = min(len(out), len(wanted))
    assert np.abs(out[:common] - wanted[:common]).max() < 1e-5
