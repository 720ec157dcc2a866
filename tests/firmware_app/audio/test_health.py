"""Safe mode and load shedding, in an audio process that streams."""

import json
import time

import numpy as np
import pytest

from firmware_app import audio_process
from firmware_app.audio import health
from firmware_app.config.places import Places
from firmware_app.link.shed import Shed
from firmware_app.link.wire import HealthFrame
from hw.audio.audio_io import IoStatus
from tests.rigs.scripted_interface import PERIOD, Interface, MakeProcess, blocks


def crashed_before(audio_places: Places, safe_for_s: float) -> None:
    """Leave the record of a row of crashes behind."""
    now = time.monotonic()
    record = {
        "running": True,
        "began_s": now - 1,
        "ready_s": now - 1,
        "crashes_s": [0.0],
        "ran_s": 0.0,
        "safe_until_s": now + safe_for_s,
        "times_safe": 1,
    }
    (audio_places.runtime / "audio.starts").write_text(json.dumps(record))


class Silent(Interface):
    def read_into(self, block: np.ndarray) -> IoStatus:
        time.sleep(0.001)
        status = super().read_into(block)
        block.fill(0.0)
        return status


def test_safe_mode_ends_by_itself_in_a_pause(
    make_process: MakeProcess, audio_places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    crashed_before(audio_places, safe_for_s=0.0)
    monkeypatch.setattr(health, "QUIET_S", 0.2)
    box = make_process(Silent())  # plays for ever
    assert box._health.safe
    assert box._rack.model_name == ""
    assert box.run() == 0
    assert not make_process()._health.safe


def test_safe_mode_does_not_end_while_somebody_plays(
    make_process: MakeProcess, audio_places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    crashed_before(audio_places, safe_for_s=0.0)
    monkeypatch.setattr(health, "QUIET_S", 0.2)

    class Loud(Interface):
        def read_into(self, block: np.ndarray) -> IoStatus:
            time.sleep(0.001)
            return super().read_into(block)

    box = make_process(Loud(blocks(600, IoStatus.GONE)))
    box.run()
    assert not box._start_anew
    assert make_process()._health.safe, "an ordinary end leaves it as it was"


def test_too_much_work_is_shed_and_told(make_process: MakeProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a clock of the test's own, every block takes nine tenths of its deadline."""
    interface = Interface(blocks(2500, IoStatus.GONE))
    box = make_process(interface)
    told: list[HealthFrame] = []
    monkeypatch.setattr(box._link, "send", lambda frame: told.append(frame) or True)
    monkeypatch.setattr(box._telemetry, "due", lambda now: len(interface.heard) % 50 == 0)
    now = [100.0]

    def perf_counter() -> float:
        now[0] += 0.9 * PERIOD / 48_000
        return now[0]

    monkeypatch.setattr(audio_process.time, "perf_counter", perf_counter)
    # The watch on the device too, or a slow computer would make it a device with a wrong clock.
    box._health._shedder._clock = box._watch._clock = lambda: len(interface.heard) * PERIOD / 48_000
    box.run()
    steps = [frame.shed for frame in told if isinstance(frame, HealthFrame)]
    assert steps == [Shed.NOTHING, Shed.SPECTRUM, Shed.LISTEN, Shed.STAGES, Shed.STEMS, Shed.DRY]
    assert not box._health.keeps_before_and_after
    assert [frame.sheds for frame in told if isinstance(frame, HealthFrame)][-1] == 5
