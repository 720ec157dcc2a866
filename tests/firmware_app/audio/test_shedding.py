"""Too much load takes work away in the documented order, and gives it back step by step."""

from __future__ import annotations

from itertools import pairwise

import pytest

from firmware_app.audio.shedding import BACK_S, FIRST_S, FORGIVEN_S, LONGEST_BACK_S, NEXT_S, LoadShedder
from firmware_app.link.shed import WORDS, Shed
from tests.rigs.checkout import ROOT

BLOCK_S = 128 / 48_000


class Loaded:
    """A shedder on a clock of its own."""

    def __init__(self, *steps: Shed) -> None:
        self.now = 100.0
        self.shedder = LoadShedder(steps or tuple(Shed), lambda: self.now)

    def run(self, load: float, seconds: float) -> list[tuple[Shed, float]]:
        """(step, seconds after the beginning) of each change."""
        changes, began = [], self.now
        while self.now < began + seconds:
            self.now += BLOCK_S
            if self.shedder.add(load * BLOCK_S, BLOCK_S):
                changes.append((self.shedder.shed, self.now - began))
        return changes


def test_the_order_is_the_documented_one() -> None:
    changes = Loaded().run(0.95, 10.0)
    assert [shed for shed, _ in changes] == list(Shed)[1:]
    at = [seconds for _, seconds in changes]
    assert FIRST_S <= at[0] < FIRST_S + 0.3
    assert all(NEXT_S <= later - earlier < NEXT_S + 0.3 for earlier, later in pairwise(at))
    text = (ROOT / "ARCHITECTURE.md").read_text()
    assert "spectrum, before and after, stages that mend, stems, a lighter bundle, every model and stage" in " ".join(
        text.split()
    )


def test_two_seconds_less_a_little_are_borne() -> None:
    loaded = Loaded()
    for _ in range(20):
        assert loaded.run(1.4, FIRST_S - 0.2) == []
        assert loaded.run(0.7, 0.3) == []


def test_a_burst_in_one_block_of_four_is_its_mean() -> None:
    """A hop of the stems falls into one block in four."""
    loaded = Loaded()
    for n in range(4000):
        loaded.now += BLOCK_S
        assert not loaded.shedder.add((2.0 if n % 4 == 0 else 0.1) * BLOCK_S, BLOCK_S)


def test_a_box_without_a_lighter_bundle_skips_it() -> None:
    changes = Loaded(*(step for step in Shed if step is not Shed.LIGHTER)).run(0.95, 10.0)
    assert [shed for shed, _ in changes] == [Shed.SPECTRUM, Shed.LISTEN, Shed.STAGES, Shed.STEMS, Shed.DRY]


def test_it_comes_back_step_by_step_and_only_with_room() -> None:
    loaded = Loaded()
    loaded.run(0.95, FIRST_S + NEXT_S + 0.4)
    assert loaded.shedder.shed is Shed.LISTEN
    assert loaded.run(0.7, 100.0) == [], "neither too much nor room enough"
    changes = loaded.run(0.3, 3 * BACK_S)
    assert [shed for shed, _ in changes] == [Shed.SPECTRUM, Shed.NOTHING]
    assert BACK_S <= changes[0][1] < BACK_S + 0.3
    assert loaded.shedder.times == 2


def test_a_step_back_that_was_too_early_waits_twice_as_long_the_next_time() -> None:
    loaded, waits = Loaded(), []
    loaded.run(0.95, FIRST_S + 0.3)
    for _ in range(7):
        ((shed, seconds),) = loaded.run(0.3, _until_back(loaded))
        assert shed is Shed.NOTHING
        waits.append(round(seconds))
        loaded.run(0.95, FIRST_S + 0.3)
    assert waits == [10, 20, 40, 80, 160, 160, 160]
    assert waits[-1] == LONGEST_BACK_S
    loaded.run(0.3, 170.0)
    loaded.run(0.3, FORGIVEN_S)
    loaded.run(0.95, FIRST_S + 0.3)
    assert loaded.run(0.3, BACK_S + 0.3) != [], "all is forgiven after a long while"


def _until_back(loaded: Loaded) -> float:
    return loaded.shedder._back_s + 0.5


def test_heat_asks_for_less_whatever_the_load() -> None:
    loaded = Loaded()
    loaded.shedder.ask(Shed.LISTEN)
    assert loaded.run(0.1, 100.0) == []
    assert loaded.shedder.shed is Shed.LISTEN
    loaded.run(0.95, FIRST_S + 3 * NEXT_S + 0.6)
    assert loaded.shedder.shed > Shed.LISTEN
    loaded.shedder.ask(Shed.NOTHING)
    loaded.run(0.1, 5 * BACK_S)
    assert loaded.shedder.shed is Shed.NOTHING


@pytest.mark.parametrize("rubbish", [-1, 99])
def test_a_step_that_does_not_exist_does_no_harm(rubbish: int) -> None:
    loaded = Loaded()
    loaded.shedder.ask(rubbish)
    assert loaded.shedder.shed in Shed


def test_each_step_has_its_words() -> None:
    assert set(WORDS) == set(Shed)
    assert all(WORDS[shed] for shed in Shed if shed)
