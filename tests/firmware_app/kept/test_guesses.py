"""Wrong guesses: each address and each paired phone has a budget, all addresses together another."""

from pathlib import Path

import pytest

from firmware_app.kept.guesses import (
    ALL,
    FORGIVEN_S,
    FREE_TRIES,
    FREE_TRIES_OF_ALL,
    LAST_WAIT_S,
    Guesses,
    counted_as,
)
from tests.rigs.hand_clock import HandClock

NAME = "tries.json"


@pytest.fixture
def guesses(tmp_path: Path, clock: HandClock) -> Guesses:
    return Guesses(tmp_path, NAME, "wrong codes", clock)


def wrong(guesses: Guesses, who: str, times: int = 1, *, is_paired: bool = False) -> None:
    for _ in range(times):
        guesses.wrong(who, is_paired=is_paired)


def test_wrong_ones_cost_more_and_more_time(guesses: Guesses, clock: HandClock) -> None:
    wrong(guesses, "a", FREE_TRIES)
    waits = []
    for _ in range(8):
        waits.append(guesses.wait_s("a", is_paired=False))
        clock.now += waits[-1]
        assert guesses.wait_s("a", is_paired=False) == 0
        wrong(guesses, "a")
    assert waits == [2, 4, 8, 16, 32, 60, 60, 60]
    guesses.right("a")
    assert guesses.wait_s("a", is_paired=False) == 0


def test_a_stranger_uses_up_no_tries_but_his_own(guesses: Guesses) -> None:
    wrong(guesses, "a", FREE_TRIES)
    assert guesses.wait_s("a", is_paired=False) > 0
    assert guesses.wait_s("b", is_paired=False) == 0


def test_many_addresses_have_one_budget_together_and_paired_phones_their_own(
    guesses: Guesses, tmp_path: Path, clock: HandClock
) -> None:
    tries = 0
    while guesses.wait_s(f"address {tries}", is_paired=False) == 0:
        wrong(guesses, f"address {tries}")
        tries += 1
    assert tries == FREE_TRIES_OF_ALL
    again = Guesses(tmp_path, NAME, "wrong codes", clock)
    assert again.wait_s("new", is_paired=False) > 0  # nor after a restart
    assert again.wait_s("phone", is_paired=True) == 0
    wrong(again, "phone", FREE_TRIES, is_paired=True)
    assert again.wait_s("phone", is_paired=True) > 0


def test_four_digits_last_for_weeks(guesses: Guesses, clock: HandClock) -> None:
    """As many addresses as anyone likes, asking as often as they may, for a day."""
    until, tries = clock.now + 86_400, 0
    while clock.now < until:
        clock.now += guesses.wait_s(f"address {tries}", is_paired=False)
        wrong(guesses, f"address {tries}")
        tries += 1
    assert tries < 350  # of 10,000


def test_all_addresses_together_may_have_a_shorter_last_wait(tmp_path: Path, clock: HandClock) -> None:
    guesses = Guesses(tmp_path, NAME, "wrong codes", clock, longest_of_all_s=60.0)
    for number in range(100):
        wrong(guesses, f"address {number}")
    assert guesses.wait_s("new", is_paired=False) == 60
    wrong(guesses, "address 1", 30)
    assert guesses.wait_s("address 1", is_paired=False) == LAST_WAIT_S


def test_wrong_ones_are_forgotten_slowly(guesses: Guesses, clock: HandClock) -> None:
    wrong(guesses, "a", FREE_TRIES)
    clock.now += FORGIVEN_S * 2
    wrong(guesses, "a", 1)
    assert guesses.wait_s("a", is_paired=False) == 0
    wrong(guesses, "a", 1)
    assert guesses.wait_s("a", is_paired=False) > 0
    assert LAST_WAIT_S <= FORGIVEN_S  # or a wait would end with the count that it was for


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.1", "address 192.0.2.1"),
        ("::ffff:192.0.2.1", "address 192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "network 2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "network 2001:db8:1:2::/64"),
        ("fe80::1%wlan0", "network fe80::/64"),
        ("", "address "),
        ("no address", "address no address"),
    ],
)
def test_an_ipv6_network_counts_as_one(address: str, counted: str) -> None:
    assert counted_as(address) == counted != ALL
