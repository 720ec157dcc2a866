"""A box that plays into a take ring, faster than real time, with a clock that goes along."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from dsp.block import RATE_HZ
from firmware_app.link import take_ring
from firmware_app.link.take_ring import LaneForm, TakeRing
from firmware_app.takes.recorder import Recorder
from firmware_app.takes.shelf import Shelf
from tests.rigs.take_box import saw

LATENCY = 128
LANES = (LaneForm("dry", 1), LaneForm("wet", 2))
BEGUN = datetime(2026, 5, 4, 10, 0, 0)


def notes(numbers: np.ndarray) -> np.ndarray:
    """Four a second, plucked."""
    at = numbers % (RATE_HZ // 4) / RATE_HZ
    return np.sin(2 * np.pi * 220.0 * at) * np.exp(-6.0 * at) * 0.5


class Stage:
    """A singer whose every sample says its own number; wet is the same, later, on both sides."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, minutes_s: int = 20) -> None:
        self.root, self.path = folder / "takes", folder / "ring"
        self.time_s = 1000.0
        monkeypatch.setattr(take_ring.time, "monotonic_ns", lambda: round(self.time_s * 1e9))
        self.recorder = Recorder(
            self.path,
            Shelf(self.root),
            minutes_s,
            clock=lambda: self.time_s,
            now=lambda: BEGUN + timedelta(seconds=self.time_s - 1000.0),
        )
        self.frame = 0
        self.open()

    def open(self, lanes: tuple[LaneForm, ...] = LANES) -> None:
        """The device is opened (anew)."""
        self.ring = TakeRing(self.path, lanes, LATENCY)

    def play(self, seconds: float, *, loud: bool = True, step: bool = True, music: bool = False) -> None:
        """Play on; the recorder looks every 100 ms, unless it is held up. music: notes, in place of numbers."""
        for _ in range(round(seconds * 10)):
            frames = RATE_HZ // 10
            numbers = np.arange(self.frame - LATENCY, self.frame + frames)
            sound = (notes if music else saw)(numbers) * (1.0 if loud else 1e-5)
            dry, *behind = self.ring.lanes
            self.ring.before(np.repeat(sound[LATENCY:, None], dry.channels, axis=1).astype(np.float32))
            channels = sum(lane.channels for lane in behind)
            self.ring.after(np.repeat(sound[:frames, None], channels, axis=1).astype(np.float32))
            self.frame += frames
            self.time_s += 0.1
            if step:
                self.recorder.step()


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    return Stage(tmp_path, monkeypatch)
