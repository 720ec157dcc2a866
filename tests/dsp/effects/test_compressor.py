import numpy as np
import pytest

from dsp.analysis.loudness import HOP_FRAMES, Loudness
from dsp.block import RATE_HZ, Block
from dsp.effects.compressor import Compressor, static_reduction


def made(channels: int = 1, **values: float) -> Compressor:
    stage = Compressor()
    stage.prepare(RATE_HZ, 128, channels)
    for name, value in {"on": 1.0, "auto_makeup": 0.0, **values}.items():
        stage.set_param(f"compressor.{name}", value)
    stage.reset()
    return stage


def through(stage: Compressor, sound: Block) -> Block:
    out = sound[: len(sound) // 128 * 128].copy()
    for start in range(0, len(out), 128):
        stage.process(out[start : start + 128])
    return out


def tone(dbfs: float, seconds: float = 1.0) -> Block:
    time_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return (10.0 ** (dbfs / 20.0) * np.sin(2 * np.pi * 1_000.0 * time_s)).astype(np.float32)[:, None]


@pytest.mark.parametrize("dbfs", [-40.0, -22.0, -18.0, -10.0, -2.0])
def test_loud_tones_come_out_as_the_curve_says(dbfs: float) -> None:
    stage = made(threshold_db=-20.0, ratio=4.0, knee_db=10.0, release_ms=1000.0)
    out = through(stage, tone(dbfs))[RATE_HZ // 2 :]
    wanted = np.array([dbfs + 20.0])
    static_reduction(wanted, 0.75, 10.0, np.zeros(1))
    assert 20 * np.log10(np.abs(out).max()) == pytest.approx(dbfs - wanted[0], abs=0.1)
    assert stage.change_db == pytest.approx(-wanted[0], abs=0.1)


def test_the_knee_is_smooth_and_a_ratio_of_one_does_nothing() -> None:
    over = np.linspace(-20.0, 20.0, 4001)
    reduction = over.copy()
    static_reduction(reduction, 0.75, 12.0, np.zeros_like(over))
    assert np.all(reduction[over < -6.0] == 0.0)
    assert np.allclose(reduction[over > 6.0], 0.75 * over[over > 6.0])
    assert np.abs(np.diff(reduction, 2)).max() < 1e-5
    sound = tone(-3.0)
    out = through(made(ratio=1.0), sound)
    assert np.abs(out - sound[: len(out)]).max() < 1e-6


def test_attack_and_release_take_their_time() -> None:
    stage = made(threshold_db=-30.0, ratio=20.0, knee_db=0.0, attack_ms=20.0, release_ms=200.0)
    sound = np.concatenate([tone(-60.0, 0.5), tone(-6.0, 1.0), tone(-60.0, 1.0)])
    gain_db = []
    for start in range(0, len(sound) // 128 * 128, 128):
        stage.process(sound[start : start + 128].copy())
        gain_db.append(-stage.change_db)
    gain = np.array(gain_db)
    whole = gain.max()
    rise_ms = (np.argmax(gain > 0.63 * whole) - 0.5 * RATE_HZ / 128) * 128 / 48
    fall_ms = np.argmax((gain < 0.37 * whole) & (np.arange(len(gain)) > 1.5 * RATE_HZ / 128)) - 1.5 * RATE_HZ / 128
    assert 15.0 < rise_ms < 30.0
    assert 180.0 < fall_ms * 128 / 48 < 260.0


def test_channels_share_one_gain_so_that_the_image_stays() -> None:
    sound = np.concatenate([tone(-3.0), tone(-23.0)], axis=1)
    out = through(made(2, threshold_db=-30.0), sound)[RATE_HZ // 2 :]
    assert np.abs(out[:, 0]).max() / np.abs(out[:, 1]).max() == pytest.approx(10.0, rel=1e-3)


def test_auto_make_up_keeps_the_loudness() -> None:
    random = np.random.default_rng(2)
    time_s = np.arange(12 * RATE_HZ) / RATE_HZ
    syllables = np.clip(np.sin(2 * np.pi * 2.3 * time_s) + 0.3, 0.02, None) * (
        0.5 + 0.5 * np.sin(2 * np.pi * 0.4 * time_s)
    )
    sound = (0.4 * syllables * np.sin(2 * np.pi * 180.0 * time_s) + 1e-3 * random.normal(size=len(time_s)))[:, None]
    sound = sound.astype(np.float32)
    out = through(made(threshold_db=-30.0, ratio=3.0, auto_makeup=1.0), sound)
    assert lufs(out[4 * RATE_HZ :]) == pytest.approx(lufs(sound[4 * RATE_HZ :]), abs=1.0)
    assert lufs(through(made(threshold_db=-30.0, ratio=3.0), sound)) < lufs(sound) - 4.0


def test_looking_ahead_it_is_there_before_the_peak_and_says_how_late_it_is() -> None:
    sound = np.concatenate([tone(-60.0, 0.2), tone(-3.0, 0.2)])
    values = {"threshold_db": -30.0, "ratio": 20.0, "attack_ms": 0.5, "knee_db": 0.0}
    now, ahead = made(**values), made(lookahead=1.0, **values)
    assert now.latency_frames == 0
    assert ahead.latency_frames == 96 == ahead.most_latency_frames
    at = slice(round(0.2 * RATE_HZ), round(0.21 * RATE_HZ))
    assert np.abs(through(ahead, sound)[96:][at]).max() < 0.5 * np.abs(through(now, sound)[at]).max()


def lufs(sound: Block) -> float:
    meter = Loudness(1, len(sound) / RATE_HZ)
    for start in range(0, len(sound) - HOP_FRAMES + 1, HOP_FRAMES):
        meter.add(sound[start : start + HOP_FRAMES])
    return meter.lufs
