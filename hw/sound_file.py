"""The one reader of sound files, offline and for the demo: WAV and FLAC, and what else libsndfile knows.

What is there is read to its last frame, whatever the header says: sizes of recorders that lost power and of pipes
mislead. Nothing here raises anything but a SoundFileError.
"""

import errno
import io
import os
import stat
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import numpy as np
import soundfile

from hw import flac, riff, sound_promises
from hw.audio_io import Block
from hw.errors import HwError

LOWEST_RATE_HZ, HIGHEST_RATE_HZ = 1_000, 768_000
_ENDLESS = 1 << 62  # and more is libsndfile's length of a stream that does not tell it


class SoundFileError(HwError, OSError):
    """A sound file cannot be read or written; the message names it and says why."""


class NotAudioError(SoundFileError, ValueError):
    """The file is no sound file that Hushbox reads, or has nothing in it."""


class SoundFileMissingError(SoundFileError, FileNotFoundError):
    """There is no such file, or it may not be read."""


class SoundReader:
    """One file, from the beginning, as float32. One thread.

    frames: how many are there, as far as can be told before reading; 0: not known. promised_frames: how many the
    header tells of; 0: it does not know. `notes` say what is missing or damaged, at the latest when all is read;
    `remarks` what is odd and costs nothing.
    """

    def __init__(self, path: Path) -> None:
        """Raises SoundFileMissingError or NotAudioError."""
        self.path = path
        self.notes: list[str] = []
        self.remarks: list[str] = []
        self.frames_read = 0
        self.frames = self.promised_frames = 0
        self._ends_in_frame = self._failed = False
        self._source: _Spliced | None = None  # the file that `_file` reads, where it does not read it by name
        with _open(path) as file:
            try:
                self._file: Any = self._look_into(file, os.fstat(file.fileno()).st_size)
            except SoundFileError:
                raise
            except OSError as error:
                raise SoundFileMissingError(f"{path}: {_words(error)}") from None
        self.rate_hz: int = self._file.samplerate
        self.channels: int = self._file.channels
        self.subtype: str = self._file.subtype
        self.container: str = self._file.format
        trouble = ""
        if self._file.frames <= 0:
            trouble = "no sound in it (0 frames)"
        elif not LOWEST_RATE_HZ <= self.rate_hz <= HIGHEST_RATE_HZ:
            trouble = f"a rate of {self.rate_hz} Hz; allowed {LOWEST_RATE_HZ} to {HIGHEST_RATE_HZ}"
        if trouble:
            self.close()
            raise NotAudioError(f"{path}: {trouble}")
        if self.promised_frames > self.frames > 0:
            self._tell(self.frames)

    def read(self, frames: int) -> Block:
        """Up to `frames` more, (frames, channels); none at the end. Raises SoundFileError if there never was any."""
        frames = min(frames, (self.frames or _ENDLESS) - self.frames_read)
        sound: Block = np.full((frames, self.channels), np.nan, np.float32)
        got = 0
        while got < frames and not self._failed:
            try:
                piece = len(self._file.read(out=sound[got:]))
            except soundfile.LibsndfileError:
                # Damaged. What was decoded before stands in the array all the same; what was not is still no number.
                missing = np.isnan(sound[got:]).any(axis=1)
                piece = int(missing.argmax()) if missing.any() else frames - got
                self._failed = True
            if self._source is not None and (trouble := self._source.take_trouble()) is not None:
                if isinstance(trouble, OSError):
                    raise SoundFileError(f"{self.path}: cannot be read on: {_words(trouble)}") from trouble
                raise trouble
            if not piece:
                break
            got += piece
        self.frames_read += got
        if got < frames or self.frames_read == self.frames or self._failed:
            self._end()
        return sound[:got]

    def rewind(self) -> None:
        """Read from the beginning again. Raises SoundFileError."""
        try:
            if self._failed:  # after a fault libsndfile cannot seek any more
                self._file.close()
                self._file = _InOrder(os.fsencode(self.path) if self._source is None else self._source.again())
            else:
                self._file.seek(0)
        except (soundfile.LibsndfileError, OSError) as error:
            raise SoundFileError(f"{self.path}: cannot be read again: {error}") from None
        self.frames_read, self._failed = 0, False

    def close(self) -> None:
        """May be called twice."""
        self._file.close()
        if self._source is not None:
            self._source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # --- before reading ---

    def _look_into(self, file: BinaryIO, size: int) -> Any:
        """Find out how much sound there is, and open it so that all of it is read. Raises NotAudioError, OSError."""
        if size == 0:
            raise NotAudioError(f"{self.path}: empty, 0 bytes")
        if (wave := riff.walk(file, size)) is not None:
            return self._wave(wave)
        if (stream := flac.walk(file, size)) is not None:
            return self._flac(stream)
        promise = sound_promises.look(file, size)
        opened = self._by_name()
        if opened is None and promise.header:
            opened = self._spliced(promise.header, promise.sound_offset, promise.there_bytes)
        opened = self._or_refuse(opened)
        self.promised_frames = promise.of(self.frames)
        return opened

    def _wave(self, wave: riff.Riff) -> Any:
        frame_bytes = wave.frame_bytes
        there = wave.sound_bytes // frame_bytes if frame_bytes else 0
        opened = self._by_name()
        if opened is None or (frame_bytes and opened.frames != there):
            opened = self._better(opened, self._spliced(wave.header(), wave.sound_offset, wave.sound_bytes), there)
        opened = self._or_refuse(opened)
        if wave.promised_bytes > wave.sound_bytes:
            whole = wave.promised_bytes // frame_bytes if frame_bytes else 0
            share = self.frames * wave.promised_bytes // max(1, wave.sound_bytes)
            self.promised_frames = whole or share
        elif frame_bytes and not wave.promised_bytes:
            odd = wave.sound_bytes % frame_bytes
            # One byte more after an odd number of them is the padding of the chunk.
            self._ends_in_frame = odd > 0 and not (odd == 1 and wave.sound_bytes % 2 == 0)
        if wave.remark:
            self.remarks.append(f"{self.path}: {wave.remark}")
        return opened

    def _flac(self, stream: flac.Flac) -> Any:
        opened = self._by_name()
        if stream.frames > stream.promised_frames > 0:
            opened = self._better(opened, self._spliced(stream.header(), stream.sound_offset), stream.frames)
            told = f"its header counts {stream.promised_frames} frames; all {stream.frames} that are there are read"
            self.remarks.append(f"{self.path}: {told}")
        if opened is None:  # over damaged tags or pictures, maybe: the sound does not need them
            opened = self._spliced(stream.header(), stream.sound_offset)
        opened = self._or_refuse(opened)
        self.frames = stream.frames or stream.promised_frames
        self.promised_frames = stream.promised_frames
        self._ends_in_frame = stream.cut and not stream.promised_frames
        return opened

    def _by_name(self) -> Any:
        try:
            return _InOrder(os.fsencode(self.path))  # a name need not be text
        except (soundfile.LibsndfileError, TypeError):  # TypeError: a .raw file, which says nothing about itself
            return None

    def _spliced(self, header: bytes, offset: int, length: int | None = None) -> Any:
        source = _Spliced(header, self.path, offset, length)
        try:
            opened = _InOrder(source)
        except (soundfile.LibsndfileError, TypeError):
            source.close()
            return None
        self._source = source
        return opened

    def _better(self, opened: Any, again: Any, frames: int) -> Any:
        """What was opened behind another header, if it has the frames that are there; the other is closed."""
        if again is None:
            return opened
        if opened is None or again.frames == frames:
            if opened is not None:
                opened.close()
            return again
        again.close()
        assert self._source is not None
        self._source.close()
        self._source = None
        return opened

    def _or_refuse(self, opened: Any) -> Any:
        if opened is None:
            raise NotAudioError(f"{self.path}: not a sound file that can be read (WAV or FLAC)")
        self.frames = opened.frames if opened.frames < _ENDLESS else 0
        return opened

    # --- at the end ---

    def _end(self) -> None:
        """All is read: say what is missing."""
        whole_s = max(self.frames, self.promised_frames) / self.rate_hz
        if self.frames_read == 0:
            of_all = f" of its {whole_s:.2f} s" if whole_s else ""
            raise NotAudioError(f"{self.path}: damaged: nothing{of_all} could be read")
        if self.frames_read < max(self.frames, self.promised_frames) or self._failed or self._ends_in_frame:
            self._tell(self.frames_read)

    def _tell(self, frames: int) -> None:
        """Note that only so many frames can be had; what is known in the end counts."""
        promised = max(self.frames, self.promised_frames)
        got, whole = f"{frames / self.rate_hz:.2f}", f"{promised / self.rate_hz:.2f}"
        if frames >= promised:
            said = f"cut short: it breaks off after {got} s"
        elif got == whole:
            said = f"damaged or cut short: {frames} of {promised} frames could be read"
        else:
            said = f"damaged or cut short: {got} of {whole} s could be read"
        self.notes[:] = [f"{self.path}: {said}"]


class _InOrder(soundfile.SoundFile):  # type: ignore[misc]
    """libsndfile's file without a seek after every read, which fails at the end of a stream of unknown length."""

    def seekable(self) -> bool:
        return False


class _Spliced(io.RawIOBase):
    """A file that begins with another header than it has. What goes wrong in it is kept: libsndfile cannot pass it."""

    def __init__(self, header: bytes, path: Path, offset: int, length: int | None) -> None:
        """offset: where the sound begins in the file at `path`; length: of it, in bytes; None: all. Raises OSError."""
        super().__init__()
        self._trouble: BaseException | None = None
        self._header = header
        self._file = open(path, "rb", buffering=0)  # noqa: SIM115
        self._offset = offset
        self._length = os.fstat(self._file.fileno()).st_size - offset if length is None else length
        self._at = 0

    def take_trouble(self) -> BaseException | None:
        """What went wrong since the last call."""
        trouble, self._trouble = self._trouble, None
        return trouble

    def again(self) -> Self:
        """From the beginning."""
        self._at = 0
        return self

    def seek(self, at: int, whence: int = os.SEEK_SET) -> int:
        end = len(self._header) + self._length
        self._at = max(0, at + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: end}[whence])
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any) -> int:
        try:
            view = memoryview(buffer).cast("B")
            done = 0
            while done < len(view) and (got := self._some(view[done:])):
                done += got
                self._at += got
            return done
        except BaseException as error:  # a signal's too
            self._trouble = error
            return 0

    def _some(self, view: memoryview) -> int:
        if self._at < len(self._header):
            part = self._header[self._at : self._at + len(view)]
            view[: len(part)] = part
            return len(part)
        at = self._at - len(self._header)
        self._file.seek(self._offset + at)
        return self._file.readinto(view[: max(0, self._length - at)]) or 0

    def close(self) -> None:
        self._file.close()
        super().close()


def _open(path: Path) -> BinaryIO:
    """Never waits, not even for the writer of a pipe. Raises SoundFileMissingError, NotAudioError."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise SoundFileMissingError(f"{path}: {_words(error)}") from None
    kind = os.fstat(descriptor).st_mode
    if stat.S_ISREG(kind):
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    if stat.S_ISDIR(kind):
        raise NotAudioError(f"{path}: a folder, not a sound file")
    if stat.S_ISFIFO(kind) or stat.S_ISSOCK(kind):
        raise NotAudioError(f"{path}: a pipe cannot be read: write it to a file first")
    raise NotAudioError(f"{path}: a device, not a sound file")


def _words(error: OSError | ValueError) -> str:
    number = error.errno if isinstance(error, OSError) else None
    known = {
        errno.ENOENT: "no such file",
        errno.EACCES: "may not be read (permission denied)",
        errno.ENXIO: "a socket or a device that is not there, not a sound file",
    }
    return known.get(number or 0) or getattr(error, "strerror", None) or str(error)
