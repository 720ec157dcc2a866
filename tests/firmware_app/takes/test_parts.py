"""A take that cannot go on where it is goes on elsewhere: nothing between the parts is lost, and it is said."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
import soundfile

from firmware_app.link.take_ring import LaneForm
from firmware_app.takes import bin as bin_of_takes
from firmware_app.takes import shelf as shelves
from firmware_app.takes import take as takes
from firmware_app.takes.parts import Part, Parts
from firmware_app.takes.places import Place
from firmware_app.takes.shelf import Rules, Shelf
from firmware_app.takes.take import Take
from hw.audio.files import growing_bwf
from hw.audio.files.growing_bwf import GrowingBwf
from tests.rigs.take_box import saw

BEGUN = datetime(2026, 5, 4, 10, 0, 0)
CHUNK = 4800
STICK = "1A2B-3C4D"


class Writing:
    """A take of one lane, in chunks of 100 ms, on a box with a stick. The stick is a folder of a real other mount."""

    def __init__(self, folder: Path, stick: Path) -> None:
        self.root = folder / "takes"
        self.place = Place(STICK, "Rehearsals", stick / "hushbox-takes", Path("/dev/shm"), "ext4", "sda1")
        self.plugged = [self.place]
        self.shelf = Shelf(self.root, lambda: self.plugged)
        self.shelf.look()
        self.shelf.rules = Rules(STICK)
        self.time_s = 0.0
        self.frame = 0
        self.parts: Parts | None = None

    def play(self, chunks: int) -> Parts:
        if self.parts is None:
            lanes = (LaneForm("dry", 1),)
            take = Take(BEGUN.isoformat(), "pressed", lanes, params={"a": 1.0})
            self.parts = Parts(self.shelf, BEGUN, take, clock=lambda: self.time_s)
        for _ in range(chunks):
            self.time_s += 0.1
            sound = saw(np.arange(self.frame, self.frame + CHUNK)).astype(np.float32)[:, None]
            self.parts.append([sound])
            self.frame += CHUNK
        return self.parts

    def whole(self, parts: list[Part]) -> np.ndarray:
        """All parts, laid over one another where each of them starts."""
        sound = np.full(self.frame, np.nan, np.float32)
        for part in parts:
            takes.mend_unfinished(part.folder.parent)
            take = takes.load(part.folder)
            data = soundfile.read(takes.lane_file(part.folder, "dry"), dtype="float32")[0]
            there = sound[take.starts : take.starts + len(data)]
            over = ~np.isnan(there)
            assert np.array_equal(there[over], data[over])
            there[:] = data
        return sound


@pytest.fixture
def writing(tmp_path: Path) -> Iterator[Writing]:
    stick = Path(tempfile.mkdtemp(dir="/dev/shm"))
    yield Writing(tmp_path, stick)
    shutil.rmtree(stick)


def is_the_song(sound: np.ndarray) -> bool:
    return np.array_equal(sound, saw(np.arange(len(sound))).astype(np.float32))


def fails_at(root: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Every write and sync below `root` fails from now on, as on a stick that was pulled."""
    write, keep = GrowingBwf._write, GrowingBwf.keep

    def broken(really):  # type: ignore[no-untyped-def]
        def call(file: GrowingBwf, *given: object) -> object:
            if root in file.path.parents:
                raise OSError(number, os.strerror(number))
            return really(file, *given)

        return call

    monkeypatch.setattr(GrowingBwf, "_write", broken(write))
    monkeypatch.setattr(GrowingBwf, "keep", broken(keep))


def test_a_stick_that_is_pulled_loses_nothing_and_both_parts_are_told(
    writing: Writing, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = writing.play(23)
    parts.changed(CHUNK, "a", 2.0)
    parts.mark(CHUNK * 22, "Chorus")
    writing.play(2)
    fails_at(writing.place.root, monkeypatch, errno.EIO)
    writing.play(10)
    monkeypatch.undo()
    first, second = parts.close()
    assert (first.place, second.place) == (STICK, "internal")
    said, completed = parts.said
    assert first.folder.name in said
    assert second.folder.name in said
    assert "Input/output error" in said
    assert completed == f"take {first.folder.name} is completed when the stick Rehearsals is plugged in again"
    assert second.take.follows == first.folder.name
    assert (first.take.part, second.take.part) == (1, 2)
    assert second.take.params == {"a": 2.0}
    # What the stick had made sure of, and what memory held, are the whole song: the parts overlap.
    assert 0 < second.take.starts <= 25 * CHUNK
    assert is_the_song(writing.whole([first, second]))
    assert any(name == "Chorus" and frame == CHUNK * 22 - second.take.starts for frame, name in second.take.marks)


def test_a_stick_that_is_let_go_is_left_whole_and_the_parts_meet(writing: Writing) -> None:
    parts = writing.play(12)
    writing.shelf.release(STICK)
    writing.play(15)
    assert parts.place.id == "internal"
    first, second = parts.close()
    assert takes.load(first.folder).state == takes.WHOLE
    assert second.take.starts == first.take.frames
    assert is_the_song(writing.whole([first, second]))
    [said] = parts.said
    assert "is being removed" in said
    assert not writing.play(0).over


def test_without_the_stick_that_was_chosen_a_take_goes_to_the_box_and_says_so(writing: Writing) -> None:
    writing.plugged = []
    writing.shelf.look()
    [said] = writing.shelf.said
    assert "pulled" in said
    parts = writing.play(1)
    assert parts.place.id == "internal"
    assert "not plugged in" in parts.said[0]
    writing.plugged = [writing.place]
    writing.shelf.look()
    assert "from the next one on" in writing.shelf.said[-1]
    parts.close()


def test_the_quota_ends_a_take_before_which_the_bin_makes_room(writing: Writing) -> None:
    writing.plugged = []
    writing.shelf.look()
    writing.shelf.said.clear()
    old = writing.root / bin_of_takes.BIN / "2026-01-01 10.00.00"
    old.mkdir(parents=True)
    (old / "dry.wav").write_bytes(b"x" * 300_000)
    bin_of_takes.note(old, BEGUN)
    writing.shelf.rules = Rules("internal", 400_000)
    parts = writing.play(60)
    assert [words for words in writing.shelf.said if "deleted from the bin" in words]
    assert not old.exists()
    assert "that they may" in parts.over
    assert any("has ended" in words for words in parts.said)
    [part] = parts.close()
    take = takes.load(part.folder)
    assert take.state == takes.WHOLE
    assert 300_000 < bin_of_takes.used_bytes(writing.root) < 700_000
    assert is_the_song(soundfile.read(part.folder / "dry.wav", dtype="float32")[0])


def test_a_full_stick_hands_over_before_it_is_full(writing: Writing, monkeypatch: pytest.MonkeyPatch) -> None:
    writing.play(5)
    monkeypatch.setattr(shelves, "least_free", lambda place, total: 0 if place.id == "internal" else 2**60)
    parts = writing.play(20)
    first, second = parts.close()
    assert "which stay free" in parts.said[0]
    assert (first.take.state, second.place) == (takes.WHOLE, "internal")
    assert is_the_song(writing.whole([first, second]))


def test_where_a_file_holds_four_gigabytes_the_next_part_begins_there(
    writing: Writing, monkeypatch: pytest.MonkeyPatch
) -> None:
    from firmware_app.takes import places

    monkeypatch.setattr(places, "_FAT_LARGEST", 1_000_000 + 6 * CHUNK * 3)
    writing.plugged = [replace(writing.place, kind="vfat")]
    writing.shelf.look()
    parts = writing.play(20)
    found = parts.close()
    assert [part.place for part in found] == [STICK] * 4
    assert [part.take.starts for part in found] == [0, 6 * CHUNK, 12 * CHUNK, 18 * CHUNK]
    assert [part.take.follows for part in found] == ["", *(part.folder.name for part in found[:-1])]
    assert "4 GB" in parts.said[0]
    assert is_the_song(writing.whole(found))


def test_a_stick_that_was_pulled_is_completed_when_it_comes_back(
    writing: Writing, monkeypatch: pytest.MonkeyPatch
) -> None:
    writing.play(15)
    fails_at(writing.place.root, monkeypatch, errno.ENODEV)
    writing.play(3)
    monkeypatch.undo()
    writing.plugged = []
    writing.shelf.look()
    first, _ = writing.play(1).close()
    assert takes.load(first.folder).state == takes.RECORDING
    writing.plugged = [writing.place]
    writing.shelf.look()
    assert takes.load(first.folder).state == takes.MENDED
    assert any("completed" in words for words in writing.shelf.said)


def test_eight_channels_for_four_hours_pass_four_gigabytes(tmp_path: Path) -> None:
    """Sparse: what is written behind the size that 32 bits hold is read again by libsndfile, with its tags."""
    path = tmp_path / "dry.wav"
    bwf = GrowingBwf(path, 8, growing_bwf.Tags.at(BEGUN, take="Long"))
    frames = 4 * 3600 * 48_000
    end = growing_bwf.header_bytes(8) + (frames - CHUNK) * 8 * 3
    os.ftruncate(bwf._file.fileno(), end)
    bwf._file.seek(end)
    bwf.frames = frames - CHUNK
    last = np.repeat(saw(np.arange(CHUNK)).astype(np.float32)[:, None], 8, axis=1)
    bwf.append(last)
    bwf.keep()
    for finish in (bwf.leave, lambda: growing_bwf.mend(path)):  # as after a power cut, and mended
        finish()
        with soundfile.SoundFile(path) as file:
            assert (file.frames, file.channels, file.format) == (frames, 8, "RF64")
            file.seek(frames - CHUNK)
            assert np.array_equal(file.read(dtype="float32"), last)
