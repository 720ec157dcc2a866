"""An interface at another rate: the same sound, the declared delay, nothing else."""

from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from hw.audio.audio_io import IoFormat, IoStatus
from hw.audio.clocks.resampled import ResampledIo
from hw.audio.clocks.window_resampler import WindowResampler


class MemoryIo:
    """An interface at any rate that plays an array and keeps what it is given."""

    name = "memory"
    latency_frames = 0
    xruns = 0
    gone_reason = ""

    def __init__(self, rate_hz: int, period_frames: int, content: NDArray[np.float32], outputs: int = 1) -> None:
        channels = tuple(range(1, outputs + 1))
        self.format = IoFormat(rate_hz, period_frames, 3, "FLOAT", 1, outputs, (1,), channels, period_frames)
        self._blocks = iter(content[: len(content) // period_frames * period_frames].reshape(-1, period_frames, 1))
        self.written: list[NDArray[np.float32]] = []
        self.read_statuses: list[IoStatus] = []
        self.write_statuses: list[IoStatus] = []
        self.closed = False

    def start(self) -> None: ...

    def read_into(self, block: NDArray[np.float32]) -> IoStatus:
        status = self.read_statuses.pop(0) if self.read_statuses else IoStatus.OK
        block[:] = next(self._blocks, 0.0) if status is IoStatus.OK else 0.0
        return status

    def write(self, block: NDArray[np.float32]) -> IoStatus:
        self.written.append(block.copy())
        return self.write_statuses.pop(0) if self.write_statuses else IoStatus.OK

    def close(self) -> None:
        self.closed = True


def band_noise(rate_hz: int, frames: int, highest_hz: float) -> NDArray[np.float32]:
    spectrum = np.fft.rfft(np.random.default_rng(2).standard_normal(frames))
    hz = np.fft.rfftfreq(frames, 1 / rate_hz)
    spectrum[(hz < 20) | (hz > highest_hz)] = 0
    noise = np.fft.irfft(spectrum, frames)
    fade = np.minimum(1.0, np.arange(frames) / 2000)  # a sharp beginning would hold all frequencies
    noise *= np.sin(fade * np.pi / 2) ** 2
    return (0.9 * noise / np.abs(noise).max()).astype(np.float32)


def delayed(signal: NDArray[np.float32], frames: float) -> NDArray[np.float64]:
    """Delay by any number of frames, exactly, through the spectrum."""
    spectrum = np.fft.rfft(signal.astype(np.float64), 2 * len(signal))
    turns = np.fft.rfftfreq(2 * len(signal)) * frames
    return np.fft.irfft(spectrum * np.exp(-2j * np.pi * turns))[: len(signal)]


@pytest.mark.parametrize(
    ("rate_hz", "period_frames", "box_period_frames"),
    [
        *((44100, 128, 128), (44100, 64, 64), (44100, 512, 128)),
        *((96000, 256, 128), (96000, 64, 128), (88200, 128, 128)),
        *((8000, 32, 128), (11025, 32, 128), (16000, 64, 128), (22050, 64, 128), (24000, 64, 128), (32000, 128, 128)),
        *((16000, 512, 1024), (22050, 32, 32), (176400, 512, 128)),
    ],
)
def test_a_dry_pass_is_the_input_later_by_what_is_declared(
    rate_hz: int, period_frames: int, box_period_frames: int
) -> None:
    frames = max(rate_hz, 44_100)
    content = band_noise(rate_hz, frames, min(14_000.0, 0.3 * rate_hz))  # as near to the end of the band for all
    inner = MemoryIo(rate_hz, period_frames, content)
    io = ResampledIo(inner, box_period_frames)
    block = np.zeros((box_period_frames, 1), np.float32)
    io.start()
    while len(inner.written) * period_frames < frames * 0.9:
        assert io.read_into(block) is IoStatus.OK
        assert io.write(block) is IoStatus.OK
    returned = np.concatenate(inner.written)[:, 0]
    expected = delayed(content, io.latency_frames * rate_hz / 48000)[: len(returned)]
    middle = slice(4000, len(returned) - 2000)
    residual_db = 20 * np.log10(np.std((returned - expected)[middle]) / np.std(expected[middle]))
    assert residual_db < -100


@pytest.mark.parametrize("rate_hz", [8000, 11025, 16000, 22050, 24000, 32000, 44100, 88200, 96000, 176400, 192000])
def test_periods_read_and_written_keep_step(rate_hz: int) -> None:
    inner = MemoryIo(rate_hz, 128, np.zeros(rate_hz, np.float32))
    io = ResampledIo(inner, 128)
    block = np.zeros((128, 1), np.float32)
    reads = 0
    original = inner.read_into

    def counted(period: NDArray[np.float32]) -> IoStatus:
        nonlocal reads
        reads += 1
        return original(period)

    inner.read_into = counted  # type: ignore[method-assign]
    for blocks in range(1, 400):
        io.read_into(block)
        io.write(block)
        assert len(inner.written) == reads
        assert 0 <= reads * 128 / rate_hz - blocks * 128 / 48000 < 128 / rate_hz


def test_one_column_goes_to_all_outputs() -> None:
    inner = MemoryIo(96000, 256, band_noise(96000, 48000, 10_000.0), outputs=2)
    io = ResampledIo(inner, 128)
    block = np.zeros((128, 1), np.float32)
    for _ in range(100):
        io.read_into(block)
        io.write(block)
    returned = np.concatenate(inner.written)
    assert returned[:, 0].any()
    assert np.array_equal(returned[:, 0], returned[:, 1])


def test_what_befalls_the_interface_is_passed_on() -> None:
    inner = MemoryIo(96000, 256, np.full(96000, 0.5, np.float32))
    io = ResampledIo(inner, 128)
    block = np.zeros((128, 1), np.float32)
    for _ in range(10):
        io.read_into(block)
        io.write(block)
    assert block.any()
    inner.read_statuses = [IoStatus.XRUN, IoStatus.TIMEOUT, IoStatus.OK, IoStatus.GONE]
    assert io.read_into(block) is IoStatus.XRUN
    assert not block.any()
    inner.write_statuses = [IoStatus.XRUN]
    assert io.write(block) is IoStatus.XRUN
    assert io.read_into(block) is IoStatus.TIMEOUT
    assert io.read_into(block) is IoStatus.OK
    assert io.write(block) is IoStatus.OK
    assert io.read_into(block) is IoStatus.GONE
    io.close()
    assert inner.closed


def test_it_says_what_it_costs() -> None:
    io = ResampledIo(MemoryIo(96000, 256, np.zeros(960, np.float32)), 128)
    assert io.latency_frames == 208
    assert io.notes == ["runs at 96000 Hz: resampling adds 4.3 ms"]


def test_how_chunks_are_cut_makes_no_difference() -> None:
    signal = band_noise(44100, 20_000, 15_000.0)[:, None]
    whole = WindowResampler(44100, 48000, 1)
    cut = WindowResampler(44100, 48000, 1)
    expected = whole.process(signal)
    places = [0, 1, 2, 700, 701, 1500, 9000, 9001, 20_000]
    returned = np.concatenate([cut.process(signal[a:b]) for a, b in pairwise(places)])
    assert len(returned) == len(expected) == cut.frames_after(20_000)
    assert np.abs(returned - expected).max() < 1e-5
