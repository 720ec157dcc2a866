"""The box's sound as an MP3 stream for a browser: about a second late, for setting up from a distance.

MP3, because every phone plays an endless stream of it over plain HTTP. libsndfile encodes it (3 % of a desktop core).
"""

import io
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from dsp.analysis.loudness import HOP_FRAMES, Loudness
from dsp.block import RATE_HZ, Block
from firmware_app.link.listen_ring import RingReader

AHEAD_S = 1.0  # sent at once, so that the browser has something to play from
STEP_S = 0.1
MATCH_S = 6.0  # the loudness is measured over the newest seconds
LOUDEST_MATCH_DB = 20.0  # where one side is nearly silent, the other stays audible
COMPRESSION = 0.5  # of 0 (320 kbit/s) to 1 (32 kbit/s): about 160 kbit/s


class LiveSound:
    """One listener's stream. One thread."""

    def __init__(self, ring: Path, which: str, muted: Callable[[], bool]) -> None:
        """which: one of web_ui.ports.sound.LIVE. muted: whether the box is muted; then "removed" is silent, too."""
        self._reader = RingReader(ring)
        self._which = which
        self._muted = muted
        newest = self._reader.newest()
        self._position = max(0, newest - int(AHEAD_S * RATE_HZ))
        found = self._reader.latest(1)
        self._channels = found[0].shape[1] if found is not None else 1
        self._both = BothSides() if which == "both" else None
        if self._both:
            self._channels = 2
        self._sink = _Sink()
        self._encoder = soundfile.SoundFile(
            self._sink,
            "w",
            RATE_HZ,
            self._channels,
            "MPEG_LAYER_III",
            format="MP3",
            bitrate_mode="CONSTANT",  # a stream needs an even flow, and no index at its beginning
            compression_level=COMPRESSION,
        )

    def read(self) -> bytes:
        """The MP3 of what was played since the last call, after a short wait; empty when nothing was."""
        time.sleep(STEP_S)
        self._position, before, after = self._reader.since(self._position, 2 * RATE_HZ)
        if len(before):
            sound = self._both.matched(before, after) if self._both else self._pick(before, after)
            self._encoder.write(self._fit(sound))
        return self._sink.take()

    def close(self) -> None:
        self._encoder.close()
        self._reader.close()

    def _pick(self, before: Block, after: Block) -> Block:
        if self._which == "output":
            return after
        if self._which == "untouched":
            return before
        return np.zeros_like(after) if self._muted() else before - after

    def _fit(self, sound: Block) -> Block:
        """The sound with as many channels as the stream began with: another device may have fewer or more."""
        if sound.shape[1] == self._channels:
            return np.clip(sound, -1.0, 1.0)
        mono: Block = sound.mean(axis=1, keepdims=True)
        fitted: Block = np.clip(np.repeat(mono, self._channels, axis=1), -1.0, 1.0)
        return fitted


class BothSides:
    """Untouched and processed sound side by side, the louder one turned down. One thread.

    The phone switches between them, at once and without a change at the box. At equal loudness, because the louder one
    always seems better (see compare.py).
    """

    def __init__(self) -> None:
        self._loudness = (Loudness(1, MATCH_S), Loudness(1, MATCH_S))
        self._waiting: Block = np.zeros((0, 2), np.float32)
        self._gains = np.ones(2, np.float32)

    def matched(self, before: Block, after: Block) -> Block:
        """(frames, channels) each -> (frames, 2): left before, right after, each mono. The gains ramp."""
        sound: Block = np.stack((before.mean(axis=1), after.mean(axis=1)), axis=1)
        self._waiting = np.concatenate((self._waiting, sound))
        while len(self._waiting) >= HOP_FRAMES:
            hop, self._waiting = self._waiting[:HOP_FRAMES], self._waiting[HOP_FRAMES:]
            for side, meter in enumerate(self._loudness):
                meter.add(hop[:, side : side + 1])
        wanted = self._wanted()
        ramp = np.linspace(0.0, 1.0, len(sound), dtype=np.float32)[:, None]
        sound *= self._gains + (wanted - self._gains) * ramp
        self._gains = wanted
        return sound

    def _wanted(self) -> NDArray[np.float32]:
        """The two gains, 1 for the quieter side; both 1 until there is something to measure on both."""
        lufs = np.array([meter.lufs for meter in self._loudness])
        if not np.isfinite(lufs).all():
            return np.ones(2, np.float32)
        return np.asarray(10 ** (np.maximum(lufs.min() - lufs, -LOUDEST_MATCH_DB) / 20), np.float32)


class _Sink(io.RawIOBase):
    """The encoder's output, forwards only. What it rewrites at the end of a file has been sent already."""

    def __init__(self) -> None:
        self._fresh = bytearray()
        self._written = 0
        self._at = 0

    def take(self) -> bytes:
        fresh = bytes(self._fresh)
        self._fresh.clear()
        return fresh

    def write(self, data: bytes) -> int:  # type: ignore[override]
        data = bytes(data)
        if self._at == self._written:
            # The first frame tells how long a file is. A stream has no length, and a player would stop there.
            if self._written or not any(tag in data for tag in (b"Xing", b"Info")):
                self._fresh += data
            self._written += len(data)
        self._at += len(data)
        return len(data)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._written}[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: object) -> int:
        return 0
