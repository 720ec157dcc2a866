"""A sound that plays in real time into a take ring, and the real recorder process beside it, which may be killed."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import soundfile

from dsp.block import RATE_HZ
from firmware_app.link.take_ring import NAME, LaneForm, TakeRing
from firmware_app.takes import take as takes
from firmware_app.takes.take import Take
from firmware_app.takes.wire import SOCKET, ControlEnd, RecorderState

LATENCY = 128
PERIOD = 480
LANES = (LaneForm("dry", 1), LaneForm("wet", 2))
WAIT_S = 60.0


ROUND = 199_999


def saw(numbers: np.ndarray) -> np.ndarray:
    """A sample for each number, exact in 24 bit; two hundred thousand differ."""
    return (numbers % ROUND - 99_999) / 2.0**17


def number_of(sample: float) -> int:
    """The number that a sample of saw() stands for."""
    return round(float(sample) * 2**17) + 99_999


class Player(threading.Thread):
    """Plays saw() into the ring in real time: dry, and the same later as all other lanes."""

    def __init__(self, sound: Path, lanes: tuple[LaneForm, ...] = LANES) -> None:
        super().__init__(daemon=True)
        self.ring = TakeRing(sound / NAME, lanes, LATENCY)
        self._behind = sum(lane.channels for lane in lanes[1:])
        self.frame = 0
        self._ending = threading.Event()

    def run(self) -> None:
        begun = time.monotonic()
        while not self._ending.wait(max(0.0, begun + self.frame / RATE_HZ - time.monotonic())):
            sound = saw(np.arange(self.frame - LATENCY, self.frame + PERIOD)).astype(np.float32)[:, None]
            self.ring.before(sound[LATENCY:])
            self.ring.after(np.repeat(sound[:PERIOD], self._behind, axis=1))
            self.frame += PERIOD

    def end(self) -> None:
        self._ending.set()
        self.join()


class TakeBox:
    """Player, recorder and the control's end of its socket. The folders are below `folder`."""

    def __init__(self, folder: Path, env: Mapping[str, str] | None = None, lanes: tuple[LaneForm, ...] = LANES) -> None:
        """env: more of it, for the recorder."""
        self._env = env or {}
        self.state, self.runtime = folder / "state", folder / "run"
        for made in (self.state, self.runtime):
            made.mkdir(mode=0o700, exist_ok=True)
        self.root = self.state / "takes"
        self.player = Player(self.runtime, lanes)
        self.told: RecorderState | None = None
        self.done: list[str] = []
        self.said: list[str] = []
        self.control = ControlEnd(self.runtime / SOCKET, list, self._on_state)
        self.process: subprocess.Popen[bytes] | None = None

    def _on_state(self, state: RecorderState | None) -> None:
        if state is not None:
            self.done += state.done
            self.said += state.said
        self.told = state

    def start_recorder(self) -> None:
        """Start it, and wait until it has told its state."""
        env = {
            **os.environ,
            **self._env,
            "HUSHBOX_STATE_DIR": str(self.state),
            "HUSHBOX_RUNTIME_DIR": str(self.runtime),
        }
        self.told = None
        command = [sys.executable, "-m", "firmware_app.cli", "recorder"]
        self.process = subprocess.Popen(command, env=env, stderr=subprocess.DEVNULL)
        self.until(self._hears)

    def _hears(self) -> bool:
        return self.told is not None and bool(self.told.has)

    def kill(self) -> None:
        """kill -9."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def until(self, true: Callable[[], bool]) -> None:
        """Wait until `true()`. Raises TimeoutError."""
        deadline = time.monotonic() + WAIT_S
        while not true():
            if time.monotonic() > deadline:
                raise TimeoutError(f"the recorder says {self.told}")
            time.sleep(0.01)

    def takes(self) -> list[tuple[Path, Take]]:
        """Those on disk, the newest first."""
        return [(folder, takes.load(folder)) for folder in takes.folders(self.root)]


@contextlib.contextmanager
def take_box(
    folder: Path, env: Mapping[str, str] | None = None, lanes: tuple[LaneForm, ...] = LANES
) -> Iterator[TakeBox]:
    """A TakeBox that plays, with a recorder. env: more of it, for the recorder."""
    box = TakeBox(folder, env, lanes)
    box.player.start()
    box.control.start()
    try:
        box.start_recorder()
        yield box
    finally:
        if box.process is not None and box.process.poll() is None:
            box.process.terminate()
            box.process.wait(WAIT_S)
        box.control.stop()
        box.player.end()


def lacks(played: int, first: int, frames: int) -> int:
    """How many frames a take lacks that begins with the number `first`, when `played` had been played. Below ROUND."""
    return (played - first - frames) % ROUND


def span(folder: Path, take: Take) -> tuple[int, int]:
    """(number of the first frame, frames) of a take. Raises AssertionError where a lane is not the song, or too short.

    What is compared is what the files' own headers tell, as any program reads them.
    """
    sounds = [
        soundfile.read(takes.lane_file(folder, lane.name), dtype="float32", always_2d=True)[0] for lane in take.lanes
    ]
    frames = min(len(sound) for sound in sounds)
    if frames == 0:
        return 0, 0
    first = number_of(sounds[0][0, 0])
    wanted = saw(np.arange(first, first + frames)).astype(np.float32)
    for sound in sounds:
        for column in sound[:frames].T:
            assert np.array_equal(column, wanted), folder
    return first, frames
