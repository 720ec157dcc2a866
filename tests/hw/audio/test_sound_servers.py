"""PipeWire and JACK are listed where their ALSA plug-in is installed."""

from pathlib import Path

import pytest

from hw.audio.devices import choose, list_servers
from hw.audio.probe import DeviceNotFoundError, Direction, PcmCaps, probe
from hw.audio.sound_servers import is_installed, why_not_there
from hw.errors import HwError

CAPS = PcmCaps(("S16_LE",), (48_000,), (1, 2))


def installed(root: Path, *names: str) -> Path:
    folder = root / "usr/lib/aarch64-linux-gnu/alsa-lib"
    folder.mkdir(parents=True)
    for name in names:
        (folder / f"libasound_module_pcm_{name}.so").touch()
    return root


def test_what_is_not_installed_is_not_asked(tmp_path: Path):
    asked: list[str] = []

    def ask(device: str, direction: Direction) -> PcmCaps:
        asked.append(device)
        return CAPS

    assert list_servers(tmp_path, ask) == []
    [server] = list_servers(installed(tmp_path, "pipewire"), ask)
    assert (server.name, server.device, server.usable) == ("PipeWire", "pipewire", True)
    assert set(asked) == {"pipewire"}


def test_one_that_does_not_run_says_why(tmp_path: Path):
    def ask(device: str, direction: Direction) -> PcmCaps:
        raise HwError(f"{device}: Host is down")

    [server] = list_servers(installed(tmp_path, "jack"), ask)
    assert not server.usable
    assert server.why_not == "JACK does not run, or not for the user that the box runs as"


def test_the_one_that_plays_is_not_asked(tmp_path: Path):
    root = installed(tmp_path, "pipewire", "jack")
    assert [server.device for server in list_servers(root, lambda device, direction: CAPS, but="pipewire")] == ["jack"]


def test_one_that_is_not_installed_is_refused_with_what_to_install(tmp_path: Path):
    root = installed(tmp_path, "pipewire")
    assert why_not_there("jack", root) == "JACK is not installed for ALSA: sudo apt install libasound2-plugins"
    assert "does not run" in why_not_there("pipewire", root)
    assert why_not_there("hw:CARD=USB", root) == ""


@pytest.mark.skipif(is_installed("jack"), reason="this machine has ALSA's JACK plug-in")
def test_alsa_s_own_refusal_says_it():
    with pytest.raises(DeviceNotFoundError, match="JACK is not installed for ALSA: sudo apt install"):
        probe("jack", Direction.CAPTURE)


def test_it_is_taken_only_by_name(tmp_path: Path):
    servers = list_servers(installed(tmp_path, "pipewire", "jack"), lambda device, direction: CAPS)
    by_itself = choose(servers)
    assert by_itself.interface is None
    assert 'PipeWire runs and is taken only by name: [audio] device = "pipewire"' in by_itself.reason
    assert "in use" not in by_itself.reason
    named = choose(servers, "pipewire")
    assert named.interface is not None
    assert named.interface.name == "PipeWire"


@pytest.mark.parametrize("name", ["PipeWire", "jack"])
def test_it_may_be_named_as_people_say_it(tmp_path: Path, name: str):
    servers = list_servers(installed(tmp_path, "pipewire", "jack"), lambda device, direction: CAPS)
    found = choose(servers, name).interface
    assert found is not None
    assert found.name.lower() == name.lower()
