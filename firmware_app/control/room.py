"""Learning the room: three quiet seconds of the untouched sound tell its noise and its hum, and what would suit.

Nothing is set here. What was learned stays until the room is learned again, or the box ends.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dsp.block import RATE_HZ, Block
from dsp.effects.gate import THRESHOLD
from firmware_app.control.spectrum import FRAMES, Bands
from firmware_app.errors import AppError
from firmware_app.link.listen_ring import RingReader
from web_ui.ports.limits import QUIET_S

SETTLE_S = 0.4  # the tap that begins it may be heard
STEP_S = 0.1
PIECE_FRAMES = RATE_HZ // 20
SPEECH_HZ = (200.0, 4000.0)
UNEVEN_DB = 8.0  # between the louder and the quieter moments of speech band: more is no steady noise
LOUDEST_DBFS = -26.0  # of the speech band: a room that loud is not quiet
SILENT = 1e-6
MAINS_HZ = (50.0, 60.0)
MAINS_WITHIN = 0.004  # the mains of a weak grid or a generator
HARMONICS = 12
HUM_STANDS_DB = 15.0  # a harmonic above the noise around it
LEAST_HARMONICS = 2
RUMBLE_HZ, VOICE_HZ = (15.0, 75.0), (100.0, 4000.0)
RUMBLE_DB = 6.0
ABOVE_DB = 6.0  # how far above the loudest moments of the noise a gate opens
GATE, LOW_CUT, HUM = THRESHOLD.id, "low_cut.on", "hum.on"
AMOUNT, INPUT = "denoise.amount_db", "input.gain_db"

Powers = NDArray[np.float64]


class NotQuiet(AppError, ValueError):
    """The room cannot be learned from this sound; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A value for a parameter, and why."""

    id: str
    value: float
    why: str


@dataclass(frozen=True, slots=True)
class Room:
    """What was heard. Levels in dBFS; floor_db, hum_db: RMS. curve: of the bands of Spectrum."""

    floor_db: float
    hum_hz: float  # 0: no hum
    hum_db: float
    uneven_db: float  # how far its loudest moments rise above the mean, in the band of speech
    rumble_db: float  # how much louder than the rest of the noise
    curve: tuple[float, ...]


def heard(sound: Block) -> Room:
    """The room in some seconds of untouched sound, float32 (frames, channels). Raises NotQuiet."""
    if not len(sound) or float(np.abs(sound).max()) < SILENT:
        raise NotQuiet("Nothing comes in: is the microphone connected and switched on?")
    loudest = int(np.square(sound, dtype=np.float64).sum(axis=0).argmax())
    mono = sound[:, loudest].astype(np.float64)
    uneven_db = _unevenness(mono)
    powers, step_hz = _spectrum(mono)
    hum_hz, hum = _hum(powers, step_hz)
    rest = max(float(powers.sum()) - hum, 1e-30)
    low, voice = (_within(powers, step_hz, band) for band in (RUMBLE_HZ, VOICE_HZ))
    below = sum(_lines(powers, step_hz, hum_hz, hum_hz)) if hum_hz else 0.0  # the fundamental is hum, not rumble
    return Room(
        floor_db=_db(rest),
        hum_hz=hum_hz,
        hum_db=_db(hum),
        uneven_db=uneven_db,
        rumble_db=_db(max(low - below, 1e-30)) - _db(voice),
        curve=tuple(float(level) for level in _curve(mono)),
    )


def _unevenness(mono: Powers) -> float:
    """How far the loudest moments rise above the mean, in dB. Raises NotQuiet.

    In the band of speech: a rumble that comes and goes is no voice.
    """
    pieces = mono[: len(mono) // PIECE_FRAMES * PIECE_FRAMES].reshape(-1, PIECE_FRAMES) * np.hanning(PIECE_FRAMES)
    low, high = (round(hz * PIECE_FRAMES / RATE_HZ) for hz in SPEECH_HZ)
    powers = np.square(np.abs(np.fft.rfft(pieces, axis=1)[:, low:high])).sum(axis=1)
    levels = 10.0 * np.log10(powers + 1e-15)
    quiet, loud = np.percentile(levels, (20.0, 95.0))
    if loud - quiet > UNEVEN_DB or float(levels.max()) - float(np.median(levels)) > 2.0 * UNEVEN_DB:
        raise NotQuiet("That was not quiet: somebody spoke or something moved. Be quiet and learn again.")
    floor_db = _db(float(np.square(mono).mean()))
    if floor_db > LOUDEST_DBFS:
        raise NotQuiet(
            f"That was too loud for a quiet room, {floor_db:.0f} dBFS: stop the music, or turn the preamp down."
        )
    return float(levels.max()) - _db(float(powers.mean()))


def _spectrum(mono: Powers) -> tuple[Powers, float]:
    """(power in each bin, Hz between bins); the powers of all bins add up to the mean square."""
    window = np.hanning(len(mono))
    powers: Powers = np.square(np.abs(np.fft.rfft(mono * window))) * 2.0 / (len(mono) * np.square(window).sum())
    return powers, RATE_HZ / len(mono)


def _within(powers: Powers, step_hz: float, band: tuple[float, float]) -> float:
    low, high = (round(hz / step_hz) for hz in band)
    return float(powers[low:high].sum())


def _lines(powers: Powers, step_hz: float, base_hz: float, highest_hz: float) -> list[float]:
    """The power of each harmonic that stands out from the noise around it, up to highest_hz."""
    found = []
    for number in range(1, HARMONICS + 1):
        if number * base_hz > highest_hz:
            break
        at = round(number * base_hz / step_hz)
        reach, around = max(2, round(0.8 / step_hz)), round(12.0 / step_hz)
        line = powers[at - reach : at + reach + 1]
        beside = np.concatenate((powers[max(at - around, 1) : at - 2 * reach], powers[at + 2 * reach : at + around]))
        noise = float(np.median(beside)) / math.log(2.0) + 1e-30  # the mean of what is spread as noise is
        if 10.0 * math.log10(float(line.max()) / noise + 1e-30) > HUM_STANDS_DB:
            found.append(float(line.sum()) - noise * len(line))
    return found


def _hum(powers: Powers, step_hz: float) -> tuple[float, float]:
    """(frequency of the mains, power of its hum); zeros without hum."""
    best = (0.0, 0.0)
    for mains_hz in MAINS_HZ:
        for base_hz in mains_hz * np.linspace(1.0 - MAINS_WITHIN, 1.0 + MAINS_WITHIN, 41):
            lines = _lines(powers, step_hz, float(base_hz), HARMONICS * mains_hz * 1.01)
            if len(lines) >= LEAST_HARMONICS and sum(lines) > best[1] * 1.001:
                best = (float(base_hz), sum(lines))
    return (_exact(powers, step_hz, best[0]), best[1]) if best[0] else best


def _exact(powers: Powers, step_hz: float, base_hz: float) -> float:
    """The frequency of the mains, from where its strongest harmonic lies."""
    reach = 2

    def around(number: int) -> Powers:
        at = round(number * base_hz / step_hz)
        return powers[at - reach : at + reach + 1]

    strongest = max(range(1, HARMONICS + 1), key=lambda number: float(around(number).max()))
    line = around(strongest)
    centre = float((np.arange(-reach, reach + 1) * line).sum() / line.sum())
    return (round(strongest * base_hz / step_hz) + centre) * step_hz / strongest


def _curve(mono: Powers) -> NDArray[np.float64]:
    """The mean spectrum in dBFS, in the bands that the page draws."""
    bands = Bands()
    starts = range(0, len(mono) - FRAMES + 1, FRAMES // 2)
    powers = [np.square(bands.bins(mono[at : at + FRAMES, None].astype(np.float32))) for at in starts]
    return bands.levels(np.sqrt(np.mean(powers, axis=0)))


def _db(power: float) -> float:
    return 10.0 * math.log10(max(power, 1e-15))


def proposals(room: Room, values: Mapping[str, float]) -> tuple[Proposal, ...]:
    """What suits this room, of the parameters in `values`, all those in force."""
    made = []
    if GATE in values:
        reaches_db = room.floor_db + values.get(INPUT, 0.0) - values.get(AMOUNT, 0.0)
        threshold = float(min(max(round(reaches_db + room.uneven_db + ABOVE_DB), THRESHOLD.low), THRESHOLD.high))
        words = f"Above the loudest moments of the noise, which reaches the gate with {reaches_db:.0f} dB."
        made.append(Proposal(GATE, threshold, words))
    if LOW_CUT in values and room.rumble_db > RUMBLE_DB:
        made.append(Proposal(LOW_CUT, 1.0, f"Rumble is {room.rumble_db:.0f} dB louder than the noise above it."))
    if HUM in values and room.hum_hz:
        made.append(Proposal(HUM, 1.0, f"There is hum at {room.hum_hz:.1f} Hz, {room.hum_db:.0f} dB."))
    return tuple(made)


@dataclass(frozen=True, slots=True)
class Learning:
    """Where learning stands. number: of `room`, which is kept until there is a newer one."""

    listening: bool = False
    seconds_left: int = 0
    problem: str = ""
    number: int = 0
    room: Room | None = None
    learned_at_s: float = 0.0  # monotonic


class RoomLearner:
    """Listens to the listen ring in a thread of its own, which ends by itself. Methods from any thread."""

    def __init__(self, ring: Path, tell: Callable[[], None], quiet_s: float = QUIET_S) -> None:
        """ring: its file. tell: `now` has changed."""
        self._ring = ring
        self._tell = tell
        self._quiet_s = quiet_s
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self.now = Learning()

    def start(self) -> None:
        """Listen, from the beginning if it listens already."""
        with self._lock:
            self._stop.set()
            self._stop = stop = threading.Event()
            self._put(listening=True, seconds_left=math.ceil(self._quiet_s), problem="")
        threading.Thread(target=self._listen, args=(stop,), name="room", daemon=True).start()

    def cancel(self) -> None:
        """Stop listening; what was learned before stays."""
        with self._lock:
            self._stop.set()
            self._put(listening=False, seconds_left=0)

    def _listen(self, stop: threading.Event) -> None:
        reader = RingReader(self._ring)
        try:
            if stop.wait(SETTLE_S):
                return
            began_s, position = time.monotonic(), reader.newest()
            while (left_s := began_s + self._quiet_s - time.monotonic()) > 0:
                if stop.wait(min(STEP_S, left_s)):
                    return
                self._count(stop, math.ceil(left_s))
            _, sound, _ = reader.since(position, round(self._quiet_s * RATE_HZ))
            self._end(stop, sound)
        finally:
            reader.close()

    def _count(self, stop: threading.Event, left: int) -> None:
        with self._lock:
            if not stop.is_set() and left != self.now.seconds_left:
                self._put(seconds_left=left)

    def _end(self, stop: threading.Event, sound: Block) -> None:
        try:
            room, problem = self._room(sound), ""
        except NotQuiet as error:
            room, problem = None, str(error)
        with self._lock:
            if stop.is_set():
                return
            if room is None:
                self._put(listening=False, seconds_left=0, problem=problem)
            else:
                number = self.now.number + 1
                self.now = Learning(number=number, room=room, learned_at_s=time.monotonic())
        self._tell()

    def _room(self, sound: Block) -> Room:
        if len(sound) < 0.8 * self._quiet_s * RATE_HZ:
            raise NotQuiet("No sound comes in: the box does not play. Learn again once it does.")
        return heard(sound)

    def _put(self, **changes: object) -> None:
        """With the lock held."""
        self.now = replace(self.now, **changes)  # type: ignore[arg-type]
        self._tell()
