"""The source: what it says about a demo or an interface that it opens."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from firmware_app.audio.source import AudioSource
from firmware_app.config.keys import AudioConfig
from firmware_app.config.places import Places
from tests.conftest import MakeUsb


@pytest.mark.parametrize(
    ("frames", "channels", "rate_hz", "says"),
    [(4800, 6, 48_000, "6 channels: a demo has 1 or 2"), (1, 1, 192_000, "too short a sound file")],
)
def test_a_demo_that_cannot_be_played_says_why(
    audio_places: Places, tmp_path: Path, frames: int, channels: int, rate_hz: int, says: str
) -> None:
    soundfile.write(tmp_path / "demo.wav", np.full((frames, channels), 0.1), rate_hz)
    opened = AudioSource(AudioConfig(device="demo", demo_file=str(tmp_path / "demo.wav")), audio_places).open()
    assert opened.io is None
    assert says in opened.message


@pytest.mark.rig
def test_what_the_interface_does_otherwise_is_said(
    audio_places: Places, make_usb: MakeUsb, caplog: pytest.LogCaptureFixture
) -> None:
    usb = make_usb(rates=96_000)
    with caplog.at_level("INFO"):
        opened = AudioSource(AudioConfig(device=usb.device), audio_places).open()
    assert opened.io is not None
    opened.io.close()
    assert "runs at 96000 Hz: resampling adds" in caplog.text
