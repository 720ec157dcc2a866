"""gpiozero's mock pins for a simulated panel. Every pin can dim, and can be used again for something else."""

from typing import Any

from gpiozero.pins.mock import MockFactory, MockPWMPin

from hw.board.ads1115 import MockADS1115

PI_4 = "c03114"


class PanelMockFactory(MockFactory):  # type: ignore[misc]  # gpiozero has no types
    """A Raspberry Pi 4's header made of mock pins.

    gpiozero's own factory refuses to make a dimming pin of one that was a mock SPI pin before, so the order of the
    controls would matter.
    """

    def __init__(self) -> None:
        super().__init__(revision=PI_4, pin_class=MockPWMPin)
        self.i2c: dict[int, MockADS1115] = {}  # by address

    def pin(self, name: Any, pin_class: Any = None, **kwargs: Any) -> Any:
        if pin_class is None:
            for _, info in self.board_info.find_pin(name):
                if info in self.pins:
                    return self.pins[info]
        return super().pin(name, pin_class, **kwargs)
