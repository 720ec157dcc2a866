"""RealTakes: takes, over the library on disk and what control asks the recorder for."""

import math
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from firmware_app.control.recording import NoTakeError, Recording
from firmware_app.kept.takes import TakeSettingError
from firmware_app.takes import library as takes_on_disk
from firmware_app.takes import listen
from firmware_app.takes import take as takes
from firmware_app.takes.bin import BIN_DAYS
from firmware_app.takes.library import Stick, TakeLibrary
from firmware_app.takes.listing import Listed
from firmware_app.takes.places import INTERNAL
from firmware_app.takes.take import TakeError
from firmware_app.takes.wire import PlaceState
from hw.audio.files.growing_bwf import RATE_HZ
from web_ui.ports.errors import ControlRefused, NotThere
from web_ui.ports.takes import Alignment, JobView, PlaceView, RecorderView, TakesView, TakeView

_MEGA = 1e6
_SILENCE_DB = -120.0


class RealTakes:
    """Implements TakesPort. Any thread."""

    def __init__(self, recording: Recording, root: Path) -> None:
        """root: the folder of all takes."""
        self._recording = recording
        self._library = TakeLibrary(root, sticks=self._sticks)

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
            round(sum(each.bytes for each in (*listed, *binned) if not each.where) / _MEGA, 1),
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
        made: list[bytes] = []
        _done(lambda: made.append(takes_on_disk.outline(folder, takes.load(folder), points)))
        return made[0]

    def piece(self, id: str, lane: str, first: int, frames: int) -> bytes:
        path = self.sound(id, lane)
        made: list[bytes] = []
        _done(lambda: made.append(listen.piece(path, first, frames)))
        return made[0]

    def sound(self, id: str, lane: str) -> Path:
        folder = self._there(id)
        try:
            names = [each.name for each in takes.load(folder).lanes]
            path = takes.lane_file(folder, lane) if lane in names else None
        except TakeError as error:
            raise ControlRefused(str(error)) from None
        if path is None or not path.is_file():
            raise NotThere(f"take {id}: no sound {lane[:40]!r}: it has {', '.join(names)}")
        return path

    def packed(self, id: str) -> Iterator[bytes]:
        self._there(id)
        try:
            return self._library.packed(id)
        except TakeError as error:
            raise ControlRefused(str(error)) from None

    # --- other settings ---

    def stem_file(self, id: str) -> Iterator[bytes]:
        self._there(id)
        raise ControlRefused(f"take {id}: it has no stems")

    def retry(self, id: str, preset: str) -> str:
        self._there(id)
        raise ControlRefused(f"take {id}: no versions can be made")

    def jobs(self) -> tuple[JobView, ...]:
        return ()

    def cancel(self, job: str) -> None:
        raise NotThere(f"no version {job[:40]!r} waits or is being made")

    def drop_version(self, id: str, version: str) -> None:
        self._there(id)
        raise NotThere(f"take {id}: there is no version {version[:40]!r}")

    def compare(self, id: str, other: str) -> Alignment:
        self._there(id)
        self._there(other)
        raise ControlRefused(f"take {id}: cannot be compared")

    def _there(self, id: str) -> Path:
        try:
            return self._library.folder(id)
        except TakeError as error:
            raise NotThere(str(error)) from None


def _done(work: Callable[[], object]) -> None:
    """Do it. Raises ControlRefused."""
    try:
        work()
    except (NoTakeError, TakeError, TakeSettingError) as error:
        raise ControlRefused(str(error)) from None
    except OSError as error:
        raise ControlRefused(f"{error.filename or 'takes'}: {error.strerror or error}") from None


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
    return TakeView(
        id=each.id,
        name=take.name,
        begun=take.begun,
        state=take.state,
        how=take.how,
        seconds=round(take.frames / RATE_HZ, 2),
        megabytes=round(each.bytes / _MEGA, 1),
        star=take.star,
        preset=take.preset,
        lanes=tuple(lane.name for lane in take.lanes),
        marks=tuple((round(frame / RATE_HZ, 2), name) for frame, name in take.marks),
        trim_s=(round(first / RATE_HZ, 2), round(end / RATE_HZ, 2)),
        missing_s=round(sum(gap.frames for gap in take.gaps) / RATE_HZ, 2),
        gaps=len(take.gaps),
        problem="",
        where=each.where,
    )
