"""Setting the box up, live on the virtual interface: real processes, real mixer, a cable from out to in."""

from __future__ import annotations

import io
import json
import socket
import time
import urllib.error
import zipfile
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import psutil
import pytest

from tests.conftest import MakeUsb
from tests.rigs.running_box import RunningBox
from tests.rigs.virtual_mixer.rig import USUAL, VirtualMixer
from tests.rigs.virtual_usb.rig import VirtualUsb
from web_ui.ports.pairing import COOKIE

pytestmark = [pytest.mark.rig, pytest.mark.box]
TONE = (0.25 * np.sin(np.arange(480_000) * 2 * np.pi * 100 / 48_000)).astype(np.float32)


def config(usb: VirtualUsb) -> str:
    return f'[audio]\ndevice = "{usb.device}"\n[panel]\npins = "mock"\n# wifi_password = "tell-nobody"\n'


def wait_running(box: RunningBox) -> dict[str, Any]:
    return box.wait_status(lambda s: s["audio_alive"] and s["state"] == "running", "running audio process")


def news(box: RunningBox) -> dict[str, Any]:
    return box.get("setup/news")


def test_settings_levels_and_latency_from_the_page(make_usb: MakeUsb, tmp_path: Path) -> None:
    usb = make_usb(capture=TONE, loop=True, patient=True)
    card = VirtualMixer(usb, USUAL)
    with RunningBox(tmp_path / "box", config(usb)) as box:
        wait_running(box)
        audio_pid, control_pid = box.child("audio").pid, box.child("control").pid
        (mine, *_) = box.get("setup/interfaces")["interfaces"]
        assert (mine["device"], mine["in_force"], mine["inputs"]) == (usb.device, True, 2)

        # What the interface refuses is said, and the old settings stay.
        box.set("box.mute", 1)
        box.send("PUT", "setup/audio", {"changes": {"input_channels": [9]}})
        box.wait_for(lambda: news(box)["audio_state"] == "refused", "a refusal")
        assert "input channel 9" in news(box)["audio_reason"]
        assert box.get("setup")["audio"]["input_channels"] == [1]
        wait_running(box)

        # What it takes is in force without a restart, kept, and as muted as before.
        box.send("PUT", "setup/audio", {"changes": {"period_frames": 64, "periods": 4, "input_channels": [2]}})
        box.wait_for(lambda: news(box)["audio_state"] == "settled", "settled settings")
        status = wait_running(box)
        assert (status["period_frames"], status["periods"], status["latency_measured"]) == (64, 4, False)
        assert box.value("box.mute") == 1
        kept = box.state / "audio.json"
        box.wait_for(kept.exists, "kept settings")
        assert json.loads(kept.read_text())["audio"] == {"input_channels": [2], "period_frames": 64, "periods": 4}
        at = usb.counters["playback"]["frames"]
        usb.wait_played(at + 12_000)
        assert not usb.recording()[at:].any()
        box.set("box.mute", 0)

        # The interface's own mixer, also as changed by somebody else.
        card.set("Mic Playback Switch", 1)
        card.set("Mic Playback Volume", 40)
        assert box.get("setup/mixer")["monitoring"] == ["Mic"]
        box.send("POST", "setup/mixer/stop_monitoring", {"stop": True})
        assert card.value("Mic Playback Switch") == 0
        box.send("PUT", "setup/mixer", {"id": "Mic,0 capture level", "value": 42})
        assert card.value("Mic Capture Volume") == 42

        # A cable from out to in.
        assert measure(box)["fault"] == "no cable"
        usb.plug_cable(delay_frames=100)
        found = measure(box)
        truth = usb.round_trip_frames
        assert (found["fault"], found["frames"], found["input"] in (1, 2)) == ("", truth, True)  # both carry it
        assert found["total_ms"] == pytest.approx((truth + status["chain_latency_frames"]) / 48)
        box.send("POST", "setup/check", {"do": "end"})
        status = box.wait_status(lambda s: s["state"] == "running" and s["latency_measured"], "the measured latency")
        assert status["latency_ms"] == pytest.approx(found["total_ms"], abs=0.01)
        usb.plug_cable(delay_frames=100, gain_db=60.0)
        assert measure(box)["fault"] == "clips"
        usb.plug_cable(delay_frames=100, gain_db=-60.0, noise_db=-60.0)
        assert measure(box)["fault"] == "too low"
        usb.pull_cable()

        # The page goes away in the middle: sound comes back by itself.
        box.send("POST", "setup/check", {"do": "hold"})
        box.wait_for(lambda: news(box)["check"]["state"] == "listening", "a sound check")
        wait_running(box)
        at = usb.counters["playback"]["frames"]
        usb.wait_played(at + 24_000)
        assert np.abs(usb.recording()[at + 12_000 :]).max() > 2**24
        assert (box.child("audio").pid, box.child("control").pid) == (audio_pid, control_pid)

        # A crash of the audio process in the middle of a measurement.
        box.send("POST", "setup/check", {"do": "hold"})
        box.wait_for(lambda: news(box)["check"]["state"] == "listening", "a sound check")
        box.send("POST", "setup/check", {"do": "measure"})
        box.child("audio").kill()
        box.wait_for(lambda: news(box)["check"]["state"] == "off", "the end of the check")
        status = wait_running(box)
        assert (status["period_frames"], status["periods"]) == (64, 4)


def measure(box: RunningBox) -> dict[str, Any]:
    box.send("POST", "setup/check", {"do": "hold"})
    box.wait_for(lambda: news(box)["check"]["state"] == "listening", "a sound check")
    box.send("POST", "setup/check", {"do": "measure"})
    box.wait_for(lambda: news(box)["check"]["result"] is not None, "a result")
    result = news(box)["check"]["result"]
    assert isinstance(result, dict)
    return result


def test_backup_restore_restart_and_diagnostics(make_usb: MakeUsb, tmp_path: Path) -> None:
    usb = make_usb(capture=TONE, loop=True)
    with RunningBox(tmp_path / "box", config(usb)) as box:
        wait_running(box)
        box.set("denoise.amount_db", 11)
        box.send("PUT", "setup/name", {"name": "Left wing"})
        box.send("POST", "scenes/keep", {"scene": "A"})
        box.send("POST", "presets/save", {"name": "Mine", "about": ""})
        backup = box.get_bytes("/api/v1/system/backup.json")
        files = json.loads(backup)["files"]
        assert {"state.json", "setup.json", "scenes.json", "presets.json"} <= set(files)
        assert not {"pairings.json", "pin.json", "pair_tries.json"} & set(files)
        before = box.get("phones")["phones"]

        box.set("denoise.amount_db", 33)
        box.set("box.mute", 1)
        box.send("PUT", "setup/name", {"name": "Right wing"})
        box.send("POST", "scenes/keep", {"scene": "B"})
        box.send("POST", "presets/delete", {"name": "Mine"})
        broken = json.loads(backup)
        broken["files"]["state.json"]["params"]["denoise.amount_db"] = 1e9
        broken["files"]["nobody.json"] = {"schema": 1, "x": {}}
        with pytest.raises(urllib.error.HTTPError) as caught:
            box.send("PUT", "system/backup.json", broken)
        said = json.loads(caught.value.read())["error"]
        assert "state.json: denoise.amount_db" in said
        assert "nobody.json" in said
        assert box.get("setup")["name"] == "Right wing"  # nothing was replaced

        audio_pid, control_pid = box.child("audio").pid, box.child("control").pid
        box.send("PUT", "system/backup.json", json.loads(backup))
        box.wait_for(lambda: control_pid not in pids(box) and audio_pid not in pids(box), "both to end")
        box.wait_for(lambda: _name(box) == "Left wing", "the restored name")
        wait_running(box)
        assert [phone["id"] for phone in box.get("phones")["phones"]] == [phone["id"] for phone in before]
        assert box.value("denoise.amount_db") == 11
        assert box.value("box.mute") == 1  # muted meanwhile: a mute outlives a restore too
        assert "Mine" in json.dumps(box.get("presets"))
        assert box.get("presets")["scenes"] == {"A": True, "B": False}

        made = box.send_for_bytes("POST", "system/diagnostics.zip", {"make": True})
        with zipfile.ZipFile(io.BytesIO(made)) as pack:
            texts = {name.removeprefix("hushbox-diagnostics/"): pack.read(name).decode() for name in pack.namelist()}
        assert {"versions.json", "doctor.json", "settings.json", "log.txt", "what-runs.json", "meters.json"} <= set(
            texts
        )
        assert json.loads(texts["doctor.json"])["findings"]
        assert "starting again, as the page asks" in texts["log.txt"]
        assert "tell-nobody" not in "".join(texts.values())
        assert box.get("system")["no_restart"] == ""
        assert "switch the computer off yourself" in box.get("system")["no_power_off"]
        lines = box.get("system/log")["lines"]
        assert any("control" in line and "settings restored" in line for line in lines)


def test_diagnostics_end_with_their_request_and_with_the_box(tmp_path: Path) -> None:
    with RunningBox(tmp_path / "box", '[audio]\ndevice = "demo"\n') as box:
        wait_running(box)
        control = box.child("control")

        def doctors() -> list[psutil.Process]:
            return [child for child in control.children() if "doctor" in " ".join(child.cmdline())]

        def ask() -> socket.socket:
            url = urlsplit(box.url)
            token, body = box.get("session")["token"], b'{"make": true}'
            sock = socket.create_connection((url.hostname, url.port), 30)
            sock.sendall(
                f"POST /api/v1/system/diagnostics.zip HTTP/1.1\r\nHost: {url.netloc}\r\nX-CSRF-Token: {token}\r\n"
                f"Cookie: {COOKIE}={box.cookie}\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
                + body
            )
            box.wait_for(lambda: len(doctors()) == 1, "a doctor")
            return sock

        ask().close()
        box.wait_for(lambda: not doctors(), "the doctor's end")
        with ask():
            (doctor,) = doctors()
            control.kill()  # no time to tidy up
            box.wait_for(lambda: has_ended(doctor), "its end")


def has_ended(process: psutil.Process) -> bool:
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:  # it ended between the two questions
        return True


def pids(box: RunningBox) -> set[int]:
    found = set()
    for command in ("audio", "control"):
        try:
            found.add(box.child(command).pid)
        except (LookupError, psutil.NoSuchProcess):
            continue  # ended this moment
    return found


def _name(box: RunningBox) -> str:
    try:
        return str(box.get("setup")["name"])
    except (OSError, HTTPException):  # not there yet, or ended within its answer
        time.sleep(0.1)
        return ""
