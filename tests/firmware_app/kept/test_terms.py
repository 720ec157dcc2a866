"""Terms: a guest stays neither longer nor for ever, whatever the clock does."""

import pytest

from firmware_app.kept.terms import PREPAID_S, Clocks

HOUR_S = 3600.0


class Times:
    """The two clocks of a board."""

    def __init__(self, wall: float = 1.7e9, running: float = 50.0) -> None:
        self.wall, self.running = wall, running

    def go(self, seconds: float) -> None:
        self.wall += seconds
        self.running += seconds

    def clocks(self) -> Clocks:
        return Clocks(lambda: self.wall, lambda: self.running)


def test_time_passes():
    times = Times()
    clocks = times.clocks()
    term = clocks.term(4 * HOUR_S)
    times.go(HOUR_S)
    assert clocks.left_s(term) == pytest.approx(3 * HOUR_S)
    times.go(3 * HOUR_S)
    assert clocks.left_s(term) <= 0


@pytest.mark.parametrize("step_s", [-1e9, -HOUR_S, HOUR_S, 1e9])
def test_a_jump_of_the_clock_neither_shortens_nor_lengthens_a_term_of_the_same_run(step_s: float):
    times = Times()
    clocks = times.clocks()
    term = clocks.term(4 * HOUR_S)
    times.go(HOUR_S)
    times.wall += step_s
    assert clocks.left_s(term) == pytest.approx(3 * HOUR_S)
    assert clocks.saved(term, exact=True)["ends"] == pytest.approx(times.wall + 3 * HOUR_S)


def after_a_restart(off_s: float, wall: float | None = None) -> tuple[Times, Clocks, float]:
    """Two hours of four have passed, and the box was off for off_s. (the clocks, what is left)."""
    before = Times()
    clocks = before.clocks()
    term = clocks.term(4 * HOUR_S)
    before.go(2 * HOUR_S)
    saved = clocks.saved(term, exact=True)
    times = Times(before.wall + off_s if wall is None else wall, 10.0)
    now = times.clocks()
    return times, now, now.left_s(now.read(saved["ends"], saved["left_s"]))


def test_the_time_off_counts_where_the_clock_knows_it():
    assert after_a_restart(HOUR_S)[2] == pytest.approx(HOUR_S)
    assert after_a_restart(3 * HOUR_S)[2] <= 0


@pytest.mark.parametrize("wall", [0.0, 1.6e9])
def test_a_clock_that_starts_in_the_past_gives_no_more_than_the_running_time(wall: float):
    _, _, left_s = after_a_restart(0.0, wall)
    assert left_s == pytest.approx(2 * HOUR_S)


def test_cutting_the_power_again_and_again_gains_nothing():
    times = Times()
    clocks = times.clocks()
    term = clocks.term(4 * HOUR_S)
    stayed_s = 0.0
    while clocks.left_s(term) > 0 and stayed_s < 100 * HOUR_S:
        saved = clocks.saved(term)  # as it was saved last
        times.go(PREPAID_S - 1)  # and cut off just before the next save
        stayed_s += PREPAID_S - 1
        times = Times(1.7e9, 10.0)  # a board without a clock
        clocks = times.clocks()
        term = clocks.read(saved["ends"], saved["left_s"])
    assert stayed_s <= 4 * HOUR_S
