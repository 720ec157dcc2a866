"""The box's two processes as a trial needs them: stop both, start both from `current`, and see whether one ended.

Under systemd that is systemctl. Under `hushbox run` it is two signals to the supervisor, which tells what runs in a
small file (firmware_app/running/children.py).
"""

import contextlib
import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Protocol

from firmware_app.update import state_copy
from firmware_app.update.layout import UpdateError

UNITS = ("hushbox-audio.service", "hushbox-control.service")
# A phone that knocks at the socket starts the page. Both are stopped with it, and started by it (Wants=).
BESIDE = ("hushbox-captive.socket", "hushbox-recorder.service")
APPLY_UNIT, STATE_UNIT = "hushbox-update-apply.service", "hushbox-update-state.service"
CHILDREN = "children.json"  # in the runtime folder, of the supervisor
SYSTEMCTL_S, APPLY_S = 90.0, 150.0
STOPPED_S = 10.0
HOLD, GO_ON = signal.SIGUSR1, signal.SIGUSR2


class Services(Protocol):
    """What a trial does with the processes. Each raises UpdateError when it cannot be done."""

    def running(self) -> bool:
        """Whether both run, so that a new version can prove itself."""
        ...

    def stop(self) -> None:
        """Stop both in order: the sound fades, all is saved. Nothing of them runs afterwards."""
        ...

    def start(self) -> None:
        """Start both, from `current`."""
        ...

    def pids(self) -> tuple[int, int]:
        """Of sound and page; 0 where none runs."""
        ...

    def apply(self) -> None:
        """Put the system files of `current` into the system."""
        ...

    def copy_state(self) -> None:
        """Keep a copy of the settings."""
        ...

    def restore_state(self) -> None:
        """Put back what a newer version has written in a form that `good` cannot read."""
        ...


class SystemdServices:
    """The units. apply and the state's copy are units too: what they may do, the installer may not."""

    def running(self) -> bool:
        return all(self.pids())

    def stop(self) -> None:
        for unit in BESIDE:
            with contextlib.suppress(UpdateError):  # a version may not have it
                self._call("stop", unit)
        self._call("stop", *UNITS)

    def start(self) -> None:
        # A unit whose version crashed at once may be in "failed": that must not keep the old version from starting.
        with contextlib.suppress(UpdateError):
            self._call("reset-failed", *UNITS)
        self._call("--no-block", "start", *UNITS)

    def pids(self) -> tuple[int, int]:
        text = self._call("show", "--property=MainPID", "--value", *UNITS)
        found = [int(line) for line in text.split() if line.isdigit()]
        return (found[0], found[1]) if len(found) == 2 else (0, 0)

    def apply(self) -> None:
        self._call("start", APPLY_UNIT, seconds=APPLY_S)

    def copy_state(self) -> None:
        self._call("start", STATE_UNIT, seconds=APPLY_S)

    def restore_state(self) -> None:
        self._call("start", STATE_UNIT, seconds=APPLY_S)  # it sees by the links which of the two it has to do

    @staticmethod
    def _call(*arguments: str, seconds: float = SYSTEMCTL_S) -> str:
        try:
            done = subprocess.run(
                ["systemctl", "--no-ask-password", *arguments], capture_output=True, text=True, timeout=seconds
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise UpdateError("system", f"systemctl {' '.join(arguments)}: {error}") from None
        if done.returncode:
            why = done.stderr.strip().splitlines()[-1:] or [f"it ended with {done.returncode}"]
            raise UpdateError("system", f"systemctl {' '.join(arguments)}: {why[0][:200]}")
        return done.stdout


class RunServices:
    """`hushbox run`: one user owns everything, so there is nothing to apply, and the state is copied here."""

    def __init__(self, runtime: Path, state: Path, supervisor: int) -> None:
        """supervisor: its process."""
        self._children = runtime / CHILDREN
        self._state = state
        self._supervisor = supervisor

    def running(self) -> bool:
        return all(self.pids())

    def stop(self) -> None:
        self._send(HOLD)
        until = time.monotonic() + STOPPED_S
        while not self._tree().get("held"):
            if time.monotonic() > until:
                raise UpdateError("system", "the supervisor did not stop the sound and the page")
            time.sleep(0.05)

    def start(self) -> None:
        self._send(GO_ON)

    def pids(self) -> tuple[int, int]:
        tree = self._tree()
        return tree.get("audio", 0), tree.get("control", 0)

    def apply(self) -> None:
        """Nothing: no unit, no rule belongs to `hushbox run`."""

    def copy_state(self) -> None:
        state_copy.copy(self._state)

    def restore_state(self) -> None:
        state_copy.restore(self._state)

    def _send(self, number: int) -> None:
        try:
            os.kill(self._supervisor, number)
        except OSError as error:
            raise UpdateError("system", f"supervisor {self._supervisor}: {error.strerror}") from None

    def _tree(self) -> dict[str, int]:
        with contextlib.suppress(OSError, ValueError):
            tree = json.loads(self._children.read_bytes())
            if isinstance(tree, dict):
                return tree
        return {}
