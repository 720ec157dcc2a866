"""Work on models in a process of its own: one at a time, its end is told, and nothing stays behind."""

import threading
import time
from pathlib import Path

import pytest

from firmware_app.models.carry import Load
from firmware_app.setup import model_work
from firmware_app.setup.model_work import ModelWork, WorkRefused

LIGHT = "denoise-light"


@pytest.fixture
def loads() -> list[Load]:
    return []


@pytest.fixture
def work(tmp_path: Path, loads: list[Load]) -> ModelWork:
    return ModelWork(tmp_path, loads.append)


def finished(work: ModelWork) -> None:
    until = time.monotonic() + 120.0
    while work.now.doing:
        assert time.monotonic() < until
        time.sleep(0.05)


@pytest.mark.bundle
def test_one_at_a_time(work: ModelWork, loads: list[Load]) -> None:
    work.measure(LIGHT, "auto", 128, 1)
    assert (work.now.doing, work.now.models) == ("measure", (LIGHT,))
    with pytest.raises(WorkRefused, match="denoise-light: still being worked on"):
        work.measure("denoise-live", "auto", 128, 1)
    finished(work)
    assert (work.now.why, loads[0].bundle, loads[0].period_frames) == ("", LIGHT, 128)


@pytest.mark.parametrize("what", ["measure", "try"])
def test_fifty_who_ask_at_once_start_one_process(work: ModelWork, tmp_path: Path, what: str) -> None:
    ready, started, refused = threading.Barrier(50), list[str](), list[str]()

    def ask() -> None:
        ready.wait()
        try:
            if what == "measure":
                work.measure(LIGHT, "auto", 128, 1)
            else:
                work.try_out((LIGHT, "denoise-live"), "auto", b"x" * 1000, {})
            started.append(what)
        except WorkRefused as why:
            refused.append(str(why))

    threads = [threading.Thread(target=ask) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(started), len(refused)) == (1, 49)
    assert all("still being worked on" in why for why in refused)
    work.stop()
    finished(work)
    assert list(tmp_path.iterdir()) == []


def test_what_fails_says_why_and_leaves_nothing_behind(work: ModelWork, tmp_path: Path, loads: list[Load]) -> None:
    work.measure("denoise-lihgt", "auto", 128, 1)
    finished(work)
    assert "no model bundle 'denoise-lihgt'; did you mean denoise-light?" in work.now.why
    work.try_out((LIGHT, "denoise-live"), "auto", b"no sound at all", {})
    finished(work)
    assert "in.wav" in work.now.why
    assert work.now.tried is None
    assert not loads
    assert list(tmp_path.iterdir()) == []


def test_a_process_that_is_ended_or_hangs_is_told(work: ModelWork, monkeypatch: pytest.MonkeyPatch) -> None:
    work.measure(LIGHT, "auto", 128, 1)
    work.stop()
    finished(work)
    assert work.now.why == "it was ended from outside"
    monkeypatch.setattr(model_work, "LONGEST_S", 0.01)
    work.measure(LIGHT, "auto", 128, 1)
    finished(work)
    assert work.now.why.startswith("no answer within")


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    gone = ModelWork(tmp_path / "gone", lambda load: None)
    with pytest.raises(WorkRefused, match="gone: cannot be written"):
        gone.try_out((LIGHT, "denoise-live"), "auto", b"", {})
    assert gone.now.doing == ""
