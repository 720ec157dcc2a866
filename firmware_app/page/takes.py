"""RealTakes: takes, over the library on disk and what control asks the recorder for."""

import math
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from firmware_app.control.recording import NoTakeError, Recording
from firmware_app.kept.takes import TakeSettingError
from firmware_app.setup.take_work import NoJobError, QueueRefused, TakeWork
from firmware_app.takes import library as takes_on_disk
from firmware_app.takes import listen, stem_file, versions
from firmware_app.takes import take as takes
from firmware_app.takes.bin import BIN_DAYS
from firmware_app.takes.library import Stick, TakeLibrary
from firmware_app.takes.listing import Listed
from firmware_app.takes.places import INTERNAL
from firmware_app.takes.take import TakeError
from firmware_app.takes.versions import Version
from firmware_app.takes.wire import PlaceState
from hw.audio.files.growing_bwf import RATE_HZ
from web_ui.ports.errors import ControlRefused, NotThere
from web_ui.ports.takes import Alignment, JobView, PlaceView, RecorderView, TakesView, TakeView, VersionView

_MEGA = 1e6
_SILENCE_DB = -120.0
_AS_IT_WAS = "As it was"


class RealTakes:
    """Implements TakesPort. Any thread."""

    def __init__(self, recording: Recording, root: Path, work: TakeWork, preset: Callable[[str], str]) -> None:
        """root: the folder of all takes. preset: the name that the box has for a preset; raises LookupError."""
        self._recording, self._work, self._preset = recording, work, preset
        self._library = TakeLibrary(root, sticks=self._sticks)
        work.folder_of = self._library.folder

    def _sticks(self) -> list[Stick]:
        state = self._recording.state
        places = state.places if state is not None else ()
        roots = [(each.id, each.label, Path(each.root)) for each in places if each.id != INTERNAL]
        return [each for each in roots if not each[2].is_symlink()]

    # --- the recorder ---

    def news(self) -> RecorderView:
        recording = self._recording
        state, settings, said = recording.state, recording.settings, list(recording.said)
        return RecorderView(
            there=state is not None,
            can=state is not None and bool(state.has),
            recording=state is not None and state.recording,
            seconds=round(state.frames / RATE_HZ, 1) if state is not None else 0.0,
            kept_s=state.kept_s if state is not None else 0,
            kept_megabytes=round(state.kept_bytes / _MEGA, 1) if state is not None else 0.0,
            minutes=settings.minutes,
            what=settings.what,
            problem=state.trouble if state is not None else "",
            note=said[-1].words if said else "",
            note_id=recording.said_count,
            done=recording.done,
            armed=settings.armed,
            heard_db=settings.heard_db,
            silence_s=settings.silence_s,
            format=settings.format,
            place=settings.place,
            places=tuple(_place(each, state.place) for each in state.places) if state is not None else (),
            level_db=_level_db(state.loudest) if state is not None and state.recording else None,
        )

    def record(self) -> None:
        _done(self._recording.record)

    def end(self) -> None:
        _done(self._recording.end)

    def keep(self) -> None:
        _done(self._recording.keep)

    def mark(self, name: str) -> None:
        _done(lambda: self._recording.mark(name))

    def set_minutes(self, minutes: int) -> None:
        _done(lambda: self._recording.set_minutes(minutes))

    def set_what(self, what: tuple[str, ...]) -> None:
        _done(lambda: self._recording.set_what(what))

    def set_format(self, format: str) -> None:
        _done(lambda: self._recording.set_format(format))

    def set_armed(self, on: bool) -> None:
        _done(lambda: self._recording.set_armed(on))

    def set_heard(self, heard_db: float, silence_s: float) -> None:
        _done(lambda: self._recording.set_heard(heard_db, silence_s))

    def set_place(self, id: str) -> None:
        _done(lambda: self._recording.set_place(id))

    def remove_safely(self, id: str) -> None:
        _done(lambda: self._recording.remove_safely(id))

    def set_quota(self, megabytes: int) -> None:
        _done(lambda: self._recording.set_quota(megabytes))

    # --- the library ---

    def listed(self) -> TakesView:
        root = self._library.root
        there = root if root.is_dir() else root.parent
        try:
            found = os.statvfs(there)
            free = found.f_bavail * found.f_frsize / _MEGA
        except OSError:
            free = 0.0
        listed, binned = self._library.listed(), self._library.binned()
        return TakesView(
            tuple(_view(each) for each in listed),
            tuple(_view(each) for each in binned),
            BIN_DAYS,
            round(free, 1),
            self._recording.settings.quota_megabytes,
            round(sum(each.bytes for each in (*listed, *binned) if not each.where) / _MEGA, 3),
        )

    def rename(self, id: str, name: str) -> None:
        self._there(id)
        _done(lambda: self._library.rename(id, name))

    def star(self, id: str, on: bool) -> None:
        self._there(id)
        _done(lambda: self._library.star(id, on))

    def trim(self, id: str, from_s: float, to_s: float) -> None:
        self._there(id)
        _done(lambda: self._library.trim(id, round(from_s * RATE_HZ), round(to_s * RATE_HZ)))

    def put_into_bin(self, id: str) -> None:
        self._there(id)
        _done(lambda: self._library.put_into_bin(id))

    def take_out_of_bin(self, id: str) -> None:
        _done(lambda: self._library.take_out_of_bin(id))

    def empty_bin(self, id: str) -> float:
        freed: list[int] = []
        _done(lambda: freed.append(self._library.empty_bin(id)))
        return round(freed[0] / _MEGA, 1)

    def set_marks(self, id: str, marks: tuple[tuple[float, str], ...]) -> None:
        self._there(id)
        _done(lambda: self._library.set_marks(id, [(round(at * RATE_HZ), name) for at, name in marks]))

    def outline(self, id: str, lane: str = "", points: int = 0) -> bytes:
        folder = self._there(id)
        if versions.has_sound(folder, lane):
            return listen.narrowed_bytes(_read(lambda: versions.outline_of(folder, lane)), points)
        take = self._take(id)
        names = [each.name for each in take.lanes]
        if lane and lane not in names:
            raise NotThere(f"take {id}: no sound {lane[:40]!r}: it has {', '.join(names)}")
        one = takes_on_disk.lane_outline
        return _read(lambda: one(folder, take, lane, points) if lane else takes_on_disk.outline(folder, take, points))

    def piece(self, id: str, lane: str, first: int, frames: int) -> bytes:
        path = self.sound(id, lane)
        return _read(lambda: listen.piece(path, first, frames))

    def sound(self, id: str, lane: str) -> Path:
        folder = self._there(id)
        names = [each.name for each in self._take(id).lanes]
        made = [name for each in versions.load(folder) for name in (each.id, *each.lanes)]
        if lane not in (*names, *made):
            raise NotThere(f"take {id}: no sound {lane[:40]!r}: it has {', '.join((*names, *made))}")
        try:
            path = takes.lane_file(folder, lane) if lane in names else versions.file_of(folder, lane)
        except TakeError as error:
            raise ControlRefused(str(error)) from None
        if not path.is_file():
            raise NotThere(f"take {id}: no sound {lane[:40]!r}: its file is gone")
        return path

    def packed(self, id: str) -> Iterator[bytes]:
        self._there(id)
        try:
            return self._library.packed(id)
        except TakeError as error:
            raise ControlRefused(str(error)) from None

    # --- other settings ---

    def stem_file(self, id: str) -> Iterator[bytes]:
        folder, take = self._there(id), self._take(id)
        try:
            return stem_file.pieces(folder, take)
        except (TakeError, OSError) as error:
            raise ControlRefused(str(error)) from None

    def retry(self, id: str, preset: str) -> str:
        self._there(id)
        try:
            return self._work.retry(id, self._preset(preset) if preset else "")
        except LookupError as error:
            raise NotThere(str(error)) from None
        except (QueueRefused, TakeError) as error:
            raise ControlRefused(str(error)) from None

    def jobs(self) -> tuple[JobView, ...]:
        names = {each.id: each.take.name for each in self._library.listed() if each.take is not None}
        return tuple(
            JobView(
                job.id, job.take, names.get(job.take, ""), job.preset, job.share, job.state, job.problem, job.version
            )
            for job in self._work.jobs()
        )

    def cancel(self, job: str) -> None:
        try:
            self._work.cancel(job)
        except NoJobError as error:
            raise NotThere(str(error)) from None

    def drop_version(self, id: str, version: str) -> None:
        folder = self._there(id)
        try:
            versions.drop(folder, version)
        except TakeError as error:
            raise NotThere(str(error)) from None
        except OSError as error:
            raise ControlRefused(f"{error.filename or 'takes'}: {error.strerror or error}") from None

    def compare(self, id: str, other: str) -> Alignment:
        for each in (id, other):
            self._there(each)
        if id == other:
            raise ControlRefused(f"take {id}: is to be compared with another one, not with itself")
        try:
            found = self._work.compare(id, other)
        except QueueRefused as error:
            raise ControlRefused(str(error)) from None
        if found is None:
            return Alignment("working", (), 0.0, "")
        if found.problem:
            return Alignment("failed", (), 0.0, found.problem)
        if not found.same:
            return Alignment("different", (), found.score, "these two takes are not of the same song")
        return Alignment("same", found.pairs, found.score, "")

    def _take(self, id: str) -> takes.Take:
        try:
            return self._library.take(id)
        except TakeError as error:
            raise ControlRefused(str(error)) from None

    def _there(self, id: str) -> Path:
        try:
            return self._library.folder(id)
        except TakeError as error:
            raise NotThere(str(error)) from None


def _done(work: Callable[[], object]) -> None:
    """Do it. Raises ControlRefused."""
    try:
        work()
    except (NoTakeError, TakeError, TakeSettingError, ValueError) as error:
        raise ControlRefused(str(error)) from None
    except OSError as error:
        raise ControlRefused(f"{error.filename or 'takes'}: {error.strerror or error}") from None


def _read(what: Callable[[], bytes]) -> bytes:
    """Raises ControlRefused."""
    made: list[bytes] = []
    _done(lambda: made.append(what()))
    return made[0]


def _place(each: PlaceState, in_use: str) -> PlaceView:
    return PlaceView(
        each.id,
        each.label,
        round(each.free_bytes / _MEGA, 1),
        round(each.total_bytes / _MEGA, 1),
        not each.problem,
        each.id == in_use,
        each.problem,
    )


def _level_db(loudest: float) -> float:
    return max(_SILENCE_DB, round(20 * math.log10(loudest), 1)) if loudest > 0 else _SILENCE_DB


def _view(each: Listed) -> TakeView:
    take = each.take
    if take is None:
        return TakeView(
            each.id, "", "", "damaged", "", 0.0, round(each.bytes / _MEGA, 1), False, "", (), (), (0.0, 0.0), 0.0, 0,
            each.problem, where=each.where,
        )  # fmt: skip
    first, end = take.trim if take.trim != (0, 0) else (0, take.frames)
    known = each.facts
    lanes = tuple(lane.name for lane in take.lanes)
    lufs = {} if known is None else known.lufs
    return TakeView(
        id=each.id,
        name=take.name,
        begun=take.begun,
        state=take.state,
        how=take.how,
        seconds=round(take.frames / RATE_HZ, 2),
        megabytes=round(each.bytes / _MEGA, 3),
        star=take.star,
        preset=take.preset,
        lanes=lanes,
        marks=tuple((round(frame / RATE_HZ, 2), name) for frame, name in take.marks),
        trim_s=(round(first / RATE_HZ, 2), round(end / RATE_HZ, 2)),
        missing_s=round(sum(gap.frames for gap in take.gaps) / RATE_HZ, 2),
        gaps=len(take.gaps),
        problem="",
        facts=known is not None,
        lufs=lufs.get("wet" if "wet" in lanes else lanes[0]),
        lane_lufs=tuple(lufs.get(name) for name in lanes),
        key=known.key if known is not None else "",
        bpm=known.bpm if known is not None else None,
        sounds=known.sounds if known is not None else (),
        versions=tuple(map(_version, each.versions)),
        where=each.where,
    )


def _version(each: Version) -> VersionView:
    seconds = round(each.frames / RATE_HZ, 2)
    return VersionView(each.id, each.preset or _AS_IT_WAS, each.preset, seconds, each.lufs, each.id, each.lanes)
