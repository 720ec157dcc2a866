"""Pickup: the value never jumps, and the knob always gets hold of it in the end."""

from hypothesis import given
from hypothesis import strategies as st

from hw.pickup import Pickup

places = st.floats(0.0, 1.0)


def test_the_first_reading_never_acts():
    pickup = Pickup()
    assert not pickup.moved(0.5, stored=0.5)
    assert pickup.caught


def test_a_knob_away_from_the_value_waits_until_it_crosses():
    pickup = Pickup(tolerance=0.02)
    assert [pickup.moved(at, stored=0.6) for at in (0.1, 0.3, 0.5, 0.7, 0.8)] == [False, False, False, True, True]


def test_a_knob_coming_from_above_crosses_too():
    pickup = Pickup()
    assert [pickup.moved(at, stored=0.2) for at in (1.0, 0.5, 0.1)] == [False, False, True]


def test_a_phone_takes_the_value_away_from_the_knob():
    pickup = Pickup()
    pickup.moved(0.5, stored=0.5)
    assert pickup.moved(0.55, stored=0.5)
    pickup.stored_changed(0.9)
    assert not pickup.caught
    assert not pickup.moved(0.6, stored=0.9)
    assert pickup.moved(0.95, stored=0.9)


def test_a_change_to_where_the_knob_stands_keeps_it_caught():
    pickup = Pickup()
    pickup.moved(0.5, stored=0.5)
    pickup.stored_changed(0.51)
    assert pickup.caught


def test_before_any_reading_nothing_is_caught():
    pickup = Pickup()
    pickup.stored_changed(0.0)
    assert not pickup.caught
    assert pickup.position is None


@given(places, st.lists(places, max_size=40))
def test_the_value_moves_only_by_the_knob_s_own_steps(stored: float, path: list[float]):
    pickup = Pickup(tolerance=0.02)
    previous = None
    for at in path:
        if pickup.moved(at, stored):
            # When the knob takes over, it has just passed the value or is right at it.
            assert previous is not None
            assert min(previous, at) - 0.021 <= stored <= max(previous, at) + 0.021
            stored = at
        previous = at


@given(places, places)
def test_a_sweep_from_end_to_end_always_catches(start: float, stored: float):
    pickup = Pickup()
    pickup.moved(start, stored)
    for step in [i / 20 for i in range(21)]:
        if pickup.moved(step, stored):
            stored = step
    assert pickup.caught
    assert stored == 1.0
