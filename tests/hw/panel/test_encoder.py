"""Encoders: every click counts once, whatever its contacts do in between."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw.panel.encoder import RING, Acceleration, QuadratureDecoder

clicks = st.lists(st.sampled_from([-1, 1]), max_size=40)


def states(place: int) -> tuple[bool, bool]:
    return bool(RING[place] >> 1), bool(RING[place] & 1)


@pytest.mark.parametrize("detent_edges", [1, 2, 4])
@given(path=clicks, bounces=st.lists(st.integers(0, 3), min_size=1, max_size=20))
def test_every_click_counts_once_through_any_bounce(detent_edges: int, path: list[int], bounces: list[int]):
    decoder = QuadratureDecoder(True, True, detent_edges)
    place, told, edge = 2, [], 0
    for direction in path:
        heard = 0
        for _ in range(detent_edges):
            previous, place = place, (place + direction) % 4
            edge += 1
            # The contact that moves bounces between the old and the new state. At one edge a click each bounce is a
            # click there and back, so they sum up to one all the same.
            for _ in range(bounces[edge % len(bounces)]):
                heard += decoder.feed(*states(place)) + decoder.feed(*states(previous))
            heard += decoder.feed(*states(place))
        told.append(heard)
    assert told == path


def test_an_edge_that_was_missed_costs_no_click():
    decoder = QuadratureDecoder(True, True)
    for _ in range(3):
        for place in (3, 0, 1, 2):
            assert decoder.feed(*states(place)) == (1 if place == 2 else 0)
    decoder.feed(*states(3))
    decoder.feed(*states(1))  # 0 was never seen
    assert decoder.feed(*states(2)) == 1


def test_back_and_forth_within_a_click_says_nothing():
    decoder = QuadratureDecoder(True, True)
    assert [decoder.feed(*states(place)) for place in (3, 0, 3, 2, 1, 2)] == [0] * 6


def test_a_slow_hand_steps_by_one_and_a_fast_one_by_more():
    slow = Acceleration(8)
    assert [slow.steps(1, now) for now in (0.0, 0.1, 0.2)] == [1, 1, 1]
    fast = Acceleration(8)
    steps = [fast.steps(-1, now) for now in (0.0, 0.03, 0.04, 0.05)]
    assert steps[0] == -1
    assert steps[1] in range(-7, -2)
    assert steps[2:] == [-8, -8]
    assert fast.steps(1, 0.06) == 1  # another direction starts slowly
    assert Acceleration(1).steps(1, 0.0) == 1
