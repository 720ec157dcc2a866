"""Takeover: the value never jumps unasked, and the knob always gets hold of it in the end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw.controls.pickup import TAKEOVERS, Jump, Pickup, Scaled

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


def test_the_first_reading_by_name_catches_only_where_the_value_is():
    pickup = Pickup()
    pickup.stands_at(0.5, stored=0.5)
    assert pickup.turn(0.55, stored=0.5) == 0.55
    pickup.stands_at(0.1, stored=0.55)  # the converter came back, and the knob was turned meanwhile
    assert pickup.turn(0.2, stored=0.55) is None


def test_jump_follows_every_turn_but_not_the_start():
    jump = Jump()
    jump.stands_at(0.1, stored=0.9)
    assert jump.turn(0.2, stored=0.9) == 0.2


def test_scaled_moves_at_once_and_meets_the_knob_at_the_end():
    scaled = Scaled()
    scaled.stands_at(0.2, stored=0.6)
    assert scaled.turn(0.6, stored=0.6) == pytest.approx(0.8)  # half of the way left, for both
    assert scaled.turn(1.0, stored=0.8) == 1.0
    assert scaled.turn(0.3, stored=1.0) == pytest.approx(0.3)  # together from here on


def test_scaled_learns_where_the_knob_stands_first():
    assert Scaled().turn(0.7, stored=0.1) is None


@given(places, places, st.lists(places, max_size=40))
def test_scaled_never_leaves_the_range_or_moves_against_the_hand(start: float, stored: float, path: list[float]):
    scaled = Scaled()
    scaled.stands_at(start, stored)
    for position in path:
        value = scaled.turn(position, stored)
        assert value is not None
        assert 0.0 <= value <= 1.0
        if 0.0 < position < 1.0:
            assert (value - stored) * (position - start) >= -1e-12
        start, stored = position, value


@given(places, places, st.lists(st.floats(0.01, 0.99), min_size=1, max_size=40))
def test_after_an_end_scaled_and_the_knob_are_one(start: float, stored: float, path: list[float]):
    scaled = Scaled()
    scaled.stands_at(start, stored)
    stored = scaled.turn(1.0, stored) or 0.0
    for position in path:
        stored = scaled.turn(position, stored) or 0.0
        assert stored == pytest.approx(position, abs=1e-9)


def test_each_takeover_goes_by_its_name():
    assert {"pickup": Pickup, "jump": Jump, "scaled": Scaled} == TAKEOVERS
