"""The installer as a process that can be killed before any of its steps, with a small stand-in for sound and page.

    HOME [--die-at N | --die-after-switch N] [--verdict CODE] [--settle] [--stopped]

A step is whatever reaches the disk (a file made, renamed, linked, removed or synced), and each word to the services.
The stand-in "runs" by a file that names its version, in memory only: killing the installer does not stop it. Checking,
copying, unpacking, links, record and settings are real.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from firmware_app.config import places
from firmware_app.update import fetch, install, state_copy, trial
from firmware_app.update.layout import CURRENT, GOOD, Layout, UpdateError
from firmware_app.update.record import RecordFile
from firmware_app.update.trial import Verdict

STEPS = ("replace", "rename", "symlink", "link", "unlink", "rmdir", "mkdir", "fsync", "sync", "fchmod")


def settings(folder: Path) -> Path:
    """The box's settings."""
    path = folder / "state" / "state.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def runs(layout: Layout) -> str:
    """The version that runs; "" for none."""
    path = layout.home.parent / "runs"
    return path.read_text() if path.exists() else ""


class StandIn:
    """Services. Its processes are one file."""

    def __init__(self, layout: Layout, step: Callable[[], None], apply_fails: bool) -> None:
        self._layout, self._step, self._apply_fails = layout, step, apply_fails
        self._file = layout.home.parent / "runs"
        self._state = settings(layout.home.parent).parent

    def running(self) -> bool:
        return self._file.exists()

    def stop(self) -> None:
        self._step()
        self._file.unlink(missing_ok=True)

    def start(self) -> None:
        self._step()
        self._file.write_text(self._layout.pointed(CURRENT))
        if self._layout.pointed(CURRENT) == "0.2.0":  # it brings the settings into its own form
            settings(self._layout.home.parent).write_text('{"schema": 2, "params": {"mute": 1}}')

    def pids(self) -> tuple[int, int]:
        return (1, 1) if self._file.exists() else (0, 0)

    def apply(self) -> None:
        self._step()
        if self._apply_fails and self._layout.pointed(CURRENT) != self._layout.pointed(GOOD):
            raise UpdateError("system", "spoiled")

    def copy_state(self) -> None:
        state_copy.copy(self._state)

    def restore_state(self) -> None:
        state_copy.restore(self._state)


class NoProof:
    """Nothing is asked: the verdict is given."""

    def __init__(self, runtime: Path, sound: Path) -> None:
        """Neither is looked at."""

    def close(self) -> None:
        """Nothing."""


class Installers:
    """Runs the installer again and again, each time in a fork of one process that has loaded all of it."""

    def __enter__(self) -> Installers:
        command = [sys.executable, "-m", "tests.rigs.installer"]
        env = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}  # a process with threads had better not fork
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def run(self, layout: Layout, *arguments: str) -> int:
        """Returns its exit status: -9 when it was killed."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps([str(layout.home), *arguments]), file=self._process.stdin, flush=True)
        return int(self._process.stdout.readline())


def serve() -> int:
    """Fork for each line of standard input; print how the process ended."""
    for line in sys.stdin:
        child = os.fork()
        if not child:
            try:
                os._exit(one(json.loads(line)))
            except BaseException:
                traceback.print_exc()
                os._exit(3)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
    return 0


def one(arguments: list[str]) -> int:
    """One run."""
    parser = argparse.ArgumentParser()
    parser.add_argument("home", type=Path)
    parser.add_argument("--die-at", type=int, default=0)
    parser.add_argument("--die-after-switch", type=int, default=0)
    parser.add_argument("--verdict", default="")
    parser.add_argument("--settle", action="store_true")
    parser.add_argument("--stopped", action="store_true")
    parser.add_argument("--spare", type=int, default=0)
    args = parser.parse_args(arguments)
    layout = Layout(args.home, args.home / "kept")
    fetch.SPARE_BYTES = args.spare
    file = args.home.parent / "runs"
    if not args.settle and not args.stopped:
        file.write_text(layout.pointed(CURRENT))
    step = _steps(layout, args.die_at, args.die_after_switch)
    services: Any = StandIn(layout, step, args.verdict == "apply")
    vars(trial)["watch"] = lambda *_: Verdict(args.verdict, 1.0)
    vars(install)["Proof"] = NoProof
    if args.settle:
        if not runs(layout) and not layout.trial.exists():
            file.write_text(layout.pointed(CURRENT))  # systemd had it running all the time
        with trial.locked(layout):
            trial.settle(layout, RecordFile(layout.keep), services)
    else:
        install.install(layout, services, places.find(args.home.parent))
    return 0


def _steps(layout: Layout, die_at: int, after_switch: int) -> Callable[[], None]:
    """Count every step from now on, and die before the one that is named."""
    counted = [0]

    def step() -> None:
        if after_switch and layout.pointed(CURRENT) == layout.pointed(GOOD) and not counted[0]:
            return
        counted[0] += 1
        if counted[0] == (die_at or after_switch):
            os.kill(os.getpid(), signal.SIGKILL)

    def counting(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **more: Any) -> Any:
            step()
            return real(*arguments, **more)

        return call

    os.sync = lambda: None  # the test's disk is in memory; a sync would wait for every other one
    for name in STEPS:
        setattr(os, name, counting(getattr(os, name)))
    return step


if __name__ == "__main__":
    sys.exit(serve())
