"""Opens an interface: one device both ways, or two with a clock each."""

from hw.audio.agreement import (
    BOX_RATE_HZ,
    Agreement,
    AlsaRequest,
    agree,
    agree_apart,
    check,
)
from hw.audio.alsa import AlsaIo, check_stream, one_clock
from hw.audio.alsa_stream import AlsaStream
from hw.audio.audio_io import AudioIo
from hw.audio.clocks.resampled import ResampledIo
from hw.audio.clocks.two_clocks import TwoClocksIo
from hw.audio.probe import Direction, probe


def open_alsa(request: AlsaRequest) -> AudioIo:
    """Open both directions, not yet started. Another rate than 48 kHz is resampled. Not while streaming.

    Raises DeviceError, DeviceNotFoundError, DeviceBusyError or DeviceForbiddenError (hw.audio.probe) when it cannot be
    opened, and an error of hw.audio.agreement when it cannot do what is asked.
    """
    check(request)
    capture = probe(request.capture_device, Direction.CAPTURE)
    playback = probe(request.playback_device, Direction.PLAYBACK)
    io: AudioIo
    if one_clock(request, capture, playback):
        io = AlsaIo(request, agree(request, capture, playback))
    else:
        io = _open_apart(request, *agree_apart(request, capture, playback))
    if io.format.rate_hz == BOX_RATE_HZ:
        return io
    return ResampledIo(io, request.period_frames)


def _open_apart(request: AlsaRequest, to_record: Agreement, to_play: Agreement) -> TwoClocksIo:
    """Two devices, each with a clock of its own."""
    capture = AlsaStream(
        Direction.CAPTURE, request.capture_device, to_record, to_record.capture_format, to_record.capture_channels
    )
    try:
        playback = AlsaStream(
            Direction.PLAYBACK, request.playback_device, to_play, to_play.playback_format, to_play.playback_channels
        )
    except BaseException:
        capture.close()
        raise
    try:
        check_stream(capture, to_record)
        check_stream(playback, to_play)
        return TwoClocksIo(
            capture, playback, request.input_channels, request.output_channels, timeout_ms=request.timeout_ms
        )
    except BaseException:
        capture.close()
        playback.close()
        raise
