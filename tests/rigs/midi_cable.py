"""A MIDI cable: a pseudo terminal as the wire, and the device file that the box finds. What is read is real."""

import os
import select
import tty
from pathlib import Path

LONG_S = 20.0
SHORT_S = 0.1


class Cable:
    """A MIDI device at the other end of a pseudo terminal, and the device file that the box finds."""

    def __init__(self, root: Path, file: str) -> None:
        self._far, self._near = os.openpty()
        tty.setraw(self._near)
        self.path = root / file
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.symlink_to(os.ttyname(self._near))

    def send(self, data: bytes) -> None:
        os.write(self._far, data)

    def receive(self, count: int) -> bytes:
        got = b""
        while len(got) < count:
            assert select.select([self._far], [], [], LONG_S)[0]
            got += os.read(self._far, count - len(got))
        return got

    def quiet(self) -> bool:
        return not select.select([self._far], [], [], SHORT_S)[0]

    def unplug(self) -> None:
        self.path.unlink(missing_ok=True)
        if self._far >= 0:
            os.close(self._far)
            os.close(self._near)
        self._far = -1
