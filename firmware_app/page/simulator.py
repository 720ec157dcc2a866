"""RealSimulator: the panel's simulated pins, over SimulatedPanel."""

import math
from collections.abc import Sequence

from firmware_app.panel.simulated import SimulatedPanel
from web_ui.ports.errors import ControlRefused
from web_ui.ports.limits import MOST_DETENTS, MOST_MIDI_VALUE
from web_ui.ports.simulator import SimulatedPin


class RealSimulator:
    """Implements SimulatorPort: checks the values. Any thread."""

    def __init__(self, simulated: SimulatedPanel) -> None:
        self._simulated = simulated

    def pins(self) -> Sequence[SimulatedPin]:
        return self._simulated.pins()

    def press(self, name: str, pressed: bool) -> None:
        self._simulated.press(name, pressed)

    def turn(self, name: str, position: float) -> None:
        if not (math.isfinite(position) and 0.0 <= position <= 1.0):
            raise ControlRefused(f"position of knob {name} = {position:g}: allowed 0 to 1")
        self._simulated.turn(name, position)

    def step(self, name: str, detents: int) -> None:
        if not -MOST_DETENTS <= detents <= MOST_DETENTS:
            raise ControlRefused(f"detents of encoder {name} = {detents}: allowed -{MOST_DETENTS} to {MOST_DETENTS}")
        self._simulated.step(name, detents)

    def touch(self, source: str, value: float) -> None:
        if not 0.0 <= value <= MOST_MIDI_VALUE:
            raise ControlRefused(f"value of {source[:80]} = {value:g}: allowed 0 to {MOST_MIDI_VALUE:g}")
        self._simulated.touch(source, value)
