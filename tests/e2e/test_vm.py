"""The installed box on a real kernel: systemd, ALSA's loopback, a USB card that is pulled, a footswitch on a GPIO line.

`make e2e-vm` makes the machine's disk first (tests/rigs/vm/image.sh). One machine for all: the tests follow each other
as a day would. Content and states are asserted, never timing: the machine is emulated.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator

import numpy as np
import pytest

from tests.rigs.vm.box import LOOPBACK, RATE_HZ, Box, running, tone_level
from tests.rigs.vm.machine import BUILD, Machine

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(3600)]

USB_CARD = LOOPBACK.replace("hw:CARD=Loopback,DEV=1,SUBDEV=1", "hw:CARD=USBHB7B0042,DEV=0")
PANEL = """
[[panel.switches]]
name = "footswitch"
gpio = 17
does = "stems.vocals.mute"
[[panel.leds]]
name = "status"
gpio = 27
shows = "stems.vocals.mute"
"""

COUNTED = """python3 -c "import json
print(len(json.load(open('/run/hushbox-sound/audio.starts'))['crashes_s']))" """


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """Booted once, with a tone at the loopback's far end."""
    if not (BUILD / "root.ext4").exists() or shutil.which("qemu-system-x86_64") is None:
        pytest.skip("no disk for the test machine: make e2e-vm (as root)")
    folder = tmp_path_factory.mktemp("vm")
    with Machine(folder) as machine:
        made = Box(machine)
        made.give_it_time()
        yield made


@pytest.fixture(scope="module")
def looped(box: Box) -> Box:
    """The box between two ends of ALSA's loopback."""
    box.loop(PANEL)
    return box


def test_it_boots_with_both_units_up_and_nothing_failed(box: Box) -> None:
    box.wait("systemctl is-active hushbox-audio hushbox-control")
    box.wait_page()
    assert box.run("systemctl list-units --failed --plain --no-legend 'hushbox*'") == ""
    users = box.run("ps -o user:20= -p $(systemctl show -p MainPID --value hushbox-audio),"
                    "$(systemctl show -p MainPID --value hushbox-control)")  # fmt: skip
    assert sorted(users.split()) == ["hushbox", "hushbox-audio"]
    # No interface, no SPI: the demo plays, and the page says what is missing.
    status = box.wait_status(running, "running audio process")
    assert status["demo"]
    assert status["bundle"].startswith("denoise-live")


def test_what_the_units_promise_is_in_force(box: Box) -> None:
    box.wait_running()  # memory is locked when all is loaded
    audio = box.main_pid("hushbox-audio")
    # The kernel's word: real time allowed, memory locked, no new privileges, system calls filtered.
    assert re.search(r"Max realtime priority +80 ", box.run(f"cat /proc/{audio}/limits"))
    assert "real-time scheduling refused" not in box.log()
    status = box.run(f"cat /proc/{audio}/status")
    assert "NoNewPrivs:\t1" in status
    assert "Seccomp:\t2" in status
    assert "VmLck:\t       0 kB" not in status
    assert "CapEff:\t0000000000000000" in status
    assert box.run("cat /proc/sys/vm/dirty_bytes").strip() == "16777216"
    assert "64M" in box.run("systemd-analyze cat-config systemd/journald.conf")


def test_the_loopback_carries_sound_through_it(looped: Box) -> None:
    looped.set("box.bypass", 1)
    heard = looped.listen()
    assert np.abs(heard).max() == pytest.approx(0.25, abs=0.02)
    assert tone_level(heard) > 0.5  # a busy host may tear holes into it


def test_mute_is_silence_and_outlives_kill_9(looped: Box) -> None:
    looped.set("box.mute", 1)
    looped.listen(1)
    assert not looped.listen(2).any()
    before = looped.main_pid("hushbox-audio")
    looped.run("systemctl kill -s KILL hushbox-audio")
    looped.wait_anew("hushbox-audio", before)
    looped.wait_running()
    assert not looped.listen(2).any()
    assert looped.value("box.mute") == 1.0
    looped.set("box.mute", 0)
    assert np.abs(looped.listen()).max() > 0.1


def test_the_watchdog_brings_a_hung_process_back(looped: Box) -> None:
    before = looped.main_pid("hushbox-audio")
    looped.run(f"kill -STOP {before}")
    looped.wait("journalctl -u hushbox-audio | grep -i 'watchdog timeout'", 120)
    looped.wait_anew("hushbox-audio", before)
    looped.wait_running()
    assert np.abs(looped.listen()).max() > 0.1


def test_the_page_comes_back_while_the_sound_goes_on(looped: Box) -> None:
    audio, control = looped.main_pid("hushbox-audio"), looped.main_pid("hushbox-control")
    looped.run("systemctl kill -s KILL hushbox-control")
    assert np.abs(looped.listen(2)).max() > 0.1
    looped.wait_page()
    assert looped.main_pid("hushbox-audio") == audio
    assert looped.main_pid("hushbox-control") != control


def test_a_row_of_crashes_ends_in_safe_mode_which_says_why(looped: Box) -> None:
    for crashes in (1, 2, 3):
        pid = looped.main_pid("hushbox-audio")
        looped.run("systemctl kill -s SEGV hushbox-audio")
        looped.wait_anew("hushbox-audio", pid)
        looped.wait(f"test $({COUNTED}) -ge {crashes}", 300)  # the next one has begun
    looped.wait_status(lambda status: status["safe_mode"] == "killed by SIGSEGV", "safe mode")
    assert np.abs(looped.listen()).max() > 0.1
    looped.ask("PUT", "safe_mode", {"on": False})
    looped.wait_status(lambda status: running(status) and not status["safe_mode"], "the full box")


def test_a_footswitch_on_a_real_gpio_line_mutes_the_vocals(looped: Box) -> None:
    # lgpio wants to know the board; the header's pins are those of the module's chip.
    looped.run("sed '$a Revision\\t: c03114' /proc/cpuinfo >/run/cpuinfo; "
               "printf '[Service]\\nBindReadOnlyPaths=/run/cpuinfo:/proc/cpuinfo\\n' "
               ">/run/systemd/system/hushbox-control.service.d/board.conf; systemctl daemon-reload")  # fmt: skip
    looped.run("systemctl restart hushbox-control", 400)
    looped.wait_page()
    looped.set("box.bypass", 0)
    looped.set("box.chain", 1)
    looped.wait("grep '^27 0' /proc/hushbox_gpio", 60)
    open_level = np.abs(looped.listen()).max()
    looped.run("echo 17 0 >/proc/hushbox_gpio; sleep 0.3; echo 17 1 >/proc/hushbox_gpio")
    looped.wait("grep '^27 1' /proc/hushbox_gpio", 60)
    assert looped.value("stems.vocals.mute") == 1.0
    # A steady tone is sung by nobody, but all the rest is muted: what a stem has is heard or not.
    for stem in ("drums", "bass", "other"):
        looped.set(f"stems.{stem}.mute", 1)
    looped.listen(1)
    assert np.abs(looped.listen(2)).max() < 0.05 * open_level
    looped.run("echo 17 0 >/proc/hushbox_gpio; sleep 0.3; echo 17 1 >/proc/hushbox_gpio")
    looped.wait("grep '^27 0' /proc/hushbox_gpio", 60)
    for stem in ("drums", "bass", "other"):
        looped.set(f"stems.{stem}.mute", 0)
    looped.set("box.chain", 0)


def test_a_usb_card_is_pulled_and_plugged_in_again(looped: Box) -> None:
    machine = looped.machine
    machine.plug_usb_card()
    # Called by its serial number: the udev rule at work.
    looped.wait("test -d /proc/asound/USBHB7B0042", 60)
    looped.configure(USB_CARD + PANEL)
    looped.set("box.bypass", 1)
    looped.wait_running()
    for _ in range(2):
        played = machine.wait_played(RATE_HZ)
        assert tone_level(played) > 0.5
        pid = looped.main_pid("hushbox-audio")
        machine.unplug_usb_card()
        status = looped.wait_status(lambda status: status["state"] == "waiting for device", "wait for the card")
        assert status["message"], "the page says what is missing"
        machine.plug_usb_card()
        looped.wait_running()
        assert looped.main_pid("hushbox-audio") == pid, "the process itself goes on"
    machine.wait_played(RATE_HZ)
