"""Chooses and opens the device: the interface that was asked for, else the best one there is, else the demo."""

import logging
import os
from dataclasses import dataclass
from pathlib import Path

from dsp.rack.rack import CHAINS
from firmware_app.audio.channels import input_channels, output_channels
from firmware_app.audio.demo import Demo, demo_for
from firmware_app.audio.fit import Fit, dull, fit
from firmware_app.config.keys import AudioConfig, StemsConfig
from firmware_app.config.places import Places
from firmware_app.link.wire import DEMO_PLAYS, MAX_CHANNELS, MOST_INPUTS
from firmware_app.said_once import SaidOnce
from hw.audio import devices
from hw.audio.agreement import AlsaRequest, ChannelOutOfRangeError, UnsupportedFormatError, UnsupportedRateError
from hw.audio.audio_io import AudioIo
from hw.audio.files.wav_io import WavIo
from hw.audio.open import open_alsa
from hw.audio.probe import Direction, probe
from hw.errors import HwError

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Opened:
    """An AudioIo that is ready to start, or the reason why there is none."""

    io: AudioIo | None
    demo: bool
    message: str  # for people; empty when all is well
    fit: Fit | None = None  # the settings as this interface does them


class AudioSource:
    """Opens devices, outside streaming. A lost interface that ran is waited for; the demo does not replace it."""

    def __init__(self, config: AudioConfig, places: Places, stems: StemsConfig | None = None) -> None:
        """stems: which outputs to open for single stems."""
        self._config = config
        self._stems = stems or StemsConfig()
        self._places = places
        self._had_interface = False
        self._before: devices.Interface | None = None  # the one that "auto" chose last
        self._last_message = ""
        self._said = SaidOnce(log)
        self._every_input = self._exactly = False
        self._chain = CHAINS[0]
        self._demo: Demo | None = None  # the one that is open

    def use(self, config: AudioConfig) -> None:
        """Open by these settings from now on."""
        self._config = config

    @property
    def plays_demo(self) -> bool:
        return self._demo is not None

    def other_demo(self, chain: str) -> bool:
        """Whether a demo is open, and this chain has another one. Any time; asks no device."""
        return chain != self._chain and self._demo not in (None, demo_for(chain, self._config, self._places))

    def open(self, chain: str = CHAINS[0], *, every_input: bool = False, exactly: bool = False) -> Opened:
        """Never raises for a device: what is wrong becomes the message, and is logged once.

        chain: the one that is heard, for which a demo is chosen.
        every_input: open all inputs of the interface, for the sound check, not only those of the settings.
        exactly: refuse an interface that cannot do all that the settings ask; otherwise what it can do is used.
        """
        self._every_input, self._exactly = every_input, exactly
        self._chain, self._demo = chain, None
        opened = self._open()
        if opened.message and opened.message != self._last_message:
            self._said.warn(opened.message)
        self._last_message = opened.message
        self._had_interface |= opened.io is not None and not opened.demo
        return opened

    def _open(self) -> Opened:
        wanted = self._config.device
        if wanted == "demo":
            return self._open_demo("")
        if self._config.capture_device and self._config.playback_device:  # there is nothing to choose
            return self._open_interface("")
        if wanted != "auto":
            return self._open_interface(_device(wanted))
        there = devices.list_interfaces(usb_only=self._had_interface)
        choice = devices.choose(there, before=self._before)
        if choice.interface is not None:
            opened = self._open_interface(choice.interface.device)
            if opened.io is not None:
                self._before = choice.interface
            return opened
        if not self._had_interface:
            return self._open_demo(f"{DEMO_PLAYS}: {choice.reason}")
        for taken in (i for i in there if i.usable and i.in_use_by):
            return Opened(
                None, False, f"{taken.name} is in use by {taken.in_use_by}: sound comes back once it is free."
            )
        return Opened(None, False, "The audio interface is gone: plug it in again and sound comes back by itself.")

    def _open_interface(self, device: str) -> Opened:
        audio = self._config
        capture = _device(audio.capture_device) if audio.capture_device else device
        playback = _device(audio.playback_device) if audio.playback_device else device
        fitted = Fit(audio, self._stems)
        try:
            try:
                io = self._open_with(fitted, capture, playback)
            except (ChannelOutOfRangeError, UnsupportedFormatError, UnsupportedRateError):
                if self._exactly:
                    raise
                caps = probe(capture, Direction.CAPTURE), probe(playback, Direction.PLAYBACK)
                fitted = fit(audio, self._stems, *caps)
                io = self._open_with(fitted, capture, playback)
        except HwError as error:
            return Opened(None, False, str(error))
        for note in getattr(io, "notes", ()):  # how the interface differs from what was asked
            log.info("%s: %s", io.name, note)
        said = [*fitted.notes, *filter(None, [dull(io.format.rate_hz)])]
        return Opened(io, False, f"{io.name}: {'; '.join(said)}." if said else "", fitted)

    def _open_with(self, fitted: Fit, capture: str, playback: str) -> AudioIo:
        """Raises HwError."""
        audio = fitted.audio
        outputs = output_channels(audio, fitted.stems)
        request = AlsaRequest(
            capture_device=capture,
            playback_device=playback,
            rate_hz=audio.rate_hz,
            period_frames=audio.period_frames,
            periods=audio.periods,
            sample_format=audio.sample_format,
            input_channels=_all_inputs(capture) if self._every_input else input_channels(audio),
            output_channels=audio.output_channels if self._every_input else outputs,
        )
        return open_alsa(request)

    def _open_demo(self, message: str) -> Opened:
        audio = self._config
        self._demo = demo = demo_for(self._chain, audio, self._places)
        try:
            record_to = audio.record_to or self._recording()
            io = WavIo(
                demo.file,
                record_to,
                period_frames=audio.period_frames,
                realtime=True,
                loop=True,
                input_channels=demo.inputs,
                output_channels=demo.outputs,
            )
        except HwError as error:
            return Opened(None, True, str(error))
        channels = len(io.format.input_channels)
        if demo.inputs is None and channels > MAX_CHANNELS:
            io.close()
            return Opened(None, True, f"{demo.file}: {channels} channels: a demo has 1 or 2")
        message = message or io.warning
        if record_to:
            log.info("one pass of the demo's output is recorded in %s", record_to)
        return Opened(io, True, message, demo.fit)

    def _recording(self) -> Path | None:
        """The default place for the demo's output; None when the state folder cannot be written."""
        folder = self._places.recordings
        try:
            self._places.make_state()
            folder.mkdir(exist_ok=True, mode=0o700)
        except OSError:  # PlacesError is one
            return None
        return folder / "demo.wav" if os.access(folder, os.W_OK) else None


def _device(wanted: str) -> str:
    """The ALSA name of the USB interface that `wanted` names, such as by serial number; it may be in any port.

    What names no interface is an ALSA name already.
    """
    found = devices.named(devices.list_interfaces(usb_only=True), wanted)
    return found.device if found is not None else wanted


def _all_inputs(device: str) -> tuple[int, ...]:
    """The numbers of all inputs, from 1. Raises HwError."""
    return tuple(range(1, min(max(probe(device, Direction.CAPTURE).channels, default=1), MOST_INPUTS) + 1))
