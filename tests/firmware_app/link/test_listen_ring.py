"""The listen ring: what went in comes out, aligned, however often it wraps."""

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile

from dsp import native
from firmware_app.link.listen_ring import READ_SECONDS, SECONDS, ListenRing, read_wavs


def read(path: Path):
    return [soundfile.read(io.BytesIO(wav), dtype="float32", always_2d=True)[0] for wav in read_wavs(path)]


def fill(ring: ListenRing, sound, latency: int, block: int) -> None:
    """Play `sound` through a 'chain' that only delays."""
    delayed = np.concatenate([np.zeros((latency, sound.shape[1]), np.float32), sound])[: len(sound)]
    for at in range(0, len(sound), block):
        ring.write(0, sound[at : at + block])
        ring.write(1, delayed[at : at + block])


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("seconds", [1.5, SECONDS + 3.3])
def test_before_and_after_are_aligned(tmp_path: Path, channels: int, seconds: float) -> None:
    path, latency = tmp_path / "listen", 128
    ring = ListenRing(path, channels, latency)
    sound = np.random.default_rng(0).uniform(-0.9, 0.9, (int(seconds * 48_000), channels)).astype(np.float32)
    fill(ring, sound, latency, 100)
    before, after = read(path)
    frames = min(READ_SECONDS * 48_000, len(sound) - latency)
    assert before.shape == after.shape == (frames, channels)
    assert np.abs(before - after).max() < 1e-4
    assert np.abs(before - sound[len(sound) - latency - frames : len(sound) - latency]).max() < 1e-4


def test_the_part_in_c_writes_the_same(tmp_path: Path) -> None:
    written = []
    for on in (True, False):
        rng = np.random.default_rng(3)
        with native.switched(on):
            ring = ListenRing(tmp_path / "listen", 2, 0)
        for _ in range(400):  # round once, and a block across the end
            block = rng.uniform(-1, 1, (1441, 3)).astype(np.float32)
            ring.write(0, block[:, :2])
            ring.write(1, block[:, 1:])
        written.append((tmp_path / "listen").read_bytes())
    assert written[0] == written[1]


def test_there_is_nothing_before_the_first_block(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_wavs(tmp_path / "listen")
    ListenRing(tmp_path / "listen", 1, 128)
    with pytest.raises(FileNotFoundError, match="no sound"):
        read_wavs(tmp_path / "listen")


def test_another_chain_moves_before_against_after(tmp_path: Path) -> None:
    ring = ListenRing(tmp_path / "listen", 1, latency_frames=0)
    ring.set_latency(128)
    sound = np.random.default_rng(0).uniform(-0.5, 0.5, (1280, 1)).astype(np.float32)
    late = np.concatenate([np.zeros((128, 1), np.float32), sound])[:1280]
    ring.write(0, sound)
    ring.write(1, late)
    before, after = read_wavs(tmp_path / "listen")
    assert before == after
