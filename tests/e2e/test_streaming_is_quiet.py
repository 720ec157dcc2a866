"""What the audio process asks of the kernel while streaming: nothing that could make it wait."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import psutil
import pytest

from tests.conftest import MakeUsb
from tests.rigs.running_box import RunningBox

pytestmark = [pytest.mark.e2e, pytest.mark.rig]
BLOCKS = 10_000
WATCHED = "open,openat,creat,mmap,brk,futex,clone,clone3,fsync"


def strace(trace: Path) -> list[str]:
    """Only the calls watched are held up: a box that stops at every call has ten underruns a second."""
    return ["strace", "-D", "-f", "--seccomp-bpf", "-e", f"trace={WATCHED}", "-o", str(trace)]


@pytest.mark.timeout(300)
def test_ten_thousand_blocks_open_no_file_and_do_not_grow(make_usb: MakeUsb, tmp_path: Path) -> None:
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed: apt-get install strace")
    usb = make_usb(capture=np.random.default_rng(0).uniform(-0.1, 0.1, 48_000).astype(np.float32), loop=True)
    config = f'[audio]\ndevice = "{usb.device}"\nperiod_frames = 128\n[panel]\npins = "mock"\n'
    trace = tmp_path / "trace"
    with RunningBox(tmp_path / "box", config, under=strace(trace)) as box:
        box.wait_status(lambda s: s["state"] == "running" and s["uptime_s"] > 5, "five seconds of sound")
        audio = box.child("audio")
        opens = usb.counters["capture"]["opens"]
        from_frame, memory = usb.counters["playback"]["frames"], own_bytes(audio)
        calls_before = calls_of(audio, trace)
        assert any("openat" in call for call in calls_before), "strace saw nothing"  # the models, at least
        for step in range(10):  # a hand on the page meanwhile
            box.set("denoise.amount_db", float(step))
            box.set("box.bypass", step % 2)
        usb.wait_played(from_frame + BLOCKS * 128, timeout_s=200)
        grown = own_bytes(audio) - memory
        calls = calls_of(audio, trace)[len(calls_before) :]
        assert usb.counters["capture"]["opens"] == opens, "".join(box.log)
    assert not [call for call in calls if re.search(r"open|creat|clone|fsync|futex", call)], calls[:20]
    assert grown < 1_000_000, f"{grown} bytes more than before {BLOCKS} blocks"


def calls_of(process: psutil.Process, trace: Path) -> list[str]:
    """The calls of all its threads so far. Each line begins with the number of the thread."""
    threads = {str(thread.id) for thread in process.threads()}
    lines = [line.split(maxsplit=1) for line in trace.read_text().splitlines()]
    return [call for thread, call in lines if thread in threads and re.match(r"\w+\(", call)]


def own_bytes(process: psutil.Process) -> int:
    """Memory that no file stands behind. What of a library counts as one's own depends on who else uses it."""
    rollup = Path(f"/proc/{process.pid}/smaps_rollup").read_text()
    kilobytes = re.search(r"^Anonymous: +(\d+) kB", rollup, re.MULTILINE)
    assert kilobytes is not None
    return 1024 * int(kilobytes[1])
