"""FakeTakes: takes of a box that is not there. What it records is a tone, in files of its own."""

import io
import math
import struct
import tempfile
import time
import wave
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from web_ui.fakes.take_versions import STEMS, FakeVersions
from web_ui.ports.errors import ControlRefused, NotThere
from web_ui.ports.takes import LONGEST_TAKE_NAME, Alignment, JobView, RecorderView, TakesView, TakeView

_RATE_HZ, _SECONDS = 48_000, 3
_WHAT = ("dry", "wet", "stems")
_NOTHING = RecorderView(True, True, False, 0.0, 42, 1.3, 10, ("dry", "wet"), "", "", 0, 0)


class FakeTakes:
    """A TakesPort in memory: what takes a while on a box is done at once here, but for versions and comparing."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.now = _NOTHING  # tests change it
        self.same_song = True  # tests change it
        self._versions = FakeVersions(clock)
        self._compared: set[tuple[str, str]] = set()
        self._takes: list[TakeView] = []
        self._bin: list[TakeView] = []
        self._folder: Path | None = None

    def news(self) -> RecorderView:
        return self.now

    def record(self) -> None:
        if self.now.recording:
            raise ControlRefused("a take is being recorded already")
        if not self.now.can:
            raise ControlRefused("no sound comes: nothing can be recorded")
        self.now = replace(self.now, recording=True, seconds=float(_SECONDS))

    def end(self) -> None:
        if not self.now.recording:
            raise ControlRefused("no take is being recorded")
        self._add("pressed")
        self.now = replace(self.now, recording=False, seconds=0.0)

    def keep(self) -> None:
        if not self.now.kept_s:
            raise ControlRefused("there is nothing to keep: nothing waits in memory")
        self._add("kept")

    def mark(self, name: str) -> None:
        if not self.now.recording:
            raise ControlRefused("no take is being recorded")

    def set_minutes(self, minutes: int) -> None:
        if not 0 <= minutes <= 30:
            raise ControlRefused(f"minutes = {minutes}: allowed 0 (off) to 30")
        self.now = replace(self.now, minutes=minutes, kept_s=min(self.now.kept_s, 60 * minutes))

    def set_what(self, what: tuple[str, ...]) -> None:
        if not what or not all(each in _WHAT for each in what):
            raise ControlRefused(f"what = {what}: allowed are one or more of {', '.join(_WHAT)}")
        self.now = replace(self.now, what=tuple(each for each in _WHAT if each in what))

    def listed(self) -> TakesView:
        takes, binned = (
            tuple(replace(take, versions=self._versions.of(take.id)) for take in some)
            for some in (self._takes, self._bin)
        )
        return TakesView(takes, binned, 30, 12_000.0)

    def rename(self, id: str, name: str) -> None:
        tidy = " ".join(name.split())
        if len(tidy) > LONGEST_TAKE_NAME or not tidy.isprintable():
            raise ControlRefused(f"name {tidy[:60]!r}: at most {LONGEST_TAKE_NAME} printable characters are allowed")
        self._replace(id, name=tidy)

    def star(self, id: str, on: bool) -> None:
        self._replace(id, star=on)

    def trim(self, id: str, from_s: float, to_s: float) -> None:
        take = self._take(id)
        if (from_s, to_s) == (0.0, 0.0):
            from_s, to_s = 0.0, take.seconds
        if not 0 <= from_s < to_s <= take.seconds:
            raise ControlRefused(f"trim {from_s:g} to {to_s:g}: allowed are 0 to {take.seconds:g}, from before to")
        self._replace(id, trim_s=(from_s, to_s))

    def put_into_bin(self, id: str) -> None:
        take = self._take(id)
        self._takes.remove(take)
        self._bin.insert(0, take)

    def take_out_of_bin(self, id: str) -> None:
        take = self._binned(id)
        self._bin.remove(take)
        self._takes = sorted([*self._takes, take], key=lambda each: each.id, reverse=True)

    def empty_bin(self, id: str) -> float:
        gone = [self._binned(id)] if id else list(self._bin)
        self._bin = [each for each in self._bin if each not in gone]
        return sum(each.megabytes for each in gone)

    def outline(self, id: str, lane: str = "") -> bytes:
        pairs = -(-_RATE_HZ * _SECONDS // 2048)
        lanes = (self._lane(id, lane),) if lane else self._take(id).lanes
        return bytes((0x100 - 60, 60) * pairs * len(lanes))

    def sound(self, id: str, lane: str) -> Path:
        self._lane(id, lane)
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp())
        path = self._folder / f"{lane}.wav"
        if not path.exists():
            path.write_bytes(_tone(220.0 if lane == "dry" else 330.0 if lane == "wet" else 440.0))
        return path

    def _lane(self, id: str, lane: str) -> str:
        take = self._take(id)
        made = [name for each in self._versions.of(id) for name in (each.lane, *each.lanes)]
        if lane not in (*take.lanes, *made):
            raise NotThere(f"take {id}: no sound {lane[:40]!r}: it has {', '.join((*take.lanes, *made))}")
        return lane

    def packed(self, id: str) -> Iterator[bytes]:
        take = self._take(id)
        with io.BytesIO() as out:
            with zipfile.ZipFile(out, "w") as packed:
                for lane in take.lanes:
                    packed.write(self.sound(id, lane), f"{id}/{lane}.wav")
            return iter([out.getvalue()])

    def stem_file(self, id: str) -> Iterator[bytes]:
        take = self._take(id)
        lanes = {name for each in self._versions.of(id) for name in each.lanes}
        if not set(STEMS) <= set(take.lanes) and not lanes:
            raise ControlRefused(
                f"take {id}: it has no stems: try it with a preset that takes music apart, then fetch it again"
            )
        return iter([b"\0\0\0\x18ftypisom\0\0\2\0isommp42"])

    # --- other settings ---

    def retry(self, id: str, preset: str) -> str:
        take = self._take(id)
        if len(preset) > LONGEST_TAKE_NAME or preset == "nobody's":
            raise NotThere(f"there is no preset {preset[:60]!r}")
        return self._versions.retry(id, take.name, take.seconds, preset)

    def jobs(self) -> tuple[JobView, ...]:
        return self._versions.jobs()

    def cancel(self, job: str) -> None:
        self._versions.cancel(job)

    def drop_version(self, id: str, version: str) -> None:
        self._take(id)
        self._versions.drop(id, version)

    def compare(self, id: str, other: str) -> Alignment:
        one, two = self._take(id), self._take(other)
        if one is two:
            raise ControlRefused(f"take {id}: is to be compared with another one, not with itself")
        if (id, other) not in self._compared:
            self._compared.add((id, other))
            return Alignment("working", (), 0.0, "")
        if not self.same_song:
            return Alignment("different", (), 0.2, "these two takes are not of the same song")
        steps = range(int(2 * min(one.seconds, two.seconds)) + 1)
        return Alignment("same", tuple((step / 2, step / 2) for step in steps), 0.9, "")

    def _add(self, how: str) -> None:
        number = self.now.done + 1
        minutes = f"{10 + number // 60:02d}.{number % 60:02d}"
        lanes = tuple(name for each in self.now.what for name in (STEMS if each == "stems" else (each,)))
        self._takes.insert(
            0,
            TakeView(
                f"2026-05-04 {minutes}.00", "", f"2026-05-04T{minutes.replace('.', ':')}:00.000", "whole", how,
                float(_SECONDS), 1.3, False, "Singing", lanes, (), (0.0, float(_SECONDS)), 0.0, 0, "",
                facts=True, lufs=-18.2, lane_lufs=(-24.0, *[-18.2] * (len(lanes) - 1)), key="A minor", bpm=96.0,
                sounds=("voice",),
            ),
        )  # fmt: skip
        self.now = replace(self.now, done=number)

    def _take(self, id: str) -> TakeView:
        return _found(self._takes, id, f"there is no take {id[:60]!r}")

    def _binned(self, id: str) -> TakeView:
        for each in self._bin:
            if each.id == id:
                return each
        raise ControlRefused(f"there is no take {id[:60]!r} in the bin")

    def _replace(self, id: str, **values: object) -> None:
        at = self._takes.index(self._take(id))
        self._takes[at] = replace(self._takes[at], **values)  # type: ignore[arg-type]


def _found(takes: list[TakeView], id: str, words: str) -> TakeView:
    for each in takes:
        if each.id == id:
            return each
    raise NotThere(words)


def _tone(hz: float) -> bytes:
    with io.BytesIO() as out:
        with wave.open(out, "wb") as wav:
            wav.setnchannels(1)
            wav.setsampwidth(2)
            wav.setframerate(_RATE_HZ)
            samples = (round(8000 * math.sin(2 * math.pi * hz * at / _RATE_HZ)) for at in range(_RATE_HZ * _SECONDS))
            wav.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))
        return out.getvalue()
