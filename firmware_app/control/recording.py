"""Recording, as control sees it: what the recorder process is asked for, and what it last said.

The recorder may be away at any time; then nothing is recorded, and the page says so.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dsp.layouts.stems import STEMS
from firmware_app.control.control import Control
from firmware_app.errors import AppError
from firmware_app.kept.takes import TakeSettings, TakeSettingsStore
from firmware_app.takes.places import INTERNAL
from firmware_app.takes.wire import ControlEnd, PlaceState, RecorderState

ORIGIN = "recorder"
MOST_SAID = 20
GONE_S = 5.0  # until the recorder has seen that a stick is unmounted


class NoTakeError(RuntimeError):
    """What was asked for cannot be done now; the message says why."""


@dataclass(frozen=True, slots=True)
class Said:
    """Something that was lost, or could not be done."""

    words: str


class Recording:
    """One per box. Any thread; nothing here waits."""

    def __init__(self, socket: Path, control: Control, settings: TakeSettingsStore, preset: Callable[[], str]) -> None:
        """socket: the recorder's. preset: the name of the one that is loaded."""
        self._control, self._settings, self._preset = control, settings, preset
        self.state: RecorderState | None = None
        self.said: deque[Said] = deque(maxlen=MOST_SAID)
        self.said_count = 0
        self.done = 0  # takes that were completed since the start
        self.changed: Callable[[], None] = lambda: None
        self.removal: Callable[[str], None] = lambda unit: (
            None
        )  # unmounts a stick, or raises AppError; the box sets this
        self._armed_with = ""
        self._link = ControlEnd(socket, self._first, self._hear)
        control.save_also(settings.save_job)
        control.listen(ORIGIN, self._param)

    def start(self) -> None:
        """Look for the recorder from now on."""
        self._link.start()

    def stop(self) -> None:
        """The box ends. A take that is being recorded goes on until the recorder ends."""
        self._link.stop()

    @property
    def settings(self) -> TakeSettings:
        return self._settings.now

    def record(self, pre_roll_s: float = 0.0, how: str = "pressed") -> None:
        """Begin a take. Raises NoTakeError."""
        state = self._there()
        if state.recording:
            raise NoTakeError("a take is being recorded already")
        if not state.has:
            raise NoTakeError("no sound comes: nothing can be recorded")
        self._ask("record", pre_roll_s=pre_roll_s, how=how, **self._holds())

    def end(self) -> None:
        """End the take. Raises NoTakeError."""
        if not self._there().recording:
            raise NoTakeError("no take is being recorded")
        self._ask("stop")

    def press(self) -> None:
        """Begin a take, or end it, as a footswitch does. Raises NoTakeError."""
        if self._there().recording:
            self.end()
        else:
            self.record()

    def keep(self) -> None:
        """Make a take of what was just played. Raises NoTakeError."""
        if not self._there().kept_s:
            why = (
                "nothing waits in memory"
                if self.settings.minutes
                else "what is played is not kept in memory: it is off"
            )
            raise NoTakeError(f"there is nothing to keep: {why}")
        self._ask("keep", how="kept", **self._holds())

    def mark(self, name: str = "") -> None:
        """Mark this moment of the take. Raises NoTakeError."""
        if not self._there().recording:
            raise NoTakeError("no take is being recorded")
        self._ask("mark", name=name)

    def act(self, do: str) -> None:
        """What a footswitch or a MIDI message asks for. Raises nothing: what cannot be done is said on the page."""
        try:
            {"record": self.press, "keep_that": self.keep, "mark_take": self.mark, "arm": self.press_arm}[do]()
        except NoTakeError as error:
            self._say(str(error))
            self.changed()

    def set_minutes(self, minutes: int) -> None:
        """How much of what is played waits in memory. Raises TakeSettingError."""
        self._settings.set_minutes(minutes)
        self._link.ask("minutes", seconds=60 * minutes)
        self.changed()

    def set_what(self, what: tuple[str, ...]) -> None:
        """What the next take holds. Raises TakeSettingError."""
        self._settings.set_what(what)
        self._tell()

    def set_format(self, format: str) -> None:
        """How takes are kept. Raises TakeSettingError."""
        self._settings.set_format(format)
        self._tell()

    def set_armed(self, on: bool) -> None:
        """Whether a take begins by itself when somebody plays."""
        self._settings.set_armed(on)
        self._tell()

    def press_arm(self) -> None:
        """Begin to wait for somebody who plays, or wait no more, as a footswitch does."""
        self.set_armed(not self.settings.armed)

    def set_heard(self, heard_db: float, silence_s: float) -> None:
        """How loud playing is, and how much silence ends such a take. Raises TakeSettingError."""
        self._settings.set_heard(heard_db, silence_s)
        self._tell()

    def set_quota(self, megabytes: int) -> None:
        """What takes may fill on the box itself. Raises TakeSettingError."""
        self._settings.set_quota(megabytes)
        self._tell()

    def set_place(self, id: str) -> None:
        """Where takes go from the next one on. Raises NoTakeError, TakeSettingError."""
        place = self._place(id)
        if place.problem:
            raise NoTakeError(place.problem)
        self._settings.set_place(id)
        self._tell()

    def remove_safely(self, id: str) -> None:
        """Let go of a stick: the recorder first, then the system. What became of it is said. Raises NoTakeError."""
        if self._place(id).id == INTERNAL:
            raise NoTakeError("the box's own card cannot be removed")
        self._ask("release", place=id)

    def _place(self, id: str) -> PlaceState:
        """Raises NoTakeError."""
        places = self._there().places
        for each in places:
            if each.id == id:
                return each
        raise NoTakeError(f"there is no place {id[:60]!r}: allowed are {', '.join(each.id for each in places)}")

    def _tell(self) -> None:
        """The settings have changed. A recorder that is away gets them when it comes."""
        self._link.ask(**self._rules())
        self.changed()

    def _rules(self) -> dict[str, Any]:
        now = self.settings
        return {
            "do": "rules",
            "place": now.place,
            "quota_bytes": now.quota_megabytes * 1_000_000,
            "armed": now.armed,
            "heard_db": now.heard_db,
            "silence_s": now.silence_s,
            **self._holds(),
        }

    def _holds(self) -> dict[str, Any]:
        """What a take that begins now is to hold."""
        return {"lanes": self._lanes(), "preset": self._preset(), "format": self.settings.format}

    def _there(self) -> RecorderState:
        if self.state is None:
            raise NoTakeError("the recorder is not there: it is started again by itself")
        return self.state

    def _ask(self, do: str, **what: Any) -> None:
        if not self._link.ask(do, **what):
            raise NoTakeError("the recorder does not answer: try again")

    def _lanes(self) -> list[str]:
        lanes = [name for name in self.settings.what if name != "stems"]
        return [*lanes, *STEMS] if "stems" in self.settings.what else lanes

    # --- the link's thread, and whoever changes a parameter ---

    def _first(self) -> list[dict[str, Any]]:
        return [
            {"do": "minutes", "seconds": 60 * self.settings.minutes},
            self._rules(),
            {"do": "params", "values": dict(self._control.values())},
        ]

    def _param(self, param_id: str, value: float, origin: str) -> None:
        self._link.ask("param", id=param_id, value=value, at_ns=time.monotonic_ns())

    def _hear(self, state: RecorderState | None) -> None:
        self.state = state
        if state is not None:
            for words in state.said:
                self._say(words)
            self.done += len(state.done)
            for id in state.released:
                threading.Thread(target=self._unmount, args=(id,), name="removal", daemon=True).start()
            if state.armed and self._preset() != self._armed_with:  # a take that begins by itself names the right one
                self._armed_with = self._preset()
                self._link.ask(**self._rules())
        self.changed()

    def _unmount(self, id: str) -> None:
        """On a thread of its own, as it may take as long as a slow stick needs."""
        place = next((each for each in self.state.places if each.id == id), None) if self.state is not None else None
        if place is None:
            return
        try:
            self.removal(place.unit)
        except AppError as error:
            self._say(f"the stick {place.label} cannot be removed now: {error}")
        else:
            until = time.monotonic() + GONE_S
            while self._is_there(id) and time.monotonic() < until:
                time.sleep(0.1)
            if self._is_there(id):
                self._say(f"the stick {place.label} is still in use: try again in a moment")
            else:
                self._say(f"the stick {place.label} can be pulled now")
        self.changed()

    def _is_there(self, id: str) -> bool:
        state = self.state
        return state is not None and any(each.id == id for each in state.places)

    def _say(self, words: str) -> None:
        self.said.append(Said(words))
        self.said_count += 1
