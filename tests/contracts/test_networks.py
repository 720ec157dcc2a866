"""What every Network of hw does: the fake, and NetworkManager itself in a network of its own, which has no radio.

What takes a radio (hosting, joining, wrong passwords) is in tests/e2e/test_vm_network.py, with one in a test machine.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from hw.network.bus import SystemBus
from hw.network.fake import FakeNetwork
from hw.network.manager import NetworkManagerNetwork
from hw.network.network import Network, NetworkError, NetworkValueError
from tests.rigs.network_manager import RealNetworkManager


@dataclass
class Wired:
    """A network without a radio. plug: a cable with an address, in or out."""

    network: Network
    plug: Callable[[bool], None]


@pytest.fixture(params=["fake", "real"])
def wired(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Wired]:
    if request.param == "fake":
        fake = FakeNetwork(radio=False)
        yield Wired(fake, lambda on: setattr(fake, "cable", on))
        return
    if why_not := RealNetworkManager.why_not():
        pytest.skip(f"no NetworkManager of its own: {why_not}")
    with RealNetworkManager(tmp_path) as manager:
        yield Wired(
            NetworkManagerNetwork(manager.bus),
            lambda on: manager.inside(f"ip link set far9 {'up' if on else 'down'}"),  # the cable's far end
        )


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 30.0
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_cable_with_an_address_is_a_way_in(wired: Wired):
    assert not wired.network.state().reachable
    wired.plug(True)
    until(lambda: wired.network.state().reachable)
    state = wired.network.state()
    (address,) = state.wired
    assert address.startswith("192.0.2.")
    assert [where for _, where in state.interfaces] == [address]
    assert (state.why_not, state.radio, state.wifi, state.hotspot) == ("", False, "", "")
    wired.plug(False)
    until(lambda: not wired.network.state().reachable)


def test_without_a_radio_it_says_so(wired: Wired):
    for asked in (
        wired.network.scan,
        lambda: wired.network.join("Studio", "correct horse"),
        lambda: wired.network.start_hotspot("Hushbox-7KQ2", "abcdefghjkmnpq"),
        lambda: wired.network.set_country("DE"),
    ):
        with pytest.raises(NetworkError, match="no Wi-Fi here"):
            asked()
    assert list(wired.network.saved()) == []
    wired.network.forget("Nowhere")
    wired.network.stop_hotspot()


def test_what_cannot_be_is_refused_before_anything_is_done(wired: Wired):
    for ssid, password in (("", "long enough"), ("x" * 33, "long enough"), ("Studio", "short"), ("Studio", "x" * 64)):
        with pytest.raises(NetworkValueError) as caught:
            wired.network.join(ssid, password)
        assert password not in str(caught.value)
    with pytest.raises(NetworkValueError):
        wired.network.set_country("Germany")


def test_a_manager_that_is_gone_is_a_state_and_not_a_crash(tmp_path: Path):
    network = NetworkManagerNetwork(SystemBus(f"unix:path={tmp_path / 'nowhere'}"))
    assert "not there" in network.state().why_not or "does not answer" in network.state().why_not
    with pytest.raises(NetworkError):
        network.join("Studio", "correct horse")
    assert network.wait_for_change(0.05) is False
