"""The disk's side of the recorder: a thread that writes, behind a queue that never makes the reader wait."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from dsp.block import Block
from firmware_app.takes.parts import CHECK_S, Part, Parts
from firmware_app.takes.shelf import Shelf
from firmware_app.takes.take import Take

MOST_WAITING_BYTES = 200_000_000
"""How much sound may wait for a slow disk: two channels before and after the chain for four minutes."""

_Work = Callable[[Parts], object]


class Disk:
    """One take being written. The reader's thread calls everything; its own thread does the work.

    Where too much waits, what comes is dropped, and noted in the take as missing.
    """

    def __init__(self, shelf: Shelf, begun: datetime, take: Take, most_bytes: int = MOST_WAITING_BYTES) -> None:
        self._make: Callable[[], Parts] = lambda: Parts(shelf, begun, take)
        self._most_bytes = most_bytes
        self._queue: deque[tuple[_Work, int]] = deque()
        self._waiting_bytes = 0
        self._dropped = 0  # frames since the queue became full
        self._wake = threading.Condition()
        self._ending = False
        self._writer: Parts | None = None
        self._done: list[Part] = []
        self._refused = ""
        self.frames = 0
        self._thread = threading.Thread(target=self._run, name="disk", daemon=True)
        self._thread.start()

    @property
    def trouble(self) -> str:
        """What is wrong at present, for people; empty when all is well."""
        if self._refused:
            return self._refused
        if self._writer is not None and self._writer.trouble:
            return self._writer.trouble
        return f"{self._where}: too slow; sound is being lost" if self._dropped else ""

    @property
    def folder(self) -> Path | None:
        """The take's folder; None while it cannot be made."""
        return self._writer.folder if self._writer is not None else None

    def loudest(self) -> float:
        """The loudest sample that was written since the last call."""
        return self._writer.loudest() if self._writer is not None else 0.0

    @property
    def place(self) -> str:
        """The id of where the take goes at present; "" while it cannot be begun."""
        return self._writer.place.id if self._writer is not None else ""

    @property
    def over(self) -> bool:
        """No place is left: nothing more is written, and end() is all that can be done."""
        return self._writer is not None and bool(self._writer.over)

    def heard(self) -> list[str]:
        """What people must know, since the last call."""
        said = self._writer.said if self._writer is not None else ()
        return [said.popleft() for _ in range(len(said))] if said else []

    @property
    def _where(self) -> Path | str:
        return self._writer.place.root if self._writer is not None else "takes"

    @property
    def waiting_bytes(self) -> int:
        """Sound that waits for the disk."""
        return self._waiting_bytes

    def append(self, lanes: Sequence[Block]) -> None:
        """Add a chunk of every lane. Never waits."""
        size, frames = sum(sound.nbytes for sound in lanes), len(lanes[0])
        self.frames += frames
        with self._wake:
            if self._waiting_bytes + size > self._most_bytes:
                self._dropped += frames
                return
        self._make_up()
        self._put(lambda writer: writer.append(lanes), size)

    def missing(self, frames: int, why: str) -> None:
        """See TakeWriter."""
        self.frames += frames
        self._put(lambda writer: writer.missing(frames, why))

    def changed(self, frame: int, param_id: str, value: float) -> None:
        """See TakeWriter."""
        self._put(lambda writer: writer.changed(frame, param_id, value))

    def mark(self, frame: int, name: str) -> None:
        """See TakeWriter."""
        self._put(lambda writer: writer.mark(frame, name))

    def end(self) -> None:
        """No more comes: complete the take. Never waits."""
        self._make_up()
        with self._wake:
            self._ending = True
            self._wake.notify()

    def ended(self, wait_s: float = 0.0) -> bool:
        """Whether the take is complete, or given up, after end()."""
        self._thread.join(wait_s)
        return not self._thread.is_alive()

    @property
    def parts(self) -> list[Part]:
        """Of the finished take, after ended(): several where it went on elsewhere, none where nothing was written."""
        return self._done

    def _make_up(self) -> None:
        """The queue has room again: what was dropped is missing."""
        if self._dropped:
            dropped, self._dropped = self._dropped, 0
            self._put(lambda writer: writer.missing(dropped, f"{self._where} was too slow"))

    def _put(self, work: _Work, size: int = 0) -> None:
        with self._wake:
            self._waiting_bytes += size
            self._queue.append((work, size))
            self._wake.notify()

    def _run(self) -> None:
        while True:
            with self._wake:
                if not self._queue and not self._ending:
                    self._wake.wait(CHECK_S)
                if not self._queue and self._ending:
                    break
                work, size = self._queue[0] if self._queue else (Parts.check, 0)
                idle = not self._queue
            if idle and self._writer is None:
                continue
            if self._writer is None and not self._open():
                with self._wake:
                    if self._ending:
                        return
                    self._wake.wait(1.0)
                continue
            assert self._writer is not None
            work(self._writer)
            if idle:
                continue
            with self._wake:
                self._queue.popleft()
                self._waiting_bytes -= size
        if self._writer is not None:
            self._done = self._writer.close()

    def _open(self) -> bool:
        """Make the take's folder. It is tried again every second while the disk refuses."""
        try:
            self._writer = self._make()
        except OSError as error:
            self._refused = error.strerror or str(error)
            return False
        self._refused = ""
        return True
