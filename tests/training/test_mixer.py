"""What the training mixes are made of: every kind of noise is sound, whatever the dice say."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="training runs in its own environment, see training/requirements.txt")

from training.data import bursts, noise_synth
from training.data.decode import Stretch
from training.data.loader import mix_gains
from training.data.mixer import NOISE_SHARES, SEGMENT_FRAMES, WHISTLE, Mixer
from training.data.sources import FULL_HZ, RATE_HZ


@pytest.fixture(scope="module")
def mixer(cache: Path) -> Mixer:
    return Mixer(cache, "train", np.random.default_rng(1))


@pytest.mark.parametrize("name", ["hiss", "hum", "fan", "traffic", "texture", "buzz", "amplifier", "drift"])
def test_noise_made_from_scratch_is_sound(name: str) -> None:
    _assert_sound(getattr(noise_synth, name))


@pytest.mark.parametrize("burst", bursts.BURSTS)
def test_bursts_are_sound(burst: Callable[..., noise_synth.Audio]) -> None:
    _assert_sound(burst)


@pytest.mark.parametrize("kind", list(NOISE_SHARES))
def test_every_kind_of_noise_can_be_drawn(mixer: Mixer, kind: str) -> None:
    assert mixer.one_noise(kind).shape == (SEGMENT_FRAMES,)


def _assert_sound(make: Callable[..., noise_synth.Audio]) -> None:
    rng = np.random.default_rng(2)
    for _ in range(6):
        noise = make(rng, 48_000)
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


def _only(mixer: Mixer, sound: np.ndarray, group: str, top_hz: float, patch: pytest.MonkeyPatch) -> None:
    """Let `group` be one recording, and the only voice."""
    patch.setitem(mixer._audio, group, sound)
    patch.setitem(mixer._stretches, group, [Stretch(0, len(sound), group, f"fullband/{group}_1", top_hz, "train")])
    patch.setitem(mixer._weights, group, np.array([1.0]))
    patch.setattr(mixer, "_voice_groups", [group])
    patch.setattr(mixer, "_voice_shares", np.array([1.0]))


def _noise_up_to(top_hz: float) -> np.ndarray:
    spectrum = np.fft.rfft(np.random.default_rng(6).normal(0, 3000, 400_000))
    spectrum[int(top_hz * 400_000 / RATE_HZ) :] = 0
    return np.fft.irfft(spectrum).astype(np.int16)


def test_a_voice_that_ends_early_is_always_carried_on_and_then_counts_everywhere(mixer: Mixer) -> None:
    with pytest.MonkeyPatch.context() as patch:
        _only(mixer, _noise_up_to(6300), "kerstin", 6300.0, patch)
        for _ in range(10):
            voice, top_hz = mixer.voice()
            power = np.square(np.abs(np.fft.rfft(voice)))
            hz = np.fft.rfftfreq(len(voice), 1 / RATE_HZ)
            assert top_hz == FULL_HZ
            assert power[(hz > 8000) & (hz < 12_000)].sum() > 1e-3 * power[(hz > 3000) & (hz < 6000)].sum()


@pytest.mark.parametrize("ends_hz", [7000.0, 10_900.0, 17_500.0])
def test_a_voice_with_a_top_is_carried_on_or_counts_up_to_it(mixer: Mixer, ends_hz: float) -> None:
    tops = []
    with pytest.MonkeyPatch.context() as patch:
        _only(mixer, _noise_up_to(ends_hz), "flemishguy", ends_hz, patch)
        for _ in range(25):
            voice, top_hz = mixer.voice()
            power = np.square(np.abs(np.fft.rfft(voice)))
            hz = np.fft.rfftfreq(len(voice), 1 / RATE_HZ)
            if top_hz == FULL_HZ:  # made up above its top, or cut off lower and made up from there
                assert power[hz > ends_hz].sum() > 1e-5 * power.sum()
            else:
                assert 0.9 * ends_hz <= top_hz <= ends_hz
                assert power[hz > 1.15 * ends_hz].sum() < 1e-3 * power.sum()
            tops.append(top_hz)
    assert FULL_HZ in tops
    assert min(tops) < FULL_HZ


def test_whistling_is_a_voice_but_nobody_in_a_crowd(mixer: Mixer) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mixer, "_voice_groups", [WHISTLE, "kerstin"])
        patch.setattr(mixer, "_voice_shares", np.array([1.0, 0.0]))
        voice, top_hz = mixer.voice()
        assert top_hz == FULL_HZ
        power = np.square(np.abs(np.fft.rfft(voice)))
        hz = np.fft.rfftfreq(len(voice), 1 / RATE_HZ)
        assert power[(hz > 400) & (hz < 5000)].sum() > 0.9 * power.sum()
        for _ in range(8):  # whistling has no recording: drawn for a crowd, it would be a KeyError
            mixer.one_noise("babble")


def test_a_crowd_with_voices_is_heard_from_afar_only(mixer: Mixer) -> None:
    assert {stretch.group for stretch in mixer._stretches["noises"]} == {"berlin"}
    assert {stretch.group for stretch in mixer._stretches["crowd"]} == {"crowd"}
    with pytest.MonkeyPatch.context() as patch:
        placed = []
        patch.setattr("training.data.mixer.CROWD_SHARE", 1.0)
        patch.setattr(mixer, "_far", lambda sound, near: placed.append(near) or sound)
        mixer.one_noise("babble")
    assert len(placed) == 1
    assert placed[0] < 0.7


def test_voices_that_are_not_there_are_named(mixer: Mixer) -> None:
    with pytest.raises(ValueError, match=r"no recordings of sung, singing in the cache.*run\.sh data"):
        mixer.only_voices({"sung": 1.0, "singing": 1.0})
    mixer.only_voices({"sung": 1.0, "kerstin": 1.0})
    assert mixer.voice()[0].shape == (SEGMENT_FRAMES,)
