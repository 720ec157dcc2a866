"""Checks that USB interrupts have priority over the sound and their own core, as the system is set now."""

import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from firmware_app.checks import Finding, advice, ok
from firmware_app.running.realtime import FIFO_PRIORITY, LEAST_CORES

_USB = re.compile(r"xhci|ehci|ohci|dwc_otg|dwc2|dwc3|xusb", re.IGNORECASE)
_MEND = "sudo systemctl start hushbox-tune"
_PRIORITY = 37  # of the fields of /proc/PID/stat behind the name: real-time priority, 0 for none


@dataclass(frozen=True, slots=True)
class Task:
    """A process or a kernel's thread, as /proc shows it."""

    pid: str
    name: str
    command: tuple[str, ...]  # empty for a kernel thread
    priority: int  # real-time, 0 for none
    cores: frozenset[int]


def interrupts(root: Path = Path("/")) -> list[Finding]:
    """root: where /proc is."""
    tasks = [task for folder in (root / "proc").glob("[0-9]*") if (task := _task(folder)) is not None]
    numbers = _usb_interrupts(root)
    if not numbers:
        return [ok("USB interrupt", "none shown by this system")]
    return [_priority(tasks), *_cores(root, tasks, numbers)]


def _priority(tasks: list[Task]) -> Finding:
    threads = [task for task in tasks if not task.command and task.name.startswith("irq/") and _USB.search(task.name)]
    late = [task for task in threads if task.priority <= FIFO_PRIORITY]
    if late:
        said = " and ".join(f"{task.name} has priority {task.priority}" for task in late)
        by_hand = "; ".join(f"sudo chrt -f -p 85 {task.pid}" for task in late)
        text = f"{said}, the sound {FIFO_PRIORITY}: the sound keeps the data that it waits for from coming"
        return advice("USB interrupt", text, f"{_MEND}, or {by_hand}")
    if not threads:
        return ok("USB interrupt", "served at once: it is no thread on this kernel")
    said = " and ".join(f"{task.name} has priority {task.priority}" for task in threads)
    return ok("USB interrupt", f"{said}, above the sound's {FIFO_PRIORITY}")


def _cores(root: Path, tasks: list[Task], numbers: list[str]) -> list[Finding]:
    """The cores of the running audio process, compared with those of the interrupts."""
    sound = next((task for task in tasks if _is_audio(task.command)), None)
    if sound is None:
        return []
    online = _cores_of(_text(root / "sys/devices/system/cpu/online"))
    busy = frozenset[int]()
    for number in numbers:
        folder = root / "proc/irq" / number
        busy |= _cores_of(_text(folder / "effective_affinity_list") or _text(folder / "smp_affinity_list"))
    said = f"the sound runs on {_words(sound.cores)}, USB interrupts come on {_words(busy)}"
    if sound.cores & busy and len(online) >= LEAST_CORES:
        return [advice("cores", f"{said}: each one holds up the sound", f"{_MEND}, then start the box anew")]
    return [ok("cores", said if len(online) >= LEAST_CORES else f"{said}: there are too few to keep one free")]


def _is_audio(command: tuple[str, ...]) -> bool:
    """`hushbox audio`, or `python -m firmware_app.cli audio`."""
    return any(
        word == "audio" and (before.endswith("/hushbox") or before in ("hushbox", "firmware_app.cli"))
        for before, word in pairwise(command)
    )


def _usb_interrupts(root: Path) -> list[str]:
    """The numbers of USB interrupts, from lines such as "31:  123  0  GICv2 180 Level  xhci_hcd:usb1"."""
    lines = _text(root / "proc/interrupts").splitlines()
    found = (re.match(r"\s*(\d+):", line) for line in lines if _USB.search(line))
    return [match[1] for match in found if match]


def _task(folder: Path) -> Task | None:
    stat = _text(folder / "stat")
    fields = stat.rpartition(")")[2].split()
    if len(fields) <= _PRIORITY:
        return None  # it has ended
    name = stat.partition("(")[2].rpartition(")")[0]
    command = tuple(part for part in _text(folder / "cmdline").split("\0") if part)
    allowed = re.search(r"^Cpus_allowed_list:\s*(\S+)", _text(folder / "status"), re.MULTILINE)
    return Task(folder.name, name, command, int(fields[_PRIORITY]), _cores_of(allowed[1] if allowed else ""))


def _cores_of(listed: str) -> frozenset[int]:
    """{0, 2, 3} from "0,2-3"."""
    cores: set[int] = set()
    for first, last in re.findall(r"(\d+)(?:-(\d+))?", listed):
        cores |= set(range(int(first), int(last or first) + 1))
    return frozenset(cores)


def _words(cores: frozenset[int]) -> str:
    if not cores:
        return "no core that is shown"
    return f"core{'s' if len(cores) > 1 else ''} {', '.join(map(str, sorted(cores)))}"


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return ""
