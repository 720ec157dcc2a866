"""`hushbox status`, of a box that runs and of one that does not."""

import json
from pathlib import Path

import pytest

from firmware_app import cli
from firmware_app.commands import status
from tests.conftest import MakeUsb
from tests.rigs.running_box import RunningBox

pytestmark = pytest.mark.usefixtures("in_a_folder")


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HUSHBOX_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.setenv("HUSHBOX_STATE_DIR", str(tmp_path / "state"))


def test_without_a_box_it_says_so_and_how_to_start_one(capsys: pytest.CaptureFixture[str]):
    Path("hushbox.toml").write_text("[page]\nport = 9\n")  # nobody serves there
    assert cli.main(["status"]) == 1
    said = capsys.readouterr().out
    assert "No box answers at http://127.0.0.1:9/" in said
    assert "hushbox run" in said
    assert cli.main(["status", "--json"]) == 1
    assert json.loads(capsys.readouterr().out) == {"running": False, "page": "http://127.0.0.1:9/"}


@pytest.mark.rig
@pytest.mark.box
def test_of_a_running_box(
    make_usb: MakeUsb, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    usb = make_usb()
    config = f'[audio]\ndevice = "{usb.device}"\n[panel]\npins = "mock"\n'
    with RunningBox(tmp_path / "box", config) as box:
        box.wait_status(lambda s: s["audio_alive"] and s["state"] == "running", "running audio process")
        monkeypatch.setenv("HUSHBOX_RUNTIME_DIR", str(box.runtime))
        box.send("POST", "presets/load", {"name": "Gentle"})
        box.set("box.mute", 1)
        box.wait_status(lambda s: s["output"] == "muted", "muted output")
        assert cli.main(["status", "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert (told["running"], told["preset"], told["output"]) == (True, "Gentle", "muted")
        assert told["page"] == box.url
        assert told["load_mean"] > 0.0
        assert cli.main(["status"]) == 0
        said = capsys.readouterr().out
        assert "sound        muted\n" in said
        assert "preset       Gentle\n" in said
        assert " % mean, " in said
        assert "xruns" in said


def test_a_box_without_sound_still_tells():
    now = {
        "audio_alive": False, "state": "down", "output": "processing", "message": "The audio process is down.",
        "device": "", "demo": False, "rate_hz": 0, "safe_mode": "", "shed": "",
    }  # fmt: skip
    lines = status._lines(now, "", "http://127.0.0.1:8080/")
    assert lines[0].split() == ["sound", "down"]
    assert lines[-1] == "The audio process is down."
