"""What an installation is made of. The package itself is tried in a clean Debian by `make test-deb`."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.rigs.checkout import ROOT

SCRIPTS = sorted((ROOT / "packaging").rglob("*.sh")) + sorted((ROOT / "packaging" / "debian").glob("p*"))


def test_everything_in_systemd_is_laid() -> None:
    tree = (ROOT / "packaging" / "tree.sh").read_text()
    globbed = set(re.findall(r"\*(\.[a-z]+)", tree))
    for file in (ROOT / "systemd").rglob("*"):
        if file.is_file() and file.suffix not in globbed:
            assert f"{file.relative_to(ROOT / 'systemd')}" in tree, f"packaging/tree.sh does not install {file.name}"


def test_what_is_named_below_opt_is_there() -> None:
    """A version's files lie in its own folder; what people and units are told to use is a link to it."""
    tree = (ROOT / "packaging" / "tree.sh").read_text()
    links = re.findall(r"^for link in (.*?); do", tree, re.MULTILINE)
    there = {*" ".join(links).split(), "versions", "previous", "installed-files", "hushbox"}  # hushbox: the frozen box
    read = [
        *(ROOT / "docs").glob("*.md"),
        *(ROOT / "systemd").rglob("hushbox*"),
        *(ROOT / "packaging" / "debian").iterdir(),
    ]
    named = {
        name: path
        for path in (*read, ROOT / "packaging/deb.sh")
        if path.is_file()
        for name in re.findall(r"/opt/hushbox/(\.?[\w-]+(?:\.\w+)?)", path.read_text())
    }
    assert {"internet", "LICENCES.txt", ".venv"} <= set(named)
    assert {name: path.name for name, path in named.items() if name not in there | {".first-time"}} == {}


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_are_programs_that_sh_can_read(script: Path) -> None:
    assert script.stat().st_mode & 0o111
    done = subprocess.run(["sh", "-n", script], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_users_groups_are_those_that_the_units_name() -> None:
    users = (ROOT / "systemd" / "hushbox.sysusers").read_text()
    for unit in (ROOT / "systemd").glob("*.service"):
        user = re.search(r"^User=(.*)", unit.read_text(), re.MULTILINE)
        groups = re.findall(r"^SupplementaryGroups=(.*)", unit.read_text(), re.MULTILINE) if user else []
        for group in " ".join(groups).split():
            assert user
            assert f"m {user[1]} {group}\n" in users, f"{unit.name}: {group}"
    made = set(re.findall(r"^g (\S+)", users, re.MULTILINE))
    assert made == {"gpio", "spi", "i2c", "hushbox-keys"}  # the rest are Debian's own


def test_man_page_names_every_command() -> None:
    from firmware_app.cli import COMMANDS

    page = (ROOT / "packaging" / "hushbox.1").read_text()
    for name in COMMANDS:
        assert re.search(rf"\b{name}\b", page), name


def test_the_card_image_has_what_the_package_needs_and_recommends() -> None:
    """There it is installed with dpkg, which fetches nothing."""
    layer = (ROOT / "packaging/image/layer/hushbox.yaml").read_text()
    installed = set(re.findall(r"^    - ([a-z0-9-]+)(?: #.*)?$", layer, re.MULTILINE))
    control = (ROOT / "packaging/debian/control").read_text()
    base = {"libc6", "systemd", "udev"}
    for field in ("Depends", "Recommends"):
        (line,) = re.findall(rf"^{field}: (.*)$", control, re.MULTILINE)
        for choice in line.replace("@MORE@", ", python3-lgpio").split(","):
            names = {re.sub(r"\(.*", "", name).strip() for name in choice.split("|")}
            assert names & (installed | base), f"packaging/image/layer/hushbox.yaml: {choice.strip()} is missing"


def test_units_of_the_card_image_are_those_that_it_switches_on() -> None:
    image = ROOT / "packaging/image"
    layer = (image / "layer/hushbox.yaml").read_text()
    mounts = sorted(image.glob("*.mount"))
    assert len(mounts) == 3
    for unit in mounts:
        assert unit.name in layer
        text = unit.read_text()
        (where,), (what,) = re.findall(r"^Where=(.*)", text, re.M), re.findall(r"^What=(.*)", text, re.M)
        assert unit.name == where[1:].replace("-", r"\x2d").replace("/", "-") + ".mount"
        state = (image / "hushbox-state.service").read_text()
        assert re.search(rf"^ExecStart=.* {what}$", state, re.M), f"nobody makes {what}"
        assert re.search(rf"^RequiredBy=.*{re.escape(unit.name)}", state, re.M)


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")
def test_units_of_the_card_image_do_not_wait_for_each_other_in_a_circle(tmp_path: Path) -> None:
    image = ROOT / "packaging/image"
    units = [shutil.copy(path, tmp_path) for path in (*image.glob("*.mount"), image / "hushbox-state.service")]
    done = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True)
    assert "cycle" not in done.stderr
    assert [line for line in done.stderr.splitlines() if "hushbox" in line or "connections.mount" in line] == []
