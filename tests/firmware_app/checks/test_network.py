"""The doctor on what keeps the box in reach, against a small tree of the system's files."""

from pathlib import Path

import pytest

from firmware_app.checks import Level
from firmware_app.checks.network import network
from firmware_app.config.keys import NetworkConfig

PROGRAMS = {
    "usr/sbin/NetworkManager": "network-manager",
    "usr/lib/polkit-1/polkitd": "polkitd",
    "usr/sbin/dnsmasq": "dnsmasq-base",
    "usr/sbin/wpa_supplicant": "wpasupplicant",
    "usr/sbin/avahi-daemon": "avahi-daemon",
}


@pytest.fixture
def box(tmp_path: Path) -> Path:
    """An installed box with a radio, and all that it needs."""
    for path in ("usr/lib/systemd/system/hushbox-control.service", "sys/class/net/wlan0/phy80211/name", *PROGRAMS):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    (tmp_path / "proc/240").mkdir(parents=True)
    (tmp_path / "proc/240/comm").write_text("NetworkManager\n")
    return tmp_path


def test_a_box_that_has_all_is_fine(box: Path):
    (finding,) = network(NetworkConfig(), box)
    assert finding.level is Level.OK
    assert "Wi-Fi is there" in finding.text


@pytest.mark.parametrize("path", PROGRAMS)
def test_what_is_missing_is_named_with_the_command_that_brings_it(box: Path, path: str):
    (box / path).unlink()
    (finding,) = network(NetworkConfig(), box)
    assert finding.level is (Level.ADVICE if "avahi" in path else Level.PROBLEM)
    assert finding.text.startswith(f"without {PROGRAMS[path]} ")
    assert finding.mend.startswith(f"sudo apt-get install {PROGRAMS[path]}")


def test_two_that_are_missing_come_by_one_command(box: Path):
    (box / "usr/sbin/NetworkManager").unlink()
    (box / "usr/sbin/dnsmasq").unlink()
    (finding,) = network(NetworkConfig(), box)
    assert "sudo apt-get install network-manager dnsmasq-base" in finding.mend


def test_without_a_radio_nothing_is_needed_for_one(box: Path):
    (box / "sys/class/net/wlan0/phy80211/name").unlink()
    (box / "sys/class/net/wlan0/phy80211").rmdir()
    (box / "usr/sbin/dnsmasq").unlink()
    assert [f.level for f in network(NetworkConfig(), box)] == [Level.OK]
    (box / "usr/sbin/NetworkManager").unlink()
    assert [f.level for f in network(NetworkConfig(), box)] == [Level.ADVICE]  # its cable works


def test_a_manager_that_does_not_run_is_a_problem(box: Path):
    (box / "proc/240/comm").write_text("sshd\n")
    (finding,) = network(NetworkConfig(), box)
    assert finding.level is Level.PROBLEM
    assert finding.mend == "sudo systemctl enable --now NetworkManager"


def test_a_box_that_leaves_the_networks_alone_needs_none(box: Path):
    for path in PROGRAMS:
        (box / path).unlink()
    assert [f.level for f in network(NetworkConfig(manage=False), box)] == [Level.OK]


def test_a_program_on_a_computer_is_not_asked(tmp_path: Path):
    assert network(NetworkConfig(), tmp_path) == []
