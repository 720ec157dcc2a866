"""The recorder process: keeps the last minutes in memory and writes takes. Neither sound nor page waits for it.

It reads the take ring, which the audio process fills, and does what control asks. Killed, it starts again; the takes
it left unfinished are completed then.
"""

from __future__ import annotations

import logging
import signal
import time
from collections.abc import Mapping
from typing import Any

from firmware_app.config.keys import Config
from firmware_app.config.places import Places
from firmware_app.link import take_ring
from firmware_app.running import realtime
from firmware_app.running.notify import Notifier
from firmware_app.takes import take as takes
from firmware_app.takes.chores import Chores
from firmware_app.takes.places import INTERNAL, sticks
from firmware_app.takes.recorder import Recorder, Wanted
from firmware_app.takes.shelf import Rules, Shelf, Watch
from firmware_app.takes.wire import SOCKET, RecorderEnd, RecorderState

log = logging.getLogger(__name__)

STEP_S = 0.1
TELL_S = 0.5
MINUTES_S = 600
LONGEST_MINUTES_S = 3600
LONGEST_PRE_ROLL_S = 60.0
ARMED_S = 10
"""Kept while a take may begin by itself: its pre-roll, and what the ear takes to be sure."""

CLOSE_S = 1.0
"""What is not complete by then is completed at the next start."""


class RecorderProcess:
    """One recorder and its socket. Everything here runs on the main thread."""

    def __init__(self, places: Places, minutes_s: int = MINUTES_S) -> None:
        """Raises OSError when its socket cannot be made."""
        places.make_runtime()
        mended = takes.mend_unfinished(places.takes)
        self._shelf = Shelf(places.takes, lambda: sticks(places.sticks))
        self._watch = Watch(self._shelf)
        self._recorder = Recorder(places.sound / take_ring.NAME, self._shelf, minutes_s)
        self._chores = Chores(self._shelf.roots, lambda: self._recorder.recording is None)
        self._recorder.said += mended
        self._minutes_s = minutes_s
        self._end = RecorderEnd(places.runtime / SOCKET)
        self._notifier = Notifier()
        self._running = True
        self._tell_at = 0.0
        self._releasing: set[str] = set()
        self._said: list[str] = []
        self._done: list[str] = []
        self._released: list[str] = []

    def run(self) -> int:
        """Until SIGTERM. Returns the exit code: 1 when a take could not be completed in time."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        self._watch.start()
        self._chores.start()
        self._notifier.send(b"READY=1")
        while self._running:
            for message in self._end.receive(STEP_S):
                self._do(message)
            self._recorder.step()
            self._settle()
            self._notifier.send(b"WATCHDOG=1")
            self._tell()
        self._chores.stop()
        self._watch.stop()
        whole = self._recorder.close(CLOSE_S)
        self._end.close()
        return 0 if whole else 1

    def _do(self, message: Mapping[str, Any]) -> None:
        """What control asks for. A message of another version is left out."""
        try:
            match message["do"]:
                case "record":
                    pre_roll_s = min(LONGEST_PRE_ROLL_S, max(0.0, float(message.get("pre_roll_s", 0.0))))
                    if not self._recorder.start(_wanted(message), pre_roll_s):
                        self._recorder.said.append("no take was begun: one is being recorded, or no sound comes")
                case "stop":
                    self._recorder.stop()
                case "keep":
                    if not self._recorder.keep(_wanted(message)):
                        self._recorder.said.append("there is no sound in the last minutes that could be kept")
                case "mark":
                    self._recorder.mark(str(message["name"])[: takes.LONGEST_NAME])
                case "param":
                    self._recorder.param(str(message["id"]), float(message["value"]), int(message["at_ns"]))
                case "params":
                    self._recorder.params({str(id): float(value) for id, value in message["values"].items()})
                case "minutes":
                    self._minutes_s = min(LONGEST_MINUTES_S, max(0, int(message["seconds"])))
                    self._keep_minutes()
                case "rules":
                    self._rules(message)
                case "release":
                    self._shelf.release(str(message["place"]))
                    self._releasing.add(str(message["place"]))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            log.warning("a message was not understood: %s", error)
        self._tell_at = 0.0

    def _rules(self, message: Mapping[str, Any]) -> None:
        """Where takes go, and whether one begins by itself. Raises KeyError, TypeError, ValueError."""
        self._shelf.rules = Rules(str(message["place"]), max(0, int(message["quota_bytes"])))
        if message["armed"]:
            wanted = _wanted({**message, "how": "heard"})
            self._recorder.arm(float(message["heard_db"]), float(message["silence_s"]), wanted)
        else:
            self._recorder.disarm()
        self._keep_minutes()

    def _keep_minutes(self) -> None:
        """Where a take may begin by itself, its beginning has to be there, even if nothing else is kept."""
        least_s = ARMED_S if self._recorder.armed else 0
        self._recorder.minutes.keep_seconds(max(self._minutes_s, least_s))

    def _settle(self) -> None:
        """Takes that were completed, sticks that are free, and what was said meanwhile."""
        for disk in self._recorder.settled():
            for part in disk.parts:
                self._done.append(part.folder.name if part.place == INTERNAL else f"{part.folder.name}@{part.place}")
                self._chores.done(part.folder)
                if part.take.state != takes.WHOLE:
                    self._said.append(f"take {part.folder.name}: not yet complete: {disk.trouble}")
            if not disk.parts:
                self._said.append(f"a take could not be written: {disk.trouble}")
        for id in self._releasing - self._recorder.places:
            self._releasing.discard(id)
            self._released.append(id)
        for source in (self._recorder.said, self._shelf.said, self._chores.said):
            while source:
                words = source.pop(0) if isinstance(source, list) else source.popleft()
                log.warning("%s", words)
                self._said.append(words)

    def _tell(self) -> None:
        if time.monotonic() < self._tell_at and not (self._said or self._done or self._released):
            return
        self._tell_at = time.monotonic() + TELL_S
        recorder, disk = self._recorder, self._recorder.recording
        self._end.send(
            RecorderState(
                recording=disk is not None,
                folder=disk.folder.name if disk is not None and disk.folder is not None else "",
                frames=disk.frames if disk is not None else 0,
                waiting_bytes=disk.waiting_bytes if disk is not None else 0,
                kept_s=min(len(recorder.minutes), self._minutes_s),
                kept_bytes=recorder.minutes.bytes,
                has=recorder.has,
                trouble=disk.trouble if disk is not None else "",
                said=tuple(self._said),
                done=tuple(self._done),
                loudest=round(disk.loudest(), 6) if disk is not None else 0.0,
                armed=recorder.armed,
                place=disk.place if disk is not None else "",
                places=self._shelf.states,
                released=tuple(self._released),
            )
        )
        self._said, self._done, self._released = [], [], []

    def _stop(self, *_: object) -> None:
        self._running = False


def _wanted(message: Mapping[str, Any]) -> Wanted:
    lanes = tuple(str(name) for name in message.get("lanes", ("dry", "wet")))
    format = "flac" if message.get("format") == "flac" else "wav"
    return Wanted(
        lanes, str(message.get("how", "pressed"))[:20], str(message.get("preset", ""))[: takes.LONGEST_NAME], format
    )


def main(config: Config, places: Places) -> int:
    """The recorder process's whole life. Returns its exit code."""
    realtime.die_with_supervisor()
    return RecorderProcess(places).run()
