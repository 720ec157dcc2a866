"""Whole chains with their parts in C and with NumPy alone: the same sound, at every period.

The network is a constant one: a real one would make more of a last bit than is of interest here.
"""

import dataclasses

import numpy as np
import pytest

from dsp import native
from dsp.denoise.instant import DenoiseInstant
from dsp.denoise.live import Denoise
from dsp.inference.bundle import Bundle
from dsp.inference.fake import ConstantModel
from dsp.layouts.denoise import INSTANT_KIND
from dsp.processor import Processor
from dsp.rack.chain import Chain
from dsp.stems.separator import Stems

pytestmark = pytest.mark.usefixtures("native_part")

PERIODS = (32, 64, 128, 256, 441, 1024)


def chain(on: bool, processor: Processor, period: int, channels: int) -> Chain:
    with native.switched(on):
        made = Chain([processor])
        made.prepare(48_000, period, channels)
    return made


def play(chain: Chain, sound: np.ndarray, period: int, changes: dict[int, tuple[str, float]]) -> np.ndarray:
    out = sound.copy()
    for number in range(len(sound) // period):
        if number in changes:
            chain.set_param(*changes[number])
        chain.process(out[number * period : (number + 1) * period])
    return out


def both(make, period: int, channels: int, changes: dict[int, tuple[str, float]]) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(period)
    level = np.repeat(10.0 ** rng.uniform(-2, 0.2, 24), 1024)[:, None]
    sound = (rng.standard_normal((24 * 1024, channels)) * 0.2 * level).astype(np.float32)
    heard = []
    for on in (True, False):
        with native.switched(on):
            processor = make()
        made = chain(on, processor, period, channels)
        with native.switched(on):  # what is made anew while it plays
            heard.append(play(made, sound, period, changes))
    return heard[0], heard[1]


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("period", PERIODS)
def test_denoiser(tiny_bundle: Bundle, period: int, channels: int) -> None:
    mask = np.random.default_rng(1).uniform(0, 0.6, (1, tiny_bundle.output_size)).astype(np.float32)
    changes = {
        3: ("denoise.sensitivity", 0.7),
        5: ("output.gain_db", 9.0),
        8: ("box.wet_percent", 50.0),
        11: ("denoise.listen", 1.0),
        14: ("denoise.amount_db", 0.0),
        17: ("box.bypass", 1.0),
    }
    c, numpy = both(lambda: Denoise(tiny_bundle, ConstantModel(mask), real_time=False), period, channels, changes)
    assert np.abs(numpy).max() > 0.1
    assert np.abs(c - numpy).max() < 2e-6


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("period", PERIODS)
def test_instant(tiny_bundle: Bundle, period: int, channels: int) -> None:
    instant = dataclasses.replace(tiny_bundle, kind=INSTANT_KIND)
    mask = np.random.default_rng(4).uniform(0, 0.6, (1, instant.output_size)).astype(np.float32)
    changes = {
        3: ("denoise.amount_db", 12.0),
        7: ("denoise.listen", 1.0),
        12: ("denoise.amount_db", 0.0),
        15: ("denoise.listen", 0.0),
        18: ("denoise.amount_db", 30.0),
    }
    c, numpy = both(lambda: DenoiseInstant(instant, ConstantModel(mask), real_time=False), period, channels, changes)
    assert np.abs(numpy).max() > 0.1
    assert np.abs(c - numpy).max() < 2e-6


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("period", PERIODS)
def test_stems(tiny_stems: Bundle, period: int, channels: int) -> None:
    mask = np.random.default_rng(2).uniform(0, 0.33, (1, tiny_stems.output_size)).astype(np.float32)
    changes = {4: ("stems.vocals.mute", 1.0), 9: ("stems.drums.gain_db", -9.0), 15: ("stems.vocals.mute", 0.0)}
    c, numpy = both(
        lambda: Stems(tiny_stems, ConstantModel(mask, tiny_stems.input_size), real_time=False),
        period,
        channels,
        changes,
    )
    assert np.abs(numpy).max() > 0.1
    assert np.abs(c - numpy).max() < 2e-6


def test_bypass_is_the_very_input_in_c_too(tiny_bundle: Bundle) -> None:
    mask = np.full((1, tiny_bundle.output_size), 0.1, np.float32)
    made = chain(True, Denoise(tiny_bundle, ConstantModel(mask), real_time=False), 128, 2)
    made.set_param("box.bypass", 1.0)
    made.reset()
    sound = np.random.default_rng(3).uniform(-1, 1, (12_800, 2)).astype(np.float32)
    out = play(made, sound, 128, {})
    late = made.latency_frames
    assert np.array_equal(out[late:], sound[:-late])
