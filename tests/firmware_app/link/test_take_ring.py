"""The take ring: lanes come out as they went in, aligned, however often it wraps; what is gone is said to be gone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dsp import native
from firmware_app.link.take_ring import READ_SECONDS, SECONDS, LaneForm, TakeReader, TakeRing

LANES = (LaneForm("dry", 2), LaneForm("wet", 1), LaneForm("vocals", 2))


def fill(ring: TakeRing, sounds: list[np.ndarray], block: int = 128) -> None:
    for at in range(0, len(sounds[0]), block):
        dry, *behind = [sound[at : at + block] for sound in sounds]
        ring.before(dry)
        ring.after(np.concatenate(behind, axis=1) if behind else dry[:, :0])


def noises(frames: int) -> list[np.ndarray]:
    random = np.random.default_rng(0)
    return [random.uniform(-1, 1, (frames, lane.channels)).astype(np.float32) for lane in LANES]


@pytest.mark.parametrize("latency", [0, 128, 500])
@pytest.mark.parametrize("in_c", [True, False])
def test_lanes_come_out_aligned_after_many_rounds(tmp_path: Path, latency: int, in_c: bool) -> None:
    frames = SECONDS * 48_000 + 77_777
    dry, *later = noises(frames)
    late = [np.concatenate([np.zeros((latency, sound.shape[1]), np.float32), sound])[:frames] for sound in later]
    with native.switched(in_c):
        ring = TakeRing(tmp_path / "takes", LANES, latency)
    fill(ring, [dry, *late], 441)
    reader = TakeReader(tmp_path / "takes")
    state = reader.look()
    assert state is not None
    assert (state.lanes, state.written, state.latency_frames, state.gaps) == (LANES, frames, latency, 0)
    begin = frames - 48_000 * 5
    got = reader.read(begin, 4800, state.latency_frames)
    assert got is not None
    for read, sound in zip(got, [dry, *later], strict=True):
        assert np.array_equal(read, sound[begin : begin + 4800])


def test_what_is_not_there_yet_or_no_longer_is_not_given(tmp_path: Path) -> None:
    ring, reader = TakeRing(tmp_path / "takes", LANES, 128), TakeReader(tmp_path / "takes")
    assert reader.look() is not None
    assert reader.read(0, 1) is None
    fill(ring, noises(48_000))
    assert reader.read(0, 48_000) is not None
    assert reader.read(0, 48_000, 128) is None  # the later lanes have not come that far
    assert reader.read(48_000 - 127, 128) is None
    assert reader.read(-1, 10) is None
    fill(ring, noises(READ_SECONDS * 48_000))
    assert reader.read(0, 10) is None
    assert reader.read(48_000, 10) is not None


def test_a_reader_follows_to_a_new_ring_and_waits_for_the_first(tmp_path: Path) -> None:
    reader = TakeReader(tmp_path / "takes")
    assert reader.look() is None
    assert reader.read(0, 1) is None
    fill(TakeRing(tmp_path / "takes", LANES, 0), noises(1000))
    first = reader.look()
    TakeRing(tmp_path / "takes", LANES[:1], 0)
    second = reader.look()
    assert first is not None
    assert second is not None
    assert first.generation != second.generation
    assert (second.lanes, second.written) == (LANES[:1], 0)
    reader.close()
    (tmp_path / "takes").write_bytes(b"something else" * 1000)
    assert reader.look() is None


def test_gaps_are_counted(tmp_path: Path) -> None:
    ring, reader = TakeRing(tmp_path / "takes", LANES, 0), TakeReader(tmp_path / "takes")
    ring.gap()
    ring.gap()
    ring.set_latency(77)
    state = reader.look()
    assert state is not None
    assert (state.gaps, state.latency_frames) == (2, 77)
