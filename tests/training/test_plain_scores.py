"""What the plain set's scores mean, on sounds whose answer is known."""

import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training runs in its own environment, see training/requirements.txt")
pytest.importorskip("pesq")

import soundfile  # noqa: E402

from training import plain_scores  # noqa: E402
from training.data.mixer import SEGMENT_FRAMES  # noqa: E402
from training.data.sources import RATE_HZ  # noqa: E402
from training.model import DenoiseNet, NetShape  # noqa: E402


def voice() -> np.ndarray:
    """A harmonic tone with overtones to 10 kHz that stops every half second."""
    at = np.arange(SEGMENT_FRAMES) / RATE_HZ
    tone = sum(np.sin(2 * np.pi * 200 * n * at) / n for n in range(1, 50))
    return (0.1 * tone * (at % 1.0 < 0.5)).astype(np.float32)


def test_pauses_are_where_the_voice_is_not_and_noise_down_is_counted_there() -> None:
    clean = voice()
    share = plain_scores.pause_frames(clean).mean()
    assert 0.4 < share < 0.5
    noise = np.random.default_rng(1).normal(0, 0.05, len(clean)).astype(np.float32)
    assert plain_scores.noise_down_db(clean + noise, clean + 0.1 * noise, clean) == pytest.approx(20, abs=0.1)
    assert plain_scores.noise_down_db(clean + noise, 0.5 * clean + noise, clean) == pytest.approx(0, abs=0.1)
    assert plain_scores.noise_down_db(noise, noise, np.ones_like(clean)) is None


def test_the_error_of_the_top_is_of_the_top_alone() -> None:
    clean = voice()
    spectrum = np.fft.rfft(clean)
    hz = np.fft.rfftfreq(len(clean), 1 / RATE_HZ)
    inside = (hz >= 5000) & (hz < 8000)
    halved = np.fft.irfft(np.where(inside, 0.5 * spectrum, spectrum)).astype(np.float32)
    assert plain_scores.top_error_db(halved, clean) == pytest.approx(-6.02, abs=0.05)
    elsewhere = np.fft.irfft(np.where(inside, spectrum, 0)).astype(np.float32)
    assert plain_scores.top_error_db(elsewhere, clean) < -60
    assert plain_scores.top_error_db(clean, np.ones_like(clean)) is None


def test_a_network_that_changes_nothing_scores_what_was_mixed(tmp_path: Path) -> None:
    clean = voice()
    noise = np.random.default_rng(2).normal(0, 0.02, len(clean)).astype(np.float32)
    for name, kind in (("00", "speech_a"), ("01", "sing_b")):
        soundfile.write(tmp_path / f"{name}_noisy.flac", clean + noise, RATE_HZ)
        soundfile.write(tmp_path / f"{name}_clean.flac", clean, RATE_HZ)
        (tmp_path / "set.json").write_text(
            json.dumps([{"name": "00", "voice": "speech_a"}, {"name": "01", "voice": kind}])
        )
    torch.manual_seed(1)
    net = DenoiseNet(NetShape(width=16, blocks=1)).eval()
    with torch.no_grad():
        net.gains.bias.fill_(12.0)  # let everything pass
        net.gains.weight.zero_()
    row = plain_scores.scores(net, tmp_path)
    mixed = 10 * np.log10(np.square(clean).mean() / np.square(noise).mean())
    assert row["sung"] == pytest.approx(mixed, abs=0.6)
    assert row["spoken"] == row["sung"] == row["si_sdr"]
    assert abs(row["pauses"]) < 0.5
    assert row["clean_worst"] > 30
