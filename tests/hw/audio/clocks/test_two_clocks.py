"""Recording from one device and playing to another: on clocks that the test moves, then on two virtual interfaces."""

import numpy as np
import pytest

from hw.audio.agreement import BadPeriodError
from hw.audio.alsa import AlsaIo, AlsaRequest
from hw.audio.audio_io import AudioIo, IoStatus
from hw.audio.clocks.resampled import ResampledIo
from hw.audio.clocks.two_clocks import TwoClocksIo
from hw.audio.open import open_alsa
from tests.conftest import MakeUsb
from tests.rigs.virtual_clocks import Pair, VirtualMicrophone, VirtualSpeaker, VirtualTime
from tests.rigs.virtual_usb.rig import Unplug, VirtualUsb

SETTLED_S = 45.0
"""`make bench-drift` goes on for an hour."""


def test_a_minute_apart_by_200_ppm() -> None:
    pair = Pair(200.0)
    pair.run(SETTLED_S)
    assert pair.furthest_off < pair.block.shape[0] / 8  # also while it did not know the clocks yet
    pair.furthest_off = 0.0
    residual_db, later = pair.against_ideal()
    assert residual_db < -60.0
    assert abs(later) < 1.0
    pair.run(10.0)
    assert pair.furthest_off < 1.0
    assert pair.io.loop.drift * 1e6 == pytest.approx(200.0, abs=1.0)
    assert pair.io.xruns == pair.microphone.xruns == pair.speaker.xruns == 0


def test_two_rates_and_long_periods() -> None:
    pair = Pair(-200.0, period_frames=512, rates_hz=(44_100, 48_000))
    pair.run(SETTLED_S)
    assert pair.furthest_off < 128
    assert pair.against_ideal()[0] < -60.0
    assert pair.io.xruns == 0


def test_devices_that_tell_their_place_once_a_millisecond_on_a_busy_computer() -> None:
    pair = Pair(-1000.0, step_frames=48, late_s=0.003)
    pair.run(30.0)
    assert pair.furthest_off < pair.block.shape[0]
    assert pair.io.loop.drift * 1e6 == pytest.approx(-1000.0, abs=20.0)
    pair.furthest_off = 0.0
    pair.run(10.0)
    assert pair.furthest_off < 30.0  # half of what the device does not tell, and a little
    assert pair.io.xruns == 0


def test_a_clock_that_changes_is_followed() -> None:
    pair = Pair(100.0, period_frames=512)
    pair.run(SETTLED_S)
    pair.microphone.set_ppm(-1350.0)  # 1400 ppm less, all at once
    pair.run(SETTLED_S)
    assert pair.furthest_off < pair.block.shape[0]
    assert pair.io.loop.drift * 1e6 == pytest.approx(-1300.0, abs=30.0)
    assert pair.io.xruns == 0


@pytest.mark.parametrize("which", ["microphone", "speaker"])
def test_an_xrun_of_one_device_leaves_the_other_alone_and_the_delay_as_it_was(which: str) -> None:
    pair = Pair(200.0, period_frames=512)
    pair.run(SETTLED_S)
    before = pair.against_ideal()[1]
    other = pair.speaker if which == "microphone" else pair.microphone
    begun, done = other._started, other.done
    getattr(pair, which).lose = True
    statuses = []
    for _ in range(4):
        statuses.append(pair.io.read_into(pair.block))
        statuses.append(pair.io.write(pair.block))
    assert statuses.count(IoStatus.XRUN) == 1
    assert pair.io.xruns == 1
    pair.run(5.0)
    residual_db, later = pair.against_ideal()
    assert residual_db < -40.0  # still putting right a fraction of a frame
    assert later == pytest.approx(before, abs=1.0)
    assert (other._started, other.xruns) == (begun, 0)
    assert other.done > done


def test_sound_that_a_device_loses_without_a_word_does_not_stay_as_delay() -> None:
    pair = Pair(0.0, period_frames=256)
    pair.run(10.0)
    pair.microphone._frames_before += 700  # its clock went on while we did not look
    pair.run(10.0)
    assert pair.io.xruns == 1
    assert abs(pair.level_off) < 5.0


def test_a_speaker_that_plays_one_period_at_a_time_is_refused() -> None:
    time = VirtualTime()
    options = {"period_frames": 128, "periods": 1, "rate_hz": 48_000, "step_frames": 1, "name": "hw:X"}
    microphone = VirtualMicrophone(time, 0.0, np.zeros(48_000, np.int32), **options)
    with pytest.raises(BadPeriodError, match="hw:X: plays 1 period at a time: allowed 2 or more"):
        TwoClocksIo(microphone, VirtualSpeaker(time, 0.0, **options), (1,), (1,))


# --- real libasound -------------------------------------------------------------------------------------------------

NOISE = np.random.default_rng(8).integers(-(2**22), 2**22, (480_000, 1)).astype(np.int32) << 8


@pytest.fixture
def two(make_usb: MakeUsb) -> tuple[VirtualUsb, VirtualUsb]:
    """A microphone that hears a tone, and a speaker."""
    tone = (0.25 * np.sin(2 * np.pi * 440 / 48_000 * np.arange(48_000))).astype(np.float32)
    microphone = make_usb(name="microphone", capture=tone, loop=True, patient=True)
    return microphone, make_usb(name="speaker", beside=microphone, patient=True)


def open_two(two: tuple[VirtualUsb, VirtualUsb], **wanted: object) -> AudioIo:
    microphone, speaker = two
    return open_alsa(AlsaRequest(microphone.device, speaker.device, **{"period_frames": 256, "periods": 4, **wanted}))


def pass_blocks(io: AudioIo, count: int) -> list[IoStatus]:
    block = np.zeros((io.format.box_period_frames, 1), np.float32)
    statuses = []
    for _ in range(count):
        statuses.append(io.read_into(block))
        io.write(block)
    return statuses


@pytest.mark.rig
def test_two_real_devices_carry_sound(two: tuple[VirtualUsb, VirtualUsb]) -> None:
    microphone, speaker = two
    microphone.skew(300)
    speaker.skew(-300)
    io = open_two(two)
    assert isinstance(io, TwoClocksIo)
    assert io.latency_frames == 256 + 24
    assert io.name == "microphone to speaker"
    io.start()
    statuses = pass_blocks(io, 400)
    io.close()
    io.close()
    assert statuses.count(IoStatus.OK) > 200  # on a busy machine the rest start over
    played = speaker.recording()[:, 0] / 2**31
    assert np.std(played[-24_000:-4_000]) == pytest.approx(0.25 / np.sqrt(2), rel=0.1)
    assert io.read_into(np.zeros((256, 1), np.float32)) is IoStatus.GONE


@pytest.mark.rig
def test_one_device_named_twice_keeps_the_exact_path(make_usb: MakeUsb) -> None:
    usb = make_usb()
    io = open_alsa(AlsaRequest(usb.device, usb.device))
    assert isinstance(io, AlsaIo)
    io.close()


@pytest.mark.rig
def test_devices_without_a_common_rate(make_usb: MakeUsb) -> None:
    microphone = make_usb(name="microphone", rates=96_000, capture=NOISE, loop=True, patient=True)
    speaker = make_usb(name="speaker", rates=44_100, beside=microphone, patient=True)
    io = open_two((microphone, speaker))
    assert isinstance(io, ResampledIo)
    assert io.format.rate_hz == 44_100
    io.start()
    assert pass_blocks(io, 100).count(IoStatus.OK) > 40
    io.close()
    assert microphone.counters["capture"]["rate_hz"] == 96_000
    assert speaker.recording()[-8_000:].any()


@pytest.mark.rig
@pytest.mark.parametrize("which", [0, 1], ids=["microphone", "speaker"])
@pytest.mark.parametrize("how", list(Unplug), ids=lambda how: how.name)
def test_either_may_vanish_in_any_way(two: tuple[VirtualUsb, VirtualUsb], which: int, how: Unplug) -> None:
    io = open_two(two, timeout_ms=20)
    io.start()
    pass_blocks(io, 10)
    two[which].unplug(how)
    assert pass_blocks(io, 80)[-1] is IoStatus.GONE
    assert two[which].device in io.gone_reason
    io.close()


@pytest.mark.rig
def test_a_real_xrun_of_one_leaves_the_other_running(two: tuple[VirtualUsb, VirtualUsb]) -> None:
    io = open_two(two)
    io.start()
    pass_blocks(io, 20)
    microphone, speaker = two
    for usb, side, other, other_side in (
        (microphone, "capture", speaker, "playback"),
        (speaker, "playback", microphone, "capture"),
    ):
        xruns, starts, others = io.xruns, usb.counters[side]["starts"], other.counters[other_side]
        usb.xrun(capture=side == "capture", playback=side == "playback")
        pass_blocks(io, 20)
        assert io.xruns > xruns
        assert usb.counters[side]["starts"] > starts
        # On a busy machine the other may have one of its own.
        now = other.counters[other_side]
        assert now["starts"] - others["starts"] == now["xruns"] - others["xruns"]
    io.close()
