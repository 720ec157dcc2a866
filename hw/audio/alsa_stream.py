"""AlsaStream: one direction of one ALSA device, non-blocking."""

import os
import select
import time
from typing import Any

import alsaaudio

from hw.audio.agreement import Agreement
from hw.audio.probe import DeviceError, Direction, let_go, opening
from hw.audio.samples import SAMPLE_BYTES

IDLE_WAKE_UPS = 16  # in a row, before each further one costs a pause


class AlsaStream:
    """One direction of a device: its PCM, what was agreed with it, and waiting for it. Audio thread."""

    def __init__(
        self, direction: Direction, device: str, agreement: Agreement, sample_format: str, channels: int
    ) -> None:
        self.device = device
        with opening(device, direction):
            self.pcm: Any = alsaaudio.PCM(
                type=direction.pcm_type,
                mode=alsaaudio.PCM_NONBLOCK,
                device=device,
                rate=agreement.rate_hz,
                channels=channels,
                format=getattr(alsaaudio, f"PCM_FORMAT_{sample_format}"),
                periodsize=agreement.period_frames,
                periods=agreement.periods,
            )
        # pyalsaaudio silently takes the nearest of everything: only info() says what was agreed.
        info = self.pcm.info()
        self.rate_hz = int(info["rate"])
        self.channels = int(info["channels"])
        self.period_frames = int(info["period_size"])
        self.periods = int(info["periods"])
        self.sample_format = str(info["format_name"])
        card = int(info["card_no"])
        card_name = _card_name(card)
        self.name = f"{card_name} ({device})" if card_name else device
        self._card_folder = f"/proc/asound/card{card}" if card >= 0 else ""
        if (self.sample_format, self.channels) != (sample_format, channels):
            got = f"{self.sample_format} with {self.channels} channels"
            let_go(self.pcm)
            raise DeviceError(f"{device}: asked for {sample_format} with {channels} channels, got {got}")
        self.frame_bytes = self.channels * SAMPLE_BYTES[sample_format]
        self._idle_wake_ups = 0  # in a row
        self._poll = select.poll()
        for fd, events in self.pcm.polldescriptors():
            self._poll.register(fd, events)

    def wait(self, seconds: float) -> bool:
        """Wait until a period can be transferred or there is an error. False: neither, or the time is over."""
        ready = self._poll.poll(seconds * 1000)
        if ready and self.pcm.polldescriptors_revents(ready) != 0:
            self._idle_wake_ups = 0
            return True
        if ready:
            # A device that wakes us again and again must not turn a real-time thread into a runaway.
            self._idle_wake_ups += 1
            if self._idle_wake_ups > IDLE_WAKE_UPS:
                time.sleep(0.001)
        return False

    def vanished(self) -> str:
        """Why the device is gone, or "": some devices vanish without an error."""
        if self.pcm.state() == alsaaudio.PCM_STATE_DISCONNECTED:
            return f"{self.name}: disconnected"
        if self._card_folder and not os.path.exists(self._card_folder):
            return f"{self.name}: its sound card is no longer there"
        return ""

    def close(self) -> None:
        let_go(self.pcm)


def _card_name(card: int) -> str:
    try:
        return str(alsaaudio.card_name(card)[0]) if card >= 0 else ""
    except alsaaudio.ALSAAudioError:  # it was unplugged just now; the first read says so
        return ""
