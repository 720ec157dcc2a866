"""Tiny bundles, and a way to run sound through a chain."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from dsp.inference.bundle import Bundle
from dsp.rack.chain import Chain
from tests.rigs.tiny_bundle import tiny_models as make_models
from tests.rigs.tiny_bundle import write_bundle

# --- the bundles ---


@pytest.fixture(scope="session")
def tiny_models() -> dict[str, bytes]:
    return make_models("denoise")


@pytest.fixture
def tiny_folder(tmp_path: Path, tiny_models: dict[str, bytes]) -> Path:
    """A folder with a whole bundle, to load or to spoil."""
    return write_bundle(tmp_path / "tiny", tiny_models, "denoise")


@pytest.fixture
def tiny_bundle(tiny_folder: Path) -> Bundle:
    return Bundle.load(tiny_folder)


@pytest.fixture(scope="session")
def tiny_stems_models() -> dict[str, bytes]:
    return make_models("stems")


@pytest.fixture
def tiny_stems(tmp_path: Path, tiny_stems_models: dict[str, bytes]) -> Bundle:
    return Bundle.load(write_bundle(tmp_path / "tiny-stems", tiny_stems_models, "stems"))


# --- sound ---

Run = Callable[..., np.ndarray]


def run_chain(
    chain: Chain, signal: np.ndarray, period: int = 128, *, at: dict[int, Callable[[Chain], None]] | None = None
) -> np.ndarray:
    """The output of a prepared chain for `signal` (frames, channels), cut or padded to whole periods.

    at: calls to make with the chain, each before the block of its number.
    """
    blocks = -(-len(signal) // period)
    out = np.zeros((blocks * period, signal.shape[1]), np.float32)
    out[: len(signal)] = signal
    for number in range(blocks):
        if at and number in at:
            at[number](chain)
        chain.process(out[number * period : (number + 1) * period])
    return out


@pytest.fixture
def run() -> Run:
    return run_chain


@pytest.fixture
def voice() -> np.ndarray:
    """A second of something like a sung vowel in noise. Shape (48000, 1), below full scale."""
    rng = np.random.default_rng(11)
    t = np.arange(48000) / 48000
    sound = sum(np.sin(2 * np.pi * 160 * n * t) / n for n in range(1, 20)) * (0.1 + 0.1 * np.sin(2 * np.pi * 3 * t))
    sound += rng.normal(0, 0.01, len(t))
    return sound.astype(np.float32)[:, None]
