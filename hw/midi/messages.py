"""MIDI 1.0 messages: from bytes and to bytes. Source: MIDI 1.0 Detailed Specification 4.2.1.

Our own, because mido 1.3 loses messages on a serial line (it drops running status and every message that a clock byte
interrupts), and python-rtmidi has no wheels for Python 3.13.
"""

from collections.abc import Iterable
from dataclasses import dataclass

DATA_BYTES = {0x80: 2, 0x90: 2, 0xA0: 2, 0xB0: 2, 0xC0: 1, 0xD0: 1, 0xE0: 2}
KINDS = {0x80: "note", 0x90: "note", 0xB0: "cc", 0xC0: "program", 0xE0: "pitch"}
REALTIME, SYSTEM = 0xF8, 0xF0
CLOCKS = (0xF8, 0xFA, 0xFB, 0xFC)
PITCH_TOP = 16383


@dataclass(frozen=True, slots=True)
class MidiMessage:
    """kind "note" (value: velocity, 0 is off), "cc", "program" (number only) or "pitch" (value 0…16383, number 0).

    channel 1…16, number and value 0…127.
    """

    kind: str
    channel: int
    number: int
    value: int = 0

    def bytes(self) -> bytes:
        """The bytes to send."""
        status = {"note": 0x90, "cc": 0xB0, "program": 0xC0, "pitch": 0xE0}[self.kind] | (self.channel - 1)
        if self.kind == "program":
            return bytes((status, self.number))
        if self.kind == "pitch":
            return bytes((status, self.value & 0x7F, self.value >> 7))
        return bytes((status, self.number, self.value))


class MidiParser:
    """One port's stream of bytes, in pieces of any length. One thread.

    Running status is understood; clock and other real-time bytes may come anywhere; system exclusive is ignored. The
    caller must take the real-time bytes too.
    """

    def __init__(self) -> None:
        self._status = 0  # 0: none, data bytes mean nothing
        self._data: list[int] = []
        self._realtime = bytearray()

    def take_realtime(self) -> bytes:
        """The real-time bytes (clock, start, stop) that came since the last call."""
        realtime, self._realtime = bytes(self._realtime), bytearray()
        return realtime

    def feed(self, data: Iterable[int]) -> list[MidiMessage]:
        """The channel messages that these bytes complete, without aftertouch."""
        messages = []
        for byte in data:
            if byte >= REALTIME:
                if byte in CLOCKS:
                    self._realtime.append(byte)
                continue
            if byte >= 0x80:
                self._status = byte if byte < SYSTEM else 0
                self._data = []
            elif self._status:
                self._data.append(byte)
                if len(self._data) == DATA_BYTES[self._status & 0xF0]:
                    message = _message(self._status, self._data)
                    self._data = []
                    if message is not None:
                        messages.append(message)
        return messages


def _message(status: int, data: list[int]) -> MidiMessage | None:
    kind, channel = KINDS.get(status & 0xF0), (status & 0x0F) + 1
    if kind is None:
        return None
    if kind == "program":
        return MidiMessage(kind, channel, data[0])
    if kind == "pitch":
        return MidiMessage(kind, channel, 0, data[0] | data[1] << 7)
    return MidiMessage(kind, channel, data[0], 0 if status & 0xF0 == 0x80 else data[1])
