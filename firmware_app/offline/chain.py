"""Runs files through the chain of the box: as live, as fast as possible, with the latency removed.

It streams: an hour of sound takes no more memory than a second. The output has the rate, channels and length of the
input.
"""

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from dsp.block import RATE_HZ, Block, mend
from dsp.rack.chain import Chain
from firmware_app.errors import UsageError
from firmware_app.offline import metadata
from firmware_app.offline.metadata import Metadata
from firmware_app.offline.metadata_riff import Change
from firmware_app.offline.sound_files import BITS, FileFormat, SoundWriter, output_format, subtype_for
from hw.audio.files.reader import SoundFileError, SoundReader
from hw.replacing import Replacement

MOST_CHANNELS = 2
_READ_SECONDS = 1.0
PERIODS_AT_ONCE = 61
"""A block of the chain has this many periods, since each block costs the same however long it is.

It is prime and divides no model's hop. The chain's latency depends on what period and hop have in common, so it is the
same as with one period.
"""

Progress = Callable[[float, float], object]


@dataclass(frozen=True, slots=True)
class Summary:
    """The result for one file. Frames at the file's rate, unless noted."""

    frames: int
    rate_hz: int
    channels: int
    seconds: float
    times_real_time: float
    latency_frames: int  # of the chain, at 48 kHz
    latency_removed: bool
    late_hops: int
    dry_hops: int
    bad_samples: int  # not finite, replaced by silence
    notes: tuple[str, ...]  # what was wrong with the input; empty if nothing
    remarks: tuple[str, ...]  # what was odd but lost no sound
    left_out: tuple[str, ...]  # metadata of the input that the output does not have


def process_file(
    chain: Chain,
    source: Path,
    target: Path,
    period_frames: int = 128,
    keep_latency: bool = False,
    progress: Progress = lambda done_s, all_s: None,
) -> Summary:
    """Run `source` through `chain` into `target`, which appears only when it is whole.

    chain: not yet prepared, parameters set. progress: called now and then with the seconds done and the seconds in all.
    Raises UsageError (the same file twice, a suffix other than .wav and .flac) and SoundFileError.
    """
    form = output_format(target)
    if os.path.exists(target) and os.path.exists(source) and os.path.samefile(source, target):
        raise UsageError(f"{target}: IN and OUT are the same file; name another OUT")
    check_place(target)
    begun = time.perf_counter()
    with SoundReader(source) as reader:
        if reader.channels > MOST_CHANNELS:
            raise SoundFileError(f"{source}: {reader.channels} channels; allowed 1 to {MOST_CHANNELS}")
        block_frames = period_frames * PERIODS_AT_ONCE
        chain.prepare(RATE_HZ, block_frames, reader.channels)
        told = fitted_metadata(reader, form, reader)
        if keep_latency and told.has_time:
            later_ms = 1000 * chain.latency_frames / RATE_HZ
            reader.remarks.append(f"{target}: its sound lies {later_ms:.2f} ms later than its timecode and markers say")
        with appearing(target) as unfinished, SoundWriter(unfinished, form, reader, told) as writer:
            bad_samples = _stream(chain, reader, writer, block_frames, keep_latency, progress)
    seconds = reader.frames_read / reader.rate_hz
    return Summary(
        frames=reader.frames_read,
        rate_hz=reader.rate_hz,
        channels=reader.channels,
        seconds=seconds,
        times_real_time=seconds / (time.perf_counter() - begun),
        latency_frames=chain.latency_frames,
        latency_removed=not keep_latency,
        late_hops=chain.late_hops,
        dry_hops=chain.dry_hops,
        bad_samples=bad_samples,
        notes=tuple(reader.notes),
        remarks=tuple(reader.remarks),
        left_out=told.left_out,
    )


def fitted_metadata(reader: SoundReader, container: str, like: FileFormat) -> Metadata:
    """The file's metadata, as an output of this kind can hold it. Raises SoundFileError."""
    change = Change(
        from_hz=reader.rate_hz,
        to_hz=like.rate_hz,
        from_channels=reader.channels,
        to_channels=like.channels,
        bits=BITS[subtype_for(container, like.subtype)],
        by=_name_and_version(),
    )
    try:
        return metadata.fit(metadata.read(reader.path), container, change)
    except OSError as error:
        raise SoundFileError(f"{reader.path}: cannot be read: {error.strerror}") from None


def _name_and_version() -> str:
    try:
        return f"Hushbox {version('hushbox')}"
    except PackageNotFoundError:  # it is not installed
        return "Hushbox"


def _stream(
    chain: Chain,
    reader: SoundReader,
    writer: SoundWriter,
    block_frames: int,
    keep_latency: bool,
    progress: Progress,
) -> int:
    """Read, resample, run the chain, resample back, write. Returns the number of samples that were not finite."""
    inward, outward = Resampler(reader.rate_hz, RATE_HZ, reader), Resampler(RATE_HZ, reader.rate_hz, reader)
    blocks = _Blocks(chain, block_frames, reader.channels, skip=0 if keep_latency else chain.latency_frames)
    bad_samples = written = 0
    while len(sound := reader.read(int(_READ_SECONDS * reader.rate_hz))):
        bad_samples += mend(sound)  # before the resampler, which would smear it
        part = outward.resample(blocks.process(inward.resample(sound)))
        written += writer.write(part[: reader.frames_read - written])
        progress(reader.frames_read / reader.rate_hz, reader.frames / reader.rate_hz)
    # Silence pushes out what the chain and the resamplers still hold.
    tail = np.concatenate((blocks.process(inward.flush()), blocks.flush()))
    rest = np.concatenate((outward.resample(tail), outward.flush()))
    missing = reader.frames_read - written
    rest = np.pad(rest[:missing], ((0, max(0, missing - len(rest))), (0, 0)))
    writer.write(rest)
    return bad_samples


class _Blocks:
    """Sound of any length through a chain that takes whole blocks. The first `skip` frames of output are dropped."""

    def __init__(self, chain: Chain, block_frames: int, channels: int, skip: int) -> None:
        self._chain = chain
        self._block_frames = block_frames
        self._skip = skip
        self._owed = skip  # frames to push through at the end
        self._waiting: Block = np.zeros((0, channels), np.float32)

    def process(self, sound: Block) -> Block:
        joined = np.concatenate((self._waiting, sound))
        whole = len(joined) - len(joined) % self._block_frames
        self._waiting = joined[whole:]
        out = np.ascontiguousarray(joined[:whole])
        for at in range(0, whole, self._block_frames):
            self._chain.process(out[at : at + self._block_frames])
        dropped = min(self._skip, len(out))
        self._skip -= dropped
        return out[dropped:]

    def flush(self) -> Block:
        """The rest of the sound that the chain still holds."""
        wanted = len(self._waiting) + self._owed
        silence = -(-wanted // self._block_frames) * self._block_frames - len(self._waiting)
        return self.process(np.zeros((silence, self._waiting.shape[1]), np.float32))[:wanted]


class Resampler:
    """A stream at another rate, aligned with the first. At the same rate it passes unchanged."""

    def __init__(self, from_hz: int, to_hz: int, form: FileFormat) -> None:
        self._stream: Any = None
        self._nothing: Block = np.zeros((0, form.channels), np.float32)
        if from_hz != to_hz:
            import soxr

            self._stream = soxr.ResampleStream(from_hz, to_hz, form.channels, dtype="float32", quality="VHQ")

    def resample(self, sound: Block, last: bool = False) -> Block:
        if self._stream is None:
            return sound
        resampled: Block = self._stream.resample_chunk(sound, last=last)
        return resampled

    def flush(self) -> Block:
        return self.resample(self._nothing, last=True)


def check_place(target: Path) -> None:
    """Raise SoundFileError when no file can be put there. Follows links."""
    place = Path(os.path.realpath(target))
    if not os.path.isdir(place.parent):
        folder = place.parent if target.is_symlink() else target.parent
        raise SoundFileError(f"{target}: the folder {folder} does not exist")
    if os.path.isdir(place):
        raise SoundFileError(f"{target}: is a folder")


@contextlib.contextmanager
def appearing(target: Path) -> Iterator[Path]:
    """A temporary file beside `target` that replaces it at the end, or is removed when anything fails."""
    replacement = None
    try:
        replacement = Replacement(target)
        yield replacement.unfinished
        replacement.put_in_place()
    except SoundFileError:
        raise
    except OSError as error:
        raise SoundFileError(f"{target}: cannot be written: {error.strerror}") from None
    finally:
        if replacement is not None:
            replacement.remove()
