"""`hushbox devices` on this machine, and with the virtual USB interface."""

import json
from pathlib import Path

import pytest

from firmware_app import cli
from firmware_app.commands import devices as command
from hw.audio.devices import Choice, Interface
from hw.audio.probe import PcmCaps


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    monkeypatch.delenv("HUSHBOX_CONFIG", raising=False)


def listed(capsys) -> tuple[int, dict]:
    code = cli.main(["devices", "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_what_this_machine_has_is_listed(capsys):
    code, document = listed(capsys)
    assert code == 0, "it could look"
    assert document["wanted"] == "auto"
    assert document["reason"]
    assert cli.main(["devices"]) == code
    assert capsys.readouterr().out.splitlines()[-1].startswith("the box ")


def test_the_demo_when_asked_for_is_no_finding(capsys):
    Path("hushbox.toml").write_text('[audio]\ndevice = "demo"\n')
    assert cli.main(["devices"]) == 0
    assert "the box plays its demo: the demo was asked for (audio.device)" in capsys.readouterr().out


def test_a_device_that_is_not_there_is_said(capsys):
    Path("hushbox.toml").write_text('[audio]\ndevice = "hw:CARD=Nowhere"\n')
    assert cli.main(["devices"]) == 0
    assert "the box waits: hw:CARD=Nowhere was asked for, but: " in capsys.readouterr().out


@pytest.mark.rig
def test_an_interface_that_is_named_is_asked_and_shown(usb, capsys):
    Path("hushbox.toml").write_text(f'[audio]\ndevice = "{usb.device}"\n')
    code, document = listed(capsys)
    assert code == 0, document
    assert document["chosen"] == usb.device
    shown = next(i for i in document["interfaces"] if i["device"] == usb.device)
    assert 48_000 in shown["capture"]["rates_hz"]
    assert cli.main(["devices"]) == 0
    text = capsys.readouterr().out
    assert f"* {usb.device}" in text
    assert f"the box uses {usb.device}: " in text


def test_each_interface_shows_what_it_can_do_and_why_it_is_not_taken():
    caps = PcmCaps(("S24_3LE", "S16_LE"), (48_000, 96_000), (1, 2, 3, 4))
    good = Interface("USB", "Scarlett", "hw:CARD=USB,DEV=0", True, "usb-1", "", caps, caps, True, "")
    taken = Interface(
        "B", "Other", "hw:CARD=B", False, "", "", caps, None, False, "it does not play", "jackd (process 8)"
    )
    assert command._lines([good, taken], Choice(good, "")) == [
        "* Scarlett   hw:CARD=USB,DEV=0   (USB)",
        "    known by  usb-1",
        "    records   1 to 4 channels; 48000, 96000 Hz; S24_3LE, S16_LE",
        "    plays     1 to 4 channels; 48000, 96000 Hz; S24_3LE, S16_LE",
        "  Other   hw:CARD=B   (not USB)",
        "    records   1 to 4 channels; 48000, 96000 Hz; S24_3LE, S16_LE",
        "    plays     -",
        "    in use    by jackd (process 8)",
        "    not for the box: it does not play",
    ]
    assert command._lines([], Choice(None, "")) == ["no audio interfaces"]
