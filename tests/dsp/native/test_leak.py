"""Leak foreseen and learnt in C and in NumPy: the same, partition by partition, wherever the ring begins."""

from __future__ import annotations

import numpy as np
import pytest

from dsp import native
from dsp.native import bound
from dsp.restore.bleed_music import Music
from dsp.restore.bleed_path import LeakPath
from tests.rigs.both_ways import assert_close, pair, sound

MUSIC = np.zeros((2, 1024), np.float32), np.zeros((2, 256), np.float32), np.zeros(3)
pytestmark = pytest.mark.usefixtures("native_part")


@pytest.mark.parametrize("columns", [1, 2, 3])
def test_a_path_learns_the_same(columns: int) -> None:
    """Both hear the same music and microphone for long enough to fill the ring twice."""
    rng = np.random.default_rng(columns)
    musics = pair(lambda: Music(columns, 12_000))
    paths = [pair(lambda: LeakPath(musics[0]))[0], pair(lambda: LeakPath(musics[1]))[1]]
    assert paths[0]._learner._native is not None
    assert paths[1]._learner._native is None
    for block in range(120):
        played, heard = sound(rng, 128, columns), rng.standard_normal(128).astype(np.float32) * np.float32(0.1)
        heard += np.float32(0.3) * played[:, 0]
        at = block * 128 % 512
        found = []
        for on, music, path in ((True, musics[0], paths[0]), (False, musics[1], paths[1])):
            with native.switched(on):
                music.take(played, 128, at)
                found.append(path.foresee(heard, at).copy())
                if at == 384:
                    music.step()
                path.turn((at + 128) % 512 // 128)
        assert np.abs(found[0] - found[1]).max() < 2e-3
    weights = [path._learner.weights for path in paths]
    assert np.abs(weights[0] - weights[1]).max() < 2e-3
    assert np.abs(weights[0]).max() > 0.05
    assert np.abs(paths[0]._learner.gap - paths[1]._learner.gap).max() < 2e-3


def test_sums_of_some_partitions() -> None:
    rng = np.random.default_rng(1)
    spectra, weights = (rng.standard_normal((2, 5, 2, 9)) + 1j * rng.standard_normal((2, 5, 2, 9))).astype(np.complex64)
    part = bound.paths(spectra, weights, 3, 4)
    assert part is not None
    for newest in range(5):
        out = np.ones(9, np.complex64)
        part.sum(1, 4, newest, out)
        parts = [(weights[p] * spectra[(newest + p) % 5]).sum(axis=0) for p in range(1, 4)]
        parts[2][4:] = 0.0  # the partitions from the third on have four bins
        assert_close(out, 1.0 + sum(parts))


def test_what_does_not_fit_is_refused() -> None:
    spectra = np.zeros((3, 1, 5), np.complex64)
    part = bound.paths(spectra, spectra.copy(), 3, 5)
    assert part is not None
    with pytest.raises(ValueError, match="last = 4: allowed 0 to 3"):
        part.sum(0, 4, 0, np.zeros(5, np.complex64))
    with pytest.raises(ValueError, match="newest = 3: allowed 0 to 2"):
        part.sum(0, 3, 3, np.zeros(5, np.complex64))
    with pytest.raises(ValueError, match="out has 32 bytes: 40 are needed"):
        part.sum(0, 3, 0, np.zeros(4, np.complex64))
    with pytest.raises(ValueError, match="Paths: weights has 14 values: 15 are needed"):
        native.hop.Paths(3, 1, 5, 3, 5, spectra, np.zeros(14, np.complex64))
    with pytest.raises(ValueError, match="there are more low bins than bins"):
        bound.paths(spectra, spectra.copy(), 3, 6)
    music = bound.leak_music(512, *(np.zeros(shape, np.complex64) for shape in [(8, 2, 129)]), *MUSIC)
    assert music is not None
    with pytest.raises(ValueError, match="music has 100 frames: allowed 64 at most"):
        music.take(np.zeros((100, 2), np.float32), 64, 0)
    with pytest.raises(ValueError, match="music has 1 columns: allowed 2 or more"):
        music.take(np.zeros((64, 1), np.float32), 64, 0)


def test_values_lean_on_the_ones_before() -> None:
    calls = bound.calls()
    assert calls is not None
    values = np.array([1.0, 0.0, 2.0], np.float32)
    assert calls.lean(values, 0.5, 4.0) == pytest.approx(2.75)
    assert values.tolist() == [3.0, 1.5, 2.75]
