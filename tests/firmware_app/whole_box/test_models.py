"""Changing the model of a whole box while it plays: no gap, kept, what is muted stays muted. Content, not timing."""

from __future__ import annotations

import signal
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import MakeUsb
from tests.firmware_app.whole_box.test_live import config, vocal, wait_running
from tests.rigs.running_box import RunningBox

pytestmark = [pytest.mark.rig, pytest.mark.box, pytest.mark.timeout(300)]


def wait_bundle(box: RunningBox, name: str) -> None:
    box.wait_status(lambda s: s["state"] == "running" and s["bundle"].startswith(name), name)


def use(box: RunningBox, name: str) -> None:
    assert box.send("PUT", "models/use", {"name": name}) == {"problem": ""}
    wait_bundle(box, name)


def in_use(box: RunningBox) -> set[str]:
    return {card["name"] for card in box.get("models")["models"] if card["in_use"]}


def test_every_model_is_changed_to_without_a_gap_and_kept(make_usb: MakeUsb, tmp_path: Path) -> None:
    level = 0.25 * np.sin(2 * np.pi * 440 / 48_000 * np.arange(40 * 48_000)).astype(np.float32)
    usb = make_usb(capture=level, loop=True, patient=True)
    with RunningBox(tmp_path / "box", config(usb)) as box:
        box.set("denoise.amount_db", 0.0)  # so that only a gap is heard
        wait_bundle(box, "denoise-live")
        begin = usb.counters["playback"]["frames"] + 24_000
        usb.wait_played(begin)
        for name in ("denoise-light", "denoise-instant", "denoise-studio", "denoise-live", "denoise-studio"):
            use(box, name)
        end = usb.counters["playback"]["frames"] + 9600
        assert in_use(box) == {"denoise-studio", "stems-live"}
        usb.wait_played(end)
        sound = usb.recording()[begin:end, 0] / 2.0**31
        box.child("audio").send_signal(signal.SIGKILL)  # comes back with it
        box.wait_status(lambda s: not s["audio_alive"], "crash")
        wait_bundle(box, "denoise-studio")
    waves = np.abs(sound[: len(sound) // 480 * 480]).reshape(-1, 480).max(axis=1)
    assert waves.min() > 0.05  # a fade out and in takes 20 ms, and 10 ms of it are never this soft
    assert (tmp_path / "box" / "state" / "models.json").is_file()
    with RunningBox(tmp_path / "box", config(usb)) as box:
        wait_bundle(box, "denoise-studio")
        assert in_use(box) == {"denoise-studio", "stems-live"}


def test_a_box_that_is_muted_stays_muted_through_a_change_of_models(make_usb: MakeUsb, tmp_path: Path) -> None:
    usb = make_usb(capture=vocal(10), loop=True, patient=True)
    with RunningBox(tmp_path / "box", config(usb)) as box:
        wait_running(box)
        box.set("box.mute", 1)
        begin = usb.counters["playback"]["frames"] + 9600
        for name in ("denoise-studio", "denoise-instant"):
            use(box, name)
        end = usb.counters["playback"]["frames"]
        usb.wait_played(end)
    assert not usb.recording()[begin:end].any()
