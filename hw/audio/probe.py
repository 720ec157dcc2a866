"""What an ALSA device can do in one direction, or why it cannot be opened. Never while streaming."""

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import alsaaudio

from hw.audio.quiet_alsa import hush
from hw.audio.samples import SAMPLE_FORMATS
from hw.audio.sound_servers import why_not_there
from hw.errors import HwError

RATES_HZ = (48000, 96000, 44100, 88200, 192000, 176400, 32000, 24000, 22050, 16000, 11025, 8000)
"""Rates at which Hushbox runs an interface, best first."""


class Direction(Enum):
    CAPTURE = "capture"
    PLAYBACK = "playback"

    @property
    def pcm_type(self) -> int:
        """What pyalsaaudio calls it."""
        return int(alsaaudio.PCM_CAPTURE if self is Direction.CAPTURE else alsaaudio.PCM_PLAYBACK)


class DeviceError(HwError, OSError):
    """An audio interface cannot be opened, for a reason that has no class of its own."""


class DeviceNotFoundError(HwError, FileNotFoundError):
    """There is no such audio interface, or it cannot do this direction."""


class DeviceBusyError(HwError, BlockingIOError):
    """Another program has the audio interface."""


class DeviceForbiddenError(HwError, PermissionError):
    """This user may not use audio interfaces."""


@dataclass(frozen=True, slots=True)
class PcmCaps:
    """What one direction of a device can do: of formats and rates, those that Hushbox can use, best first."""

    formats: tuple[str, ...]
    rates_hz: tuple[int, ...]
    channels: tuple[int, ...]  # counts that can be opened
    card: int = -1  # its number at present; -1 for a PCM that belongs to none


def probe(device: str, direction: Direction) -> PcmCaps:
    """Open the device for a moment and ask it. Raises DeviceError or one of its kind, as above."""
    with opening(device, direction):
        pcm = alsaaudio.PCM(
            type=direction.pcm_type, mode=alsaaudio.PCM_NONBLOCK, device=device, rate=48000, periodsize=128
        )
        try:
            return PcmCaps(
                formats=tuple(name for name in SAMPLE_FORMATS if name in pcm.getformats()),
                rates_hz=_rates(pcm.getrates()),
                channels=tuple(pcm.getchannels()[:64]),
                card=int(pcm.info()["card_no"]),
            )
        finally:
            let_go(pcm)


def let_go(pcm: Any) -> None:
    """Close a pyalsaaudio PCM at once, whatever state it is in."""
    # close() alone would drain, which also starts a playback PCM that never ran.
    with suppress(alsaaudio.ALSAAudioError):
        pcm.drop()
    with suppress(alsaaudio.ALSAAudioError):
        pcm.close()


@contextmanager
def opening(device: str, direction: Direction) -> Iterator[None]:
    """Turn pyalsaaudio's errors while opening `device` into ours, which say what is wrong and which devices exist."""
    hush()
    try:
        yield
    except alsaaudio.ALSAAudioError as error:
        raise _explain(device, direction, str(error)) from error


def _explain(device: str, direction: Direction, text: str) -> HwError:
    reason = text.split(" [")[0]
    if why_not := why_not_there(device):
        return DeviceNotFoundError(f"audio interface {device}: {why_not}")
    if reason in (os.strerror(errno.ENOENT), os.strerror(errno.ENODEV), os.strerror(errno.ENXIO)):
        return DeviceNotFoundError(f"audio interface {device}: no {direction.value} there; there is: {_present()}")
    if reason == os.strerror(errno.EBUSY):
        user = _user(device, direction)
        return DeviceBusyError(f"audio interface {device}: its {direction.value} is in use by {user}")
    if reason in (os.strerror(errno.EACCES), os.strerror(errno.EPERM)):
        return DeviceForbiddenError(f"audio interface {device}: not allowed for this user; add it to the group audio")
    return DeviceError(f"audio interface {device}: {direction.value} cannot be opened: {reason}")


def _present() -> str:
    cards: list[str] = []
    with suppress(alsaaudio.ALSAAudioError):  # it fails for all cards when one is forbidden
        cards = [f"hw:CARD={name}" for name in alsaaudio.cards()]
    return ", ".join(cards) or "no audio interface at all"


def _user(device: str, direction: Direction) -> str:
    match = re.search(r"CARD=([^,]+)", device) or re.match(r"[a-z]*hw:([^,]+)", device)
    card = match.group(1) if match else "-"
    return in_use_by(f"card{card}" if card.isdigit() else card, direction) or "another program"


def in_use_by(card: str, direction: Direction, root: Path = Path("/")) -> str:
    """Who uses the card ("card0" or its id), by /proc/asound: "jackd (process 812)", or "" if it does not say."""
    for status in sorted((root / "proc/asound" / card).glob(f"pcm*{direction.value[0]}/sub*/status")):
        owner = re.search(r"^owner_pid\s*:\s*(\d+)", _text(status), re.MULTILINE)
        if owner:
            return f"{_text(root / 'proc' / owner[1] / 'comm').strip() or 'a program'} (process {owner[1]})"
    return ""


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def _rates(answer: int | tuple[int, int] | list[int]) -> tuple[int, ...]:
    """The rates of Hushbox in pyalsaaudio's answer: one rate, (lowest, highest), or a list."""
    if isinstance(answer, tuple):
        return tuple(rate for rate in RATES_HZ if answer[0] <= rate <= answer[1])
    known = [answer] if isinstance(answer, int) else answer
    return tuple(rate for rate in RATES_HZ if rate in known)
