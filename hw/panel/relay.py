"""The true-bypass relay's heartbeat: a pin that toggles only while sound is really processed. See docs/relay.md.

A hardware timer holds the relay; every edge of this pin restarts it. A level could stay high after a crash, edges
cannot: if this program, the audio process or the power fails, the relay drops to dry by itself.
"""

import time
from typing import Any

from hw.controls.kinds import RelaySpec

HOLD_S = 0.46  # how long the timer of docs/relay.md holds after an edge


class Relay:
    """One heartbeat pin. Any thread, one at a time."""

    def __init__(self, spec: RelaySpec, factory: Any) -> None:
        from gpiozero import DigitalOutputDevice

        self.spec = spec
        self._device = DigitalOutputDevice(spec.gpio, pin_factory=factory)
        self.pin = self._device.pin
        self._progress: int | None = None
        self._edge_s = float("-inf")

    @property
    def held(self) -> bool:
        """Whether the timer on this pin holds the relay now."""
        return time.monotonic() - self._edge_s < HOLD_S

    def beat(self, progress: int) -> bool:
        """Toggle the pin if `progress`, any counter of the audio process, has changed. Returns whether it has.

        The first call only notes the counter: the old counter of a dead process must not hold the relay.
        """
        moved = self._progress is not None and progress != self._progress
        self._progress = progress
        if moved:
            self._device.toggle()
            self._edge_s = time.monotonic()
        return moved

    def close(self) -> None:
        """Free the pin. It makes at most one more edge, so the relay falls when its timer runs out."""
        self._device.close()
