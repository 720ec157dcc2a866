"""The units and their neighbours as systemd itself reads them. The folder `systemd/` has no Python in it on purpose."""

from __future__ import annotations

import ipaddress
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from firmware_app.running.realtime import FIFO_PRIORITY
from firmware_app.update import services
from tests.rigs.checkout import ROOT

FOLDER = ROOT / "systemd"
UNITS = sorted(
    path for path in FOLDER.iterdir() if path.suffix in (".service", ".target", ".timer", ".socket", ".path")
)
MOST_EXPOSURE = {
    "hushbox-audio.service": 10,
    "hushbox-control.service": 15,
    "hushbox-recorder.service": 10,
    "hushbox-tune.service": 15,
    "hushbox-log@.service": 10,
    "hushbox-stick@.service": 50,  # it mounts for everybody, so it has no view of its own of the file system
    "hushbox-update.service": 18,
    "hushbox-update-guard.service": 10,
    "hushbox-update-state.service": 6,
    "hushbox-update-apply.service": 65,  # as much as a package's script may do
}  # tenths; 100 is a unit without hardening
OWN = {"hushbox-audio.service": "hushbox-audio", "hushbox-control.service": "hushbox"}
NEWER = ROOT / "build" / "systemd-trixie"  # tests/rigs/newer_systemd.sh unpacks it


def lines_of(path: Path) -> list[str]:
    return [line for line in path.read_text().splitlines() if line and not line.startswith("#")]


def needs(program: str) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed: apt-get install systemd udev")


def unit(name: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in lines_of(FOLDER / name) if "=" in line)


def all_of(name: str, key: str) -> list[str]:
    """Every value of a key that may stand in several lines."""
    return [line.partition("=")[2] for line in lines_of(FOLDER / name) if line.startswith(f"{key}=")]


def newer_systemd_analyze() -> list[str]:
    """Debian 13's, by its own loader and libraries."""
    folders = list((NEWER / "usr/lib").glob("*-linux-gnu"))
    loader = next(iter((NEWER / "usr").glob("lib*/ld-linux-*")), None)
    if loader is None or not folders:
        pytest.skip("no newer systemd: tests/rigs/newer_systemd.sh")
    paths = ":".join(f"{folder}:{folder}/systemd" for folder in folders)
    return [str(loader), "--library-path", paths, str(NEWER / "usr/bin/systemd-analyze")]


def test_both_processes_have_a_unit() -> None:
    assert {"hushbox-audio.service", "hushbox-control.service"} <= {unit.name for unit in UNITS}


@pytest.mark.parametrize("name", ["hushbox-audio.service", "hushbox-control.service"])
def test_a_missing_interface_never_uses_up_the_restarts(name: str) -> None:
    assert {"StartLimitIntervalSec=0", "Restart=always", "Type=notify"} <= set(lines_of(FOLDER / name))


@pytest.mark.parametrize("name", ["hushbox-audio.service", "hushbox-control.service"])
def test_a_process_that_hangs_is_killed_at_once(name: str) -> None:
    """A milder signal is not heard by what is stopped, or hangs in a driver; it would cost TimeoutStopSec more."""
    assert unit(name)["WatchdogSignal"] == "SIGKILL"
    assert int(unit(name)["WatchdogSec"]) <= 10


@pytest.mark.parametrize("name", ["hushbox-audio.service", "hushbox-control.service"])
def test_a_read_only_root_keeps_no_unit_from_starting(name: str) -> None:
    """StateDirectory= must be made by systemd, or the unit fails; a path with a minus may be missing."""
    assert "StateDirectory" not in unit(name)
    assert any("HUSHBOX_STATE_DIR=/var/lib/hushbox" in line.split() for line in all_of(name, "Environment"))


def test_each_process_is_a_user_that_writes_only_what_is_its_own() -> None:
    """Only control writes settings; the sound has no home, in which ALSA would look for what it executes."""
    assert {name: unit(name)["User"] for name in OWN} == OWN
    assert (
        unit("hushbox-control.service")["ReadWritePaths"]
        == "-/var/lib/hushbox -/var/lib/hushbox-update/staging -/run/hushbox-sticks"
    )
    assert "ReadWritePaths" not in unit("hushbox-audio.service")
    folders = {name: unit(name)["RuntimeDirectory"] for name in OWN}
    assert folders == {"hushbox-audio.service": "hushbox-sound", "hushbox-control.service": "hushbox"}
    for name in OWN:
        given = " ".join(all_of(name, "Environment")).split()
        assert {"HUSHBOX_RUNTIME_DIR=/run/hushbox", "HUSHBOX_SOUND_DIR=/run/hushbox-sound"} <= set(given)
        assert "XDG_CONFIG_HOME=/etc" in given  # hushbox.toml is root's, not what control could have written
        assert unit(name)["RuntimeDirectoryMode"] == "0750"
    assert unit("hushbox-control.service")["UMask"] == "0077"  # the sound reads only what is opened to it by name
    assert "HOME=/nonexistent" in " ".join(all_of("hushbox-audio.service", "Environment")).split()


def test_the_recorder_writes_takes_and_reaches_nothing_else() -> None:
    recorder = unit("hushbox-recorder.service")
    assert recorder["User"] == "hushbox"
    assert all_of("hushbox-recorder.service", "ReadWritePaths") == ["-/var/lib/hushbox/takes -/run/hushbox-sticks"]
    assert "SupplementaryGroups" not in recorder
    assert (recorder["PrivateNetwork"], recorder["PrivateDevices"], recorder["Type"]) == ("yes", "yes", "notify")


def test_neither_is_in_a_group_that_sees_more_than_the_box() -> None:
    for name in OWN:
        assert not {"input", "systemd-journal", "adm", "netdev", "sudo", "disk"} & set(
            unit(name)["SupplementaryGroups"].split()
        )
    users = lines_of(FOLDER / "hushbox.sysusers")
    assert not any(line.startswith("m ") and line.split()[2] in ("input", "systemd-journal") for line in users)
    assert unit("hushbox-audio.service")["SupplementaryGroups"] == "audio"
    rule = (FOLDER / "hushbox.polkit").read_text()
    assert re.findall(r'subject\.user == "([^"]*)"', rule) == ["hushbox"]  # the sound's user switches nothing off


def test_the_sound_may_read_what_it_starts_from_and_no_secret() -> None:
    """Boxes of one user had everything for that user alone: tmpfiles opens what the sound reads, and nothing else."""
    lines = [line.split() for line in lines_of(FOLDER / "hushbox.tmpfiles")]
    opened = {
        path.removeprefix("/var/lib/hushbox/"): (mode, *owner) for kind, path, mode, *owner, _ in lines if kind == "z"
    }
    assert set(opened) == {"state.json*", "audio.json*", "choice.json*", "models.json*", "mutes"}
    assert set(opened.values()) == {("0640", "hushbox", "hushbox")}
    # What updates remember only root writes; control hands in what it has fetched, and the sound has no part in it.
    made = {path: (mode, *owner) for kind, path, mode, *owner, _ in lines if kind == "d"}
    assert made == {
        "/var/lib/hushbox": ("0750", "hushbox", "hushbox"),
        "/var/lib/hushbox/takes": ("0700", "hushbox", "hushbox"),
        "/run/hushbox-sticks": ("0755", "root", "root"),
        "/var/lib/hushbox-update": ("0755", "root", "root"),
        "/var/lib/hushbox-update/staging": ("0700", "hushbox", "hushbox"),
    }


def test_devices_are_allowed_by_name_and_by_nothing_else() -> None:
    assert all_of("hushbox-audio.service", "DeviceAllow") == ["char-alsa rw"]
    control = dict(line.split() for line in all_of("hushbox-control.service", "DeviceAllow"))
    assert control.pop("char-input") == "r"
    assert set(control) == {"char-alsa", "char-gpiochip", "char-spi", "char-i2c"} | {
        f"char-tty{kind}" for kind in ("AMA", "S", "THS", "ACM")
    }
    for name in OWN:
        assert unit(name)["DevicePolicy"] == "closed"
        # A kind that is not loaded when the unit starts would stay closed for what is plugged in later.
        loaded = set(re.findall(r"modprobe@(\w+)\.service", " ".join(all_of(name, "Wants"))))
        assert loaded <= set(re.findall(r"modprobe@(\w+)\.service", " ".join(all_of(name, "After"))))
        assert "snd" in loaded


def test_the_page_is_for_its_own_network() -> None:
    control = unit("hushbox-control.service")
    assert (control["IPAddressDeny"], control["SocketBindDeny"]) == ("any", "any")
    assert control["SocketBindAllow"] == "tcp:1024-65535"
    for allowed in control["IPAddressAllow"].split():
        assert allowed in ("localhost", "link-local") or ipaddress.ip_network(allowed).is_private, allowed


def test_the_audio_unit_may_become_real_time() -> None:
    audio = unit("hushbox-audio.service")
    assert audio["LimitMEMLOCK"] == "infinity"
    assert "RestrictRealtime" not in audio
    assert FIFO_PRIORITY <= int(audio["LimitRTPRIO"]) < 99


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_systemd_has_nothing_to_say_about_them(path: Path, tmp_path: Path) -> None:
    """It exits 0 on unknown keys: any output is a failure. Program and user are an installed box's."""
    needs("systemd-analyze")
    for each in UNITS:
        text = re.sub(r"(?<==)/opt/hushbox/\S+", "/bin/true", each.read_text())
        text = re.sub(r"(User|Group|SocketUser|SocketGroup)=hushbox\S*", r"\1=root", text)
        (tmp_path / each.name).write_text(re.sub(r"SupplementaryGroups=.*", "SupplementaryGroups=audio", text))
    told = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", tmp_path / path.name], capture_output=True, text=True
    )
    assert (told.returncode, told.stdout, told.stderr) == (0, "", "")


def test_a_mistake_in_a_unit_would_be_told(tmp_path: Path) -> None:
    needs("systemd-analyze")
    (tmp_path / "a.service").write_text("[Service]\nExecStart=/bin/true\nWatchdogSecs=3\n")
    told = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", tmp_path / "a.service"], capture_output=True, text=True
    )
    assert "WatchdogSecs" in told.stderr


@pytest.mark.parametrize("debian", ["this", "trixie"])
@pytest.mark.parametrize(("name", "most"), MOST_EXPOSURE.items())
def test_they_are_hardened(name: str, most: int, debian: str) -> None:
    """Each line that is relaxed has its reason beside it in the unit."""
    needs("systemd-analyze")
    analyze = ["systemd-analyze"] if debian == "this" else newer_systemd_analyze()
    command = [*analyze, "security", "--offline=yes", "--no-pager", f"--threshold={most}", FOLDER / name]
    told = subprocess.run(command, capture_output=True, text=True)
    assert told.returncode == 0, told.stdout[-400:] + told.stderr


def test_nothing_starts_sound_or_page_while_an_update_has_them_stopped() -> None:
    """A phone that looks for a captive page would start the old version in the middle of the change."""
    starts = {
        path.name for path in UNITS if path.suffix == ".socket" and unit(path.name).get("Service") in services.UNITS
    }
    assert starts == {unit for unit in services.BESIDE if unit.endswith(".socket")}
    assert starts <= set(" ".join(all_of("hushbox-control.service", "Wants")).split()), (
        "what is stopped comes back with the page"
    )


def test_every_service_has_a_bound_on_its_exposure() -> None:
    assert {path.name for path in UNITS if path.suffix == ".service"} == set(MOST_EXPOSURE)


def test_user_and_folders_are_made(tmp_path: Path) -> None:
    """sysusers and tmpfiles of the real systemd, in a root folder of their own."""
    needs("systemd-sysusers")
    needs("systemd-tmpfiles")
    for source, folder in (("sysusers", "sysusers.d"), ("tmpfiles", "tmpfiles.d")):
        there = tmp_path / "usr/lib" / folder
        there.mkdir(parents=True)
        shutil.copy(FOLDER / f"hushbox.{source}", there / "hushbox.conf")
    (tmp_path / "etc").mkdir()
    for command in (["systemd-sysusers"], ["systemd-tmpfiles", "--create", "--prefix=/var"]):
        told = subprocess.run([*command, f"--root={tmp_path}", "hushbox.conf"], capture_output=True, text=True)
        assert told.returncode == 0, told.stderr
        assert not re.search(r"ignoring|unknown|failed|invalid", told.stderr, re.IGNORECASE), told.stderr
    homes = {line.split(":")[0]: line.split(":")[5] for line in (tmp_path / "etc/passwd").read_text().splitlines()}
    assert homes == {"hushbox": "/var/lib/hushbox", "hushbox-audio": "/nonexistent"}
    members = {line.split(":")[0]: line.split(":")[3] for line in (tmp_path / "etc/group").read_text().splitlines()}
    for name, user in OWN.items():
        for group in unit(name)["SupplementaryGroups"].split():
            assert user in members[group].split(","), group
    assert members["hushbox"] == "hushbox-audio"
    assert (tmp_path / "var/lib/hushbox").stat().st_mode & 0o777 == 0o750


MATCHES = r'(ACTION|SUBSYSTEMS?|KERNELS?|TEST|ENV\{\w+\}|ATTRS?\{[\w/]+\})(==|!=)"[^"]*"'
ASSIGNS = (
    r'(GOTO|LABEL|GROUP|MODE|SYMLINK|TAG|ENV\{\w+\}|ATTR\{[\w/]+\})(=|\+=)"[^"]*"|(IMPORT\{builtin\}|PROGRAM)="[^"]*"'
)


@pytest.mark.parametrize("name", ["hushbox.rules", "hushbox-pedals.rules"])
def test_the_udev_rules_are_read(name: str) -> None:
    rules = lines_of(FOLDER / name)
    assert rules
    for rule in rules:
        for part in re.findall(r'[^,\s"]+"[^"]*"', rule):
            assert re.fullmatch(MATCHES, part) or re.fullmatch(ASSIGNS, part), f"{part} in {rule}"
        assert "".join(re.split(r'[^,\s"]+"[^"]*"', rule)).strip(", ") == "", f"leftovers in {rule}"
    if shutil.which("udevadm") and b"verify" in subprocess.run(["udevadm", "--help"], capture_output=True).stdout:
        told = subprocess.run(["udevadm", "verify", FOLDER / name], capture_output=True, text=True)
        assert told.returncode == 0, told.stdout + told.stderr  # systemd 254 and later


def test_a_usb_interface_is_called_by_its_serial_number() -> None:
    """The rule's own shell line, on numbers as they come. In the machine of `make e2e-vm` udev itself runs it."""
    (rule,) = [rule for rule in lines_of(FOLDER / "hushbox.rules") if "ID_USB_SERIAL_SHORT" in rule]
    script = re.search(r"/bin/sh -c '([^']*)'", rule)
    assert script
    for serial, name in (("S2X9-01.77", "USBS2X90177"), ("12345678901234567890", "USB901234567890")):
        environment = {"PATH": "/usr/bin:/bin", "ID_USB_SERIAL_SHORT": serial}
        command = ["/bin/sh", "-c", script[1].replace("$$", "$")]
        told = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        assert told.stdout.strip() == name
        assert len(name) <= 15


def test_each_sysctl_is_one_that_the_kernel_has() -> None:
    for line in lines_of(FOLDER / "hushbox.sysctl"):
        name, _, value = line.partition("=")
        assert (Path("/proc/sys") / name.strip().replace(".", "/")).exists(), line
        assert value.strip().isdigit(), line


def test_the_log_has_its_bounds() -> None:
    journal = lines_of(FOLDER / "hushbox.journald")
    assert journal[0] == "[Journal]"
    assert {"SystemMaxUse", "RuntimeMaxUse", "SystemKeepFree"} <= {line.partition("=")[0] for line in journal}
    for path in UNITS:
        if path.suffix == ".service" and "ExecStart" in unit(path.name):
            assert "LogRateLimitBurst" in unit(path.name), path.name
