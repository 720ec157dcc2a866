"""Hum as a stage: with a model and without, it can be switched, metered and heard alone."""

import numpy as np
import pytest

from dsp.denoise.features import identity_mask
from dsp.denoise.instant import DenoiseInstant
from dsp.denoise.live import Denoise
from dsp.inference.bundle import Bundle
from dsp.inference.fake import ConstantModel
from dsp.processor import Processor
from dsp.rack.chain import Chain, StageState
from dsp.rack.voice_stages import SOLO
from dsp.restore.hum_stage import Hum
from tests.dsp.restore.test_hum import between, db, hum_of, instant, played, same

__all__ = ["instant"]  # a fixture
SECONDS = 3
HUM = hum_of(50.05, SECONDS)


@pytest.fixture(params=["no model", "live", "instant"])
def chain(request: pytest.FixtureRequest, tiny_bundle: Bundle, instant: Bundle) -> Chain:
    """With a model that keeps all it hears."""
    hum, model = Hum(), ConstantModel(identity_mask())
    steps: list[Processor] = [hum]
    if request.param == "live":
        steps.append(Denoise(tiny_bundle, model, real_time=False, hum=hum))
    elif request.param == "instant":
        steps.append(DenoiseInstant(instant, model, real_time=False, hum=hum))
    made = Chain(steps)
    if len(steps) > 1:
        made.set_param("denoise.amount_db", 40.0)
    made.prepare(48_000, 128, 1)
    return made


def told(chain: Chain) -> StageState:
    return next(state for state in chain.stages if state.name == "hum")


def test_it_is_on_and_takes_the_hum(chain: Chain) -> None:
    assert told(chain) == ("hum", True, True, pytest.approx(0.0, abs=1e-6), 0.0)
    out = played(chain, HUM)
    assert db(between(out, 2, 2.9), between(HUM, 2, 2.9)) < -30
    assert told(chain).change_db < -25
    assert told(chain).detail == pytest.approx(50.05, abs=0.05)


def test_off_the_hum_stays_and_nothing_is_told(chain: Chain) -> None:
    chain.set_param("hum.on", 0.0)
    chain.prepare(48_000, 128, 1)
    out = played(chain, HUM)
    assert db(out - HUM[: len(out)], HUM) < -60
    assert told(chain) == ("hum", False, False, pytest.approx(0.0, abs=1e-6), 0.0)


def test_switched_while_it_plays_it_fades_and_finds_the_hum_again(chain: Chain) -> None:
    sound = hum_of(50.05, 8)
    late = chain.latency_frames
    out = np.concatenate([sound, np.zeros(late)]).astype(np.float32)[: len(sound) // 128 * 128, None]
    for number in range(len(out) // 128):
        if number in (700, 1400):
            chain.set_param("hum.on", float(number == 1400))
        chain.process(out[number * 128 : number * 128 + 128])
    heard = out[late:, 0]
    assert db(between(heard, 1.6, 1.8), between(sound, 1.6, 1.8)) < -20
    assert db(between(heard, 2.2, 3.6) - between(sound, 2.2, 3.6), between(sound, 2.2, 3.6)) < -60
    assert db(between(heard, 6.5, 7.5), between(sound, 6.5, 7.5)) < -30
    assert np.abs(np.diff(heard, 2)).max() < 1.5 * np.abs(np.diff(sound, 2)).max()


def test_the_hum_is_heard_alone(chain: Chain) -> None:
    chain.set_param(SOLO.id, float(SOLO.choices.index("hum")))
    chain.prepare(48_000, 128, 1)
    sound = HUM + 0.1 * np.sin(2 * np.pi * 1234.5 * np.arange(len(HUM)) / 48_000) * (np.arange(len(HUM)) > 96_000)
    out = played(chain, sound.astype(np.float32))
    assert db(between(out - 0.99 * HUM[: len(out)], 2.1, 2.9), between(HUM, 2.1, 2.9)) < -15


def test_without_hum_no_bit_changes() -> None:
    made = Chain([Hum()])
    made.prepare(48_000, 128, 1)
    sound = np.random.default_rng(4).normal(0, 0.05, 96_000).astype(np.float32)
    assert same(played(made, sound), sound)


@pytest.mark.parametrize("period", [32, 441, 1024])
def test_any_period_takes_the_same(period: int) -> None:
    outs = []
    for frames in (128, period):
        made = Chain([Hum()])
        made.prepare(48_000, frames, 1)
        out = HUM.astype(np.float32)[: 130_000 // frames * frames, None].copy()
        for start in range(0, len(out), frames):
            made.process(out[start : start + frames])
        outs.append(out[:129_000])
    assert np.abs(outs[0] - outs[1]).max() < 1e-6
