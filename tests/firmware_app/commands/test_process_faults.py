"""`hushbox process`: what it refuses or complains about, with real files through the real command line."""

import os
import signal
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import soundfile

from firmware_app.offline.chain import process_file
from tests.rigs.checkout import ROOT
from tests.rigs.process_command import DRY, noise, process, write

pytestmark = pytest.mark.usefixtures("in_a_folder")


def refused(code: int, said: str, *args: object) -> None:
    got, _, err = process(*args)
    assert err == f"hushbox: {said}\n"
    assert got == code
    assert not list(Path().glob(".*.part")), "a temporary file was left behind"


def test_a_missing_input():
    refused(1, "no.wav: no such file", "no.wav", "out.wav", *DRY)
    assert not Path("out.wav").exists()


def test_an_empty_file():
    Path("in.wav").touch()
    refused(1, "in.wav: empty, 0 bytes", "in.wav", "out.wav", *DRY)


def test_a_wav_without_sound():
    write("in.wav", noise(0))
    refused(1, "in.wav: no sound in it (0 frames)", "in.wav", "out.wav", *DRY)


@pytest.mark.parametrize("content", [b"this is no sound at all\n" * 20, b"RIFF", bytes(1000)])
def test_something_else_called_wav(content):
    Path("in.wav").write_bytes(content)
    refused(1, "in.wav: not a sound file that can be read (WAV or FLAC)", "in.wav", "out.wav", *DRY)


def test_raw_sound_says_nothing_about_itself():
    Path("in.raw").write_bytes(bytes(1000))
    refused(1, "in.raw: not a sound file that can be read (WAV or FLAC)", "in.raw", "out.wav", *DRY)


def test_a_folder_for_a_file():
    Path("in.wav").mkdir()
    refused(2, "in.wav: a folder, so OUT has to be one too: out.wav names a file", "in.wav", "out.wav", *DRY)


@pytest.mark.parametrize("channels", [3, 8])
def test_more_channels_than_the_box_has(channels):
    write("in.wav", noise(100, channels))
    refused(1, f"in.wav: {channels} channels; allowed 1 to 2", "in.wav", "out.wav", *DRY)


def test_the_same_file_twice():
    write("in.wav", noise())
    before = Path("in.wav").read_bytes()
    Path("link.wav").symlink_to("in.wav")
    refused(2, "./in.wav: IN and OUT are the same file; name another OUT".replace("./", ""), "in.wav", "./in.wav", *DRY)
    refused(2, "link.wav: IN and OUT are the same file; name another OUT", "in.wav", "link.wav", *DRY)
    assert Path("in.wav").read_bytes() == before


@pytest.mark.parametrize("name", ["out.mp3", "out", "out.wav.txt"])
def test_a_suffix_it_cannot_write(name):
    write("in.wav", noise())
    refused(2, f"{name}: OUT has to end in .wav or .flac", "in.wav", name, *DRY)


def test_a_missing_output_folder():
    write("in.wav", noise())
    refused(1, "no/out.wav: the folder no does not exist", "in.wav", "no/out.wav", *DRY)


def test_an_output_that_is_a_folder():
    write("in.wav", noise())
    Path("out.wav").mkdir()
    refused(1, "out.wav: is a folder", "in.wav", "out.wav", *DRY)


def test_a_read_only_output_folder():
    write("in.wav", noise())
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        os.chmod(name, 0o555)
        was = os.geteuid()
        if was == 0:  # root may write anywhere
            os.chmod(".", 0o755)
            Path(name, "in.wav").write_bytes(Path("in.wav").read_bytes())
            os.seteuid(65534)
        try:
            source = Path(name, "in.wav") if was == 0 else "in.wav"
            refused(1, f"{name}/out.wav: cannot be written: Permission denied", source, f"{name}/out.wav", *DRY)
        finally:
            os.seteuid(was)


def test_a_rate_that_flac_cannot_hold():
    write("in.wav", noise(1000), 768_000)
    said = "no FLAC file with a rate of 768000 Hz can be written: flac does not support this sample rate."
    refused(1, said, "in.wav", "out.flac", *DRY)


def test_broken_numbers_become_silence_and_are_counted():
    sound = noise(48_000).astype(np.float32)
    sound[1000:1010] = np.nan
    sound[2000] = np.inf
    write("in.wav", sound, subtype="FLOAT")
    code, _, err = process("in.wav", "out.wav", *DRY, "--set", "bypass=on")
    assert code == 0
    assert err == "hushbox: in.wav: 11 samples were not numbers; they are silent now\n"
    out = soundfile.read("out.wav", always_2d=True)[0]
    assert np.isfinite(out).all()
    sound[~np.isfinite(sound)] = 0
    np.testing.assert_array_equal(out, sound)


@pytest.mark.parametrize("rate_hz", [44_100, 48_000])
def test_broken_numbers_do_not_spread_through_the_resampler(rate_hz):
    sound = np.zeros((rate_hz, 1), np.float32)
    sound[1000] = np.nan
    write("in.wav", sound, rate_hz, "FLOAT")
    assert process("in.wav", "out.wav", *DRY)[0] == 0
    assert np.abs(soundfile.read("out.wav")[0]).max() < 1e-6


def test_a_wav_cut_short_is_processed_as_far_as_it_goes():
    write("in.wav", noise(48_000))
    Path("in.wav").write_bytes(Path("in.wav").read_bytes()[:50_001])
    code, text, err = process("in.wav", "out.wav", *DRY)
    assert code == 1
    assert err == "hushbox: in.wav: damaged or cut short: 0.52 of 1.00 s could be read\n"
    assert text.startswith("out.wav: 0.5 s")
    assert soundfile.info("out.wav").frames == (50_001 - 44) // 2


def test_a_wav_from_a_pipe_does_not_know_its_length():
    write("in.wav", noise(1000))
    data = bytearray(Path("in.wav").read_bytes())
    data[40:44] = b"\xff\xff\xff\xff"
    Path("in.wav").write_bytes(data)
    code, _, err = process("in.wav", "out.wav", *DRY)
    assert (code, err) == (0, "")
    assert soundfile.info("out.wav").frames == 1000


def test_a_short_flac_cut_in_half_keeps_what_is_whole():
    write("in.flac", noise(48_000))
    data = Path("in.flac").read_bytes()
    Path("in.flac").write_bytes(data[: len(data) // 2])
    code, _, err = process("in.flac", "out.wav", *DRY)
    assert code == 1
    assert "damaged or cut short: 0.3" in err or "damaged or cut short: 0.4" in err
    assert soundfile.info("out.wav").frames > 10_000


def test_a_flac_of_which_nothing_is_left_is_refused():
    write("in.flac", noise(48_000))
    Path("in.flac").write_bytes(Path("in.flac").read_bytes()[:200])
    refused(1, "in.flac: damaged: nothing of its 1.00 s could be read", "in.flac", "out.wav", *DRY)
    assert not Path("out.wav").exists()


def test_a_flac_cut_in_half_is_processed_as_far_as_it_goes():
    write("in.flac", noise(480_000))
    data = Path("in.flac").read_bytes()
    Path("in.flac").write_bytes(data[: len(data) // 2])
    code, _, err = process("in.flac", "out.wav", *DRY)
    assert code == 1
    assert "in.flac: damaged or cut short: " in err
    assert " of 10.00 s could be read" in err
    assert 0 < soundfile.info("out.wav").frames < 480_000


def test_a_damaged_flac_is_silent_where_it_is_damaged_and_the_rest_stays_in_its_place():
    sound = noise(480_000)
    write("in.flac", sound)
    data = bytearray(Path("in.flac").read_bytes())
    data[len(data) // 2 : len(data) // 2 + 1000] = b"\x55" * 1000
    Path("in.flac").write_bytes(data)
    code, _, err = process("in.flac", "out.wav", *DRY, "--set", "bypass=on")
    assert (code, err) == (1, "hushbox: in.flac: damaged: 0.09 of 10.00 s could not be read and are silent\n")
    out = soundfile.read("out.wav", always_2d=True)[0]
    wrong = np.flatnonzero(np.abs(out - sound)[:, 0] >= 2**-15)
    assert (len(out), len(wrong) > 4000, wrong[-1] - wrong[0] < 4096) == (480_000, True, True)
    assert not out[wrong].any()


def test_a_full_disk_leaves_the_old_output():
    """RLIMIT_FSIZE stands in for the disk."""
    write("in.wav", noise(200_000))
    Path("out.wav").write_bytes(b"old")
    code = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000));"
        "from firmware_app.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    done = subprocess.run(
        [sys.executable, "-B", "-c", code, "process", "in.wav", "out.wav", *DRY], capture_output=True, text=True
    )
    assert done.stderr == "hushbox: out.wav: cannot be written: File too large\n"
    assert done.returncode == 1
    assert Path("out.wav").read_bytes() == b"old"
    assert not list(Path().glob(".*.part"))


def test_ctrl_c_leaves_nothing_behind(tiny):
    write("in.wav", np.zeros((48_000 * 600, 1)))
    command = [sys.executable, "-m", "firmware_app.cli", "process", "in.wav", "out.wav", "--bundle", tiny]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    # A job that a script started in the background ignores the signal, and so would its children.
    wanted = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=env, preexec_fn=wanted) as running:
        while not list(Path().glob(".*.part")):
            assert running.poll() is None
        running.send_signal(signal.SIGINT)
        _, err = running.communicate(timeout=60)
    assert running.returncode == 130
    assert err == ""
    assert not Path("out.wav").exists()
    assert not list(Path().glob(".*.part"))


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--set", "denoise.amount=3"), "no parameter 'denoise.amount'; did you mean denoise.amount_db?"),
        (("--set", "denoise.amount_db=60"), "denoise.amount_db = 60 dB: allowed 0 to 40"),
        (("--set", "denoise.amount_db=loud"), "denoise.amount_db = 'loud': allowed 0 to 40"),
        (("--set", "denoise.amount_db"), "--set denoise.amount_db: write ID=VALUE, such as --set denoise.amount_db=12"),
        (("--preset", "Strnog"), "no preset 'Strnog'; did you mean Strong?"),
        (("--period", "31"), "command line: audio.period_frames = 31: a whole number from 32 to 1024 is allowed"),
        (("--bundle", "./no"), "bundle ./no: no bundle.toml in that folder"),
    ],
)
def test_wrong_use_is_said_in_one_line(args, said):
    write("in.wav", noise())
    refused(2, said, "in.wav", "out.wav", *args)
    assert not Path("out.wav").exists()


def test_an_unknown_bundle_names_the_nearest():
    write("in.wav", noise())
    code, _, err = process("in.wav", "out.wav", "--bundle", "denoise-lve")
    assert code == 2
    assert err.startswith("hushbox: no model bundle 'denoise-lve'; ")


def test_a_damaged_bundle_is_refused(tiny, tmp_path):
    write("in.wav", noise())
    spoilt = tmp_path / "spoilt"
    spoilt.mkdir()
    for path in Path(tiny).iterdir():
        (spoilt / path.name).write_bytes(path.read_bytes())
    (spoilt / "tiny.tflite").write_bytes(b"x")
    code, _, err = process("in.wav", "out.wav", "--bundle", spoilt)
    assert code == 1
    assert "sha256 expected" in err
    assert not Path("out.wav").exists()


def test_the_progress_reaches_the_end(tiny):
    from dsp.rack.chain import Chain

    write("in.wav", noise(48_000 * 3 + 5))
    seen: list[tuple[float, float]] = []
    process_file(Chain(), Path("in.wav"), Path("out.wav"), progress=lambda done_s, all_s: seen.append((done_s, all_s)))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert seen[-1][0] == seen[-1][1] == pytest.approx(3, abs=0.01)
