"""hushbox-tune: on a board made of files, with a real process in the place of the interrupt's thread."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware_app.running.realtime import FIFO_PRIORITY
from tests.rigs.checkout import ROOT

TUNE = ROOT / "packaging" / "tune.sh"
INTERRUPTS = """\
           CPU0       CPU1       CPU2       CPU3
  9:          0          0          0          0     GICv2  25 Level     vgic
 31:     412345          0          0          0  BRCM STB PCIe MSI 524288 Edge      xhci_hcd
 40:        120          0          0          0     GICv2 158 Level     mmc0
 56:          7          0          0          0     GICv2 105 Level     DWC_OTG
IPI0:      1234       2345       3456       4567       Rescheduling interrupts
"""


def put(root: Path, name: str, text: str) -> Path:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text)
    return root / name


@pytest.fixture
def board(tmp_path: Path) -> Path:
    for core in range(4):
        put(tmp_path, f"sys/devices/system/cpu/cpu{core}/cpufreq/scaling_governor", "ondemand\n")
    put(tmp_path, "proc/interrupts", INTERRUPTS)
    for number in (9, 31, 40, 56):
        put(tmp_path, f"proc/irq/{number}/smp_affinity_list", "0-3\n")
    return tmp_path


@pytest.fixture
def threads(board: Path) -> Iterator[dict[str, int]]:
    """Processes that are called as the kernel calls its threads of interrupts, on the board's /proc."""
    name = "import ctypes, sys; ctypes.CDLL(None).prctl(15, sys.argv[1].encode()); print(flush=True); sys.stdin.read()"
    running = {}
    for called in ("irq/31-xhci_hcd", "irq/56-dwc_otg", "irq/40-mmc0", "xhci-user"):
        child = subprocess.Popen(
            [sys.executable, "-c", name, called], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        child.stdout.readline()
        (board / "proc" / str(child.pid)).symlink_to(f"/proc/{child.pid}")
        running[called] = child
    yield {called: child.pid for called, child in running.items()}
    for child in running.values():
        child.communicate("")


def tune(board: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["sh", TUNE, board], capture_output=True, text=True, check=True)


def test_the_governor_and_the_cores(board: Path) -> None:
    told = tune(board)
    assert told.stderr == ""
    governors = {path.read_text() for path in board.glob("sys/devices/system/cpu/cpu*/cpufreq/scaling_governor")}
    assert governors == {"performance\n"}
    cores = {folder.name: (folder / "smp_affinity_list").read_text() for folder in (board / "proc/irq").iterdir()}
    assert cores == {"9": "0-3\n", "31": "0\n", "40": "0-3\n", "56": "0\n"}


def test_many_processes_cost_no_more_of_them(board: Path) -> None:
    """It runs whenever the sound starts, on the board's own cores."""
    counted = put(board, "bin/grep", f'#!/bin/sh\necho >>{board}/runs\nexec {shutil.which("grep")} "$@"\n')
    counted.chmod(0o755)
    for number in range(1, 200):
        put(board, f"proc/{number}/comm", "kworker/0:1\n")
    env = {**os.environ, "PATH": f"{board}/bin:{os.environ['PATH']}"}
    subprocess.run(["sh", TUNE, board], check=True, env=env)
    assert len((board / "runs").read_text().splitlines()) == 2


def test_a_board_without_any_of_it_is_no_fault(tmp_path: Path) -> None:
    put(tmp_path, "proc/interrupts", INTERRUPTS)
    assert tune(tmp_path).returncode == 0
    assert not (tmp_path / "sys").exists()
    assert not (tmp_path / "proc/irq").exists()


@pytest.mark.skipif(shutil.which("chrt") is None, reason="no chrt: apt-get install util-linux")
def test_the_threads_of_usb_interrupts_come_before_the_sound(board: Path, threads: dict[str, int]) -> None:
    try:
        os.sched_setscheduler(threads["xhci-user"], os.SCHED_FIFO, os.sched_param(1))
        os.sched_setscheduler(threads["xhci-user"], os.SCHED_OTHER, os.sched_param(0))
    except PermissionError:
        pytest.skip("only root may give real-time priority here")
    tune(board)
    given = {called: os.sched_getparam(pid).sched_priority for called, pid in threads.items()}
    assert given == {"irq/31-xhci_hcd": 85, "irq/56-dwc_otg": 85, "irq/40-mmc0": 0, "xhci-user": 0}
    assert os.sched_getscheduler(threads["irq/31-xhci_hcd"]) == os.SCHED_FIFO
    assert FIFO_PRIORITY < 85 < 99


def test_it_comes_after_what_sets_another_governor_and_again_with_each_start_of_the_sound() -> None:
    unit = (ROOT / "systemd" / "hushbox-tune.service").read_text()
    after = re.search(r"^After=(.*)", unit, re.MULTILINE)
    assert after
    assert "raspi-config.service" in after[1].split()
    assert "ExecStart=/opt/hushbox/tune" in unit.splitlines()
    assert "RemainAfterExit" not in unit  # else a second start would do nothing
    audio = (ROOT / "systemd" / "hushbox-audio.service").read_text().splitlines()
    assert "Wants=hushbox-tune.service" in audio
    assert not any(line.startswith("After=") and "tune" in line for line in audio)  # sound does not wait for it
    assert "scaling_governor" not in (ROOT / "systemd" / "hushbox.tmpfiles").read_text()
    assert 'packaging/tune.sh "$home/tune"' in (ROOT / "packaging" / "tree.sh").read_text()
