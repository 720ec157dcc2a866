"""Writes one take to disk: a file a lane, made sure of several times a second. One thread."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np

from dsp.block import RATE_HZ, Block
from firmware_app.takes import peaks
from firmware_app.takes import take as takes
from firmware_app.takes.peaks import Peaks
from firmware_app.takes.take import Gap, Take
from hw.audio.files.growing_bwf import GrowingBwf, Mark

KEEP_S = 0.4
"""How often all is made sure of: a power cut costs two of these at most, by what the headers say."""

FACTS_S = 2.0
"""How often take.json is written while something in it changes."""


class TakeWriter:
    """Writes aligned chunks of every lane. What the disk refuses is made up for by silence, and noted as a gap.

    A write that fails is tried again with the next chunk, so that a disk that comes back goes on; the sound between is
    lost, and told. Raises OSError only from the constructor.
    """

    def __init__(
        self,
        root: Path,
        begun: datetime,
        take: Take,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Make the folder, its files and take.json. begun: local time. Raises OSError; nothing is left behind then."""
        self.take = take
        self.folder = takes.new_folder(root, begun)
        self.trouble = ""  # the present one, for people
        self.loudest = 0.0  # sample that was written since somebody set it to 0
        self._clock = clock
        self._files: list[GrowingBwf] = []
        try:
            for lane in take.lanes:
                path = takes.lane_file(self.folder, lane.name)
                self._files.append(GrowingBwf(path, lane.channels, take.tags(lane.name)))
                self._files[-1].keep()
            takes.sync_folder(self.folder)
            takes.save(self.folder, take)  # last: a take that is there has all its files
        except OSError:
            for file in self._files:
                file.leave()
                file.path.unlink(missing_ok=True)
            (self.folder / takes.FILE).unlink(missing_ok=True)
            with contextlib.suppress(OSError):
                self.folder.rmdir()
            raise
        self._peaks = [Peaks() for _ in take.lanes]
        self._frames = self._kept_frames = 0  # that every file should have; that the last keep() made sure of
        self.sure_frames = 0  # whatever happens to the disk, so many can be read from it
        self._lost_from = self._lost = 0  # since the trouble began
        self._keep_at = self._facts_at = clock() + KEEP_S
        self._facts_changed = False

    @property
    def frames(self) -> int:
        """How long the take is."""
        return self._frames

    def append(self, lanes: Sequence[Block]) -> None:
        """Add a chunk of each lane, in the take's order, all of one length."""
        self._frames += len(lanes[0])
        for outline, sound in zip(self._peaks, lanes, strict=True):
            outline.add(sound)
        try:
            for file, sound in zip(self._files, lanes, strict=True):
                self._catch_up(file, self._frames - len(sound))
                if file.frames < self._frames:
                    file.append(sound[len(sound) - (self._frames - file.frames) :])
        except OSError as error:
            self._failed(error, len(lanes[0]))
            return
        self._recovered()
        self.loudest = max(self.loudest, *(float(np.abs(sound).max(initial=0.0)) for sound in lanes))
        now = self._clock()
        if now >= self._keep_at:
            self._keep_at = now + KEEP_S
            self.keep()

    def missing(self, frames: int, why: str) -> None:
        """So much sound never came; silence stands in its place. 0: some was lost, and nobody knows how much."""
        self._note(Gap(self._frames, frames, why))
        while frames > 0:
            piece = min(frames, RATE_HZ)
            self.append([np.zeros((piece, lane.channels), np.float32) for lane in self.take.lanes])
            frames -= piece

    def changed(self, frame: int, param_id: str, value: float) -> None:
        """A parameter was set to `value`, at that frame of the take."""
        if len(self.take.changes) < takes.MOST_CHANGES:
            self.take = replace(self.take, changes=(*self.take.changes, (max(0, frame), param_id, value)))
            self._facts_changed = True

    def mark(self, frame: int, name: str) -> None:
        """Somebody has marked this place."""
        if len(self.take.marks) < takes.MOST_MARKS:
            self.take = replace(self.take, marks=(*self.take.marks, (frame, name)))
            self._facts_changed = True

    def keep(self) -> None:
        """Make sure of all that was appended."""
        try:
            for file in self._files:
                file.keep()
            if all(file.frames == self._frames for file in self._files):
                self.sure_frames, self._kept_frames = self._kept_frames, self._frames
            if self._facts_changed and self._clock() >= self._facts_at:
                self._facts_at = self._clock() + FACTS_S
                takes.save(self.folder, replace(self.take, frames=self._frames))
                self._facts_changed = False
        except OSError as error:
            self._failed(error, 0)

    def close(self) -> Take:
        """Complete the take. What cannot be completed now is mended at the next start."""
        marks = [Mark(frame, name) for frame, name in self.take.marks]
        try:
            for file in self._files:
                self._catch_up(file, self._frames)
                file.close(marks)
            self._recovered()
            self.take = replace(self.take, state=takes.WHOLE, frames=self._frames)
            peaks.save(self.folder, [outline.done() for outline in self._peaks])
            takes.save(self.folder, self.take)
        except OSError as error:
            self._failed(error, 0)
            self.leave()
        return self.take

    def leave(self) -> None:
        """Close the files as they are, as after a power cut."""
        for file in self._files:
            with contextlib.suppress(OSError):
                file.leave()

    def _catch_up(self, file: GrowingBwf, frames: int) -> None:
        """Silence for what this file has missed. Raises OSError."""
        while file.frames < frames:
            piece = min(RATE_HZ, frames - file.frames)
            file.append(np.zeros((piece, file.channels), np.float32))

    def _failed(self, error: OSError, frames: int) -> None:
        if not self.trouble:
            self._lost_from = self._frames - frames
        self._lost = self._frames - self._lost_from
        self.trouble = f"{self.folder.parent}: {error.strerror or error}"

    def _recovered(self) -> None:
        if self.trouble:
            self._note(Gap(self._lost_from, self._lost, self.trouble))
            self.trouble = ""

    def _note(self, gap: Gap) -> None:
        if len(self.take.gaps) < takes.MOST_GAPS:
            self.take = replace(self.take, gaps=(*self.take.gaps, gap))
            self._facts_changed = True
