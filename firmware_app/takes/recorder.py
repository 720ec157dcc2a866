"""The recorder: follows the take ring, keeps the last minutes, and records takes when it is asked to."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from dsp.block import RATE_HZ, Block
from firmware_app.link.take_ring import READ_SECONDS, LaneForm, RingState, TakeReader
from firmware_app.takes.disk import Disk
from firmware_app.takes.minutes import LastMinutes
from firmware_app.takes.playing import PRE_ROLL_S, Ear
from firmware_app.takes.shelf import Shelf
from firmware_app.takes.take import Take

CHUNK_FRAMES = RATE_HZ // 10
SILENCE = 10.0 ** (-60.0 / 20.0)
"""A kept take begins with the first second that is louder."""

REMOVED = "removed"
"""A lane that is made here: what came in, less what is heard of it."""

LONGEST_HOLE_S = 30.0
"""A device that comes back sooner goes on in the same take, with silence between."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a take is to hold. lanes: names; those the box does not have at present are left out."""

    lanes: tuple[str, ...] = ("dry", "wet")
    how: str = "pressed"
    preset: str = ""
    format: str = "wav"


@dataclass(slots=True)
class _Params:
    """The parameters at some position, and every change after it."""

    values: dict[str, float] = field(default_factory=dict)
    changes: deque[tuple[int, str, float]] = field(default_factory=deque)

    def since(self, position: int) -> tuple[dict[str, float], list[tuple[int, str, float]]]:
        """(the values at `position`, the changes after it)."""
        values, later = dict(self.values), []
        for at, param_id, value in self.changes:
            if at <= position:
                values[param_id] = value
            else:
                later.append((at, param_id, value))
        return values, later

    def forget_before(self, position: int) -> None:
        """Changes before it become part of the values."""
        while self.changes and self.changes[0][0] <= position:
            _, param_id, value = self.changes.popleft()
            self.values[param_id] = value


class Recorder:
    """Call step() about ten times a second. One thread; the disk has its own.

    A position counts the frames that the recorder has followed since it started, missing ones included.
    """

    def __init__(
        self,
        ring: Path,
        shelf: Shelf,
        minutes_s: int,
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = datetime.now,
    ) -> None:
        """ring: the take ring's file. shelf: where takes go. minutes_s: what is kept in memory; 0 for none."""
        self._reader = TakeReader(ring)
        self._shelf, self._clock, self._now = shelf, clock, now
        self.minutes = LastMinutes(minutes_s)
        self.position = 0  # of the next frame
        self._read = 0  # the same, in the ring
        self._ring: RingState | None = None
        self._params = _Params()
        self._disk: Disk | None = None
        self._begun = 0  # position of the present take's first frame
        self._wanted = Wanted()
        self._chosen = _Chosen((), ())  # for the present take
        self._ear: Ear | None = None
        self._heard = Wanted(how="heard")
        self._ending: list[Disk] = []
        self.said: list[str] = []  # what people must know, since it was last taken

    # --- what is asked ---

    @property
    def recording(self) -> Disk | None:
        """The take that is being recorded."""
        return self._disk

    @property
    def has(self) -> tuple[str, ...]:
        """The lanes that there are at present."""
        return tuple(lane.name for lane in _with_removed(self._ring.lanes)) if self._ring is not None else ()

    @property
    def armed(self) -> bool:
        """Whether a take begins when somebody plays."""
        return self._ear is not None

    def start(self, wanted: Wanted, pre_roll_s: float = 0.0) -> bool:
        """Begin a take, with up to so much of what was played before. False when one is being recorded, or no sound
        comes.
        """
        if self._disk is not None or self._ring is None:
            return False
        self._wanted = wanted
        self._begin(max(self.minutes.begins, self.position - round(pre_roll_s * RATE_HZ)))
        return True

    def stop(self) -> None:
        """End the take."""
        if self._disk is not None:
            self._disk.end()
            self._ending.append(self._disk)
            self._disk = None
            if self._ear is not None:
                self._ear.forget()

    def arm(self, heard_db: float, silence_s: float, wanted: Wanted) -> None:
        """Begin a take when somebody plays; see Ear. What it has learnt of the room stays when only rules change."""
        self._heard = wanted
        if self._ear is None:
            self._ear = Ear(heard_db, silence_s)
        self._ear.heard_db, self._ear.silence_s = heard_db, silence_s

    @property
    def places(self) -> set[str]:
        """Where takes are being written at present, by their ids."""
        return {disk.place for disk in (self._disk, *self._ending) if disk is not None}

    def disarm(self) -> None:
        """No take begins by itself. One that did goes on until it is ended."""
        self._ear = None

    def keep(self, wanted: Wanted) -> bool:
        """Make a take of the last minutes, from the first sound in them. False when there is none."""
        begin = self.minutes.first_sound(SILENCE)
        if begin is None:
            return False
        chosen = _choose(self.minutes.lanes, wanted.lanes)
        if not chosen.lanes:
            return False
        values, changes = self._params.since(begin)
        disk = self._new_disk(chosen.lanes, wanted, values, begin)
        for _, sounds in self.minutes.sounds(begin):
            disk.append(chosen.of(sounds))
        for at, param_id, value in changes:
            disk.changed(at - begin, param_id, value)
        disk.end()
        self._ending.append(disk)
        return True

    def mark(self, name: str) -> None:
        """Mark this moment in the present take."""
        if self._disk is not None:
            self._disk.mark(self.position - self._begun, name)

    def param(self, param_id: str, value: float, at_ns: int) -> None:
        """A parameter was set. at_ns: when (time.monotonic_ns)."""
        position = self._position_at(at_ns)
        self._params.changes.append((position, param_id, value))
        if self._disk is not None:
            self._disk.changed(position - self._begun, param_id, value)

    def params(self, values: Mapping[str, float]) -> None:
        """Every parameter, as it is now."""
        self._params.values, self._params.changes = dict(values), deque()

    def settled(self) -> list[Disk]:
        """Takes that were completed since the last call, or given up."""
        done = [disk for disk in self._ending if disk.ended()]
        for disk in done:
            self.said += disk.heard()
        self._ending = [disk for disk in self._ending if disk not in done]
        return done

    def close(self, wait_s: float) -> bool:
        """End everything, waiting so long for the disk. Returns whether all is on it."""
        self.stop()
        until = self._clock() + wait_s
        return all([disk.ended(max(0.0, until - self._clock())) for disk in self._ending])

    # --- what comes ---

    def step(self) -> None:
        """Take what the ring has."""
        if self._disk is not None:
            self.said += self._disk.heard()
            if self._disk.over:
                self.stop()
        state = self._reader.look()
        if state is None:
            self._ring = self._ring if self._disk is not None else None
            return
        if self._ring is None or state.generation != self._ring.generation:
            self._new_ring(state)
        assert self._ring is not None
        if state.gaps != self._ring.gaps and self._disk is not None:
            self._disk.missing(0, "an xrun")
        self._ring = state
        if self._disk is not None and self._clock() - state.at_ns / 1e9 > LONGEST_HOLE_S and state.written:
            self.stop()
        while self._read + CHUNK_FRAMES + state.latency_frames <= state.written:
            if state.written - self._read > READ_SECONDS * RATE_HZ - 2 * CHUNK_FRAMES:
                self._skip(state.written - self._read - RATE_HZ)
            chunk = self._reader.read(self._read, CHUNK_FRAMES, state.latency_frames)
            if chunk is None:
                break
            self._take(chunk)
        self._params.forget_before(self.minutes.begins if len(self.minutes) else self.position)

    def _take(self, chunk: Sequence[Block]) -> None:
        assert self._ring is not None
        self.minutes.add(self.position, self._ring.lanes, chunk)
        if self._disk is not None:
            self._disk.append(self._chosen.of(chunk))
        self._read += CHUNK_FRAMES
        self.position += CHUNK_FRAMES
        if self._ear is not None:
            self._listen(self._ear, chunk[0])

    def _listen(self, ear: Ear, sound: Block) -> None:
        """Begin a take where somebody has begun to play; end one that began so where they have stopped."""
        verdict = ear.hear(self.position - len(sound), sound)
        if verdict.begins is not None and self._disk is None:
            self._wanted = self._heard
            self._begin(max(self.minutes.begins, verdict.begins - round(PRE_ROLL_S * RATE_HZ)))
        elif verdict.ended and self._disk is not None and self._wanted.how == self._heard.how:
            self.stop()

    def _skip(self, frames: int) -> None:
        """This process was held up for longer than the ring remembers."""
        self._read += frames
        self.position += frames
        if self._disk is not None:
            self._disk.missing(frames, "the recorder was held up")
        self.said.append(f"{frames / RATE_HZ:.1f} s of sound could not be kept: the recorder was held up")

    def _new_ring(self, state: RingState) -> None:
        """The device was opened anew."""
        before, self._ring = self._ring, state
        self._read = 0
        if self._disk is None or before is None:
            return
        if before.lanes != state.lanes:
            self.stop()
            if self._wanted.how != self._heard.how:  # else it begins by itself when somebody plays on
                self._begin(self.position)
            return
        hole_s = (state.at_ns - before.at_ns) / 1e9 - state.written / RATE_HZ if state.written else 0.0
        frames = round(max(0.0, min(hole_s, LONGEST_HOLE_S)) * RATE_HZ)
        self.position += frames
        self._disk.missing(frames, "the interface was away")

    def _begin(self, begin: int) -> None:
        """Start to record, with what the last minutes hold from `begin` on."""
        assert self._ring is not None
        self._chosen = _choose(self._ring.lanes, self._wanted.lanes)
        if not self._chosen.lanes:
            self.said.append(f"nothing to record: the box has {', '.join(self.has)}")
            return
        same = self.minutes.lanes == self._ring.lanes
        self._begun = begin if same else self.position
        values, changes = self._params.since(self._begun)
        self._disk = self._new_disk(self._chosen.lanes, self._wanted, values, self._begun)
        if same:
            for _, sounds in self.minutes.sounds(self._begun):
                self._disk.append(self._chosen.of(sounds))
        for at, param_id, value in changes:
            self._disk.changed(at - self._begun, param_id, value)

    def _new_disk(self, lanes: Sequence[LaneForm], wanted: Wanted, values: Mapping[str, float], begin: int) -> Disk:
        begun = self._now() - timedelta(seconds=(self.position - begin) / RATE_HZ)
        take = Take(
            begun.isoformat(timespec="milliseconds"),
            wanted.how,
            tuple(lanes),
            preset=wanted.preset,
            format=wanted.format,
            params=dict(values),
        )
        return Disk(self._shelf, begun, take)

    def _position_at(self, at_ns: int) -> int:
        """Where in the sound a moment was: as far behind the ring's newest frame as the clock says."""
        if self._ring is None:
            return self.position
        newest = self.position + self._ring.written - self._read
        return max(0, newest - max(0, round((self._ring.at_ns - at_ns) * RATE_HZ / 1e9)))


@dataclass(frozen=True, slots=True)
class _Chosen:
    """Which lanes a take has. columns: where each of them is in the ring; -1: it is made, of the first and of `wet`."""

    lanes: tuple[LaneForm, ...]
    columns: tuple[int, ...]
    wet: int = 0

    def of(self, chunk: Sequence[Block]) -> list[Block]:
        """The take's lanes of a chunk of all lanes."""
        return [chunk[column] if column >= 0 else chunk[0] - chunk[self.wet] for column in self.columns]


def _choose(lanes: Sequence[LaneForm], names: Sequence[str]) -> _Chosen:
    """Those of `lanes` with these names, and the removed one where it is asked for and can be made."""
    found = [
        (lane, at if at < len(lanes) else -1) for at, lane in enumerate(_with_removed(lanes)) if lane.name in names
    ]
    wet = next((at for at, lane in enumerate(lanes) if lane.name == "wet"), 0)
    return _Chosen(tuple(lane for lane, _ in found), tuple(column for _, column in found), wet)


def _with_removed(lanes: Sequence[LaneForm]) -> tuple[LaneForm, ...]:
    """And what was taken away, where each channel that is heard has one that came in, or all have the same one."""
    wet = next((lane for lane in lanes if lane.name == "wet"), None)
    if wet is None or lanes[0].channels not in (1, wet.channels):
        return tuple(lanes)
    return (*lanes, LaneForm(REMOVED, wet.channels))
