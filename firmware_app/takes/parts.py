"""One take being written wherever there is room: where a place is full, pulled or let go, it goes on at another."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from dsp.block import RATE_HZ, Block
from firmware_app.takes import take as takes
from firmware_app.takes.places import Place
from firmware_app.takes.shelf import Shelf, name_of
from firmware_app.takes.take import Take
from firmware_app.takes.writer import TakeWriter
from hw.audio.files.growing_bwf import SAMPLE_BYTES

CHECK_S = 1.0
"""How often it is looked whether there is still room."""

_TAIL_BYTES = 1_000_000  # kept for marks and headers where a file may not grow further


@dataclass(frozen=True, slots=True)
class Part:
    """A piece that was written. place: the id of where it lies. take: as it is on disk, or will be once mended."""

    place: str
    folder: Path
    take: Take


class Parts:
    """Writes aligned chunks of every lane, like TakeWriter, and changes the place when it has to. One thread.

    Behind a stick that was pulled, the next part begins with what the stick had not made sure of, from memory: the two
    overlap, and `starts` says where. Otherwise they meet to the sample.
    """

    def __init__(
        self, shelf: Shelf, begun: datetime, take: Take, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Raises OSError when it can begin nowhere; it says why."""
        self._shelf, self._begun, self._clock = shelf, begun, clock
        self.parts: list[Part] = []  # that are behind
        self.said: deque[str] = deque()
        self.over = ""  # why nothing more is written
        self._frames = self._from = 0  # of all parts; where the present one begins
        self._recent: deque[tuple[int, list[Block]]] = deque()  # what is not yet sure to be on disk
        self._check_at = clock() + CHECK_S
        self.place, self._writer = self._open(take, shelf.order())
        if self.place.id != shelf.rules.place:
            self._tell_elsewhere()

    @property
    def trouble(self) -> str:
        """The present one, for people."""
        return self.over or self._writer.trouble

    @property
    def folder(self) -> Path:
        """Of the present part."""
        return self._writer.folder

    def loudest(self) -> float:
        """The loudest sample that was written since the last call."""
        writer = self._writer
        loudest, writer.loudest = writer.loudest, 0.0
        return loudest

    def append(self, lanes: Sequence[Block]) -> None:
        """Add a chunk of each lane, in the take's order, all of one length."""
        if self.over:
            return
        if self.place.largest_file and self._grows_too_large(len(lanes[0])):
            self._roll(f"a file on {name_of(self.place)} holds 4 GB at most", [self.place, *self._shelf.order()])
        self._recent.append((self._frames, list(lanes)))
        self._frames += len(lanes[0])
        self._writer.append(lanes)
        self._forget_sure()
        self.check()

    def missing(self, frames: int, why: str) -> None:
        """See TakeWriter."""
        if not self.over:
            self._writer.missing(frames, why)
            self._frames += frames
            self._recent.clear()  # with a hole in it, it could not be written again: what follows is kept from here on

    def changed(self, frame: int, param_id: str, value: float) -> None:
        """See TakeWriter. frame: of the whole take."""
        self._writer.changed(frame - self._from, param_id, value)

    def mark(self, frame: int, name: str) -> None:
        """See TakeWriter. frame: of the whole take."""
        self._writer.mark(max(0, frame - self._from), name)

    def check(self) -> None:
        """Look whether it can go on here, once a second; at once where a write has failed."""
        failed = bool(self._writer.trouble)
        if self.over or (self._clock() < self._check_at and not failed):
            return
        self._check_at = self._clock() + CHECK_S
        why = self._shelf.refusal(self.place) or self._writer.trouble
        if why:
            self._roll(why, [each for each in self._shelf.order() if each.id != self.place.id])

    def close(self) -> list[Part]:
        """Complete the take. What cannot be completed now is mended at the next start, or when the stick is back."""
        if not self.over:
            self.parts.append(Part(self.place.id, self._writer.folder, self._writer.close()))
        return self.parts

    # --- from place to place ---

    def _open(self, take: Take, places: Sequence[Place]) -> tuple[Place, TakeWriter]:
        """Raises OSError."""
        refused: list[str] = []
        for place in places:
            if why := self._shelf.refusal(place):
                refused.append(why)
                continue
            try:
                return place, TakeWriter(place.root, self._begun_at(take.starts), take, clock=self._clock)
            except OSError as error:
                refused.append(f"{place.root}: {error.strerror or error}")
        raise OSError(0, "; ".join(dict.fromkeys(refused)))

    def _roll(self, why: str, places: Sequence[Place]) -> None:
        """Go on elsewhere. Where there is no other place, a failing disk is tried on, and a full one ends the take."""
        before = self._writer
        failing = bool(before.trouble) or not self.place.there()  # what a pulled stick has taken may never reach it
        oldest = self._recent[0][0] if self._recent else self._frames
        starts = max(self._from + before.sure_frames, oldest) if failing else self._frames
        begun = self._begun_at(starts).isoformat(timespec="milliseconds")
        following = _following(before.take, starts - self._from, starts, before.folder.name, begun)
        try:
            place, writer = self._open(following, places)
        except OSError as error:
            if failing and self.place.there() and not self._shelf.refusal(self.place):
                self._recent.clear()
                return
            self._finish(before)
            self.over = "; ".join(dict.fromkeys(each for each in (why, error.strerror) if each))
            self.said.append(f"take {before.folder.name} has ended: {self.over}")
            self._recent.clear()
            return
        self.said.append(
            f"{why}: take {before.folder.name} goes on as {writer.folder.name} on {name_of(place)} from "
            f"{_clock_of(starts)} on"
        )
        self._finish(before)
        self.place, self._writer, self._from = place, writer, starts
        for at, lanes in self._recent:
            skip = max(0, starts - at)
            if skip < len(lanes[0]):
                writer.append([sound[skip:] for sound in lanes])

    def _finish(self, writer: TakeWriter) -> None:
        """Let go of a part: completed, or where the disk fails as after a power cut."""
        if writer.trouble:
            writer.leave()
            take = replace(writer.take, frames=writer.sure_frames)
        else:
            take = writer.close()
        self.parts.append(Part(self.place.id, writer.folder, take))
        if take.state != takes.WHOLE and self.place.mount is not None:
            self.said.append(f"take {writer.folder.name} is completed when {name_of(self.place)} is plugged in again")

    def _grows_too_large(self, frames: int) -> bool:
        widest = max(lane.channels for lane in self._writer.take.lanes)
        size = (self._writer.frames + frames) * widest * SAMPLE_BYTES
        return size > self.place.largest_file - _TAIL_BYTES

    def _forget_sure(self) -> None:
        sure = self._from + self._writer.sure_frames
        while self._recent and self._recent[0][0] + len(self._recent[0][1][0]) <= sure:
            _, lanes = self._recent.popleft()
            self._shelf.wrote(self.place, SAMPLE_BYTES * sum(sound.size for sound in lanes))

    def _begun_at(self, frame: int) -> datetime:
        return self._begun + timedelta(seconds=frame / RATE_HZ)

    def _tell_elsewhere(self) -> None:
        chosen = self._shelf.stick(self._shelf.rules.place)
        why = self._shelf.refusal(chosen) if chosen is not None else "the stick that takes go to is not plugged in"
        self.said.append(f"{why}: take {self.folder.name} goes to {name_of(self.place)}")


def _following(take: Take, at: int, starts: int, follows: str, begun: str) -> Take:
    """The piece behind frame `at` of a piece, which is frame `starts` of the whole."""
    params = {**take.params, **{id: value for frame, id, value in take.changes if frame <= at}}
    return replace(
        take,
        begun=begun,
        state=takes.RECORDING,
        frames=0,
        params=params,
        changes=tuple((frame - at, id, value) for frame, id, value in take.changes if frame > at),
        gaps=tuple(replace(gap, frame=gap.frame - at) for gap in take.gaps if gap.frame >= at),
        marks=tuple((frame - at, name) for frame, name in take.marks if frame >= at),
        part=take.part + 1,
        follows=follows,
        starts=starts,
    )


def _clock_of(frame: int) -> str:
    """A moment of the take for people: 12:05.3."""
    seconds = frame / RATE_HZ
    return f"{int(seconds // 60)}:{seconds % 60:04.1f}"
