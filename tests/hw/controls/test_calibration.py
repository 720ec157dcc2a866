"""A pedal's range is what it was rocked over."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw.controls.calibration import PedalCalibration
from hw.controls.kinds import PanelSpecError, PedalSpec
from hw.panel.knob_filter import KnobFilter


def rocked(low: float, high: float, steps: int = 50) -> PedalCalibration:
    calibration = PedalCalibration()
    for step in [*range(steps + 1), *[steps] * 5, *range(steps, -1, -1), *[0] * 5]:
        calibration.feed(low + (high - low) * step / steps)
    return calibration


@given(st.floats(0.0, 0.5), st.floats(0.1, 0.5), st.booleans())
def test_both_ends_are_reached_whichever_way_round_it_is_wired(low: float, travel: float, inverted: bool):
    high = low + travel
    heel, toe = rocked(low, high).ends(heel=high if inverted else low)
    PedalSpec("p", 0, heel=heel, toe=toe)  # is one that may be
    for raw, position in ((low, 0.0), (high, 1.0)):
        reading = KnobFilter(10, heel, toe).feed(round(raw * 1023))
        assert reading == (1.0 - position if inverted else position)


def test_one_bad_reading_moves_no_end():
    calibration = rocked(0.3, 0.6)
    calibration.feed(1.0)
    calibration.feed(0.3)
    assert calibration.travel == pytest.approx(0.3)


@pytest.mark.parametrize("readings", [[], [0.5] * 20])
def test_a_pedal_that_did_not_move_is_told_so(readings: list[float]):
    calibration = PedalCalibration()
    for reading in readings:
        calibration.feed(reading)
    with pytest.raises(PanelSpecError, match="the pedal moved over 0% of the range: at least 5% is needed"):
        calibration.ends(heel=0.5)
