"""SimulatorPort: a front panel whose pins are simulated. The page draws it, and people press and turn it there."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class SimulatedPin:
    """One control or light of the simulated panel.

    position: of a knob or pedal 0…1; of a switch 1 while closed; of a light its brightest part; of a relay 1 while
    held; of a program its number ÷ 127.
    """

    name: str  # "footswitch", "amount", "status"
    kind: str  # "switch" | "knob" | "pedal" | "encoder" | "led" | "rgb" | "meter" | "relay" | "program"
    label: str
    position: float
    does: str  # plain words: "press: bypass on/off"
    param: str = ""  # the parameter that a knob sets: the page marks its value on the dial
    levels: tuple[float, ...] = ()  # of a light: each part's brightness (red, green, blue; a meter's LEDs)
    latching: bool = False  # a switch that stays where it is put


class SimulatorPort(Protocol):
    """Hands on the simulated panel. Each method but `pins` raises NotThere where the pins are real."""

    def pins(self) -> Sequence[SimulatedPin]:
        """Everything there is to draw. Empty where the pins are real."""
        ...

    def press(self, name: str, pressed: bool) -> None:
        """Press or release a switch through its mock pin. Raises NotThere."""
        ...

    def turn(self, name: str, position: float) -> None:
        """Turn a knob or pedal to 0…1 through its mock converter. Raises NotThere, ControlRefused."""
        ...

    def step(self, name: str, detents: int) -> None:
        """Turn an encoder by clicks, below 0 to the left; "program" by MIDI programs.

        Raises NotThere, ControlRefused.
        """
        ...

    def touch(self, source: str, value: float) -> None:
        """Move something that is no control yet.

        source: "gpio:4", "mcp3008:0:3", "midi:PORT:cc:1:64", "hid:DEVICE:KEY_A". value: 1 pressed, 0 released; a
        position 0…1; a program's number. Raises NotThere, ControlRefused.
        """
        ...
