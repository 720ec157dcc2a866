"""Power fails at any moment while a take is written: the files open as they are, and lack a second at most."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import soundfile

from firmware_app.takes import take as takes
from firmware_app.takes.take import Take
from tests.rigs.power_cut import Disk, lay_out, record

RECORDING = """
import os, sys
from datetime import datetime
from pathlib import Path
import numpy as np
from firmware_app.link.take_ring import LaneForm
from firmware_app.takes.take import Take
from firmware_app.takes.writer import TakeWriter
now = [0.0]
begun = datetime(2026, 1, 1)
lanes = (LaneForm("dry", 1), LaneForm("wet", 2))
writer = TakeWriter(Path(sys.argv[1]) / "takes", begun, Take(begun.isoformat(), "pressed", lanes), clock=lambda: now[0])
for number in range(1, 25):
    now[0] += 0.1
    sound = np.full((4800, 1), number / 128, np.float32)
    if number == 12:
        writer.changed(writer.frames, "denoise.amount_db", 3.0)
    writer.append([sound, np.repeat(sound, 2, axis=1)])
    os.write(2, f"hushbox-mark:{writer.frames}\\n".encode())
writer.close()
os.write(2, b"hushbox-mark:closed\\n")
"""


def test_at_most_a_second_is_missing_after_a_cut_anywhere(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    events = record(RECORDING, tmp_path / "disk")
    disk, played, closed, states = Disk({".": None}, {".": None}), 0, False, 0
    for event in events:
        if event.kind == "mark":
            closed = event.path == "closed"
            played = played if closed else int(event.path)
        disk.take(event)
        if event.kind not in ("sync", "mark", "rename"):
            continue  # what is only written is not there after a cut
        for found in disk.after_cut():
            states += 1
            check(found, tmp_path / f"{states}", played, closed)
    assert states > 50


def check(found: dict[str, bytes | None], folder: Path, played: int, closed: bool) -> None:
    folder.mkdir()
    lay_out(found, folder)
    root = folder / "takes"
    there = [each for each in takes.folders(root) if (each / takes.FILE).exists()]
    if not there:
        assert played == 0
        return
    [take_folder] = there
    lengths = [soundfile.info(takes.lane_file(take_folder, lane)).frames for lane in ("dry", "wet")]
    assert played - min(lengths) <= 48_000
    takes.mend_unfinished(root)
    take = takes.load(take_folder)
    assert take.state == (takes.WHOLE if closed else take.state)
    assert take.state != takes.RECORDING
    mended = [soundfile.info(takes.lane_file(take_folder, lane)).frames for lane in ("dry", "wet")]
    assert all(after >= before for after, before in zip(mended, lengths, strict=True))
    if closed:
        assert mended == [played, played]
        assert take.changes == ((11 * 4800, "denoise.amount_db", 3.0),)


# --- take.json ---

TAKE = Take("2026-05-04T10:00:00.000", "pressed", (takes.LaneForm("dry", 1),), params={"a": 1.0}, marks=((5, "x"),))


def test_what_is_saved_is_read_again(tmp_path: Path) -> None:
    takes.save(tmp_path, TAKE.named("  My   song "))
    assert takes.load(tmp_path) == TAKE.named("My song")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("form", "hushbox take 99"),
        ("begun", "yesterday"),
        ("state", "asleep"),
        ("lanes", []),
        ("lanes", [{"name": "../../etc/passwd", "channels": 1}]),
        ("lanes", [{"name": "dry", "channels": 0.5}]),
        ("lanes", [{"name": "dry", "channels": 1}, {"name": "dry", "channels": 1}]),
        ("frames", -1),
        ("params", {"a": "nan"}),
        ("changes", [[1, "a"]]),
        ("marks", 7),
        ("gaps", [{"frame": 1}]),
    ],
)
def test_what_is_damaged_is_refused_by_name(tmp_path: Path, key: str, value: object) -> None:
    takes.save(tmp_path, TAKE)
    tree = json.loads((tmp_path / takes.FILE).read_text())
    (tmp_path / takes.FILE).write_text(json.dumps({**tree, key: value}))
    with pytest.raises(takes.TakeError, match=r"take\.json"):
        takes.load(tmp_path)


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff\xfe", b"{" * 100_000, b"null"])
def test_any_rubbish_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / takes.FILE).write_bytes(content)
    with pytest.raises(takes.TakeError, match=r"take\.json"):
        takes.load(tmp_path)


@pytest.mark.parametrize("name", ["x" * 200, "a\0b", "\x1b[2J"])
def test_a_name_is_one_line_of_characters(name: str) -> None:
    with pytest.raises(takes.TakeError, match="name"):
        TAKE.named(name)
