"""Gestures: each press is one thing, never two or none, on a clock that the test moves."""

from collections.abc import Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hw.controls.events import SwitchKind
from hw.controls.kinds import ChordSpec, Gestures, PanelSpecError, PressCost
from hw.controls.spec import PanelSpec, SwitchSpec
from hw.panel.gestures import GestureMachine

PRESS, LONG, DOUBLE = SwitchKind.PRESS, SwitchKind.LONG_PRESS, SwitchKind.DOUBLE_PRESS
CHORD, RELEASE = SwitchKind.CHORD, SwitchKind.RELEASE

Told = list[tuple[float, str, SwitchKind]]


def play(machine: GestureMachine, contacts: Sequence[tuple[float, str, bool]], until: float = 1000.0) -> Told:
    """Feed (time, switch, closed), polling exactly when asked to; return (time, name, kind)."""
    told: Told = []
    for at, name, closed in [*contacts, (until, "", False)]:
        while (due := machine.due()) is not None and due <= at:
            told += [(e.at_s, e.name, e.kind) for e in machine.poll(due)]
        if name:
            told += [(e.at_s, e.name, e.kind) for e in machine.contact(name, closed, at)]
    assert machine.due() is None
    return told


def one(gestures: Gestures, *times: float) -> list[tuple[float, SwitchKind]]:
    """One switch that closes and opens in turn at these times."""
    contacts = [(at, "a", index % 2 == 0) for index, at in enumerate(times)]
    return [(pytest.approx(at), kind) for at, _, kind in play(GestureMachine({"a": gestures}), contacts)]


def test_a_plain_switch_tells_at_once():
    assert one(Gestures(), 1.0, 3.0) == [(1.0, PRESS), (3.0, RELEASE)]


def test_with_a_long_press_the_short_one_acts_on_release():
    long = Gestures(long_press_ms=500)
    assert one(long, 1.0, 1.2) == [(1.2, PRESS), (1.2, RELEASE)]
    assert one(long, 1.0, 3.0) == [(1.5, LONG), (3.0, RELEASE)]


def test_with_a_double_press_a_single_one_waits_for_the_window():
    double = Gestures(double_press_ms=300)
    assert one(double, 1.0, 1.1) == [(1.3, PRESS), (1.3, RELEASE)]
    assert one(double, 1.0, 2.0) == [(1.3, PRESS), (2.0, RELEASE)]
    assert one(double, 1.0, 1.1, 1.2, 1.9) == [(1.2, DOUBLE), (1.9, RELEASE)]
    assert one(double, 1.0, 1.1, 1.4, 1.5) == [(1.3, PRESS), (1.3, RELEASE), (1.7, PRESS), (1.7, RELEASE)]


def test_three_quick_presses_are_a_double_and_a_single_one():
    told = one(Gestures(double_press_ms=300), 1.0, 1.05, 1.1, 1.15, 1.2, 1.25)
    assert [kind for _, kind in told] == [DOUBLE, RELEASE, PRESS, RELEASE]


def test_long_and_double_live_on_one_switch():
    both = Gestures(long_press_ms=500, double_press_ms=300)
    assert one(both, 1.0, 1.1) == [(1.3, PRESS), (1.3, RELEASE)]
    assert one(both, 1.0, 1.4) == [(1.4, PRESS), (1.4, RELEASE)]
    assert one(both, 1.0, 1.1, 1.2, 1.3) == [(1.2, DOUBLE), (1.3, RELEASE)]
    assert one(both, 1.0, 1.6) == [(1.5, LONG), (1.6, RELEASE)]


def test_an_eager_switch_tells_its_press_at_once_and_the_rest_in_addition():
    eager = Gestures(long_press_ms=500, double_press_ms=300, eager=True)
    assert one(eager, 1.0, 1.1) == [(1.0, PRESS), (1.1, RELEASE)]
    assert one(eager, 1.0, 2.0) == [(1.0, PRESS), (1.5, LONG), (2.0, RELEASE)]
    assert one(eager, 1.0, 1.1, 1.2, 1.3) == [(1.0, PRESS), (1.1, RELEASE), (1.2, DOUBLE), (1.3, RELEASE)]


def test_each_flip_of_a_latching_switch_is_a_press():
    told = one(Gestures(latching=True), 1.0, 5.0)
    assert told == [(1.0, PRESS), (1.0, RELEASE), (5.0, PRESS), (5.0, RELEASE)]


def test_a_switch_held_at_the_start_releases_silently():
    assert play(GestureMachine({"a": Gestures()}), [(1.0, "a", False)]) == []


def test_a_switch_held_since_before_owes_one_release():
    machine = GestureMachine({"a": Gestures(long_press_ms=500, double_press_ms=300)})
    machine.resume("a")
    assert play(machine, [(1.0, "a", True), (9.0, "a", False)]) == [(9.0, "a", RELEASE)]
    assert [kind for _, _, kind in play(machine, [(20.0, "a", True), (20.1, "a", False)])] == [PRESS, RELEASE]


PAIR = (ChordSpec("both", ("a", "b")),)


def pair(*contacts: tuple[float, str, bool], **gestures: Gestures) -> Told:
    machine = GestureMachine({"a": Gestures(), "b": Gestures(), **gestures}, PAIR, 0.06)
    return [(pytest.approx(at), name, kind) for at, name, kind in play(machine, contacts)]


def test_two_together_are_a_chord_and_no_presses():
    told = pair((1.0, "a", True), (1.05, "b", True), (2.0, "b", False), (2.5, "a", False))
    assert told == [(1.05, "both", CHORD), (2.5, "both", RELEASE)]


def test_one_after_the_other_are_two_presses():
    told = pair((1.0, "a", True), (1.1, "b", True), (1.5, "a", False), (1.6, "b", False))
    assert told == [(1.06, "a", PRESS), (1.16, "b", PRESS), (1.5, "a", RELEASE), (1.6, "b", RELEASE)]


def test_a_tap_shorter_than_the_chord_s_window_is_told_on_release():
    assert pair((1.0, "a", True), (1.02, "a", False)) == [(1.02, "a", PRESS), (1.02, "a", RELEASE)]


def test_a_chord_beats_long_and_double_presses():
    armed = Gestures(long_press_ms=500, double_press_ms=300)
    told = pair((1.0, "a", True), (1.05, "b", True), (2.0, "b", False), (2.5, "a", False), a=armed, b=armed)
    assert told == [(1.05, "both", CHORD), (2.5, "both", RELEASE)]


def test_an_eager_member_s_press_is_released_too():
    told = pair((1.0, "a", True), (1.05, "b", True), (2.0, "a", False), (2.5, "b", False), a=Gestures(eager=True))
    assert told == [(1.0, "a", PRESS), (1.05, "both", CHORD), (2.0, "a", RELEASE), (2.5, "both", RELEASE)]


gaps = st.lists(st.integers(1, 900), min_size=2, max_size=40)  # ms
armed = st.builds(Gestures, st.sampled_from([0.0, 250.0, 600.0]), st.sampled_from([0.0, 200.0, 400.0]))


def reference(gestures: Gestures, strokes: list[tuple[float, float]]) -> list[tuple[float, SwitchKind]]:
    """What a whole recording of (down, up) means, looked at afterwards. Times in s."""
    told: list[tuple[float, SwitchKind]] = []
    index = 0
    while index < len(strokes):
        down, up = strokes[index]
        following = strokes[index + 1] if index + 1 < len(strokes) else None
        long, double = gestures.long_press_ms / 1000.0, gestures.double_press_ms / 1000.0
        is_long = bool(long) and up >= down + long
        if following and following[0] < down + double and not is_long:
            told += [(following[0], DOUBLE), (following[1], RELEASE)]
            index += 2
            continue
        if is_long:
            told += [(down + long, LONG), (up, RELEASE)]
        else:
            decided = max(down + double, up if long else down)
            told += [(decided, PRESS), (max(up, decided), RELEASE)]
        index += 1
    return told


@given(armed, gaps)
@example(Gestures(double_press_ms=400.0), [1, 1, 399, 1])  # the second press comes as the first is decided
@example(Gestures(double_press_ms=300.0), [1, 1, 299, 1])
def test_any_sequence_is_told_as_a_reference_reads_it_afterwards(gestures: Gestures, steps: list[int]):
    times = [sum(steps[: index + 1]) / 1000.0 for index in range(len(steps) // 2 * 2)]
    strokes = list(zip(times[::2], times[1::2], strict=True))
    contacts = [(at, "a", index % 2 == 0) for index, at in enumerate(times)]
    told = [(at, kind) for at, _, kind in play(GestureMachine({"a": gestures}), contacts)]
    assert told == reference(gestures, strokes)


strokes_of_two = st.lists(st.tuples(st.integers(1, 400), st.sampled_from("ab")), max_size=60)


@given(armed, armed, strokes_of_two)
@example(Gestures(), Gestures(), [(1, name) for name in "abaabb"])  # never both up: the chord ends where it begins anew
def test_with_chords_every_beginning_has_one_release_and_no_press_is_lost(
    a: Gestures, b: Gestures, flips: list[tuple[int, str]]
):
    machine = GestureMachine({"a": a, "b": b}, PAIR, 0.06)
    down, now, contacts = {"a": False, "b": False}, 0.0, []
    for gap_ms, name in flips:
        now += gap_ms / 1000.0
        down[name] = not down[name]
        contacts.append((now, name, down[name]))
    contacts += [(now + 1.0, name, False) for name in "ab" if down[name]]
    told = play(machine, contacts)
    for name in ("a", "b", "both"):
        kinds = [kind for _, said, kind in told if said == name]
        assert all((kind is RELEASE) == (index % 2 == 1) for index, kind in enumerate(kinds))
        assert len(kinds) % 2 == 0
    for name in "ab":
        closings = sum(1 for _, switch, closed in contacts if switch == name and closed)
        means = {PRESS: 1, LONG: 1, DOUBLE: 2, RELEASE: 0}
        own = sum(means[kind] for _, said, kind in told if said == name)
        chords = sum(1 for _, said, kind in told if kind is CHORD)
        # A tap that waited for a second one is part of the chord that came instead.
        assert own <= closings <= own + 2 * chords
    assert [at for at, _, _ in told] == sorted(at for at, _, _ in told)


def test_what_gestures_cost_is_data():
    assert Gestures().cost() == PressCost(0.0, on_release=False)
    assert Gestures(double_press_ms=300).cost() == PressCost(300.0)
    assert Gestures(long_press_ms=500).cost(chord_ms=60.0) == PressCost(60.0, on_release=True)
    assert Gestures(long_press_ms=500, eager=True).cost(60.0) == PressCost()
    panel = PanelSpec(switches=(SwitchSpec("a", 17), SwitchSpec("b", 27), SwitchSpec("c", 22)), chords=PAIR)
    assert panel.press_cost("a").wait_ms == 60.0
    assert panel.press_cost("c") == PressCost()


@pytest.mark.parametrize("bad", [{"long_press_ms": 20}, {"double_press_ms": 9000}])
def test_gestures_that_no_foot_can_make_are_refused(bad: dict[str, float]):
    with pytest.raises(PanelSpecError, match=r"allowed 0 \(off\) or 50 to 5000"):
        Gestures(**bad)
