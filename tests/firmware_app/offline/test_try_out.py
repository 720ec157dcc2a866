"""A try-out: two models on one sound, aligned and equally loud."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from firmware_app.config import places
from firmware_app.offline.try_out import loudness, try_out
from tests.rigs.checkout import MODELS

pytestmark = pytest.mark.bundle
LIVE, STUDIO = MODELS / "denoise-live", MODELS / "denoise-studio"


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sound") / "in.wav"
    demo, rate = soundfile.read(places.find().demo_vocal, dtype="float32")
    soundfile.write(path, demo[: 4 * rate], rate, subtype="PCM_16")
    return path


def test_both_are_as_long_as_the_sound_aligned_and_equally_loud(sound: Path, tmp_path: Path) -> None:
    targets = [tmp_path / "a.wav", tmp_path / "b.wav"]
    tried = try_out(sound, [LIVE, STUDIO], targets, {"denoise.amount_db": 40.0, "box.mute": 1.0, "panel.gone": 3.0})
    first, second = (soundfile.read(target, dtype="float32", always_2d=True)[0] for target in targets)
    assert len(first) == len(second) == soundfile.info(sound).frames
    assert max(tried.gain_db) == 0.0
    assert min(tried.gain_db) == pytest.approx(-abs(tried.lufs[0] - tried.lufs[1]), abs=1e-6)
    assert loudness(first) == pytest.approx(loudness(second), abs=0.05)
    assert not np.array_equal(first, second)
    shift = np.correlate(first[48_000:96_000, 0], second[48_000 + 500 : 96_000 - 500, 0], "valid")
    assert int(np.argmax(shift)) == 500  # however late each model is


def test_with_nothing_removed_both_are_the_sound_itself(sound: Path, tmp_path: Path) -> None:
    targets = [tmp_path / "a.wav", tmp_path / "b.wav"]
    tried = try_out(sound, [LIVE, STUDIO], targets, {"denoise.amount_db": 0.0, "box.bypass": 1.0})
    assert tried.gain_db == pytest.approx((0.0, 0.0), abs=0.05)


def test_silence_is_not_turned_up_or_down(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "in.wav", np.zeros((48_000, 1)), 48_000, subtype="PCM_16")
    targets = [tmp_path / "a.wav", tmp_path / "b.wav"]
    tried = try_out(tmp_path / "in.wav", [LIVE, STUDIO], targets, {})
    assert tried.gain_db == (0.0, 0.0)
    assert not soundfile.read(targets[0])[0].any()
