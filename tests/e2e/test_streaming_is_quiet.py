"""What the audio process asks of the kernel while streaming: nothing that could make it wait."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import MakeUsb
from tests.rigs.running_box import RunningBox

pytestmark = [pytest.mark.e2e, pytest.mark.rig]
BLOCKS = 10_000


@pytest.mark.timeout(300)
def test_ten_thousand_blocks_open_no_file_and_do_not_grow(make_usb: MakeUsb, tmp_path: Path) -> None:
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed: apt-get install strace")
    usb = make_usb(capture=np.random.default_rng(0).uniform(-0.1, 0.1, 48_000).astype(np.float32), loop=True)
    config = f'[audio]\ndevice = "{usb.device}"\nperiod_frames = 128\n[panel]\npins = "mock"\n'
    trace = tmp_path / "trace"
    with RunningBox(tmp_path / "box", config) as box:
        box.wait_status(lambda s: s["state"] == "running" and s["uptime_s"] > 5, "five seconds of sound")
        audio = box.child("audio")
        opens = usb.counters["capture"]["opens"]
        from_frame, memory = usb.counters["playback"]["frames"], audio.memory_full_info().uss
        tracer = subprocess.Popen(
            [
                "strace",
                "-f",
                "-e",
                "trace=open,openat,creat,mmap,brk,futex,clone,clone3,fsync",
                "-o",
                trace,
                "-p",
                str(audio.pid),
            ],
            stderr=subprocess.DEVNULL,
        )
        time.sleep(1)
        assert tracer.poll() is None, "strace cannot attach here"
        for step in range(10):  # a hand on the page meanwhile
            box.set("denoise.amount_db", float(step))
            box.set("box.bypass", step % 2)
        usb.wait_played(from_frame + BLOCKS * 128, timeout_s=200)
        tracer.terminate()
        tracer.wait()
        grown = audio.memory_full_info().uss - memory
        assert usb.counters["capture"]["opens"] == opens, "".join(box.log)
    calls = [line for line in trace.read_text().splitlines() if re.search(r"\w+\(", line)]
    assert not [line for line in calls if re.search(r"open|creat|clone|fsync|futex", line)], calls[:20]
    assert grown < 1_000_000, f"{grown} bytes more than before {BLOCKS} blocks"
