"""A row of crashes of the real box ends in dry sound that says why, and in full again when somebody asks."""

from __future__ import annotations

import signal
from pathlib import Path

import numpy as np
import psutil
import pytest

from firmware_app.config.panel_keys import RgbLedConfig
from firmware_app.control.control import Control
from firmware_app.kept.param_table import PARAMS
from firmware_app.kept.store import Store
from firmware_app.link.wire import HealthFrame, MeterFrame, State
from firmware_app.panel.lights import SAFE_BLINK_S, light_for
from firmware_app.running.crash_loop import MOST_CRASHES
from tests.conftest import MakeUsb
from tests.rigs.running_box import RunningBox


@pytest.mark.rig
@pytest.mark.box
@pytest.mark.timeout(240)
def test_a_row_of_crashes_ends_in_safe_mode_muted_as_before(make_usb: MakeUsb, tmp_path: Path) -> None:
    sound = np.random.default_rng(3).uniform(-0.3, 0.3, 48_000).astype(np.float32)
    usb = make_usb(capture=sound, loop=True)
    config = f'[audio]\ndevice = "{usb.device}"\nperiod_frames = 256\n[panel]\npins = "mock"\n'
    with RunningBox(tmp_path / "box", config) as box:
        running = lambda s: s["audio_alive"] and s["state"] == "running"  # noqa: E731
        assert box.wait_status(running, "running audio process")["safe_mode"] == ""
        with pytest.raises(OSError, match="400"):
            box.send("PUT", "safe_mode", {"on": False})
        box.set("box.mute", 1)
        usb.wait_played(usb.counters["playback"]["frames"] + 9600)
        muted_from = len(usb.recording())  # not the counter: a recording has holes where a busy host came late
        for _ in range(MOST_CRASHES):
            audio = box.child("audio")
            audio.send_signal(signal.SIGSEGV)
            box.wait_for(lambda pid=audio.pid: _new_audio(box, pid), "a new audio process", 40)
            box.wait_status(running, "running audio process", 40)
        status = box.wait_status(lambda s: bool(s["safe_mode"]), "safe mode")
        assert status["safe_mode"] == "killed by SIGSEGV"
        assert status["bundle"] == ""
        assert box.value("box.mute") == 1
        usb.wait_played(usb.counters["playback"]["frames"] + 24_000)
        assert not usb.recording()[muted_from:].any()

        box.set("box.mute", 0)
        heard_from = len(usb.recording())
        usb.wait_played(usb.counters["playback"]["frames"] + 24_000)
        assert usb.recording()[heard_from:].any(), "safe mode passes the sound"
        with pytest.raises(OSError, match="400"):
            box.send("PUT", "safe_mode", {"on": True})
        box.send("PUT", "safe_mode", {"on": False})
        full = box.wait_status(lambda s: running(s) and not s["safe_mode"] and s["bundle"] != "", "the full box", 40)
        assert full["bundle"].startswith("denoise-live")
        assert sum("safe mode" in line for line in box.log) == 1


def _new_audio(box: RunningBox, pid: int) -> bool:
    try:
        return box.child("audio").pid != pid
    except (LookupError, psutil.Error):  # not there, or just dead
        return False


def test_the_status_light_blinks_in_safe_mode(tmp_path: Path) -> None:
    control = Control(PARAMS, Store(tmp_path, PARAMS))
    try:
        led, meter = RgbLedConfig("status", 5, 6, 13), MeterFrame(state=State.RUNNING)
        control.take_meter(meter)
        assert light_for(led, control, None).blink_s == 0.0
        control.take_health(HealthFrame(safe=True, why="x"))
        light = light_for(led, control, None)
        assert (light.level, light.blink_s) == (1.0, SAFE_BLINK_S)
    finally:
        control.close()
