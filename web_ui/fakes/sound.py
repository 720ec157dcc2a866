"""FakeSound: spectrum, history, live sound and recordings of a voice over noise. Nothing of it is heard."""

import io
import math
import random
import time
import wave
from array import array

from web_ui.fakes.live import FakeLive
from web_ui.ports.errors import NotThere
from web_ui.ports.sound import (
    LIVE,
    SPECTRUM_BANDS,
    SPECTRUM_HIGH_HZ,
    SPECTRUM_LOW_HZ,
    CompareView,
    HistoryView,
    LiveStream,
    MomentView,
    Recording,
)

STEP_S = 0.25
PIECE_S = 0.1
FRAME_SECONDS = 0.024  # of MP3
FORMANTS = ((600, 300, 1.0), (1500, 500, 0.5), (2800, 900, 0.4))  # centre in Hz, width in Hz, share
# A frame of 48 kHz, one channel, 32 kbit/s: its header, then zeros, which are silence.
SILENT_FRAME = bytes((0xFF, 0xFB, 0x14, 0xC4)) + bytes(92)


class FakeSound:
    """A SoundPort."""

    def __init__(self, live: FakeLive) -> None:
        self._live = live

    def spectrum(self) -> bytes:
        now, status = self._live.now_s(), self._live.status()
        voice_db = status.inputs[0].rms_db if status.inputs else -120.0
        before, after = bytearray(), bytearray()
        for band in range(SPECTRUM_BANDS):
            hz = SPECTRUM_LOW_HZ * (SPECTRUM_HIGH_HZ / SPECTRUM_LOW_HZ) ** (band / (SPECTRUM_BANDS - 1))
            noise = -66.0 - 6.0 * math.log2(hz / 200.0) * 0.35 + 3.0 * math.sin(band * 12.9898 + now * 31.0)
            pitch = 170.0 + 25.0 * math.sin(now * 1.3)
            harmonic = max(math.cos(2 * math.pi * hz / pitch), 0.0) ** 2 if hz < 3500 else 0.4
            formants = sum(a / (1 + ((hz - f) / w) ** 2) for f, w, a in FORMANTS)
            voice = voice_db - 12.0 + 20 * math.log10(0.02 + harmonic * formants)
            before.append(_byte(10 * math.log10(10 ** (noise / 10) + 10 ** (voice / 10))))
            left = noise - max(status.reduction_db, 6.0)
            after.append(_byte(10 * math.log10(10 ** (left / 10) + 10 ** (voice / 10))))
        return bytes(before + after)

    def history(self, after: int) -> HistoryView:
        now = self._live.now_s() + 300.0
        newest = int(now / STEP_S)
        first = max(after + 1, newest - 1199)
        return HistoryView(now, [_moment(number) for number in range(first, newest + 1)])

    def live(self, which: str) -> LiveStream:
        if which not in LIVE:
            raise NotThere(f"nothing called {which!r} to listen to: there are {', '.join(LIVE)}")
        return _Silence()

    def recording(self) -> Recording:
        return Recording(_wav(noise=0.2), _wav(noise=0.01))

    def compare(self, on: bool) -> CompareView:
        self._live.comparing = on
        self._live.tell()
        return self.comparison()

    def comparison(self) -> CompareView:
        if not self._live.comparing:
            return CompareView(False, None, None, 0.0, 0.0)
        bypassed = self._live.value("box.bypass") >= 0.5
        return CompareView(True, -22.4, -24.9, -2.5 if bypassed else 0.0, 10.0)


class _Silence:
    """MPEG-1 layer III frames of silence, at the speed of sound that is played."""

    def __init__(self) -> None:
        self._begun = time.monotonic() - 2.0  # two seconds at once, as the box begins with what it played last
        self._sent = 0

    def read(self) -> bytes:
        time.sleep(PIECE_S)
        due = int((time.monotonic() - self._begun) / FRAME_SECONDS) - self._sent
        self._sent += due
        return due * SILENT_FRAME

    def close(self) -> None:
        pass


def _byte(decibels: float) -> int:
    return min(max(round(-2.0 * decibels), 0), 255)


def _moment(number: int) -> MomentView:
    at_s = number * STEP_S
    voice = max(math.sin(at_s * 7.1) * math.sin(at_s * 1.9 + 1.0), 0.0)
    busy = math.exp(-(((number % 700) - 350) ** 2) / 900.0)
    return MomentView(
        number, at_s, -34.0 + 26.0 * voice, -48.0 + 40.0 * voice, 18.0 * (1.0 - voice) ** 2, 0.2 + 0.5 * busy,
        0.28 + 0.6 * busy,
        int(number % 700 == 352), int(number % 700 in (348, 352, 353)), int(number % 700 == 353),
    )  # fmt: skip


def _wav(noise: float, seconds: float = 4.0, rate_hz: int = 16000) -> bytes:
    """A tone that swells, in noise of the given peak."""
    draw = random.Random(1).uniform
    frames = array("h", bytes(2 * int(seconds * rate_hz)))
    for n in range(len(frames)):
        at_s = n / rate_hz
        tone = 0.3 * math.sin(2 * math.pi * 220.0 * at_s) * max(math.sin(2 * math.pi * at_s), 0.0)
        frames[n] = int(32767 * (tone + draw(-noise, noise)))
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(2)
        wav.setframerate(rate_hz)
        wav.writeframes(frames.tobytes())
    return buffer.getvalue()
