"""The front panel: footswitches, knobs, encoders, pedals, lights, a relay, MIDI and USB HID keys, by configuration.

How to use it:

    panel = Panel(PanelSpec(switches=…, knobs=…, encoders=…, leds=…, chords=…, relay=…, midi=MidiSpec()),
                  on_event=…, on_activity=…)
    panel.start()                      # opens what can be opened; panel.problems has a sentence on each other control
    panel.close()                      # to change the spec: close it and start another

**Kinds of control** (`hw.controls.kinds`): switches are `SwitchSpec` (GPIO), `KeySpec` (USB HID) and `MidiSwitchSpec`;
knobs are `KnobSpec` and `PedalSpec` (converter on SPI) and `MidiKnobSpec`; `EncoderSpec`; lights are `LedSpec`,
`RgbLedSpec` and `MeterSpec`; `ChordSpec` joins two switches of any kind; one `RelaySpec`. An encoder's push is a
SwitchSpec.

**Events** (`hw.controls.events`): each calls `on_event(event)` on hw's own threads, one at a time per kind of hardware.
Return soon; an exception is logged. The name says which control.
- SwitchEvent(name, kind, at_s). PRESS comes at once, unless `Gestures` has a longer gesture or the switch is in a
  chord; `PanelSpec.press_cost(name)` tells the delay. After PRESS, LONG_PRESS, DOUBLE_PRESS or CHORD exactly one
  RELEASE of the same name follows when the foot leaves (of a chord: both feet). So held actions begin with one of the
  four and end with RELEASE; other actions ignore RELEASE. A latching switch tells PRESS and RELEASE at each flip.
- TurnEvent(name, position, at_s, first). `first` comes once per knob at the start. MIDI knobs have no first.
- StepEvent(name, steps, detents, at_s): add `steps` times the parameter's step.
- ProgramEvent(port, channel, program, at_s): every program change of every open port; no control needed.
- TempoEvent(port, bpm, at_s): each beat of a MIDI clock, where `MidiSpec.clock` is "in".

**Lights**: `panel.show(name, Light(…))` from any thread, as often as you like (a repeated Light costs nothing);
blinking is done here. `panel.lit(name)` gives the present brightness, one number per pin, also of real pins.
**MIDI feedback**: `panel.feedback(name, position 0…1)` sends a MIDI control's value back to its port; it does nothing
for other kinds or an unplugged port, and after a re-plug the last value is sent again (`now=False`: only then).
**Relay**: call `panel.beat(progress)` 20 times a second. The pin toggles only if `progress` (any counter of the audio
process) has changed since the last call, so a dead audio process drops the relay. `panel.relay_held`: whether its timer
holds it now.
**Pedal calibration**: `panel.raw_position(name)`, then `hw.controls.calibration.PedalCalibration`.
**Learn**: `panel.start_learning()` … `panel.stop_learning()`. In between every free pin of the header is watched as
a switch to ground, every converter channel, every MIDI port and every keyboard-like HID device, and each thing moved is
told to `on_activity(Activity)`; mapped controls too, and their events go on. `Activity.source` has the form of a spec's
`sources`, so they can be compared. `hw.controls.conflicts.conflicts(spec, board)` tells what cannot be opened: a pin
that is used twice, reserved (I2C, SPI, UART in use) or not on this board.
**What is there**: `panel.choice` (pin library and why), `panel.board` (`hw.board.board.Board`: model, 40-pin header),
`panel.midi_ports`, `panel.hid_devices`, `panel.problems`, `panel.closed` (the switches that are held).
**Simulation** (`panel.simulated`, `panel.simulator`): `press(name)`, `release(name)` for every kind of switch,
`turn(name, position)` for every kind of knob, `step(name, detents)` for encoders, `lights(name)`, `program(number)`,
and `touch(source, value)` for what is not mapped yet.

A press is told within the debounce time plus one thread wake-up (1 ms + well under 1 ms on an idle core). There are up
to five threads: one sleeps until a switch is due, and reads all pins ten times a second in case an edge was dropped;
one reads the knobs, one blinks the lights, one each waits for MIDI and USB keys. A control that cannot be opened is
told in `problems`; the rest of the panel works.
"""

import logging
import threading
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from hw.board import board as boards
from hw.board.board import Board
from hw.board.pins import PinChoice, choose_pins
from hw.controls.conflicts import conflicts
from hw.controls.events import Activity, Light, PanelEvent, TurnEvent
from hw.controls.kinds import (
    CHIPS,
    EncoderSpec,
    KnobSpec,
    LedSpec,
    MeterSpec,
    PedalSpec,
    RelaySpec,
    RgbLedSpec,
    SwitchSpec,
)
from hw.controls.problems import Reported, place, title
from hw.controls.spec import PanelSpec, UnknownControlError
from hw.errors import HwError
from hw.panel.gestures import GestureMachine
from hw.panel.knobs import KnobThread
from hw.panel.learn import PanelLearner
from hw.panel.lights import LightLine, LightThread
from hw.panel.lines import EncoderLine, KnobLine, SwitchLine, forget_closed_buses
from hw.panel.plugged import PluggedControls
from hw.panel.relay import Relay
from hw.panel.switches import SwitchThread
from hw.threads import THREAD_END_S

if TYPE_CHECKING:
    from hw.panel.simulator import Simulator

log = logging.getLogger(__name__)

PULL_S = 0.025  # a pull-up of 50 kΩ charges the 100 nF of a long cable; before that, every switch reads as closed


class Closable(Protocol):
    def close(self) -> None: ...


class PanelStuckError(HwError, RuntimeError):
    """A thread of the panel did not end: a callback or the pin library hangs."""


class Panel:
    """The front panel as `spec` describes it. on_event, on_activity: see above. root: see `choose_pins`.

    held: switches on pins that may still be held from an earlier panel. Each tells its RELEASE when it is released, or
    at the start if it was released meanwhile.
    """

    def __init__(
        self,
        spec: PanelSpec,
        on_event: Callable[[PanelEvent], None] = lambda event: None,
        on_activity: Callable[[Activity], None] = lambda activity: None,
        root: Path = Path("/"),
        held: Collection[str] = (),
    ) -> None:
        self.spec = spec
        self._held = held
        self.choice = PinChoice("off", "not started")
        self.board: Board = boards.detect(root)
        self._root = root
        self._on_event = on_event
        self._open_problems: list[str] = []
        self._switches: dict[str, SwitchLine] = {}
        self._encoders: dict[str, EncoderLine] = {}
        self._knobs: dict[str, KnobLine] = {}
        self._relay: Relay | None = None
        self._relay_lock = threading.Lock()
        gestures = GestureMachine({s.name: s.gestures for s in spec.switches}, spec.chords, spec.chord_ms / 1000.0)
        self._switch_thread = SwitchThread(gestures, self._tell, self._level_changed)
        self._learner = PanelLearner(spec, on_activity)
        self._learn_lock = threading.Lock()
        self._knob_thread = KnobThread(self._tell, self._learner.heard)
        self._plugged = PluggedControls(spec, self._switch_thread.contact, self._tell, self._learner.heard, root)
        self._light_thread = LightThread()
        self._simulator: Simulator | None = None

    @property
    def simulated(self) -> bool:
        """Whether the pins are mock pins. Known after `start`."""
        return self._simulator is not None

    @property
    def simulator(self) -> "Simulator":
        """Operates a simulated panel. Raises UnknownControlError when the pins are real or off."""
        if self._simulator is None:
            raise UnknownControlError("the panel's pins are not simulated")
        return self._simulator

    @property
    def problems(self) -> list[str]:
        """What does not work and how to mend it, in plain sentences. Any thread."""
        knobs = [knob.problem for knob in list(self._knobs.values()) if knob.problem]
        return self._open_problems + knobs + self._plugged.problems

    @property
    def closed(self) -> frozenset[str]:
        """The switches on pins that are held now, without latching ones. Any thread."""
        latching = {switch.name for switch in self.spec.switches if switch.gestures.latching}
        lines = list(self._switches.items())
        return frozenset(n for n, line in lines if n not in latching and line.is_closed(line.debounce.level))

    @property
    def midi_ports(self) -> tuple[str, ...]:
        """The names of the MIDI ports that are open now. Any thread."""
        return self._plugged.midi_names

    @property
    def hid_devices(self) -> tuple[str, ...]:
        """The ids of the USB footswitches that are open now. Any thread."""
        return self._plugged.hid_ids

    def start(self) -> None:
        """Open every control that can be opened, and listen. Once. Missing hardware raises nothing."""
        self.choice = choose_pins(self.spec.pins, self._root)
        if self.choice.simulated:
            self.board = boards.simulated()
        log.info("front panel: %s; %s", self.board.model, self.choice.why)
        if self.choice.factory is None:
            if self.spec.pins != "off":
                self._open_problems.append(f"the front panel is off: {self.choice.why}")
        else:
            self._open_all(self.choice.factory)
        if not self.choice.simulated and (self._switches or self._encoders):
            time.sleep(PULL_S)
        self._switch_thread.start()
        self._switch_thread.listen(list(self._switches.values()), list(self._encoders.values()), self._held)
        self._knob_thread.start_with(list(self._knobs.values()))
        self._plugged.start()

    def start_learning(self) -> None:
        """Tell `on_activity` of everything that is moved from now on. Any thread; a second call does nothing."""
        with self._learn_lock:
            if self._learner.active:
                return
            if self.choice.factory is not None:
                factory, edge = self.choice.factory, self._switch_thread.edge
                self._learner.open(factory, self.board, self._root, self._simulator, edge)
            self._learner.active = True
            self._switch_thread.listen(self._learner.switches)
            self._knob_thread.watch(self._learner.channels)
            self._plugged.learn(True)

    def stop_learning(self) -> None:
        """Close what learning has opened. Any thread; a second call does nothing."""
        with self._learn_lock:
            if self._learner.active:
                self._learner.active = False
                self._plugged.learn(False)
                self._switch_thread.forget(self._learner.switches)
                self._knob_thread.watch(())
                self._learner.close()

    def feedback(self, name: str, position: float, now: bool = True) -> None:
        """Show `position` 0…1 on the MIDI control `name`; nothing for other kinds. Any thread.

        now: False if the value came from there: then it is only sent after a re-plug.
        """
        self._plugged.feedback(name, position, now)

    def tempo(self, bpm: float | None, beat_at_s: float) -> None:
        """Send this tempo as MIDI clock, if `MidiSpec.clock` is "out"; None ends it. Any thread."""
        self._plugged.tempo(bpm, beat_at_s)

    def show(self, name: str, light: Light) -> None:
        """Set what light `name` shows. Any thread. A light that is not open is skipped; an unknown one raises."""
        self._must_be_light(name)
        self._light_thread.show(name, light)

    def lit(self, name: str) -> tuple[float, ...]:
        """How bright light `name` is now, 0…1, one number a pin; empty when it could not be opened. Any thread."""
        self._must_be_light(name)
        return self._light_thread.levels(name)

    def beat(self, progress: int) -> None:
        """Keep the true-bypass relay on if `progress` has changed since the last call. Any thread. See relay.py."""
        with self._relay_lock:
            if self._relay is not None:
                self._relay.beat(progress)

    @property
    def relay_held(self) -> bool | None:
        """Whether its timer holds the relay now; None without a relay. Any thread."""
        with self._relay_lock:
            return self._relay.held if self._relay is not None else None

    def raw_position(self, name: str) -> float:
        """The last raw reading of knob or pedal `name`, 0…1, before calibration. Any thread."""
        if name not in self._knobs:
            raise UnknownControlError(f"no knob or pedal {name!r} is open: there is {', '.join(self._knobs) or 'none'}")
        return self._knobs[name].raw

    def close(self) -> None:
        """End the threads, switch the lights off and free the pins. May be called twice. Raises PanelStuckError."""
        self.stop_learning()
        stuck = self._plugged.end()
        threads = (self._switch_thread, self._knob_thread, self._light_thread)
        stuck += [thread.name for thread in threads if not thread.end()]
        with self._relay_lock:
            relay, self._relay = self._relay, None
        lines: list[Closable] = [*self._switches.values(), *self._encoders.values(), *self._knobs.values()]
        self._switches, self._encoders, self._knobs = {}, {}, {}
        for line in [*lines, *self._light_thread.take_all(), *([relay] if relay else [])]:
            line.close()
        if self.choice.factory is not None:
            from gpiozero import Device

            self.choice.factory.close()
            Device.pin_factory = None
        self.choice = PinChoice("off", "closed")
        self._simulator = None
        if stuck:
            raise PanelStuckError(f"{' and '.join(stuck)} did not end within {THREAD_END_S:g} s")

    def _open_all(self, factory: Any) -> None:
        from gpiozero import Device

        forget_closed_buses()
        # gpiozero's bit-banged SPI bus, which the mock pins use, asks the class for a factory and not its argument.
        Device.pin_factory = factory
        if self.choice.simulated:
            from hw.panel.simulator import Simulator

            self._simulator = Simulator(
                self.spec, self._switches, self._knobs, self._encoders, self._light_thread.levels, self._plugged
            )
        lights: dict[str, LightLine] = {}
        refused = {conflict.control: conflict.why for conflict in conflicts(self.spec, self.board)}
        for control in self.spec.controls:
            if control.name in refused:
                self._open_problems.append(f"{title(control)} is off: {refused[control.name]}")
                continue
            with Reported(self._open_problems.append, control):
                if isinstance(control, SwitchSpec):
                    self._switches[control.name] = self._open_switch(control, factory)
                elif isinstance(control, KnobSpec | PedalSpec):
                    if self._simulator is not None:
                        chip, device = control.chip, control.spi_device
                        self._simulator.attach_converter(factory, chip, device, CHIPS[chip][1])
                    self._knobs[control.name] = KnobLine(control, factory)
                elif isinstance(control, EncoderSpec):
                    self._encoders[control.name] = EncoderLine(control, factory, self._switch_thread.turned)
                elif isinstance(control, RelaySpec):
                    self._relay = Relay(control, factory)
                elif isinstance(control, LedSpec | RgbLedSpec | MeterSpec):
                    lights[control.name] = LightLine(control, factory)
        self._light_thread.start_with(lights)

    def _open_switch(self, spec: SwitchSpec, factory: Any) -> SwitchLine:
        stable_s, lockout_s = self.spec.debounce_ms / 1000.0, self.spec.lockout_ms / 1000.0
        return SwitchLine(spec.name, spec.gpio, spec.pull_up, factory, stable_s, lockout_s, self._switch_thread.edge)

    def _level_changed(self, line: SwitchLine, closed: bool, at_s: float) -> None:
        self._learner.heard(f"gpio:{line.gpio}", "switch", float(closed), self.board.where(line.gpio), at_s)

    def _tell(self, event: PanelEvent) -> None:
        """Any of the panel's threads."""
        knob = self._knobs.get(event.name) if isinstance(event, TurnEvent) else None
        if knob is not None and isinstance(event, TurnEvent) and not event.first:
            self._learner.heard(knob.spec.sources[0], "turn", event.position, place(knob.spec), event.at_s)
        try:
            self._on_event(event)
        except Exception:
            log.exception("front panel: what %s does failed", event)

    def _must_be_light(self, name: str) -> None:
        if name not in {light.name for light in self.spec.leds}:
            raise UnknownControlError(f"no LED {name!r} on the panel")
