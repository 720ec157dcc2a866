"""Reads sound files, offline and for the demo: WAV and FLAC, and what else libsndfile knows.

All frames that are there are read, whatever the header says: a recorder that lost power and a pipe leave wrong sizes.
Every error raised here is a SoundFileError.
"""

import errno
import os
import stat
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import numpy as np

from hw.audio.audio_io import Block
from hw.audio.files import flac, promises, riff
from hw.audio.files.decoder import Behind, Decoder
from hw.audio.files.flac_blocks import next_block
from hw.errors import HwError

LOWEST_RATE_HZ, HIGHEST_RATE_HZ = 1_000, 768_000
_ENDLESS = 1 << 62  # libsndfile's length of a stream that does not say it is at least this


class SoundFileError(HwError, OSError):
    """A sound file cannot be read or written. The message names it and says why."""


class NotAudioError(SoundFileError, ValueError):
    """Hushbox cannot read this as a sound file, or there is no sound in it."""


class SoundFileMissingError(SoundFileError, FileNotFoundError):
    """There is no such file, or it may not be read."""


class SoundReader:
    """One file, read from its beginning, as float32. One thread.

    frames: how many there are, as far as it is known before reading; 0: not known. promised_frames: the header's count;
    0: it has none. A damaged part in the middle of a FLAC becomes silence, and the rest stays in its place.
    notes: what is missing or damaged, complete when all is read. remarks: what is odd but lost no sound.
    """

    def __init__(self, path: Path) -> None:
        """Raises SoundFileMissingError or NotAudioError."""
        self.path = path
        self.notes: list[str] = []
        self.remarks: list[str] = []
        self.frames = self.promised_frames = self.frames_read = 0
        self._ends_in_frame = False
        self._stream: flac.Flac | None = None
        self._gap_frames = self._silent_frames = 0  # silence still to give; all silence
        with _open(path) as file:
            try:
                self._decoder = self._look_into(file, os.fstat(file.fileno()).st_size)
            except SoundFileError:
                raise
            except OSError as error:
                raise SoundFileMissingError(f"{path}: {_words(error)}") from None
        self._first = self._decoder.behind
        self.rate_hz, self.channels = self._decoder.rate_hz, self._decoder.channels
        self.subtype, self.container = self._decoder.subtype, self._decoder.container
        trouble = ""
        if self._decoder.frames <= 0:
            trouble = "no sound in it (0 frames)"
        elif not LOWEST_RATE_HZ <= self.rate_hz <= HIGHEST_RATE_HZ:
            trouble = f"a rate of {self.rate_hz} Hz; allowed {LOWEST_RATE_HZ} to {HIGHEST_RATE_HZ}"
        if trouble:
            self.close()
            raise NotAudioError(f"{path}: {trouble}")
        if self.promised_frames > self.frames > 0:
            self._tell(self.frames)

    def read(self, frames: int) -> Block:
        """Up to `frames` more, (frames, channels); none at the end. Raises SoundFileError if nothing can be read."""
        frames = min(frames, (self.frames or _ENDLESS) - self.frames_read)
        sound: Block = np.empty((frames, self.channels), np.float32)
        got = 0
        try:
            while got < frames:
                silent = min(self._gap_frames, frames - got)
                self._gap_frames -= silent
                sound[got : got + silent] = 0.0
                got += silent
                got += self._decoder.read_into(sound[got:])
                if got < frames and not (self._decoder.failed and self._after_damage(self.frames_read + got)):
                    break
        except SoundFileError:
            raise
        except OSError as error:
            raise SoundFileError(f"{self.path}: cannot be read on: {_words(error)}") from None
        self.frames_read += got
        if got < frames or self.frames_read == self.frames:
            self._end()
        return sound[:got]

    def rewind(self) -> None:
        """Read from the beginning again. Raises SoundFileError."""
        self._decoder.close()  # after an error libsndfile cannot seek
        try:
            decoder = Decoder.opened(self.path, self._first)
        except OSError as error:
            raise SoundFileError(f"{self.path}: cannot be read again: {_words(error)}") from None
        if decoder is None:
            raise SoundFileError(f"{self.path}: cannot be read again: it has changed")
        self._decoder = decoder
        self.frames_read = self._gap_frames = self._silent_frames = 0

    def close(self) -> None:
        """May be called twice."""
        self._decoder.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # --- before reading ---

    def _look_into(self, file: BinaryIO, size: int) -> Decoder:
        """Find out how much sound there is, and open the file so that all is read. Raises NotAudioError, OSError."""
        if size == 0:
            raise NotAudioError(f"{self.path}: empty, 0 bytes")
        if (wave := riff.walk(file, size)) is not None:
            return self._wave(wave)
        if (stream := flac.walk(file, size)) is not None:
            return self._flac(stream)
        promise = promises.look(file, size)
        decoder = Decoder.opened(self.path)
        if decoder is None and promise.header:
            behind = Behind(promise.header, promise.sound_offset, promise.there_bytes)
            decoder = Decoder.opened(self.path, behind)
        decoder = self._readable(decoder)
        self.promised_frames = promise.of(self.frames)
        return decoder

    def _wave(self, wave: riff.Riff) -> Decoder:
        frame_bytes = wave.frame_bytes
        there = wave.sound_bytes // frame_bytes if frame_bytes else 0
        decoder = Decoder.opened(self.path)
        if decoder is None or (frame_bytes and decoder.frames != there):
            decoder = self._better(decoder, Behind(wave.header(), wave.sound_offset, wave.sound_bytes), there)
        decoder = self._readable(decoder)
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
        return decoder

    def _flac(self, stream: flac.Flac) -> Decoder:
        decoder = Decoder.opened(self.path)
        if decoder is None or stream.frames > stream.promised_frames > 0:
            # Without its tags and pictures: libFLAC refuses the whole file when one of them is damaged.
            behind = Behind(stream.header(stream.frames or stream.promised_frames), stream.sound_offset)
            decoder = self._better(decoder, behind, stream.frames)
        decoder = self._readable(decoder)
        self._stream = stream
        self.frames = stream.frames or stream.promised_frames
        self.promised_frames = stream.promised_frames
        self._ends_in_frame = stream.cut and not stream.promised_frames
        if stream.frames > stream.promised_frames > 0:
            told = f"its header counts {stream.promised_frames} frames; all {stream.frames} that are there are read"
            self.remarks.append(f"{self.path}: {told}")
        return decoder

    def _better(self, decoder: Decoder | None, behind: Behind, frames: int) -> Decoder | None:
        """The file with its header replaced, if that one has the right frames. The other decoder is closed."""
        again = Decoder.opened(self.path, behind)
        if again is None or decoder is None:
            return again or decoder
        wrong, right = (decoder, again) if again.frames == frames else (again, decoder)
        wrong.close()
        return right

    def _readable(self, decoder: Decoder | None) -> Decoder:
        if decoder is None:
            raise NotAudioError(f"{self.path}: not a sound file that can be read (WAV or FLAC)")
        self.frames = decoder.frames if decoder.frames < _ENDLESS else 0
        return decoder

    # --- while reading ---

    def _after_damage(self, at_frame: int) -> bool:
        """Go on after a damaged part of a FLAC, with as much silence. False: no sound is left. Raises OSError."""
        if self._stream is None:
            return False
        with open(self.path, "rb") as file:
            found = next_block(file, self._stream.sound_offset, self._stream.stream_info, at_frame)
        if found is None or (self.frames and found.start >= self.frames):
            return False
        decoder = Decoder.opened(self.path, Behind(self._stream.header(self.frames), found.offset))
        if decoder is None:
            return False
        self._decoder.close()
        self._decoder = decoder
        self._gap_frames = found.start - at_frame
        self._silent_frames += self._gap_frames
        return True

    def _end(self) -> None:
        """All is read: note what is missing."""
        whole = max(self.frames, self.promised_frames)
        if self.frames_read <= self._silent_frames:
            of_all = f" of its {whole / self.rate_hz:.2f} s" if whole else ""
            raise NotAudioError(f"{self.path}: damaged: nothing{of_all} could be read")
        if self.frames_read < whole or self._decoder.failed or self._ends_in_frame:
            self._tell(self.frames_read)
        if self._silent_frames:
            silent_s, whole_s = self._silent_frames / self.rate_hz, self.frames_read / self.rate_hz
            note = f"{self.path}: damaged: {silent_s:.2f} of {whole_s:.2f} s could not be read and are silent"
            self.notes[:] = [*self.notes, note] if note not in self.notes else self.notes

    def _tell(self, frames: int) -> None:
        """Note that only this many frames can be read. The last such note replaces the ones before."""
        promised = max(self.frames, self.promised_frames)
        got, whole = f"{frames / self.rate_hz:.2f}", f"{promised / self.rate_hz:.2f}"
        if frames >= promised:
            said = f"cut short: it breaks off after {got} s"
        elif got == whole:
            said = f"damaged or cut short: {frames} of {promised} frames could be read"
        else:
            said = f"damaged or cut short: {got} of {whole} s could be read"
        self.notes[:] = [f"{self.path}: {said}"]


def _open(path: Path) -> BinaryIO:
    """Open without waiting, not even for the writer of a pipe. Raises SoundFileMissingError, NotAudioError."""
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
