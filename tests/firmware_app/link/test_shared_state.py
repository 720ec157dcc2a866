"""Heartbeat and last values survive a crash; a file of another version does not confuse."""

import time
from pathlib import Path

import pytest

from firmware_app.link.shared_state import Heartbeat, SharedState, values_in_force

NONE = (0.0, 0.0, 0.0)


def test_values_survive_and_need_no_goodbye(tmp_path: Path) -> None:
    path = tmp_path / "audio.shm"
    first = SharedState(path, 7, NONE)
    assert first.restored is None
    first.set(1, 1.0)
    first.set(2, -12.5)
    assert SharedState(path, 7, NONE).restored == (0.0, 1.0, -12.5)  # the first was never closed


def test_other_parameters_start_afresh(tmp_path: Path) -> None:
    path = tmp_path / "audio.shm"
    SharedState(path, 7, NONE).set(0, 1.0)
    assert SharedState(path, 8, NONE).restored is None
    assert SharedState(path, 8, (*NONE, 0.0)).restored is None
    path.write_bytes(b"rubbish")
    assert SharedState(path, 8, (*NONE, 0.0)).restored is None


def test_heartbeat_is_readable_from_outside(tmp_path: Path) -> None:
    path = tmp_path / "audio.shm"
    heartbeat = Heartbeat(path)
    assert heartbeat.age_s(60) is None
    state = SharedState(path, 7, NONE)
    state.beat()
    age = heartbeat.age_s(60)
    assert age is not None
    assert 0 <= age < 60
    heartbeat.close()


def test_heartbeat_of_an_earlier_process_is_none(tmp_path: Path) -> None:
    path = tmp_path / "audio.shm"
    SharedState(path, 7, NONE).beat()
    heartbeat = Heartbeat(path)
    assert heartbeat.age_s(60) is not None
    assert heartbeat.age_s(0.0) is None
    SharedState(path, 8, NONE).beat()  # a new one, with another table
    assert heartbeat.age_s(60) is not None
    heartbeat.close()


def test_heartbeat_is_seen_when_the_folder_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "audio.shm"
    state = SharedState(path, 7, NONE)
    heartbeat = Heartbeat(path)
    before = heartbeat.age_s(60)
    path.unlink()
    time.sleep(0.05)
    state.beat()
    after = heartbeat.age_s(60)
    assert before is not None
    assert after is not None
    assert after < 0.05
    heartbeat.close()
    assert heartbeat.age_s(60) is None


def test_nobody_ever_reads_values_that_were_not_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, seen = tmp_path / "audio.shm", []
    monkeypatch.setattr("time.monotonic_ns", lambda: seen.append(values_in_force(path, 7, 3)) or 1)
    state = SharedState(path, 7, (1.0, 2.0, 3.0))
    state.beat()
    assert set(seen) <= {None, (1.0, 2.0, 3.0)}
    assert values_in_force(path, 7, 3) == (1.0, 2.0, 3.0)
