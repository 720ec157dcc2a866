"""Files are processed many periods at once: the sound and its delay are those of one period at a time."""

import math
from pathlib import Path

import numpy as np
import pytest
import soundfile

from dsp.inference.bundle import Bundle, list_bundles
from dsp.rack.build import build_chain
from firmware_app.offline import chain as offline
from firmware_app.offline.chain import Summary, process_file
from tests.rigs.checkout import MODELS

BUNDLES = {path.name: path for path in list_bundles(MODELS)}


def song(channels: int) -> np.ndarray:
    """Three seconds with hum, rumble, noise, a loud and a clipped part, and silence."""
    rng, at = np.random.default_rng(3), np.arange(3 * 48_000)[:, None] / 48_000
    sound = 0.02 * rng.standard_normal((len(at), channels)) + 0.1 * np.sin(2 * np.pi * 50 * at)
    sound = sound + 0.3 * np.sin(2 * np.pi * (220 + 30 * np.sin(3 * at)) * at) * (np.sin(7 * at) > 0)
    sound += 0.2 * np.sin(2 * np.pi * 5 * at) * (at > 2.0)
    sound[60_000:70_000] *= 8.0
    sound[90_000:100_000] = 0.0
    return np.clip(sound, -1.0, 1.0).astype(np.float32)


def processed(
    folder: Path, bundle: Path | None, period: int, values: dict[str, float], keep: bool
) -> tuple[np.ndarray, Summary]:
    chain = build_chain(bundle, real_time=False)
    for id, value in values.items():
        chain.set_param(id, value)
    summary = process_file(chain, folder / "in.wav", folder / "out.wav", period, keep)
    return soundfile.read(folder / "out.wav", dtype="float32", always_2d=True)[0], summary


LOUD = {"input.gain_db": 12.0, "output.gain_db": 6.0, "box.wet_percent": 70.0}
CASES = [
    *[(name, 128, 1, {}, False) for name in BUNDLES],
    ("denoise-live", 128, 2, LOUD, False),
    ("denoise-studio", 64, 2, LOUD, True),
    ("denoise-instant", 96, 1, LOUD, True),
    ("stems-light", 256, 2, LOUD, False),
    ("none", 128, 2, LOUD, False),
]


@pytest.mark.parametrize(("name", "period", "channels", "values", "keep_latency"), CASES)
def test_many_periods_at_once_change_nothing(
    name: str,
    period: int,
    channels: int,
    values: dict[str, float],
    keep_latency: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    soundfile.write(tmp_path / "in.wav", song(channels), 48_000, subtype="FLOAT")
    results = []
    for at_once in (1, offline.PERIODS_AT_ONCE):
        monkeypatch.setattr(offline, "PERIODS_AT_ONCE", at_once)
        results.append(processed(tmp_path, BUNDLES.get(name), period, values, keep_latency))
    (one, told_of_one), (many, told_of_many) = results
    assert np.abs(many - one).max() <= 1e-6
    assert np.abs(one).max() > 0.05
    assert told_of_many.latency_frames == told_of_one.latency_frames


def test_the_number_of_periods_is_prime_to_every_hop() -> None:
    hops = {Bundle.load(folder).hop_frames for folder in BUNDLES.values()}
    assert hops == {128, 480, 512}
    assert all(math.gcd(offline.PERIODS_AT_ONCE, hop) == 1 for hop in hops)
