"""Who may read what is saved: the audio process is another user on a box, of the same group."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware_app.kept.kept_file import KeptFile
from firmware_app.kept.mutes import MutesFile
from firmware_app.kept.param_table import PARAMS
from firmware_app.kept.pin import Pin
from firmware_app.kept.store import Store


@pytest.fixture(params=[0o022, 0o077], ids=["usual", "unit"])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_sound_reads_settings_and_no_secret_whatever_the_umask(umask: int, tmp_path: Path) -> None:
    for private, wanted in ((False, 0o640), (True, 0o600)):
        file = KeptFile(tmp_path, f"{private}.json", 1, "x", "x", private=private)
        for _ in range(2):
            assert file.save({"a": 1})
            assert mode(file.path) == wanted
        assert mode(file.previous) == wanted


def test_what_the_sound_starts_from_is_open_to_it(umask: int, tmp_path: Path) -> None:
    store = Store(tmp_path, PARAMS)
    values = {"box.mute": 1.0}
    assert store.save(values)
    assert store.save_mutes(values) == ""
    assert mode(store.path) == mode(MutesFile(tmp_path).path) == 0o640


def test_the_pin_is_not(umask: int, tmp_path: Path) -> None:
    Pin(tmp_path).set("4711")
    assert {mode(path) for path in tmp_path.glob("pin*")} == {0o600}
