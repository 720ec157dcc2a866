"""The box with its microphone on one interface and its speakers on another; and one that waits for very long."""

import os
from pathlib import Path

import numpy as np
import pytest

from firmware_app.audio.source import AudioSource
from firmware_app.config.keys import AudioConfig
from firmware_app.config.places import Places
from tests.conftest import MakeUsb
from tests.rigs.running_box import RunningBox

pytestmark = [pytest.mark.rig, pytest.mark.box]


def test_two_interfaces_and_either_may_go_and_come(make_usb: MakeUsb, tmp_path: Path) -> None:
    noise = np.random.default_rng(5).normal(0, 0.1, 48_000).astype(np.float32)
    microphone = make_usb(name="microphone", capture=noise, loop=True, patient=True)
    speaker = make_usb(name="speaker", beside=microphone, patient=True)
    config = (
        '[audio]\ncapture_device = "microphone"\nplayback_device = "speaker"\nperiod_frames = 256\nperiods = 4\n'
        '[model]\nbundle = "/none"\nstems_bundle = "/none"\n[panel]\npins = "mock"\n'
    )
    with RunningBox(tmp_path / "box", config, speaker.env) as box:
        status = box.wait_status(lambda s: s["state"] == "running", "a box that runs")
        assert status["device"] == "microphone to speaker"
        assert status["latency_ms"] == pytest.approx((4 * 256 + status["chain_latency_frames"] + 280) / 48, abs=0.1)
        for usb in (microphone, speaker):
            usb.unplug()
            box.wait_status(lambda s: s["state"] != "running", "notice of the unplugging")
            usb.replug()
            box.wait_status(lambda s: s["state"] == "running" and s["device"] != "none", "sound again")
        played = speaker.counters["playback"]["frames"]
        speaker.wait_played(played + 24_000)
    assert np.std(speaker.recording()[-12_000:, 0] / 2**31) > 0.05


def test_a_long_wait_for_the_interface_leaves_nothing_behind(
    make_usb: MakeUsb, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    usb = make_usb()
    usb.unplug()
    source = AudioSource(AudioConfig(device=usb.device), Places(tmp_path, tmp_path, tmp_path, tmp_path))
    assert source.open().io is None
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(200):
        assert source.open().io is None
    assert len(os.listdir("/proc/self/fd")) == before
    assert len(caplog.messages) == 1
    usb.replug()
    opened = source.open()
    assert opened.io is not None
    opened.io.close()
