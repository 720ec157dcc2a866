import numpy as np
import pytest

from dsp.block import RATE_HZ, Block
from dsp.effects.limiter import MixLimiter
from dsp.effects.true_peak import LATENCY_FRAMES


def made(channels: int = 1, **values: float) -> MixLimiter:
    stage = MixLimiter()
    stage.prepare(RATE_HZ, 128, channels)
    for name, value in values.items():
        stage.set_param(f"limiter.{name}", value)
    stage.reset()
    return stage


def through(stage: MixLimiter, sound: Block) -> Block:
    out = sound[: len(sound) // 128 * 128].copy()
    for start in range(0, len(out), 128):
        stage.process(out[start : start + 128])
    return out


def true_peak_db(sound: Block) -> float:
    """With eight times as many samples."""
    spectrum = np.fft.rfft(sound[:, 0].astype(np.float64))
    wide = np.zeros(len(sound) * 4 + 1, np.complex128)
    wide[: len(spectrum)] = spectrum
    return float(20.0 * np.log10(np.abs(np.fft.irfft(wide, 8 * len(sound))).max() * 8))


def heard(sound: np.ndarray, most_hz: float = 20_000.0) -> Block:
    """Without what nobody hears, faded at both ends."""
    spectrum = np.fft.rfft(sound)
    spectrum[round(most_hz * len(sound) / RATE_HZ) :] = 0.0
    return (np.fft.irfft(spectrum, len(sound)) * np.hanning(len(sound))).astype(np.float32)[:, None]


@pytest.mark.parametrize("ceiling_db", [-1.0, -6.0])
@pytest.mark.parametrize("hz", [50.0, 997.0, 6_000.0, 11_999.0, 15_000.0])
def test_no_tone_s_true_peak_leaves_above_the_ceiling(hz: float, ceiling_db: float) -> None:
    tone = heard(3.0 * np.sin(2 * np.pi * hz * np.arange(1 << 15) / RATE_HZ + 0.7))
    assert true_peak_db(through(made(true_peak=1.0, ceiling_db=ceiling_db), tone)) <= ceiling_db + 0.05


def test_nor_does_noise_s_and_the_limiter_of_samples_alone_would_let_it() -> None:
    noise = heard(np.random.default_rng(1).normal(size=1 << 15))
    assert true_peak_db(through(made(true_peak=1.0), noise)) <= -0.95
    assert true_peak_db(through(made(), noise)) > -0.5


def test_what_is_under_the_ceiling_comes_out_bit_by_bit_as_late_as_declared() -> None:
    sound = np.random.default_rng(2).uniform(-0.3, 0.3, (RATE_HZ, 2)).astype(np.float32)
    stage = made(2, true_peak=1.0)
    assert stage.latency_frames == LATENCY_FRAMES
    out = through(stage, sound)
    assert np.array_equal(out[LATENCY_FRAMES:], sound[: len(out) - LATENCY_FRAMES])
    assert not made().wanted  # and so adds nothing


def test_bass_is_not_distorted() -> None:
    tone = (1.3 * np.sin(2 * np.pi * 50.0 * np.arange(2 * RATE_HZ) / RATE_HZ)).astype(np.float32)[:, None]
    out = through(made(true_peak=1.0), tone)[RATE_HZ // 2 :][:RATE_HZ, 0]
    power = np.square(np.abs(np.fft.rfft(out * np.hanning(len(out)))))
    assert 10 * np.log10((power.sum() - power[45:56].sum()) / power.sum()) < -80.0


def test_the_ceiling_moves_without_a_step_and_holds() -> None:
    stage = made()
    tone = (np.sin(2 * np.pi * 160.0 * np.arange(RATE_HZ) / RATE_HZ)).astype(np.float32)[:, None]
    out = tone[: len(tone) // 128 * 128].copy()
    for start in range(0, len(out), 128):
        if start == 128 * 150:
            stage.set_param("limiter.ceiling_db", -9.0)
        stage.process(out[start : start + 128])
    assert np.abs(out[128 * 160 :]).max() <= 10 ** (-9.0 / 20.0)
    moving = out[128 * 149 : 128 * 160, 0]
    assert np.abs(np.diff(moving, 2)).max() < 3.0 * np.abs(np.diff(out[128 * 100 : 128 * 149, 0], 2)).max()
