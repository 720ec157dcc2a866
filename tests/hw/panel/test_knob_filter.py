"""KnobFilter: still when nobody turns, exact at both ends."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw.panel.knob_filter import KnobFilter

noise = st.lists(st.integers(-2, 2), min_size=1, max_size=200)


@given(st.integers(12, 1011), noise)
def test_a_still_noisy_knob_says_nothing(centre: int, wiggle: list[int]):
    knob = KnobFilter()
    knob.feed(centre + wiggle[0])
    assert {knob.feed(centre + w) for w in wiggle} == {None}


@given(st.integers(0, 1023), noise)
def test_at_an_end_it_says_at_most_that_it_is_there(centre: int, wiggle: list[int]):
    knob = KnobFilter()
    said = [knob.feed(min(max(centre + w, 0), 1023)) for w in wiggle]
    assert len([position for position in said if position is not None]) <= 2


@pytest.mark.parametrize("bits", [10, 12])
def test_it_reaches_both_ends_exactly(bits: int):
    knob = KnobFilter(bits)
    top = (1 << bits) - 1
    assert knob.feed(top // 2) == pytest.approx(0.5, abs=0.01)
    assert knob.feed(0) == 0.0
    assert knob.feed(top) == 1.0
    assert knob.feed(top // 400) == 0.0  # a worn track that never reads 0


@given(st.lists(st.integers(0, 1023), min_size=1, max_size=100))
def test_what_it_said_last_is_never_far_from_where_the_knob_is(path: list[int]):
    knob = KnobFilter()
    position = -1.0
    for raw in path:
        said = knob.feed(raw)
        position = position if said is None else said
        exact = KnobFilter().feed(raw)  # a fresh filter tells its first reading as it is
        assert exact == pytest.approx(position, abs=0.005)
