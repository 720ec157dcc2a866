"""The panel's plugged controls: those on MIDI and USB, which come and go, beside those on pins."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from hw.controls.events import PanelEvent
from hw.controls.kinds import KeySpec, MidiKnobSpec, MidiSwitchSpec
from hw.controls.problems import Reported, title
from hw.controls.spec import PanelSpec
from hw.midi.messages import PITCH_TOP, MidiMessage
from hw.midi.midi import MidiThread, feedback_messages, source_of
from hw.midi.routes import MidiRoutes

if TYPE_CHECKING:
    from hw.panel.usb_keys import HidThread

Heard = Callable[[str, str, float, str, float], None]


class PluggedControls:
    """The MIDI and USB controls of one panel. contact(name, closed), tell(event) and
    heard(source, kind, value, words, at_s) are called in their threads. The simulator calls `take_midi` and `take_key`.
    """

    def __init__(
        self,
        spec: PanelSpec,
        contact: Callable[[str, bool], None],
        tell: Callable[[PanelEvent], None],
        heard: Heard,
        root: Path,
    ) -> None:
        self._contact, self._heard = contact, heard
        self._root = root
        self._problems: list[str] = []
        self._keys: dict[tuple[str, str], str] = {}
        self._latching = {switch.name for switch in spec.switches if switch.gestures.latching}
        for switch in spec.switches:
            if isinstance(switch, KeySpec):
                with Reported(self._problems.append, switch):
                    from hw.panel.usb_keys import check_key  # a panel without USB keys does not load evdev

                    self._keys[switch.device, check_key(switch.key)] = switch.name
        self._midi_controls = {
            control.name: control
            for control in (*spec.switches, *spec.knobs)
            if isinstance(control, MidiSwitchSpec | MidiKnobSpec)
        }
        if spec.midi is None:
            self._problems += [f"{title(c)} is off: MIDI is switched off" for c in self._midi_controls.values()]
        self._routes = MidiRoutes(spec, contact, tell)
        self._between: set[str] = set()  # controllers that have sent a value other than off and on
        self._midi = MidiThread(spec.midi, self.take_midi, self._routes.gone, root, tell) if spec.midi else None
        self._hid: HidThread | None = None

    @property
    def problems(self) -> list[str]:
        """Any thread."""
        midi = [*self._midi.problems, *self._routes.problems] if self._midi else []
        return self._problems + midi + (self._hid.problems if self._hid else [])

    @property
    def midi_names(self) -> tuple[str, ...]:
        return self._midi.ports if self._midi else ()

    @property
    def hid_ids(self) -> tuple[str, ...]:
        return self._hid.devices if self._hid else ()

    def start(self) -> None:
        if self._midi is not None:
            self._midi.start()
        if self._keys:
            self._start_hid()

    def learn(self, learning: bool) -> None:
        """True: read every keyboard; False: only the mapped ones. MIDI is always read."""
        self._between.clear()
        if learning and self._hid is None:
            self._start_hid()
        if self._hid is not None:
            self._hid.learn(learning)

    @property
    def lamps(self) -> tuple[str, ...]:
        """The controls that may have a lamp, a ring or a motor of their own."""
        return tuple(self._midi_controls)

    def feedback(self, name: str, position: float, now: bool = True) -> None:
        """Show `position` 0…1 on a MIDI control, now or when it is plugged in again. Ignores other names."""
        control = self._midi_controls.get(name)
        if control is not None and self._midi is not None:
            for message in feedback_messages(control, position):
                self._midi.send(control.port, message, now)

    def tempo(self, bpm: float | None, beat_at_s: float) -> None:
        """Send this tempo as MIDI clock, if that is switched on. Any thread."""
        if self._midi is not None:
            self._midi.follow(bpm, beat_at_s)

    def take_midi(self, port: str, message: MidiMessage) -> None:
        """A MIDI message came in."""
        source, words = source_of(port, message)
        kind, value = "switch", float(message.value > 0)
        if message.kind == "program":
            kind, value = "program", float(message.number)
        elif message.kind == "pitch":
            kind, value = "turn", message.value / PITCH_TOP
        elif message.kind == "cc":
            if message.value not in (0, 127):
                self._between.add(source)
            if source in self._between:
                kind, value = "turn", message.value / 127
        self._heard(source, kind, value, words, time.monotonic())
        self._routes.take(port, message)

    def take_key(self, device: str, key: str, closed: bool) -> None:
        """A key went down or up."""
        self._heard(f"hid:{device}:{key}", "switch", float(closed), f"{key} of keyboard {device}", time.monotonic())
        name = self._keys.get((device, key))
        if name is not None:
            self._contact(name, closed)

    def let_go(self, device: str, key: str) -> None:
        """A device was unplugged while a key was down: release it, but do not flip a latching switch."""
        name = self._keys.get((device, key))
        if name is not None and name not in self._latching:
            self._contact(name, False)

    def end(self) -> list[str]:
        """Stop. Returns the names of threads that did not end."""
        return [thread.name for thread in (self._midi, self._hid) if thread is not None and not thread.end()]

    def _start_hid(self) -> None:
        from hw.panel.usb_keys import HidThread

        self._hid = HidThread({device for device, _ in self._keys}, self.take_key, self._root, let_go=self.let_go)
        self._hid.start()
