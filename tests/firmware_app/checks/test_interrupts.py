"""What is in force for the sound, on boards made of files: USB interrupts before it, and on another core."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from firmware_app.checks import Level
from firmware_app.checks.interrupts import interrupts
from firmware_app.running import realtime
from firmware_app.running.realtime import cores_for_sound
from tests.systemd.test_tune import INTERRUPTS, put

AUDIO = ("/usr/bin/python3", "-I", "/opt/hushbox/.venv/bin/hushbox", "audio")
BY_HAND = ("/usr/bin/python3", "-m", "firmware_app.cli", "audio")


def task(root: Path, pid: int, name: str, command: tuple[str, ...] = (), priority: int = 0, cores: str = "0-3") -> None:
    stat = ["S", *["0"] * 36, str(priority), "1", "0"]
    put(root, f"proc/{pid}/stat", f"{pid} ({name}) {' '.join(stat)}\n")
    put(root, f"proc/{pid}/cmdline", "".join(f"{part}\0" for part in command))
    put(root, f"proc/{pid}/status", f"Name:\t{name}\nCpus_allowed:\tf\nCpus_allowed_list:\t{cores}\n")


@pytest.fixture
def board(tmp_path: Path) -> Path:
    put(tmp_path, "proc/interrupts", INTERRUPTS)
    put(tmp_path, "sys/devices/system/cpu/online", "0-3\n")
    for number in (31, 56):
        put(tmp_path, f"proc/irq/{number}/smp_affinity_list", "0-3\n")
        put(tmp_path, f"proc/irq/{number}/effective_affinity_list", "0\n")
    return tmp_path


def said(root: Path) -> dict[str, tuple[Level, str]]:
    return {finding.check: (finding.level, finding.text) for finding in interrupts(root)}


def test_a_system_that_shows_none(tmp_path: Path) -> None:
    assert said(tmp_path) == {"USB interrupt": (Level.OK, "none shown by this system")}


def test_a_kernel_without_threads_for_interrupts(board: Path) -> None:
    task(board, 1, "systemd", ("/sbin/init",))
    assert said(board) == {"USB interrupt": (Level.OK, "served at once: it is no thread on this kernel")}


def test_the_kernel_s_own_priority_is_below_the_sound(board: Path) -> None:
    task(board, 77, "irq/31-xhci_hcd", priority=50)
    task(board, 78, "irq/40-mmc0", priority=50)
    (finding,) = interrupts(board)
    assert finding.level is Level.ADVICE
    assert finding.text.startswith("irq/31-xhci_hcd has priority 50, the sound 70: ")
    assert finding.mend == "sudo systemctl start hushbox-tune, or sudo chrt -f -p 85 77"
    task(board, 77, "irq/31-xhci_hcd", priority=85)
    assert said(board)["USB interrupt"] == (Level.OK, "irq/31-xhci_hcd has priority 85, above the sound's 70")


def test_a_program_that_is_called_like_one_is_none(board: Path) -> None:
    task(board, 77, "irq/31-xhci_hcd", ("sleep", "9"), priority=0)
    assert said(board)["USB interrupt"][0] is Level.OK


@pytest.mark.parametrize("command", [AUDIO, BY_HAND])
def test_the_cores_of_the_audio_process_that_runs(board: Path, command: tuple[str, ...]) -> None:
    task(board, 500, "hushbox", ("/usr/bin/python3", "-I", "/opt/hushbox/.venv/bin/hushbox", "control"))
    assert "cores" not in said(board)
    task(board, 501, "hushbox", command, priority=70, cores="0-3")
    level, text = said(board)["cores"]
    assert level is Level.ADVICE
    assert text == "the sound runs on cores 0, 1, 2, 3, USB interrupts come on core 0: each one holds up the sound"
    task(board, 501, "hushbox", command, priority=70, cores="1-3")
    assert said(board)["cores"] == (Level.OK, "the sound runs on cores 1, 2, 3, USB interrupts come on core 0")


def test_a_board_of_two_cores_keeps_none_free(board: Path) -> None:
    put(board, "sys/devices/system/cpu/online", "0-1\n")
    task(board, 501, "hushbox", AUDIO, priority=70, cores="0-1")
    assert said(board)["cores"][0] is Level.OK


def test_what_ends_meanwhile_is_passed_over(board: Path) -> None:
    (board / "proc/999").mkdir()
    put(board, "proc/998/stat", "998 (gone) S 1\n")
    assert said(board)["USB interrupt"][0] is Level.OK


def test_the_sound_leaves_core_0_where_there_are_enough() -> None:
    assert cores_for_sound({0, 1, 2, 3}, 4) == {1, 2, 3}
    assert cores_for_sound({0, 1}, 2) == set()
    assert cores_for_sound({4}, 6) == set()  # chosen by hand, as on a Jetson
    assert cores_for_sound({0, 1, 2, 3}, 6) == set()


def test_it_is_done_when_real_time_begins() -> None:
    """In a process of its own, on as many cores as this machine has, told that there are four."""
    code = (
        "import os\nfrom firmware_app.running import realtime\n"
        "asked = []\n"
        "os.sched_getaffinity = lambda pid: {0, 1, 2, 3}\nos.cpu_count = lambda: 4\n"
        "os.sched_setaffinity = lambda pid, cores: asked.append((pid, sorted(cores)))\n"
        "realtime.enter()\nprint(asked)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[(0, [1, 2, 3])]"
    assert os.sched_getaffinity(0)
    assert realtime.LEAST_CORES == 4
