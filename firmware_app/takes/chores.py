"""What the recorder does while nothing is recorded: it packs takes, and clears the bin of what is 30 days old."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from firmware_app.takes import bin as bin_of_takes
from firmware_app.takes import pack
from firmware_app.takes import take as takes
from firmware_app.takes.bin import BIN_DAYS
from firmware_app.takes.take import TakeError

FIRST_S = 60.0
"""After the start the box has better things to do."""

FORGET_EVERY_S = 3600.0


class Chores(threading.Thread):
    """One for the recorder. Nothing of it goes on while a take is recorded."""

    def __init__(
        self,
        roots: Callable[[], Sequence[Path]],
        idle: Callable[[], bool],
        *,
        now: Callable[[], datetime] = datetime.now,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """roots: the folders of takes at present. idle: whether nothing is recorded."""
        super().__init__(name="chores", daemon=True)
        self._roots, self._idle, self._now, self._clock = roots, idle, now, clock
        self.said: deque[str] = deque(maxlen=50)
        self._wake = threading.Event()
        self._forget_at = clock() + FIRST_S
        self._fresh: deque[Path] = deque()  # takes that have just been completed
        self._looked: set[Path] = set()  # roots of which all takes have been looked at
        self._stopped = False

    def done(self, folder: Path) -> None:
        """A take was completed. Any thread."""
        self._fresh.append(folder)
        self._wake.set()

    def stop(self) -> None:
        """Ends as soon as it can; what is half done is done after the next start."""
        self._stopped = True
        self._wake.set()

    def run(self) -> None:
        while not self._stopped:
            if self._may():
                self.step()
            self._wake.wait(5.0)
            self._wake.clear()

    def step(self) -> None:
        """All that waits to be done now. Raises nothing."""
        if self._clock() >= self._forget_at:
            self._forget_at = self._clock() + FORGET_EVERY_S
            for root in self._roots():
                self._forget(root)
            for root in self._roots():
                if root not in self._looked:
                    self._looked.add(root)
                    self._fresh.extend(reversed(takes.folders(root)))
        while self._fresh and self._may():
            self._pack(self._fresh[0])
            if self._may():
                self._fresh.popleft()

    def _may(self) -> bool:
        return self._idle() and not self._stopped

    def _forget(self, root: Path) -> None:
        try:
            gone = bin_of_takes.forget_old(root, self._now())
        except OSError as error:
            self.said.append(f"{root}: the bin cannot be cleared: {error.strerror or error}")
            return
        for id in gone:
            self.said.append(f"take {id} was deleted: it was in the bin for {BIN_DAYS} days")

    def _pack(self, folder: Path) -> None:
        try:
            take = takes.load(folder)
            if pack.waits(folder, take):
                pack.pack(folder, take, self._may)
        except TakeError as error:
            if folder.is_dir():
                self.said.append(str(error))
        except OSError as error:
            if folder.is_dir():  # else it was put into the bin meanwhile, or the stick was pulled
                self.said.append(f"take {folder.name}: cannot be packed: {error.strerror or error}")
