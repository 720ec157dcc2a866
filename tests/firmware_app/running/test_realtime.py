"""Real time, in a process of its own: the kernel's part."""

import signal
import subprocess
import sys

import pytest


def test_a_long_preparation_is_no_runaway() -> None:
    script = (
        "import os, time; from firmware_app.running import realtime; realtime.enter(); start = time.process_time()\n"
        "while time.process_time() - start < 0.6: pass\n"
        "print(os.sched_getscheduler(0) == os.SCHED_OTHER)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "True\n"), done.stderr


def test_a_runaway_in_real_time_is_told_and_then_killed() -> None:
    """The kernel's part: the handler runs, and who ignores it is killed soon."""
    script = (
        "import os, signal, time; from firmware_app.running import realtime\n"
        "signal.signal(signal.SIGXCPU, lambda *_: print(realtime.use_fifo(False) or 'told', flush=True))\n"
        "if realtime.use_fifo(True): print('refused'); raise SystemExit\n"
        "start = time.process_time()\n"
        "while time.process_time() - start < 0.7: pass\n"
        "print('alive', flush=True)\n"
        "signal.signal(signal.SIGXCPU, signal.SIG_IGN); realtime.use_fifo(True); time.sleep(0.01)\n"
        "while time.process_time() - start < 5.0: pass\n"
        "print('never killed')"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    if done.stdout.startswith("refused"):
        pytest.skip("this user may not use real-time scheduling")
    assert (done.returncode, done.stdout) == (-signal.SIGKILL, "told\nalive\n"), done.stderr
