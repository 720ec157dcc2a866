"""Plays the dry sound of a take through a chain, offline: as live, as fast as possible, aligned with the take.

It streams: an hour takes no more memory than a second.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import soundfile

from dsp.block import RATE_HZ, Block
from dsp.errors import DspError
from dsp.layouts.stems import STEMS
from dsp.rack.chain import Chain
from dsp.rack.lanes import Channels
from firmware_app.takes import take as takes
from firmware_app.takes import versions
from firmware_app.takes.measure import Measure
from firmware_app.takes.take import Take, TakeError
from firmware_app.takes.versions import Version
from hw.audio.files.growing_bwf import GrowingBwf, Mark

DRY, WET = "dry", "wet"
MOST_CHANNELS = 2
PERIODS_AT_ONCE = 61
"""As in offline.chain: each block costs the same however long it is. It is prime, so the latency is that of one."""

LEAST_FREE_BYTES = 300_000_000
"""What stays free on the disk: the recorder comes first."""

_BEHIND_FRAMES = 1 << 15  # of what has come out: a chain whose latency shrinks is read again from there

Progress = Callable[[float], object]


@dataclass(frozen=True, slots=True)
class Settings:
    """What to play it with. preset: "" for the take's own. changes: (frame of the take, parameter, value).

    Parameters that the chain does not have, or that it refuses, are left out.
    """

    preset: str
    values: Mapping[str, float]
    changes: Sequence[tuple[int, str, float]] = ()


def new_version(
    folder: Path,
    take: Take,
    chain: Chain,
    settings: Settings,
    *,
    stems: bool = False,
    period_frames: int = 128,
    progress: Progress = lambda share: None,
) -> Version:
    """Make another version of the take, and list it. Raises TakeError, OSError, DspError; then nothing is left.

    chain: not prepared yet. stems: it was built with split=True, and each stem becomes a lane of its own.
    progress: called now and then with the share that is done.
    """
    source, channels = _source(folder, take)
    mix = next((min(lane.channels, MOST_CHANNELS) for lane in take.lanes if lane.name == WET), channels)
    names = ("mix", *(STEMS if stems else ()))
    _check_room(folder, take.frames * 3 * mix * len(names))
    columns = tuple(range(channels))
    split = tuple(tuple(range(mix * at, mix * (at + 1))) for at in range(1, 1 + len(STEMS))) if stems else ()
    form = Channels(channels, columns, columns, mix, split)
    with versions.making(folder) as place:
        tags = replace(take.tags("version"), description=settings.preset or take.preset)
        files = [GrowingBwf(place / f"{name}.wav", mix, replace(tags, track=name)) for name in names]
        measures = [Measure(mix) for _ in names]
        try:
            for out in _played(chain, form, source, take.frames, settings, period_frames, progress):
                for at, (file, measure) in enumerate(zip(files, measures, strict=True)):
                    sound = np.ascontiguousarray(out[:, at * mix : (at + 1) * mix])
                    file.append(sound)
                    measure.add(sound)
            for file in files:
                file.close([Mark(frame, name) for frame, name in take.marks])
        finally:
            for file in files:
                file.leave()
        for name, measure in zip(names, measures, strict=True):
            versions.outline_file(place, name).write_bytes(measure.outline())
        lufs = measures[0].lufs
        return versions.put_in_place(
            folder, place, lambda id: Version(id, settings.preset, take.frames, lufs, names[1:])
        )


def _source(folder: Path, take: Take) -> tuple[Path, int]:
    """The dry file and its channels. Raises TakeError."""
    if take.state == takes.RECORDING:
        raise TakeError(f"take {folder.name}: it is still being recorded")
    lane = next((lane for lane in take.lanes if lane.name == DRY), None)
    if lane is None:
        raise TakeError(f"take {folder.name}: it has no dry sound, so no other settings can be tried")
    if lane.channels > MOST_CHANNELS:
        raise TakeError(f"take {folder.name}: its dry sound has {lane.channels} channels; allowed 1 to {MOST_CHANNELS}")
    return takes.lane_file(folder, DRY), lane.channels


def _check_room(folder: Path, wanted: int) -> None:
    """Raises TakeError, OSError."""
    found = os.statvfs(folder)
    free = found.f_bavail * found.f_frsize - LEAST_FREE_BYTES
    if wanted > free:
        there = f"{max(0, free) / 1e6:.0f} MB are free for it"
        raise TakeError(f"take {folder.name}: a version needs {wanted / 1e6:.0f} MB, and {there}")


def _played(
    chain: Chain, form: Channels, source: Path, frames: int, settings: Settings, period_frames: int, progress: Progress
) -> Iterator[Block]:
    """What comes out, from the take's first frame to its last.  float32 (some frames, outputs). Raises TakeError."""
    changes = sorted(settings.changes, key=lambda change: change[0])
    for id, value in settings.values.items():
        _set(chain, id, value)
    block_frames = period_frames if changes else period_frames * PERIODS_AT_ONCE
    chain.prepare(RATE_HZ, block_frames, form)
    block: Block = np.zeros((block_frames, form.inputs), np.float32)
    out: Block = np.zeros((block_frames, form.outputs), np.float32)
    behind: Block = np.zeros((0, form.outputs), np.float32)  # what has come out last
    played = written = at = 0
    for sound in _blocks(source, frames, block_frames, form.inputs):
        while at < len(changes) and changes[at][0] < played + block_frames:
            _set(chain, *changes[at][1:])
            at += 1
        np.copyto(block, sound)
        chain.process(block, out)
        played += block_frames
        behind = np.concatenate((behind[-_BEHIND_FRAMES:], out))
        first = written + chain.latency_frames - (played - len(behind))  # where in `behind` the next frame lies
        if first < 0:
            raise TakeError(f"{source.parent.name}: its latency changes by more than can be followed")
        ready = behind[first:][: frames - written]
        if len(ready):
            written += len(ready)
            yield ready
            progress(written / frames)
        if written == frames:
            return


def _blocks(source: Path, frames: int, block_frames: int, channels: int) -> Iterator[Block]:
    """The sound in whole blocks, then silence without end, which pushes out what the chain holds. Raises TakeError."""
    try:
        with soundfile.SoundFile(source) as file:
            while file.tell() < min(frames, file.frames):
                yield file.read(block_frames, dtype="float32", always_2d=True, fill_value=0.0)
    except soundfile.LibsndfileError as error:
        raise TakeError(f"{source}: cannot be read: {error}") from None
    silence: Block = np.zeros((block_frames, channels), np.float32)
    while True:
        yield silence


def _set(chain: Chain, id: str, value: float) -> None:
    if id in chain.params:
        try:
            chain.set_param(id, value)
        except DspError:  # another version of the box allowed it
            return
