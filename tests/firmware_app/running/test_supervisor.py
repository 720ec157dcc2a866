"""The supervisor's judgement, with children that are small scripts."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware_app.config.places import Places
from firmware_app.link.shared_state import SharedState
from firmware_app.running import supervisor
from firmware_app.running.supervisor import EXIT_USAGE, HANG_S, LOADING_S, Child, Supervisor


@pytest.fixture
def watcher(tmp_path: Path) -> Iterator[Supervisor]:
    made = Supervisor(Places(tmp_path, tmp_path, tmp_path / "state", tmp_path / "run"), ())
    made.audio.command = made.control.command = [sys.executable, "-c", "import time; time.sleep(60)"]
    yield made
    made._stop_all()


def running_for(child: Child, seconds: float) -> None:
    child.start()
    child.started = time.monotonic() - seconds


def test_loading_from_a_slow_card_is_not_hanging(watcher: Supervisor, tmp_path: Path) -> None:
    running_for(watcher.audio, LOADING_S - 5)
    assert not watcher._hung()
    watcher.audio.started -= 10
    assert watcher._hung()
    SharedState(tmp_path / "run" / "audio.shm", 7, (0.0,))  # then it dies
    watcher.audio.started = time.monotonic()
    time.sleep(0.02)
    assert not watcher._hung()


def test_no_progress_is_hanging_and_a_cleared_folder_is_not(
    watcher: Supervisor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    running_for(watcher.audio, 100.0)
    state = SharedState(tmp_path / "run" / "audio.shm", 7, (0.0,))
    state.beat()
    assert not watcher._hung()
    (tmp_path / "run" / "audio.shm").unlink()
    state.beat()
    assert not watcher._hung()
    later = time.monotonic_ns() + int((HANG_S + 1) * 1e9)
    monkeypatch.setattr(time, "monotonic_ns", lambda: later)
    assert watcher._hung()


def ends_with(child: Child, status: int) -> None:
    child.command = [sys.executable, "-c", f"raise SystemExit({status})"]
    child.start()
    assert child.process is not None
    child.process.wait(20)


@pytest.mark.parametrize("name", ["audio", "control"])
def test_settings_broken_while_it_ran_stop_only_what_reads_them(watcher: Supervisor, name: str) -> None:
    child: Child = getattr(watcher, name)
    ends_with(child, EXIT_USAGE)
    assert watcher._watch(child) == EXIT_USAGE  # at the very start: the person is there, and reads what to change
    child.restarts = 1
    ends_with(child, EXIT_USAGE)
    assert watcher._watch(child) is None
    assert child.process is None
    assert child.start_at > time.monotonic() + supervisor.LONGEST_BACK_OFF_S - 1
    child.start_at = 0.0
    child.command = [sys.executable, "-c", "import time; time.sleep(60)"]
    watcher._watch(child)
    assert child.process is not None
