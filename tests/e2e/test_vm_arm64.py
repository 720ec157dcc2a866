"""The arm64 package on a real arm64 kernel with a Pi 4's kind of processor, emulated: it boots to the demo, and sound
goes through it over ALSA's loopback. `make e2e-vm-arm64` makes the machine's disk first.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import numpy as np
import pytest

from tests.rigs.vm.box import Box, running, tone_level
from tests.rigs.vm.machine import BUILD_ARM64, Machine

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    if not (BUILD_ARM64 / "root.ext4").exists() or shutil.which("qemu-system-aarch64") is None:
        pytest.skip("no disk for the arm64 test machine: make e2e-vm-arm64 (as root)")
    with Machine(tmp_path_factory.mktemp("vm"), "aarch64", BUILD_ARM64) as machine:
        made = Box(machine)
        made.give_it_time()
        yield made


def test_the_package_boots_to_the_demo_with_the_model(box: Box) -> None:
    assert box.run("uname -m").strip() == "aarch64"
    box.wait("systemctl is-active hushbox-audio hushbox-control")
    box.wait_page()
    assert box.run("systemctl list-units --failed --plain --no-legend 'hushbox*'") == ""
    status = box.wait_status(running, "running audio process")
    assert status["demo"]
    assert status["bundle"].startswith("denoise-live")


def test_the_loopback_carries_sound_through_it(box: Box) -> None:
    box.loop()
    box.set("box.bypass", 1)
    heard = box.listen()
    assert np.abs(heard).max() == pytest.approx(0.25, abs=0.02)
    assert tone_level(heard) > 0.5  # a busy host may tear holes into it


def test_a_killed_process_comes_back_muted(box: Box) -> None:
    box.set("box.mute", 1)
    before = box.main_pid("hushbox-audio")
    box.run("systemctl kill -s KILL hushbox-audio")
    box.wait_anew("hushbox-audio", before)
    box.wait_running()
    assert not box.listen(2).any()
    box.set("box.mute", 0)
    assert np.abs(box.listen()).max() > 0.1
