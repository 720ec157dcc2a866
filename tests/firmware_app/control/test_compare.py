"""A/B at one loudness: measured where the processed sound was heard, put on the louder side, and gone afterwards."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from firmware_app.control import compare
from firmware_app.control.compare import Comparer
from firmware_app.control.control import Control
from firmware_app.kept.param_table import PARAMS
from firmware_app.kept.store import Store
from firmware_app.link.listen_ring import ListenRing

HOP = 4800


class Sounding:
    """A box whose audio process halves (or doubles) a noise, plays bypass and match, and writes the ring quickly."""

    def __init__(self, folder: Path, processed_gain: float) -> None:
        self.control = Control(PARAMS, Store(folder, PARAMS))
        self.gain = processed_gain
        self._ring = ListenRing(folder / "listen", 1, 0)
        self._noise = np.random.default_rng(1).normal(0.0, 0.05, (HOP, 1)).astype(np.float32)
        self.comparer = Comparer(self.control, folder / "listen")
        for _ in range(20):
            self._play()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _play(self) -> None:
        bypassed = self.control.value("box.bypass") >= 0.5
        heard = self._noise * np.float32(1.0 if bypassed else self.gain)
        self._ring.write(0, self._noise)
        self._ring.write(1, heard * np.float32(10 ** (self.control.value("box.match_db") / 20)))

    def _run(self) -> None:
        while not self._ending.wait(0.05):
            self._play()

    def close(self) -> None:
        self.comparer.end()
        self._ending.set()
        self._thread.join()
        self.control.close()


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[[float], Sounding]]:
    made: list[Sounding] = []

    def one(gain: float) -> Sounding:
        made.append(Sounding(tmp_path, gain))
        return made[-1]

    yield one
    for box in made:
        box.close()


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20.0
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_the_quieter_side_is_left_and_the_louder_turned_down(make: Callable[[float], Sounding]):
    box = make(0.5)  # 6 dB quieter than untouched
    box.comparer.start()
    until(lambda: box.comparer.view.measured_s >= 1.0)
    view = box.comparer.view
    assert view.untouched_lufs - view.processed_lufs == pytest.approx(6.02, abs=0.2)
    assert box.control.value("box.match_db") == 0.0  # the processed sound is heard as it is
    box.control.set_param("box.bypass", 1.0, "panel:foot")
    until(lambda: box.control.value("box.match_db") == pytest.approx(-6.0, abs=0.2))
    box.control.set_param("box.bypass", 0.0, "page")
    until(lambda: box.control.value("box.match_db") == 0.0)


def test_louder_does_not_win(make: Callable[[float], Sounding]):
    box = make(2.0)
    box.comparer.start()
    until(lambda: box.control.value("box.match_db") == pytest.approx(-6.0, abs=0.2))
    measured = box.comparer.view.measured_s
    until(lambda: box.comparer.view.measured_s > measured + 1.0)  # goes on measuring through its own match
    assert box.control.value("box.match_db") == pytest.approx(-6.0, abs=0.3)
    box.control.set_param("box.bypass", 1.0, "page")
    until(lambda: box.control.value("box.match_db") == 0.0)


def test_at_the_end_everything_is_as_it_was(make: Callable[[float], Sounding]):
    box = make(2.0)
    box.comparer.start()
    until(lambda: box.control.value("box.match_db") < -5.0)
    box.control.set_param("box.bypass", 1.0, "page")
    box.comparer.end()
    assert not box.comparer.view.on
    assert box.control.value("box.match_db") == 0.0
    assert box.control.value("box.bypass") == 0.0
    box.comparer.end()  # once more does no harm


def test_a_comparison_that_nobody_renews_ends(make: Callable[[float], Sounding], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(compare, "COMPARE_HOLD_S", 0.3)
    box = make(2.0)
    box.comparer.start()
    assert box.comparer.view.on
    until(lambda: not box.comparer.view.on)
    assert box.control.value("box.match_db") == 0.0


def test_a_match_left_over_is_taken_off_at_the_start(tmp_path: Path):
    control = Control(PARAMS, Store(tmp_path, PARAMS), {"box.match_db": -9.0})
    Comparer(control, tmp_path / "listen")
    assert control.value("box.match_db") == 0.0
    control.close()
