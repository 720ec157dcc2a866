"""Updates on an installed box with a real systemd: from a stick, by the page; units change versions and judge.

`make e2e-vm` makes the machine's disk first. The versions are small trees that use the installed one's libraries.
"""

from __future__ import annotations

import base64
import io
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.rigs.update_box import ROOT, Maker
from tests.rigs.vm.box import LOOPBACK, Box, running
from tests.rigs.vm.machine import BUILD, Machine

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(3600)]
FIRST = "0.1.0"
EXTRA = "usr/lib/systemd/system/hushbox-extra.service"
MUTED = "box.mute"


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    if not (BUILD / "root.ext4").exists() or shutil.which("qemu-system-x86_64") is None:
        pytest.skip("no disk for the test machine: make e2e-vm (as root)")
    with Machine(tmp_path_factory.mktemp("vm"), reboots=True) as machine:
        made = Box(machine)
        made.give_it_time()
        give_trials_time(made)
        made.configure(LOOPBACK)
        made.wait_running()
        made.set(MUTED, 1)
        yield made


def give_trials_time(box: Box) -> None:
    """Emulated, a start takes ten times as long."""
    folder = "/run/systemd/system/hushbox-update.service.d"
    start = "/opt/hushbox/good/.venv/bin/hushbox update_work install --within 900"
    box.run(f"mkdir -p {folder}; printf '[Service]\\nExecStart=\\nExecStart={start}\\n' >{folder}/slow.conf")
    box.run("systemctl daemon-reload")


@pytest.fixture(scope="module")
def maker(box: Box, tmp_path_factory: pytest.TempPathFactory) -> Maker:
    """The maker, whose root the box trusts."""
    maker = Maker(tmp_path_factory.mktemp("maker"))
    text = base64.b64encode(maker.root).decode()
    box.run(f"echo {text} | base64 -d >/etc/hushbox/update-root.json")
    return maker


class Stick:
    """A stick called HUSHBOX with the maker's repository on it, while it is plugged in."""

    def __init__(self, box: Box, maker: Maker, folder: Path) -> None:
        self.box, self.image = box, folder / "stick.img"
        content = folder / "stick"
        shutil.copytree(maker.repository, content / "hushbox-update")
        command = ["mke2fs", "-q", "-F", "-t", "ext4", "-L", "HUSHBOX", "-d", content, self.image, "64M"]
        subprocess.run(command, check=True)

    def __enter__(self) -> Stick:
        self.box.machine.plug_stick(self.image)
        self.box.wait("test -d /run/media/HUSHBOX/hushbox-update/metadata", 120)
        return self

    def __exit__(self, *_: object) -> None:
        self.box.machine.unplug_stick()
        self.box.wait("! test -d /run/media/HUSHBOX/hushbox-update/metadata", 120)


def pack(box: Box, maker: Maker, version: str, *spoils: str) -> None:
    """A version with the installed one's libraries and system files, and a unit more."""
    text = box.run(f"tar -C /opt/hushbox/versions/{FIRST} -czf - system | base64 -w0", 60)

    def more(folder: Path) -> None:
        with tarfile.open(fileobj=io.BytesIO(base64.b64decode(text))) as tar:
            tar.extractall(folder, filter="data")
        (folder / EXTRA.replace("usr", "system/usr", 1)).write_text("[Service]\nType=oneshot\nExecStart=/bin/true\n")
        shutil.copy(ROOT / "packaging/configure.sh", folder / "configure")
        shutil.copy(ROOT / "packaging/tune.sh", folder / "tune")
        (folder / ".venv/pyvenv.cfg").write_text("home = /usr/bin\ninclude-system-site-packages = false\n")

    libraries = Path(f"/opt/hushbox/versions/{FIRST}/.venv/lib/python3.11/site-packages")
    maker.offer(maker.pack(version, spoils, libraries, more))


def install(box: Box, version: str) -> None:
    """As the page does."""
    box.wait_page()
    source = box.ask("GET", "updates")["sources"][0]
    assert (source["kind"], source["where"]) == ("stick", "/run/media/HUSHBOX/hushbox-update")
    box.ask("POST", "updates/look", {"source": source["id"]})
    view = wait_view(box, lambda view: not view["doing"])
    assert view["offer"], view
    assert view["offer"]["version"] == version
    box.ask("POST", "updates/install", {"version": version, "sound_may_stop": True})


def wait_view(box: Box, wanted: Any) -> dict[str, Any]:
    """Until the page's view of updates is as wanted; the page may be away meanwhile."""
    for _ in range(600):
        try:
            view: dict[str, Any] = box.ask("GET", "updates")
            if wanted(view):
                return view
        except ConnectionError:
            pass
        box.run("sleep 1.5")
    raise AssertionError(f"{box.run('cat /var/lib/hushbox-update/record.json', check=False)}\n{box.log()}")


def result(box: Box, version: str) -> dict[str, Any]:
    view = wait_view(box, lambda v: v["result"] and v["result"]["version"] == version and not v["doing"])
    box.wait_status(running, "running audio process")
    assert box.value(MUTED) == 1.0
    return view


def test_a_version_on_a_stick_is_installed_from_the_page(box: Box, maker: Maker, tmp_path: Path) -> None:
    pack(box, maker, "0.2.0")
    with Stick(box, maker, tmp_path):
        install(box, "0.2.0")
        view = result(box, "0.2.0")
    print(view["result"], "silent", view["silent_s"], "s, emulated")
    assert view["result"]["result"] == "installed", (view, box.log())
    assert (view["version"], view["previous"]) == ("0.2.0", FIRST)
    assert box.ask("GET", "session")["version"] == "0.2.0"
    assert box.run("readlink /opt/hushbox/current /opt/hushbox/good").split() == ["versions/0.2.0"] * 2
    box.run(f"test -e /{EXTRA}; systemctl cat hushbox-extra.service >/dev/null")
    assert box.run("systemctl list-units --failed --plain --no-legend 'hushbox*'") == ""
    assert box.run("stat -c %U:%a /opt/hushbox/versions/0.2.0/.venv/bin/hushbox").strip() == "root:755"


def test_going_back_on_purpose_takes_its_system_files_along(box: Box) -> None:
    box.ask("POST", "updates/back", {"sound_may_stop": True})
    view = result(box, FIRST)
    assert (view["version"], view["previous"]) == (FIRST, "0.2.0")
    box.run(f"! test -e /{EXTRA}")
    assert box.run("cd /opt/hushbox/current/system && find usr -type f -exec cmp {} /{} \\;") == ""


def test_a_version_without_a_page_is_left_again(box: Box, maker: Maker, tmp_path: Path) -> None:
    pack(box, maker, "0.3.0", "page")
    with Stick(box, maker, tmp_path):
        install(box, "0.3.0")
        view = result(box, "0.3.0")
    assert (view["result"]["result"], view["result"]["problem"]["code"]) == ("back", "page")
    assert view["version"] == FIRST
    box.run(f"! test -e /{EXTRA}")


def test_an_installer_that_is_killed_is_settled_by_its_unit(box: Box, maker: Maker, tmp_path: Path) -> None:
    pack(box, maker, "0.3.1", "page")
    with Stick(box, maker, tmp_path):
        install(box, "0.3.1")
        box.wait("readlink /opt/hushbox/current | grep 0.3.1 && systemctl is-active hushbox-audio", 200)
        box.run("systemctl kill -s KILL --kill-who=main hushbox-update")
        view = result(box, "0.3.1")
    assert (view["result"]["result"], view["result"]["problem"]["code"]) == ("back", "cut")


def test_power_that_fails_in_the_trial_leads_back(box: Box, maker: Maker, tmp_path: Path) -> None:
    pack(box, maker, "0.3.2", "page")
    with Stick(box, maker, tmp_path):
        install(box, "0.3.2")
        box.wait("readlink /opt/hushbox/current | grep 0.3.2 && systemctl is-active hushbox-audio", 200)
        box.machine.reset()
        box.give_it_time()
        give_trials_time(box)
        box.wait_page()
        view = result(box, "0.3.2")
    assert (view["result"]["result"], view["result"]["problem"]["code"]) == ("back", "cut")
    assert box.ask("GET", "session")["version"] == FIRST
    box.run("! test -e /var/lib/hushbox-update/trial")
