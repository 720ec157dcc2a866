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
from web_ui.ports.takes import (
    LONGEST_PIECE,
    LONGEST_TAKE_NAME,
    Alignment,
    JobView,
    PlaceView,
    RecorderView,
    TakesView,
    TakeView,
)

_RATE_HZ, _SECONDS = 48_000, 3
_WHAT = ("dry", "wet", "stems", "removed")
_FORMATS = ("wav", "flac")
_BOX = PlaceView("internal", "", 12_000.0, 28_000.0, True, False, "")
_STICK = PlaceView("1A2B-3C4D", "Rehearsals", 7_400.0, 8_000.0, True, False, "")
_NOTHING = RecorderView(
    True, True, False, 0.0, 42, 1.3, 10, ("dry", "wet"), "", "", 0, 0, False, 20.0, 8.0, "wav", "internal",
    (_BOX, _STICK), None,
)  # fmt: skip


class FakeTakes:
    """A TakesPort in memory: what takes a while on a box is done at once here, but for versions and comparing."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.now = _NOTHING  # tests change it
        self.same_song = True  # tests change it
        self.clock = clock  # tests change it
        self._versions = FakeVersions(lambda: self.clock())
        self._compared: set[tuple[str, str]] = set()
        self._takes: list[TakeView] = []
        self._bin: list[TakeView] = []
        self._folder: Path | None = None
        self._quota = 0

    def plug(self, stick: PlaceView = _STICK) -> None:
        """Somebody plugs a stick in."""
        others = tuple(each for each in self.now.places if each.id != stick.id)
        self.now = replace(self.now, places=(*others, stick))
        self._say(f"the stick {stick.label} is there")

    def pull(self, id: str = _STICK.id) -> None:
        """Somebody pulls a stick without asking."""
        stick = self._place(id)
        self._gone(id)
        goes_on = ": the take goes on on the box" if stick.in_use else ""
        self._say(f"the stick {stick.label} was pulled{goes_on}")

    def somebody_plays(self) -> None:
        """What an armed recorder waits for: it makes a take of it."""
        if self.now.armed:
            self._add("heard")

    def tell_of(self, id: str, **values: object) -> None:
        """What a box finds out by itself, or what time does."""
        self._replace(id, **values)

    def news(self) -> RecorderView:
        return self.now

    def record(self) -> None:
        if self.now.recording:
            raise ControlRefused("a take is being recorded already")
        if not self.now.can:
            raise ControlRefused("no sound comes: nothing can be recorded")
        self.now = replace(self.now, recording=True, seconds=float(_SECONDS), level_db=-12.0)
        self._use(self.now.place if self._there(self.now.place) else _BOX.id)

    def end(self) -> None:
        if not self.now.recording:
            raise ControlRefused("no take is being recorded")
        self._add("pressed")
        self.now = replace(self.now, recording=False, seconds=0.0, level_db=None)
        self._use("")

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

    def set_format(self, format: str) -> None:
        if format not in _FORMATS:
            raise ControlRefused(f"format = {format[:40]!r}: allowed are {', '.join(_FORMATS)}")
        self.now = replace(self.now, format=format)

    def set_armed(self, on: bool) -> None:
        self.now = replace(self.now, armed=on)

    def set_heard(self, heard_db: float, silence_s: float) -> None:
        if not (6 <= heard_db <= 60 or -70 <= heard_db <= -6):
            raise ControlRefused(f"heard_db = {heard_db:g}: allowed 6 to 60 above the quiet, or a level of -70 to -6")
        if not 2 <= silence_s <= 120:
            raise ControlRefused(f"silence_s = {silence_s:g}: allowed 2 to 120")
        self.now = replace(self.now, heard_db=heard_db, silence_s=silence_s)

    def set_place(self, id: str) -> None:
        place = self._place(id)
        if place.problem:
            raise ControlRefused(place.problem)
        self.now = replace(self.now, place=id)

    def remove_safely(self, id: str) -> None:
        stick = self._place(id)
        if id == _BOX.id:
            raise ControlRefused("the box's own card cannot be removed")
        self._gone(id)
        self._say(f"the stick {stick.label} can be pulled now")

    def set_quota(self, megabytes: int) -> None:
        if megabytes and not 100 <= megabytes <= 10_000_000:
            raise ControlRefused(f"quota = {megabytes} MB: allowed 100 to 10000000, or 0 for none")
        self._quota = megabytes

    def listed(self) -> TakesView:
        used = sum(each.megabytes for each in (*self._takes, *self._bin))
        takes, binned = (
            tuple(replace(take, versions=self._versions.of(take.id)) for take in some)
            for some in (self._takes, self._bin)
        )
        return TakesView(takes, binned, 30, 12_000.0, self._quota, round(used, 1))

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

    def set_marks(self, id: str, marks: tuple[tuple[float, str], ...]) -> None:
        seconds = self._take(id).seconds
        for at, name in marks:
            if not 0 <= at <= seconds:
                raise ControlRefused(f"mark {name[:40]!r} at {at:g}: allowed are 0 to {seconds:g}")
        self._replace(id, marks=tuple(sorted((at, " ".join(name.split())) for at, name in marks)))

    def outline(self, id: str, lane: str = "", points: int = 0) -> bytes:
        lanes = (self._lane(id, lane),) if lane else self._take(id).lanes
        pairs = -(-_RATE_HZ * _SECONDS // 2048)
        highest = [30 + 60 * (at % 9) // 9 for at in range(pairs)]
        if 0 < points < pairs:
            highest = [max(highest[at * pairs // points : (at + 1) * pairs // points]) for at in range(points)]
        return b"".join(bytes((0x100 - high, high)) for high in highest) * len(lanes)

    def piece(self, id: str, lane: str, first: int, frames: int) -> bytes:
        with wave.open(str(self.sound(id, lane))) as sound:
            sound.setpos(min(first, sound.getnframes()))
            return _wav(sound.readframes(min(frames, LONGEST_PIECE)))

    def sound(self, id: str, lane: str) -> Path:
        self._lane(id, lane)
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp())
        path = self._folder / f"{lane}.wav"
        if not path.exists():
            path.write_bytes(_tone({"dry": 200, "wet": 150}.get(lane, 120)))
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

    def _there(self, id: str) -> PlaceView | None:
        return next((each for each in self.now.places if each.id == id), None)

    def _place(self, id: str) -> PlaceView:
        if (found := self._there(id)) is None:
            allowed = ", ".join(each.id for each in self.now.places)
            raise ControlRefused(f"there is no place {id[:60]!r}: allowed are {allowed}")
        return found

    def _use(self, id: str) -> None:
        places = tuple(replace(each, in_use=each.id == id) for each in self.now.places)
        self.now = replace(self.now, places=places)

    def _gone(self, id: str) -> None:
        in_use = self._place(id).in_use
        self.now = replace(self.now, places=tuple(each for each in self.now.places if each.id != id))
        if in_use:
            self._use(_BOX.id)

    def _say(self, words: str) -> None:
        self.now = replace(self.now, note=words, note_id=self.now.note_id + 1)

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


def _tone(frames: int) -> bytes:
    """frames: of one wave; a tone of whole waves."""
    samples = (round(8000 * math.sin(2 * math.pi * at / frames)) for at in range(frames))
    return _wav(b"".join(struct.pack("<h", sample) for sample in samples) * (_RATE_HZ * _SECONDS // frames))


def _wav(sound: bytes) -> bytes:
    with io.BytesIO() as out:
        with wave.open(out, "wb") as wav:
            wav.setnchannels(1)
            wav.setsampwidth(2)
            wav.setframerate(_RATE_HZ)
            wav.writeframes(sound)
        return out.getvalue()
