"""What an archive may hold, and what comes of one that holds something else. Each is written as tar writes it."""

import datetime
import io
import lzma
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from firmware_app.update.layout import UpdateError
from firmware_app.update.offer import Offer
from firmware_app.update.unpack import unpack

MEGABYTE = 1_000_000


def offer(files: int = 100, unpacked_bytes: int = MEGABYTE) -> Offer:
    day = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    return Offer("1.2.3", "amd64", "3.11", "0.0.0", day, (), "a", "b", 1, unpacked_bytes, files)


def packed(folder: Path, fill: Callable[[tarfile.TarFile], None]) -> Path:
    path = folder / "archive.tar.xz"
    with lzma.open(path, "wb", preset=0) as out, tarfile.open(fileobj=out, mode="w|") as tar:
        add(tar, "1.2.3", type=tarfile.DIRTYPE)
        fill(tar)
    return path


def add(
    tar: tarfile.TarFile, name: str, data: bytes = b"", type: bytes = tarfile.REGTYPE, link: str = "", mode: int = 0o644
) -> None:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size, info.mode = type, link, len(data), mode
    tar.addfile(info, io.BytesIO(data))


def test_files_and_folders_are_laid(tmp_path: Path) -> None:
    def fill(tar: tarfile.TarFile) -> None:
        add(tar, "1.2.3/bin", type=tarfile.DIRTYPE)
        add(tar, "1.2.3/bin/program", b"#!/bin/sh\n", mode=0o4777)
        add(tar, "1.2.3/" + "long-" * 30 + "ü", b"text", mode=0o666)

    told: list[int] = []
    unpack(packed(tmp_path, fill), tmp_path / "out", offer(4, 14), told.append)
    program = tmp_path / "out/bin/program"
    assert program.read_bytes() == b"#!/bin/sh\n"
    assert program.stat().st_mode & 0o7777 == 0o755
    assert next((tmp_path / "out").glob("long*")).stat().st_mode & 0o7777 == 0o644
    assert told == [10, 14]


BAD: dict[str, Callable[[tarfile.TarFile], None]] = {
    "up and out": lambda tar: add(tar, "1.2.3/../../evil", b"x"),
    "from the root": lambda tar: add(tar, "/etc/evil", b"x"),
    "another version": lambda tar: add(tar, "1.2.4/x", b"x"),
    "a link": lambda tar: add(tar, "1.2.3/x", type=tarfile.SYMTYPE, link="/etc/passwd"),
    "a hard link": lambda tar: add(tar, "1.2.3/x", type=tarfile.LNKTYPE, link="/etc/passwd"),
    "a link that is written through": lambda tar: (
        add(tar, "1.2.3/x", type=tarfile.SYMTYPE, link="/tmp"),
        add(tar, "1.2.3/x/evil", b"x"),
    )[0],
    "a device": lambda tar: add(tar, "1.2.3/x", type=tarfile.CHRTYPE),
    "a block device": lambda tar: add(tar, "1.2.3/x", type=tarfile.BLKTYPE),
    "a pipe": lambda tar: add(tar, "1.2.3/x", type=tarfile.FIFOTYPE),
    "an unknown kind": lambda tar: add(tar, "1.2.3/x", type=b"Z", link="x"),
    "twice": lambda tar: (add(tar, "1.2.3/x", b"1"), add(tar, "1.2.3/x", b"2"))[0],
    "a file where a folder was": lambda tar: (add(tar, "1.2.3/x", type=tarfile.DIRTYPE), add(tar, "1.2.3/x", b"2"))[0],
    "a folder below a file": lambda tar: (add(tar, "1.2.3/x", b"1"), add(tar, "1.2.3/x/y", b"2"))[0],
    "no folder for it": lambda tar: add(tar, "1.2.3/not/there", b"2"),
    "a name with a line's end": lambda tar: add(tar, "1.2.3/a\nb", b"1"),
    "a backslash": lambda tar: add(tar, "1.2.3/a\\b", b"1"),
    "a name without end": lambda tar: add(tar, "1.2.3/" + "x" * 3000, b"1"),
    "too deep": lambda tar: add(tar, "1.2.3/" + "x/" * 500 + "y", b"1"),
    "too many": lambda tar: [None for number in range(101) if add(tar, f"1.2.3/{number}")].clear(),
    "too large": lambda tar: add(tar, "1.2.3/zeros", bytes(MEGABYTE + 1)),
    "a bomb": lambda tar: add(tar, "1.2.3/zeros", bytes(50 * MEGABYTE)),
    "headers without end": lambda tar: add(tar, "1.2.3/" + "x" * 3 * MEGABYTE),
}


@pytest.mark.parametrize("name", BAD)
def test_anything_else_is_refused(tmp_path: Path, name: str) -> None:
    archive = packed(tmp_path, BAD[name])
    with pytest.raises((UpdateError, NotADirectoryError, FileNotFoundError)) as caught:
        unpack(archive, tmp_path / "out", offer())
    assert not isinstance(caught.value, UpdateError) or caught.value.code == "damaged"
    assert not list(tmp_path.rglob("evil"))
    assert sum(path.stat().st_size for path in (tmp_path / "out").rglob("*") if path.is_file()) <= 2 * MEGABYTE


def damaged(data: bytes) -> list[bytes]:
    text = lzma.decompress(data)
    latin = text.replace(b"1.2.3/file", b"1.2.3/f\xffle")
    return [b"", data[:40], data[: len(data) // 2], data[:60] + b"\0" * 40 + data[100:], b"\x1f\x8b" + data,
            lzma.compress(text[:700]), lzma.compress(text[:512] + b"\xff" * 2000), lzma.compress(latin),
            lzma.compress(b"x" * 5000)]  # fmt: skip


@pytest.mark.parametrize("number", range(9))
def test_a_damaged_archive_is_refused(tmp_path: Path, number: int) -> None:
    whole = packed(tmp_path, lambda tar: add(tar, "1.2.3/file", b"text" * 1000)).read_bytes()
    (tmp_path / "bad").write_bytes(damaged(whole)[number])
    with pytest.raises(UpdateError) as caught:
        unpack(tmp_path / "bad", tmp_path / "out", offer(2, 4000))
    assert caught.value.code == "damaged"


def test_an_archive_with_less_than_was_signed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UpdateError, match="signed for others"):
        unpack(packed(tmp_path, lambda tar: add(tar, "1.2.3/file", b"text")), tmp_path / "out", offer(3, 4))
