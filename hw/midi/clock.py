"""MIDI clock in both directions: the tempo that comes in, and the one that is sent. Pure logic on the caller's clock.

24 clock bytes a beat; a start begins a bar. Source: MIDI 1.0 Detailed Specification 4.2.1, "System Real Time Messages".
"""

from collections import deque

CLOCK, START, CONTINUE, STOP = 0xF8, 0xFA, 0xFB, 0xFC
PER_BEAT = 24
LATE_S = 1.0  # without a clock byte for this long, the reading starts over
SLOWEST_BPM, FASTEST_BPM = 20.0, 400.0


class ClockReader:
    """Reads one port's clock. One thread, or the caller's lock; times are seconds of one monotonic clock."""

    def __init__(self) -> None:
        self._ticks: deque[float] = deque(maxlen=2 * PER_BEAT + 1)  # two beats: USB delivers each up to 1 ms late
        self._count = 0

    def take(self, byte: int, at_s: float) -> tuple[float, float] | None:
        """Note a real-time byte. Returns (beats per minute, time of the beat) on each beat but the first, else None."""
        if byte in (START, CONTINUE, STOP):
            self._count = 0
            if byte == STOP:
                self._ticks.clear()
        if byte != CLOCK:
            return None
        if self._ticks and at_s - self._ticks[-1] > LATE_S:
            self._ticks.clear()
            self._count = 0
        self._ticks.append(at_s)
        on_a_beat = self._count % PER_BEAT == 0
        self._count += 1
        if not on_a_beat or len(self._ticks) <= PER_BEAT or at_s <= self._ticks[0]:
            return None
        bpm = 60.0 * (len(self._ticks) - 1) / PER_BEAT / (at_s - self._ticks[0])
        return (bpm, at_s) if SLOWEST_BPM <= bpm <= FASTEST_BPM else None


class ClockWriter:
    """Computes when clock bytes are due. MIDI thread, with its lock held."""

    def __init__(self) -> None:
        self._tick_s = 0.0
        self.due_s = float("inf")

    def follow(self, bpm: float | None, beat_at_s: float, now_s: float) -> None:
        """Use this tempo from now on, in step with a beat at `beat_at_s`; None stops the clock."""
        if bpm is None:
            self.due_s = float("inf")
            return
        self._tick_s = 60.0 / bpm / PER_BEAT
        ticks = max(now_s - beat_at_s, 0.0) // self._tick_s + 1
        self.due_s = beat_at_s + ticks * self._tick_s

    def take(self, now_s: float) -> int:
        """How many bytes are due now. Late ones are made up for, but at most a beat of them."""
        count = 0
        while self.due_s <= now_s:
            self.due_s += self._tick_s
            count += 1
        return min(count, PER_BEAT)
