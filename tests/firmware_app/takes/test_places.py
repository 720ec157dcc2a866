"""Sticks are found by what is mounted, whatever their labels hold, and one that cannot be used says why."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from firmware_app.takes.places import INTERNAL, ON_STICK, Place, internal, label_of, sticks
from firmware_app.takes.shelf import Shelf
from tests.rigs.checkout import ROOT

SDA = "36 25 {number} / {folder}/{device} rw,nosuid,nodev,noexec - {kind} /dev/{device} rw"


def found(tmp_path: Path, *lines: str, **udev: str) -> list[Place]:
    """Sticks of a kernel that says these lines, and of an udev that knows these devices, by number."""
    (tmp_path / "mountinfo").write_text("\n".join(("22 1 254:0 / / rw - ext4 /dev/mmcblk0p2 rw", *lines)) + "\n")
    (tmp_path / "udev").mkdir(exist_ok=True)
    for number, said in udev.items():
        (tmp_path / "udev" / f"b8:{number.strip('n')}").write_text(said)
    return sticks(tmp_path / "sticks", tmp_path / "mountinfo", tmp_path / "udev")


def test_a_stick_is_named_by_its_label_and_known_by_its_number(tmp_path: Path) -> None:
    line = SDA.format(number="8:1", folder=tmp_path / "sticks", device="sda1", kind="vfat")
    [stick] = found(tmp_path, line, n1="S:disk/by-label/x\nE:ID_FS_LABEL_ENC=Band\\x20room\nE:ID_FS_UUID=1A2B-3C4D\n")
    assert (stick.id, stick.label, stick.unit) == ("1A2B-3C4D", "Band room", "hushbox-stick@sda1.service")
    assert stick.root == tmp_path / "sticks/sda1" / ON_STICK
    assert stick.largest_file == 2**32 - 1


def test_the_boxs_own_disks_and_other_mounts_are_no_sticks(tmp_path: Path) -> None:
    others = (
        "30 22 0:30 / /run rw - tmpfs tmpfs rw",
        "31 22 8:1 / /run/media/HUSHBOX ro - vfat /dev/sda1 ro",
        "32 22 0:31 / /media/share rw - cifs //server/share rw",
        "33 22 8:2 / /home rw - ext4 /dev/sda2 rw",
        "nonsense",
        "",
    )
    assert found(tmp_path, *others) == []
    [desktop] = found(tmp_path, r"33 22 8:3 / /media/anna/My\040stick rw - exfat /dev/sdb1 rw")
    assert (desktop.label, desktop.unit, desktop.largest_file) == ("My stick", "", 0)


def test_two_sticks_of_one_number_are_two(tmp_path: Path) -> None:
    lines = [
        SDA.format(number=f"8:{n}", folder=tmp_path / "sticks", device=f"sd{letter}1", kind="exfat")
        for n, letter in ((1, "a"), (17, "b"))
    ]
    made = found(tmp_path, *lines, n1="E:ID_FS_UUID=AAAA\n", n17="E:ID_FS_UUID=AAAA\n")
    assert [each.id for each in made] == ["AAAA", "AAAA-sdb1"]
    assert [each.label for each in made] == ["sda1", "sdb1"]


@pytest.mark.parametrize(
    ("encoded", "label"),
    [
        (r"\x2e\x2e\x2f\x2e\x2e\x2fetc", "../../etc"),
        (r"two\x0alines\x1b[31m", "two lines [31m"),
        (r"\xff\xfe", "\ufffd\ufffd"),
        (r"Pr\xc3\xb6be", "Pröbe"),
        (r"\x3cscript\x3e", "<script>"),
        ("x" * 300, "x" * 40),
        (r"\xe2\x80\xae", ""),  # turns what follows round
        ("", ""),
    ],
)
def test_a_label_is_words_on_one_line_and_nothing_else(encoded: str, label: str) -> None:
    assert label_of(encoded) == label


@pytest.mark.parametrize("uuid", ["../../x", "", "internal", "ümlaut", "x" * 300])
def test_what_a_stick_calls_itself_makes_no_path_and_is_never_the_box(tmp_path: Path, uuid: str) -> None:
    line = SDA.format(number="8:1", folder=tmp_path / "sticks", device="sda1", kind="vfat")
    [stick] = found(tmp_path, line, n1=f"E:ID_FS_UUID={uuid}\n")
    assert stick.id != INTERNAL
    assert stick.id.replace("-", "").isascii()
    assert stick.id.replace("-", "").isalnum()
    assert len(stick.id) <= 64


def test_a_folder_without_its_stick_is_not_written_to(tmp_path: Path) -> None:
    """Else takes would fill the box's memory, where the stick was mounted."""
    (tmp_path / "sda1").mkdir()
    stick = Place("AAAA", "Band", tmp_path / "sda1" / ON_STICK, tmp_path / "sda1")
    assert not stick.there()
    assert "is not there" in stick.state().problem
    assert "pulled" in Shelf(tmp_path / "takes").refusal(stick)


def test_the_box_itself_has_room_before_its_folder_is_made(tmp_path: Path) -> None:
    state = internal(tmp_path / "not" / "yet").state()
    assert state.total_bytes > state.free_bytes > 0
    assert state.problem == ""


MOUNTED = """
import subprocess, sys
from datetime import datetime
from pathlib import Path
import numpy as np
from firmware_app.link.take_ring import LaneForm
from firmware_app.takes.parts import Parts
from firmware_app.takes.places import sticks
from firmware_app.takes.shelf import Rules, Shelf
from firmware_app.takes.take import Take

folder = Path(sys.argv[1])
mount = folder / "sticks" / "band"
mount.mkdir(parents=True)
sh = lambda *words: subprocess.run(words, check=True)
shelf = Shelf(folder / "takes", lambda: sticks(folder / "sticks"))
begun, now = datetime(2026, 5, 4), [0.0]

def record(chunks, meanwhile=lambda at: None):
    shelf.look()
    shelf.rules = Rules("band")
    parts = Parts(shelf, begun, Take(begun.isoformat(), "pressed", (LaneForm("dry", 2),)), clock=lambda: now[0])
    for at in range(chunks):
        now[0] += 0.5
        meanwhile(at)
        parts.append([np.full((24000, 2), at / 128, np.float32)])
    found = parts.close()
    return [(part.place, part.take.frames, part.take.starts) for part in found], list(parts.said), parts.over

sh("mount", "-t", "tmpfs", "-o", "size=4m", "none", mount)
print(record(4))
print(record(40))  # 144 kB each: it is full before the end
sh("mount", "-o", "remount,ro", mount)
shelf.look()
print(record(4), [each.problem for each in shelf.states])
sh("mount", "-o", "remount,rw,size=40m", mount)
print(record(12, lambda at: at == 6 and sh("umount", "-l", mount)), any(mount.iterdir()))
shelf.look()
print(list(shelf.said))
"""


def test_real_mounts_that_are_full_locked_and_pulled(tmp_path: Path) -> None:
    command = ["unshare", "-rm", sys.executable, "-c", MOUNTED, str(tmp_path)]
    told = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    if told.returncode and "unshare" in told.stderr:
        pytest.skip("this kernel lets nobody mount: unshare -rm")
    assert told.returncode == 0, told.stderr
    good, full, locked, pulled, said = told.stdout.splitlines()
    assert good.startswith("([('band', 96000, 0)], [], '')")
    assert "('band', " in full
    assert "('internal', " in full
    assert "is full" in full
    assert "goes on as" in full
    assert "can only be read" in locked
    assert "[('internal', 96000, 0)]" in locked
    assert "'the stick band was pulled: take 2026" in pulled
    assert pulled.endswith("False")  # nothing was written to where it had been mounted
    for line, seconds in ((full, 20.0), (pulled, 6.0)):
        parts = ast.literal_eval(line.partition("]")[0].removeprefix("(") + "]")
        assert len(parts) == 2
        assert parts[1][2] + parts[1][1] == seconds * 48_000
        assert 0 < parts[1][2] <= parts[0][1]  # they overlap where the stick was pulled
    assert "the stick band was pulled" in said
