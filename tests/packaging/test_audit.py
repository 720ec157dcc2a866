"""The audit against a file of advisories: the real pip-audit, in the environment that requirements/audit.sh makes."""

import json
import re
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.rigs.checkout import ROOT

PYTHON = ROOT / ".venv-audit" / "bin" / "python"
BOX = ROOT / "requirements" / "box.lock"


def advisory(name: str, events: list[dict[str, str]], **more: Any) -> dict[str, Any]:
    affected = {"package": {"name": name, "ecosystem": "PyPI"}, "ranges": [{"type": "ECOSYSTEM", "events": events}]}
    dates = {"modified": "2026-01-02T00:00:00Z", "published": "2026-01-01T00:00:00Z"}
    return {"id": "PYSEC-1", "schema_version": "1.6.0", "summary": "made up", **dates, "affected": [affected], **more}


def audit(*arguments: Path, network: str = "") -> tuple[int, str]:
    if not PYTHON.exists():
        pytest.skip("no environment for it: make audit makes .venv-audit")
    environment = {"PATH": "/usr/bin:/bin", "HTTPS_PROXY": network or "http://127.0.0.1:9"}
    command = [str(PYTHON), str(ROOT / "requirements" / "audit.py"), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    return done.returncode, done.stdout + done.stderr


def locked(name: str) -> str:
    found = re.search(rf"^{name}==([^ ;\\]+)", BOX.read_text(), re.MULTILINE)
    assert found
    return found[1]


def test_a_weak_version_is_found_and_a_mended_one_is_not(tmp_path: Path) -> None:
    own = locked("flask")
    for events, status in (
        ([{"introduced": "0"}], 1),
        ([{"introduced": "0"}, {"fixed": own}], 0),
        ([{"introduced": "0"}, {"last_affected": own}], 1),
        ([{"introduced": "0"}, {"fixed": "1.0"}, {"introduced": own}], 1),
    ):
        (tmp_path / "one.json").write_text(json.dumps(advisory("Flask", events)))
        found, said = audit(tmp_path, BOX)
        assert found == status, said
        assert ("PYSEC-1" in said) is (status == 1)
        assert "against 1 advisories, the newest of 2026-01-02" in said


def test_every_version_for_every_python_is_asked_for(tmp_path: Path) -> None:
    """The lock has NumPy twice, for older and newer Pythons; only one of them runs here."""
    versions = re.findall(r"^numpy==([^ ;\\]+)", BOX.read_text(), re.MULTILINE)
    assert len(versions) > 1
    (tmp_path / "all.json").write_text(json.dumps([advisory("numpy", [{"introduced": "0"}])]))
    found, said = audit(tmp_path / "all.json", BOX)
    assert found == 1
    assert all(version in said for version in versions)


def test_a_zip_as_osv_gives_it_is_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("PYSEC-1.json", json.dumps(advisory("segno", [{"introduced": "0"}])))
        archive.writestr("PYSEC-2.json", json.dumps(advisory("flask", [{"introduced": "0"}], withdrawn="2026-01-02")))
    found, said = audit(tmp_path / "all.zip", BOX)
    assert found == 1
    assert "segno" in said
    assert "flask" not in said.lower()


@pytest.mark.parametrize("content", ["", "no JSON", "[]", '{"vulns": []}', '[{"id": "GO-1", "affected": []}]'])
def test_a_file_without_advisories_is_no_good_news(tmp_path: Path, content: str) -> None:
    (tmp_path / "all.json").write_text(content)
    found, said = audit(tmp_path / "all.json", BOX)
    assert found == 2
    assert "could not look, so this says nothing" in said


def test_without_a_network_it_says_that_it_could_not_look() -> None:
    found, said = audit(BOX)
    assert found == 2
    assert "could not look, so this says nothing" in said
    assert "No known vulnerabilities" not in said
