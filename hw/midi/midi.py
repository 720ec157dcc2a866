"""MIDI in and out: opens ports as they come and go, reads them, and sends feedback and clock."""

import errno
import logging
import select
import time
from collections.abc import Callable
from pathlib import Path

from hw.controls.events import TempoEvent
from hw.controls.kinds import MidiKnobSpec, MidiSpec, MidiSwitchSpec
from hw.midi.clock import CLOCK, ClockReader, ClockWriter
from hw.midi.messages import PITCH_TOP, MidiMessage
from hw.midi.ports import MidiPort, explain_port, find_midi_ports
from hw.threads import FAILED, HotplugThread

ECHO_S = 0.1  # the same message back within this time is an echo, not a press

log = logging.getLogger(__name__)


class MidiThread(HotplugThread):
    """Opens every MIDI port that is or comes there, reads them all and sends feedback.

    on_message(port, message), on_gone(port) and, on each beat of a clock, on_tempo(event) are called in this thread.
    """

    def __init__(
        self,
        spec: MidiSpec,
        on_message: Callable[[str, MidiMessage], None],
        on_gone: Callable[[str], None],
        root: Path = Path("/"),
        on_tempo: Callable[[TempoEvent], None] = lambda event: None,
    ) -> None:
        super().__init__("panel MIDI")
        self._spec, self._root = spec, root
        self._on_message, self._on_gone, self._on_tempo = on_message, on_gone, on_tempo
        self._clocks: dict[str, ClockReader] = {}
        self._clock = ClockWriter()
        self._ports: dict[int, MidiPort] = {}
        self._problems: dict[str, str] = {}
        self._shown: dict[tuple[str, MidiMessage], bytes] = {}  # (wanted port, message without value): as last sent
        self._unsent: dict[str, dict[MidiMessage, bytes]] = {}  # by open port
        self._heard: dict[tuple[str, MidiMessage], bytes] = {}
        self._sent: dict[tuple[str, MidiMessage], tuple[bytes, float]] = {}  # (as sent, when); this thread's alone

    @property
    def ports(self) -> tuple[str, ...]:
        """The names of the ports that are open now. Any thread."""
        return tuple(port.place.name for port in list(self._ports.values()))

    @property
    def problems(self) -> list[str]:
        """Ports that are there and cannot be opened. Any thread."""
        return list(self._problems.values())

    def send(self, port: str, message: MidiMessage, now: bool = True) -> None:
        """Show a value on `port` ("*": all): at once, and again when it is plugged in again. Any thread.

        Only the last value of a control is kept. A value that just came from the port is not sent back. now: False
        keeps it for the next time the port is plugged in.
        """
        key = MidiMessage(message.kind, message.channel, message.number)
        with self._condition:
            self._shown[port, key] = message.bytes()
            for open_port in self.ports if now else ():
                if port in ("*", open_port) and self._heard.pop((open_port, key), None) != message.bytes():
                    self._unsent.setdefault(open_port, {})[key] = message.bytes()
            self.wake()

    def follow(self, bpm: float | None, beat_at_s: float) -> None:
        """Send a clock of this tempo to every port, if MidiSpec.clock is "out". Any thread."""
        if self._spec.clock == "out":
            with self._condition:
                self._clock.follow(bpm, beat_at_s, time.monotonic())
                self.wake()

    def due_s(self) -> float:
        with self._condition:
            return self._clock.due_s

    def scan(self) -> None:
        places = {place.name: place for place in find_midi_ports(self._root, self._spec.usb, self._spec.serial)}
        for fd, port in list(self._ports.items()):
            if port.place.name not in places:
                self._drop(fd)
        self._problems = {name: text for name, text in self._problems.items() if name in places}
        for name in set(places) - set(self.ports):
            try:
                port = MidiPort(places[name])
            except OSError as error:
                problem = explain_port(places[name], error)
                if self._problems.get(name) != problem:
                    log.warning("front panel: %s", problem)
                self._problems[name] = problem
                continue
            self._problems.pop(name, None)
            self._ports[port.fd] = port
            self.watch(port.fd)
            log.info("front panel: MIDI port %s is open", name)
            with self._condition:
                self._unsent[name] = {key: data for (to, key), data in self._shown.items() if to in ("*", name)}

    def ready(self, fd: int, events: int) -> None:
        port = self._ports.get(fd)
        if port is None:
            return
        try:
            if events & select.POLLIN:
                for message in port.read():
                    key = MidiMessage(message.kind, message.channel, message.number)
                    if self._is_echo(port.place.name, key, message):
                        continue
                    with self._condition:
                        self._heard[port.place.name, key] = message.bytes()
                        # This value is newer than one that still waits to be sent there.
                        self._unsent.get(port.place.name, {}).pop(key, None)
                    self._on_message(port.place.name, message)
                self._take_clock(port.place.name, port.parser.take_realtime())
            elif events & FAILED:
                raise OSError("it was unplugged")
            if events & select.POLLOUT and not port.send():
                self.watch(fd)
        except OSError:
            self._drop(fd)

    def _is_echo(self, name: str, key: MidiMessage, message: MidiMessage) -> bool:
        """Whether a device only returns what was sent to it. Taken for a press, it would be answered for ever."""
        data, at_s = self._sent.pop((name, key), (b"", 0.0))
        return data == message.bytes() and time.monotonic() - at_s < ECHO_S

    def _take_clock(self, name: str, realtime: bytes) -> None:
        if self._spec.clock != "in":
            return
        clock, now_s = self._clocks.setdefault(name, ClockReader()), time.monotonic()
        for byte in realtime:
            if (beat := clock.take(byte, now_s)) is not None:
                self._on_tempo(TempoEvent(name, *beat))

    def before_sleep(self) -> None:
        with self._condition:
            clock = bytes([CLOCK]) * self._clock.take(time.monotonic())
        for fd, port in list(self._ports.items()):
            if port.busy:
                continue
            name = port.place.name
            with self._condition:
                shown = self._unsent.pop(name, {})
            data = clock + b"".join(shown.values())
            now_s = time.monotonic()
            self._sent.update({(name, key): (wire, now_s) for key, wire in shown.items()})
            try:
                if data and port.send(data):
                    self.watch(fd, writing=True)
            except OSError as error:
                # A port without an input refuses to be written to; it can still be read.
                if error.errno != errno.EBADF:
                    self._drop(fd)

    def shut(self) -> None:
        for fd in list(self._ports):
            self._drop(fd)

    def _drop(self, fd: int) -> None:
        port = self._ports.pop(fd)
        self.forget(fd)
        port.close()
        name = port.place.name
        self._clocks.pop(name, None)
        with self._condition:
            self._unsent.pop(name, None)
            self._heard = {key: data for key, data in self._heard.items() if key[0] != name}
        self._sent = {key: sent for key, sent in self._sent.items() if key[0] != name}
        log.info("front panel: MIDI port %s is gone", name)
        self._on_gone(name)


def feedback_messages(spec: MidiSwitchSpec | MidiKnobSpec, position: float) -> list[MidiMessage]:
    """The messages that show `position` 0…1 on a controller with a light, a ring or a motor."""
    position = min(max(position, 0.0), 1.0)
    if spec.message == "pitch":
        return [MidiMessage("pitch", spec.channel, 0, round(position * PITCH_TOP))]
    if spec.message == "cc14":
        value = round(position * PITCH_TOP)
        coarse = MidiMessage("cc", spec.channel, spec.number, value >> 7)
        return [coarse, MidiMessage("cc", spec.channel, spec.number + 32, value & 0x7F)]
    return [MidiMessage(spec.message, spec.channel, spec.number, round(position * 127))]


def source_of(port: str, message: MidiMessage) -> tuple[str, str]:
    """A message's place, as `Activity.source` and in words."""
    start, tail = f"midi:{port}:{message.kind}:{message.channel}", f"on channel {message.channel} of {port}"
    if message.kind == "pitch":
        return start, f"pitch bend {tail}"
    words = {"cc": f"CC {message.number} {tail}", "note": f"note {message.number} {tail}"}
    return f"{start}:{message.number}", words.get(message.kind, f"program {message.number} {tail}")
