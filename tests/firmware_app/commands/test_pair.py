"""`hushbox pair`: a link for one more phone, with and without a running box, and all phones forgotten."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from firmware_app.kept.pairings import Pairings
from tests.rigs.checkout import ROOT
from tests.rigs.running_box import RunningBox
from web_ui.ports.pairing import ENGINEER, OWNER, PLAYER

LINK = re.compile(r"^http://\S+/#pair=([0-9A-Z]{5}-[0-9A-Z]{5})$", re.MULTILINE)


def hushbox(command: str, state: Path, runtime: Path, *options: str) -> subprocess.CompletedProcess[str]:
    env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "HOME": str(state), "HUSHBOX_RUNTIME_DIR": str(runtime)}
    return subprocess.run(
        [sys.executable, "-m", "firmware_app.cli", command, "--state-dir", str(state), *options],
        capture_output=True, text=True, cwd=state.parent, check=False, env=env,
    )  # fmt: skip


def pair(state: Path, runtime: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return hushbox("pair", state, runtime, *options)


def test_without_a_running_box_the_link_is_good_at_the_next_start(tmp_path: Path):
    state = tmp_path / "state"
    told = pair(state, tmp_path / "run", "--role", "player", "--hours", "4")
    assert told.returncode == 0, told.stderr
    code = LINK.search(told.stdout)
    assert code, told.stdout
    assert "guest's link, for 4 hours" in told.stdout
    box = Pairings(state)
    box.save_job.save()
    found = box._code(code[1])
    assert found is not None
    assert (found.role, found.guest) == (PLAYER, True)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--role", "king"), "invalid choice"),
        (("--role", "owner", "--hours", "3"), "guest cannot be an owner"),
        (("--role", "player", "--hours", "0.5"), "1 to 336"),
    ],
)
def test_what_cannot_be_is_said(tmp_path: Path, options: tuple[str, ...], words: str):
    told = pair(tmp_path / "state", tmp_path / "run", *options)
    assert told.returncode != 0
    assert words in told.stderr


@pytest.mark.box
def test_a_running_box_pairs_by_its_links_and_forgets(tmp_path: Path):
    with RunningBox(tmp_path / "box", '[audio]\ndevice = "demo"\n', pair=False) as box:
        first = LINK.search(hushbox("url", box.state, box.runtime).stdout)
        assert first
        assert first[1] not in "".join(box.log)  # the log is no secret
        for path in (box.runtime / "first-code", box.runtime / "session", box.state / "page-address.png"):
            assert path.stat().st_mode & 0o077 == 0
        box.claim(first[1], "Anna's")
        assert box.get("pairing")["role"] == OWNER
        box.wait_for(lambda: not (box.runtime / "first-code").read_text(), "the first code's end")
        assert not LINK.search(hushbox("url", box.state, box.runtime).stdout)
        status = json.loads(hushbox("status", box.state, box.runtime, "--json").stdout)
        assert status["running"]
        told = pair(box.state, box.runtime, "--role", "engineer")
        code = LINK.search(told.stdout)
        assert code, told.stderr
        owner = box.cookie
        box.cookie = ""
        box.claim(code[1], "Ben's")
        assert box.get("pairing")["role"] == ENGINEER
        told = pair(box.state, box.runtime, "--forget-all")
        assert told.returncode == 0, told.stderr
        for cookie in (owner, box.cookie):
            box.cookie = cookie
            assert box.get("pairing")["role"] == ""
        box.wait_for(lambda: bool((box.runtime / "first-code").read_text()), "another first code")
        assert os.listdir(box.runtime).count("pair_answer.json") == 0
