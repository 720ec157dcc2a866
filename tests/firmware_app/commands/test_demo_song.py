"""The demo song is small, as loud as a record, the same in mono, and fit to be looped."""

import numpy as np
import pytest
import soundfile

from dsp.analysis.loudness import HOP_FRAMES, Loudness
from firmware_app.config import places
from hw.audio.files.wav_input import SMALL_BYTES
from training.demo_song.score import FRAMES, LAST_BAR, PROGRESSION

pytestmark = pytest.mark.bundle


@pytest.fixture(scope="module")
def shipped() -> np.ndarray:
    """(frames, 3): left, the singer, right."""
    sound, rate_hz = soundfile.read(places.find().demo_song, dtype="float32")
    assert rate_hz == 48_000
    return sound


def lufs(sound: np.ndarray) -> float:
    meter = Loudness(sound.shape[1], 60.0)
    for at in range(0, len(sound) - HOP_FRAMES + 1, HOP_FRAMES):
        meter.add(sound[at : at + HOP_FRAMES])
    return meter.lufs


def test_it_is_small_and_whole(shipped: np.ndarray):
    assert shipped.shape == (FRAMES, 3)
    assert shipped.nbytes <= SMALL_BYTES  # held in memory, so that no file is read while it plays
    assert places.find().demo_song.stat().st_size <= 700_000
    assert len(PROGRESSION) == LAST_BAR + 1


def test_it_is_as_loud_as_a_record_and_does_not_clip(shipped: np.ndarray):
    song = shipped[:, [0, 2]]
    assert lufs(song) == pytest.approx(-14.0, abs=0.5)
    assert np.abs(song).max() < 0.98


def test_nothing_is_lost_in_mono(shipped: np.ndarray):
    song = shipped[:, [0, 2]]
    assert 10 * np.log10(np.mean(song.mean(axis=1) ** 2) / np.mean(song**2)) > -1.5


def test_the_loop_has_no_seam(shipped: np.ndarray):
    """The step over the seam is like any other between two samples."""
    steps = np.abs(np.diff(shipped, axis=0))
    assert (np.abs(shipped[0] - shipped[-1]) < np.quantile(steps, 0.999, axis=0)).all()
