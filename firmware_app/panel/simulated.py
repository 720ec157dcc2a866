"""SimulatedPanel: lets the page draw and operate a panel whose pins are simulated."""

import re
from collections.abc import Sequence

from firmware_app.config import actions
from firmware_app.config.control_specs import RELAY
from firmware_app.config.panel_keys import (
    KEY,
    LONGEST_DEVICE,
    EncoderConfig,
    KnobConfig,
    MidiKnobConfig,
    PedalConfig,
)
from firmware_app.panel.bindings import Bindings
from firmware_app.panel.plan import PROGRAM, PanelControl, PanelPlan, gesture_words
from hw.controls.kinds import CHIPS
from hw.controls.spec import UnknownControlError
from hw.panel.panel import Panel
from web_ui.ports.errors import NotThere
from web_ui.ports.simulator import SimulatedPin

PROGRAMS = 128
_LIGHTS = {"leds": "led", "rgb_leds": "rgb", "meters": "meter"}

_INPUT = "|".join(rf"{chip}:[01]:[0-{channels - 1}]" for chip, (channels, _) in CHIPS.items())
_DEVICE = rf"[^:]{{1,{LONGEST_DEVICE}}}"
_PLACE = re.compile(
    rf"gpio:\d{{1,2}}|{_INPUT}|hid:{_DEVICE}:{KEY}"
    rf"|midi:{_DEVICE}:((cc|note|program):\d{{1,2}}:\d{{1,3}}|pitch:\d{{1,2}})"
)


class SimulatedPanel:
    """Every control and light of a simulated panel. Any thread. The methods raise NotThere."""

    def __init__(self, bindings: Bindings) -> None:
        self._bindings = bindings
        self._program = 0

    def pins(self) -> Sequence[SimulatedPin]:
        """The controls to draw, empty when real pins are in use."""
        panel, plan = self._bindings.panel, self._bindings.plan
        if not panel.simulated:
            return []
        pins = []
        for control in plan.controls:
            try:
                pins.append(self._pin(control, panel, plan))
            except UnknownControlError:
                continue  # it could not be opened: `problems` says why
        if (held := panel.relay_held) is not None:
            does = "sound goes through the box" if held else "input and output are joined: dry"
            pins.append(SimulatedPin(RELAY, "relay", "Bypass relay", float(held), does))
        if plan.config.midi and any(m.gesture == "program" for m in plan.mappings):
            does = "; ".join(
                actions.words(m.action, self._bindings.specs) for m in plan.mappings if m.gesture == "program"
            )
            pins.append(SimulatedPin(PROGRAM, "program", "MIDI program", self._program / (PROGRAMS - 1), does))
        return pins

    def press(self, name: str, pressed: bool) -> None:
        """Drive a switch's mock pin, or send its key or message."""
        self._must_be(name, "switch")
        simulator = self._bindings.panel.simulator
        (simulator.press if pressed else simulator.release)(name)

    def turn(self, name: str, position: float) -> None:
        """Turn a knob or pedal to 0…1 through its mock converter, or send its controller."""
        self._must_be(name, "knob", "pedal")
        self._bindings.panel.simulator.turn(name, position)

    def step(self, name: str, detents: int) -> None:
        """Turn an encoder by clicks; for "program", send the program change that many numbers further."""
        self._must_be(name, "encoder", "program")
        if name == PROGRAM:
            self._program = min(max(self._program + detents, 0), PROGRAMS - 1)
            self._bindings.panel.simulator.program(self._program)
        else:
            self._bindings.panel.simulator.step(name, detents)

    def touch(self, source: str, value: float) -> None:
        """Move an input that has no control yet, for learning."""
        panel = self._bindings.panel
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

    def _must_be(self, name: str, *kinds: str) -> None:
        there = [pin.name for pin in self.pins() if pin.kind in kinds]
        if name not in there:
            raise NotThere(f"no simulated {kinds[0]} {name!r}: there are {', '.join(there) or 'none'}")

    def _pin(self, control: PanelControl, panel: Panel, plan: PanelPlan) -> SimulatedPin:
        name, label, does = control.name, control.label, self._does(control, plan)
        if control.is_light:
            levels = tuple(panel.lit(name))
            return SimulatedPin(name, _LIGHTS[control.table], label, max(levels, default=0.0), does, levels=levels)
        turned = plan.on(name, "turn")
        param = turned.action.param if turned else ""
        if isinstance(control.config, EncoderConfig):
            return SimulatedPin(name, "encoder", label, 0.0, does, param)
        if isinstance(control.config, KnobConfig | PedalConfig | MidiKnobConfig):
            kind = "pedal" if isinstance(control.config, PedalConfig) else "knob"
            return SimulatedPin(name, kind, label, panel.simulator.position(name), does, param)
        closed = float(panel.simulator.pressed(name))
        return SimulatedPin(name, "switch", label, closed, does, latching=control.latching)

    def _does(self, control: PanelControl, plan: PanelPlan) -> str:
        specs = self._bindings.specs
        if control.is_light:
            shows = str(getattr(control.config, "shows", ""))
            return f"shows {actions.label_of(specs[shows], specs) if shows in specs else shows.replace('_', ' ')}"
        mine = [m for m in plan.mappings if control.name in m.on.split("+")]
        said = [f"{gesture_words(m.gesture)}: {actions.words(m.action, specs)}" for m in mine]
        return "; ".join(said) or "nothing yet"
