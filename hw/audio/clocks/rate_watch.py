"""RateWatch: checks that a device runs at the rate it names. Its clock may be switched while sound is running."""

import numpy as np

FARTHEST_OFF = 0.04  # relative; no crystal is off by a hundredth of that, and 44.1 kHz is 0.08 below 48 kHz
SLOWEST, FASTEST = 0.2, 5.0  # 192 kHz for 44.1 and back. Beyond, there is no clock: ALSA's null and file PCMs
STRETCH_S = 0.2
STRETCHES = 13


class RateWatch:
    """Counts blocks against the time. Audio thread; has a verdict every few seconds, and allocates next to nothing.

    It takes the median of many short stretches. So a stretch in which the computer was held up does not count, nor do
    the steps in which a USB device delivers its sound.
    """

    def __init__(self, rate_hz: int, block_frames: int) -> None:
        self._rate_hz = rate_hz
        self._blocks = max(8, round(STRETCH_S * rate_hz / block_frames))
        self._frames = self._blocks * block_frames
        self._measured_hz = np.zeros(STRETCHES)
        self.off_hz = 0  # the measured rate if it is far from what it should be, else 0
        self.forget()

    def forget(self) -> None:
        """Start counting again, after sound was lost."""
        self._count = -1
        self._stretch = 0
        self._begun = 0.0

    def block(self, now: float) -> bool:
        """A block was read at `now`, in seconds. True when there is a new verdict in `off_hz`."""
        self._count += 1
        if self._count == 0:
            self._begun = now
        if self._count < self._blocks:
            return False
        self._measured_hz[self._stretch] = self._frames / max(1e-6, now - self._begun)
        self._begun, self._count = now, 0
        self._stretch += 1
        if self._stretch < STRETCHES:
            return False
        self._stretch = 0
        self._measured_hz.sort()  # np.median() would import numpy.ma, in the midst of the sound
        measured = float(self._measured_hz[STRETCHES // 2])
        ratio = measured / self._rate_hz
        clocked = SLOWEST < ratio < FASTEST
        self.off_hz = round(measured) if clocked and abs(ratio - 1.0) > FARTHEST_OFF else 0
        return True
