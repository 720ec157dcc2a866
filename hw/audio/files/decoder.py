"""libsndfile on one file, read strictly in order, with another header where the file's own would mislead it."""

import io
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import soundfile

from hw.audio.audio_io import Block


@dataclass(frozen=True, slots=True)
class Behind:
    """Replaces the beginning of a file: `header`, then its bytes from `offset`, `length` of them (None: all)."""

    header: bytes
    offset: int
    length: int | None = None


class Decoder:
    """One opened file. `failed`: it is damaged at this place and cannot be read further."""

    def __init__(self, path: Path, behind: Behind | None) -> None:
        """Raises OSError, or what libsndfile raises."""
        self.behind = behind
        self.failed = False
        self._path = path
        self._source = _Spliced(path, behind) if behind is not None else None
        try:
            # A file name need not be text.
            self._file: Any = _InOrder(self._source if self._source is not None else os.fsencode(path))
        except BaseException:
            self.close()
            raise
        self.frames: int = self._file.frames
        self.rate_hz: int = self._file.samplerate
        self.channels: int = self._file.channels
        self.subtype: str = self._file.subtype
        self.container: str = self._file.format

    @classmethod
    def opened(cls, path: Path, behind: Behind | None = None) -> Self | None:
        """The decoder, or None when libsndfile cannot read the file. Raises OSError."""
        try:
            return cls(path, behind)
        except (soundfile.LibsndfileError, TypeError):  # TypeError: a .raw file, which says nothing about itself
            return None

    def read_into(self, out: Block) -> int:
        """Fill `out` as far as there is sound. Returns the number of frames. Raises OSError."""
        got = 0
        while got < len(out) and not self.failed:
            out[got:] = np.nan
            try:
                piece = len(self._file.read(out=out[got:]))
            except soundfile.LibsndfileError:
                # Damaged. What was decoded is in the array all the same; the rest is still NaN.
                missing = np.isnan(out[got:]).any(axis=1)
                piece = int(missing.argmax()) if missing.any() else len(out) - got
                self.failed = True
            if self._source is not None and (trouble := self._source.take_trouble()) is not None:
                raise trouble
            if not piece:
                break
            got += piece
        return got

    def close(self) -> None:
        """May be called twice."""
        if hasattr(self, "_file"):
            self._file.close()
        if self._source is not None:
            self._source.close()


class _InOrder(soundfile.SoundFile):  # type: ignore[misc]
    """A SoundFile without a seek after every read: that fails at the end of a stream of unknown length."""

    def seekable(self) -> bool:
        return False


class _Spliced(io.RawIOBase):
    """A file with its header replaced. Errors are kept for `take_trouble`: libsndfile cannot pass them on."""

    def __init__(self, path: Path, behind: Behind) -> None:
        """Raises OSError."""
        super().__init__()
        self._trouble: BaseException | None = None
        self._header, self._offset = behind.header, behind.offset
        self._file = open(path, "rb", buffering=0)  # noqa: SIM115
        there = os.fstat(self._file.fileno()).st_size - self._offset
        self._length = there if behind.length is None else behind.length
        self._at = 0

    def take_trouble(self) -> BaseException | None:
        """The error since the last call, if there was one."""
        trouble, self._trouble = self._trouble, None
        return trouble

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
