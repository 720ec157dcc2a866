"""Heartbeat and last values survive a crash; a file of another version does not confuse."""

from pathlib import Path

from firmware_app.shared_state import SharedState, heartbeat_age_s


def test_values_survive_and_need_no_goodbye(tmp_path: Path) -> None:
    path = tmp_path / "audio.shm"
    first = SharedState(path, 7, 3)
    assert first.restored is None
    first.set(1, 1.0)
    first.set(2, -12.5)
    assert SharedState(path, 7, 3).restored == (0.0, 1.0, -12.5)  # the first was never closed


def test_other_parameters_start_afresh(tmp_path: Path) -> None:
    path = tmp_path / "audio.shm"
    SharedState(path, 7, 3).set(0, 1.0)
    assert SharedState(path, 8, 3).restored is None
    assert SharedState(path, 8, 4).restored is None
    path.write_bytes(b"rubbish")
    assert SharedState(path, 8, 4).restored is None


def test_heartbeat_is_readable_from_outside(tmp_path: Path) -> None:
    path = tmp_path / "audio.shm"
    assert heartbeat_age_s(path) is None
    state = SharedState(path, 7, 3)
    state.beat()
    age = heartbeat_age_s(path)
    assert age is not None
    assert 0 <= age < 60
    path.write_bytes(b"x")
    assert heartbeat_age_s(path) is None
