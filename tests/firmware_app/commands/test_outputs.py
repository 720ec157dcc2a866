"""Where `hushbox process` and the demo's recording put their result, and in which container."""

import os
import signal
import stat
import struct
import subprocess
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import soundfile

from firmware_app.offline.sound_files import SoundWriter
from firmware_app.offline.wav_file import WavFile, WavForm
from hw.audio.files.wav_io import WavIo
from tests.rigs.checkout import ROOT
from tests.rigs.odd_files import FRAMES, SOUND, plain, process

ENV = {**os.environ, "PYTHONPATH": str(ROOT)}


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    monkeypatch.delenv("HUSHBOX_CONFIG", raising=False)
    Path("in.wav").write_bytes(plain())


def record(target: Path) -> None:
    """One pass of the demo, in a loop that keeps its length and without."""
    for loop in (False, True):
        io = WavIo("in.wav", target, realtime=False, loop=loop, output_delay_frames=0)
        block = np.zeros((128, 1), np.float32)
        for _ in range(-(-FRAMES // 128)):
            io.read_into(block)
            io.write(block)
        io.close()


def written(target: Path) -> None:
    np.testing.assert_array_equal(soundfile.read(os.fsencode(target), dtype="int32")[0] >> 16, SOUND)


# --- where ---


@pytest.mark.parametrize("characters", [70, 79, 80, 83])
def test_every_name_that_the_file_system_takes_is_taken(characters):
    name = Path("歌" * characters + ".wav")
    assert process(Path("in.wav"), name) == (0, FRAMES, "")
    written(name)
    record(name)
    written(name)
    assert sorted(os.listdir()) == ["in.wav", name.name]


def test_a_name_that_it_does_not_take_is_said():
    name = "x" * 252 + ".wav"
    assert process(Path("in.wav"), Path(name)) == (1, 0, f"hushbox: {name}: cannot be written: File name too long\n")
    assert os.listdir() == ["in.wav"]


@pytest.mark.parametrize("there", [True, False], ids=["to a file", "to nothing yet"])
def test_a_link_stays_a_link(there):
    Path("disk").mkdir()
    if there:
        Path("disk/take.wav").touch(0o600)
    Path("take.wav").symlink_to("disk/take.wav")
    for write in (lambda: process(Path("in.wav"), Path("take.wav")), lambda: record(Path("take.wav"))):
        write()
        assert Path("take.wav").is_symlink()
        written(Path("disk/take.wav"))
        assert os.listdir("disk") == ["take.wav"]
        if there:
            assert stat.S_IMODE(Path("disk/take.wav").stat().st_mode) == 0o600


def test_a_link_that_leads_nowhere_is_said():
    Path("take.wav").symlink_to("no/take.wav")
    Path("circle.wav").symlink_to("circle.wav")
    code, _, said = process(Path("in.wav"), Path("take.wav"))
    assert (code, said) == (1, f"hushbox: take.wav: the folder {Path.cwd()}/no does not exist\n")
    code, _, said = process(Path("in.wav"), Path("circle.wav"))
    assert (code, said) == (1, "hushbox: circle.wav: cannot be written: Too many levels of symbolic links\n")


@pytest.mark.parametrize("mode", [0o600, 0o664, 0o444])
def test_the_mode_stays(mode):
    Path("own.wav").touch()
    Path("own.wav").chmod(mode)
    process(Path("in.wav"), Path("own.wav"))
    assert stat.S_IMODE(Path("own.wav").stat().st_mode) == mode
    record(Path("own.wav"))
    assert stat.S_IMODE(Path("own.wav").stat().st_mode) == mode


def test_a_pipe_to_write_to_stays_one():
    os.mkfifo("out.wav")
    code, _, said = process(Path("in.wav"), Path("out.wav"))
    assert code == 1
    assert said.startswith("hushbox: out.wav: cannot be written: it is not a file but a folder")
    assert Path("out.wav").is_fifo()


@pytest.mark.parametrize(("encoding", "source", "target"), [
    ("utf-8:strict", "i\udcffn.wav", "o\udcfft.wav"), ("utf-8:strict", "i\udcffn.flac", "o\udcfft.flac"),
    ("ascii:strict", "歌.wav", "出.flac"),
])  # fmt: skip
def test_names_need_not_be_text_nor_fit_the_terminal(encoding, source, target):
    soundfile.write(os.fsencode(source), SOUND, 48_000)
    code, said = hushbox("process", source, target, "--bundle", "none", PYTHONIOENCODING=encoding)
    assert (code, said) == (0, "")
    written(Path(target))


# --- from where ---


def hushbox(*words: str, stdin: object = subprocess.DEVNULL, **env: str) -> tuple[int, str]:
    """Exit code and standard error, in a process of its own."""
    command = [sys.executable, "-m", "firmware_app.cli", *words]
    done = subprocess.run(command, stdin=stdin, capture_output=True, text=True, env=ENV | env, timeout=120)  # type: ignore[call-overload]
    return done.returncode, done.stderr


@pytest.mark.parametrize("command", ["process", "stems"])
def test_a_named_pipe_nobody_writes_to_is_refused_and_not_waited_for(command):
    os.mkfifo("pipe.wav")
    said = "hushbox: pipe.wav: a pipe cannot be read: write it to a file first\n"
    assert hushbox(command, "pipe.wav", "out.wav") == (1, said)
    assert not Path("out.wav").exists()


def test_standard_input_is_read_from_a_file_and_refused_from_a_pipe():
    words = ("process", "/dev/stdin", "out.wav", "--bundle", "none")
    with subprocess.Popen(["cat", "in.wav"], stdout=subprocess.PIPE) as cat:
        code, said = hushbox(*words, stdin=cat.stdout)
    assert (code, Path("out.wav").exists()) == (1, False)
    assert said == "hushbox: /dev/stdin: a pipe cannot be read: write it to a file first\n"
    with open("in.wav", "rb") as file:
        assert hushbox(*words, stdin=file) == (0, "")
    assert soundfile.info("out.wav").frames == FRAMES


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_being_ended_leaves_nothing_behind(number):
    Path("long.wav").write_bytes(plain(sound=bytes(2 * 48_000 * 900)))
    Path("out.wav").write_bytes(b"old")
    command = [sys.executable, "-m", "firmware_app.cli", "process", "long.wav", "out.wav", "--bundle", "none"]
    wanted = partial(signal.signal, number, signal.SIG_DFL)
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=ENV, preexec_fn=wanted) as running:
        while not any(path.stat().st_size > 100_000 for path in Path().glob(".*.part")):
            assert running.poll() is None
        running.send_signal(number)
        _, said = running.communicate(timeout=120)
    assert (running.returncode, said) == (128 + number, "")
    assert Path("out.wav").read_bytes() == b"old"
    assert not list(Path().glob(".*"))


# --- in which container ---


@dataclass
class Like:
    rate_hz: int
    channels: int
    subtype: str
    frames: int


@pytest.mark.parametrize(
    ("minutes", "rate_hz", "subtype", "container"),
    [
        (60, 48_000, "PCM_16", "RIFF"), (90, 48_000, "PCM_16", "RIFF"), (180, 44_100, "PCM_16", "RIFF"),
        (90, 48_000, "PCM_24", "RIFF"), (370, 48_000, "PCM_16", "RIFF"), (373, 48_000, "PCM_16", "RF64"),
        (187, 48_000, "FLOAT", "RF64"),
    ],
)  # fmt: skip
def test_a_long_recording_is_a_wav_as_long_as_32_bits_hold_it(minutes, rate_hz, subtype, container):
    with SoundWriter(Path("out.wav"), "WAV", Like(rate_hz, 2, subtype, minutes * 60 * rate_hz)):
        pass
    assert Path("out.wav").read_bytes()[:4].decode() == container


class Sparse:
    """A file into which much is written that takes no room."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w+b")

    def write(self, data: bytes) -> int:
        if len(data) < 1 << 20:
            return self._file.write(data)
        return self._file.seek(len(data), os.SEEK_CUR) and len(data)

    def seek(self, at: int) -> int:
        return self._file.seek(at)

    def close(self) -> None:
        self._file.truncate(max(self._file.seek(0, os.SEEK_END), 0))
        self._file.close()


@pytest.mark.parametrize("told", [True, False], ids=["length known", "length not known"])
@pytest.mark.parametrize(("blocks", "container"), [(255, "WAV"), (257, "RF64")])
def test_what_was_really_written_decides(told, blocks, container):
    frames = 1 << 22  # of 4 bytes: 16 MB
    form, target = WavForm(48_000, 2, "PCM_16"), Sparse(Path("out.wav"))
    wav = WavFile(target, form, blocks * frames if told else 0, [(b"bext", bytes(602))], [(b"LIST", b"INFO")])  # type: ignore[arg-type]
    silence = np.zeros((frames, 2), np.int16)
    for _ in range(blocks):
        wav.write(silence)
    wav.close()
    target.close()
    found = soundfile.info("out.wav")
    assert (found.format, found.frames, found.subtype) == (container, blocks * frames, "PCM_16")
    with open("out.wav", "rb") as file:
        head = file.read(120)
    assert (
        b"ds64" in head if container == "RF64" else struct.unpack("<I", head[4:8])[0] == os.stat("out.wav").st_size - 8
    )


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("frames", [1, 1001])
def test_libsndfile_reads_back_what_was_written(subtype, channels, frames):
    sound = np.random.default_rng(3).uniform(-1, 1, (frames, channels)).astype(np.float32)
    with SoundWriter(Path("out.wav"), "WAV", Like(44_100, channels, subtype, frames)) as writer:
        writer.write(sound[: frames // 2])
        writer.write(sound[frames // 2 :])
    found = soundfile.info("out.wav")
    assert (found.samplerate, found.channels, found.subtype, found.frames) == (44_100, channels, subtype, frames)
    step = {"PCM_U8": 2**-7, "PCM_16": 2**-15, "PCM_24": 2**-23}.get(subtype, 2**-31)
    back = soundfile.read("out.wav", always_2d=True)[0]
    assert np.abs(back - sound).max() <= (0 if subtype in ("FLOAT", "DOUBLE") else step)
    data = Path("out.wav").read_bytes()
    assert len(data) % 2 == 0
    assert struct.unpack("<I", data[4:8])[0] == len(data) - 8
