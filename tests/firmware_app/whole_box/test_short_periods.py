"""The whole box at 32 and 64 frames on the virtual interface, and its very first start. Content, not timing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conftest import MakeUsb
from tests.rigs.running_box import RunningBox
from tests.rigs.virtual_usb.rig import VirtualUsb

pytestmark = [pytest.mark.rig, pytest.mark.box]
RUN = 24_000  # frames in one piece: several hundred periods without a lost one


def config(usb: VirtualUsb, audio: str = "") -> str:
    return f'[audio]\ndevice = "{usb.device}"\n{audio}[panel]\npins = "mock"\n'


def wait_running(box: RunningBox, period: int) -> dict[str, Any]:
    return box.wait_status(
        lambda s: s["audio_alive"] and s["state"] == "running" and s["period_frames"] == period, f"running at {period}"
    )


def loud_noise() -> np.ndarray:
    return np.random.default_rng(1).integers(-(2**23), 2**23, (20 * 48_000, 2)).astype(np.int32) << 8


def assert_untouched(box: RunningBox, usb: VirtualUsb, noise: np.ndarray) -> None:
    """Half a second of what was played, in one piece, bit by bit."""
    at = len(usb.recording()) + 9600  # behind the fade of the bypass; counters begin anew when the device is reopened
    box.wait_for(lambda: len(usb.recording()) > at + RUN, "sound")
    played = usb.recording()[at : at + RUN, 0]
    looped = np.tile(noise[:, 0], 2)
    places = np.flatnonzero(noise[:, 0] == played[0])
    assert any(np.array_equal(looped[p : p + RUN], played) for p in places)


@pytest.mark.parametrize("period", [32, 64])
def test_short_periods_play_without_a_gap(make_usb: MakeUsb, tmp_path: Path, period: int) -> None:
    noise = loud_noise()
    usb = make_usb(capture=noise, loop=True, patient=True)  # waits for a late host: a gap would be the box's own
    with RunningBox(tmp_path / "box", config(usb, f"period_frames = {period}\nperiods = 3\n")) as box:
        status = wait_running(box, period)
        assert status["periods"] == 3
        # The chain collects a hop of 128 from shorter periods (ARCHITECTURE, latency in three words).
        assert status["chain_latency_frames"] == 256 - period
        assert status["latency_ms"] == pytest.approx((256 - period + 3 * period) / 48, abs=0.02)
        box.set("box.bypass", 1)
        assert_untouched(box, usb, noise)
        assert box.get("status")["xruns"] == 0


def test_the_page_sets_32_frames_where_the_interface_allows(make_usb: MakeUsb, tmp_path: Path) -> None:
    noise = loud_noise()
    usb = make_usb(capture=noise, loop=True, patient=True)
    with RunningBox(tmp_path / "box", config(usb)) as box:
        wait_running(box, 128)
        box.send("PUT", "setup/audio", {"changes": {"period_frames": 32, "periods": 3}})
        wait_running(box, 32)
        box.wait_for(lambda: box.get("setup/news")["audio_state"] == "settled", "settled settings")
        box.wait_for((box.state / "audio.json").exists, "kept settings")
        assert json.loads((box.state / "audio.json").read_text())["audio"] == {"period_frames": 32}
        box.set("box.bypass", 1)
        assert_untouched(box, usb, noise)


def test_an_interface_without_32_frames_takes_the_nearest_and_says_so(make_usb: MakeUsb, tmp_path: Path) -> None:
    usb = make_usb(periods_frames=(64, 128, 256), formats=("S32_LE",), patient=True)
    with RunningBox(tmp_path / "box", config(usb)) as box:
        wait_running(box, 128)
        box.send("PUT", "setup/audio", {"changes": {"period_frames": 32}})
        wait_running(box, 64)
        box.wait_for(lambda: any("asked for 32 frames" in line for line in box.log), "a line in the log")


@pytest.mark.timeout(300)
def test_the_first_start_measures_and_the_second_keeps_it(make_usb: MakeUsb, tmp_path: Path) -> None:
    usb = make_usb(patient=True)
    words = "a block's time (p99)"
    for start in ("first", "second"):
        with RunningBox(tmp_path / "box", config(usb), first_start=True) as box:
            box.wait_status(lambda s: s["audio_alive"] and s["state"] == "running", "running audio process")
            box.wait_for((box.state / "choice.json").exists, "the choice on disk")
            kept = json.loads((box.state / "choice.json").read_text())["choice"]
            status, setup = box.get("status"), box.get("setup")
            assert kept["bundle"] in ("denoise-live", "denoise-light")
            assert status["bundle"].startswith(kept["bundle"])
            assert status["period_frames"] == setup["audio"]["period_frames"] == kept["period_frames"]
            assert {load["period_frames"] for load in setup["carries"]} == {
                load["period_frames"] for load in kept["loads"]
            }
            voice = next(card for card in box.get("models")["models"] if card["runs"] == "voice" and card["in_use"])
            assert voice["name"] == kept["bundle"]
            assert voice["chosen"]["period_frames"] == kept["period_frames"]
            assert any(words in line for line in box.log) == (start == "first"), box.log
            if start == "first":
                before = kept
        assert kept == before
