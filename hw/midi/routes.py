"""Routes MIDI messages to a panel's controls: which switch they press, which knob they turn."""

import time
from collections.abc import Callable

from hw.controls.events import PanelEvent, ProgramEvent, TurnEvent
from hw.controls.kinds import MidiKnobSpec, MidiSwitchSpec
from hw.controls.spec import PanelSpec
from hw.midi.messages import PITCH_TOP, MidiMessage

PUZZLED = 3  # messages that press nothing, before this is told as a problem


class MidiRoutes:
    """The routes of one panel. MIDI thread only (or the simulator's), except `problems`.

    contact(name, closed) moves a switch, tell(event) tells a turn or a program change. Pedals differ: most send a press
    and a release, some only a press, some on and off at alternate presses.
    """

    def __init__(
        self, spec: PanelSpec, contact: Callable[[str, bool], None], tell: Callable[[PanelEvent], None]
    ) -> None:
        self._switches = [switch for switch in spec.switches if isinstance(switch, MidiSwitchSpec)]
        self._knobs = [knob for knob in spec.knobs if isinstance(knob, MidiKnobSpec)]
        self._contact, self._tell = contact, tell
        self._closed: set[tuple[str, str]] = set()  # (port, switch)
        self._last: dict[tuple[str, str], int] = {}  # its last value
        self._worked: set[str] = set()  # switches that were pressed since the start
        self._in_vain: dict[str, int] = {}  # how often another value than 0 was no press
        self._coarse: dict[tuple[str, str], int] = {}  # (port, knob): the high 7 bits of a 14-bit controller
        self._fine: set[tuple[str, str]] = set()  # those that send low bits too

    def take(self, port: str, message: MidiMessage) -> None:
        """A message came from `port`."""
        if message.kind == "program":
            self._tell(ProgramEvent(port, message.channel, message.number, time.monotonic()))
        for switch in self._switches:
            if switch.port in ("*", port) and (switch.message, switch.channel, switch.number) == (
                message.kind,
                message.channel,
                message.number,
            ):
                self._switch(port, switch, message.value)
        for knob in self._knobs:
            if knob.port in ("*", port) and knob.channel == message.channel:
                position = self._position(port, knob, message)
                if position is not None:
                    self._tell(TurnEvent(knob.name, position, time.monotonic()))

    @property
    def problems(self) -> list[str]:
        """Switches whose messages never count as a press. Any thread."""
        return [
            f"MIDI switch {switch.name!r} was heard {count} times and never pressed: its values are "
            f"{'not below' if switch.inverted else 'below'} {switch.pressed_from}. Learn it anew, or set pressed_from"
            for switch in self._switches
            if (count := self._in_vain.get(switch.name, 0)) >= PUZZLED and switch.name not in self._worked
        ]

    def gone(self, port: str) -> None:
        """A port was unplugged: release the switches that were held on it."""
        for held, name in sorted(self._closed):
            if held == port:
                self._move(port, name, closed=False)

    def _switch(self, port: str, switch: MidiSwitchSpec, value: int) -> None:
        if switch.gestures.latching:
            self._contact(switch.name, True)  # each message is a press, whether on or off
            return
        pressed = value >= 1 if switch.message == "note" else (value >= switch.pressed_from) != switch.inverted
        key = (port, switch.name)
        again = switch.message == "note" or value == self._last.get(key)
        if pressed and again and key in self._closed:
            # Two presses in a row: the release between them was not sent. A half-pressed sustain pedal, whose values
            # differ, is still held.
            self._move(port, switch.name, closed=False)
        self._last[key] = value
        if pressed:
            self._worked.add(switch.name)
        elif value > 0:
            self._in_vain[switch.name] = self._in_vain.get(switch.name, 0) + 1
        self._move(port, switch.name, pressed)

    def _move(self, port: str, name: str, closed: bool) -> None:
        (self._closed.add if closed else self._closed.discard)((port, name))
        self._contact(name, closed)

    def _position(self, port: str, knob: MidiKnobSpec, message: MidiMessage) -> float | None:
        if knob.message == "pitch":
            return message.value / PITCH_TOP if message.kind == "pitch" else None
        if message.kind != "cc":
            return None
        if knob.message == "cc":
            return message.value / 127 if message.number == knob.number else None
        key = (port, knob.name)
        if message.number == knob.number:
            self._coarse[key] = message.value
            # When low bits follow, the coarse value alone would be a step back.
            return None if key in self._fine else message.value / 127
        if message.number == knob.number + 32 and key in self._coarse:
            self._fine.add(key)
            return (self._coarse[key] << 7 | message.value) / PITCH_TOP
        return None
