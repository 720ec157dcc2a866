"""A take's file: it opens everywhere while it grows, after a cut anywhere, past 4 GB, and with odd tags."""

from __future__ import annotations

import datetime
import errno
import os
import shutil
import subprocess
import xml.etree.ElementTree
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from hw.audio.files import growing_bwf, riff
from hw.audio.files.growing_bwf import GrowingBwf, Mark, Tags, encoded, header, header_bytes, mend, retag

BEGUN = datetime.datetime(2026, 5, 4, 13, 14, 15)
TAGS = Tags.at(
    BEGUN, "Singer live", project="Rehearsal", take="7", track="dry", facts={"TEMPO": "120", "KEY": "A minor"}
)


def noise(frames: int, channels: int = 2) -> np.ndarray:
    return np.random.default_rng(1).uniform(-1, 1, (frames, channels)).astype(np.float32)


def written(path: Path, sound: np.ndarray, *, close: bool = True, marks: tuple[Mark, ...] = ()) -> GrowingBwf:
    file = GrowingBwf(path, sound.shape[1], TAGS)
    for start in range(0, len(sound), 700):
        file.append(sound[start : start + 700])
        file.keep()
    if close:
        file.close(marks)
    return file


@pytest.mark.parametrize("channels", [1, 2, 3, 8])
@pytest.mark.parametrize("frames", [0, 1, 4801])
def test_it_holds_the_very_integers(tmp_path: Path, channels: int, frames: int) -> None:
    sound = np.rint(noise(frames, channels) * 2**22).astype(np.float32) / np.float32(2**23)
    written(tmp_path / "a.wav", sound)
    read, rate = soundfile.read(tmp_path / "a.wav", dtype="float32", always_2d=True)
    assert rate == 48_000
    assert np.array_equal(read.reshape(-1, channels), sound)


def test_beyond_full_scale_and_broken_numbers_are_cut_off() -> None:
    sound = np.array([[2.0], [-2.0], [np.nan], [np.inf], [1.0], [-1.0]], np.float32)
    top, bottom, none = b"\xff\xff\x7f", b"\x00\x00\x80", b"\0\0\0"
    assert encoded(sound) == top + bottom + none + top + top + bottom


@pytest.mark.parametrize("marks", [(), (Mark(10, "Chorus"), Mark(2000, "so schön"))])
def test_other_programs_read_it_with_its_tags(tmp_path: Path, marks: tuple[Mark, ...]) -> None:
    path = tmp_path / "a.wav"
    written(path, noise(4801, 1), marks=marks)
    with path.open("rb") as file:
        found = riff.walk(file, path.stat().st_size)
        assert found is not None
        assert found.remark == ""
        assert [chunk.name for chunk in found.chunks] == [
            b"JUNK", b"bext", b"iXML", *([b"cue ", b"LIST"] if marks else []),
        ]  # fmt: skip
        chunk = next(chunk for chunk in found.chunks if chunk.name == b"iXML")
        file.seek(chunk.offset)
        tree = xml.etree.ElementTree.fromstring(file.read(chunk.size).decode())
    assert tree.findtext("USER/KEY") == "A minor"
    assert tree.findtext("TRACK_LIST/TRACK/NAME") == "dry"
    if shutil.which("sox") is not None:
        told = subprocess.run(["sox", "--info", "-s", path], capture_output=True, text=True, check=True)
        assert (told.stdout.strip(), told.stderr) == ("4801", "")
    if shutil.which("ffprobe") is not None:
        command = ["ffprobe", "-v", "warning", "-show_entries", "format_tags:stream=duration_ts", path]
        shown = subprocess.run(command, capture_output=True, text=True, check=True)
        assert "duration_ts=4801" in shown.stdout
        assert f"TAG:time_reference={TAGS.reference}" in shown.stdout
        assert "TAG:date=2026-05-04" in shown.stdout
        assert shown.stderr == ""


@settings(max_examples=40, deadline=None)
@given(cut=st.integers(0, 5000 * 6), channels=st.integers(1, 3))
def test_cut_off_anywhere_it_opens_and_mending_gives_the_rest_back(
    tmp_path_factory: pytest.TempPathFactory, cut: int, channels: int
) -> None:
    path, sound = tmp_path_factory.mktemp("cut") / "a.wav", noise(5000, channels)
    file = written(path, sound, close=False)
    file.append(sound[:500])  # came after the last keep()
    os.truncate(path, header_bytes(channels) + cut)
    assert soundfile.info(path).samplerate == 48_000
    frames = mend(path)
    assert frames == cut // (3 * channels)
    assert soundfile.info(path).frames == frames
    read = soundfile.read(path, dtype="float32", always_2d=True)[0]
    assert np.abs(read[: min(frames, 5000)] - sound[:frames]).max(initial=0) < 2e-7
    file.leave()


def test_what_was_kept_is_in_the_header_of_a_file_that_nobody_closed(tmp_path: Path) -> None:
    file = written(tmp_path / "a.wav", noise(7000), close=False)
    assert soundfile.info(tmp_path / "a.wav").frames == 7000
    file.leave()


@pytest.mark.parametrize("tail", [0, 36])
def test_past_four_gigabytes_it_is_rf64(tmp_path: Path, tail: int) -> None:
    path, channels = tmp_path / "long.wav", 8
    frames = 48_000 * 3600 * 4  # four hours
    with path.open("wb") as file:
        file.write(header(channels, TAGS, frames, tail))
        file.truncate(header_bytes(channels) + frames * channels * 3 + tail)  # sparse
    with path.open("rb") as file:
        assert file.read(4) == b"RF64"
    info = soundfile.info(path)
    assert (info.frames, info.channels, info.subtype) == (frames, channels, "PCM_24")
    assert mend(path) == frames + tail // 24
    with path.open("rb") as file:
        assert len(file.read(header_bytes(channels))) == header_bytes(channels)


def test_a_growing_file_turns_into_rf64_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growing_bwf, "_LARGEST", 20_000)
    path = tmp_path / "a.wav"
    written(path, noise(5000))
    assert path.read_bytes()[:4] == b"RF64"
    assert path.read_bytes()[12:16] == b"ds64"


@settings(max_examples=60, deadline=None)
@given(text=st.text(max_size=6000))
def test_any_text_fits_into_the_tags(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.mktemp("tags") / "a.wav"
    written(path, noise(10, 1))
    odd = Tags(BEGUN, 5, text, text, text, text, text, {"KEY": text, "PRESET": text})
    retag(path, 1, odd)
    assert soundfile.info(path).frames == 10
    with path.open("rb") as file:
        found = riff.walk(file, path.stat().st_size)
        assert found is not None
        chunk = next(chunk for chunk in found.chunks if chunk.name == b"iXML")
        file.seek(chunk.offset)
        xml.etree.ElementTree.fromstring(file.read(chunk.size).decode())


def test_a_full_disk_leaves_whole_frames(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the kernel does it: the last write takes a part, the next one is refused."""
    path = tmp_path / "a.wav"
    file = written(path, noise(700), close=False)
    room = [1000]

    def write(data: bytes) -> None:
        taken = data[: room[0]]
        room[0] -= len(taken)
        file._file.write(taken)
        if len(taken) < len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(file, "_write", write)
    with pytest.raises(OSError, match="No space"):
        file.append(noise(700))
    assert file.frames == 700 + 1000 // 6
    file.keep()
    assert soundfile.info(path).frames == 700 + 1000 // 6
    file.leave()


def test_it_never_writes_over_a_file(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"mine")
    with pytest.raises(FileExistsError):
        GrowingBwf(tmp_path / "a.wav", 1, TAGS)
    assert (tmp_path / "a.wav").read_bytes() == b"mine"


@pytest.mark.parametrize("content", [b"", b"RIFF", b"RIFF" + bytes(2000), os.urandom(3000)])
def test_another_file_is_not_mended(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.wav").write_bytes(content)
    with pytest.raises(ValueError, match=r"a\.wav: not a take's file"):
        mend(tmp_path / "a.wav")
    assert (tmp_path / "a.wav").read_bytes() == content
