"""C and NumPy do the same: filters and effects. As test_contract.py does for the rest."""

from collections.abc import Callable

import numpy as np
import pytest

from dsp import native
from dsp.effects.automix import Automix
from dsp.effects.compressor import Compressor
from dsp.effects.eq import Eq
from dsp.effects.leveller import Leveller
from dsp.effects.limiter import MixLimiter
from dsp.effects.transient import Transient
from dsp.parts.biquads import Biquads
from dsp.stage import Stage
from tests.rigs.both_ways import PERIODS, assert_close, pair, sound

pytestmark = pytest.mark.usefixtures("native_part")


@pytest.mark.parametrize("channels", [1, 2, 5])
@pytest.mark.parametrize("period", PERIODS)
def test_biquads(period: int, channels: int) -> None:
    c, numpy = pair(lambda: Biquads(4))
    for cascade, on in ((c, True), (numpy, False)):
        with native.switched(on):
            cascade.prepare(48_000, period, channels)
    assert c._native is not None
    assert numpy._native is None
    rng = np.random.default_rng(period)
    kinds = ("bell", "low_shelf", "high_shelf", "high_pass", "low_pass", "band_pass", "notch", "off")
    for number in range(40):
        if number % 6 == 1:
            at, kind, hz, q = (
                rng.integers(4),
                str(rng.choice(kinds)),
                10.0 ** rng.uniform(1.3, 4.3),
                rng.uniform(0.3, 4),
            )
            gain_db = float(rng.choice([0.0, 6.0, -12.0]))
            for cascade in (c, numpy):
                cascade.set(int(at), kind, float(hz), gain_db, float(q))  # type: ignore[arg-type]
        if number == 30:
            c.reset(glide=True)
            numpy.reset(glide=True)
        block = sound(rng, period, channels)
        wide = np.zeros((period, channels + 1), np.float32)  # any view will do
        wide[:, :channels] = block
        c.process(wide[:, :channels])
        numpy.process(block)
        assert_close(wide[:, :channels], block)
        assert c.at_rest == numpy.at_rest


Prepared = tuple[Stage, Stage]


def prepared(make: Callable[[], Stage], period: int, channels: int, values: dict[str, float]) -> Prepared:
    """The same stage in C and in NumPy."""
    both = pair(make)
    for stage, on in zip(both, (True, False), strict=True):
        with native.switched(on):
            stage.prepare(48_000, period, channels)
        for name, value in values.items():
            stage.set_param(name, value)
        stage.reset()
    return both


CHANGES = {
    Compressor: (
        {"compressor.on": 1.0, "compressor.threshold_db": -30.0},
        [("ratio", 10.0), ("knee_db", 0.0), ("auto_makeup", 0.0), ("attack_ms", 0.1), ("on", 0.0), ("on", 1.0)],
    ),
    Transient: (
        {"transient.attack_db": 9.0, "transient.sustain_db": -9.0},
        [("attack_db", -12.0), ("sustain_db", 0.0)],
    ),
    Leveller: ({"leveller.on": 1.0}, [("target_lufs", -12.0), ("on", 0.0)]),
    Automix: ({"automix.on": 1.0}, [("on", 0.0), ("on", 1.0)]),
    Eq: ({"eq.on": 1.0, "eq.mid.gain_db": 6.0}, [("tilt_db", 3.0), ("mid.hz", 4_000.0), ("on", 0.0)]),
    MixLimiter: (
        {"limiter.true_peak": 1.0},
        [("ceiling_db", -9.0), ("ceiling_db", 0.0), ("true_peak", 0.0), ("ceiling_db", -6.0), ("true_peak", 1.0)],
    ),
}


@pytest.mark.parametrize("channels", [1, 2, 5])
@pytest.mark.parametrize("period", [16, 100, 128, 441])
@pytest.mark.parametrize("make", CHANGES, ids=lambda make: make.__name__)
def test_effects(make: type[Stage], period: int, channels: int) -> None:
    values, changes = CHANGES[make]
    c, numpy = prepared(make, period, channels, values)
    rng = np.random.default_rng(period)
    for number in range(60):
        if number % 8 == 7 and number // 8 < len(changes):
            name, value = changes[number // 8]
            for stage in (c, numpy):
                stage.set_param(f"{c.name}.{name}", value)
        block = sound(rng, period, channels) * np.float32(rng.choice([1e-4, 0.3, 1.0]))
        expected = block.copy()
        c.process(block)
        numpy.process(expected)
        assert np.abs(block - expected).max() <= 4e-6 * max(1.0, float(np.abs(expected).max()))
        assert c.change_db == pytest.approx(numpy.change_db, abs=1e-3)
        assert c.detail == pytest.approx(numpy.detail, abs=1e-3)
