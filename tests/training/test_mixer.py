"""What the training mixes are made of: every kind of noise is sound, whatever the dice say."""

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="training runs in its own environment, see training/requirements.txt")

from training.data import noise_synth
from training.data.decode import Stretch
from training.data.loader import mix_gains
from training.data.mixer import SEGMENT_FRAMES, Mixer
from training.data.sources import RATE_HZ, ends_hz

KINDS = {
    "voices": ("kerstin", 400_000),
    "noises": ("berlin", 500_000),
    "music": ("drums", 300_000),
    "rooms": ("hall", 9000),
}


@pytest.fixture(scope="module")
def mixer(tmp_path_factory: pytest.TempPathFactory) -> Mixer:
    cache: Path = tmp_path_factory.mktemp("cache")
    rng = np.random.default_rng(1)
    for kind, (group, frames) in {**KINDS, "notes": ("keys", 20_000)}.items():
        fall = np.exp(-np.arange(frames) / 2000) if kind == "rooms" else 1.0
        (rng.normal(0, 3000, frames) * fall).astype(np.int16).tofile(cache / f"{kind}.i16")
        stretch = Stretch(0, frames, group, "one", False, "train")
        (cache / f"{kind}.json").write_text(json.dumps([asdict(stretch)]))
    return Mixer(cache, "train", rng)


@pytest.mark.parametrize("name", ["hiss", "hum", "fan", "traffic", "texture", "breath", "thumps", "clicks"])
def test_noise_made_from_scratch_is_sound(name: str) -> None:
    rng = np.random.default_rng(2)
    for _ in range(6):
        noise = getattr(noise_synth, name)(rng, 48_000)
        assert noise.shape == (48_000,)
        assert noise.dtype == np.float32
        assert np.isfinite(noise).all()
        assert np.abs(noise).max() > 1e-3


def test_examples_are_finite_and_of_every_kind(mixer: Mixer) -> None:
    kinds, bleeds = set(), 0
    for _ in range(60):
        example = mixer.example()
        for sound in (example.voice, example.target, example.noise):
            assert sound.shape == (SEGMENT_FRAMES,)
            assert np.isfinite(sound).all()
        assert 15 <= example.snr_db <= 40 if example.bleed else -6 <= example.snr_db <= 28
        voice_gain, noise_gain = mix_gains(example, example.noise, example.snr_db, example.level_db)
        assert (voice_gain == 0) == (example.kind == "noise")
        assert (noise_gain == 0) == (example.kind == "clean")
        kinds.add(example.kind)
        bleeds += example.bleed
    assert "mix" in kinds
    assert bleeds


def test_recordings_that_end_below_what_a_voice_has_are_known_by_name_and_by_rate() -> None:
    assert ends_hz("fullband/kerstin_012", False) == 6300.0
    assert ends_hz("wideband/ocean_001", True) == 7000.0
    assert ends_hz("fullband/philipp_000", False) is None


def test_a_voice_that_ends_early_is_always_carried_on_and_scored_up_to_its_top(mixer: Mixer) -> None:
    rng = np.random.default_rng(6)
    spectrum = np.fft.rfft(rng.normal(0, 3000, 400_000))
    spectrum[int(6300 * 400_000 / RATE_HZ) :] = 0
    dull = np.fft.irfft(spectrum).astype(np.int16)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(mixer._audio, "voices", dull)
        patch.setitem(
            mixer._stretches, "kerstin", [Stretch(0, 400_000, "kerstin", "fullband/kerstin_1", False, "train")]
        )
        for _ in range(10):
            voice, wideband = mixer.voice()
            power = np.square(np.abs(np.fft.rfft(voice)))
            hz = np.fft.rfftfreq(len(voice), 1 / RATE_HZ)
            assert not wideband
            assert power[(hz > 8000) & (hz < 12_000)].sum() > 1e-3 * power[(hz > 3000) & (hz < 6000)].sum()
