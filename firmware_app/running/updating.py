"""Updates under `hushbox run`: the supervisor starts the installer, and stops and starts the processes for it.

On a device units do this (systemd/hushbox-update*). The installer always comes from `good`, the processes from
`current`; so a trial is judged by the version that has proved itself.
"""

import contextlib
import json
import logging
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from firmware_app.update.layout import CURRENT, GOOD, Layout
from firmware_app.update.record import RecordFile
from firmware_app.update.services import CHILDREN, GO_ON, HOLD

log = logging.getLogger(__name__)

LOOK_S = 0.5
GUARD_S = 60.0


class Updating:
    """The supervisor's part in an update. Main thread, but for the two signal handlers, which set a flag."""

    def __init__(self, layout: Layout, runtime: Path, state: Path, env: dict[str, str]) -> None:
        """env: what the children get, too."""
        self._layout = layout
        self._children = runtime / CHILDREN
        self._state = state
        self._env = env
        self._work: subprocess.Popen[bytes] | None = None
        self._look_at = 0.0
        self._asked = self._seen()  # a request of an earlier run is not carried out again
        self._settles = False  # the work that is going on settles what an installer left
        self.hold = False
        self._told: object = None

    def enter(self) -> None:
        """Settle what a power cut has left, then listen to the installer. Before the processes are started."""
        if self._layout.trial.exists() or RecordFile(self._layout.keep).load().running:
            with contextlib.suppress(OSError, subprocess.SubprocessError):
                subprocess.run(self._command("guard"), env=self._environment(), timeout=GUARD_S)
        signal.signal(HOLD, self._hold)
        signal.signal(GO_ON, self._go_on)

    def look(self) -> None:
        """Start the installer when control asks for one, and settle what it leaves when it is killed."""
        now = time.monotonic()
        if now < self._look_at:
            return
        self._look_at = now + LOOK_S
        if self._work is not None:
            status = self._work.poll()
            if status is None:
                return
            self._work = None
            settled, self._settles = self._settles, False
            if not settled and (status != 0 or self.hold or self._layout.trial.exists()):
                log.warning("the installer ended (%d): what it left is settled", status)
                self._settles = True
                self._start("settle")
            elif settled and self.hold:  # not even that: sound and page go on all the same
                self.hold = False
        elif (seen := self._seen()) != self._asked:
            self._asked = seen
            self._start("install")

    def tell(self, audio: int, control: int) -> None:
        """Write down what runs. 0: nothing does."""
        tree = {"audio": audio, "control": control, "held": int(self.hold)}
        if tree == self._told:
            return
        fresh = self._children.with_name(CHILDREN + ".new")
        with contextlib.suppress(OSError):
            fresh.write_text(json.dumps(tree))
            os.replace(fresh, self._children)
            self._told = tree

    def end(self) -> None:
        """The supervisor ends: a trial that runs is cut off, and settled at the next start."""
        if self._work is not None and self._work.poll() is None:
            self._work.kill()
            self._work.wait()
        self._children.unlink(missing_ok=True)

    def _start(self, what: str) -> None:
        with contextlib.suppress(OSError):
            self._work = subprocess.Popen(self._command(what), env=self._environment(), start_new_session=True)

    def _command(self, what: str) -> Sequence[str]:
        return [str(self._layout.program(GOOD)), "update_work", what, "--state-dir", str(self._state)]

    def _environment(self) -> dict[str, str]:
        return {**os.environ, **self._env}

    def _seen(self) -> tuple[int, int] | None:
        try:
            found = self._layout.request.stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns

    def _hold(self, *_: object) -> None:
        self.hold = True

    def _go_on(self, *_: object) -> None:
        self.hold = False


def children_program(layout: Layout) -> list[str]:
    """What the processes are started from: the version that `current` names at that moment."""
    return [str(layout.program(CURRENT))]
