"""Bindings: the running panel. Presses and turns become actions, Control's state lights the lamps."""

import logging
import re
import threading
from collections.abc import Callable, Sequence

from dsp.params import find
from firmware_app import actions
from firmware_app.actions import Trigger
from firmware_app.config_panel import (
    EncoderConfig,
    HidKeyConfig,
    KnobConfig,
    LedConfig,
    MeterConfig,
    MidiKnobConfig,
    MidiSwitchConfig,
    PedalConfig,
    RgbLedConfig,
)
from firmware_app.control import Control
from firmware_app.link import MeterFrame, State
from firmware_app.panel import layout as layouts
from firmware_app.panel.layout import PROGRAM, Layout, PanelMapping
from firmware_app.panel.lights import light_for
from firmware_app.performer import PANIC_PARAM, Performer
from hw.board import Board
from hw.panel import Panel
from hw.panel_events import Activity, PanelEvent, ProgramEvent, StepEvent, SwitchEvent, SwitchKind, TurnEvent
from hw.panel_spec import UnknownControlError
from hw.pickup import TAKEOVERS, Takeover
from web_ui.control_port import NotThere, SimulatedPin

log = logging.getLogger(__name__)

ORIGIN = "panel"  # the room; each control is an origin of its own, "panel:amount"

_GESTURES = {
    SwitchKind.PRESS: "press",
    SwitchKind.LONG_PRESS: "long_press",
    SwitchKind.DOUBLE_PRESS: "double_press",
    SwitchKind.CHORD: "together",
}
_KINDS = {"encoders": "encoder", "leds": "led", "rgb_leds": "rgb", "meters": "meter"}

_PLACE = re.compile(
    r"gpio:\d{1,2}|mcp3[02]0[48]:[01]:[0-7]|hid:[^:]{1,60}:[A-Z0-9_]{1,40}"
    r"|midi:[^:]{1,60}:((cc|note|program):\d{1,2}:\d{1,3}|pitch:\d{1,2})"
)

Watch = Callable[[PanelEvent], bool]
"""Sees each event first; True: it is learned, and does not act."""


class Bindings:
    """Joins one Panel to Control by a Layout, which may be changed while it runs.

    Panel callbacks come on the panel's own threads. watch, on_activity: what learns (see Setup).
    """

    def __init__(
        self,
        layout: Layout,
        control: Control,
        performer: Performer,
        watch: Watch = lambda event: False,
        on_activity: Callable[[Activity], None] = lambda activity: None,
    ) -> None:
        self.layout = layout
        self.performer = performer
        self._control = control
        self._watch = watch
        self._on_activity = on_activity
        self._changing = threading.Lock()
        self._started = False
        self._held: dict[str, PanelMapping] = {}
        self._use(layout)
        self.panel = self._made()

    @property
    def problems(self) -> list[str]:
        """What does not work on the panel and how to mend it, in words."""
        return self.panel.problems

    @property
    def board(self) -> Board:
        """What the pins are on."""
        return self.panel.board

    def start(self) -> None:
        self._started = True
        self.panel.start()
        self._control.listen("", self._on_change)
        self.light(None)

    def close(self) -> None:
        self._started = False
        self._let_go()
        self.panel.close()

    def change(self, layout: Layout) -> None:
        """Go on with another layout; the pins are opened anew only where it needs other ones. Not a panel thread."""
        with self._changing:
            same = layout.spec() == self.layout.spec()
            self._let_go()
            self._use(layout)
            if same or not self._started:
                if not self._started:
                    self.panel = self._made()
                return
            self.panel.close()
            self.panel = self._made()
            self.panel.start()
        self.light(self._control.latest.meter)

    def _made(self) -> Panel:
        return Panel(self.layout.spec(), on_event=self._on_event, on_activity=self._on_activity)

    def _use(self, layout: Layout) -> None:
        self.layout = layout
        self._by_gesture = {(m.on, m.gesture): m for m in layout.mappings}
        self._sweeps = {m.on: m for m in layout.mappings if m.gesture == "turn" and m.action.do == "sweep"}
        takeovers = {c.name: getattr(c.config, "takeover", "jump") for c in layout.controls}
        known: dict[str, Takeover] = getattr(self, "_takeovers", {})
        self._takeovers: dict[str, Takeover] = {
            on: known[on] if isinstance(known.get(on), TAKEOVERS[takeovers[on]]) else TAKEOVERS[takeovers[on]]()
            for on in self._sweeps
        }
        self._origins = {c.name: f"{_room(c.config)}:{c.name}" for c in layout.controls}
        self._midi = [c.name for c in layout.controls if isinstance(c.config, MidiSwitchConfig | MidiKnobConfig)]
        self._lights = {
            c.name: c.config for c in layout.controls if isinstance(c.config, LedConfig | RgbLedConfig | MeterConfig)
        }

    def _let_go(self) -> None:
        """End what a foot holds: its release may never be heard."""
        for name, mapping in list(self._held.items()):
            self.performer.release(mapping.action, self._origin(name))
        self._held.clear()

    # --- hands and feet -> Control ---

    def _on_event(self, event: PanelEvent) -> None:
        if self._watch(event) and not (isinstance(event, SwitchEvent) and event.name in self._held):
            return
        match event:
            case SwitchEvent(name, SwitchKind.RELEASE, at_s):
                self._released(name, at_s)
            case SwitchEvent(name, kind, at_s):
                self._pressed(name, _GESTURES[kind], at_s)
            case TurnEvent(name, position, _, first):
                self._turned(name, position, first)
            case StepEvent(name, steps, detents):
                self._stepped(name, steps, detents)
            case ProgramEvent(_, channel, program, at_s):
                self._program(channel, program, at_s)
        self.light(self._control.latest.meter)

    def _pressed(self, name: str, gesture: str, at_s: float) -> None:
        mapping = self._by_gesture.get((name, gesture))
        if mapping is None:
            return
        if Trigger.HELD in mapping.action.kind.triggers:
            self._held[name] = mapping
        self.performer.press(mapping.action, self._origin(name), at_s)

    def _released(self, name: str, at_s: float) -> None:
        held = self._held.pop(name, None)
        if held is not None:
            self.performer.release(held.action, self._origin(name))
        mapping = self._by_gesture.get((name, "release"))
        if mapping is not None:
            self.performer.press(mapping.action, self._origin(name), at_s)

    def _turned(self, name: str, position: float, first: bool) -> None:
        mapping = self._sweeps.get(name)
        if mapping is None:
            return
        stored = self.performer.position(mapping.action, self._control.value(mapping.action.param))
        if first:
            self._takeovers[name].stands_at(position, stored)
            return
        wanted = self._takeovers[name].turn(position, stored)
        if wanted is not None:
            self.performer.turn(mapping.action, wanted, self._origin(name))

    def _stepped(self, name: str, steps: int, detents: int) -> None:
        mapping = self._by_gesture.get((name, "turn"))
        if mapping is not None:
            # Presets go by what the hand feels; a parameter by the speed of the turn.
            self.performer.step(mapping.action, steps if mapping.action.param else detents, self._origin(name))

    def _program(self, channel: int, program: int, at_s: float) -> None:
        one = self._by_gesture.get((f"{PROGRAM}:{channel}:{program}", "program"))
        if one is not None:
            self.performer.press(one.action, f"midi:{PROGRAM}", at_s)
        elif (PROGRAM, "program") in self._by_gesture:
            self.performer.number(program)

    def _origin(self, name: str) -> str:
        return self._origins.get(name, f"{ORIGIN}:{name}")

    # --- Control -> knobs that must pick up anew, controllers with lamps of their own, LEDs ---

    def _on_change(self, id: str, value: float, origin: str) -> None:
        for name, mapping in self._sweeps.items():
            if mapping.action.param == id and origin != self._origin(name):
                self._takeovers[name].stored_changed(self.performer.position(mapping.action, value))
        for name in self._midi:
            if origin != self._origin(name):
                self._feed_back(name, id)
        self.light(self._control.latest.meter)

    def _feed_back(self, name: str, id: str) -> None:
        """Let a controller's own lamp or ring show the value of `id`, if that is what it is for."""
        mapping = self._by_gesture.get((name, "turn")) or self._by_gesture.get((name, "press"))
        if mapping is None:
            return
        value = self._control.value(id)
        if mapping.action.param == id:
            self.panel.feedback(name, self.performer.position(mapping.action, value))
        elif PANIC_PARAM.get(mapping.action.do) == id:
            self.panel.feedback(name, value)

    def take_meter(self, meter: MeterFrame) -> None:
        """A meter frame came: sound made progress if it runs. Link thread."""
        if self.layout.config.relay_gpio >= 0 and meter.state == State.RUNNING:
            self.panel.beat(int(meter.uptime_s * 1000))
        self.light(meter)

    def light(self, meter: MeterFrame | None) -> None:
        """Show the true state. Any thread."""
        if not self._started:
            return
        for name, config in self._lights.items():
            try:
                self.panel.show(name, light_for(config, self._control, self.performer, meter))
            except UnknownControlError:
                continue  # another layout is just coming into force

    # --- the page's simulated panel ---

    def simulated_pins(self) -> Sequence[SimulatedPin]:
        """The controls to draw, empty when real pins are in use."""
        panel = self.panel
        if not panel.simulated:
            return []
        pins = []
        for control in self.layout.controls:
            try:
                pins.append(self._pin(control, panel))
            except UnknownControlError:
                continue  # it could not be opened: `problems` says why
        return pins

    def _pin(self, control: layouts.PanelControl, panel: Panel) -> SimulatedPin:
        name, label, does = control.name, control.label, self._does(control)
        simulator = panel.simulator
        if control.is_light:
            levels = tuple(panel.lit(name))
            return SimulatedPin(name, _KINDS[control.table], label, max(levels, default=0.0), does, levels=levels)
        if isinstance(control.config, EncoderConfig):
            return SimulatedPin(name, "encoder", label, 0.0, does, self._param(name))
        if isinstance(control.config, KnobConfig | PedalConfig | MidiKnobConfig):
            return SimulatedPin(name, "knob", label, simulator.position(name), does, self._param(name))
        return SimulatedPin(name, "switch", label, float(simulator.pressed(name)), does)

    def press(self, name: str, pressed: bool) -> None:
        """Drive a simulated switch's mock pin. Raises NotThere."""
        simulator = self.panel.simulator if self._simulated(name, "switch") else None
        if simulator is not None:
            (simulator.press if pressed else simulator.release)(name)

    def turn(self, name: str, position: float) -> None:
        """Turn a simulated knob to 0…1 through its mock converter. Raises NotThere."""
        if self._simulated(name, "knob"):
            self.panel.simulator.turn(name, position)

    def step(self, name: str, detents: int) -> None:
        """Turn a simulated encoder by clicks. Raises NotThere."""
        if self._simulated(name, "encoder"):
            self.panel.simulator.step(name, detents)

    def touch(self, source: str, value: float) -> None:
        """Move what no control is connected to yet, in simulation: for learning. Raises NotThere."""
        panel = self.panel
        if not panel.simulated:
            raise NotThere("the panel's pins are not simulated")
        if not _PLACE.fullmatch(source):
            raise NotThere(f"no place {source[:80]!r}: allowed gpio:N, mcp3008:DEVICE:CHANNEL, midi:…, hid:…")
        if source.startswith("gpio:") and (why := panel.board.why_not(int(source[5:]))):
            raise NotThere(f"GPIO{source[5:]}: {why}")
        try:
            panel.simulator.touch(source, value)
        except UnknownControlError as error:
            raise NotThere(str(error)) from None

    def _simulated(self, name: str, kind: str) -> bool:
        there = [pin.name for pin in self.simulated_pins() if pin.kind == kind]
        if name not in there:
            raise NotThere(f"no simulated {kind} {name!r}: there are {', '.join(there) or 'none'}")
        return True

    def _param(self, name: str) -> str:
        mapping = self._by_gesture.get((name, "turn"))
        return mapping.action.param if mapping else ""

    def _does(self, control: layouts.PanelControl) -> str:
        if control.is_light:
            return f"shows {self._shown(control)}"
        mine = [m for m in self.layout.mappings if control.name in m.on.split("+")]
        said = [f"{layouts.gesture_words(m.gesture)}: {actions.words(m.action, self._control.specs)}" for m in mine]
        return "; ".join(said) or "nothing yet"

    def _shown(self, control: layouts.PanelControl) -> str:
        shows = str(getattr(control.config, "shows", ""))
        return find(self._control.specs, shows).label if shows in self._control.specs else shows.replace("_", " ")


def _room(config: object) -> str:
    if isinstance(config, MidiSwitchConfig | MidiKnobConfig):
        return "midi"
    return "hid" if isinstance(config, HidKeyConfig) else ORIGIN
