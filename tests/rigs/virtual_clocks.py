"""Two audio devices on a clock that the test moves: an hour of drift in a few minutes, the same every time.

They stand where hw.audio.alsa_stream.AlsaStream stands, so what runs on them is hw.audio.clocks.two_clocks.TwoClocksIo
itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hw.audio.clocks.two_clocks import TwoClocksIo

RATE_HZ = 48_000
LOOP_FRAMES = 48_000


class VirtualTime:
    """Seconds since the beginning; only what waits moves them. late_s: how late a wait may wake up, at most."""

    def __init__(self, seed: int = 1, late_s: float = 0.0003) -> None:
        self.now = 0.0
        self._late_s = late_s
        self._rng = np.random.default_rng(seed)
        self._dice: list[float] = []

    def read(self) -> float:
        return self.now

    def sleep_until(self, moment: float) -> None:
        """Wake at `moment`, or a little later as a busy computer does."""
        if not self._dice:
            self._dice = (self._rng.random(4096) ** 4).tolist()  # mostly at once, now and then late
        self.now = max(self.now, moment) + self._late_s * self._dice.pop()


class _Device:
    """What both directions share. ppm: how fast its clock is. step_frames: how finely it tells its position."""

    sample_format, channels, frame_bytes = "S32_LE", 1, 4

    def __init__(
        self,
        time: VirtualTime,
        ppm: float,
        *,
        period_frames: int,
        periods: int,
        rate_hz: int,
        step_frames: int,
        name: str,
    ) -> None:
        self.device = self.name = name
        self.pcm: Any = self
        self.rate_hz, self.period_frames, self.periods = rate_hz, period_frames, periods
        self._time, self._speed = time, rate_hz * (1.0 + ppm * 1e-6)
        self._step = step_frames
        self._buffer = period_frames * periods
        self._started: float | None = None
        self._frames_before = 0.0  # of the clock, at _started
        self.done = 0  # frames the application has read or written since the start
        self.xruns = 0

    def set_ppm(self, ppm: float) -> None:
        """Change the clock's speed from now on."""
        if self._started is not None:
            self._frames_before = self._exact(self._time.now)
            self._started = self._time.now
        self._speed = self.rate_hz * (1.0 + ppm * 1e-6)

    def _exact(self, now: float) -> float:
        assert self._started is not None
        return self._frames_before + (now - self._started) * self._speed

    def _clock_frames(self) -> int:
        if self._started is None:
            return 0
        return int(self._exact(self._time.now) / self._step) * self._step

    def _sleep_until_frame(self, frame: int, seconds: float) -> bool:
        """Wait until the device says that its clock has reached `frame`; False: not within `seconds`."""
        if self._started is None:
            return True
        frame = -(-frame // self._step) * self._step
        moment = self._started + (frame - self._frames_before) / self._speed + 1e-9
        if moment > self._time.now + seconds:
            self._time.sleep_until(self._time.now + seconds)
            return False
        if moment > self._time.now:
            self._time.sleep_until(moment)
        return True

    def drop(self) -> None:
        self._started, self._frames_before, self.done = None, 0.0, 0

    def vanished(self) -> str:
        return ""

    def close(self) -> None: ...


class VirtualMicrophone(_Device):
    """Records `content`, one channel of LOOP_FRAMES int32, again and again."""

    def __init__(self, time: VirtualTime, ppm: float, content: NDArray[np.int32], **options: Any) -> None:
        super().__init__(time, ppm, **options)
        self._content = np.concatenate((content, content[: self.period_frames]))
        self.lose = False  # the next read finds an overrun

    def wait(self, seconds: float) -> bool:
        return self._sleep_until_frame(self.done + self.period_frames, seconds)

    def avail(self) -> int:
        return self._clock_frames() - self.done

    def read(self) -> tuple[int, bytes]:
        if self._started is None:
            self._started = self._time.now
            return 0, b""
        ready = self.avail()
        if ready > self._buffer or self.lose:
            self.lose = False
            self.xruns += 1
            self.drop()
            return -32, b""
        count = min(ready, self.period_frames)
        begin = self.done % LOOP_FRAMES
        self.done += count
        return count, self._content[begin : begin + count].tobytes()


class VirtualSpeaker(_Device):
    """Plays; keeps what is written within `keep`, (first, last) frame."""

    def __init__(self, time: VirtualTime, ppm: float, **options: Any) -> None:
        super().__init__(time, ppm, **options)
        self.keep = (0, 0)
        self.kept: list[bytes] = []
        self.kept_from = 0
        self.lose = False

    def wait(self, seconds: float) -> bool:
        return self._sleep_until_frame(self.done - self._buffer + self.period_frames, seconds)

    def avail(self) -> int:
        return self._buffer - (self.done - self._clock_frames())

    def write(self, data: bytes | memoryview) -> int:
        if self._started is not None and (self.lose or self._clock_frames() > self.done):
            self.lose = False
            self.xruns += 1
            self.drop()
            return -32
        count = min(len(data) // 4, self.avail())
        if self.keep[0] <= self.done < self.keep[1]:
            if not self.kept:
                self.kept_from = self.done
            self.kept.append(bytes(data[: 4 * count]))
        self.done += count
        if self._started is None:
            self._started = self._time.now
        return count

    def take(self) -> tuple[int, NDArray[np.float64]]:
        """(first frame, samples) of what was kept, and forget it."""
        samples = np.frombuffer(b"".join(self.kept), "<i4") / 2.0**31
        self.kept = []
        return self.kept_from, samples


class Tones:
    """A sum of sines that is the same every second, and known between its samples."""

    def __init__(self, seed: int = 3, highest_hz: int = 18_000) -> None:
        rng = np.random.default_rng(seed)
        self.hz = np.unique(np.geomspace(50, highest_hz, 24).astype(int))
        self._phase = rng.uniform(0, 2 * np.pi, len(self.hz))
        self._level = 0.5 / len(self.hz)

    def at(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        """The sound at these places, in frames (fractions too)."""
        angle = 2 * np.pi / LOOP_FRAMES * (places[:, None] % LOOP_FRAMES) * self.hz + self._phase
        return np.asarray(self._level * np.sin(angle).sum(axis=1))

    def recorded(self) -> NDArray[np.int32]:
        """One second of it as 24-bit samples."""
        return (np.rint(self.at(np.arange(LOOP_FRAMES, dtype=np.float64)) * 2**23).astype(np.int64) << 8).astype(
            np.int32
        )


class Pair:
    """A microphone and a speaker `ppm` apart, and the TwoClocksIo between them; pass() runs it."""

    def __init__(
        self,
        ppm: float,
        *,
        period_frames: int = 128,
        periods: int = 3,
        rates_hz: tuple[int, int] = (RATE_HZ, RATE_HZ),
        step_frames: int = 1,
        late_s: float = 0.0003,
        seed: int = 1,
    ) -> None:
        """ppm: how much faster the microphone's clock runs, shared between the two."""
        self.time = VirtualTime(seed, late_s)
        self.tones = Tones()
        options: dict[str, Any] = {"period_frames": period_frames, "periods": periods, "step_frames": step_frames}
        self.microphone = VirtualMicrophone(
            self.time, ppm / 2, self.tones.recorded(), rate_hz=rates_hz[0], name="microphone", **options
        )
        self.speaker = VirtualSpeaker(self.time, -ppm / 2, rate_hz=rates_hz[1], name="speaker", **options)
        self.speed = (1 + ppm / 2e6) / (1 - ppm / 2e6) * rates_hz[0] / rates_hz[1]
        self.io = TwoClocksIo(self.microphone, self.speaker, (1,), (1,), clock=self.time.read)
        self.block = np.zeros((period_frames, 1), np.float32)
        self.level_off = 0.0  # frames beyond the target, last
        self.furthest_off = 0.0  # the most it ever was; set it to 0 to begin anew
        self.io.start()

    def run(self, seconds: float, on_block: Callable[[], None] | None = None) -> None:
        """Pass blocks through for so long; `level_off` and `furthest_off` then say how the buffer fared."""
        io, until = self.io, self.time.now + seconds
        while self.time.now < until:
            io.read_into(self.block)
            io.write(self.block)
            self.level_off = self.level_now() - io.target_frames
            self.furthest_off = max(self.furthest_off, abs(self.level_off))
            if on_block is not None:
                on_block()

    def level_now(self) -> float:
        """Frames of capture that wait now, at the true clocks, as if playback had room for exactly one period."""
        speaker, microphone = self.speaker, self.microphone
        room = speaker._buffer - (speaker.done - speaker._exact(self.time.now))
        recorded = microphone._exact(self.time.now) - microphone.done
        return self.io._reader.waiting_frames + recorded - (room - speaker.period_frames) * self.speed

    def against_ideal(self, seconds: float = 0.25) -> tuple[float, float]:
        """Play on for a while and hold it against an ideal resampling at the true ratio, of one constant delay.

        Returns (what differs, in dB of the sound; how much later than declared the sound is, in frames): where each
        sample should come from follows from the clocks and the declared latency, and that delay alone is fitted.
        """
        self.speaker.keep = (self.speaker.done, self.speaker.done + round(seconds * self.speaker.rate_hz))
        self.run(seconds)
        first, played = self.speaker.take()
        places = self.source_of(first + np.arange(len(played), dtype=np.float64))
        later = self.level_off / self.speed
        for _ in range(4):  # Gauss-Newton
            ideal = self.tones.at(places - later)
            slope = (self.tones.at(places - later - 0.01) - ideal) / 0.01
            later += float(np.dot(slope, played - ideal) / np.dot(slope, slope))
        ideal = self.tones.at(places - later)
        return float(10 * np.log10(np.mean((played - ideal) ** 2) / np.mean(ideal**2))), later

    def source_of(self, frames: NDArray[np.float64]) -> NDArray[np.float64]:
        """The microphone's frame that the speaker's `frames` should be, by their clocks and the declared latency."""
        speaker, microphone = self.speaker, self.microphone
        assert speaker._started is not None
        assert microphone._started is not None
        heard_at = speaker._started + (frames - speaker._frames_before) / speaker._speed
        # The block waited for its turn behind a full buffer less one period; before, it had the level's age.
        buffered_s = (speaker._buffer - speaker.period_frames) / speaker._speed
        return (
            microphone._frames_before
            + (heard_at - buffered_s - microphone._started) * microphone._speed
            - (self.io.target_frames)
        )
