"""Files that take another's place: nothing of what was there is lost before, and nothing but its content after."""

import os
import stat
from pathlib import Path

import pytest

from hw.replacing import Replacement


def replace(path: Path, content: bytes = b"new") -> None:
    replacement = Replacement(path)
    replacement.unfinished.write_bytes(content)
    replacement.put_in_place()
    replacement.remove()


def test_a_new_file_has_the_mode_that_any_new_file_has(tmp_path: Path) -> None:
    replace(tmp_path / "new")
    (tmp_path / "other").touch()
    assert (tmp_path / "new").read_bytes() == b"new"
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "other").stat().st_mode
    assert sorted(os.listdir(tmp_path)) == ["new", "other"]


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o444])
def test_the_mode_stays_and_holds_from_the_first_byte_on(mode: int, tmp_path: Path) -> None:
    path = tmp_path / "take"
    path.write_bytes(b"old")
    path.chmod(mode)
    replacement = Replacement(path)
    assert stat.S_IMODE(replacement.unfinished.stat().st_mode) == mode | 0o200
    replacement.unfinished.write_bytes(b"new")
    assert path.read_bytes() == b"old"
    replacement.put_in_place()
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"new", mode)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_root_leaves_the_file_to_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "take"
    path.touch()
    os.chown(path, 1234, 2345)
    replace(path)
    assert (path.stat().st_uid, path.stat().st_gid) == (1234, 2345)


@pytest.mark.parametrize("there", [True, False])
def test_a_link_stays_one_and_its_target_is_replaced_where_it_is(there: bool, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if there:
        (disk / "take").write_bytes(b"old")
    (tmp_path / "middle").symlink_to("disk/take")
    (tmp_path / "take").symlink_to("middle")
    replacement = Replacement(tmp_path / "take")
    assert replacement.unfinished.parent == disk
    replacement.unfinished.write_bytes(b"new")
    replacement.put_in_place()
    assert (tmp_path / "take").is_symlink()
    assert (tmp_path / "middle").is_symlink()
    assert (disk / "take").read_bytes() == b"new"
    assert os.listdir(disk) == ["take"]


def test_names_may_be_as_long_as_the_file_system_takes(tmp_path: Path) -> None:
    for name in ("歌" * 85, "x" * 255):
        replace(tmp_path / name)
        assert (tmp_path / name).read_bytes() == b"new"
    with pytest.raises(OSError, match="File name too long"):
        Replacement(tmp_path / ("x" * 256)).put_in_place()


def test_what_a_killed_process_left_is_not_in_the_way(tmp_path: Path) -> None:
    first = Replacement(tmp_path / "take")
    number = int(first.unfinished.name.split("-")[2].split(".")[0])
    for ahead in range(1, 4):
        (tmp_path / f".hushbox-{os.getpid()}-{number + ahead}.part").symlink_to("/etc/passwd")
    second = Replacement(tmp_path / "take")
    assert second.unfinished.is_file()
    assert not second.unfinished.is_symlink()


def test_what_is_no_file_is_not_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "circle").symlink_to("circle")
    for name in ("pipe", "folder", "circle", "a\0b"):
        with pytest.raises(OSError):  # noqa: PT011
            Replacement(tmp_path / name)
    assert sorted(os.listdir(tmp_path)) == ["circle", "folder", "pipe"]
