"""The recorder process: keeps the last minutes in memory and writes takes. Neither sound nor page waits for it.

It reads the take ring, which the audio process fills, and does what control asks. Killed, it starts again; the takes
it left unfinished are completed then.
"""

from __future__ import annotations

import logging
import signal
import time
from collections.abc import Callable, Mapping
from typing import Any

from firmware_app.config.keys import Config
from firmware_app.config.places import Places
from firmware_app.link import take_ring
from firmware_app.running import realtime
from firmware_app.running.notify import Notifier
from firmware_app.takes import take as takes
from firmware_app.takes.places import INTERNAL, Place, internal, sticks
from firmware_app.takes.recorder import Recorder, Wanted
from firmware_app.takes.wire import SOCKET, RecorderEnd, RecorderState

log = logging.getLogger(__name__)

STEP_S = 0.1
TELL_S = 0.5
MINUTES_S = 600
LONGEST_MINUTES_S = 3600
LONGEST_PRE_ROLL_S = 60.0
CLOSE_S = 1.0
"""What is not complete by then is completed at the next start."""


class RecorderProcess:
    """One recorder and its socket. Everything here runs on the main thread."""

    def __init__(self, places: Places, minutes_s: int = MINUTES_S) -> None:
        """Raises OSError when its socket cannot be made."""
        places.make_runtime()
        root = places.takes
        for said in takes.mend_unfinished(root):
            log.warning("%s", said)
        self._places: Callable[[], list[Place]] = lambda: [internal(root), *sticks(places.sticks)]
        self._armed = False
        self._recorder = Recorder(places.sound / take_ring.NAME, root, minutes_s)
        self._end = RecorderEnd(places.runtime / SOCKET)
        self._notifier = Notifier()
        self._running = True
        self._told = RecorderState()
        self._tell_at = 0.0
        self._news: tuple[list[str], list[str]] = ([], [])

    def run(self) -> int:
        """Until SIGTERM. Returns the exit code: 1 when a take could not be completed in time."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        self._notifier.send(b"READY=1")
        while self._running:
            for message in self._end.receive(STEP_S):
                self._do(message)
            self._recorder.step()
            self._settle()
            self._notifier.send(b"WATCHDOG=1")
            self._tell()
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
                case "rules":
                    self._armed = bool(message["armed"])
                case "minutes":
                    self._recorder.minutes.keep_seconds(min(LONGEST_MINUTES_S, max(0, int(message["seconds"]))))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            log.warning("a message was not understood: %s", error)
        self._tell_at = 0.0

    def _settle(self) -> None:
        for disk in self._recorder.settled():
            if disk.folder is not None and disk.take is not None:
                self._news[1].append(disk.folder.name)
                if disk.take.state != takes.WHOLE:
                    self._recorder.said.append(f"take {disk.folder.name}: not yet complete: {disk.trouble}")
            else:
                self._recorder.said.append(f"a take could not be written: {disk.trouble}")
        for said in self._recorder.said:
            log.warning("%s", said)
            self._news[0].append(said)
        self._recorder.said.clear()

    def _tell(self) -> None:
        if time.monotonic() < self._tell_at and not any(self._news):
            return
        self._tell_at = time.monotonic() + TELL_S
        recorder, disk = self._recorder, self._recorder.recording
        self._end.send(
            RecorderState(
                recording=disk is not None,
                folder=disk.folder.name if disk is not None and disk.folder is not None else "",
                frames=disk.frames if disk is not None else 0,
                waiting_bytes=disk.waiting_bytes if disk is not None else 0,
                kept_s=len(recorder.minutes),
                kept_bytes=recorder.minutes.bytes,
                has=recorder.has,
                trouble=disk.trouble if disk is not None else "",
                said=tuple(self._news[0]),
                done=tuple(self._news[1]),
                loudest=round(disk.loudest(), 6) if disk is not None else 0.0,
                armed=self._armed,
                place=INTERNAL if disk is not None else "",
                places=tuple(place.state() for place in self._places()),
            )
        )
        self._news = ([], [])

    def _stop(self, *_: object) -> None:
        self._running = False


def _wanted(message: Mapping[str, Any]) -> Wanted:
    lanes = tuple(str(name) for name in message.get("lanes", ("dry", "wet")))
    return Wanted(lanes, str(message.get("how", "pressed"))[:20], str(message.get("preset", ""))[: takes.LONGEST_NAME])


def main(config: Config, places: Places) -> int:
    """The recorder process's whole life. Returns its exit code."""
    realtime.die_with_supervisor()
    return RecorderProcess(places).run()
