"""Sound files as recorders that lost power, pipes, other programs and bad luck leave them, in eleven families.

    python -m tests.rigs.odd_files

makes them all, puts each through `hushbox process`, and prints what became of it: exit code, frames read, words.
Headers are written by hand, as those programs write them; nothing but what the box itself needs is used.
"""

import contextlib
import io
import os
import socket
import struct
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

FRAMES, RATE_HZ = 30_000, 48_000
SOUND = (np.random.default_rng(20).uniform(-0.5, 0.5, FRAMES) * 32767).astype("<i2")
"""What is in every file, 16 bit, mono."""

_BYTES = SOUND.tobytes()
_FORM = struct.pack("<HHIIHH", 1, 1, RATE_HZ, 2 * RATE_HZ, 2, 16)
Make = Callable[[Path], object]


@dataclass(frozen=True, slots=True)
class Odd:
    """One file, and what has to become of it."""

    family: str
    name: str
    suffix: str
    make: Make
    code: int = 0
    frames: int = FRAMES  # read to the last; 0: the file is refused
    exact: bool = True  # the very samples come out
    says: str = ""  # a part of what is said on standard error; empty: nothing is said there

    @property
    def id(self) -> str:
        return f"{self.family}: {self.name}".replace(" ", "-")


def chunk(name: bytes, content: bytes, size: int | None = None, pad: bool = True) -> bytes:
    """size: what the header tells, if not the truth."""
    told = len(content) if size is None else size
    return struct.pack("<4sI", name, told) + content + bytes(len(content) % 2 * pad)


def wav(*chunks: bytes, magic: bytes = b"RIFF", size: int | None = None) -> bytes:
    body = b"WAVE" + b"".join(chunks)
    return struct.pack("<4sI", magic, len(body) if size is None else size) + body


def plain(told: int | None = None, riff: int | None = None, sound: bytes = _BYTES) -> bytes:
    return wav(chunk(b"fmt ", _FORM), chunk(b"data", sound, told, pad=False), size=riff)


def rf64(sound_bytes: int, sound: bytes = _BYTES, riff_bytes: int = 0, magic: bytes = b"RF64") -> bytes:
    sizes = chunk(b"ds64", struct.pack("<QQQI", riff_bytes, sound_bytes, sound_bytes // 2, 0))
    return wav(sizes, chunk(b"fmt ", _FORM), chunk(b"data", sound, 0xFFFFFFFF), magic=magic, size=0xFFFFFFFF)


def encoded(form: str, subtype: str | None = "PCM_16", frames: int = FRAMES) -> bytes:
    """By libsndfile."""
    target = io.BytesIO()
    sound = SOUND[:frames]
    soundfile.write(target, sound / 32768 if subtype == "FLOAT" else sound, RATE_HZ, subtype=subtype, format=form)
    return target.getvalue()


def flac_counting(frames: int, data: bytes | None = None) -> bytes:
    """A FLAC whose header tells so many frames."""
    whole = bytearray(data or encoded("FLAC"))
    told = int.from_bytes(whole[21:26], "big") >> 36 << 36 | frames
    whole[21:26] = told.to_bytes(5, "big")
    return bytes(whole)


def _bytes(content: Callable[[], bytes] | bytes) -> Make:
    return lambda path: path.write_bytes(content if isinstance(content, bytes) else content()) and None


def _cut(form: str, subtype: str | None = "PCM_16") -> Make:
    def make(path: Path) -> None:
        whole = encoded(form, subtype)
        path.write_bytes(whole[: len(whole) // 2])

    return make


def _damaged_flac() -> bytes:
    data = bytearray(encoded("FLAC"))
    data[len(data) // 2 : len(data) // 2 + 500] = b"\x55" * 500
    return bytes(data)


def _extensible(bits: int, container: int, sound: bytes, valid: int | None = None) -> bytes:
    align = container // 8
    form = struct.pack("<HHIIHH", 0xFFFE, 1, RATE_HZ, RATE_HZ * align, align, container)
    form += struct.pack("<HHIH", 22, valid or bits, 4, 1) + bytes.fromhex("000000001000800000aa00389b71")
    return wav(chunk(b"fmt ", form), chunk(b"data", sound))


def _form_of(channels: int = 1, rate_hz: int = RATE_HZ) -> bytes:
    form = struct.pack("<HHIIHH", 1, channels, rate_hz, min(2 * rate_hz * channels, 2**32 - 1), 2 * channels, 16)
    return wav(chunk(b"fmt ", form), chunk(b"data", _BYTES))


def _cut_flac(told: int | None = None) -> bytes:
    whole = encoded("FLAC") if told is None else flac_counting(told)
    return whole[: len(whole) // 2]


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))


_WIDE = (SOUND.astype("<i4") << 16).tobytes()
_24_BIT = np.frombuffer(_WIDE, np.uint8).reshape(-1, 4)[:, 1:].tobytes()
_REFUSED: dict[str, Any] = {"code": 1, "frames": 0}
_HALF: dict[str, Any] = {"code": 1, "frames": FRAMES // 2, "says": "damaged or cut short"}
_UNTOLD = "WAV of unknown length"
_OTHERS = (("AIFF", "PCM_16"), ("AU", "PCM_16"), ("CAF", "PCM_16"), ("W64", "PCM_16"), ("CAF", "ALAC_16"))
_LOSSY = (("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", None))
_OTHER: dict[str, Any] = {"says": "not copied: what a file of kind"}

ODD: tuple[Odd, ...] = (
    Odd("good", "WAV", ".wav", _bytes(plain())),
    Odd("good", "FLAC", ".flac", _bytes(lambda: encoded("FLAC"))),
    Odd("good", "WAV of floats", ".wav", _bytes(lambda: encoded("WAV", "FLOAT"))),
    *(
        Odd(_UNTOLD, name, ".wav", _bytes(plain(told, riff)))
        for name, told, riff in (
            ("0, lost power", 0, 0),
            ("0, RIFF told", 0, 36),
            ("SoX", 0x7FFFF000, 0x7FFFF024),
            ("arecord", 0x80000000, 0x80000024),
            ("ffmpeg", 0xFFFFFFFF, 0xFFFFFFFF),
            ("0xfffff000", 0xFFFFF000, 0xFFFFFFFF),
            ("0x7fffffff", 0x7FFFFFFF, 0x7FFFFFFF),
        )
    ),
    Odd(_UNTOLD, "SoX, 24 bit", ".wav", lambda path: path.write_bytes(
        wav(chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, RATE_HZ, 3 * RATE_HZ, 3, 24)),
            chunk(b"data", _24_BIT, 0x7FFFEFFF), size=0x7FFFF023)) and None),
    Odd(_UNTOLD, "cut within a frame", ".wav", _bytes(plain(0xFFFFFFFF, sound=_BYTES[:-1])), 1, FRAMES - 1,
        says="breaks off"),
    Odd("RF64", "whole", ".wav", _bytes(rf64(len(_BYTES)))),
    Odd("RF64", "ffmpeg, pipe", ".wav", _bytes(rf64(0))),
    Odd("RF64", "all ones", ".wav", _bytes(rf64(2**64 - 1, riff_bytes=2**64 - 1))),
    Odd("RF64", "half", ".wav", _bytes(rf64(len(_BYTES), _BYTES[: len(_BYTES) // 2])), **_HALF),
    Odd("RF64", "BW64", ".wav", _bytes(rf64(len(_BYTES), magic=b"BW64"))),
    Odd("FLAC", "0 frames told", ".flac", _bytes(lambda: flac_counting(0))),
    Odd("FLAC", "all ones told", ".flac", _bytes(lambda: flac_counting(2**36 - 1))),
    Odd("FLAC", "too many told", ".flac", _bytes(lambda: flac_counting(2 * FRAMES)), 1, says="0.62 of 1.25 s"),
    Odd("FLAC", "too few told", ".flac", _bytes(lambda: flac_counting(10_000)), says="all 30000 that are there"),
    Odd("FLAC", "half", ".flac", _bytes(_cut_flac), 1, 3 * 4096, says="0.26 of 0.62 s"),
    Odd("FLAC", "half, 0 told", ".flac", _bytes(lambda: _cut_flac(0)), 1, 3 * 4096, says="breaks off"),
    Odd("FLAC", "damaged", ".flac", _bytes(_damaged_flac), 1, exact=False, says="0.09 of 0.62 s could not be read"),
    Odd("FLAC", "tag after", ".flac", _bytes(lambda: flac_counting(0) + b"TAG" + bytes(125))),
    Odd("FLAC", "junk after", ".flac", _bytes(lambda: encoded("FLAC") + b"APETAGEX" * 90)),
    Odd("cut WAV", "half", ".wav", _bytes(plain(len(_BYTES), sound=_BYTES[: len(_BYTES) // 2])), **_HALF),
    Odd("cut WAV", "within a frame", ".wav", _bytes(plain(len(_BYTES), sound=_BYTES[:-1001])), 1, FRAMES - 501,
        says="0.61 of 0.62 s"),
    Odd("cut WAV", "last byte", ".wav", _bytes(plain(len(_BYTES), sound=_BYTES[:-1])), 1, FRAMES - 1,
        says="29999 of 30000 frames"),
    Odd("odd chunks", "no padding", ".wav", _bytes(
        wav(chunk(b"note", b"odd", pad=False), chunk(b"fmt ", _FORM), chunk(b"data", _BYTES)))),
    Odd("odd chunks", "sound before form", ".wav", _bytes(wav(chunk(b"data", _BYTES), chunk(b"fmt ", _FORM)))),
    Odd("odd chunks", "two of sound", ".wav", _bytes(
        wav(chunk(b"fmt ", _FORM), chunk(b"data", _BYTES), chunk(b"data", b"more"))), says="a second sound"),
    Odd("odd chunks", "junk after", ".wav", _bytes(plain() + b"\0\xff" * 99), says="198 bytes after its sound"),
    Odd("odd chunks", "absurd size after", ".wav", _bytes(plain() + b"LIST\xf0\xff\xff\xffINFO"),
        says="not copied: LIST (cut off)"),
    Odd("codings", "extensible", ".wav", _bytes(_extensible(16, 16, _BYTES))),
    Odd("codings", "24 of 32 bits", ".wav", _bytes(_extensible(24, 32, _WIDE, 24))),
    Odd("codings", "mu-law", ".wav", _bytes(lambda: encoded("WAV", "ULAW")), exact=False),
    Odd("codings", "mu-law, 0 told", ".wav", lambda path: path.write_bytes(
        wav(chunk(b"fmt ", struct.pack("<HHIIHHH", 7, 1, RATE_HZ, RATE_HZ, 1, 8, 0)),
            chunk(b"data", bytes(FRAMES), 0))) and None, exact=False),
    Odd("codings", "ADPCM, half", ".wav", _cut("WAV", "IMA_ADPCM"), 1, 16_356, False, "damaged or cut short"),
    *(Odd("other kinds", f"{form} {sub}", f".{form.lower()}", _bytes(partial(encoded, form, sub)), **_OTHER)
      for form, sub in _OTHERS),
    *(Odd("other kinds", f"{form} {sub}", f".{form.lower()}", _bytes(partial(encoded, form, sub)),
          exact=False, **_OTHER) for form, sub in _LOSSY),
    Odd("other kinds, cut", "AIFF", ".aiff", _cut("AIFF"), 1, 14_986, says="damaged or cut short"),
    Odd("other kinds, cut", "AU", ".au", _cut("AU"), 1, 14_994, says="damaged or cut short"),
    Odd("other kinds, cut", "CAF", ".caf", _cut("CAF"), 1, 13_976, says="damaged or cut short"),
    Odd("other kinds, cut", "W64", ".w64", _cut("W64"), 1, 14_974, says="damaged or cut short"),
    Odd("other kinds, cut", "Opus", ".opus", _cut("OGG", "OPUS"), **_REFUSED, says="not a sound file"),
    Odd("no sound in it", "zero bytes", ".wav", _bytes(b""), **_REFUSED, says="empty, 0 bytes"),
    Odd("no sound in it", "header only", ".wav", _bytes(plain(sound=b"")), **_REFUSED, says="no sound in it"),
    Odd("no sound in it", "header of arecord", ".wav", _bytes(plain(0x80000000, sound=b"")), **_REFUSED,
        says="no sound in it"),
    Odd("no sound in it", "LIST after nothing", ".wav", _bytes(
        wav(chunk(b"fmt ", _FORM), chunk(b"data", b""), chunk(b"LIST", b"INFO"))), **_REFUSED, says="no sound in it"),
    Odd("no sound in it", "text", ".wav", _bytes(b"dear diary, today " * 99), **_REFUSED, says="not a sound file"),
    Odd("no sound in it", "FLAC header", ".flac", _bytes(lambda: encoded("FLAC")[:60]), **_REFUSED,
        says="not a sound file"),
    Odd("no sound in it", "FLAC, first block cut", ".flac", _bytes(lambda: encoded("FLAC")[:300]), **_REFUSED,
        says="damaged: nothing of its 0.62 s"),
    Odd("no file or no form", "named pipe", ".wav", os.mkfifo, **_REFUSED, says="a pipe cannot be read"),
    Odd("no file or no form", "socket", ".wav", _socket, **_REFUSED, says="a socket"),
    Odd("no file or no form", "device", ".wav", lambda path: path.symlink_to("/dev/zero"), **_REFUSED,
        says="a device, not a sound file"),
    Odd("no file or no form", "folder", ".wav", Path.mkdir, **{**_REFUSED, "code": 2}, says="a folder"),
    Odd("no file or no form", "1 Hz", ".wav", _bytes(_form_of(rate_hz=1)), **_REFUSED, says="a rate of 1 Hz"),
    Odd("no file or no form", "2 GHz", ".wav", _bytes(_form_of(rate_hz=2**31 - 1)), **_REFUSED, says="allowed 1000 to"),
    Odd("no file or no form", "0 channels", ".wav", _bytes(_form_of(channels=0)), **_REFUSED, says="not a sound file"),
    Odd("no file or no form", "500 channels", ".wav", _bytes(_form_of(channels=500)), **_REFUSED, says="500 channels"),
)  # fmt: skip


def process(source: Path, target: Path) -> tuple[int, int, str]:
    """Exit code, frames read and standard error of `hushbox process`, bypassed: the very samples come out."""
    from firmware_app import cli

    out, err = io.StringIO(), io.StringIO()
    words = ["process", str(source), str(target), "--bundle", "none", "--set", "bypass=on"]
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = cli.main(words)
    return code, soundfile.info(target).frames if os.path.isfile(target) else 0, err.getvalue()


def main() -> int:
    """The table. Returns 1 when anything is otherwise than it has to be."""
    wrong = 0
    with tempfile.TemporaryDirectory() as name:
        for number, odd in enumerate(ODD):
            source = Path(name, f"{number}{odd.suffix}")
            odd.make(source)
            Path(name, "out.wav").unlink(missing_ok=True)
            code, frames, said = process(source, Path(name, "out.wav"))
            right = (code, frames) == (odd.code, odd.frames) and odd.says in said and bool(said) == bool(odd.says)
            wrong += not right
            words = said.strip().replace(f"hushbox: {source}: ", "").replace("\n", " | ")
            mark = "" if right else "  <-- WRONG"
            print(f"{odd.family:22} {odd.name:24} exit {code}  {frames:6} frames  {words}{mark}")
    print(f"{len(ODD)} files in {len({odd.family for odd in ODD})} families, {wrong} not as they have to be")
    return min(wrong, 1)


if __name__ == "__main__":
    sys.exit(main())
