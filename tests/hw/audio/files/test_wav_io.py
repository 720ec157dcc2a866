"""Sound files as an interface: what the contract does not cover."""

import os
import resource
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from hw.audio.agreement import ChannelOutOfRangeError
from hw.audio.audio_io import IoStatus
from hw.audio.files import wav_input
from hw.audio.files.reader import NotAudioError, SoundFileMissingError
from hw.audio.files.wav_input import WavInput
from hw.audio.files.wav_io import WavIo
from hw.audio.files.wav_output import GrowingWav, OutputFileError, header


def noise(frames: int, channels: int = 1) -> NDArray[np.int32]:
    return np.random.default_rng(4).integers(-(2**23), 2**23, (frames, channels)).astype(np.int32) << 8


def write(path: Path, frames: NDArray[np.int32], rate_hz: int = 48000) -> Path:
    soundfile.write(path, frames, rate_hz, subtype="PCM_24")
    return path


def integers(path: Path) -> NDArray[np.int32]:
    return soundfile.read(path, dtype="int32", always_2d=True)[0]


def pump(io: WavIo, most: int = 10_000, after_end: int = 0) -> int:
    """Pass blocks through until END, then so many more; how many were OK."""
    block = np.zeros((io.format.period_frames, len(io.format.input_channels)), np.float32)
    io.start()
    for done in range(most):
        if io.read_into(block) is IoStatus.END:
            for _ in range(after_end):
                assert io.write(block) is IoStatus.OK
            return done
        assert io.write(block) is IoStatus.OK
    return most


@pytest.mark.parametrize("suffix", ["wav", "flac"])
@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24"])
def test_a_file_passes_bit_for_bit_and_its_last_block_is_padded(tmp_path: Path, suffix: str, subtype: str) -> None:
    frames = noise(1000, 2) & (-65536 if subtype == "PCM_16" else -256)
    soundfile.write(tmp_path / f"in.{suffix}", frames, 48000, subtype=subtype)
    io = WavIo(tmp_path / f"in.{suffix}", tmp_path / "out.wav", realtime=False)
    assert pump(io) == 8
    io.close()
    out = integers(tmp_path / "out.wav")
    assert np.array_equal(out[:1000], frames)
    assert len(out) == 1024
    assert not out[1000:].any()


def test_the_output_can_be_lined_up_with_the_input(tmp_path: Path) -> None:
    frames = noise(1000)
    io = WavIo(write(tmp_path / "in.wav", frames), tmp_path / "out.wav", realtime=False, output_delay_frames=200)
    pump(io, after_end=3)
    io.close()
    out = integers(tmp_path / "out.wav")
    assert len(out) == 1000
    assert np.array_equal(out[:800], frames[200:])


def test_the_output_appears_whole_on_close_and_replaces_what_was(tmp_path: Path) -> None:
    out = tmp_path / "out.wav"
    out.write_bytes(b"what was")
    io = WavIo(write(tmp_path / "in.wav", noise(1000)), out, realtime=False)
    pump(io)
    assert out.read_bytes() == b"what was"
    io.close()
    assert len(integers(out)) == 1024
    assert sorted(os.listdir(tmp_path)) == ["in.wav", "out.wav"]


def test_a_loop_goes_on_and_its_recording_does_not_grow(tmp_path: Path) -> None:
    frames = noise(1000)
    out = tmp_path / "out.wav"
    io = WavIo(write(tmp_path / "in.wav", frames), out, realtime=False, loop=True)
    size = out.stat().st_size
    assert pump(io, most=100) == 100  # 12 passes and 800 frames
    assert np.array_equal(integers(out), frames)
    io.close()
    io.close()
    assert out.stat().st_size == size
    assert np.array_equal(integers(out), frames)


def test_large_files_are_read_as_they_play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wav_input, "SMALL_BYTES", 0)
    frames = noise(20_000, 2)
    reader = WavInput(write(tmp_path / "in.wav", frames), loop=True)
    block = np.zeros((50_000, 2), np.float32)
    assert reader.read_into(block) == 50_000
    assert np.array_equal((block * 2**23).astype(np.int32) << 8, np.concatenate([frames, frames, frames[:10_000]]))


@pytest.mark.parametrize("small_bytes", [0, 2**30])
def test_other_rates_are_resampled_to_48_khz(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small_bytes: int) -> None:
    monkeypatch.setattr(wav_input, "SMALL_BYTES", small_bytes)
    tone = 0.5 * np.sin(2 * np.pi * 1000 / 44100 * np.arange(44100))
    soundfile.write(tmp_path / "in.wav", tone, 44100, subtype="FLOAT")
    reader = WavInput(tmp_path / "in.wav")
    assert reader.frames == 48000
    block = np.zeros((48100, 1), np.float32)
    assert abs(reader.read_into(block) - 48000) <= 1
    expected = 0.5 * np.sin(2 * np.pi * 1000 / 48000 * np.arange(48000))
    assert np.abs(block[1000:47000, 0] - expected[1000:47000]).max() < 1e-5


def test_a_file_that_was_cut_off_plays_as_far_as_it_goes_and_says_so(tmp_path: Path) -> None:
    whole = write(tmp_path / "whole.wav", noise(4800)).read_bytes()
    (tmp_path / "take.wav").write_bytes(whole[: len(whole) // 2])
    io = WavIo(tmp_path / "take.wav", realtime=False)
    assert io.warning == f"{tmp_path}/take.wav: damaged or cut short: 0.05 of 0.10 s could be read"
    assert pump(io) == -(-io.frames // 128)


def test_bad_samples_are_counted_and_silent(tmp_path: Path) -> None:
    samples = np.full(1000, 0.5, np.float32)
    samples[[3, 500]] = np.nan
    samples[7] = np.inf
    soundfile.write(tmp_path / "in.wav", samples, 48000, subtype="FLOAT")
    io = WavIo(tmp_path / "in.wav", realtime=False)
    block = np.ones((128, 1), np.float32)
    io.start()
    assert io.read_into(block) is IoStatus.OK
    assert io.bad_samples == 3
    assert np.flatnonzero(block[:, 0] != 0.5).tolist() == [3, 7]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"dear diary, today" * 20, r"notes\.wav: not a sound file that can be read \(WAV or FLAC\)"),
        (b"", r"notes\.wav: empty, 0 bytes"),
        (header(1, "S16_LE", 0), r"notes\.wav: no sound in it \(0 frames\)"),
    ],
)
def test_what_is_no_sound_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "notes.wav").write_bytes(content)
    with pytest.raises(NotAudioError, match=words):
        WavIo(tmp_path / "notes.wav")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SoundFileMissingError, match=r"nowhere\.wav: no such file"):
        WavIo(tmp_path / "nowhere.wav")


def test_a_channel_the_file_does_not_have_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ChannelOutOfRangeError, match=r"input channel 2: in\.wav has 1 to 1"):
        WavIo(write(tmp_path / "in.wav", noise(100)), input_channels=(2,))


@pytest.mark.parametrize("loop", [False, True])
def test_an_output_that_cannot_be_written_is_refused_before_anything_plays(tmp_path: Path, loop: bool) -> None:
    source = write(tmp_path / "in.wav", noise(100))
    with pytest.raises(OutputFileError, match="there is no folder"):
        WavIo(source, tmp_path / "no" / "out.wav", loop=loop)
    with pytest.raises(OutputFileError, match="cannot be written"):
        WavIo(source, Path("/proc/out.wav"), loop=loop)
    with pytest.raises(OutputFileError, match="the same file"):
        WavIo(source, source, loop=loop)


@pytest.fixture
def full_disk() -> Iterator[None]:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_a_full_disk_is_found_before_a_loop_plays(tmp_path: Path, full_disk: None) -> None:
    source = tmp_path / "in.flac"
    soundfile.write(source, np.zeros(96000, np.int32), 48000)
    with pytest.raises(OutputFileError, match=r"out\.wav: cannot be written: File too large"):
        WavIo(source, tmp_path / "out.wav", loop=True)
    assert os.listdir(tmp_path) == ["in.flac"]


def test_an_output_that_fails_at_the_end_leaves_nothing_behind(tmp_path: Path, full_disk: None) -> None:
    out = GrowingWav(tmp_path / "out.wav", 1, "S24_3LE")
    out.write(memoryview(bytes(99_900)))
    out.write(memoryview(bytes(300)))  # too much, but still in a buffer
    with pytest.raises(OutputFileError, match=r"out\.wav: cannot be written: File too large"):
        out.close()
    out.close()
    assert os.listdir(tmp_path) == []


def test_more_than_4_gb_is_an_rf64(tmp_path: Path) -> None:
    frames = 2 * 10**9
    path = tmp_path / "long.wav"
    with path.open("wb") as file:
        file.write(header(1, "S24_3LE", frames * 3))
        file.truncate(80 + frames * 3)
    info = soundfile.info(path)
    assert (info.format, info.frames, info.samplerate) == ("RF64", frames, 48000)


def test_a_header_of_unknown_length_is_not_cut_off(tmp_path: Path) -> None:
    path = write(tmp_path / "pipe.wav", noise(100))
    data = bytearray(path.read_bytes())
    place = data.index(b"data") + 4
    data[place : place + 4] = struct.pack("<I", 0xFFFFFFFF)
    path.write_bytes(data)
    assert WavInput(path).warning == ""
