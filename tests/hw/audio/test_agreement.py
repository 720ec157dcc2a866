"""What is asked, what there is, and what is said when they do not meet."""

from dataclasses import replace
from typing import Any

import pytest

from hw.audio.agreement import (
    AlsaRequest,
    BadPeriodError,
    ChannelOutOfRangeError,
    UnsupportedFormatError,
    UnsupportedRateError,
    agree,
    agree_apart,
    check,
)
from hw.audio.alsa import one_clock
from hw.audio.probe import PcmCaps
from hw.errors import HwError

REQUEST = AlsaRequest("Scarlett", "Scarlett")
CAPS = PcmCaps(("S32_LE", "S24_3LE", "S16_LE"), (48000, 96000, 44100), (2,))


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"period_frames": 16}, BadPeriodError, "period_frames = 16: allowed 32 to 1024"),
        ({"period_frames": 2048}, BadPeriodError, "allowed 32 to 1024"),
        ({"periods": 1}, BadPeriodError, "periods = 1: allowed 2 to 8"),
        ({"sample_format": "S8"}, UnsupportedFormatError, "allowed auto, S32_LE, S24_3LE, S16_LE"),
        ({"input_channels": ()}, ChannelOutOfRangeError, "choose 1 to 16"),
        ({"output_channels": (1, 1)}, ChannelOutOfRangeError, "different"),
    ],
)
def test_what_nothing_can_do_is_refused_at_once(change: dict[str, Any], error: type[HwError], words: str) -> None:
    with pytest.raises(error, match=words):
        check(replace(REQUEST, **change))


def test_errors_are_the_builtins_that_fit() -> None:
    assert issubclass(ChannelOutOfRangeError, IndexError)
    assert issubclass(BadPeriodError, ValueError)


def test_a_channel_that_is_not_there_is_named_with_what_is() -> None:
    with pytest.raises(ChannelOutOfRangeError, match=r"^input channel 5: Scarlett has 1 to 2$"):
        agree(replace(REQUEST, input_channels=(5,)), CAPS, CAPS)


def test_the_fewest_channels_that_do_are_opened() -> None:
    capture = replace(CAPS, channels=(1, 2, 4, 8))
    agreement = agree(replace(REQUEST, input_channels=(1, 3)), capture, CAPS)
    assert (agreement.capture_channels, agreement.playback_channels) == (4, 2)


def test_each_direction_has_its_best_format() -> None:
    agreement = agree(REQUEST, CAPS, replace(CAPS, formats=("S16_LE",)))
    assert (agreement.capture_format, agreement.playback_format) == ("S32_LE", "S16_LE")


def test_a_format_that_was_asked_for_is_taken_or_refused() -> None:
    assert agree(replace(REQUEST, sample_format="S16_LE"), CAPS, CAPS).capture_format == "S16_LE"
    with pytest.raises(UnsupportedFormatError, match="Scarlett has S32_LE, Hushbox speaks"):
        agree(replace(REQUEST, sample_format="S16_LE"), replace(CAPS, formats=("S32_LE",)), CAPS)


@pytest.mark.parametrize(
    ("has", "rate_hz", "period_frames"),
    [
        *(((48000, 96000), 48000, 128), ((96000, 44100), 96000, 256), ((44100,), 44100, 128), ((192000,), 192000, 512)),
        *(((88200,), 88200, 256), ((176400,), 176400, 512), ((32000, 16000), 32000, 128), ((24000,), 24000, 64)),
        *(((22050,), 22050, 64), ((16000,), 16000, 64), ((11025,), 11025, 32), ((8000,), 8000, 32)),
    ],
)
def test_48_khz_if_it_can_be_else_the_best_there_is(has: tuple[int, ...], rate_hz: int, period_frames: int) -> None:
    agreement = agree(REQUEST, replace(CAPS, rates_hz=has), replace(CAPS, rates_hz=has))
    assert (agreement.rate_hz, agreement.period_frames) == (rate_hz, period_frames)


def test_a_headset_that_records_and_plays_at_different_rates_has_two_clocks() -> None:
    telephone, full = replace(CAPS, rates_hz=(16000,), card=3), replace(CAPS, rates_hz=(48000,), card=3)
    assert one_clock(REQUEST, full, full)
    assert not one_clock(REQUEST, telephone, full)
    assert [agreement.rate_hz for agreement in agree_apart(REQUEST, telephone, full)] == [16000, 48000]


def test_another_rate_is_taken_when_asked_for_or_refused() -> None:
    assert agree(replace(REQUEST, rate_hz=44100), CAPS, CAPS).rate_hz == 44100
    with pytest.raises(UnsupportedRateError, match="88200 Hz: Scarlett records at 48000, 96000, 44100 Hz"):
        agree(replace(REQUEST, rate_hz=88200), CAPS, CAPS)
    with pytest.raises(UnsupportedRateError, match=r"no rate that Hushbox knows \(.*48000.* Hz\)"):
        agree(REQUEST, replace(CAPS, rates_hz=()), CAPS)
