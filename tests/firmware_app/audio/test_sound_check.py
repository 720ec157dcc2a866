"""The sound check as a mode of the streaming loop, without a device: one block in, one block out."""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path

import numpy as np
import pytest

from dsp.analysis.round_trip import SIGNAL_FRAMES, signal
from firmware_app.audio.sound_check import NAME, SETTLE_FRAMES, SoundCheck, read_recording
from firmware_app.audio.source import Opened
from firmware_app.link.wire import InputsFrame, SoundCheckStep, State
from hw.audio.audio_io import IoFormat, IoStatus

PERIOD, INPUTS = 128, 3
SETTLE_BLOCKS = -(-SETTLE_FRAMES // PERIOD)
SIGNAL_BLOCKS = -(-SIGNAL_FRAMES // PERIOD)


class Device:
    name, latency_frames, xruns, gone_reason = "test interface", 0, 0, ""
    format = IoFormat(48_000, PERIOD, 3, "S24_3LE", INPUTS, 2, (1, 2, 3), (1, 2), PERIOD)


class Link:
    def send(self, frame: InputsFrame) -> bool:
        self.told = (frame.measuring, frame.measured, frame.xruns, frame.peaks)
        return True


class Checked:
    """A check that has begun."""

    def __init__(self, runtime: Path) -> None:
        self.check, self.device, self._link = SoundCheck(runtime), Device(), Link()
        assert self.begin()

    def begin(self) -> bool:
        begun = self.check.prepare(Opened(self.device, False, ""))
        self.block, self.out = self.check.begin(self.device)
        return begun

    def run(self, blocks: int, level: float = 0.0) -> np.ndarray:
        """What goes out while `level` comes in at the first input."""
        heard = []
        for _ in range(blocks):
            self.block[:, 0] = level
            self.check.process(self.block, self.out)
            self.check.block_done(0.0)
            heard.append(self.out[:, 0].copy())
        return np.concatenate(heard)

    @property
    def told(self) -> tuple[bool, int, int, tuple[float, ...]]:
        self.check.tell(self._link)
        return self._link.told


@pytest.fixture
def checked(tmp_path: Path) -> Checked:
    return Checked(tmp_path)


def test_the_outputs_are_silent_and_every_input_is_metered(checked: Checked) -> None:
    assert not checked.run(8, level=0.25).any()
    assert checked.told == (False, 0, 0, (0.25, 0.0, 0.0))
    assert checked.told[3] == (0.0, 0.0, 0.0), "peaks are those since the last frame"
    assert checked.check.state(IoStatus.TIMEOUT) is State.CHECKING


def test_a_measurement_waits_for_the_interface_then_plays_the_whole_signal(checked: Checked, tmp_path: Path) -> None:
    checked.check.ask(SoundCheckStep.MEASURE)
    assert not checked.run(SETTLE_BLOCKS - 1).any()
    played = checked.run(SIGNAL_BLOCKS, level=0.5)
    np.testing.assert_array_equal(played[:SIGNAL_FRAMES], signal())
    assert checked.told[:3] == (False, 1, 0)
    assert not checked.run(4).any()
    assert np.all(read_recording(tmp_path / NAME, INPUTS)[:, 0] == 0.5)


def test_only_an_xrun_during_the_measurement_makes_a_hole_in_it(checked: Checked) -> None:
    checked.check.lost()
    checked.check.ask(SoundCheckStep.MEASURE)
    checked.run(SETTLE_BLOCKS)
    assert checked.told[2] == 0
    checked.check.lost()
    checked.run(SIGNAL_BLOCKS)
    checked.check.lost()
    assert checked.told[:3] == (False, 1, 1)


def test_leaving_fades_the_signal_out_and_plays_no_other(checked: Checked) -> None:
    checked.check.ask(SoundCheckStep.MEASURE)
    checked.run(SETTLE_BLOCKS + 20)
    checked.check.fade_out()
    last = np.abs(checked.run(1))
    assert last[0] > 0.0
    assert last[-1] == 0.0
    checked.check.ask(SoundCheckStep.MEASURE)
    assert not checked.run(SETTLE_BLOCKS + 2).any()
    assert checked.check.wanted()
    checked.begin()
    assert checked.run(SETTLE_BLOCKS + 2).any(), "it plays once the check has begun again"
    assert checked.told[1] == 0


def test_the_check_is_wanted_until_control_ends_it_or_asks_no_more(
    checked: Checked, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now)
    checked.check.ask(SoundCheckStep.HOLD)
    assert checked.check.wanted()
    checked.check.ask(SoundCheckStep.END)
    assert not checked.check.wanted()
    checked.check.ask(SoundCheckStep.MEASURE)
    checked.run(SETTLE_BLOCKS + 1)
    now += 60.0
    assert checked.check.wanted(), "the signal plays to its end"
    checked.run(SIGNAL_BLOCKS)
    assert not checked.check.wanted()


def test_a_late_device_is_waited_for_and_a_lost_one_ends_the_check(checked: Checked) -> None:
    assert checked.check.goes_on(IoStatus.TIMEOUT)
    assert checked.check.goes_on(IoStatus.XRUN)
    assert checked.check.ended == ""
    checked.device.gone_reason = "test interface: unplugged"
    assert not checked.check.goes_on(IoStatus.GONE)
    assert checked.check.ended == "test interface: unplugged"
    checked.begin()
    assert checked.check.ended == ""


def test_without_room_for_the_recording_the_check_is_over(
    checked: Checked, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    checked.check.ask(SoundCheckStep.MEASURE)
    monkeypatch.setattr(os, "posix_fallocate", full)
    assert not checked.begin()
    assert not checked.check.wanted()
    assert "the sound cannot be checked" in caplog.text
