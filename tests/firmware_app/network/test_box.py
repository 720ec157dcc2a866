"""BoxNetwork: its thread, the name it answers to, and what the rest of control asks of it."""

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from firmware_app.network.box import NO_BOX, BoxNetwork
from hw.network.fake import FakeNetwork
from hw.network.names import NetworkName
from hw.network.network import NetworkError

PORT = 8080


class Names(NetworkName):
    """Notes what is published, and may refuse."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str, int, tuple[tuple[str, str], ...]]] = []
        self.refuses = False
        self.lost = False
        self.published = threading.Event()

    def publish(self, name: str, title: str, port: int, interfaces: Sequence[tuple[str, str]]) -> None:
        if self.refuses:
            raise NetworkError("no Avahi")
        self.told.append((name, title, port, tuple(interfaces)))
        self.lost = False
        self.published.set()

    def answers(self) -> bool:
        return bool(self.told) and not self.lost

    def close(self) -> None:
        self.told.append(("", "", 0, ()))


@pytest.fixture
def names() -> Names:
    return Names()


@pytest.fixture
def network(tmp_path: Path) -> Iterator[BoxNetwork]:
    made = BoxNetwork(tmp_path)
    yield made
    made.stop()


def test_until_it_is_started_it_touches_nothing_and_says_why(network: BoxNetwork):
    network.forget_all()
    network.toggle_own()
    assert network.why_not == NO_BOX
    assert network.reach is None


def test_the_name_is_told_with_every_address_and_given_back(network: BoxNetwork, names: Names):
    seen = threading.Event()
    network.on_addresses = seen.set
    network.start(FakeNetwork(cable=True, sleep=lambda seconds: None), PORT, names)
    assert names.published.wait(20)
    assert seen.wait(20)
    assert names.told[0] == (network.host, network.name, PORT, (("eth0", "192.0.2.7"),))
    assert network.host == network.name.lower()
    network.stop()
    assert network._thread is not None
    network._thread.join(20)
    assert names.told[-1][0] == ""


def test_a_foot_opens_the_own_wifi(network: BoxNetwork, names: Names):
    fake = FakeNetwork(cable=True)
    opened = threading.Event()
    network.on_change = lambda: opened.set() if fake.hotspot else None
    network.start(fake, PORT, names)
    network.toggle_own()
    assert opened.wait(20)
    assert fake.hotspot == network.name


def test_a_box_without_avahi_goes_on(network: BoxNetwork, names: Names):
    names.refuses = True
    changed = threading.Event()
    network.on_addresses = changed.set
    network.start(FakeNetwork(cable=True), PORT, names)
    assert changed.wait(20)
    names.refuses = False
    network._tell_at_s = 0.0  # as after a minute
    assert network.reach is not None
    network.reach.wake()
    assert names.published.wait(20)


def test_a_name_that_avahi_has_forgotten_is_told_again(network: BoxNetwork, names: Names):
    network.start(FakeNetwork(cable=True), PORT, names)
    assert names.published.wait(20)
    names.published.clear()
    names.lost = True  # Avahi was started again
    network._tell_at_s = 0.0  # as after a minute
    assert network.reach is not None
    network.reach.wake()
    assert names.published.wait(20)
    assert names.told[-1] == names.told[0]
