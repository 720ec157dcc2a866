"""The front panel: footswitches, knobs, encoders, pedals, lights, a relay, MIDI and USB HID keys, by configuration.

The contract, for whoever joins a panel to what it steers:

    panel = Panel(PanelSpec(switches=…, knobs=…, encoders=…, leds=…, chords=…, relay=…, midi=MidiSpec()),
                  on_event=…, on_activity=…)
    panel.start()                      # opens what can be opened; the rest becomes sentences in panel.problems
    panel.close()                      # to change the mapping: close it and start another with the new spec

**Kinds of control** (`hw.panel_controls`): switches are `SwitchSpec` (GPIO), `KeySpec` (USB HID) and `MidiSwitchSpec`;
knobs are `KnobSpec` and `PedalSpec` (converter on SPI) and `MidiKnobSpec`; `EncoderSpec`; lights are `LedSpec`,
`RgbLedSpec` and `MeterSpec`; `ChordSpec` joins two switches of any kind; one `RelaySpec`. An encoder's push is a
SwitchSpec.

**Events** (`hw.panel_events`), each to `on_event(event)`, from hw's own threads, one at a time per kind of hardware:
return soon; an exception is logged. The name says which control.
- SwitchEvent(name, kind, at_s). PRESS comes at once unless `Gestures` arms something longer or the switch is in a
  chord; `PanelSpec.press_cost(name)` says what that costs. Whenever PRESS, LONG_PRESS, DOUBLE_PRESS or CHORD was told,
  exactly one RELEASE of the same name follows when the foot leaves (for a chord: when both have left). So "hold"
  actions begin with one of the four and end with RELEASE; everything else ignores RELEASE. A latching switch tells
  PRESS and RELEASE together at each flip.
- TurnEvent(name, position, at_s, first). `first` comes once per knob at the start. MIDI knobs have no first.
- StepEvent(name, steps, detents, at_s): add `steps` times the parameter's step.
- ProgramEvent(port, channel, program, at_s): every program change of every open port; no control needed.

**Lights**: `panel.show(name, Light(…))` from any thread, as often as you like (a repeated Light costs nothing);
blinking runs here. `panel.lit(name)` gives the brightness now, one number per pin, for the page, with real pins too.
**MIDI feedback**: `panel.feedback(name, position 0…1)` sends a MIDI control's value back to its port; it does nothing
for other kinds or an unplugged port, and after a re-plug the last value is sent again.
**Relay**: `panel.beat(progress)` whenever audio may have progressed, 20 times a second: the pin toggles only if
`progress` (any counter of the audio process) differs from the last call's, so a dead audio process drops the relay.
**Pedal calibration**: `panel.raw_position(name)`, then `hw.panel_calibration.PedalCalibration`.
**Learn**: `panel.start_learning()` … `panel.stop_learning()`. In between every free pin of the header is watched as
a switch to ground, every converter channel, every MIDI port and every keyboard-like HID device, and each thing moved is
told to `on_activity(Activity)`; mapped controls too (and their events go on). `Activity.source` is what a spec's
`sources` hold, so "is it mapped?" is a comparison. `hw.panel_conflicts.conflicts(spec, board)` says in sentences what
cannot be: a pin used twice, reserved (I2C, SPI, UART in use), not on this board.
**What is there**: `panel.choice` (pin library and why), `panel.board` (`hw.board.Board`: model, 40-pin header),
`panel.midi_ports`, `panel.hid_devices`, `panel.problems`.
**Simulation** (`panel.simulated`, `panel.simulator`): `press(name)`, `release(name)` for every kind of switch,
`turn(name, position)` for every kind of knob, `step(name, detents)` for encoders, `lights(name)`, `program(number)`.

A press is told within the debounce time plus one thread wake-up (1 ms + well under 1 ms on an idle core). Two threads:
one sleeps until a switch is due, one reads the knobs. A control that cannot be opened becomes a sentence in `problems`;
the rest of the panel runs on.
"""

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hw.errors import HwError
from hw.panel_lines import KnobLine, LedLine, SwitchLine, explain
from hw.panel_spec import CHIPS, KnobSpec, LedSpec, PanelSpec, PanelSpecError, SwitchSpec, UnknownControlError
from hw.pins import PinChoice, choose_pins

if TYPE_CHECKING:
    from hw.panel_simulator import Simulator

__all__ = [
    "KnobSpec",
    "LedSpec",
    "Panel",
    "PanelSpec",
    "PanelSpecError",
    "PanelStuckError",
    "SwitchSpec",
    "UnknownControlError",
]

KNOB_POLL_S = 1 / 60
KNOB_RETRY_S = 1.0
THREAD_END_S = 2.0

log = logging.getLogger(__name__)


class PanelStuckError(HwError, RuntimeError):
    """A thread of the panel did not end: a callback or the pin library hangs."""


class Panel:
    """The front panel as `spec` describes it.

    on_switch(name, pressed, t_monotonic): called in the switch thread, once for each press and release; return soon.
    on_knob(name, position 0…1): called in the knob thread: once at the start, so that pickup knows where the knob
    stands, then whenever it moves. Exceptions they raise are logged. root: see `choose_pins`.
    """

    def __init__(
        self,
        spec: PanelSpec,
        on_switch: Callable[[str, bool, float], None],
        on_knob: Callable[[str, float], None],
        root: Path = Path("/"),
    ) -> None:
        self.spec = spec
        self.choice = PinChoice("off", "not started")
        self._root = root
        self._open_problems: list[str] = []
        self._switches: dict[str, SwitchLine] = {}
        self._knobs: dict[str, KnobLine] = {}
        self._leds: dict[str, LedLine] = {}
        self._led_lock = threading.Lock()
        self._switch_thread = _SwitchThread(on_switch)
        self._knob_thread = _KnobThread(on_knob)
        self._simulator: Simulator | None = None

    @property
    def simulated(self) -> bool:
        """Whether the pins are mock pins. Known after `start`."""
        return self._simulator is not None

    @property
    def simulator(self) -> "Simulator":
        """The hands on a simulated panel. Raises UnknownControlError when the pins are real or off."""
        if self._simulator is None:
            raise UnknownControlError("the panel's pins are not simulated")
        return self._simulator

    @property
    def problems(self) -> list[str]:
        """What does not work and how to mend it, in plain sentences. Any thread."""
        return self._open_problems + [knob.problem for knob in list(self._knobs.values()) if knob.problem]

    def start(self) -> None:
        """Open every control that can be opened, and listen. Once. Raises nothing for hardware that is missing."""
        self.choice = choose_pins(self.spec.pins, self._root)
        log.info("front panel: %s", self.choice.why)
        if self.choice.factory is None:
            if self.spec.pins != "off":
                self._open_problems.append(f"the front panel is off: {self.choice.why}")
            return
        self._open_all(self.choice.factory)
        if self._switches:
            self._switch_thread.start_with(list(self._switches.values()))
        if self._knobs:
            self._knob_thread.start_with(list(self._knobs.values()))

    def set_led(self, name: str, level: float) -> None:
        """Set LED `name` to 0…1. Any thread. An LED that could not be opened is skipped; an unknown one raises."""
        if name not in {led.name for led in self.spec.leds}:
            raise UnknownControlError(f"no LED {name!r} on the panel")
        with self._led_lock:
            if name in self._leds:
                self._leds[name].set(level)

    def close(self) -> None:
        """End the threads, switch the LEDs off and free the pins. May be called twice. Raises PanelStuckError."""
        stuck = [thread.name for thread in (self._switch_thread, self._knob_thread) if not thread.end()]
        with self._led_lock:
            lines: list[SwitchLine | KnobLine | LedLine] = [*self._switches.values(), *self._knobs.values()]
            lines += self._leds.values()
            self._switches, self._knobs, self._leds = {}, {}, {}
        for line in lines:
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

        stable_s, lockout_s = self.spec.debounce_ms / 1000.0, self.spec.lockout_ms / 1000.0
        # gpiozero's bit-banged SPI bus, which the mock pins use, asks the class for a factory and not its argument.
        Device.pin_factory = factory
        if self.choice.simulated:
            from hw.panel_simulator import Simulator

            self._simulator = Simulator(self._switches, self._knobs, self._leds)
        for switch in self.spec.switches:
            if not isinstance(switch, SwitchSpec):
                continue
            with _Reported(self._open_problems, "switch", switch):
                line = SwitchLine(switch, factory, stable_s, lockout_s, self._switch_thread.edge)
                self._switches[switch.name] = line
        for knob in self.spec.knobs:
            if not isinstance(knob, KnobSpec):
                continue
            with _Reported(self._open_problems, "knob", knob):
                if self._simulator is not None:
                    self._simulator.attach_converter(factory, knob.chip, knob.spi_device, CHIPS[knob.chip][1])
                self._knobs[knob.name] = KnobLine(knob, factory)
        if self._simulator is not None:
            self._simulator.make_pins_dim(factory)
        for led in self.spec.leds:
            if not isinstance(led, LedSpec):
                continue
            with _Reported(self._open_problems, "LED", led):
                self._leds[led.name] = LedLine(led, factory)


class _Reported:
    """Turns whatever opening one control raises into a sentence: pin libraries share no error base."""

    def __init__(self, problems: list[str], kind: str, spec: SwitchSpec | KnobSpec | LedSpec) -> None:
        self._problems, self._kind, self._spec = problems, kind, spec

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if error is None or not isinstance(error, Exception):
            return False
        problem = explain(self._kind, self._spec, error)
        log.warning("front panel: %s", problem)
        self._problems.append(problem)
        return True


class _PanelThread(threading.Thread):
    """A thread that owns its stop flag and says so when it will not end."""

    def __init__(self, name: str) -> None:
        super().__init__(name=name, daemon=True)
        self._condition = threading.Condition()
        self._stopping = False

    def end(self) -> bool:
        """Stop; True when the thread is gone (or never ran)."""
        with self._condition:
            self._stopping = True
            self._condition.notify()
        if self.ident is not None:
            self.join(THREAD_END_S)
        return not self.is_alive()


class _SwitchThread(_PanelThread):
    """Sleeps until an edge or a debounce deadline, and tells about presses."""

    def __init__(self, on_switch: Callable[[str, bool, float], None]) -> None:
        super().__init__("panel switches")
        self._on_switch = on_switch
        self._lines: list[SwitchLine] = []

    def start_with(self, lines: list[SwitchLine]) -> None:
        self._lines = lines
        self.start()
        for line in lines:
            line.listen()

    def edge(self, line: SwitchLine, level: bool) -> None:
        """Note an edge. Called from the pin library's thread."""
        with self._condition:
            line.debounce.edge(level, time.monotonic())
            self._condition.notify()

    def run(self) -> None:
        while True:
            with self._condition:
                if self._stopping:
                    return
                events = self._poll()
                if not events:
                    self._condition.wait(self._sleep_s())
            for name, pressed, at in events:
                try:
                    self._on_switch(name, pressed, at)
                except Exception:
                    log.exception("front panel: what switch %r does failed", name)

    def _poll(self) -> list[tuple[str, bool, float]]:
        now = time.monotonic()
        events = []
        for line in self._lines:
            due = line.debounce.due()
            if due is not None and due <= now:
                level = line.debounce.poll(line.read(), now)
                if level is not None:
                    events.append((line.spec.name, line.is_pressed(level), now))
        return events

    def _sleep_s(self) -> float | None:
        due = [at for line in self._lines if (at := line.debounce.due()) is not None]
        return max(min(due) - time.monotonic(), 0.0) if due else None


class _KnobThread(_PanelThread):
    """Reads the knobs, one after the other, 60 times a second."""

    def __init__(self, on_knob: Callable[[str, float], None]) -> None:
        super().__init__("panel knobs")
        self._on_knob = on_knob
        self._lines: list[KnobLine] = []

    def start_with(self, lines: list[KnobLine]) -> None:
        self._lines = lines
        self.start()

    def run(self) -> None:
        while True:
            for line in self._lines:
                self._read(line)
            with self._condition:
                if self._stopping or self._condition.wait_for(lambda: self._stopping, KNOB_POLL_S):
                    return

    def _read(self, line: KnobLine) -> None:
        if time.monotonic() < line.retry_at:
            return
        try:
            position = line.read()
        except Exception as error:  # the SPI libraries share no error base
            if not line.problem:
                log.warning("front panel: %s", explain("knob", line.spec, error))
            line.problem = explain("knob", line.spec, error)
            line.retry_at = time.monotonic() + KNOB_RETRY_S
            return
        line.problem = ""
        if position is not None:
            try:
                self._on_knob(line.spec.name, position)
            except Exception:
                log.exception("front panel: what knob %r does failed", line.spec.name)
