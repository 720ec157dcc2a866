"""The recorder process is killed while it records: what it wrote opens as it is, and is completed at the next start.

`python -m bench.takes --kills 200` does it at 200 moments.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from firmware_app.takes import take as takes
from tests.rigs.take_box import lacks, span, take_box


@pytest.mark.parametrize("after_s", [0.3, 1.7])
def test_killed_while_it_records_at_most_a_second_is_missing(tmp_path: Path, after_s: float) -> None:
    with take_box(tmp_path) as box:
        box.control.ask("record", preset="Singer live")
        box.until(lambda: box.told is not None and box.told.frames > 0)
        time.sleep(after_s)
        box.kill()
        killed_at = box.player.frame
        [(folder, take)] = box.takes()
        assert take.state == takes.RECORDING
        before = span(folder, take)
        box.start_recorder()
        [(folder, take)] = box.takes()
        assert take.state == takes.MENDED
        first, frames = span(folder, take)
        assert (first, take.frames) == (before[0] if before[1] else first, frames)
        assert frames >= before[1]
        # A busy machine makes the recorder late, but a second behind the sound is what is promised of its disk.
        assert lacks(killed_at, first, frames) < 48_000 * 3
        # It goes on as if nothing had happened.
        box.control.ask("record")
        box.until(lambda: box.told is not None and box.told.frames > 48_000)
        box.control.ask("stop")
        box.until(lambda: bool(box.done))
        folder = box.root / box.done[-1]
        assert takes.load(folder).state == takes.WHOLE
        assert span(folder, takes.load(folder))[1] > 48_000


def test_what_was_played_can_be_kept_and_it_ends_in_order(tmp_path: Path) -> None:
    with take_box(tmp_path) as box:
        box.until(lambda: box.told is not None and box.told.kept_s >= 2)
        assert box.control.ask("keep", how="kept")
        box.until(lambda: bool(box.done))
        folder = box.root / box.done[0]
        assert takes.load(folder).how == "kept"
        assert span(folder, takes.load(folder))[1] >= 2 * 48_000
        box.control.ask("record")
        box.until(lambda: box.told is not None and box.told.frames > 4800)
        assert box.process is not None
        box.process.terminate()
        assert box.process.wait(60.0) == 0
        newest, take = box.takes()[0]
        assert take.state == takes.WHOLE
        assert span(newest, take)[1] == take.frames


def test_a_message_that_makes_no_sense_changes_nothing(tmp_path: Path) -> None:
    with take_box(tmp_path) as box:
        for odd in ({}, {"lanes": 5}, {"lanes": [["x"]]}, {"pre_roll_s": "long"}, {"name": 7}):
            box.control.ask("record", **odd) if odd else box.control.ask("dance")
        box.control.ask("params", values=[1, 2])
        box.control.ask("param", id="x", value="loud", at_ns=None)
        box.until(lambda: box.told is not None and box.told.kept_s >= 1)
        assert box.process is not None
        assert box.process.poll() is None
