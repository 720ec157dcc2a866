"""The units as systemd itself reads them. The folder `systemd/` has no Python in it on purpose."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
UNITS = sorted((ROOT / "systemd").glob("*.service"))


def lines_of(unit: Path) -> list[str]:
    return [line for line in unit.read_text().splitlines() if line and not line.startswith("#")]


def test_both_processes_have_a_unit() -> None:
    assert [unit.name for unit in UNITS] == ["hushbox-audio.service", "hushbox-control.service"]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_missing_interface_never_uses_up_the_restarts(unit: Path) -> None:
    assert {"StartLimitIntervalSec=0", "Restart=always", "Type=notify"} <= set(lines_of(unit))


def test_the_audio_unit_may_become_real_time() -> None:
    audio = lines_of(UNITS[0])
    assert "LimitMEMLOCK=infinity" in audio
    assert not any(line.startswith("RestrictRealtime") for line in audio)
    priority = int(next(line for line in audio if line.startswith("LimitRTPRIO=")).partition("=")[2])
    assert 70 <= priority < 99


def test_systemd_has_nothing_to_say_about_them(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed: apt-get install systemd")
    # The units name a user and a program that only an installed box has.
    for unit in UNITS:
        text = unit.read_text().replace("/opt/hushbox/.venv/bin/hushbox", "/bin/true")
        text = text.replace("User=hushbox", "User=root")
        text = text.replace("SupplementaryGroups=audio gpio spi input dialout", "SupplementaryGroups=audio")
        text = text.replace("file:///opt/hushbox/README.md", f"file://{ROOT}/README.md")
        (tmp_path / unit.name).write_text(text)
        told = subprocess.run(["systemd-analyze", "verify", tmp_path / unit.name], capture_output=True, text=True)
        assert told.returncode == 0
        # It exits 0 on unknown keys: any output about our unit is a failure.
        assert [line for line in (told.stdout + told.stderr).splitlines() if "hushbox" in line] == []
