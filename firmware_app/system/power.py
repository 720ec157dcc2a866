"""Restarting the box, switching the board off and letting go of a stick: whether it is possible here, and why not."""

import os
import re
import shutil
import subprocess

from firmware_app.errors import AppError
from firmware_app.running.realtime import SUPERVISOR_ENV

_SYSTEMCTL_S = 10.0
_UNMOUNT_S = 120.0  # a slow stick has much to write
_STICK = re.compile(r"hushbox-stick@[a-z0-9]{1,20}\.service")


class PowerError(AppError, RuntimeError):
    """A restart or power-off that is not possible here; the message says why."""


def why_no_restart() -> str:
    """Why a restart is not possible: nothing would start the processes again. Empty when it is possible."""
    if SUPERVISOR_ENV in os.environ or "INVOCATION_ID" in os.environ:
        return ""
    return "nothing watches over this process, so it would not come back: start the box with `hushbox run`"


def runs_as_a_box() -> bool:
    """Whether systemd runs this as a box of its own, not a person as a program on their computer."""
    return "INVOCATION_ID" in os.environ and SUPERVISOR_ENV not in os.environ


def why_no_power_off() -> str:
    """Why the board cannot be switched off from here; empty when that can be tried."""
    if not runs_as_a_box():
        return "Hushbox runs as a program on this computer, not as a box of its own: switch the computer off yourself"
    if shutil.which("systemctl") is None:
        return "this system has no systemctl, which switches a box off"
    return ""


def power_off() -> None:
    """Ask systemd to switch the board off; it stops the box first. Raises PowerError.

    The box's user needs the permission; systemd/hushbox.polkit gives it.
    """
    reason = why_no_power_off()
    if reason:
        raise PowerError(reason)
    if why := _systemctl(_SYSTEMCTL_S, "poweroff"):
        raise PowerError(f"the system does not switch off: {why}")


def release_stick(unit: str) -> None:
    """Unmount a stick: systemd stops the unit that holds it, which waits until all is on it. Raises PowerError.

    The box's user needs the permission; systemd/hushbox.polkit gives it.
    """
    if not _STICK.fullmatch(unit):
        raise PowerError("somebody else has mounted it: unmount it there")
    if why := _systemctl(_UNMOUNT_S, "stop", unit):
        raise PowerError(f"the system does not let go of it: {why}")


def _systemctl(wait_s: float, *words: str) -> str:
    """Why it was refused; empty when it was done. Raises PowerError."""
    try:
        done = subprocess.run(
            ["systemctl", "--no-ask-password", *words], capture_output=True, text=True, timeout=wait_s
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise PowerError(f"systemctl failed: {error}") from None
    if not done.returncode:
        return ""
    why = done.stderr.strip().splitlines()[-1:] or [f"it ended with {done.returncode}"]
    return why[0][:200]
