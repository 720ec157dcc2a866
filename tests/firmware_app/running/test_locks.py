"""Two boxes on one state folder: the second is told, and overwrites nothing; and the folder is the box's own."""

import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware_app.config.places import Places
from firmware_app.running import supervisor
from firmware_app.running.locks import AlreadyRunning, must_be_free, state_locked
from firmware_app.running.supervisor import EXIT_USAGE
from tests.rigs.running_box import RunningBox

HOLDING = """
import sys, time
from pathlib import Path
from firmware_app.running.locks import state_locked
from firmware_app.config.places import Places
folder = Path(sys.argv[1])
with state_locked(Places(folder, folder, folder, folder)):
    print("held", flush=True)
    time.sleep(600)
"""
DEMO = '[audio]\ndevice = "demo"\n[model]\nbundle = "denoise-light"\n[panel]\npins = "mock"\nmidi = false\n'


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(tmp_path, tmp_path, tmp_path / "state", tmp_path / "run")


@pytest.fixture
def holder(places: Places) -> Iterator["subprocess.Popen[str]"]:
    """Another process that holds the state folder."""
    command = [sys.executable, "-c", HOLDING, str(places.state)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_one_holds_it_and_the_other_is_told_whose_it_is(places: Places, holder: "subprocess.Popen[str]") -> None:
    message = rf"state folder {places.state}: used by another Hushbox \(process {holder.pid}\).*--state-dir"
    with pytest.raises(AlreadyRunning, match=message), state_locked(places, 0.1):
        pass
    assert places.state.stat().st_mode & 0o777 == 0o700
    holder.kill()  # without a chance to clear up
    holder.wait(30)
    with state_locked(places, 0.0):
        pass


def test_one_that_is_just_ending_is_waited_for(places: Places, holder: "subprocess.Popen[str]") -> None:
    ending = threading.Timer(0.5, holder.kill)
    ending.start()
    must_be_free(places)
    ending.join()


def test_no_folder_and_no_right_to_make_one_is_no_hindrance(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with state_locked(Places(tmp_path, tmp_path, tmp_path / "file" / "state", tmp_path), 0.0):
        pass


def test_run_ends_before_anything_is_started(
    places: Places, holder: "subprocess.Popen[str]", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUSHBOX_RUNTIME_DIR", str(places.runtime))
    before = set(os.listdir(places.state))
    with pytest.raises(AlreadyRunning, match=f"process {holder.pid}"):
        supervisor.run([], str(places.state))
    assert set(os.listdir(places.state)) == before


@pytest.mark.rig
@pytest.mark.box
@pytest.mark.timeout(300)
def test_a_second_box_changes_nothing_of_the_first(tmp_path: Path) -> None:
    """The first with `hushbox run`, the second its control process alone, as systemd starts it."""
    with RunningBox(tmp_path, DEMO) as box, tempfile.TemporaryDirectory(prefix="hushbox-", dir="/dev/shm") as runtime:
        box.set("denoise.amount_db", 13.0)
        box.wait_for((box.state / "state.json").exists, "saved settings", 60)
        assert box.state.stat().st_mode & 0o777 == 0o700
        box.wait_for((box.state / "recordings").is_dir, "the demo's recording", 60)
        command = [sys.executable, "-m", "firmware_app.cli", "control", "--config", str(tmp_path / "hushbox.toml")]
        command += ["--state-dir", str(box.state)]
        second = subprocess.run(
            command, env={**os.environ, "HUSHBOX_RUNTIME_DIR": runtime}, capture_output=True, text=True, timeout=200
        )
        assert second.returncode == EXIT_USAGE
        assert f"used by another Hushbox (process {box.child('control').pid})" in second.stderr
        # Who only looks or takes the PIN away is not kept out.
        for words in (["pin"], ["pin", "--clear"]):
            done = subprocess.run(
                [sys.executable, "-m", "firmware_app.cli", *words, "--state-dir", str(box.state)],
                capture_output=True, text=True, timeout=200,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr


def test_the_folder_of_the_demo_is_private(tmp_path: Path) -> None:
    """The audio process is often the first to need it, for what the demo records."""
    from firmware_app.audio.source import AudioSource
    from firmware_app.config.keys import Config

    places = Places(tmp_path, tmp_path, tmp_path / "deep" / "state", tmp_path / "run")
    umask = os.umask(0o022)
    try:
        assert AudioSource(Config().audio, places, Config().stems)._recording() is not None
    finally:
        os.umask(umask)
    assert places.state.stat().st_mode & 0o777 == 0o700
    assert places.recordings.stat().st_mode & 0o777 == 0o700
