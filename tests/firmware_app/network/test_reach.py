"""Reach on a simulated clock: it never leaves a box that cannot be reached."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_app.network.card import Card
from firmware_app.network.reach import IDLE_S, LOOK_EVERY_S, LOOK_S, OUT_OF_REACH_S, PATIENCE_S, STEP_S, Reach
from hw.network.fake import FakeNetwork, FakeWifi
from hw.network.network import HOTSPOT_S, JOIN_S

CARD = Card("Hushbox-7KQ2", "bcdfghjkmnpqrs")
STUDIO, PASSWORD = "Studio", "correct horse"


class World:
    """A box among networks, and its time. unreachable_s: the longest time without a way in that there could be."""

    def __init__(self, **network: object) -> None:
        self.now_s = 1000.0
        self.unreachable_s = 0.0
        self._since_s = self.now_s
        self.network = FakeNetwork(**network, sleep=self._pass)  # type: ignore[arg-type]
        self.country = ""
        self.reach = Reach(self.network, lambda: CARD, lambda: self.country, clock=lambda: self.now_s)

    def wait(self, seconds: float) -> None:
        until = self.now_s + seconds
        while self.now_s < until:
            self.reach.step()
            seconds = STEP_S if self.reach._soon else IDLE_S  # as `Reach.run` waits
            self._pass(seconds)
            self.network.pass_s(seconds)

    def _pass(self, seconds: float) -> None:
        """Nothing changes in the networks meanwhile: what a call does, it does at its end."""
        self.now_s += seconds
        network = self.network
        network.pass_s(0.0)  # what is gone is lost
        possible = network.manager and ((network.radio and network.hosts) or network.cable)
        if not possible or network.cable or network.joined or network.hotspot:
            self._since_s = self.now_s
        self.unreachable_s = max(self.unreachable_s, self.now_s - self._since_s)

    @property
    def state(self):
        return self.network.state()


def test_without_any_network_it_opens_its_own_after_half_a_minute():
    world = World()
    world.wait(PATIENCE_S - 2)
    assert not world.state.reachable
    world.wait(10)
    assert world.state.hotspot == CARD.name
    world.wait(2 * LOOK_EVERY_S)
    assert world.unreachable_s < PATIENCE_S + 10, "nothing is saved, so there is nothing to look for"


@pytest.mark.parametrize("known", [{"cable": True}, {"known": {STUDIO: PASSWORD}, "air": {STUDIO: FakeWifi(PASSWORD)}}])
def test_with_ethernet_or_a_known_wifi_it_stays_quiet(known: dict[str, object]):
    world = World(**known)
    world.wait(3600)
    assert not world.state.hotspot
    assert world.state.reachable


def test_it_joins_the_studios_wifi_and_stays_there():
    world = World(air={STUDIO: FakeWifi(PASSWORD)})
    world.wait(40)
    assert [each.ssid for each in world.reach.view.near] == [STUDIO], "from before it hosted"
    world.reach.join(STUDIO, PASSWORD)
    assert (world.reach.view.doing, world.reach.view.target) == ("joining", STUDIO)
    world.wait(5)
    view = world.reach.view
    assert (view.state.wifi, view.doing, view.failed, view.saved) == (STUDIO, "", "", (STUDIO,))
    world.wait(3600)
    assert world.state.wifi == STUDIO


@pytest.mark.parametrize(
    ("air", "sent", "why"),
    [
        ({STUDIO: FakeWifi(PASSWORD)}, "wrong horse", "password"),
        ({STUDIO: FakeWifi(PASSWORD, answers=False)}, PASSWORD, "address"),
        ({}, PASSWORD, "range"),
    ],
)
def test_a_join_that_fails_falls_back_and_says_why(air: dict[str, FakeWifi], sent: str, why: str):
    world = World(air=air)
    world.wait(40)
    world.reach.join(STUDIO, sent)
    world.wait(JOIN_S + 5)
    assert world.state.hotspot == CARD.name
    assert (world.reach.view.failed, world.reach.view.why, world.reach.view.saved) == (STUDIO, why, ())
    assert world.unreachable_s < JOIN_S + 10
    world.wait(3600)
    assert world.reach.view.why == why, "until the next try"


def test_a_known_wifi_that_vanishes_is_joined_again_when_nobody_uses_the_own_one():
    world = World(known={STUDIO: PASSWORD}, air={STUDIO: FakeWifi(PASSWORD)})
    world.wait(60)
    wifi = world.network.air.pop(STUDIO)
    world.wait(PATIENCE_S + 5)
    assert world.state.hotspot
    world.network.guests = 1
    world.network.air[STUDIO] = wifi
    world.wait(3 * LOOK_EVERY_S)
    assert world.state.hotspot, "somebody uses it"
    world.network.guests = 0
    world.wait(LOOK_EVERY_S + LOOK_S)
    assert world.state.wifi == STUDIO


def test_an_own_wifi_that_was_asked_for_stays():
    world = World(known={STUDIO: PASSWORD}, air={STUDIO: FakeWifi(PASSWORD)})
    world.wait(60)
    world.reach.toggle()
    world.wait(3 * LOOK_EVERY_S)
    assert world.state.hotspot
    assert world.reach.view.asked
    world.reach.toggle()
    world.wait(20)
    assert world.state.wifi == STUDIO


def test_beside_ethernet_an_own_wifi_can_be_asked_for_and_comes_back():
    world = World(cable=True)
    world.reach.host(True)
    world.wait(5)
    assert world.state.hotspot
    world.network.hotspot = ""  # ended from outside
    world.wait(60)
    assert world.state.hotspot


def test_a_radio_that_cannot_host_says_so_and_still_joins():
    world = World(hosts=False, air={STUDIO: FakeWifi(PASSWORD)})
    world.wait(PATIENCE_S + HOTSPOT_S + 5)
    assert "cannot host" in world.reach.view.problem
    world.reach.join(STUDIO, PASSWORD)
    world.wait(10)
    assert world.state.wifi == STUDIO
    assert world.reach.view.problem == ""


def test_the_country_is_told_to_the_radio_whenever_that_comes():
    world = World()
    world.country = "DE"
    world.wait(5)
    assert world.network.domain == "DE"
    world.network.manager = False
    world.network.domain = "00"
    world.wait(10)
    world.network.manager = True
    world.wait(10)
    assert world.network.domain == "DE"
    assert world.reach.view.country == "DE"


def test_everything_can_be_forgotten_and_the_own_wifi_opens():
    world = World(known={STUDIO: PASSWORD, "Home": PASSWORD}, air={STUDIO: FakeWifi(PASSWORD)})
    world.wait(60)
    world.reach.forget_all()
    world.wait(PATIENCE_S + 10)
    assert world.network.known == {}
    assert world.state.hotspot == CARD.name


def test_a_step_that_breaks_does_not_end_the_thread(monkeypatch: pytest.MonkeyPatch):
    import threading

    world, stopping, calls = World(), threading.Event(), []

    def broken() -> None:
        calls.append(1)
        if len(calls) > 2:
            stopping.set()
        raise RuntimeError("a mistake")

    monkeypatch.setattr(world.reach, "step", broken)
    monkeypatch.setattr(world.reach, "_wished", type("Now", (), {"wait": lambda *_: None, "clear": lambda *_: None})())
    world.reach.run(stopping)
    assert len(calls) == 3


EVENTS: dict[str, Callable[[World], None]] = {
    "cable in": lambda world: setattr(world.network, "cable", True),
    "cable out": lambda world: setattr(world.network, "cable", False),
    "studio comes": lambda world: world.network.air.update({STUDIO: FakeWifi(PASSWORD)}),
    "studio gives no address": lambda world: world.network.air.update({STUDIO: FakeWifi(PASSWORD, answers=False)}),
    "studio's password changes": lambda world: world.network.air.update({STUDIO: FakeWifi("another horse")}),
    "studio goes": lambda world: world.network.air.pop(STUDIO, None) and None,
    "join": lambda world: world.reach.join(STUDIO, PASSWORD),
    "join badly": lambda world: world.reach.join(STUDIO, "wrong horse"),
    "join nothing": lambda world: world.reach.join("Nowhere", ""),
    "forget": lambda world: world.reach.forget(STUDIO),
    "forget all": lambda world: world.reach.forget_all(),
    "own on": lambda world: world.reach.host(True),
    "own off": lambda world: world.reach.host(False),
    "own ends": lambda world: setattr(world.network, "hotspot", ""),
    "look around": lambda world: world.reach.look_around(),
    "guest comes": lambda world: setattr(world.network, "guests", 1),
    "guest goes": lambda world: setattr(world.network, "guests", 0),
    "manager dies": lambda world: setattr(world.network, "manager", False),
    "manager comes": lambda world: setattr(world.network, "manager", True),
    "radio goes": lambda world: setattr(world.network, "radio", False),
    "radio comes": lambda world: setattr(world.network, "radio", True),
    "hosting fails": lambda world: setattr(world.network, "hosts", False),
    "hosting works": lambda world: setattr(world.network, "hosts", True),
    "control starts anew": lambda world: setattr(
        world, "reach", Reach(world.network, lambda: CARD, clock=lambda: world.now_s)
    ),
}


@pytest.mark.timeout(900)  # four seconds of work, which a busy machine may take minutes for
@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(sorted(EVENTS)), st.floats(0, 400)), max_size=20))
def test_whatever_happens_the_box_comes_back_into_reach(events: list[tuple[str, float]]):
    """From the last event on: within OUT_OF_REACH_S there is a way in, unless there cannot be one."""
    world = World()
    for name, wait_s in events:
        EVENTS[name](world)
        world.wait(wait_s)
    world.unreachable_s, world._since_s = 0.0, world.now_s
    world.wait(3 * LOOK_EVERY_S)
    assert world.unreachable_s <= OUT_OF_REACH_S
    network = world.network
    if network.manager and network.radio and network.hosts:
        assert world.state.reachable or world.reach.view.doing == "looking"


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(sorted(EVENTS)), st.floats(0, 60)), max_size=30), st.booleans())
def test_nobody_can_keep_it_out_of_reach(events: list[tuple[str, float]], cable: bool):
    """Joins that fail, one after the other, are somebody's wish; everything else may not add up to a silent box."""
    world = World(cable=cable)
    wishes = 0
    for name, wait_s in events:
        wishes += name.startswith(("join", "own", "control"))
        EVENTS[name](world)
        world.wait(wait_s)
    assert world.unreachable_s <= OUT_OF_REACH_S + wishes * (JOIN_S + HOTSPOT_S + PATIENCE_S)
