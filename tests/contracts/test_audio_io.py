"""What every AudioIo does: sound files (the fake) and ALSA on the virtual interface (the real thing) alike."""

import resource
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from hw.audio.alsa import AlsaRequest
from hw.audio.audio_io import AudioIo, IoStatus
from hw.audio.files.wav_io import WavIo
from hw.audio.open import open_alsa
from tests.conftest import MakeUsb
from tests.rigs.virtual_usb.rig import VirtualUsb, locate

Frames = NDArray[np.int32]
PERIOD = 256
SECOND = 48000


class Subject(Protocol):
    """One kind of AudioIo and the world around it. `content` is what it records: int32, the low 8 bits empty."""

    content: Frames

    live: bool  # keep time like a device, where the kind of AudioIo has a choice

    def open(self, inputs: tuple[int, ...] = (1, 2), outputs: tuple[int, ...] = (1, 2)) -> AudioIo: ...
    def played(self) -> Frames: ...
    def xrun(self) -> None: ...
    def unplug(self) -> None: ...


class WavSubject:
    def __init__(self, folder: Path, content: Frames) -> None:
        self.content = content
        self.live = False
        self._in, self._out = folder / "in.wav", folder / "out.wav"
        soundfile.write(self._in, content, SECOND, subtype="PCM_24")

    def open(self, inputs: tuple[int, ...] = (1, 2), outputs: tuple[int, ...] = (1, 2)) -> AudioIo:
        return WavIo(
            self._in,
            self._out,
            period_frames=PERIOD,
            periods=8,
            realtime=self.live,
            input_channels=inputs,
            output_channels=outputs,
        )

    def played(self) -> Frames:
        return soundfile.read(self._out, dtype="int32", always_2d=True)[0]

    def xrun(self) -> None:
        time.sleep(10 * PERIOD / SECOND)

    def unplug(self) -> None:
        # The disk is full: what a file can do of the kind.
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))


class AlsaSubject:
    def __init__(self, make_usb: MakeUsb, content: Frames) -> None:
        self.content = content
        self.live = True
        self._usb: VirtualUsb = make_usb(capture=content, patient=True)

    def open(self, inputs: tuple[int, ...] = (1, 2), outputs: tuple[int, ...] = (1, 2)) -> AudioIo:
        device = self._usb.device
        return open_alsa(
            AlsaRequest(device, device, period_frames=PERIOD, periods=8, input_channels=inputs, output_channels=outputs)
        )

    def played(self) -> Frames:
        return self._usb.recording()

    def xrun(self) -> None:
        self._usb.xrun()

    def unplug(self) -> None:
        self._usb.unplug()


@pytest.fixture(params=["wav", pytest.param("alsa", marks=pytest.mark.rig)])
def subject(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Subject]:
    noise = np.random.default_rng(7).integers(-(2**23), 2**23, (2 * SECOND, 2)).astype(np.int32) << 8
    if request.param == "wav":
        yield WavSubject(tmp_path, noise)
    else:
        yield AlsaSubject(request.getfixturevalue("make_usb"), noise)


def run(io: AudioIo, blocks: int, change: Callable[[NDArray[np.float32]], NDArray[np.float32]] | None = None) -> Frames:
    """Start, pass so many blocks through, close. Returns what was read, as integers."""
    block = np.zeros((PERIOD, len(io.format.input_channels)), np.float32)
    read = []
    io.start()
    for _ in range(blocks):
        assert io.read_into(block) is IoStatus.OK
        read.append((block * 2.0**23).astype(np.int32) << 8)
        assert io.write(change(block) if change else block) is IoStatus.OK
    time.sleep(io.format.periods * PERIOD / SECOND)  # let it be played
    io.close()
    return np.concatenate(read)


def test_reads_every_frame_in_order_bit_for_bit(subject: Subject) -> None:
    read = run(subject.open(), 40)
    assert np.array_equal(read, subject.content[: len(read)])


def test_what_is_written_arrives_bit_for_bit(subject: Subject) -> None:
    read = run(subject.open(), 30)
    played = subject.played()
    [begin] = locate(played[:, 0], read[:1000, 0])
    assert np.array_equal(played[begin : begin + len(read)], read)


def test_one_column_goes_to_all_outputs(subject: Subject) -> None:
    read = run(subject.open(inputs=(2,)), 20)
    played = subject.played()
    assert np.array_equal(read[:, 0], subject.content[: len(read), 1])
    assert locate(played[:, 0], read[:5000, 0])
    assert np.array_equal(played[:, 0], played[:, 1])


def test_channels_are_chosen_and_the_others_stay_silent(subject: Subject) -> None:
    read = run(subject.open(inputs=(2, 1), outputs=(2,)), 20, lambda block: block[:, :1])
    played = subject.played()
    assert np.array_equal(read, subject.content[: len(read), ::-1])
    assert locate(played[:, 1], read[:5000, 0])
    assert not played[:, 0].any()


def test_values_beyond_full_scale_are_clipped_and_nan_is_silence(subject: Subject) -> None:
    def spoil(block: NDArray[np.float32]) -> NDArray[np.float32]:
        block[:4] = [[1.5, -1.5], [np.nan, 1.0], [np.inf, -np.inf], [-1.0, 0.5]]
        return block

    run(subject.open(), 5, spoil)
    highest, lowest = 0x7FFFFF00, -(2**31)
    expected = np.array([[highest, lowest], [0, highest], [highest, lowest], [lowest, 2**30]])
    assert locate(subject.played()[:, 0], expected[:, 0].astype(np.int32))
    assert locate(subject.played()[:, 1], expected[:, 1].astype(np.int32))


def test_an_xrun_is_silence_counted_and_recovered_from(subject: Subject) -> None:
    subject.live = True
    io = subject.open()
    block = np.ones((PERIOD, 2), np.float32)
    io.start()
    io.read_into(block)
    io.write(block)
    before = io.xruns
    subject.xrun()
    block[:] = 1.0
    assert io.read_into(block) is IoStatus.XRUN
    assert not block.any()
    assert io.xruns == before + 1
    io.write(block)
    statuses = []
    for _ in range(20):
        statuses.append(io.read_into(block))
        io.write(block)
    assert IoStatus.OK in statuses
    assert io.xruns == before + 1 + statuses.count(IoStatus.XRUN)
    io.close()


def test_after_it_vanished_everything_is_gone_and_says_why(subject: Subject) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        _vanish(subject)
    finally:
        # At once: pytest's own output may go to a file that is longer than the limit.
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def _vanish(subject: Subject) -> None:
    io = subject.open()
    block = np.zeros((PERIOD, 2), np.float32)
    io.start()
    assert io.read_into(block) is IoStatus.OK
    assert io.gone_reason == ""
    subject.unplug()
    statuses = set()
    for _ in range(100):
        statuses |= {io.read_into(block), io.write(block)}
        if IoStatus.GONE in statuses:
            break
    assert IoStatus.GONE in statuses
    assert io.gone_reason
    block[:] = 1.0
    assert io.read_into(block) is IoStatus.GONE
    assert not block.any()
    assert io.write(block) is IoStatus.GONE
    io.close()
    io.close()


def test_close_may_come_at_any_time_and_twice(subject: Subject) -> None:
    never_started = subject.open()
    never_started.close()
    never_started.close()
    started = subject.open()
    started.start()
    started.close()
    started.close()
    assert started.read_into(np.zeros((PERIOD, 2), np.float32)) is IoStatus.GONE


def test_the_format_says_what_was_agreed(subject: Subject) -> None:
    io = subject.open(inputs=(2,))
    io.close()
    assert io.name
    assert io.latency_frames == 0
    assert (io.format.rate_hz, io.format.period_frames, io.format.box_period_frames) == (SECOND, PERIOD, PERIOD)
    assert (io.format.capture_channels, io.format.playback_channels) == (2, 2)
    assert (io.format.input_channels, io.format.output_channels) == ((2,), (1, 2))
