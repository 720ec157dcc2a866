"""What the two users of an installed box may and may not do, on a real kernel with the real systemd, polkit and udev.

Each refusal stands beside the same act by somebody who may, so that none can pass because nothing works. The last test
switches the machine off.
"""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator

import pytest

from tests.rigs.vm.box import Box, running
from tests.rigs.vm.machine import BUILD, Machine
from tests.systemd.test_units import MOST_EXPOSURE

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(3600)]

STATE, RUNTIME, SOUND = "/var/lib/hushbox", "/run/hushbox", "/run/hushbox-sound"
KEYBOARD = "0627-0001"  # QEMU's USB keyboard
PEDAL = f"""
[audio]
period_frames = 1024
periods = 4
[[panel.hid_keys]]
name = "left"
device = "{KEYBOARD}"
key = "KEY_A"
does = "mute"
"""


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    if not (BUILD / "root.ext4").exists() or shutil.which("qemu-system-x86_64") is None:
        pytest.skip("no disk for the test machine: make e2e-vm (as root)")
    with Machine(tmp_path_factory.mktemp("vm")) as machine:
        made = Box(machine)
        made.give_it_time()
        made.wait_status(running, "running audio process")
        yield made


def may(box: Box, user: str, command: str) -> bool:
    """Whether this user of the box succeeds with a shell command."""
    return box.run(f"runuser -u {user} -- sh -c '{command}' >/dev/null 2>&1 && echo yes || echo no").strip() == "yes"


def within(box: Box, unit: str, python: str) -> str:
    """What Python says as root, but in the unit's control group: its rules for devices and addresses hold."""
    group = f"/sys/fs/cgroup/system.slice/{unit}.service/cgroup.procs"
    return box.run(f"sh -c 'echo $$ >{group}; exec python3 -c \"{python}\"' 2>&1 | tail -n 1", check=False).strip()


def test_sound_and_control_are_users_of_their_own_and_the_model_plays(box: Box) -> None:
    for unit, user in (("hushbox-audio", "hushbox-audio"), ("hushbox-control", "hushbox")):
        assert box.run(f"ps -o user:20= -p {box.main_pid(unit)}").strip() == user
    assert box.status()["bundle"].startswith("denoise-live")
    assert "Permission denied" not in box.log()


@pytest.mark.parametrize("unit", [unit for unit in MOST_EXPOSURE if "@" not in unit])
def test_a_unit_as_it_runs_is_as_little_exposed_as_its_file(box: Box, unit: str) -> None:
    """tests/systemd asks systemd about the files alone; drop-ins and what this kernel lacks count here too."""
    said = box.run(f"systemd-analyze security --no-pager {unit} | tail -n 1", 120)
    print(said)
    found = re.search(r"Overall exposure level for .*: ([0-9.]+)", said)
    assert found, said
    assert round(10 * float(found[1])) <= MOST_EXPOSURE[unit]


def test_only_control_reads_secrets(box: Box) -> None:
    made = f"from pathlib import Path; from firmware_app.kept.pin import Pin; Pin(Path('{STATE}')).set('4711')"
    box.run(f'umask 027; runuser -u hushbox -- /opt/hushbox/.venv/bin/python -I -c "{made}"', 120)
    assert may(box, "hushbox", f"cat {STATE}/pin.json")
    assert not may(box, "hushbox-audio", f"cat {STATE}/pin.json")
    assert may(box, "hushbox-audio", f"ls {STATE}")
    box.run(f"rm -f {STATE}/pin.json*")


def test_only_control_writes_settings(box: Box) -> None:
    box.set("denoise.amount_db", 11.0)
    box.wait(f"grep -q 11.0 {STATE}/state.json")
    assert may(box, "hushbox-audio", f"cat {STATE}/state.json")
    for command in (f"touch {STATE}/x", f"echo >>{STATE}/state.json", f"mv {STATE}/state.json {STATE}/y"):
        assert not may(box, "hushbox-audio", command), command
    for folder, owner, other in ((STATE, "hushbox", "hushbox-audio"), (RUNTIME, "hushbox", "hushbox-audio"),
                                 (SOUND, "hushbox-audio", "hushbox")):  # fmt: skip
        assert may(box, owner, f"touch {folder}/tried && rm {folder}/tried"), folder
        assert not may(box, other, f"touch {folder}/tried"), folder
        assert may(box, other, f"ls {folder}"), folder
        assert not may(box, "nobody", f"ls {folder}"), folder


def test_neither_writes_what_is_executed(box: Box) -> None:
    for user in ("hushbox", "hushbox-audio"):
        written = box.run(f"runuser -u {user} -- find /opt /etc /usr -writable ! -type l 2>/dev/null", check=False)
        assert written.strip() == "", user
    assert box.run("getent passwd hushbox-audio").split(":")[5] == "/nonexistent"
    # Nor is anything executed, or mapped to be, that lies outside /usr and /opt.
    for unit in ("hushbox-audio", "hushbox-control"):
        mounts = box.run(f"cat /proc/{box.main_pid(unit)}/mountinfo").splitlines()
        options = {line.split()[4]: line.split()[5].split(",") for line in mounts}
        assert "noexec" in options["/"], unit
        for folder in ("/usr", "/opt/hushbox"):
            assert "noexec" not in options[folder], unit


def test_only_control_switches_the_box_off(box: Box) -> None:
    asked = "busctl call org.freedesktop.login1 /org/freedesktop/login1 org.freedesktop.login1.Manager CanPowerOff"
    assert box.run(f"runuser -u hushbox -- {asked}").strip() == 's "yes"'
    assert box.run(f"runuser -u hushbox-audio -- {asked}").strip() != 's "yes"'
    assert not may(box, "hushbox-audio", "systemctl --no-ask-password poweroff")
    assert not may(box, "hushbox-audio", "systemctl --no-ask-password restart hushbox-control")
    assert not may(box, "hushbox", "systemctl --no-ask-password restart hushbox-audio")


def test_control_reads_its_own_log_and_no_other(box: Box) -> None:
    box.run("logger -t somebody the rest of the system; journalctl --sync")
    assert not may(box, "hushbox", "journalctl -n 1 | grep -q .")
    lines = box.ask("GET", "system/log")["lines"]
    assert any("hushbox" in line for line in lines)
    assert any("Started hushbox-audio.service" in line for line in lines), "systemd's own words on the units are there"
    assert not any("the rest of the system" in line for line in lines)
    assert not may(box, "hushbox-audio", 'python3 -c "import socket; socket.socket(1).connect(\\"/run/hushbox-log\\")"')


def test_devices_are_those_that_each_needs(box: Box) -> None:
    opened = 'import os; os.open(\\"{}\\", os.O_RDONLY); print(\\"open\\")'
    for unit, path, is_open in (
        ("hushbox-control", "/dev/gpiochip0", True),
        ("hushbox-control", "/dev/snd/timer", True),
        ("hushbox-control", "/dev/input/event0", True),  # by kind; its file is for the group input
        ("hushbox-control", "/dev/vda", False),
        ("hushbox-control", "/dev/mem", False),
        ("hushbox-audio", "/dev/snd/timer", True),
        ("hushbox-audio", "/dev/gpiochip0", False),
        ("hushbox-audio", "/dev/input/event0", False),
        ("hushbox-audio", "/dev/vda", False),
    ):
        said = within(box, unit, opened.format(path))
        assert said == "open" if is_open else "PermissionError" in said, f"{unit} {path}: {said}"


def test_the_page_speaks_with_its_own_network_only(box: Box) -> None:
    box.run("ip address add 203.0.113.5/32 dev lo; ip address add 192.168.77.5/32 dev lo")
    ask = "python3 -c 'import urllib.request; urllib.request.urlopen(\"http://{0}:8080/api/v1/session\", timeout=10)'"
    # A page answers only to names that it knows: any answer will do, a timeout will not.
    heard = " 2>&1 | tail -n 1"
    assert "timed out" not in box.run(ask.format("192.168.77.5") + heard, check=False)
    assert "timed out" in box.run(ask.format("203.0.113.5") + heard, check=False)
    bind = 'import socket; s = socket.socket(2, {}); s.bind((\\"0.0.0.0\\", {})); print(\\"bound\\")'
    assert within(box, "hushbox-control", bind.format(1, 9999)) == "bound"
    if "+BPF_FRAMEWORK" not in box.run("systemctl --version"):
        return  # Debian 12's systemd reads SocketBindDeny= and cannot do it; Debian 13's does
    for kind, port in ((1, 80), (2, 5353), (2, 9999)):
        assert "PermissionError" in within(box, "hushbox-control", bind.format(kind, port)), (kind, port)


def test_control_reads_a_keyboard_only_when_it_is_a_pedal(box: Box) -> None:
    box.configure(PEDAL)
    box.wait_status(running, "running audio process")
    box.machine.monitor("device_add usb-kbd,id=pedal")
    event = box.wait(
        "grep -l 'QEMU.*Keyboard' /sys/class/input/event*/device/name | cut -d/ -f5 | grep event", 60
    ).strip()
    assert box.run(f"stat -c %G /dev/input/{event}").strip() == "input"
    assert not may(box, "hushbox", f"head -c 0 /dev/input/{event}")
    box.wait("journalctl -u hushbox-control | grep 'sudo hushbox pedals --allow " + KEYBOARD + "'", 60)
    box.run(f"hushbox pedals --allow {KEYBOARD}")
    box.wait(f"test $(stat -c %G /dev/input/{event}) = hushbox-keys", 60)
    assert may(box, "hushbox", f"head -c 0 /dev/input/{event}")
    assert not may(box, "hushbox-audio", f"head -c 0 /dev/input/{event}")
    others = box.run(f"find /dev/input -name 'event*' ! -name {event} -printf '%g\\n' | sort -u").split()
    assert others == ["input"]
    box.wait("journalctl -u hushbox-control | grep 'are ours'", 60)
    box.machine.monitor("sendkey a")
    until = time.monotonic() + 120.0
    while box.value("box.mute") != 1.0:
        assert time.monotonic() < until, box.log()
        time.sleep(1.0)
    box.set("box.mute", 0)


def test_a_box_of_one_user_becomes_one_of_two(box: Box) -> None:
    """As the version before left it: all files for one user alone, who could read keyboards and the journal."""
    box.configure(PEDAL)
    box.set("box.mute", 1)
    box.wait(f"grep -q box.mute {STATE}/mutes")
    box.run("systemctl stop hushbox-audio hushbox-control; rm -f /etc/udev/rules.d/62-hushbox-pedals.rules")
    box.run(f"chmod 700 {STATE}; chmod 600 {STATE}/*; rm -rf {SOUND} {RUNTIME}")
    box.run("gpasswd -a hushbox input; gpasswd -a hushbox systemd-journal")
    box.run("rm -f /var/lib/hushbox-update/units; systemctl disable -q --now hushbox-update.path")  # it had none
    box.run("/opt/hushbox/configure again; systemctl start hushbox-audio hushbox-control", 200)
    for unit in ("hushbox-update.path", "hushbox-captive.socket"):
        box.wait(f"systemctl is-enabled {unit} && systemctl is-active {unit}", 60)
    box.wait_page()
    box.wait_status(running, "running audio process")
    assert box.value("box.mute") == 1.0
    assert may(box, "hushbox-audio", f"cat {STATE}/mutes")
    assert not {"input", "systemd-journal"} & set(box.run("id -nG hushbox").split())
    assert KEYBOARD.split("-")[0] in box.run("cat /etc/udev/rules.d/62-hushbox-pedals.rules")
    box.set("box.mute", 0)


def test_the_page_switches_the_box_off(box: Box) -> None:
    box.ask("POST", "system/power_off", {"power_off": True})
    assert box.machine.has_ended(120.0)
