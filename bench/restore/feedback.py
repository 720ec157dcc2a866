"""Feedback: how much louder a loop may be before it howls, and how often a note is taken for howl.

    python -m bench.restore.feedback [--alarms] [--tuning]

A microphone hears a singer and, through a room of ../shared/data, its own sound from a loudspeaker (100 Hz to 10 kHz,
clipped at full scale), block by block, with the box's delay of four periods. The fader goes up by 1.5 dB a second.
0 dB is where the loudest frequency of the loop comes back as loud as it left; phases allow some dB more. Stable: the
singer's level in the microphone rises by less than 6 dB in the last 3 s. There is no public tool for the loop, so the
other is a fixed method of the books: one notch, as deep and as wide as ours, at the loudest frequency of the room,
which nobody knows beforehand. The stage was tuned by the rooms and the singer of --tuning.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

import numpy as np
import soundfile

from bench.restore.heard import DATA, Sound, voice
from bench.restore.rows import Row
from bench.whistle import whistle
from dsp.block import RATE_HZ, Block
from dsp.parts.biquads import Biquads
from dsp.restore.feedback import FIRST_DB, SHARP, STEP_DB, Feedback

PERIOD, DELAY_BLOCKS, TAPS = 128, 4, 24_000
ROOMS = (
    "house_dining-living",
    "hall_Arthur_Sykes_Rymer_Auditorium",
    "hall_Genesis_6_Studio_Live_Room",
    "house_cardiod-15-10",
    "house_cinema-diningroom",
    "hall_St._Margaret's_Church",
)
SINGER = "singing/producerspace_shv_e_128_00"
TUNING_SINGER = "singing/producerspace_shv_fs_122_00"
TUNING = (
    "house_omni-7-4",
    "house_living-bedroom",
    "house_cinema-hallway",
    "hall_Jack_Lyons_Hall_University_of_York",
    "house_cardiod-25-12",
)
FADER_DB_A_SECOND, FROM_DB, SECONDS = 1.5, -4.0, 16
GAINS_DB = range(1, 17)
STABLE_DB = 6.0

Process = Callable[[Block], None]


class Room:
    """The way from the loudspeaker to the microphone, block by block."""

    def __init__(self, name: str) -> None:
        response = soundfile.read(DATA / "rooms" / f"{name}.flac", dtype="float32", always_2d=True)[0][:TAPS, 0]
        spectrum, hz = np.fft.rfft(response, 1 << 16), np.fft.rfftfreq(1 << 16, 1 / RATE_HZ)
        low = 1j * hz / 100.0
        spectrum = spectrum * (low / (1.0 + low)) ** 4 / (1.0 + 1j * hz / 10_000.0) ** 2
        self.loudest_hz = float(hz[np.abs(spectrum).argmax()])
        taps = np.fft.irfft(spectrum / np.abs(spectrum).max())[:TAPS]
        blocks = np.pad(taps, (0, -len(taps) % PERIOD)).reshape(-1, PERIOD)
        weights = np.fft.rfft(np.pad(blocks, ((0, 0), (0, PERIOD))), axis=1)
        self._twice, self._spectra = np.concatenate([weights, weights]), np.zeros_like(weights)
        self._before, self._newest = np.zeros(PERIOD), 0

    def play(self, block: np.ndarray) -> np.ndarray:
        count = len(self._spectra)
        self._newest = (self._newest - 1) % count
        self._spectra[self._newest] = np.fft.rfft(np.concatenate([self._before, block]))
        self._before = block
        weights = self._twice[count - self._newest : 2 * count - self._newest]
        return np.asarray(np.fft.irfft(np.einsum("ij,ij->j", weights, self._spectra))[PERIOD:])


def loop(sung: Sound, room: Room, gain_db: float, process: Process) -> Sound:
    """What the microphone hears, as the fader goes up to gain_db."""
    waiting, heard = [np.zeros(PERIOD)] * DELAY_BLOCKS, sung[: len(sung) // PERIOD * PERIOD].astype(np.float64)
    for start in range(0, len(heard), PERIOD):
        heard[start : start + PERIOD] += room.play(waiting.pop(0))
        block = heard[start : start + PERIOD].astype(np.float32)[:, None]
        process(block)
        fader_db = min(gain_db, FROM_DB + FADER_DB_A_SECOND * start / RATE_HZ)
        waiting.append(np.clip(10.0 ** (fader_db / 20.0) * block[:, 0].astype(np.float64), -1.0, 1.0))
    return heard.astype(np.float32)


def feedback() -> Feedback:
    stage = Feedback()
    stage.prepare(RATE_HZ, PERIOD, 1)
    stage.set_param("feedback.on", 1.0)
    stage.reset()
    return stage


def fixed(room: Room) -> Process:
    notch = Biquads(1)
    notch.prepare(RATE_HZ, PERIOD, 1)
    notch.set(0, "bell", room.loudest_hz, FIRST_DB + STEP_DB, SHARP)
    return notch.process


def stable_db(name: str, sung: Sound, make: Callable[[Room], Process], from_db: int = 0) -> float:
    """The highest gain below the first above from_db at which it howls."""
    for gain_db in GAINS_DB[from_db:]:
        room = Room(name)
        heard = loop(sung, room, gain_db, make(room))
        late = slice(-3 * RATE_HZ, None)
        before = sung[: len(heard)][late]
        if 10.0 * np.log10(np.square(heard[late]).sum() / np.square(before).sum()) > STABLE_DB:
            return float(gain_db - 1)
    return float(GAINS_DB[-1])


def rows(limit: int | None = None, names: tuple[str, ...] = ROOMS, singer: str = SINGER) -> list[Row]:
    sung = np.resize(0.6 * voice(singer, SECONDS), SECONDS * RATE_HZ).astype(np.float32)
    found = []
    for name in names[:limit]:
        nothing = stable_db(name, sung, lambda _: lambda _: None)
        ours, other = (stable_db(name, sung, make, int(nothing)) for make in (lambda _: feedback().process, fixed))
        what, measure = f"a singer before a loudspeaker, {name}", "highest stable gain, dB"
        other_name = "one notch at the room's loudest frequency"
        found.append(Row("feedback", what, measure, nothing, ours, other, other_name))
    return found


def alarms(sound: Sound) -> int:
    """How many notches were set or deepened."""
    stage, found = feedback(), 0
    cut = stage._cut

    def counted(hz: float, level_db: float) -> None:
        nonlocal found
        found += 1
        cut(hz, level_db)

    stage._cut = counted  # type: ignore[method-assign]
    for start in range(0, len(sound) // PERIOD * PERIOD, PERIOD):
        stage.process(sound[start : start + PERIOD, None].copy())
    return found


def all_alarms() -> None:
    """Print the false alarms of everything in the data, an hour of each kind."""
    songs = sorted((DATA / "songs").iterdir())
    kinds: dict[str, list[Callable[[], Sound]]] = {
        "songs": [lambda folder=folder: sum(_read(path) for path in folder.glob("*.opus")) for folder in songs],  # type: ignore[misc]
        "sung": [lambda path=path: _read(path) for path in sorted((DATA / "voice" / "singing").glob("*"))],  # type: ignore[misc]
        "spoken": [lambda path=path: _read(path) for path in sorted((DATA / "voice" / "fullband").glob("*"))],  # type: ignore[misc]
        "whistled": [lambda: whistle()[0].astype(np.float32)],
    }
    for kind, makers in kinds.items():
        count, seconds = 0, 0.0
        for make in makers:
            sound = make()
            count, seconds = count + alarms(sound), seconds + len(sound) / RATE_HZ
        print(f"{kind:10} {seconds / 60:6.1f} min: {count} alarms, {3600.0 * count / seconds:.1f} an hour", flush=True)


def _read(path: object) -> Sound:
    sound: Sound = soundfile.read(str(path), dtype="float32", always_2d=True)[0].mean(axis=1)
    return sound


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="bench.restore.feedback")
    parser.add_argument("--alarms", action="store_true")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--tuning", action="store_true")
    options = parser.parse_args()
    if options.alarms:
        all_alarms()
        sys.exit(0)
    tuning = (TUNING, TUNING_SINGER) if options.tuning else ()
    for row in rows(options.limit, *tuning):
        print(f"{row.what:65} without {row.nothing:4.0f} dB, ours {row.ours:4.0f}, {row.other_name} {row.other:4.0f}")
