"""Objects of C come and go without keeping anything; what they hold stays alive as long as they do."""

import gc
import sys
import weakref

import numpy as np
import pytest

from dsp import native
from dsp.native import bound

pytestmark = pytest.mark.usefixtures("native_part")


def make() -> object:
    frames = [np.zeros(shape, np.float32) for shape in ((768,), (256,), (1, 1536), (1, 128), (128, 1))]
    analysis, synthesis, past, tail, out = frames
    return bound.stft(128, analysis, synthesis, past, np.zeros((1, 385), np.complex64), tail, out)


def test_ten_thousand_leave_nothing_behind() -> None:
    for _ in range(100):
        make()
    gc.collect()
    before = sys.getallocatedblocks()
    for _ in range(10_000):
        make()
    gc.collect()
    assert sys.getallocatedblocks() - before < 100


def test_ten_thousand_refusals_leave_nothing_behind() -> None:
    past, kept = np.zeros((4, 2), np.float32), np.zeros(3, np.float32)

    def refused() -> None:
        with pytest.raises(ValueError, match="needed"):
            native.hop.Ring(5, 2, past)
        with pytest.raises(ValueError, match="needed"):
            native.hop.scale(past, kept)

    for _ in range(100):
        refused()
    counts = sys.getrefcount(past), sys.getrefcount(kept)
    for _ in range(1_000):
        refused()
    assert (sys.getrefcount(past), sys.getrefcount(kept)) == counts


def test_arrays_live_as_long_as_what_holds_them() -> None:
    ring = np.ones((8, 2), np.float32)
    watch = weakref.ref(ring)
    holder = bound.ring(ring)
    assert holder is not None
    del ring
    gc.collect()
    out = np.zeros((8, 2), np.float32)
    holder.read(out, 0)
    assert out.min() == 1.0
    del holder
    gc.collect()
    assert watch() is None


def test_a_shared_transform_outlives_its_cache() -> None:
    stft = make()
    bound._transform.cache_clear()
    gc.collect()
    assert stft is not None
    stft.analyse(np.ones((128, 1), np.float32), 0)  # type: ignore[attr-defined]


def test_denormals_of_this_thread() -> None:
    tiny = np.full(4, 1e-41, np.float32)
    before = native.flush_denormals(True)
    if before is None:
        pytest.skip("this machine has no such switch")
    try:
        assert native.flush_denormals(True) is True
        assert not (tiny * np.float32(1.0)).any()
    finally:
        native.flush_denormals(before)
    assert (tiny * np.float32(1.0)).all()
