"""The saver: whatever fails, everything is tried again until it is on disk, and trouble is told once."""

import logging
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from firmware_app.kept import saver as saver_module
from firmware_app.kept.saver import SaveJob, Saver, leave_trouble, trouble_left

SOON_S = 30.0  # on a busy machine


class Thing:
    """Something that is kept, with a disk that fails as it is told."""

    def __init__(self, what: str = "presets") -> None:
        self.now = self.on_disk = 0
        self.fail: Callable[[], str] = lambda: ""
        self.tries = 0
        self.save_job = SaveJob(what, self._write)

    def set(self, value: int) -> None:
        self.now = value
        self.save_job.changed()

    def _write(self) -> str:
        value = self.now
        self.tries += 1
        problem = self.fail()
        if not problem:
            self.on_disk = value
        return problem


def bug() -> str:
    raise KeyError("own")


def full() -> str:
    return "presets are kept in memory only: no space"


@pytest.fixture
def saver() -> Iterator[Saver]:
    made = Saver("saver")
    yield made
    made.close(5.0)


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + SOON_S
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)


@pytest.mark.parametrize("fault", [bug, full])
def test_one_that_fails_is_tried_until_it_is_kept_and_hinders_no_other(
    saver: Saver, fault: Callable[[], str], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saver_module, "FIRST_RETRY_S", 0.01)
    monkeypatch.setattr(saver_module, "LONGEST_RETRY_S", 0.05)
    caplog.set_level(logging.INFO)
    broken, other = Thing("presets"), Thing("scenes")
    broken.save_job._retry_s = 0.01
    saver.add(broken.save_job)
    saver.add(other.save_job)
    broken.fail = fault
    broken.set(1)
    other.set(1)
    wait_for(lambda: broken.tries > 5)
    assert other.on_disk == 1
    other.set(2)
    wait_for(lambda: other.on_disk == 2)
    assert "presets are kept in memory only" in saver.trouble
    assert (saver.failing, saver.unsaved) == (("presets",), ("presets",))
    broken.fail = lambda: ""
    wait_for(lambda: broken.on_disk == 1)
    wait_for(lambda: saver.trouble == "")
    said = [record.getMessage() for record in caplog.records]
    assert [line for line in said if "kept in memory only" in line] == said[:1]  # once, however often it was tried
    assert "presets are on disk again" in said


def test_back_off_grows_to_its_longest_and_a_change_does_not_wait_for_it() -> None:
    thing = Thing()
    thing.fail = full
    waits = []
    thing.set(1)
    for _ in range(9):
        assert not thing.save_job.save()
        waits.append(thing.save_job.due_s - time.monotonic())
    assert [round(wait, 1) for wait in waits[:4]] == [0.5, 1.0, 2.0, 4.0]
    assert round(waits[-1]) == saver_module.LONGEST_RETRY_S
    thing.set(2)
    assert thing.save_job.due_s <= time.monotonic()


def test_a_change_while_it_is_written_is_written_too(saver: Saver) -> None:
    thing = Thing()
    writing, go_on = threading.Event(), threading.Event()

    def slow() -> str:
        writing.set()
        assert go_on.wait(SOON_S)
        return ""

    thing.fail = slow
    saver.add(thing.save_job)
    thing.set(1)
    assert writing.wait(SOON_S)
    thing.set(2)
    assert not thing.save_job.is_saved
    go_on.set()
    assert thing.save_job.wait(SOON_S) == ""
    assert thing.on_disk == 2


def test_the_end_writes_what_comes_meanwhile_and_what_has_failed_before() -> None:
    saver = Saver("saver")
    first, second, failed = Thing("settings"), Thing("presets"), Thing("scenes")
    writing, go_on = threading.Event(), threading.Event()

    def slow() -> str:
        writing.set()
        assert go_on.wait(SOON_S)
        return ""

    first.fail, failed.fail = slow, full
    for thing in (first, second, failed):
        saver.add(thing.save_job)
    failed.set(1)
    wait_for(lambda: failed.tries == 1)
    failed.fail = lambda: ""
    first.set(1)
    assert writing.wait(SOON_S)
    second.set(1)  # made while the settings are written, and the box ends
    threading.Timer(0.2, go_on.set).start()
    assert saver.close(SOON_S) == ()
    assert (first.on_disk, second.on_disk, failed.on_disk) == (1, 1, 1)


@pytest.mark.parametrize("fault", [bug, full])
def test_the_end_tells_what_is_lost(fault: Callable[[], str], caplog: pytest.LogCaptureFixture) -> None:
    saver = Saver("saver")
    thing, other = Thing(), Thing("scenes")
    thing.fail = fault
    saver.add(thing.save_job)
    saver.add(other.save_job)
    thing.set(1)
    other.set(1)
    assert saver.close(SOON_S) == ("presets",)
    assert other.on_disk == 1
    assert any("lost at the end: changes of the presets" in record.getMessage() for record in caplog.records)


def test_a_disk_that_hangs_is_told_and_does_not_hold_up_the_end(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saver_module, "SLOW_S", 0.05)
    saver = Saver("saver")
    thing, hanging = Thing(), threading.Event()
    thing.fail = lambda: str(hanging.wait(SOON_S) and "")
    saver.add(thing.save_job)
    thing.set(1)
    wait_for(lambda: "writing takes longer" in saver.trouble)
    assert "not on disk after" in thing.save_job.wait(0.05)
    assert saver.close(0.1) == ("presets",)
    assert any("did not end within" in record.getMessage() for record in caplog.records)
    hanging.set()


def test_who_waits_is_told_at_once_that_it_failed(saver: Saver) -> None:
    thing = Thing()
    thing.fail = full
    saver.add(thing.save_job)
    thing.set(1)
    began = time.monotonic()
    assert thing.save_job.wait(10 * SOON_S) == full()
    assert time.monotonic() - began < 9 * SOON_S


def test_trouble_is_left_for_the_doctor(tmp_path) -> None:
    assert trouble_left(tmp_path) == ""
    leave_trouble(tmp_path, "settings are kept in memory only")
    assert trouble_left(tmp_path) == "settings are kept in memory only"
    leave_trouble(tmp_path, "")
    assert trouble_left(tmp_path) == ""
