"""Both sides of the sound in one stream: untouched on the left, processed on the right, equally loud."""

import numpy as np
import pytest

from dsp.block import RATE_HZ
from firmware_app.control.live_sound import LOUDEST_MATCH_DB, BothSides

STEP = 4_800


def matched(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    both = BothSides()
    return np.concatenate(
        [both.matched(before[at : at + STEP], after[at : at + STEP]) for at in range(0, len(before), STEP)]
    )


def level_db(sound: np.ndarray) -> float:
    return float(20 * np.log10(sound.std()))


@pytest.mark.parametrize("quieter", [0, 1])
@pytest.mark.parametrize("channels", [1, 2])
def test_the_louder_side_is_turned_down_to_the_other(quieter: int, channels: int):
    noise = 0.1 * np.random.default_rng(3).standard_normal((4 * RATE_HZ, 1)).astype(np.float32).repeat(channels, axis=1)
    sides = [noise, noise.copy()]
    sides[quieter] *= 0.25
    sound = matched(*sides)
    assert sound.shape == (4 * RATE_HZ, 2)
    end = sound[-RATE_HZ:]
    assert level_db(end[:, 0]) == pytest.approx(level_db(end[:, 1]), abs=0.1)
    assert level_db(end[:, quieter]) == pytest.approx(
        level_db(sides[quieter][-RATE_HZ:]), abs=0.01
    )  # nothing is raised


def test_beside_silence_the_other_side_stays_as_it_is_and_beside_little_it_stays_audible():
    tone = 0.1 * np.sin(2 * np.pi * 440 * np.arange(3 * RATE_HZ) / RATE_HZ).astype(np.float32)[:, None]
    np.testing.assert_allclose(matched(tone, 0 * tone)[:, 0], tone[:, 0], atol=1e-6)
    faint = matched(tone, 0.02 * tone)[-RATE_HZ:]
    assert level_db(faint[:, 0]) == pytest.approx(level_db(tone) - LOUDEST_MATCH_DB, abs=0.1)


def test_gains_change_without_a_step():
    steady = np.full((3 * RATE_HZ, 1), 0.1, np.float32)
    wobble = steady * (1 + 0.2 * np.sin(np.arange(3 * RATE_HZ)[:, None] / 7)).astype(np.float32)
    loud = wobble * np.where(np.arange(3 * RATE_HZ) < RATE_HZ, 0.2, 1.0)[:, None].astype(np.float32)
    left = matched(steady + 0.05 * np.sin(np.arange(3 * RATE_HZ) / 9)[:, None].astype(np.float32), loud)[:, 0]
    assert np.abs(np.diff(left)).max() < 0.008
