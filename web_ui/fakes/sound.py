"""FakeSoundPort: the spectrum, history and live sound of FakeControlPort: a voice over noise, drawn, not heard."""

import math
import time

from web_ui.ports.box import NotThere, ParamView, StatusView
from web_ui.ports.sound import (
    LIVE,
    SPECTRUM_BANDS,
    SPECTRUM_HIGH_HZ,
    SPECTRUM_LOW_HZ,
    CompareView,
    HistoryView,
    LiveStream,
    MomentView,
)

STEP_S = 0.25
PIECE_S = 0.1
FRAME_SECONDS = 0.024  # of MP3
# A frame of 48 kHz, one channel, 32 kbit/s: its head, then zeros, which mean silence.
SILENT_FRAME = bytes((0xFF, 0xFB, 0x14, 0xC4)) + bytes(92)


class FakeSoundPort:
    """The part of FakeControlPort that is looked at and listened to."""

    _params: dict[str, ParamView]
    _comparing: bool

    def status(self) -> StatusView:
        raise NotImplementedError  # FakeControlPort's

    def _now_s(self) -> float:
        raise NotImplementedError  # FakeControlPort's

    def _tell(self) -> None:
        raise NotImplementedError  # FakeControlPort's

    def spectrum(self) -> bytes:
        now, taken = self._now_s(), self.status().reduction_db
        voice_db = self.status().inputs[0].rms_db if self.status().inputs else -120.0
        before, after = bytearray(), bytearray()
        for band in range(SPECTRUM_BANDS):
            hz = SPECTRUM_LOW_HZ * (SPECTRUM_HIGH_HZ / SPECTRUM_LOW_HZ) ** (band / (SPECTRUM_BANDS - 1))
            noise = -66.0 - 6.0 * math.log2(hz / 200.0) * 0.35 + 3.0 * math.sin(band * 12.9898 + now * 31.0)
            pitch = 170.0 + 25.0 * math.sin(now * 1.3)
            harmonic = max(math.cos(2 * math.pi * hz / pitch), 0.0) ** 2 if hz < 3500 else 0.4
            formants = sum(
                a / (1 + ((hz - f) / w) ** 2) for f, w, a in ((600, 300, 1), (1500, 500, 0.5), (2800, 900, 0.4))
            )
            voice = voice_db - 12.0 + 20 * math.log10(0.02 + harmonic * formants)
            before.append(_byte(10 * math.log10(10 ** (noise / 10) + 10 ** (voice / 10))))
            after.append(_byte(10 * math.log10(10 ** ((noise - max(taken, 6.0)) / 10) + 10 ** (voice / 10))))
        return bytes(before + after)

    def history(self, after: int) -> HistoryView:
        now = self._now_s() + 300.0
        newest = int(now / STEP_S)
        first = max(after + 1, newest - 1199)
        return HistoryView(now, [_moment(number) for number in range(first, newest + 1)])

    def live(self, which: str) -> LiveStream:
        if which not in LIVE:
            raise NotThere(f"nothing called {which!r} to listen to: there are {', '.join(LIVE)}")
        return _Silence()

    def compare(self, on: bool) -> CompareView:
        self._comparing = on
        self._tell()
        return self.comparison()

    def comparison(self) -> CompareView:
        if not self._comparing:
            return CompareView(False, None, None, 0.0, 0.0)
        bypassed = self._params["box.bypass"].value >= 0.5
        return CompareView(True, -22.4, -24.9, -2.5 if bypassed else 0.0, 10.0)


class _Silence:
    """MPEG-1 layer III frames of nothing, at the pace of sound."""

    def __init__(self) -> None:
        self._begun = time.monotonic() - 2.0  # sent at once, as the box sends what it played last
        self._sent = 0

    def read(self) -> bytes:
        time.sleep(PIECE_S)
        due = int((time.monotonic() - self._begun) / FRAME_SECONDS) - self._sent
        self._sent += due
        return due * SILENT_FRAME

    def close(self) -> None:
        pass


FORMANTS = ((600, 300, 1.0), (1500, 500, 0.5), (2800, 900, 0.4))  # Hz, Hz, share


def _byte(decibels: float) -> int:
    return min(max(round(-2.0 * decibels), 0), 255)


def _moment(number: int) -> MomentView:
    at_s = number * STEP_S
    voice = max(math.sin(at_s * 7.1) * math.sin(at_s * 1.9 + 1.0), 0.0)
    busy = math.exp(-(((number % 700) - 350) ** 2) / 900.0)
    return MomentView(
        number, at_s, -34.0 + 26.0 * voice, -48.0 + 40.0 * voice, 18.0 * (1.0 - voice) ** 2, 0.28 + 0.5 * busy,
        int(number % 700 == 352), int(number % 700 in (348, 352, 353)), int(number % 700 == 353),
    )  # fmt: skip
