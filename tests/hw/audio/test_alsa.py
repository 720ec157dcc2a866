"""AlsaIo on the virtual USB interface: what the contract does not cover, above all how devices vanish."""

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from hw.audio.agreement import ChannelOutOfRangeError, UnsupportedFormatError
from hw.audio.alsa import AlsaRequest
from hw.audio.alsa_stream import _card_name
from hw.audio.audio_io import AudioIo, IoStatus
from hw.audio.open import open_alsa
from hw.audio.probe import DeviceBusyError, DeviceNotFoundError, Direction, in_use_by, probe
from tests.conftest import MakeUsb
from tests.rigs.virtual_usb.rig import Unplug, VirtualUsb, locate

pytestmark = pytest.mark.rig
NOISE = np.random.default_rng(5).integers(-(2**31), 2**31, (48000, 2), dtype=np.int64).astype(np.int32)


def open_on(usb: VirtualUsb, **wanted: Any) -> AudioIo:
    return open_alsa(AlsaRequest(usb.device, usb.device, **{"period_frames": 256, "periods": 8, **wanted}))


def block_for(io: AudioIo) -> NDArray[np.float32]:
    return np.zeros((io.format.box_period_frames, len(io.format.input_channels)), np.float32)


def loop(io: AudioIo, blocks: int) -> list[IoStatus]:
    """Pass blocks through; the statuses of the reads."""
    block = block_for(io)
    statuses = []
    for _ in range(blocks):
        statuses.append(io.read_into(block))
        io.write(block)
    return statuses


@pytest.mark.parametrize(("sample_format", "kept"), [("S16_LE", -(2**16)), ("S24_3LE", -(2**8)), ("S32_LE", -(2**8))])
def test_each_sample_format_passes_its_bits(make_usb: MakeUsb, sample_format: str, kept: int) -> None:
    usb = make_usb(patient=True, capture=NOISE, formats=(sample_format,))
    io = open_on(usb, input_channels=(1, 2))
    assert io.format.sample_format == sample_format
    io.start()
    assert loop(io, 40) == [IoStatus.OK] * 40
    io.close()
    played = usb.recording()
    [begin] = locate(played[:, 0], NOISE[:1000, 0] & kept)
    assert np.array_equal(played[begin : begin + 6000], NOISE[:6000] & kept)


@pytest.mark.parametrize("how", [Unplug.ENODEV, Unplug.EBADFD, Unplug.EIO, Unplug.EPIPE, Unplug.SILENT])
def test_however_it_vanishes_it_is_gone_and_can_come_back(make_usb: MakeUsb, how: Unplug) -> None:
    usb = make_usb(patient=True, capture=NOISE, loop=True)
    io = open_on(usb, timeout_ms=20)
    io.start()
    loop(io, 5)
    usb.unplug(how)
    statuses = loop(io, 60)
    assert statuses[-1] is IoStatus.GONE
    assert usb.device in io.gone_reason
    if how is Unplug.SILENT:
        assert IoStatus.TIMEOUT in statuses
    with pytest.raises(DeviceNotFoundError):
        open_on(usb)
    io.close()
    usb.replug()
    again = open_on(usb)
    again.start()
    assert loop(again, 10)[-1] is IoStatus.OK
    again.close()


def test_a_device_that_hangs_times_out_and_goes_on_when_it_does(make_usb: MakeUsb) -> None:
    usb = make_usb(patient=True, capture=NOISE, loop=True)
    io = open_on(usb, timeout_ms=20)
    block = block_for(io)
    io.start()
    loop(io, 5)
    usb.hang()
    status = IoStatus.OK
    while status is IoStatus.OK:  # what the device had recorded already
        block[:] = 1.0
        status = io.read_into(block)
    assert status is IoStatus.TIMEOUT
    assert not block.any()
    usb.resume()
    assert IoStatus.OK in loop(io, 5)
    assert io.gone_reason == ""
    io.close()


def test_a_short_stall_loses_nothing(make_usb: MakeUsb) -> None:
    usb = make_usb(patient=True, capture=NOISE)
    io = open_on(usb, input_channels=(1, 2), timeout_ms=500)
    io.start()
    loop(io, 10)
    usb.stall(10.0)
    assert loop(io, 30) == [IoStatus.OK] * 30
    io.close()
    [begin] = locate(usb.recording()[:, 0], NOISE[:7000, 0] & -256)
    assert begin == 8 * 256


def test_after_an_xrun_both_directions_start_again(make_usb: MakeUsb) -> None:
    usb = make_usb(patient=True, capture=NOISE, loop=True)
    io = open_on(usb)
    io.start()
    loop(io, 10)
    usb.xrun(capture=False, playback=True)
    block = block_for(io)
    io.read_into(block)
    assert io.write(block) is IoStatus.XRUN
    assert io.read_into(block) is IoStatus.OK
    after = (block[:, 0] * 2**23).astype(np.int32) << 8
    assert io.write(block) is IoStatus.OK
    loop(io, 20)
    io.close()
    assert io.xruns == 1
    counters = usb.counters
    assert counters["capture"]["starts"] == counters["playback"]["starts"] >= 2  # more when it was held up in between
    [read_at], [played_at] = locate(NOISE[:, 0] & -256, after), locate(usb.recording()[:, 0], after)
    assert read_at > 10 * 256
    assert played_at > 18 * 256


def test_the_device_is_busy(usb: VirtualUsb) -> None:
    io = open_on(usb)
    with pytest.raises(DeviceBusyError, match=r"hushbox_test: its capture is in use by another program"):
        open_on(usb)
    io.close()
    open_on(usb).close()


def test_who_has_it_is_read_from_proc(tmp_path: Path) -> None:
    status = tmp_path / "proc/asound/USB/pcm0p/sub0/status"
    status.parent.mkdir(parents=True)
    status.write_text("state: RUNNING\nowner_pid   : 812\n")
    (tmp_path / "proc/812").mkdir()
    (tmp_path / "proc/812/comm").write_text("jackd\n")
    assert in_use_by("USB", Direction.PLAYBACK, tmp_path) == "jackd (process 812)"
    assert in_use_by("USB", Direction.CAPTURE, tmp_path) == ""


def test_a_device_that_is_not_there_is_refused_with_what_is(usb: VirtualUsb) -> None:
    with pytest.raises(DeviceNotFoundError, match="nonsense: no capture there; there is: "):
        open_alsa(AlsaRequest("nonsense", usb.device))


def test_what_the_interface_cannot_do_is_refused_and_lets_go_of_it(make_usb: MakeUsb) -> None:
    usb = make_usb(patient=True, formats=("S16_LE",))
    with pytest.raises(ChannelOutOfRangeError, match="output channel 3: hushbox_test has 1 to 2"):
        open_on(usb, output_channels=(3,))
    with pytest.raises(UnsupportedFormatError, match="hushbox_test has S16_LE"):
        open_on(usb, sample_format="S32_LE")
    open_on(usb).close()


def test_another_period_than_asked_is_taken_and_reported(make_usb: MakeUsb) -> None:
    usb = make_usb(patient=True, capture=NOISE, periods_frames=(512,), formats=("S32_LE",))
    io = open_on(usb, period_frames=128, periods=4)
    assert (io.format.period_frames, io.format.box_period_frames, io.format.periods) == (512, 512, 4)
    assert getattr(io, "notes") == ["asked for 128 frames x 4, the interface does 512 x 4"]  # noqa: B009
    io.start()
    assert loop(io, 3) == [IoStatus.OK] * 3
    io.close()


def test_eight_channels(make_usb: MakeUsb) -> None:
    eight = np.random.default_rng(6).integers(-(2**23), 2**23, (9600, 8)).astype(np.int32) << 8
    usb = make_usb(patient=True, capture=eight, capture_channels=8, playback_channels=8)
    io = open_on(usb, input_channels=(8, 3), output_channels=(5, 6))
    io.start()
    assert loop(io, 30) == [IoStatus.OK] * 30
    io.close()
    played = usb.recording()
    # The first frames are lost where the two directions were started anew, having started apart.
    [begin] = locate(played[:, 4], eight[1500:2500, 7])
    assert np.array_equal(played[begin : begin + 1000, 5], eight[1500:2500, 2])
    assert not played[:, [0, 1, 2, 3, 6, 7]].any()


@pytest.mark.parametrize("rate_hz", [44100, 96000])
def test_an_interface_without_48_khz_is_resampled(make_usb: MakeUsb, rate_hz: int) -> None:
    tone = (0.5 * np.sin(2 * np.pi * 997 / rate_hz * np.arange(rate_hz // 2))).astype(np.float32)
    usb = make_usb(patient=True, capture=tone, rates=rate_hz)
    io = open_on(usb)
    assert (io.format.rate_hz, io.format.box_period_frames) == (rate_hz, 256)
    assert io.latency_frames > 0
    io.start()
    assert loop(io, 60) == [IoStatus.OK] * 60
    time.sleep(0.05)
    io.close()
    played = usb.recording()[:, 0] / 2**31
    heard = np.flatnonzero(np.abs(played) > 0.01)[0]
    steady = played[heard + 2000 : heard + 8000]
    angle = 2 * np.pi * 997 / rate_hz * np.arange(len(steady))
    waves = np.stack([np.sin(angle), np.cos(angle)], axis=1)
    parts = np.linalg.lstsq(waves, steady, rcond=None)[0]
    assert 20 * np.log10(np.std(steady - waves @ parts) / np.std(steady)) < -100
    assert np.hypot(*parts) == pytest.approx(0.5, rel=1e-5)


def test_both_directions_share_a_clock_that_may_run_fast(make_usb: MakeUsb) -> None:
    usb = make_usb(patient=True, capture=NOISE)
    io = open_on(usb, input_channels=(1, 2))
    usb.skew(20_000)
    io.start()
    assert loop(io, 60) == [IoStatus.OK] * 60
    io.close()
    assert locate(usb.recording()[:, 0], NOISE[:10000, 0] & -256) == [8 * 256]


def test_what_is_wrong_is_said_once(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(DeviceNotFoundError, match="no capture there"):
        probe("hw:CARD=Nope", Direction.CAPTURE)
    assert capfd.readouterr().err == ""  # libasound has something to say too


def test_a_card_that_vanishes_while_it_is_opened_has_no_name() -> None:
    assert _card_name(31) == ""
