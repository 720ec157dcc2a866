"""What the front panel does: presses and turns become changes in Control, and Control's state lights the LEDs."""

import logging
from collections.abc import Sequence

from dsp.params import find
from firmware_app.config_panel import KnobConfig, LedConfig, PanelConfig, SwitchConfig
from firmware_app.control import Control
from firmware_app.link import MeterFrame, State
from hw.panel import KnobSpec, LedSpec, Panel, PanelSpec, SwitchSpec
from hw.pickup import Pickup
from web_ui.control_port import NotThere, SimulatedPin

log = logging.getLogger(__name__)

ORIGIN = "panel"
CLIP_DB = -0.1


class PanelBindings:
    """Joins one Panel to Control by the configuration. Panel callbacks come on the panel's own threads."""

    def __init__(self, config: PanelConfig, control: Control) -> None:
        self._config = config
        self._control = control
        self._switches = {s.name: s for s in config.switches}
        self._knobs = {k.name: k for k in config.knobs}
        self._leds = {led.name: led for led in config.leds}
        self._pickups = {k.name: Pickup() for k in config.knobs}
        self.panel = Panel(_spec(config), self._on_switch, self._on_knob)

    @property
    def problems(self) -> list[str]:
        """What does not work on the panel and how to mend it, in words."""
        return self.panel.problems

    def start(self) -> None:
        self.panel.start()
        self._control.listen(ORIGIN, self._on_change)
        self.light_leds(None)

    def close(self) -> None:
        self.panel.close()

    # --- hands and feet -> Control ---

    def _on_switch(self, name: str, pressed: bool, at_s: float) -> None:
        switch = self._switches[name]
        if switch.momentary:
            self._control.set_param(switch.does, float(pressed), ORIGIN)
        elif pressed:
            self._control.toggle(switch.does, ORIGIN)
        self.light_leds(self._control.latest.meter)

    def _on_knob(self, name: str, position: float) -> None:
        knob = self._knobs[name]
        spec = find(self._control.specs, knob.sets)
        span = spec.high - spec.low
        stored = (self._control.value(knob.sets) - spec.low) / span
        if knob.takeover == "jump" or self._pickups[name].moved(position, stored):
            value = spec.low + position * span
            self._control.set_param(knob.sets, float(round(value)) if spec.choices else value, ORIGIN)

    # --- Control -> LEDs, and knobs that must pick up anew ---

    def _on_change(self, id: str, value: float, origin: str) -> None:
        for name, knob in self._knobs.items():
            if knob.sets == id:
                spec = self._control.specs[id]
                self._pickups[name].stored_changed((value - spec.low) / (spec.high - spec.low))
        self.light_leds(self._control.latest.meter)

    def light_leds(self, meter: MeterFrame | None) -> None:
        """Show the true state, whoever changed it. Any thread."""
        for name, led in self._leds.items():
            self.panel.set_led(name, 1.0 if self._lit(led, meter) else 0.0)

    def _lit(self, led: LedConfig, meter: MeterFrame | None) -> bool:
        bypassed, muted = bool(self._control.value("box.bypass")), bool(self._control.value("box.mute"))
        if led.shows == "bypass":
            return bypassed
        if led.shows == "mute":
            return muted
        if led.shows == "clip":
            return meter is not None and max(meter.in_peak_db) >= CLIP_DB
        if led.shows == "alive":
            return meter is not None
        return not bypassed and not muted and meter is not None and meter.state == State.RUNNING

    # --- the page's simulated panel ---

    def simulated_pins(self) -> Sequence[SimulatedPin]:
        """The controls to draw, empty when real pins are in use."""
        if not self.panel.simulated:
            return []
        simulator = self.panel.simulator
        switches = [
            SimulatedPin(s.name, "switch", _title(s.name), float(simulator.pressed(s.name)), self._does(s))
            for s in self._config.switches
        ]
        knobs = [
            SimulatedPin(k.name, "knob", _title(k.name), simulator.position(k.name), self._turns(k), k.sets)
            for k in self._config.knobs
        ]
        leds = [
            SimulatedPin(led.name, "led", _title(led.name), simulator.led(led.name), f"lit: {led.shows}")
            for led in self._config.leds
        ]
        return [*switches, *knobs, *leds]

    def press(self, name: str, pressed: bool) -> None:
        """Drive a simulated switch's mock pin. Raises NotThere."""
        if not self.panel.simulated or name not in self._switches:
            raise NotThere(f"no simulated switch {name!r}: there are {', '.join(self._switches) or 'none'}")
        simulator = self.panel.simulator
        (simulator.press if pressed else simulator.release)(name)

    def turn(self, name: str, position: float) -> None:
        """Turn a simulated knob to 0…1 through its mock converter. Raises NotThere."""
        if not self.panel.simulated or name not in self._knobs:
            raise NotThere(f"no simulated knob {name!r}: there are {', '.join(self._knobs) or 'none'}")
        self.panel.simulator.turn(name, position)

    def _does(self, switch: SwitchConfig) -> str:
        label = find(self._control.specs, switch.does).label
        return f"hold: {label}" if switch.momentary else f"press: {label} on/off"

    def _turns(self, knob: KnobConfig) -> str:
        label = find(self._control.specs, knob.sets).label
        return f"turn: {label}" + (" (acts once it passes the value in force)" if knob.takeover == "pickup" else "")


def _title(name: str) -> str:
    return name.replace("_", " ").replace("-", " ").capitalize()


def _spec(config: PanelConfig) -> PanelSpec:
    return PanelSpec(
        switches=tuple(SwitchSpec(s.name, s.gpio, s.pull_up, _title(s.name)) for s in config.switches),
        knobs=tuple(KnobSpec(k.name, k.channel, label=_title(k.name)) for k in config.knobs),
        leds=tuple(LedSpec(led.name, led.gpio, _title(led.name)) for led in config.leds),
        pins=config.pins,
        debounce_ms=config.debounce_ms,
        lockout_ms=config.lockout_ms,
    )
