"""The judgement on a device, block by block, on a clock that the test moves."""

import logging

import pytest

from firmware_app.audio.device_watch import PATIENCE_S, DeviceWatch
from firmware_app.audio.source import Opened
from hw.audio.audio_io import IoFormat, IoStatus

PERIOD = 480


class Device:
    name, latency_frames, xruns, gone_reason = "Scarlett (hw:CARD=USB)", 0, 0, ""

    def __init__(self, rate_hz: int = 48_000) -> None:
        self.format = IoFormat(rate_hz, PERIOD, 3, "S24_3LE", 1, 1, (1,), (1,), PERIOD)


class World:
    def __init__(self) -> None:
        self.now = 50.0
        self.watch = DeviceWatch(lambda: self.now)

    def hear(self, seconds: float, rate_hz: float = 48_000, status: IoStatus = IoStatus.OK) -> bool:
        """Blocks at this rate for so long, or until the device is given up."""
        until = self.now + seconds
        while self.now < until:
            self.now += PERIOD / rate_hz
            if not self.watch.goes_on(status):
                return False
        return True


@pytest.fixture
def world() -> World:
    return World()


def test_silence_is_borne_for_a_second(world: World) -> None:
    world.watch.begin(Device())
    assert world.hear(PATIENCE_S - 0.1, status=IoStatus.TIMEOUT)
    assert world.hear(0.1)
    assert world.hear(PATIENCE_S - 0.1, status=IoStatus.TIMEOUT)
    assert not world.hear(1.0, status=IoStatus.TIMEOUT)
    assert world.watch.ended == "Scarlett (hw:CARD=USB): no sound for 1 s, opening it again"


def test_a_rate_that_was_switched_is_agreed_anew_and_then_put_up_with(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    life = world.watch
    life.begin(Device())
    assert world.hear(6.0)
    assert not world.hear(10.0, rate_hz=44_100)
    assert "its clock went from 48000 to about 44100 Hz" in life.ended
    life.closed(life.ended)
    world.now += 1.0
    with caplog.at_level(logging.INFO):
        assert life.opened(Opened(Device(), False, "")).message == life.trouble
    assert "Scarlett (hw:CARD=USB) is open again after 1.0 s" in caplog.text
    life.begin(Device())  # it still says 48000: in and out are off alike, and sound is better than none
    assert world.hear(10.0, rate_hz=44_100)
    assert life.news
    assert life.message.startswith("Scarlett (hw:CARD=USB) says 48000 Hz but runs at about 44100")
    assert life.trouble == ""


def test_a_resampled_interface_is_judged_at_its_own_rate(world: World) -> None:
    world.watch.begin(Device(44_100))
    assert world.hear(6.0)
    assert not world.hear(10.0, rate_hz=48_000 / 0.9)
    assert "from 44100 to about 49000 Hz" in world.watch.ended


def test_a_device_that_starts_again_and_again_keeps_its_clock(world: World) -> None:
    """Each underrun costs a buffer's time, and so five of them a second look like 4 % less than 48 kHz."""
    world.watch.begin(Device())
    for _ in range(50):
        assert world.hear(0.2)
        world.now += 0.008
        world.watch.lost()
    assert world.hear(6.0)
    assert not world.hear(10.0, rate_hz=44_100)
    assert "from 48000 to about 44100 Hz" in world.watch.ended


def test_what_ends_on_purpose_is_no_trouble(world: World) -> None:
    world.watch.begin(Device())
    assert world.hear(1.0)
    world.watch.closed(world.watch.ended)
    assert world.watch.trouble == ""
    assert world.watch.opened(opened := Opened(Device(), False, "")) is opened
