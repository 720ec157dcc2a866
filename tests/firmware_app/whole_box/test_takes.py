"""The whole box records: real processes, real libasound. What is in the files is what came in and what was heard."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from firmware_app.takes import take as takes
from firmware_app.takes.wire import SOCKET, ControlEnd, RecorderState
from tests.conftest import MakeUsb
from tests.firmware_app.whole_box.test_live import config, vocal, wait_running
from tests.rigs.running_box import RunningBox

pytestmark = [pytest.mark.rig, pytest.mark.box]


@pytest.mark.timeout(300)
def test_a_take_is_what_came_in_and_what_was_heard(make_usb: MakeUsb, tmp_path: Path) -> None:
    sound = vocal(14)
    usb = make_usb(capture=sound, patient=True)
    states: list[RecorderState] = []
    with RunningBox(tmp_path / "box", config(usb)) as box:
        wait_running(box)
        control = ControlEnd(
            box.runtime / SOCKET, list, lambda state: states.append(state) if state is not None else None
        )
        control.start()
        until(lambda: bool(states) and {"dry", "wet"} <= set(states[-1].has))
        assert control.ask("record", preset="Singing")
        until(lambda: states[-1].frames > 4 * 48_000)
        control.ask("stop")
        until(lambda: any(state.done for state in states))
        control.stop()
        folder = box.state / "takes" / next(state.done[0] for state in states if state.done)
        take = takes.load(folder)
        heard = usb.recording()[:, 0]
    assert take.state == takes.WHOLE
    dry, wet = (
        soundfile.read(folder / f"{lane}.wav", dtype="int32", always_2d=True)[0][:, 0] for lane in ("dry", "wet")
    )
    assert len(dry) == len(wet) == take.frames > 4 * 48_000
    came_in = np.rint(sound * 2**23).astype(np.int64) << 8
    first = place_of(dry[:4800], came_in)
    assert first is not None
    assert np.array_equal(dry, came_in[first : first + len(dry)])
    at = place_of(wet[-4800:], heard)
    assert at is not None
    start = at + 4800 - len(wet)
    assert np.array_equal(wet, heard[start : start + len(wet)])


def place_of(piece: np.ndarray, whole: np.ndarray) -> int | None:
    """Where `piece` is in `whole`, to the sample and the bit."""
    starts = np.flatnonzero(whole[: len(whole) - len(piece) + 1] == piece[0])
    return next((int(at) for at in starts if np.array_equal(whole[at : at + len(piece)], piece)), None)


def until(true: object) -> None:
    deadline = time.monotonic() + 120.0
    while not true():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.05)
