"""Long hops whose work is spread sound the very same, as much later as the chain declares."""

import numpy as np
import pytest

from dsp.block import RATE_HZ
from dsp.inference import open_model
from dsp.inference.bundle import Bundle
from dsp.rack.build import build_chain, build_rack
from dsp.rack.chain import Chain
from dsp.stems.separator import SPLIT, Stems
from tests.rigs.checkout import MODELS

pytestmark = pytest.mark.bundle

LATER = {
    "denoise-studio": {32: 160, 64: 128, 128: 128, 256: 0, 480: 0},
    "stems-light": {32: 64, 64: 128, 128: 128, 256: 256, 512: 0},
    "stems-live": {32: 160, 64: 128, 128: 128, 256: 256, 512: 0},
}
"""Frames, by period: what docs/latency.md says."""


def sound(channels: int, seconds: float = 1.5) -> np.ndarray:
    """Noise and a buzz with hum under it, another one in each channel."""
    rng, at = np.random.default_rng(4), np.arange(int(seconds * RATE_HZ))[:, None] / RATE_HZ
    buzz = sum(np.sin(2 * np.pi * (140 * k * at + 0.1 * np.arange(channels))) / k for k in range(1, 20))
    hum = sum(np.sin(2 * np.pi * 50.03 * k * at) / k for k in range(1, 9))
    return (0.05 * buzz + 0.02 * hum + 0.02 * rng.standard_normal((len(at), channels))).astype(np.float32)


def play(chain: Chain, period: int, heard: np.ndarray) -> np.ndarray:
    chain.prepare(RATE_HZ, period, heard.shape[1])
    out = heard[: len(heard) // period * period].copy()
    for start in range(0, len(out), period):
        chain.process(out[start : start + period])
    return out


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("name", list(LATER))
def test_a_chain_plays_the_very_same(name: str, channels: int) -> None:
    at_once, spread = (build_chain(MODELS / name, real_time=False, spread=on) for on in (False, True))
    heard = sound(channels)
    for period, later in LATER[name].items():
        expected, out = (play(chain, period, heard) for chain in (at_once, spread))
        assert spread.latency_frames == at_once.latency_frames + later
        assert np.array_equal(out[later:], expected[: len(expected) - later]), period
        assert spread.dry_hops == at_once.dry_hops == 0
        spread.reset()
        at_once.reset()


@pytest.mark.parametrize("name", ["stems-light", "stems-live"])
def test_stems_on_their_own_are_the_very_same(name: str) -> None:
    bundle, heard = Bundle.load(MODELS / name), np.zeros((RATE_HZ, 2 * SPLIT), np.float32)
    heard[:, :2] = sound(2, 1.0)
    models = [open_model(bundle, "tflite", pieces=pieces) for pieces in (False, True)]
    at_once, spread = (Chain([Stems(bundle, model, split=True, real_time=False)]) for model in models)
    for period in (64, 128, 256):
        later = LATER[name][period]
        expected, out = (play(chain, period, heard) for chain in (at_once, spread))
        assert np.abs(out[:, 2:]).max() > 0.01
        assert np.array_equal(out[later:], expected[: len(expected) - later]), period
        spread.reset()
        at_once.reset()


def test_the_rack_spreads_unless_it_is_told_not_to() -> None:
    latencies = []
    for spread in (True, False):
        rack, problems = build_rack(MODELS / "denoise-live", MODELS / "stems-light", spread=spread)
        assert not problems
        rack.prepare(RATE_HZ, 128, 2)
        latencies.append([rack.chains[name].latency_frames for name in ("voice", "music", "voice over music")])
    assert latencies == [[128, 1024, 1024], [128, 896, 896]]
