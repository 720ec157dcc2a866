"""The supervisor of `hushbox run`: starts the processes and keeps them running. On the device systemd does this.

A process that ends with status 78 has said what a person must change. At the first start that ends `hushbox run`; later
the process is tried again every 5 s. An audio process without progress for 3 s is killed, as by systemd's watchdog: it
could be stopped, or hang in a driver, and would not hear a milder signal.
"""

import contextlib
import logging
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from firmware_app.config import places as places_of_box
from firmware_app.config.places import Places
from firmware_app.kept import start_from
from firmware_app.kept.param_table import PARAMS
from firmware_app.link.shared_state import Heartbeat
from firmware_app.running import crash_loop, locks, realtime
from firmware_app.running.updating import Updating, children_program
from firmware_app.update import layout as update_layout

log = logging.getLogger(__name__)

HANG_S = 3.0  # an audio process without a heartbeat for this long is hung
LOADING_S = 30.0  # the first heartbeat may take this long: loading models from a cold memory card is slow
STOP_S = 1.3  # between asking and forcing; the whole stop stays under 2 s
EXIT_USAGE = 78  # a child that ends with this has told the person what to change: a restart would not help
FIRST_BACK_OFF_S, LONGEST_BACK_OFF_S, STEADY_S = 0.2, 5.0, 10.0


@dataclass(slots=True)
class Child:
    """One of the processes, and when to restart it."""

    name: str
    command: Sequence[str]
    env: dict[str, str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    back_off_s: float = FIRST_BACK_OFF_S
    start_at: float = 0.0
    restarts: int = 0

    def start(self) -> None:
        # A session of its own: Ctrl-C at the terminal reaches only the supervisor, which then stops both in order.
        self.process = subprocess.Popen(self.command, env={**os.environ, **self.env}, start_new_session=True)
        self.started = time.monotonic()

    def ended(self) -> int | None:
        """The exit status once it has ended, else None."""
        return self.process.poll() if self.process is not None else None

    def schedule_restart(self, *, patient: bool = False) -> None:
        """Let _watch restart it. patient: after the longest wait."""
        now = time.monotonic()
        if now - self.started > STEADY_S:
            self.back_off_s = FIRST_BACK_OFF_S
        if patient:
            self.back_off_s = LONGEST_BACK_OFF_S
        self.start_at = now + self.back_off_s
        self.back_off_s = min(self.back_off_s * 2, LONGEST_BACK_OFF_S)
        self.process = None
        self.restarts += 1

    def ask_to_stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def force(self, deadline: float) -> None:
        """Wait until `deadline` (time.monotonic()), then kill."""
        if self.process is None:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(max(0.0, deadline - time.monotonic()))
        if self.process.poll() is None:
            log.warning("%s did not stop in time: killed", self.name)
            self.process.kill()
            self.process.wait()


class Supervisor:
    """Starts, watches, restarts and stops the audio, control and recorder processes. Main thread."""

    def __init__(self, places: Places, arguments: Sequence[str]) -> None:
        """arguments: the options that all children get (--config, --state-dir)."""
        places.make_runtime()
        places.make_sound()
        self._sound = places.sound
        self._heartbeat = Heartbeat(places.sound / start_from.SHARED)
        self._stop = False
        layout = update_layout.find()
        me = children_program(layout) if layout is not None else program()
        env = {**realtime.BLAS_ENV, realtime.SUPERVISOR_ENV: str(os.getpid())}
        self.audio = Child("audio process", [*me, "audio", *arguments], env)
        self.control = Child("control process", [*me, "control", *arguments], env)
        self.recorder = Child("recorder process", [*me, "recorder", *arguments], env)
        self._children = (self.audio, self.control, self.recorder)
        self._updating = Updating(layout, places.runtime, places.state, env) if layout is not None else None

    def stop(self, *_: object) -> None:
        """End run(). Also a signal handler."""
        self._stop = True

    @property
    def all_is_saved(self) -> bool:
        """Whether the control process has ended with everything on disk."""
        return self.control.process is not None and self.control.process.poll() == 0

    def run(self) -> int:
        """Run until a signal, or until a child says that the person must change something. Returns the exit code."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self.stop)
        if self._updating is not None:
            self._updating.enter()
        try:
            for child in self._children:
                child.start()
            while not self._stop:
                self._update()
                for child in self._children:
                    if self._watch(child) == EXIT_USAGE:
                        return EXIT_USAGE
                time.sleep(0.05)
        finally:
            if self._updating is not None:
                self._updating.end()
            self._stop_all()
        return 0

    def _update(self) -> None:
        """What an update asks for: hold both processes, or let them go on."""
        updating = self._updating
        if updating is None:
            return
        updating.look()
        if updating.hold and any(child.start_at != math.inf for child in self._children):
            self._end_all()
            for child in self._children:
                child.process, child.start_at, child.restarts = None, math.inf, child.restarts + 1
        elif not updating.hold:
            for child in self._children:
                if child.start_at == math.inf:
                    child.start_at, child.back_off_s = 0.0, FIRST_BACK_OFF_S
        pids = (child.process.pid if child.process is not None else 0 for child in (self.audio, self.control))
        updating.tell(*pids)

    def _watch(self, child: Child) -> int | None:
        """Restart a child that ended, kill one that hangs. Returns EXIT_USAGE when the person must change something."""
        if child.process is None:
            if time.monotonic() >= child.start_at:
                child.start()
            return None
        status = child.ended()
        if status is not None:
            if status == EXIT_USAGE and child.restarts == 0 and child is not self.recorder:
                return status
            if not self._stop:
                # EXIT_USAGE here: the settings broke while it ran. The other process goes on; this one is tried again.
                log.warning("%s ended (%s), starting it again", child.name, _words(status))
                if child is self.audio:
                    crash_loop.ended(self._sound, status)
                child.schedule_restart(patient=status == EXIT_USAGE)
            return None
        if child is self.audio and self._hung():
            log.warning("%s made no progress for %.0f s: killed and started again", child.name, HANG_S)
            child.force(0.0)
            crash_loop.ended(self._sound, -signal.SIGKILL, hung=True)
            child.schedule_restart()
        return None

    def _hung(self) -> bool:
        assert self.audio.process is not None
        running_s = time.monotonic() - self.audio.started
        age_s = self._heartbeat.age_s(running_s)
        if age_s is None:
            return running_s > LOADING_S
        return age_s > HANG_S and running_s > 2 * HANG_S  # opening the first device may take long

    def _stop_all(self) -> None:
        self._end_all()
        self._heartbeat.close()

    def _end_all(self) -> None:
        for child in self._children:
            child.ask_to_stop()
        deadline = time.monotonic() + STOP_S
        for child in self._children:
            child.force(deadline)


def program() -> list[str]:
    """The command line that starts this program again: the frozen binary, or this Python with our module."""
    if getattr(sys, "frozen", False):
        return [sys.executable]
    return [sys.executable, "-m", "firmware_app.cli"]


def _words(status: int) -> str:
    if status >= 0:
        return f"exit status {status}"
    return crash_loop.signal_name(-status)


def run(arguments: Sequence[str] = (), state_dir: str | None = None) -> int:
    """`hushbox run`: blocks until stopped. Returns the exit code. Raises AppError."""
    places = places_of_box.find(state_dir)
    places.make_runtime()
    places.make_sound()
    with locks.lock_runtime(places.runtime):
        locks.must_be_free(places)
        # Forget the values of an earlier run, except its mutes: this run starts from what was saved.
        with contextlib.suppress(OSError):  # without room for that, all of its values count, mutes included
            start_from.forget_last_run(places.sound, PARAMS)
        for name in crash_loop.FILES:
            (places.sound / name).unlink(missing_ok=True)
        supervisor = Supervisor(places, arguments)
        status = supervisor.run()
        if supervisor.all_is_saved:
            (places.sound / start_from.SHARED).unlink(missing_ok=True)
        return status
