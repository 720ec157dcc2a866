"""C and NumPy do the same: filters and effects. As test_contract.py does for the rest."""

import numpy as np
import pytest

from dsp import native
from dsp.parts.biquads import Biquads
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
