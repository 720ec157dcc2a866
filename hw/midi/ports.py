"""MIDI ports: finds and opens them.

USB MIDI is read from ALSA's raw device files, serial MIDI from its UART. Both are a stream of bytes on a file
descriptor; this needs neither the ALSA sequencer nor a compiled library.
"""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hw.midi.messages import MidiMessage, MidiParser

if TYPE_CHECKING:
    from serial import Serial

BAUD = 31250


@dataclass(frozen=True, slots=True)
class MidiPortPlace:
    """A port to open. name as in `Activity.source`: the UART's, or the card's id ("FCB1010-2" for its second port)."""

    name: str
    path: Path
    serial: bool = False


def find_midi_ports(root: Path = Path("/"), usb: bool = True, serial: Sequence[str] = ()) -> list[MidiPortPlace]:
    """Every MIDI port that is there now. A card with n ports is opened n times: ALSA gives the next free one."""
    places = []
    for path in sorted((root / "dev/snd").glob("midiC*D*")) if usb else ():
        card, device = re.fullmatch(r"midiC(\d+)D(\d+)", path.name).groups()  # type: ignore[union-attr]  # by the glob
        folder = root / f"proc/asound/card{card}"
        name = (_text(folder / "id") or _text(root / f"sys/class/sound/card{card}/id")).strip() or f"card{card}"
        name += f".{device}" if device != "0" else ""
        indices = re.findall(r"^(?:Input|Output) (\d+)", _text(folder / f"midi{device}"), re.MULTILINE)
        count = max((int(index) for index in indices), default=0) + 1
        places += [MidiPortPlace(name if n == 0 else f"{name}-{n + 1}", path) for n in range(count)]
    places += [MidiPortPlace(Path(path).name, Path(path), serial=True) for path in serial if Path(path).exists()]
    return places


class MidiPort:
    """One open port. The MIDI thread's alone. Opening raises OSError (serial.SerialException is one)."""

    def __init__(self, place: MidiPortPlace) -> None:
        self.place = place
        self.parser = MidiParser()
        self._unsent = b""
        self._serial = _open_serial(place.path) if place.serial else None
        self.fd = _open_raw(place.path) if self._serial is None else self._serial.fileno()

    def read(self) -> list[MidiMessage]:
        """The messages that came in. Raises OSError when the port is gone."""
        try:
            data = os.read(self.fd, 4096)
        except BlockingIOError:
            return []
        if not data:
            raise OSError(f"{self.place.path} is at its end")
        return self.parser.feed(data)

    def send(self, data: bytes = b"") -> bool:
        """Send this after the unsent rest. Returns whether anything is still unsent. Raises OSError when it is gone."""
        self._unsent += data
        try:
            while self._unsent:
                self._unsent = self._unsent[os.write(self.fd, self._unsent) :]
        except BlockingIOError:
            pass
        return bool(self._unsent)

    @property
    def busy(self) -> bool:
        """Whether bytes are still unsent: then a slow port gets no more."""
        return bool(self._unsent)

    def close(self) -> None:
        if self._serial is not None:
            self._serial.close()
        else:
            os.close(self.fd)


def explain_port(place: MidiPortPlace, error: OSError) -> str:
    """Why a port does not open, and how to mend it."""
    why = str(error)
    if isinstance(error, PermissionError) or "ermission" in why:
        why = f"no permission. Add the user to the group {'dialout' if place.serial else 'audio'}"
    elif "busy" in why.lower() or "lock" in why.lower() or isinstance(error, BlockingIOError):
        why = "another program has it"
    return f"MIDI port {place.name} ({place.path}) is off: {why}"


def _open_serial(path: Path) -> "Serial":
    from serial import Serial

    return Serial(str(path), BAUD, timeout=0, write_timeout=0, exclusive=True)


def _open_raw(path: Path) -> int:
    """Open both directions if the port has both: a footswitch may have no input, a light box no output."""
    flags = os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
    for mode in (os.O_RDWR, os.O_RDONLY):
        try:
            return os.open(path, mode | flags)
        except PermissionError:
            raise
        except OSError:
            continue
    return os.open(path, os.O_WRONLY | flags)


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
