"""`hushbox url`: the address of the running box, whatever its port; without one the settings' address, exit code 1."""

import hashlib
import json
import ssl
import stat
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from firmware_app.page import address
from tests.rigs.checkout import ROOT
from tests.rigs.running_box import RunningBox


def url(folder: Path, runtime: Path, *options: str) -> subprocess.CompletedProcess[str]:
    env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "HOME": str(folder), "HUSHBOX_RUNTIME_DIR": str(runtime)}
    return subprocess.run(
        [sys.executable, "-m", "firmware_app.cli", "url", "--state-dir", str(folder / "state"), *options],
        capture_output=True, text=True, cwd=folder, check=False,
        env=env,
    )  # fmt: skip


def test_without_a_box_the_settings_address_is_told(tmp_path: Path):
    (tmp_path / "hushbox.toml").write_text('[page]\nhost = "127.0.0.1"\nport = 65000\n')
    told = url(tmp_path, tmp_path / "run")
    assert (told.returncode, told.stdout.splitlines()[0]) == (1, "http://127.0.0.1:65000/")
    assert "no page answers there" in told.stderr


def test_a_note_that_a_dead_box_left_is_not_believed(tmp_path: Path):
    address.leave(tmp_path, tmp_path, "127.0.0.1", 1)
    told = url(tmp_path, tmp_path, "--json")
    assert told.returncode == 1
    url_ = "http://127.0.0.1:1/"
    assert json.loads(told.stdout) == {"url": url_, "link": url_, "fingerprint": "", "answers": False, "picture": ""}


@pytest.mark.parametrize("name", ["door.svg", "no such folder/door.svg"])
def test_the_code_is_drawn_where_one_asks(tmp_path: Path, name: str):
    (tmp_path / "hushbox.toml").write_text('[page]\nhost = "192.0.2.7"\n')
    told = url(tmp_path, tmp_path / "run", "--svg", name)
    if "/" in name:
        assert "no such folder/door.svg" in told.stderr
    else:
        assert "<svg" in (tmp_path / name).read_text()


@pytest.mark.box
def test_a_running_box_is_found_at_its_own_port(tmp_path: Path):
    with RunningBox(tmp_path / "box", '[audio]\ndevice = "demo"\n') as box:
        box.wait_for(lambda: not address.first_code_left(box.runtime), "the code, which the rig has used, to be gone")
        told = url(tmp_path / "box", box.runtime, "--json")
        picture = box.state / address.PICTURE
        assert told.returncode == 0, told.stderr
        assert json.loads(told.stdout) == {
            "url": box.url, "link": box.url, "fingerprint": "", "answers": True, "picture": str(picture),
        }  # fmt: skip
        assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.box
def test_a_box_with_tls_tells_its_certificates_fingerprint(tmp_path: Path):
    config = 'tls = "on"\n[audio]\ndevice = "demo"\n'
    with RunningBox(tmp_path / "box", config, pair=False) as box:
        assert box.url.startswith("https://127.0.0.1:")
        told = url(tmp_path / "box", box.runtime, "--json")
        assert told.returncode == 0, told.stderr
        tree = json.loads(told.stdout)
        port = urlsplit(box.url).port
        assert port is not None
        served = ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate(("127.0.0.1", port)))
        fingerprint = hashlib.sha256(served).hexdigest()
        assert tree["answers"]
        assert tree["fingerprint"].replace(":", "").lower() == fingerprint
        assert f"#pair={address.first_code_left(box.runtime)}&fp={fingerprint}" in tree["link"]
        assert stat.S_IMODE((box.state / "page-certificate.pem").stat().st_mode) == 0o600
    first = (tmp_path / "box" / "state" / "page-certificate.pem").read_bytes()
    with RunningBox(tmp_path / "box", config, pair=False):
        pass
    assert (tmp_path / "box" / "state" / "page-certificate.pem").read_bytes() == first
