"""`hushbox process` and `hushbox stems` on a folder: several files at once, one file's fault that file's alone."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from dsp.layouts.stems import STEMS
from firmware_app import cli
from firmware_app.offline.jobs import run_jobs
from tests.rigs.process_command import DRY, noise, process, write
from tests.rigs.tiny_bundle import tiny_models, write_bundle

pytestmark = pytest.mark.usefixtures("in_a_folder")
COMMAND = [sys.executable, "-m", "firmware_app.cli", "process"]


def takes() -> None:
    Path("in/a/b").mkdir(parents=True)
    for name in ("in/one.wav", "in/a/two.flac", "in/a/b/three.aiff", "in/.hidden.wav"):
        write(name, noise())
    Path("in/notes.txt").write_text("no sound")


@pytest.mark.parametrize("jobs", [1, 2])
def test_every_file_is_as_if_processed_alone(jobs, tiny):
    takes()
    code, out, err = process("in", "out", "--bundle", tiny, "--jobs", jobs)
    assert (code, err.count("\n")) == (0, 1)
    assert err.startswith("hushbox: in/a/b/three.aiff: not copied: ")
    assert "3 files, 0 failed" in out
    wanted = {"one.wav": "in/one.wav", "a/two.flac": "in/a/two.flac", "a/b/three.wav": "in/a/b/three.aiff"}
    found = {str(path.relative_to("out")) for path in Path("out").rglob("*") if path.is_file()}
    assert found == set(wanted)
    for name, source in wanted.items():
        alone = f"alone{Path(name).suffix}"
        assert process(source, alone, "--bundle", tiny)[0] == 0
        np.testing.assert_array_equal(soundfile.read(Path("out", name))[0], soundfile.read(alone)[0])


def test_one_broken_file_is_named_and_the_others_are_done():
    takes()
    Path("in/a/bad.wav").write_text("no sound")
    code, text, _ = process("in", "out", *DRY, "--jobs", 2, "--json")
    told = json.loads(text)
    assert (code, told["failed"], len(told["files"])) == (1, 1, 4)
    (bad,) = [file for file in told["files"] if "error" in file]
    assert bad["error"] == "in/a/bad.wav: not a sound file that can be read (WAV or FLAC)"
    assert len([path for path in Path("out").rglob("*") if path.is_file()]) == 3
    assert "hushbox: in/a/bad.wav: not a sound file" in process("in", "out", *DRY)[2]


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("in", "in"), "its result would replace"),
        (("in", "out.wav"), "a folder, so OUT has to be one too"),
        (("in", "out", "--jobs", "0"), "--jobs 0: allowed 1 or more"),
        (("in/one.wav", "out.wav", "--jobs", "2"), "--jobs 2: IN is one file"),
        (("twice", "out"), "twice/x.aiff and twice/x.wav would both become out/x.wav"),
        (("empty", "out"), "empty: no sound files in this folder"),
    ],
)
def test_what_is_refused_before_anything_is_written(args, says):
    takes()
    Path("empty").mkdir()
    Path("twice").mkdir()
    write("twice/x.wav", noise())
    write("twice/x.aiff", noise())
    code, _, err = process(*args, *DRY)
    assert code == 2
    assert says in err
    assert not Path("out").exists()


def test_each_song_of_a_folder_gets_a_folder_of_stems(tmp_path_factory):
    bundle = write_bundle(tmp_path_factory.mktemp("models") / "tiny", tiny_models("stems"), "stems")
    Path("in/live").mkdir(parents=True)
    write("in/one.wav", noise(channels=2))
    write("in/live/two.flac", noise(channels=2))
    assert cli.main(["stems", "in", "out", "--bundle", str(bundle), "--jobs", "2"]) == 0
    for song, source in (("one", "in/one.wav"), ("live/two", "in/live/two.flac")):
        parts = [soundfile.read(Path("out", song, f"{stem}.wav"))[0] for stem in STEMS]
        assert np.abs(sum(parts) - soundfile.read(source)[0]).max() < 1e-5


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_ctrl_c_ends_all_and_leaves_nothing_half_done(number, code):
    Path("in").mkdir()
    for name in "abc":
        write(f"in/{name}.wav", np.zeros((48_000 * 600, 1)))
    running = subprocess.Popen([*COMMAND, "in", "out", "--jobs", "2"], start_new_session=True)
    deadline = time.monotonic() + 60
    while len(list(Path("out").glob(".*"))) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.killpg(running.pid, number) if number == signal.SIGINT else running.send_signal(number)
    assert running.wait(30) == code
    assert not list(Path("out").iterdir())
    with pytest.raises(ProcessLookupError):
        os.killpg(running.pid, 0)


def test_a_process_that_is_killed_is_named_and_the_others_are_done():
    def work(number, progress):
        if number == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        return number * 10

    outcomes = {done.number: done for done in run_jobs(4, work, 2, lambda *_: None)}
    assert [outcomes[n].result for n in range(4)] == [0, None, 20, 30]
    assert "exit code -9" in str(outcomes[1].error)
