"""The tempo, from a tapping foot or a MIDI clock. An LED blinks with it."""

from collections import deque

SLOWEST_BPM, FASTEST_BPM = 30.0, 300.0
TAPS = 5  # the mean of the last four beats: steady, and correct again four beats after a change


class Tempo:
    """Beats per minute from taps. Any thread, one at a time; times are seconds of one monotonic clock.

    Before the second tap `bpm` is None, and nothing blinks.
    """

    def __init__(self) -> None:
        self.bpm: float | None = None
        self.beat_at_s = 0.0  # time of a beat: the last tap, or the MIDI clock's
        self._taps: deque[float] = deque(maxlen=TAPS)

    def follow(self, bpm: float, beat_at_s: float) -> None:
        """Take the tempo of a MIDI clock."""
        self.bpm, self.beat_at_s = bpm, beat_at_s
        self._taps.clear()

    def tap(self, at_s: float) -> float | None:
        """Note a tap and return the tempo. A pause longer than the slowest beat starts over, and so does a new pace."""
        if self._taps:
            beat = at_s - self._taps[-1]
            if beat < 60.0 / FASTEST_BPM:
                return self.bpm  # faster than anyone plays: the switch or the foot has bounced
            steady = (
                len(self._taps) < 2 or 0.7 <= beat * (len(self._taps) - 1) / (self._taps[-1] - self._taps[0]) <= 1.4
            )
            if beat > 60.0 / SLOWEST_BPM:
                self._taps.clear()
            elif not steady:
                last = self._taps[-1]
                self._taps.clear()
                self._taps.append(last)
        self._taps.append(at_s)
        self.beat_at_s = at_s
        if len(self._taps) >= 2:
            self.bpm = 60.0 * (len(self._taps) - 1) / (self._taps[-1] - self._taps[0])
        return self.bpm
