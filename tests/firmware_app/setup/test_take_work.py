"""Work on takes in a process of its own: a queue that can be cancelled, outlives a restart, and gives way to sound."""

import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from dsp.block import RATE_HZ
from firmware_app.config.keys import Config, ModelConfig
from firmware_app.link.take_ring import LaneForm
from firmware_app.running.realtime import SUPERVISOR_ENV
from firmware_app.setup import take_work
from firmware_app.setup.take_work import CANCELLED, DONE, FAILED, NoJobError, QueueRefused, TakeWork
from firmware_app.takes import facts, versions
from firmware_app.takes.take import Take, TakeError
from firmware_app.takes.writer import TakeWriter

MODEL = ModelConfig(bundle="none", stems_bundle="none")


AT_PLAIN_NICE = """
import os, sys
os.nice = lambda by: 0
os.sched_setscheduler = lambda *_: None
from firmware_app import cli
sys.exit(cli.main())
"""
"""Where others have the processor, the work would wait for them: right for a box, endless for a test."""


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 120.0
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def take_in(root: Path, seconds: float = 2.0) -> str:
    """The id of a take with noise."""
    writer = TakeWriter(root, datetime(2026, 5, 4), Take("2026-05-04T00:00:00", "pressed", (LaneForm("dry", 1),)))
    writer.append([np.random.default_rng(1).normal(0, 0.1, (round(seconds * RATE_HZ), 1)).astype(np.float32)])
    writer.close()
    return writer.folder.name


class Box:
    def __init__(self, state: Path) -> None:
        self.state, self.root, self.busy = state, state / "takes", False
        self.works: list[TakeWork] = []

    def work(self, *, start: bool = True) -> TakeWork:
        made = TakeWork(self.root, self.state, lambda: Config(model=MODEL), lambda: self.busy)
        self.works.append(made)
        if start:
            made.start()
        return made


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Box]:
    monkeypatch.setattr(take_work, "program", lambda: [sys.executable, "-c", AT_PLAIN_NICE])
    made = Box(tmp_path)
    yield made
    for work in made.works:
        work.stop()


def test_facts_come_by_themselves_and_versions_when_asked_for(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SUPERVISOR_ENV, str(os.getppid()))  # as below `hushbox run`
    take = take_in(box.root)
    work = box.work()
    good, bad = work.retry(take, "Gentle"), work.retry(take, "gone since")
    until(lambda: {job.state for job in work.jobs()} == {DONE, FAILED})
    states = {job.id: job for job in work.jobs()}
    assert (states[good].version, states[good].share) == ("v1", 1.0)
    assert "no preset 'gone since'" in states[bad].problem
    assert [each.preset for each in versions.load(box.root / take)] == ["Gentle"]
    until(lambda: facts.load(box.root / take) is not None)
    assert work.compare(take, take) is None  # it is begun, then told why it cannot be
    until(lambda: (found := work.compare(take, take)) is not None and "too short" in found.problem)


def test_what_waits_survives_a_restart_and_may_be_cancelled(box: Box) -> None:
    take = take_in(box.root)
    first = box.work(start=False)
    for preset in ("", "Gentle", "Podcast"):
        first.retry(take, preset)
    again = box.work(start=False)
    assert [(job.take, job.preset, job.state) for job in again.jobs()] == [
        (take, preset, "waiting") for preset in ("", "Gentle", "Podcast")
    ]
    again.cancel(again.jobs()[0].id)
    assert [(job.preset, job.state) for job in again.jobs()][-1] == ("", CANCELLED)
    assert len(json.loads((box.root / take_work.QUEUE).read_text())["jobs"]) == 2
    with pytest.raises(NoJobError, match="no version 'x' waits"):
        again.cancel("x")
    with pytest.raises(TakeError):
        again.retry("nobody's", "")
    for _ in range(versions.MOST - 2):
        again.retry(take, "")
    with pytest.raises(QueueRefused, match="8 versions at most"):
        again.retry(take, "")
    (box.root / take_work.QUEUE).write_text("{")
    assert "damaged" in box.work(start=False).notes[0]


def test_it_stands_still_while_the_sound_is_short_of_time_and_is_cancelled_at_once(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(take_work, "PAUSE_S", 0.02)
    take = take_in(box.root, 60.0)
    box.busy = True
    work = box.work()
    job = work.retry(take, "Gentle")
    until(lambda: work._process is not None and _state(work._process.pid) == "T")
    box.busy = False
    until(lambda: work._process is None or _state(work._process.pid) != "T")
    box.busy = True
    until(lambda: work._process is None or _state(work._process.pid) == "T")
    work.cancel(job)  # and the sound stays short of time
    until(lambda: work.jobs()[0].state in (CANCELLED, DONE))
    assert work.jobs()[0].state == CANCELLED
    assert versions.load(box.root / take) == ()
    assert threading.active_count() < 12


def _state(pid: int) -> str:
    """ "T": it stands still."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""
