"""What happens on stages, briefly; `make endure` does the same at length and prints figures."""

from __future__ import annotations

import ast
import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import MakeUsb
from tests.rigs import hardships
from tests.rigs.checkout import ROOT
from tests.rigs.clock_shift.rig import ClockShift
from tests.rigs.running_box import RunningBox
from tests.rigs.virtual_usb.rig import VirtualUsb

ROOMS = ("dsp", "hw", "firmware_app", "web_ui")


@pytest.fixture
def usb(make_usb: MakeUsb) -> VirtualUsb:
    return make_usb(capture=np.random.default_rng(4).uniform(-0.2, 0.2, 48_000).astype(np.float32), loop=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    if os.getuid() != 0:
        pytest.skip("only root can mount a small disk")
    with hardships.small_disk(tmp_path / "box" / "state") as folder:
        yield folder


@pytest.mark.rig
@pytest.mark.box
@pytest.mark.timeout(400)
def test_one_box_endures_one_thing_after_the_other(usb: VirtualUsb, disk: Path, tmp_path: Path) -> None:
    clock = ClockShift(tmp_path)
    with RunningBox(tmp_path / "box", hardships.config(usb), clock.env) as box:
        hardships.set_up(box)
        hardships.clock_set_back(box, usb, clock)
        hardships.hammer(box, usb, 1.5)
        hardships.disk_full(box, usb)
        hardships.stop_for_a_while(box, usb, "control", 1.0)
        hardships.memory_limit(box, usb, "control")
        hardships.memory_limit(box, usb, "audio")
        with contextlib.suppress(PermissionError):  # no control group with a memory limit on this machine
            hardships.memory_limit_of_group(box, usb, "control")
        hardships.stop_for_a_while(box, usb, "audio")
        hardships.kill_at_random(box, usb, 2, seed=7)


ALLOWED = {
    # Where a person reads it: a date in a report, in a file's name.
    "firmware_app/checks/system.py",
    # How long a certificate is good, and whether an update's signed list has ended: never before what is known of now.
    "firmware_app/page/certificate.py",
    "firmware_app/update/clock.py",
    # When an update was installed.
    "firmware_app/update/record.py",
    # When a model was measured.
    "firmware_app/kept/loads.py",
    "web_ui/fakes/models.py",
}


def test_no_timing_hangs_on_the_wall_clock() -> None:
    """time.time(), datetime.now() and their like anywhere but where a date is shown to a person."""
    found = []
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                words = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
                if words in ("time.time", "time.time_ns") or words.endswith(
                    ("datetime.now", "datetime.utcnow", "date.today")
                ):
                    found.append(f"{path.relative_to(ROOT)}:{node.lineno} {words}")
    assert [place for place in found if place.partition(":")[0] not in ALLOWED] == []
