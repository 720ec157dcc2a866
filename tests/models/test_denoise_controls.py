"""The controls do what their labels say, on the shipped bundles and the box's own chain."""

from pathlib import Path

import numpy as np
import pytest

from bench import whistle
from dsp.rack.build import build_chain
from dsp.rack.chain import Chain
from tests.rigs.checkout import MODELS

pytestmark = pytest.mark.bundle

RATE_HZ = 48_000
SETTLED = slice(RATE_HZ, None)
Sound = np.ndarray


@pytest.fixture(params=["denoise-live", "denoise-light", "denoise-instant", "denoise-studio"])
def bundle(request: pytest.FixtureRequest) -> Path:
    return MODELS / request.param


def play(bundle: Path, sound: Sound, period: int = 128, **values: float) -> tuple[Sound, Chain]:
    """The chain's output for a mono `sound` (frames,), without its latency."""
    chain = build_chain(bundle, real_time=False)
    for name, value in values.items():
        chain.set_param(f"denoise.{name}", value)
    chain.prepare(RATE_HZ, period, 1)
    late = chain.latency_frames
    block = np.zeros((-(-(len(sound) + late) // period) * period, 1), np.float32)
    block[: len(sound), 0] = sound
    for at in range(0, len(block), period):
        chain.process(block[at : at + period])
    return block[late : late + len(sound), 0], chain


def level_db(sound: Sound) -> float:
    return float(10 * np.log10(np.mean(np.square(sound, dtype=np.float64)) + 1e-15))


def syllables(seconds: float = 3.0) -> tuple[Sound, Sound]:
    """Buzzing syllables with silence between them, and where the silence is. Both (frames,)."""
    time = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    pitch = 2 * np.pi * np.cumsum(140 + 30 * np.sin(2 * np.pi * 0.7 * time)) / RATE_HZ
    buzz = sum(np.sin(k * pitch) / k for k in range(1, 30))
    loudness = np.clip(np.sin(2 * np.pi * 2.3 * time), 0, 1) ** 0.5
    voice = (0.08 * buzz * loudness).astype(np.float32)
    return voice, np.convolve(loudness, np.ones(960) / 960, "same") < 1e-6


def noise(frames: int, level: float, seed: int = 1) -> Sound:
    return (level * np.random.default_rng(seed).standard_normal(frames)).astype(np.float32)


def in_a_hall(voice: Sound) -> Sound:
    """`voice` with an echo that begins after 20 ms and falls by 60 dB in a second."""
    time = np.arange(RATE_HZ) / RATE_HZ
    response = np.where(time > 0.02, noise(RATE_HZ, 0.02) * 10 ** (-3 * time), 0.0)
    response[0] = 1.0
    size = 1 << (len(voice) + RATE_HZ).bit_length()
    return np.fft.irfft(np.fft.rfft(voice, size) * np.fft.rfft(response, size))[: len(voice)].astype(np.float32)


def test_keep_room_0_dries_the_echo_and_1_leaves_it(bundle: Path) -> None:
    voice, gaps = syllables()
    heard = in_a_hall(voice)
    tails = [level_db(play(bundle, heard, keep_room=room, amount_db=40)[0][SETTLED][gaps[SETTLED]]) for room in (0, 1)]
    assert tails[0] < tails[1] - 0.5
    assert tails[1] > level_db(heard[SETTLED][gaps[SETTLED]]) - 6.0


def test_more_sensitivity_takes_more_noise_and_hardly_any_voice(bundle: Path) -> None:
    voice, gaps = syllables()
    noisy = voice + noise(len(voice), 0.03)
    outs = [play(bundle, noisy, sensitivity=value, amount_db=40)[0][SETTLED] for value in (-1, 0, 1)]
    left = [level_db(out[gaps[SETTLED]]) for out in outs]
    kept = [level_db(out[~gaps[SETTLED]]) for out in outs]
    assert left[0] > left[1] > left[2]
    assert left[0] - left[2] > 6.0
    assert abs(kept[0] - kept[2]) < 0.5


@pytest.mark.parametrize("amount_db", [6.0, 18.0])
def test_noise_goes_down_by_the_amount_and_no_further(bundle: Path, amount_db: float) -> None:
    hiss = noise(3 * RATE_HZ, 0.02)
    out, chain = play(bundle, hiss, amount_db=amount_db)
    taken_db = level_db(hiss[SETTLED]) - level_db(out[SETTLED])
    assert amount_db - 3.0 < taken_db < amount_db + 0.5
    assert chain.reduction_db == pytest.approx(taken_db, abs=1.5)  # the meter


def test_amount_0_is_the_input_bit_by_bit(bundle: Path) -> None:
    sound = syllables(1.0)[0] + noise(RATE_HZ, 0.02)
    assert np.array_equal(play(bundle, sound, amount_db=0)[0], sound)


def test_output_and_removed_are_the_input_together(bundle: Path) -> None:
    voice, gaps = syllables(2.0)
    noisy = voice + noise(len(voice), 0.03)
    output, removed = (play(bundle, noisy, listen=which)[0] for which in (0, 1))
    assert np.abs(output + removed - noisy).max() < 1e-5
    # What is taken away is the noise: most of it between the syllables, little of the voice in them.
    assert level_db(removed[SETTLED][gaps[SETTLED]]) > level_db(output[SETTLED][gaps[SETTLED]]) + 10
    assert level_db(removed[SETTLED][~gaps[SETTLED]]) < level_db(output[SETTLED][~gaps[SETTLED]])


@pytest.mark.parametrize("period", [32, 441])
def test_the_period_changes_nothing(bundle: Path, period: int) -> None:
    noisy = syllables(1.0)[0] + noise(RATE_HZ, 0.03)
    assert np.abs(play(bundle, noisy, period)[0] - play(bundle, noisy)[0]).max() < 1e-5


def test_less_noise_reduction_keeps_a_whistled_melody(bundle: Path) -> None:
    """The remedy that docs/denoise.md names: no network was trained on whistling, and Sensitivity does not save it."""
    kept = whistle.kept_of(bundle, *whistle.whistle(-15.0, -25.0), amount_db=6.0)
    assert min(kept) > -6.1
    assert max(kept) < 1.0


def test_the_studio_keeps_a_whistled_melody_at_full_amount() -> None:
    assert min(whistle.kept_of(MODELS / "denoise-studio", *whistle.whistle(-15.0, -25.0), amount_db=40.0)) > -5.0
