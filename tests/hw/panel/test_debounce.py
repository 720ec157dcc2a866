"""Debounce: no press lost, no press doubled, on a clock that the test moves."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw.panel.debounce import Debounce

STABLE_S, LOCKOUT_S = 0.001, 0.005


class Pin:
    """A pin and its debounce, driven through time: polls exactly when `due` asks for it."""

    def __init__(self, level: bool = True) -> None:
        self.level = level
        self.now = 100.0
        self.debounce = Debounce(level, STABLE_S, LOCKOUT_S)
        self.told: list[tuple[float, bool]] = []

    def wait(self, seconds: float) -> None:
        end = self.now + seconds
        while (due := self.debounce.due()) is not None and due <= end:
            self.now = max(self.now, due)
            self.told += [(at_s, level) for level, at_s in self.debounce.poll(self.level, self.now)]
        self.now = end

    def go(self, level: bool, notify: bool = True) -> None:
        self.level = level
        if notify:
            self.debounce.edge(level, self.now)

    @property
    def levels(self) -> list[bool]:
        return [level for _, level in self.told]


def test_a_clean_press_is_told_after_the_stable_time():
    pin = Pin()
    pin.go(False)
    pin.wait(1.0)
    assert pin.told == [(100.0 + STABLE_S, False)]


def test_a_switch_held_at_the_start_is_no_press():
    pin = Pin(level=False)
    pin.go(False)  # pin libraries may report the level they found as an edge
    pin.wait(1.0)
    assert pin.told == []


def test_a_spike_shorter_than_the_stable_time_is_no_press():
    pin = Pin()
    pin.go(False)
    pin.wait(STABLE_S / 2)
    pin.go(True)
    pin.wait(1.0)
    assert pin.told == []


def test_a_release_during_the_lockout_is_told_at_its_end():
    pin = Pin()
    pin.go(False)
    pin.wait(0.002)
    pin.go(True)
    pin.wait(1.0)
    assert pin.told == [(100.0 + STABLE_S, False), (100.0 + STABLE_S + LOCKOUT_S, True)]


def test_an_edge_that_the_kernel_dropped_is_found_after_the_lockout():
    pin = Pin()
    pin.go(False)
    pin.wait(0.002)
    pin.go(True, notify=False)
    pin.wait(1.0)
    assert pin.levels == [False, True]


def test_two_edges_to_one_level_restart_the_stable_time():
    pin = Pin()
    pin.go(False)
    pin.wait(STABLE_S * 0.9)
    pin.go(False)  # the edge up between them was missed
    pin.wait(STABLE_S * 0.9)
    assert pin.told == []
    pin.wait(1.0)
    assert pin.levels == [False]


def test_a_press_between_two_polls_of_a_late_thread_is_told_with_its_own_times():
    pin = Pin()
    for level, gap_s in ((False, 0.025), (True, 0.025), (False, 0.0005), (True, 0.1)):  # a press, then a spike
        pin.go(level)
        pin.now += gap_s  # nobody polls
    assert pin.debounce.due() == pytest.approx(100.0 + STABLE_S)
    pin.wait(1.0)
    assert pin.told == [(pytest.approx(100.0 + STABLE_S), False), (pytest.approx(100.025 + STABLE_S), True)]


def test_the_dropped_end_of_a_spike_makes_no_press_of_it():
    pin = Pin()
    pin.go(False)
    pin.wait(STABLE_S / 2)
    pin.go(True, notify=False)
    pin.wait(1.0)
    assert pin.told == []


def test_edges_that_come_late_one_by_one_are_read_by_their_own_times():
    pin = Pin()
    pin.level = True  # it was pressed and let go: the kernel knows, we do not yet
    pin.now += 0.030
    edges = [(100.0, False), (100.0004, True), (100.0006, False), (100.025, True)]
    for at_s, level in edges:
        pin.debounce.edge(level, at_s)
        pin.wait(0.001)  # somebody polls between them, and reads the pin
    pin.wait(1.0)
    assert pin.told == [(pytest.approx(100.0006 + STABLE_S), False), (pytest.approx(100.025 + STABLE_S), True)]


# Seconds between edges, shaped after Ganssle's "A Guide to Debouncing" (18 switches: 1.6 ms in all on average, worst
# 6.2 ms) and after footswitches that chatter in groups.
TRAINS = {
    "toggle": (4e-6, 11e-6, 60e-6, 130e-6, 20e-6, 310e-6),
    "push button": (40e-6, 90e-6, 400e-6, 220e-6, 800e-6, 90e-6, 700e-6, 950e-6, 500e-6, 900e-6, 600e-6, 910e-6),
    "slow footswitch": (0.9e-3, 0.2e-3, 0.95e-3, 0.1e-3, 0.7e-3, 0.6e-3),
    "clean": (),
}


@pytest.mark.parametrize("train", TRAINS.values(), ids=TRAINS)
def test_twenty_presses_a_second_for_a_minute_are_all_told_once(train: tuple[float, ...]):
    pin = Pin()
    for _ in range(20 * 60):
        for target in (False, True):
            start = pin.now
            for gap in train:
                pin.go(not pin.level)
                pin.wait(gap)
            pin.go(target)
            pin.wait(start + 0.025 - pin.now)
    assert pin.levels == [False, True] * (20 * 60)


def reference(edges: list[tuple[float, bool]], start: bool) -> bool:
    """The latched state after any edges and a long quiet time: each stable level counts, so the last one does."""
    return edges[-1][1] if edges else start


@given(st.lists(st.tuples(st.floats(1e-7, 0.05), st.booleans()), max_size=80), st.booleans())
def test_for_any_edges_the_latched_state_is_the_reference_s(edges: list[tuple[float, bool]], start: bool):
    pin = Pin(start)
    for gap, level in edges:
        pin.wait(gap)
        pin.go(level)
    pin.wait(1.0)
    assert pin.debounce.level == reference(edges, start)


def read_afterwards(edges: list[tuple[float, bool]], start: bool) -> list[tuple[float, bool]]:
    """A reference machine that looks at a whole recording of (when, level): each level that was still for long enough
    while nothing was locked out, and the moment from which it counts."""
    told, level, locked_until = [], start, float("-inf")
    for (at_s, raw), (until_s, _) in itertools.pairwise([*edges, (float("inf"), False)]):
        counts_s = max(at_s + STABLE_S, locked_until)
        if raw != level and counts_s <= until_s:
            told.append((counts_s, raw))
            level, locked_until = raw, counts_s + LOCKOUT_S
    return told


@given(
    st.lists(st.tuples(st.floats(1e-7, 0.02), st.booleans(), st.booleans()), max_size=80), st.booleans(), st.booleans()
)
def test_for_any_edges_all_is_told_as_a_reference_machine_reads_it_however_late_the_thread_is(
    edges: list[tuple[float, bool, bool]], start: bool, always: bool
):
    pin, recording = Pin(start), []
    for gap, level, late in edges:
        if late and not always:
            pin.now += gap  # nobody polls
        else:
            pin.wait(gap)
        pin.go(level)
        recording.append((pin.now, level))
    pin.wait(1.0)
    expected = read_afterwards(recording, start)
    assert pin.told == expected
    pressed = sum(1 for _, level in expected if not level)  # what a switch that toggles has come to
    assert sum(1 for level in pin.levels if not level) % 2 == pressed % 2


bounce = st.lists(st.floats(1e-6, STABLE_S * 0.99), min_size=0, max_size=12)


@given(st.lists(bounce, min_size=1, max_size=8))
def test_each_bouncing_press_and_release_is_told_once(strokes: list[list[float]]):
    pin = Pin()
    for stroke, gaps in enumerate(strokes):
        target = stroke % 2 == 1
        for gap in gaps[: len(gaps) // 2 * 2]:  # an even number of extra edges ends where it began
            pin.go(not pin.level)
            pin.wait(gap)
        pin.go(target)
        pin.wait(STABLE_S + LOCKOUT_S + 1e-4)
    assert pin.levels == [stroke % 2 == 1 for stroke in range(len(strokes))]


@given(st.lists(st.tuples(st.floats(1e-6, 0.02), st.booleans(), st.booleans()), max_size=60))
def test_levels_told_alternate_keep_the_lockout_and_end_at_the_real_level(edges: list[tuple[float, bool, bool]]):
    pin = Pin()
    for gap, level, notify in edges:
        pin.wait(gap)
        pin.go(level, notify or level == pin.level)
    pin.go(pin.level)
    pin.wait(1.0)
    assert all(a != b for a, b in zip([True, *pin.levels], pin.levels, strict=False))
    times = [at for at, _ in pin.told]
    assert all(b - a >= LOCKOUT_S - 1e-9 for a, b in itertools.pairwise(times))
    assert pin.debounce.level == pin.level
    assert pin.debounce.due() is None
