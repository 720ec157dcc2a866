"""Who is let in by the held footswitch: the one phone that asks, and nobody when several do."""

import pytest

from firmware_app.setup.presence import Presence, SeveralAsk
from tests.rigs.hand_clock import HandClock
from web_ui.ports.limits import WINDOW_S


@pytest.fixture
def presence(clock: HandClock) -> Presence:
    return Presence(clock)


def test_the_phone_that_asks_is_let_in_once(presence: Presence, clock: HandClock):
    assert not presence.ask("192.0.2.1")
    presence.hold()
    clock.now += WINDOW_S - 1
    assert presence.ask("192.0.2.1")
    assert not presence.ask("192.0.2.1")
    assert presence.waiting_s == 0


def test_the_minute_ends(presence: Presence, clock: HandClock):
    presence.hold()
    clock.now += WINDOW_S
    assert not presence.ask("192.0.2.1")


def test_whoever_asks_all_the_time_keeps_the_switch_from_letting_anybody_in(presence: Presence, clock: HandClock):
    """Not even a phone that lies in wait, and asks first after the switch was held, gets in before the other."""
    presence.ask("192.0.2.66")
    presence.hold()
    for address in ("192.0.2.1", "192.0.2.66", "192.0.2.1"):
        with pytest.raises(SeveralAsk):
            presence.ask(address)
    clock.now += WINDOW_S + 1  # the other has gone
    presence.hold()
    assert presence.ask("192.0.2.1")


def test_who_asked_long_ago_is_no_other(presence: Presence, clock: HandClock):
    presence.ask("192.0.2.66")
    clock.now += WINDOW_S + 1
    presence.hold()
    assert presence.ask("192.0.2.1")


def test_many_that_ask_take_no_memory_and_let_nobody_in(presence: Presence):
    for number in range(1000):
        presence.ask(f"10.0.{number >> 8}.{number & 255}")
    presence.hold()
    with pytest.raises(SeveralAsk):
        presence.ask("192.0.2.1")
    assert len(presence._asked) <= 64
