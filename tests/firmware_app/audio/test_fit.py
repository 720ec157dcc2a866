"""An interface that cannot do what the settings ask, least of all one that comes back smaller: played on, and said."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from firmware_app.audio.channels import channels_of
from firmware_app.audio.fit import STEM_NAMES, Fit, fit
from firmware_app.audio.source import AudioSource
from firmware_app.config.keys import AudioConfig, StemsConfig
from firmware_app.config.places import Places
from hw.audio.probe import PcmCaps
from tests.conftest import MakeUsb
from tests.rigs.running_box import RunningBox

NO_STEMS = StemsConfig()
STEMS = StemsConfig(vocals=(3, 4), drums=(5,))
FORMATS = ("S32_LE", "S24_3LE", "S16_LE")


def caps(channels: int, rates: tuple[int, ...] = (48000,), formats: tuple[str, ...] = FORMATS) -> PcmCaps:
    return PcmCaps(formats, rates, (channels,))


@pytest.mark.parametrize(
    ("audio", "stems", "inputs", "outputs", "expected", "said"),
    [
        ({}, NO_STEMS, 2, 2, {}, []),
        ({}, NO_STEMS, 18, 20, {}, []),
        ({}, NO_STEMS, 2, 1, {"output_channels": (1,)}, ["only 1 output: sound is on 1, not on 1 and 2"]),
        (
            {"output_channels": (3, 4)}, NO_STEMS, 2, 2,
            {"output_channels": (1, 2)}, ["only 2 outputs: sound is on 1 and 2, not on 3 and 4"],
        ),
        (
            {"input_channels": (2,)}, NO_STEMS, 1, 2,
            {"input_channels": (1,)}, ["only 1 input: the microphone is on 1, not on 2"],
        ),
        (
            {"input_channels": (1, 2)}, NO_STEMS, 1, 2,
            {"input_channels": (1,)}, ["only 1 input: the microphone is on 1, not on 1 and 2"],
        ),
        (
            {"music_channels": (2, 3)}, NO_STEMS, 2, 2,
            {"music_channels": (2,)}, ["only 2 inputs: music is on 2, not on 2 and 3"],
        ),
        (
            {"music_channels": (3, 4)}, NO_STEMS, 2, 2,
            {"music_channels": ()}, ["only 2 inputs: no music, not on 3 and 4"],
        ),
        (
            {"input_channels": (3,), "music_channels": (1, 2)}, NO_STEMS, 2, 2,
            {"input_channels": ()}, ["only 2 inputs: no microphone, not on 3"],
        ),
        ({}, STEMS, 2, 6, {}, []),
        ({}, STEMS, 2, 4, {}, ["no outputs of their own for drums"]),
        (
            {}, STEMS, 2, 1,
            {"output_channels": (1,)},
            ["only 1 output: sound is on 1, not on 1 and 2", "no outputs of their own for vocals and drums"],
        ),
        ({"sample_format": "S24_LE"}, NO_STEMS, 2, 2, {"sample_format": "auto"}, ["no S24_LE: another format"]),
        ({"rate_hz": 96000}, NO_STEMS, 2, 2, {"rate_hz": 48000}, ["no 96000 Hz: another rate"]),
    ],
)  # fmt: skip
def test_the_nearest_that_there_is(
    audio: dict[str, Any],
    stems: StemsConfig,
    inputs: int,
    outputs: int,
    expected: dict[str, Any],
    said: list[str],
) -> None:
    found = fit(AudioConfig(**audio), stems, caps(inputs), caps(outputs))
    assert found.audio == AudioConfig(**{**audio, **expected})
    assert list(found.notes) == said
    channels = (*found.audio.output_channels, *sum(found.stems.outputs, ()))
    assert len(set(channels)) == len(channels)
    assert max(channels) <= outputs
    assert found.stems.outputs[2:] == ((), ())
    assert tuple(STEM_NAMES) == tuple(StemsConfig.__slots__)


SMALLER: list[dict[str, Any]] = [
    {"playback_channels": 1},
    {"capture_channels": 1},
    {"capture_channels": 1, "playback_channels": 1, "formats": ("S16_LE",)},
    {"rates": 44100},
    {"rates": 16000, "playback_channels": 1},
    {"rates": 22050},
    {"rates": 8000, "capture_channels": 1, "playback_channels": 1},
    {"rates": (11025, 24000)},
    {"rates": (32000, 16000)},
    {"rates": 88200},
    {"rates": 176400},
]


@pytest.mark.rig
@pytest.mark.box
@pytest.mark.parametrize("usb", SMALLER, ids=str)
@pytest.mark.parametrize(
    "settings", [{}, {"input_channels": (2,), "sample_format": "S24_3LE", "rate_hz": 96000}], ids=str
)
def test_every_interface_plays(
    make_usb: MakeUsb, tmp_path: Path, usb: dict[str, Any], settings: dict[str, Any]
) -> None:
    device = make_usb(**usb)
    audio = AudioConfig(device=device.device, **settings)
    source = AudioSource(audio, Places(tmp_path, tmp_path, tmp_path, tmp_path))
    opened = source.open()
    assert opened.io is not None, opened.message
    try:
        channels = channels_of(opened.io.format, *_used(opened.fit))
        block = np.zeros((opened.io.format.box_period_frames, channels.inputs), np.float32)
        out = np.full((len(block), channels.outputs), 0.5, np.float32)
        opened.io.start()
        for _ in range(60):
            opened.io.read_into(block)
            opened.io.write(out)
        assert device.counters["playback"]["rate_hz"] == opened.io.format.rate_hz
        assert device.recording().max() > 0.4 * 2**31
    finally:
        opened.io.close()
    assert (opened.message == "") == (opened.io.format.rate_hz >= 44100 and not opened.fit.notes)
    for note in opened.fit.notes[:2]:
        assert note in opened.message[:184]  # what the link carries


def _used(fitted: Fit | None) -> tuple[AudioConfig, StemsConfig]:
    assert fitted is not None
    return fitted.audio, fitted.stems


@pytest.mark.rig
@pytest.mark.box
def test_what_somebody_has_just_asked_for_is_refused_instead(make_usb: MakeUsb, tmp_path: Path) -> None:
    device = make_usb(playback_channels=1).device
    source = AudioSource(AudioConfig(device=device), Places(tmp_path, tmp_path, tmp_path, tmp_path))
    refused = source.open(exactly=True)
    assert refused.io is None
    assert refused.message == f"output channel 2: {device} has 1 to 1"


@pytest.mark.rig
@pytest.mark.box
def test_headphones_at_another_rate_than_the_microphone(make_usb: MakeUsb, tmp_path: Path) -> None:
    microphone = make_usb(name="microphone", rates=16000, capture_channels=1)
    speaker = make_usb(name="speaker", beside=microphone)
    audio = AudioConfig(capture_device=microphone.device, playback_device=speaker.device)
    opened = AudioSource(audio, Places(tmp_path, tmp_path, tmp_path, tmp_path)).open()
    assert opened.io is not None
    assert (opened.io.format.rate_hz, microphone.counters["capture"]["rate_hz"]) == (48000, 16000)
    opened.io.close()


@pytest.mark.rig
@pytest.mark.box
def test_an_interface_that_comes_back_with_one_output_plays_on_it_and_says_so(
    make_usb: MakeUsb, tmp_path: Path
) -> None:
    noise = np.random.default_rng(5).normal(0, 0.1, (48_000, 2)).astype(np.float32)
    usb = make_usb(capture=noise, loop=True, patient=True)
    config = (
        f'[audio]\ndevice = "{usb.device}"\ninput_channels = [1, 2]\nperiod_frames = 256\nperiods = 4\n'
        '[model]\nbundle = "/none"\nlight_bundle = ""\nstems_bundle = "/none"\n[panel]\npins = "mock"\n'
    )
    with RunningBox(tmp_path / "box", config, usb.env) as box:
        box.wait_status(lambda s: s["state"] == "running", "a box that runs")
        box.set("box.bypass", 1.0)
        for outputs, inputs, said in (
            (1, 2, "only 1 output: sound is on 1, not on 1 and 2"),
            (2, 1, "only 1 input: the microphone is on 1, not on 1 and 2"),
            (6, 4, ""),
        ):
            usb.unplug()
            box.wait_status(lambda s: s["state"] != "running", "notice of the unplugging")
            usb.set_channels(capture=inputs, playback=outputs)
            usb.load_capture(np.resize(noise, (48_000, inputs)))
            usb.replug()
            status = box.wait_status(lambda s: s["state"] == "running" and s["device"] != "none", "sound again")
            played = usb.counters["playback"]["frames"]
            usb.wait_played(played + 24_000)
            assert usb.counters["playback"]["channels"] == outputs
            last = usb.recording()[-12_000:] / 2**31
            assert np.all(np.std(last[:, : min(outputs, 2)], axis=0) > 0.05)
            assert not last[:, 2:].any()
            status = box.get("status")
            assert said in status["message"] if said else "only" not in status["message"], status["message"]
            assert said in "".join(box.log)
