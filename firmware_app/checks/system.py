"""Checks the board and its system: real-time limits, processor, power, heat, clock. root: where /proc and /sys are."""

import getpass
import os
import resource
import time
from pathlib import Path

from firmware_app.checks import Finding, advice, ok, problem
from firmware_app.running.realtime import FIFO_PRIORITY
from hw.board import health as board_health
from hw.board.health import HOT_C, BoardHealth

LEAST_LOCKED_BYTES = 512 * 1024 * 1024
_CAP_IPC_LOCK, _CAP_SYS_NICE = 14, 23
_EARLIEST_S = 1_735_689_600  # 1 January 2025: an older clock was never set
_LIMITS_FILE = "/etc/security/limits.d/hushbox.conf"


def user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def real_time(root: Path = Path("/")) -> list[Finding]:
    """Check that the audio process may have real-time priority and lock its memory."""
    return [_priority(root), _locked_memory(root)]


def _priority(root: Path) -> Finding:
    limit = resource.getrlimit(resource.RLIMIT_RTPRIO)[1]
    if _has_capability(root, _CAP_SYS_NICE):
        return ok("real-time priority", "allowed for this user in any case")
    if limit == resource.RLIM_INFINITY or limit >= FIFO_PRIORITY:
        return ok("real-time priority", f"allowed up to {'any' if limit == resource.RLIM_INFINITY else limit}")
    return advice(
        "real-time priority",
        f"allowed up to {limit}, the audio process asks for {FIFO_PRIORITY}: other programs can interrupt the sound",
        f"write '@audio - rtprio 95' to {_LIMITS_FILE} and log in anew, or run the box from its systemd units",
    )


def _locked_memory(root: Path) -> Finding:
    limit = resource.getrlimit(resource.RLIMIT_MEMLOCK)[1]
    if _has_capability(root, _CAP_IPC_LOCK) or limit == resource.RLIM_INFINITY:
        return ok("locked memory", "allowed without limit")
    if limit >= LEAST_LOCKED_BYTES:
        return ok("locked memory", f"allowed up to {limit >> 20} MB")
    return advice(
        "locked memory",
        f"allowed up to {limit >> 20} MB, {LEAST_LOCKED_BYTES >> 20} MB are enough: swapping can interrupt the sound",
        f"write '@audio - memlock unlimited' to {_LIMITS_FILE} and log in anew, or run the box from its systemd units",
    )


def _has_capability(root: Path, number: int) -> bool:
    for line in _text(root / "proc/self/status").splitlines():
        if line.startswith("CapEff:"):
            return bool(int(line.split()[1], 16) >> number & 1)
    return False


def processor(root: Path = Path("/")) -> list[Finding]:
    """Check that the processor stays at full speed."""
    governors = {_text(path) for path in (root / "sys/devices/system/cpu").glob("cpu[0-9]*/cpufreq/scaling_governor")}
    governors.discard("")
    if not governors:
        return [ok("processor speed", "not governed, as far as the system shows")]
    if governors == {"performance"}:
        return [ok("processor speed", "governor performance")]
    return [
        advice(
            "processor speed",
            f"governor {', '.join(sorted(governors))}: the processor may be slow at the wrong moment",
            "sudo systemctl start hushbox-tune, or "
            "echo performance | sudo tee /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor",
        )
    ]


def power_and_heat(root: Path = Path("/")) -> list[Finding]:
    """Check that the supply is strong enough and the board cool enough."""
    found = []
    health = board_health.read(root)
    hottest = health.temperature_c
    if hottest is not None and hottest >= HOT_C:
        found.append(advice("temperature", f"{hottest:.0f} °C: the board slows down", "give it a heat sink or a fan"))
    elif hottest is not None:
        found.append(ok("temperature", f"{hottest:.0f} °C"))
    if health.low_voltage is not None:
        found.append(_supply(health))
    return found


def _supply(health: BoardHealth) -> Finding:
    stronger = "use the board's own power supply and a short cable; feed a hungry USB interface from a powered hub"
    if health.low_voltage:
        return problem("power supply", "the voltage is too low at this moment", stronger)
    if health.throttled:
        return problem("power supply", "the processor is being slowed down by heat or power", "cool it; " + stronger)
    if health.low_voltage_since_start:
        return advice("power supply", "the voltage was too low since the start", stronger)
    if health.throttled_since_start:
        return advice("power supply", "the processor was slowed down since the start", "cool it; " + stronger)
    return ok("power supply", "no low voltage since the start")


def clock() -> list[Finding]:
    """Check the clock: without a battery it starts in the past, until the network sets it."""
    if time.time() < _EARLIEST_S:
        day = time.strftime("%d %B %Y")
        return [advice("clock", f"it is {day} here: the clock was never set", "sudo timedatectl set-ntp true")]
    return [ok("clock", time.strftime("%Y-%m-%d %H:%M"))]


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return ""
