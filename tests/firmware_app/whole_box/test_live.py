"""The whole box, live on the virtual USB interface: real processes, real libasound, real time. Content, not timing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
import soundfile

from tests.conftest import MakeUsb
from tests.rigs.checkout import ROOT
from tests.rigs.compare import compare
from tests.rigs.running_box import RunningBox
from tests.rigs.virtual_usb.rig import Unplug, VirtualUsb, matching_runs

pytestmark = [pytest.mark.rig, pytest.mark.box]
DEMO = ROOT / "firmware_app" / "assets" / "demo_vocal.flac"
PANEL = '[panel]\npins = "mock"\n'


def config(usb: VirtualUsb) -> str:
    return f'[audio]\ndevice = "{usb.device}"\nperiod_frames = 128\nperiods = 3\n' + PANEL


def vocal(seconds: float):
    sound, rate = soundfile.read(DEMO, dtype="float32")
    assert rate == 48_000
    return np.resize(sound, int(seconds * rate))


def wait_running(box: RunningBox) -> None:
    box.wait_status(lambda s: s["audio_alive"] and s["state"] == "running", "running audio process")


@pytest.mark.timeout(300)
def test_what_is_heard_live_is_what_process_makes_of_it(make_usb: MakeUsb, tmp_path: Path) -> None:
    seconds = 12  # bench.live compares a minute
    sound = vocal(seconds + 2)
    usb = make_usb(capture=sound, patient=True)  # waits for a late host: no xruns but those on command
    soundfile.write(tmp_path / "in.wav", sound, 48_000, subtype="PCM_24")
    with RunningBox(tmp_path / "box", config(usb)) as box:
        wait_running(box)
        usb.wait_played((seconds + 1) * 48_000, timeout_s=200)
        status = box.get("status")
    subprocess.run(
        [sys.executable, "-m", "firmware_app.cli", "process", tmp_path / "in.wav", tmp_path / "out.wav"],
        check=True,
        capture_output=True,
    )
    offline, _ = soundfile.read(tmp_path / "out.wav", dtype="float32")
    live = (usb.recording()[:, 0] / 2**31).astype(np.float32)
    assert np.array_equal(usb.recording()[:, 0], usb.recording()[:, 1])
    result = compare(live, offline[: seconds * 48_000])
    assert status["xruns"] == 0
    if status["dry_hops"] == 0:
        assert result.share_within(-100.0) == 1.0, result
    else:  # a host so busy that model steps came late: those hops went dry, the rest is the same
        assert status["dry_hops"] < 0.05 * seconds * 375, status
        assert result.share_within(-40.0) > 0.7, (status, result)
    assert len(result.residual_db) >= seconds - 3


def test_bypass_returns_the_very_integers(make_usb: MakeUsb, tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(-(2**23), 2**23, (20 * 48_000, 2)).astype(np.int32) << 8
    usb = make_usb(capture=noise, loop=True)
    with RunningBox(tmp_path / "box", config(usb) + "") as box:
        wait_running(box)
        box.set("box.bypass", 1)
        box.wait_status(lambda s: True, "status")
        at = usb.counters["playback"]["frames"] + 9600
        usb.wait_played(at + 3 * 48_000)
    played = usb.recording()[at : at + 2 * 48_000, 0]
    excerpt = played[48_000 : 48_000 + 64]
    places = np.flatnonzero(noise[:, 0] == excerpt[0])
    assert any(np.array_equal(noise[p : p + 64, 0], excerpt) for p in places)


def test_the_delay_never_grows(make_usb: MakeUsb, tmp_path: Path) -> None:
    noise = np.random.default_rng(4).integers(-(2**23), 2**23, (40 * 48_000, 2)).astype(np.int32) << 8
    usb = make_usb(capture=noise, patient=True)
    with RunningBox(tmp_path / "box", config(usb)) as box:
        box.set("box.bypass", 1)
        wait_running(box)
        usb.wait_played(2 * 48_000)
        for fault in range(8):
            usb.xrun(capture=fault % 2 == 0, playback=fault % 2 == 1)
            usb.wait_played(usb.counters["playback"]["frames"] + 12_000)
        box.wait_status(lambda s: s["xruns"] >= 8, "xruns")
        usb.wait_played(usb.counters["playback"]["frames"] + 48_000)
    runs = [run for run in matching_runs(usb.recording()[:, 0], noise[:, 0]) if run.frames > 4_000]
    delays = [run.recording_at - run.source_at for run in runs]
    assert len(runs) >= 8
    assert max(delays) - min(delays) < 64, delays  # the two directions start microseconds apart, each time anew


@pytest.mark.parametrize("how", list(Unplug), ids=lambda how: how.name)
def test_sound_comes_back_after_a_replug(make_usb: MakeUsb, tmp_path: Path, how: Unplug) -> None:
    usb = make_usb(capture=vocal(10), loop=True)
    with RunningBox(tmp_path / "box", config(usb)) as box:
        wait_running(box)
        box.set("denoise.amount_db", 12)
        usb.unplug(how)
        box.wait_status(lambda s: s["state"] == "waiting for device", "notice that the device is gone")
        assert box.get("status")["audio_alive"]
        usb.replug()
        opened = usb.counters["playback"]["frames"]
        wait_running(box)
        usb.wait_played(opened + 48_000)
        assert box.value("denoise.amount_db") == 12
        tail = usb.recording()[-24_000:, 0] / 2**31
    assert np.sqrt(np.mean(tail**2)) > 1e-3


def test_a_box_that_starts_without_its_interface_waits_for_it(make_usb: MakeUsb, tmp_path: Path) -> None:
    usb = make_usb(capture=vocal(10), loop=True)
    usb.unplug()
    with RunningBox(tmp_path / "box", config(usb)) as box:
        status = box.wait_status(lambda s: s["state"] == "waiting for device", "a box that waits")
        assert f"audio interface {usb.device}: no capture there" in status["message"]
        audio = box.child("audio")
        usb.replug()
        wait_running(box)
        assert box.child("audio").pid == audio.pid


def test_either_process_may_be_killed(make_usb: MakeUsb, tmp_path: Path) -> None:
    usb = make_usb(capture=vocal(10), loop=True)
    with RunningBox(tmp_path / "box", config(usb)) as box:
        wait_running(box)
        box.set("denoise.amount_db", 7)
        box.set("box.mute", 1)
        audio, control = box.child("audio"), box.child("control")

        control.kill()
        frames = usb.counters["playback"]["frames"]
        usb.wait_played(frames + 24_000)  # the sound did not notice
        assert audio.is_running()
        box.url = ""
        box.wait_for(lambda: bool(box.url), "the page again")
        wait_running(box)
        assert box.value("denoise.amount_db") == 7
        assert box.child("audio").pid == audio.pid

        starts = usb.counters["playback"]["starts"]
        muted_from = usb.counters["playback"]["frames"]
        audio.kill()
        box.wait_for(lambda: usb.counters["playback"]["starts"] > starts, "a new audio process")
        wait_running(box)
        usb.wait_played(usb.counters["playback"]["frames"] + 48_000)
        assert box.value("box.mute") == 1
    # A muted output stays muted through the crash and the restart, sample for sample.
    assert not usb.recording()[muted_from:].any()


def test_the_footswitch_reaches_the_sound(make_usb: MakeUsb, tmp_path: Path) -> None:
    usb = make_usb(capture=vocal(10), loop=True)
    with RunningBox(tmp_path / "box", config(usb)) as box:
        wait_running(box)
        assert box.value("box.bypass") == 0
        for pressed in (True, False):
            box.send("POST", "panel/footswitch/press", {"pressed": pressed})
            time.sleep(0.1)
        box.wait_for(lambda: box.value("box.bypass") == 1, "bypass from the footswitch")
        knob = "panel/amount/turn"
        for position in (0.0, 1.0, 0.25):  # past the value in force, then anywhere
            box.send("POST", knob, {"position": position})
            time.sleep(0.2)
        box.wait_for(lambda: abs(box.value("denoise.amount_db") - 10) < 0.2, "the amount from the knob")
        leds = {pin["name"]: pin["position"] for pin in panel(box) if pin["kind"] == "led"}
        assert leds == {"status": 0.0}


def panel(box: RunningBox):
    found = box.get("panel")
    return found if isinstance(found, list) else next(v for v in found.values() if isinstance(v, list))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda n: n.name)
def test_nothing_is_left_behind(tmp_path: Path, number: signal.Signals) -> None:
    with RunningBox(tmp_path / "box", '[audio]\ndevice = "demo"\n' + PANEL) as box:
        wait_running(box)
        children = psutil.Process(box.pid).children(recursive=True)
        assert len(children) >= 2
        seconds = box.stop(number)
        _, alive = psutil.wait_procs(children, timeout=5)
        assert not alive
    if number is not signal.SIGKILL:
        assert seconds < 5  # 2 s on an idle machine


def test_the_demo_can_be_heard_before_and_after(tmp_path: Path) -> None:
    import io

    with RunningBox(tmp_path / "box", '[audio]\ndevice = "demo"\n' + PANEL) as box:
        status = box.wait_status(lambda s: s["audio_alive"] and s["uptime_s"] > 4, "four seconds of demo")
        assert status["demo"]
        before, rate = soundfile.read(io.BytesIO(box.get_bytes("/api/v1/listen/before.wav?take=t")))
        after, _ = soundfile.read(io.BytesIO(box.get_bytes("/api/v1/listen/after.wav?take=t")))
        assert rate == 48_000
        assert before.shape == after.shape
        assert np.sqrt(np.mean(after**2)) > 1e-3
        assert np.sqrt(np.mean((before - after) ** 2)) > 1e-3  # something was taken away
    kept, rate = soundfile.read(box.state / "recordings" / "demo.wav")
    assert rate == 48_000
    assert np.abs(kept).max() > 0.01


def test_the_audio_process_has_the_threads_it_names(tmp_path: Path) -> None:
    with RunningBox(tmp_path / "box", '[audio]\ndevice = "demo"\n' + PANEL) as box:
        wait_running(box)
        pid = box.child("audio").pid
        names = [Path(f"/proc/{pid}/task/{task}/comm").read_text().strip() for task in os.listdir(f"/proc/{pid}/task")]
    assert len(names) == 1, names


def test_a_second_box_is_refused(tmp_path: Path) -> None:
    with RunningBox(tmp_path / "box", '[audio]\ndevice = "demo"\n' + PANEL) as box:
        second = subprocess.run(
            [sys.executable, "-m", "firmware_app.cli", "run", "--config", str(box.folder / "hushbox.toml")],
            env={**os.environ, "HUSHBOX_RUNTIME_DIR": str(box.runtime)},
            capture_output=True,
            text=True,
        )
        assert second.returncode == 1
        assert f"running already (process {box.pid})" in second.stderr
        assert box.running
