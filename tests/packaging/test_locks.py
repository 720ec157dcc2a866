"""Every package is taken by the hash of its file, wherever one is installed."""

import base64
import hashlib
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.rigs.checkout import ROOT

LOCKS = [*sorted((ROOT / "requirements").glob("*.lock")), ROOT / "packaging" / "pip.lock"]
SCRIPTS = [*sorted((ROOT / "requirements").glob("*.sh")), *sorted((ROOT / "packaging").glob("*.sh"))]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_each_package_has_its_hashes(lock: Path) -> None:
    text = lock.read_text()
    packages = re.findall(r"^\S.*(?:\n[ ]+(?:#|--).*)*", text, re.MULTILINE)
    assert packages
    for package in packages:
        assert re.match(r"[\w.-]+==\S+", package), package[:80]
        assert "--hash=sha256:" in package, package[:80]


def test_every_list_has_a_lock_that_is_made_again() -> None:
    made = (ROOT / "requirements" / "lock.sh").read_text()
    for listed in (ROOT / "requirements").glob("*.in"):
        assert re.search(rf"\b{listed.stem}\b", made), listed.name


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_every_installation_from_a_lock_asks_for_hashes(script: Path) -> None:
    lines = script.read_text().replace("\\\n", " ").splitlines()
    for line in lines:
        if re.search(r"\bpip\b.* -r ", line) and not line.lstrip().startswith("#"):
            assert "--require-hashes" in line or "$hashes" in line or "uv pip compile" in line, line


def wheel_in(folder: Path) -> tuple[Path, str]:
    """A wheel of an empty package, and its hash."""
    path = folder / "nothing_here-1.0-py3-none-any.whl"
    files = {
        "nothing_here.py": b"",
        "nothing_here-1.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: nothing-here\nVersion: 1.0\n",
        "nothing_here-1.0.dist-info/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    lines = []
    for name, data in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        lines.append(f"{name},sha256={digest},{len(data)}")
    files["nothing_here-1.0.dist-info/RECORD"] = "\n".join([*lines, "nothing_here-1.0.dist-info/RECORD,,", ""]).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path, hashlib.sha256(path.read_bytes()).hexdigest()


def test_pip_refuses_a_file_with_another_hash(tmp_path: Path) -> None:
    _, right = wheel_in(tmp_path)
    for digest, works in ((right, True), ("0" * 64, False), ("", False)):
        lock = tmp_path / "one.lock"
        lock.write_text(f"nothing-here==1.0 --hash=sha256:{digest}\n" if digest else "nothing-here==1.0\n")
        command = [sys.executable, "-m", "pip", "install", "--no-index", "--find-links", str(tmp_path), "--no-deps"]
        command += ["--require-hashes", "-r", str(lock), "--target", str(tmp_path / f"to-{digest[:4]}")]
        done = subprocess.run(command, capture_output=True, text=True)
        assert (done.returncode == 0) is works, done.stderr
