"""The installed box in the air: its own Wi-Fi, a phone in it, the studio's Wi-Fi, all on a real kernel's radios.

NetworkManager, wpa_supplicant, dnsmasq, polkit and D-Bus are Debian's; only the radios are made of software
(mac80211_hwsim). The audio process is left out: the machine is emulated and slow. `make e2e-vm` makes its disk.
"""

import contextlib
import json
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.rigs.vm.air import PASSWORD, STUDIO, Air
from tests.rigs.vm.box import Box
from tests.rigs.vm.machine import BUILD, Machine

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(3600)]

PATIENCE_S = 600.0
AS_BOX = "runuser -u hushbox -- env HUSHBOX_RUNTIME_DIR=/run/hushbox HUSHBOX_STATE_DIR=/var/lib/hushbox"
PROBES = [("connectivitycheck.gstatic.com", "/generate_204"), ("captive.apple.com", "/hotspot-detect.html")]


@dataclass
class Place:
    """The box, and the air around it."""

    box: Box
    air: Air

    def command(self, *words: str, typed: str = "") -> str:
        """`hushbox network …` as the box's user."""
        said = " ".join(f"'{word}'" for word in words)
        return self.box.run(f"echo '{typed}' | {AS_BOX} hushbox network {said}", 300)

    def view(self) -> dict[str, Any]:
        """As an owner's phone gets it, which takes less of the machine than a command."""
        return dict(self.box.ask("GET", "network"))

    def wait(self, wanted: Callable[[dict[str, Any]], bool], what: str) -> dict[str, Any]:
        until, now = time.monotonic() + PATIENCE_S, {}
        while True:
            with contextlib.suppress(ConnectionError):
                now = self.view()
                if wanted(now):
                    return now
            assert time.monotonic() < until, f"no {what}: {now}\n{self.box.log()}"
            time.sleep(2.0)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    if not (BUILD / "root.ext4").exists() or shutil.which("qemu-system-x86_64") is None:
        pytest.skip("no disk for the test machine: make e2e-vm (as root)")
    with Machine(tmp_path_factory.mktemp("air"), kernel="systemd.mask=hushbox-audio.service") as machine:
        box = Box(machine)
        box.give_it_time()
        air = Air(machine)
        box.run("systemctl restart hushbox-control", 600)
        box.wait_page()
        yield Place(box, air)


@pytest.fixture(scope="module")
def card(place: Place) -> dict[str, Any]:
    return dict(json.loads(place.command("card", "--json")))


def test_without_any_network_it_opens_its_own_wifi(place: Place, card: dict[str, Any]) -> None:
    view = place.wait(lambda now: bool(now["own"]["on"]), "own Wi-Fi")
    assert (view["own"]["name"], view["why_not"], view["own"]["problem"]) == (card["name"], "", "")
    assert card["password"] not in json.dumps(view)
    # WPA3 is offered beside WPA2 where the radio can.
    offered = place.air.what_is_offered(card["name"])
    assert "PSK" in offered
    assert "SAE" in offered


def test_a_phone_in_it_is_led_to_the_page(place: Place, card: dict[str, Any]) -> None:
    got = place.air.phone_joins(card["name"], card["password"])
    assert got["address"].startswith("10.42.0.")
    assert (got["router"], got["dns"], got["portal"]) == ("10.42.0.1", "10.42.0.1", "http://10.42.0.1/captive")
    for host, path in (
        ("connectivitycheck.gstatic.com", "/generate_204"),
        ("captive.apple.com", "/hotspot-detect.html"),
    ):
        answer = place.air.phone_asks(host, path)
        assert (answer["status"], answer["location"]) == (302, "http://10.42.0.1:8080/")
    assert place.air.phone_asks("example.org")["status"] == 404
    page = place.air.phone_asks("10.42.0.1", "/", 8080)
    assert page["status"] == 200
    assert "<title>" in page["text"]
    assert place.air.phone_asks("connectivitycheck.gstatic.com", "/generate_204")["status"] == 204
    assert "Success" in place.air.phone_asks("captive.apple.com", "/hotspot-detect.html")["text"]
    assert place.air.phone_asks("example.org", "/", 8080)["status"] == 403, "the page itself is as strict as ever"
    place.wait(lambda now: now["own"]["guests"] == 1, "guest")


def test_a_wrong_password_falls_back_and_says_why(place: Place, card: dict[str, Any]) -> None:
    place.air.studio(True)
    place.command("join", STUDIO, typed="wrong horse")
    view = place.wait(lambda now: now["failed"] == STUDIO and bool(now["own"]["on"]), "way back")
    assert (view["why"], view["saved"], view["wifi"]) == ("password", [], "")
    assert "wrong horse" not in place.box.run("journalctl --no-pager -u hushbox-control")


def test_it_joins_the_studio_and_is_found_by_name(place: Place) -> None:
    place.command("country", "DE")
    place.command("join", STUDIO, typed=PASSWORD)
    view = place.wait(lambda now: now["wifi"] == STUDIO, STUDIO)
    assert (view["saved"], view["own"]["on"], view["country"]) == ([STUDIO], False, "DE")
    assert "country DE" in place.box.run("iw reg get")
    # The password is root's, and the box's own folder has none of it.
    assert "-rw------- 1 root root" in place.box.run("ls -l /etc/NetworkManager/system-connections")
    assert place.box.run(f"grep -rl '{PASSWORD}' /var/lib/hushbox /run/hushbox; true") == ""
    (address,) = place.air.studio_finds(view["host"])
    assert address.startswith("198.51.100.")


def test_a_studio_that_is_switched_off_brings_the_own_wifi_back(place: Place, card: dict[str, Any]) -> None:
    place.air.studio(False)
    view = place.wait(lambda now: bool(now["own"]["on"]), "own Wi-Fi")
    assert view["saved"] == [STUDIO]
    place.command("forget", STUDIO)
    place.wait(lambda now: now["saved"] == [], "forgotten Wi-Fi")


def test_control_that_is_killed_finds_the_own_wifi_as_it_was(place: Place) -> None:
    before = place.box.main_pid("hushbox-control")
    place.box.run("systemctl kill -s KILL hushbox-control")
    place.box.wait_anew("hushbox-control", before)
    place.box.wait_page()
    place.wait(lambda now: bool(now["own"]["on"]), "own Wi-Fi")
    assert place.air.phone_asks("captive.apple.com", "/")["status"] in (200, 302), "the socket is systemd's"
