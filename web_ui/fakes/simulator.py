"""FakeSimulator: a simulated panel with a footswitch, a knob and an LED."""

from collections.abc import Sequence

from web_ui.fakes.live import FakeLive
from web_ui.fakes.panel import FakePanel
from web_ui.ports.errors import ControlRefused, NotThere
from web_ui.ports.limits import MOST_MIDI_VALUE
from web_ui.ports.simulator import SimulatedPin

AMOUNT = "denoise.amount_db"
AMOUNT_RANGE_DB = 40.0
PICKUP = 0.02  # how near the knob has to come to the value in force before it acts


class FakeSimulator:
    """A SimulatorPort. Presses and turns go to a FakePanel, which may be learning; else they do what is mapped there.

    The footswitch is mapped to bypass, the knob to the amount. The LED is lit while sound is processed.
    """

    def __init__(self, live: FakeLive, panel: FakePanel) -> None:
        self._live = live
        self._panel = panel
        self._positions = {"footswitch": 0.0, "amount": 0.6}

    def pins(self) -> Sequence[SimulatedPin]:
        if not self._panel.simulated:
            return []
        at, said = self._positions, self._panel.said
        lit = 1.0 - self._live.value("box.bypass")
        return [
            SimulatedPin("footswitch", "switch", "Footswitch", at["footswitch"], said("footswitch")),
            SimulatedPin("amount", "knob", "Amount", at["amount"], said("amount"), AMOUNT),
            SimulatedPin("status", "led", "Status", lit, "shows processing", levels=(lit,)),
        ]

    def press(self, name: str, pressed: bool) -> None:
        was = self._pin(name, "switch").position
        self._positions[name] = float(pressed)
        self._live.tell()
        if pressed and not was and not self._panel.hear(name, "press"):
            action = self._panel.does(name, "press") or {}
            if action.get("do") == "toggle":
                self._live.set_param(action["param"], 1.0 - self._live.value(action["param"]), "panel")

    def turn(self, name: str, position: float) -> None:
        was = self._pin(name, "knob").position
        if not 0.0 <= position <= 1.0:
            raise ControlRefused(f"position of knob {name} = {position:g}: allowed 0 to 1")
        stored = self._live.value(AMOUNT) / AMOUNT_RANGE_DB
        crossed = (was - stored) * (position - stored) <= 0.0 or abs(was - stored) < PICKUP
        self._positions[name] = position
        self._live.tell()
        heard = self._panel.hear(name, "turn")
        if crossed and not heard and self._panel.does(name, "turn"):
            self._live.set_param(AMOUNT, AMOUNT_RANGE_DB * position, "panel")

    def step(self, name: str, detents: int) -> None:
        self._pin(name, "encoder")

    def touch(self, source: str, value: float) -> None:
        if not 0.0 <= value <= MOST_MIDI_VALUE:
            raise ControlRefused(f"value of {source} = {value:g}: allowed 0 to {MOST_MIDI_VALUE}")
        self._panel.touch(source, value)

    def _pin(self, name: str, kind: str) -> SimulatedPin:
        pins = {pin.name: pin for pin in self.pins() if pin.kind == kind}
        if name not in pins:
            raise NotThere(f"no simulated {kind} {name!r}: there are {', '.join(pins) or 'none'}")
        return pins[name]
