"""What may happen to a box on a stage, done to a real one; each returns figures and raises when the box does not cope.

Tests run them briefly, `make endure` at length. "Sound" is what the virtual interface really got.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import random
import resource
import signal
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil

from tests.rigs.clock_shift.rig import ClockShift
from tests.rigs.running_box import RunningBox
from tests.rigs.virtual_usb.rig import VirtualUsb

YEAR_S = 365 * 86_400
CLIENTS = 16
PATIENCE_S = 60.0  # of a busy host; how long it really took is in the figures
AMOUNT_DB = 13.0

Figures = dict[str, object]


def config(usb: VirtualUsb) -> str:
    return f'[audio]\ndevice = "{usb.device}"\nperiod_frames = 128\nperiods = 4\n[panel]\npins = "mock"\n'


def set_up(box: RunningBox) -> None:
    """Running, in full, with a setting to be kept."""
    wait_running(box)
    box.set("denoise.amount_db", AMOUNT_DB)


def wait_running(box: RunningBox) -> None:
    box.wait_status(lambda s: s["audio_alive"] and s["state"] == "running", "running audio process", PATIENCE_S)


def sounds(box: RunningBox, usb: VirtualUsb, seconds: float = 0.5) -> None:
    """Sound goes on: so much of it is played from now."""
    from_frame = usb.counters["playback"]["frames"]
    wanted = from_frame + int(seconds * 48_000)
    box.wait_for(lambda: usb.counters["playback"]["frames"] >= wanted, f"{seconds} s of sound", PATIENCE_S)


def recording(usb: VirtualUsb) -> Path:
    """What was played, as long as the time since the first start: with holes where nothing was."""
    return usb.folder / "playback.s32"


def process_of(box: RunningBox, name: str) -> psutil.Process | None:
    with contextlib.suppress(LookupError, psutil.Error):
        return box.child(name)
    return None


def wait_anew(box: RunningBox, name: str, pid: int) -> None:
    """Until another process than `pid` does its work."""
    box.wait_for(lambda: (p := process_of(box, name)) is not None and p.pid != pid, f"a new {name} process", PATIENCE_S)
    if name == "control":
        box.url, box._token = "", ""
        box.wait_for(lambda: bool(box.url), "the page again", PATIENCE_S)
    wait_running(box)


def as_before(box: RunningBox, muted: bool) -> None:
    """No setting is lost, and safe mode, once entered, is left when asked."""
    assert box.value("denoise.amount_db") == AMOUNT_DB
    assert box.value("box.mute") == float(muted)
    if box.get("status")["safe_mode"]:
        audio = process_of(box, "audio")
        box.send("PUT", "safe_mode", {"on": False})
        if audio is not None:
            wait_anew(box, "audio", audio.pid)
        assert not box.wait_status(lambda s: not s["safe_mode"], "the full box", PATIENCE_S)["safe_mode"]


def kill_at_random(box: RunningBox, usb: VirtualUsb, times: int, seed: int) -> Figures:
    """kill -9 of either process, any time after the last recovery; sometimes both. Mute changes now and then."""
    chance = random.Random(seed)
    took: dict[str, list[float]] = {"audio": [], "control": [], "both": []}
    muted = False
    for _ in range(times):
        if chance.random() < 0.3:
            muted = not muted
            box.set("box.mute", float(muted))
            time.sleep(0.2)  # through the link, the fade and the interface's buffer
        time.sleep(chance.uniform(0.0, 1.0))
        what = chance.choice(["audio", "audio", "control", "control", "both"])
        names = ["control", "audio"] if what == "both" else [what]  # the page first: it tells of the sound
        victims = {name: box.child(name) for name in names}
        from_byte = recording(usb).stat().st_size
        began = time.monotonic()
        for victim in victims.values():
            victim.kill()
        for name, victim in victims.items():
            wait_anew(box, name, victim.pid)
        took[what].append(time.monotonic() - began)
        sounds(box, usb, 0.2)
        if muted:
            with recording(usb).open("rb") as file:
                file.seek(from_byte)
                assert not file.read().strip(b"\0"), "a muted output was heard"
        as_before(box, muted)
    if muted:
        box.set("box.mute", 0.0)
    return {what: {"times": len(all), "worst_s": round(max(all), 2)} for what, all in took.items() if all}


def stop_for_a_while(box: RunningBox, usb: VirtualUsb, name: str, seconds: float = 5.0) -> Figures:
    """SIGSTOP. A stopped audio process is replaced; a stopped page is waited for, while the sound goes on."""
    process = box.child(name)
    began = time.monotonic()
    process.send_signal(signal.SIGSTOP)
    if name == "audio":
        wait_anew(box, "audio", process.pid)
    else:
        sounds(box, usb, seconds)
        process.send_signal(signal.SIGCONT)
        wait_running(box)
        assert box.child(name).pid == process.pid
    took = time.monotonic() - began
    sounds(box, usb)
    as_before(box, muted=False)
    return {"seconds": round(took, 2)}


def memory_limit(box: RunningBox, usb: VirtualUsb, name: str, room_mb: float = 8.0) -> Figures:
    """No more memory than now and `room_mb`, while the page is hammered: sound goes on, both answer after it."""
    process = box.child(name)
    process.rlimit(resource.RLIMIT_AS, (int(process.memory_info().vms + room_mb * 1e6), resource.RLIM_INFINITY))
    figures = hammer(box, usb, seconds=2.0, must_answer=False)
    replaced = (now := process_of(box, name)) is None or now.pid != process.pid
    if not replaced:
        process.rlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    wait_running(box)
    sounds(box, usb)
    as_before(box, muted=False)
    return {"replaced": replaced, **figures}


def memory_limit_of_group(box: RunningBox, usb: VirtualUsb, name: str, room_mb: float = 0.25) -> Figures:
    """The kernel's own limit, as MemoryMax= of a unit sets it: what comes on top of `room_mb` kills the process.

    Needs root and the memory controller: raises PermissionError.
    """
    process = box.child(name)
    with memory_group(f"hushbox-{process.pid}", room_mb) as group:
        group.take(process.pid)
        figures = hammer(box, usb, seconds=5.0, must_answer=False)
        wait_running(box)
        figures["hits"] = group.hits()
        figures["replaced"] = box.child(name).pid != process.pid
        sounds(box, usb)
        as_before(box, muted=False)
    return figures


class MemoryGroup:
    """A control group with a limit on what its processes take from now on; of version 1 or 2."""

    def __init__(self, folder: Path, room_mb: float) -> None:
        self.folder = folder
        self._hits = "memory.failcnt" if (folder / "memory.failcnt").exists() else "memory.events"
        most = "memory.limit_in_bytes" if self._hits == "memory.failcnt" else "memory.max"
        (folder / most).write_text(str(int(room_mb * 1e6)))

    def take(self, pid: int) -> None:
        (self.folder / "cgroup.procs").write_text(str(pid))

    def hits(self) -> int:
        """How often something did not fit."""
        text = (self.folder / self._hits).read_text()
        return int(text) if self._hits == "memory.failcnt" else int(text.split("max ")[1].split()[0])


@contextlib.contextmanager
def memory_group(name: str, room_mb: float) -> Iterator[MemoryGroup]:
    """A group of its own, gone afterwards; who is still in it goes back to where it came from."""
    if os.getuid() != 0:
        raise PermissionError("only root can make a control group")
    roots = [
        root for root in (Path("/sys/fs/cgroup/memory"), Path("/sys/fs/cgroup")) if (root / "cgroup.procs").exists()
    ]
    folder = roots[0] / name if roots else Path()
    try:
        folder.mkdir()
        group = MemoryGroup(folder, room_mb)
    except (OSError, ValueError) as error:
        raise PermissionError(f"no control group with a memory limit here: {error}") from None
    try:
        yield group
    finally:
        for pid in (folder / "cgroup.procs").read_text().split():
            with contextlib.suppress(OSError):
                (folder.parent / "cgroup.procs").write_text(pid)
        folder.rmdir()


def hammer(box: RunningBox, usb: VirtualUsb, seconds: float, *, must_answer: bool = True) -> Figures:
    """Many phones at once, on this machine alone: the page in a loop, and event streams that nobody reads."""
    until = time.monotonic() + seconds
    answered, refused = [0] * CLIENTS, [0] * CLIENTS
    xruns = usb.counters["playback"]["xruns"]

    def client(number: int) -> None:
        idle: list[Any] = []
        with contextlib.suppress(OSError, http.client.HTTPException):  # the box lends only so many
            while len(idle) < 8:
                idle.append(urllib.request.urlopen(box.url + "api/v1/events", timeout=5))
        while time.monotonic() < until and answered[number] + refused[number] < 2000:
            try:
                with urllib.request.urlopen(box.url, timeout=5) as answer:
                    answer.read()
                answered[number] += 1
            except (OSError, http.client.HTTPException):  # the latter: cut off in the middle
                refused[number] += 1
        for stream in idle:
            stream.close()

    threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    sounds(box, usb, seconds)
    for thread in threads:
        thread.join()
    if must_answer:
        assert sum(answered) > 0
    wait_running(box)
    return {"answered": sum(answered), "refused": sum(refused), "xruns": usb.counters["playback"]["xruns"] - xruns}


@contextlib.contextmanager
def small_disk(folder: Path, size_kb: int = 256) -> Iterator[Path]:
    """A file system of its own that is soon full. Needs root: raises PermissionError."""
    folder.mkdir(parents=True, exist_ok=True)
    if os.getuid() != 0:
        raise PermissionError("only root can mount a small disk")
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size_kb}k,mode=700", "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def disk_full(box: RunningBox, usb: VirtualUsb) -> Figures:
    """The state folder fills up, a setting is changed, room comes back. The folder is a small_disk()."""
    filler = box.state / "filler"
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    box.set("denoise.sensitivity", 0.5)
    box.wait_status(lambda s: "kept in memory only" in s["message"], "the warning", PATIENCE_S)
    sounds(box, usb)
    assert box.value("denoise.sensitivity") == 0.5
    filler.unlink()
    box.set("denoise.sensitivity", 0.25)
    box.wait_status(lambda s: "kept in memory only" not in s["message"], "the end of the warning", PATIENCE_S)
    control = box.child("control")
    control.kill()
    wait_anew(box, "control", control.pid)
    assert box.value("denoise.sensitivity") == 0.25
    as_before(box, muted=False)
    return {"notes": sum("kept in memory only" in line for line in box.log)}


def clock_set_back(box: RunningBox, usb: VirtualUsb, clock: ClockShift) -> Figures:
    """A year back, then a year ahead: nothing is restarted, the page goes on, settings are saved."""
    pids = {name: box.child(name).pid for name in ("audio", "control")}
    xruns = usb.counters["playback"]["xruns"]
    for shift_s in (-YEAR_S, YEAR_S):
        clock.set(shift_s)
        sounds(box, usb, 1.0)
        uptime_s = box.get("status")["uptime_s"]
        assert 0 <= uptime_s < 86_400
        box.wait_status(_later_than(uptime_s), "meters that go on", PATIENCE_S)
        box.set("denoise.sensitivity", 0.1 if shift_s < 0 else 0.2)
    assert {name: box.child(name).pid for name in pids} == pids
    as_before(box, muted=False)
    return {"xruns": usb.counters["playback"]["xruns"] - xruns}


def _later_than(uptime_s: float) -> Callable[[Mapping[str, Any]], bool]:
    return lambda status: bool(status["uptime_s"] > uptime_s)
