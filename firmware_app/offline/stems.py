"""Separates one sound file into four that add up to it. It streams: an hour takes no more memory than a second."""

import contextlib
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dsp.block import RATE_HZ, Block, mend
from dsp.inference import open_model
from dsp.inference.bundle import Bundle
from dsp.layouts.stems import STEMS
from dsp.stems.separator import SPLIT, Stems
from firmware_app.offline.chain import Progress, Resampler, appearing, check_place, fitted_metadata
from firmware_app.offline.sound_files import SoundWriter
from hw.audio.files.reader import SoundFileError, SoundReader

CHANNELS = 2
_READ_SECONDS = 1.0
_SHIFTS = (0, 128, 256, 384)
"""Shifts of the hops of the passes of --best, in frames: quarters of a hop."""


@dataclass(frozen=True, slots=True)
class StemsSummary:
    """The result for one file. Frames at 48 kHz."""

    frames: int
    seconds: float
    times_real_time: float
    dry_hops: int
    bad_samples: int  # not finite, replaced by silence
    notes: tuple[str, ...]  # what was wrong with the input; empty if nothing
    remarks: tuple[str, ...]  # what was odd but lost no sound
    left_out: tuple[str, ...]  # metadata of the input that the output does not have


@dataclass(slots=True)
class _Stereo48:
    """The format of the files to write."""

    frames: int
    rate_hz: int = RATE_HZ
    channels: int = CHANNELS
    subtype: str = "FLOAT"


def separate_file(
    bundle: Bundle,
    runtime: str,
    source: Path,
    folder: Path,
    best: bool = False,
    progress: Progress = lambda done_s, all_s: None,
) -> StemsSummary:
    """Write vocals.wav, drums.wav, bass.wav and other.wav into `folder`, which is created; all or none appear.

    48 kHz, stereo, 32-bit float, aligned with the input. They add up to it. best: the mean of several passes with
    shifted hops. Raises SoundFileError, DspError.
    """
    begun = time.perf_counter()
    passes = [_Pass(bundle, runtime, shift) for shift in (_SHIFTS if best else _SHIFTS[:1])]
    with SoundReader(source) as reader, contextlib.ExitStack() as stack:
        if reader.channels > CHANNELS:
            raise SoundFileError(f"{source}: {reader.channels} channels; allowed 1 to {CHANNELS}")
        try:
            folder.mkdir(exist_ok=True)
        except OSError as error:
            raise SoundFileError(f"{folder}: the folder cannot be made: {error.strerror}") from None
        form = _Stereo48(round(reader.frames * RATE_HZ / reader.rate_hz))
        targets = [folder / f"{stem}.wav" for stem in STEMS]
        for target in targets:
            if target.exists() and source.samefile(target):
                raise SoundFileError(f"{source}: would be written over; name another folder")
            check_place(target)
        told = fitted_metadata(reader, "WAV", form)
        if told.has_time and reader.rate_hz != RATE_HZ:
            reader.remarks.append(f"{source}: its time reference is turned from {reader.rate_hz} into {RATE_HZ} Hz")
        unfinished = [stack.enter_context(appearing(target)) for target in targets]
        writers = [stack.enter_context(SoundWriter(path, "WAV", form, told)) for path in unfinished]
        bad_samples, frames = _stream(passes, reader, writers, progress)
    seconds = reader.frames_read / reader.rate_hz
    return StemsSummary(
        frames=frames,
        seconds=seconds,
        times_real_time=seconds / (time.perf_counter() - begun),
        dry_hops=sum(one.stems.model.dry_hops for one in passes),
        bad_samples=bad_samples,
        notes=tuple(reader.notes),
        remarks=tuple(reader.remarks),
        left_out=told.left_out,
    )


def _stream(
    passes: "list[_Pass]", reader: SoundReader, writers: list[SoundWriter], progress: Progress
) -> tuple[int, int]:
    """Read, resample, separate, write. Returns the number of samples that were not finite, and of frames written."""
    inward = Resampler(reader.rate_hz, RATE_HZ, reader)
    bad_samples = frames = written = 0

    def write(most: int, parts: list[Block]) -> int:
        mean = np.mean(parts, axis=0)[:most] if len(parts) > 1 else parts[0][:most]
        for at, writer in enumerate(writers):
            writer.write(np.ascontiguousarray(mean[:, at * CHANNELS : (at + 1) * CHANNELS]))
        return len(mean)

    joint = _Joint(passes)
    while len(sound := reader.read(int(_READ_SECONDS * reader.rate_hz))):
        bad_samples += mend(sound)
        sound = inward.resample(sound)
        frames += len(sound)
        written += write(frames - written, joint.process(sound))
        progress(reader.frames_read / reader.rate_hz, reader.frames / reader.rate_hz)
    rest = inward.flush()
    frames += len(rest)
    written += write(frames - written, joint.process(rest))
    write(frames - written, joint.flush(frames - written))
    return bad_samples, frames


class _Pass:
    """One way through the separator, its hops beginning `shift` frames late. Offline."""

    def __init__(self, bundle: Bundle, runtime: str, shift: int) -> None:
        self.stems = Stems(bundle, open_model(bundle, runtime), split=True, real_time=False)
        self._hop = bundle.hop_frames
        self.stems.prepare(RATE_HZ, self._hop, CHANNELS * SPLIT)
        self._owed = shift + self.stems.latency_frames  # to drop: what comes out before the sound does
        self._waiting: Block = np.zeros((shift, CHANNELS), np.float32)

    def process(self, sound: Block) -> Block:
        """(frames, 2) -> the stems side by side (frames, 8), aligned with the first frame ever given; maybe fewer."""
        joined = np.concatenate((self._waiting, sound))
        whole = len(joined) - len(joined) % self._hop
        self._waiting = joined[whole:]
        wide = np.zeros((whole, CHANNELS * SPLIT), np.float32)
        wide[:, :CHANNELS] = joined[:whole]
        for at in range(0, whole, self._hop):
            self.stems.process(wide[at : at + self._hop])
        dropped = min(self._owed, whole)
        self._owed -= dropped
        return wide[dropped:, CHANNELS:]


class _Joint:
    """Several passes, aligned: each gives as many frames as the slowest has ready."""

    def __init__(self, passes: list[_Pass]) -> None:
        self._passes = passes
        self._ready: list[Block] = [np.zeros((0, CHANNELS * len(STEMS)), np.float32) for _ in passes]

    def process(self, sound: Block) -> list[Block]:
        stereo = np.repeat(sound, CHANNELS, axis=1) if sound.shape[1] == 1 else sound
        for at, one in enumerate(self._passes):
            self._ready[at] = np.concatenate((self._ready[at], one.process(stereo)))
        frames = min(map(len, self._ready))
        parts = [ready[:frames] for ready in self._ready]
        self._ready = [ready[frames:] for ready in self._ready]
        return parts

    def flush(self, frames: int) -> list[Block]:
        """At least the last `frames` frames: silence pushes out what the passes still hold."""
        return self.process(np.zeros((frames + 4096, CHANNELS), np.float32))
