"""What Hushbox asks of an interface, and what both can agree on. Nothing is opened here."""

from dataclasses import dataclass, replace
from math import ceil

from hw.audio.probe import RATES_HZ, PcmCaps
from hw.audio.samples import SAMPLE_FORMATS
from hw.errors import HwError

BOX_RATE_HZ = 48000
PERIOD_FRAMES = (32, 1024)
PERIODS = (2, 8)
MOST_CHANNELS = 16


class UnsupportedRateError(HwError, ValueError):
    """The interface cannot run at this rate."""


class UnsupportedFormatError(HwError, ValueError):
    """The interface has no such sample format."""


class ChannelOutOfRangeError(HwError, IndexError):
    """The interface has no such channel."""


class BadPeriodError(HwError, ValueError):
    """Period length or number outside what Hushbox or the interface does."""


@dataclass(frozen=True, slots=True)
class AlsaRequest:
    """What to ask of a duplex interface.

    rate_hz is the interface's. An interface that cannot do 48000 is run at another rate and resampled; any other rate
    is a demand. Channels count from 1. timeout_ms is how long one read or write may wait.
    """

    capture_device: str
    playback_device: str
    rate_hz: int = BOX_RATE_HZ
    period_frames: int = 128  # at 48 kHz
    periods: int = 3
    sample_format: str = "auto"  # or one of SAMPLE_FORMATS
    input_channels: tuple[int, ...] = (1,)
    output_channels: tuple[int, ...] = (1, 2)
    timeout_ms: int = 200


@dataclass(frozen=True, slots=True)
class Agreement:
    """What to open. period_frames is the interface's, at its rate."""

    rate_hz: int
    period_frames: int
    periods: int
    capture_format: str
    playback_format: str
    capture_channels: int
    playback_channels: int


def check(request: AlsaRequest) -> None:
    """Raise for what no interface can do, before any is opened."""
    lowest, highest = PERIOD_FRAMES
    if not lowest <= request.period_frames <= highest:
        raise BadPeriodError(f"period_frames = {request.period_frames}: allowed {lowest} to {highest}")
    if not PERIODS[0] <= request.periods <= PERIODS[1]:
        raise BadPeriodError(f"periods = {request.periods}: allowed {PERIODS[0]} to {PERIODS[1]}")
    if request.sample_format not in ("auto", *SAMPLE_FORMATS):
        allowed = ", ".join(("auto", *SAMPLE_FORMATS))
        raise UnsupportedFormatError(f"sample_format = {request.sample_format!r}: allowed {allowed}")
    for what, channels in (("input", request.input_channels), ("output", request.output_channels)):
        if not 1 <= len(channels) <= MOST_CHANNELS or len(set(channels)) != len(channels):
            raise ChannelOutOfRangeError(f"{what} channels {channels}: choose 1 to {MOST_CHANNELS} different ones")


def agree(request: AlsaRequest, capture: PcmCaps, playback: PcmCaps) -> Agreement:
    """Match a checked request with what the two directions can do. Raises one of this module's errors."""
    rate_hz = _rate(request, capture, playback)
    return Agreement(
        rate_hz=rate_hz,
        period_frames=period_at(rate_hz, request.period_frames),
        periods=request.periods,
        capture_format=_format(request, request.capture_device, capture),
        playback_format=_format(request, request.playback_device, playback),
        capture_channels=_channels("input", request.capture_device, request.input_channels, capture),
        playback_channels=_channels("output", request.playback_device, request.output_channels, playback),
    )


def period_at(rate_hz: int, frames: int) -> int:
    """The interface's period for one of `frames` at 48 kHz: about as long, in a round number of frames.

    At multiples of 44.1 and 48 kHz that multiple of `frames`, at other rates the next power of two.
    """
    for near in (BOX_RATE_HZ, 44100):
        if rate_hz % near == 0:
            return frames * (rate_hz // near)
    return max(PERIOD_FRAMES[0], 1 << (ceil(frames * rate_hz / BOX_RATE_HZ) - 1).bit_length())


def agree_apart(request: AlsaRequest, capture: PcmCaps, playback: PcmCaps) -> tuple[Agreement, Agreement]:
    """The same for two devices, which need no common rate. Returns (for capture, for playback).

    Only the device's own direction counts in each Agreement.
    """
    return (
        agree(replace(request, playback_device=request.capture_device, output_channels=(1,)), capture, capture),
        agree(replace(request, capture_device=request.playback_device, input_channels=(1,)), playback, playback),
    )


def _rate(request: AlsaRequest, capture: PcmCaps, playback: PcmCaps) -> int:
    both = [rate for rate in capture.rates_hz if rate in playback.rates_hz]
    if request.rate_hz in both:
        return request.rate_hz
    if request.rate_hz == BOX_RATE_HZ and both:
        return both[0]
    raise UnsupportedRateError(
        f"rate {request.rate_hz} Hz: {request.capture_device} records at {_rates(capture)}, "
        f"{request.playback_device} plays at {_rates(playback)}"
    )


def _rates(caps: PcmCaps) -> str:
    if caps.rates_hz:
        return f"{_listed(caps.rates_hz)} Hz"
    return f"no rate that Hushbox knows ({_listed(RATES_HZ)} Hz)"


def _format(request: AlsaRequest, device: str, caps: PcmCaps) -> str:
    wanted = caps.formats if request.sample_format == "auto" else (request.sample_format,)
    for name in wanted:
        if name in caps.formats:
            return name
    raise UnsupportedFormatError(
        f"sample format {request.sample_format}: {device} has {_listed(caps.formats)}, "
        f"Hushbox speaks {_listed(SAMPLE_FORMATS)}"
    )


def _channels(what: str, device: str, chosen: tuple[int, ...], caps: PcmCaps) -> int:
    highest = max(caps.channels, default=0)
    for channel in chosen:
        if not 1 <= channel <= highest:
            raise ChannelOutOfRangeError(f"{what} channel {channel}: {device} has 1 to {highest}")
    return min(count for count in caps.channels if count >= max(chosen))


def _listed(values: tuple[object, ...]) -> str:
    return ", ".join(map(str, values)) or "none that Hushbox knows"
