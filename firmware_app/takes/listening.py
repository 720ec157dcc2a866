"""Listens to all of a take, and keeps what was found: its facts, and what it is compared by.

Done after the take, by a process that gives way to everything; done again where a file is missing or does not fit.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import soundfile

from dsp.analysis import key as keys
from dsp.analysis import lined_up, pitches, tempo
from dsp.block import RATE_HZ, Block
from firmware_app.takes import facts as facts_of
from firmware_app.takes import take as takes
from firmware_app.takes.beside import write_bytes
from firmware_app.takes.facts import Facts
from firmware_app.takes.measure import Measure
from firmware_app.takes.sounds import SoundsOf, by_loudness
from firmware_app.takes.take import Take, TakeError

GROUND = "ground.npy"
"""What two takes are compared by: dsp.analysis.lined_up.ground, as float16."""

LONGEST_S = 2 * 3600
"""Of a take, for key, tempo and comparing: more would take too much memory."""

_PIECE = 10 * RATE_HZ

Progress = Callable[[float], object]


def find_out(
    folder: Path, take: Take, sounds_of: SoundsOf | None = None, progress: Progress = lambda share: None
) -> Facts:
    """Listen to all of the take, and keep what was found. Raises TakeError, OSError.

    sounds_of: tells who sounds in the lane that is listened to; None where no model can.
    """
    if take.state == takes.RECORDING:
        raise TakeError(f"take {folder.name}: it is still being recorded")
    heard = next((lane.name for lane in take.lanes if lane.name == "dry"), take.lanes[0].name)
    lufs: dict[str, float | None] = {}
    listener = _Listener()
    for at, lane in enumerate(take.lanes):
        measure = Measure(lane.channels)
        for piece, share in _pieces(takes.lane_file(folder, lane.name)):
            measure.add(piece)
            if lane.name == heard:
                listener.add(piece.mean(axis=1))
            progress((at + share) / (len(take.lanes) + 1))
        lufs[lane.name] = measure.lufs
    listener.keep_ground(folder / GROUND)
    sounds = by_loudness(lufs)
    if not sounds and sounds_of is not None and lufs[heard] is not None:
        sounds = sounds_of(takes.lane_file(folder, heard))
    facts = Facts(lufs, listener.key(), listener.bpm(), sounds)
    facts_of.save(folder, facts)
    return facts


def ground_of(folder: Path) -> lined_up.Rows:
    """Raises TakeError where find_out() has not been there."""
    try:
        if (folder / GROUND).is_symlink():
            raise ValueError("a link")
        rows = np.load(folder / GROUND, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        raise TakeError(f"take {folder.name}: it has not been listened to yet") from None
    if rows.ndim != 2 or rows.shape[1] != 13:
        raise TakeError(f"take {folder.name}: it has not been listened to yet")
    return np.asarray(rows, np.float32)


class _Listener:
    """Key, tempo and ground of one lane, while it goes by. One thread."""

    def __init__(self) -> None:
        self._pitches, self._onsets = pitches.Pitches(), tempo.Onsets()
        self._rest: Block = np.zeros(0, np.float32)
        self._frames = 0

    def add(self, sound: Block) -> None:
        """Mono, float32 (frames,)."""
        if self._frames > LONGEST_S * RATE_HZ:
            return
        self._frames += len(sound)
        joined = np.concatenate((self._rest, sound))
        hop, fine = pitches.HOP_FRAMES, tempo.HOP_FRAMES
        whole = len(joined) - len(joined) % hop
        for at in range(0, whole, hop):
            self._pitches.add(joined[at : at + hop])
        for at in range(0, whole, fine):
            self._onsets.add(joined[at : at + fine])
        self._rest = joined[whole:]

    def key(self) -> str:
        rows = pitches.semitones(self._pitches.rows)
        found = keys.key_of(rows) if len(rows) >= keys.LEAST_SECONDS * RATE_HZ / pitches.HOP_FRAMES else None
        return found.name if found is not None and found.sure else ""

    def bpm(self) -> float | None:
        found = tempo.tempo_of(self._onsets.values)
        return found.bpm if found is not None and found.sure else None

    def keep_ground(self, path: Path) -> None:
        """Raises OSError."""
        rows = lined_up.ground(pitches.semitones(self._pitches.rows), self._onsets.values)
        with io.BytesIO() as out:
            np.save(out, rows.astype(np.float16))
            write_bytes(path, out.getvalue())


def _pieces(path: Path) -> Iterator[tuple[Block, float]]:
    """(piece, share of the file up to its end). Raises TakeError."""
    try:
        with soundfile.SoundFile(path) as file:
            for piece in file.blocks(_PIECE, dtype="float32", always_2d=True):
                yield piece, file.tell() / max(1, file.frames)
    except soundfile.LibsndfileError as error:
        raise TakeError(f"{path}: cannot be read: {error}") from None
