"""C and NumPy do the same: the stages that mend."""

import numpy as np
import pytest

from dsp import native
from dsp.restore.declick import Declick
from dsp.restore.declip import Declip
from dsp.restore.low_cut import LowCut
from dsp.restore.plosives import Plosives
from dsp.stage import Stage
from tests.rigs.both_ways import pair

pytestmark = pytest.mark.usefixtures("native_part")


def voice(seconds: float, channels: int) -> np.ndarray:
    rng = np.random.default_rng(3)
    time_s = np.arange(round(seconds * 48_000)) / 48_000
    turns = np.cumsum(150.0 + 30.0 * np.sin(2 * np.pi * 1.3 * time_s)) / 48_000
    sound = sum(np.sin(2 * np.pi * n * turns) / n**1.5 for n in range(1, 30)) + 0.01 * rng.normal(size=len(time_s))
    sound = 0.4 * sound * np.clip(np.sin(2 * np.pi * 1.7 * time_s) + 0.5, 0.0, 1.0)
    return np.stack([np.roll(sound, 37 * at) for at in range(channels)], axis=1).astype(np.float32)


def both(make: type[Stage], settings: dict[str, float], sound: np.ndarray, period: int) -> list[np.ndarray]:
    """The sound and the meters of both. NumPy begins each block from where C stands: what is mended is learnt from, so
    a rounding would grow from click to click.
    """
    stages, outs = pair(make), []
    for stage, on in zip(stages, (True, False), strict=True):
        with native.switched(on):
            stage.prepare(48_000, period, sound.shape[1])
        assert (stage._native is not None) == on
        for param, value in settings.items():
            stage.set_param(param, value)
        outs.append(np.pad(sound, ((0, 0), (0, 1)))[: len(sound) // period * period].copy()[:, :-1])  # any view will do
    c, numpy = stages
    held = [name for name in ("_peaks", "_a", "_looked", "_room") if hasattr(c, name)]
    for start in range(0, len(outs[0]), period):
        for name in held:
            np.copyto(getattr(numpy, name), getattr(c, name))
        np.copyto(numpy._look.sound, c._look.sound)
        np.copyto(numpy._look.outlet, c._look.outlet)
        for stage, out in zip(stages, outs, strict=True):
            stage.process(out[start : start + period])
    return [outs[0], np.array([c.change_db, c.detail]), outs[1], np.array([numpy.change_db, numpy.detail])]


@pytest.mark.parametrize(("period", "channels"), [(128, 1), (100, 2), (441, 3)])
def test_declick(period: int, channels: int) -> None:
    sound = voice(0.6, channels)
    rng = np.random.default_rng(period)
    for channel in range(channels):
        for at in rng.integers(3000, len(sound) - 3000, 12):
            size = int(rng.integers(1, 24))
            sound[at : at + size, channel] += 0.5 * rng.normal(size=size).astype(np.float32)
    c, c_meters, numpy, meters = both(Declick, {"declick.on": 1.0}, sound, period)
    assert meters[1] > 1.0
    assert np.abs(c - numpy).max() < 1e-4
    assert np.abs(c_meters - meters).max() < 1e-3


@pytest.mark.parametrize(("period", "channels"), [(128, 1), (100, 2), (441, 3)])
@pytest.mark.parametrize("threshold_db", [0.0, -9.0])
def test_declip(period: int, channels: int, threshold_db: float) -> None:
    sound = np.clip(2.0 * voice(0.6, channels), -0.5, 0.4)
    settings = {"declip.on": 1.0, "declip.threshold_db": threshold_db}
    c, c_meters, numpy, meters = both(Declip, settings, sound, period)
    assert meters[1] > 0.5
    assert np.abs(c - numpy).max() < 1e-3
    assert np.abs(c_meters - meters).max() < 1e-2


@pytest.mark.parametrize("hz", [70.0, 110.0, 220.0, 440.0])
def test_the_pitch_that_the_low_cut_hears(hz: float) -> None:
    c, numpy = pair(LowCut)
    assert c._native is not None
    assert numpy._native is None
    for stage, on in ((c, True), (numpy, False)):
        with native.switched(on):
            stage.prepare(48_000, 100, 1)
        stage.set_param("low_cut.on", 1.0)
    time_s = np.arange(48_000) / 48_000
    sound = sum(0.1 * np.sin(2 * np.pi * n * hz * time_s) for n in range(1, 9)).astype(np.float32)[:, None]
    for start in range(0, 47_900, 100):
        for stage in (c, numpy):
            stage.process(sound[start : start + 100].copy())
    assert c._last_hz == pytest.approx(hz, rel=0.01)
    assert numpy._last_hz == pytest.approx(c._last_hz, rel=1e-6)


@pytest.mark.parametrize(("period", "channels"), [(128, 1), (100, 2), (441, 3)])
def test_pops(period: int, channels: int) -> None:
    """What is a pop is the same in both, step by step, and so are all levels that it is told by."""
    sound, time_s = voice(2.5, channels), np.arange(4800) / 48_000
    burst = 1.2 * (1 - np.exp(-time_s / 0.004)) * np.exp(-time_s / 0.03) * np.sin(2 * np.pi * 30.0 * time_s)
    for at in (15_000, 45_000, 75_000):
        sound[at - 4800 : at + 4800] *= 0.01
        sound[at : at + 4800] += burst[:, None].astype(np.float32)
    stages, found = pair(Plosives), 0
    for stage, on in zip(stages, (True, False), strict=True):
        with native.switched(on):
            stage.prepare(48_000, period, channels)
        assert (stage._ear._native is not None) == on
        stage.set_param("plosives.on", 1.0)
    c, numpy = stages
    for start in range(0, len(sound) - period, period):
        before = c._pops
        blocks = [sound[start : start + period].copy() for _ in stages]
        for stage, block in zip(stages, blocks, strict=True):
            stage.process(block)
        assert c.change_db == pytest.approx(numpy.change_db, abs=1e-3)
        assert np.abs(blocks[0] - blocks[1]).max() < 1e-5
        assert c._ear._numbers[56:65] == pytest.approx(numpy._ear._numbers[56:65], rel=1e-4, abs=1e-9)
        assert (c._ear._numbers[65:] == numpy._ear._numbers[65:]).all()
        found += c._pops and not before
    assert found == 3
