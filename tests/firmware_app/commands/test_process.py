"""`hushbox process`: what comes out of it, with real files through the real command line."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.rigs.process_command import DRY, noise, process, write

pytestmark = pytest.mark.usefixtures("in_a_folder")


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "FLOAT"])
@pytest.mark.parametrize("period", [64, 100, 128])
def test_bypass_returns_the_very_samples(subtype, period, tiny):
    write("in.wav", noise(), subtype=subtype)
    args = ("in.wav", "out.wav", "--bundle", tiny, "--set", "bypass=on", "--period", period)
    code, _, err = process(*args)
    assert (code, err) == (0, "")
    assert soundfile.info("out.wav").subtype == subtype
    np.testing.assert_array_equal(soundfile.read("in.wav")[0], soundfile.read("out.wav")[0])


def test_full_scale_survives_bypass():
    write("in.wav", np.array([[-1.0], [32767 / 32768], [0.0]] * 500))
    assert process("in.wav", "out.wav", *DRY, "--set", "bypass=on")[0] == 0
    np.testing.assert_array_equal(soundfile.read("in.wav")[0], soundfile.read("out.wav")[0])


@pytest.mark.parametrize("rate_hz", [8_000, 22_050, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_rate_channels_length_and_time_stay(rate_hz, channels, tiny):
    at = np.arange(rate_hz * 2 + 17) / rate_hz
    tone = 0.4 * np.stack([np.sin(2 * np.pi * 440 * (c + 1) * at) for c in range(channels)], axis=1)
    write("in.wav", tone, rate_hz, "FLOAT")
    assert process("in.wav", "out.wav", "--bundle", tiny, "--set", "bypass=on")[0] == 0
    out, out_rate_hz = soundfile.read("out.wav", always_2d=True)
    assert (out_rate_hz, out.shape) == (rate_hz, tone.shape)
    middle = slice(rate_hz // 4, -rate_hz // 4)
    assert np.abs(out[middle] - tone[middle]).max() < 1e-4


def test_the_model_changes_the_sound_but_not_its_place(tiny):
    write("in.wav", noise(48_000))
    assert process("in.wav", "out.wav", "--bundle", tiny)[0] == 0
    before, after = soundfile.read("in.wav")[0], soundfile.read("out.wav")[0]
    assert not np.array_equal(before, after)
    match = np.fft.irfft(np.fft.rfft(after) * np.conj(np.fft.rfft(before)))
    assert np.argmax(np.abs(match)) == 0


def test_the_period_makes_no_difference(tiny):
    write("in.wav", noise(20_000))
    outs = []
    for period in (64, 96, 128, 1024):
        assert process("in.wav", f"{period}.wav", "--bundle", tiny, "--period", period)[0] == 0
        outs.append(soundfile.read(f"{period}.wav")[0])
    for out in outs[1:]:
        # The limiter's and the model's steps fall at other places of a block; the sound is the same.
        assert np.abs(out - outs[0]).max() <= 1 / 32768


def test_keep_latency_leaves_the_delay_in(tiny):
    write("in.wav", noise())
    code, text, _ = process("in.wav", "out.wav", "--bundle", tiny, "--set", "bypass=on", "--keep-latency", "--json")
    assert code == 0
    delay = json.loads(text)["latency_frames"]
    assert delay > 0
    before, after = soundfile.read("in.wav")[0], soundfile.read("out.wav")[0]
    assert len(after) == len(before)
    assert not after[:delay].any()
    np.testing.assert_array_equal(after[delay:], before[:-delay])


@pytest.mark.parametrize("frames", [1, 127, 128, 129, 4_800])
def test_any_length_is_kept(frames, tiny):
    write("in.wav", noise(frames))
    assert process("in.wav", "out.wav", "--bundle", tiny)[0] == 0
    assert soundfile.info("out.wav").frames == frames


@pytest.mark.parametrize(
    ("source", "target", "subtype"),
    [("PCM_24", "out.flac", "PCM_24"), ("FLOAT", "out.flac", "PCM_24"), ("PCM_U8", "out.flac", "PCM_16")],
)
def test_flac_takes_the_nearest_kind_of_samples(source, target, subtype):
    write("in.wav", noise(), subtype=source)
    assert process("in.wav", target, *DRY)[0] == 0
    assert (soundfile.info(target).format, soundfile.info(target).subtype) == ("FLAC", subtype)


def test_flac_in_wav_out():
    write("in.flac", noise(channels=2))
    assert process("in.flac", "out.wav", *DRY, "--set", "bypass=1")[0] == 0
    np.testing.assert_array_equal(soundfile.read("in.flac")[0], soundfile.read("out.wav")[0])


def test_presets_and_settings_count_in_order(tiny):
    write("in.wav", noise())
    process("in.wav", "a.wav", "--bundle", tiny, "--set", "denoise.amount_db=0")
    process("in.wav", "b.wav", "--bundle", tiny, "--preset", "strong", "--set", "denoise.amount_db=0")
    process("in.wav", "c.wav", "--bundle", tiny, "--preset", "strong")
    a, b, c = (Path(f"{name}.wav").read_bytes() for name in "abc")
    assert a == b != c


def test_the_summary_says_what_was_done(tiny):
    write("in.wav", noise(48_000))
    code, text, _ = process("in.wav", "out.wav", "--bundle", tiny)
    assert code == 0
    assert text.startswith("out.wav: 1.0 s, ")
    assert "times real time, tiny 0.0.1, tflite" in text
    assert "delay of 2.67 ms removed; hops late 0, dry 0" in text


def test_nothing_is_late_where_there_is_no_deadline(tiny):
    write("in.wav", noise(48_000))
    summary = json.loads(process("in.wav", "out.wav", "--bundle", tiny, "--json")[1])
    assert (summary["late_hops"], summary["dry_hops"]) == (0, 0)


def test_an_hour_takes_no_more_memory_than_a_minute(tiny):
    """The engine reads a second at a time: what it holds does not grow with the file."""
    code = (
        "import resource, sys; from firmware_app.cli import main; assert main(sys.argv[1:]) == 0;"
        "print('peak', resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    peaks = []
    for seconds in (5, 300):
        write("in.wav", np.zeros((48_000 * seconds, 1)))
        done = subprocess.run(
            [sys.executable, "-c", code, "process", "in.wav", "out.wav", *DRY, "--period", "1024"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        peaks.append(int(done.stdout.split("peak ")[1]))
    assert peaks[1] - peaks[0] < 20_000, f"{peaks} kB; the sound itself is 58,000 kB as float"


LOOK_AHEAD = {"compressor": ("compressor.on=1", "compressor.lookahead=on"), "limiter": ("limiter.true_peak=on",)}


@pytest.mark.parametrize("stage", LOOK_AHEAD)
@pytest.mark.parametrize("channels", [1, 2])
def test_one_stage_runs_without_a_model_and_the_sound_stays_in_its_place(stage: str, channels: int) -> None:
    write("in.wav", 0.3 * noise(48_000, channels), subtype="FLOAT")
    for period in (100, 128):
        args = [part for text in LOOK_AHEAD[stage] for part in ("--set", text)]
        code, text, err = process("in.wav", f"{period}.wav", *DRY, *args, "--json", "--period", period)
        assert (code, err) == (0, "")
        assert json.loads(text)["latency_frames"] > 0
    before, after, other = (soundfile.read(f"{name}.wav", always_2d=True)[0] for name in ("in", "128", "100"))
    assert after.shape == before.shape
    assert np.abs(after - other).max() < 1e-4
    for channel in range(channels):
        match = np.fft.irfft(np.fft.rfft(after[:, channel]) * np.conj(np.fft.rfft(before[:, channel])))
        assert np.argmax(match) == 0


def test_a_stage_that_is_off_leaves_a_file_as_it_is() -> None:
    write("in.wav", 0.5 * noise(48_000))
    assert process("in.wav", "out.wav", *DRY, "--set", "deess.amount_db=12", "--set", "eq.high.gain_db=6")[0] == 0
    np.testing.assert_array_equal(soundfile.read("in.wav")[0], soundfile.read("out.wav")[0])


def test_one_stage_is_heard_alone_in_a_file() -> None:
    write("in.wav", 0.1 * noise(48_000), subtype="FLOAT")
    args = ("--set", "eq.on=1", "--set", "eq.high.gain_db=-12", "--set", "eq.high.hz=2000", "--set", "chain.solo=eq")
    assert process("in.wav", "out.wav", *DRY, *args)[0] == 0
    assert process("in.wav", "eq.wav", *DRY, *args[:-2])[0] == 0
    before, removed, after = (soundfile.read(name)[0] for name in ("in.wav", "out.wav", "eq.wav"))
    assert np.abs(before - after - removed)[20_000:].max() < 1e-5
    assert np.abs(removed[20_000:]).max() > 0.01
