import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsp.parts.ramp import Ramp, ramp_frames

FRAMES = 480


def walk(ramp: Ramp, cuts: list[int]) -> np.ndarray:
    return np.concatenate([ramp.next(frames).copy() for frames in cuts])


@given(
    cuts=st.lists(st.integers(1, 300), min_size=1, max_size=40),
    start=st.floats(-20, 20, width=32),
    target=st.floats(-20, 20, width=32),
)
def test_how_frames_are_cut_into_blocks_changes_no_bit(cuts: list[int], start: float, target: float) -> None:
    cut, whole = Ramp(start, FRAMES, 300), Ramp(start, FRAMES, sum(cuts))
    cut.set(target)
    whole.set(target)
    assert np.array_equal(walk(cut, cuts), whole.next(sum(cuts)))


@given(targets=st.lists(st.floats(-1, 1), min_size=1, max_size=8), frames=st.integers(1, 300))
def test_no_step_is_larger_than_the_ramp_s_bound(targets: list[float], frames: int) -> None:
    ramp = Ramp(0.0, FRAMES, 300)
    values = [np.zeros(1, np.float32)]
    for target in targets:
        ramp.set(target)
        values.append(ramp.next(frames).copy())
    steps = np.abs(np.diff(np.concatenate(values)))
    assert steps.max() <= 2.0 / FRAMES + 1e-6


def test_it_arrives_exactly_on_its_last_frame() -> None:
    ramp = Ramp(0.0, FRAMES, FRAMES + 1)
    ramp.set(0.3)
    values = ramp.next(FRAMES + 1)
    assert values[FRAMES - 2] < np.float32(0.3) == values[FRAMES - 1] == values[FRAMES]
    assert ramp.still
    assert ramp.value == 0.3


def test_a_new_target_on_the_way_starts_from_where_it_is() -> None:
    ramp = Ramp(0.0, 100, 50)
    ramp.set(1.0)
    before = ramp.next(50)[-1]
    ramp.set(0.0)
    assert before == pytest.approx(0.5)
    assert ramp.next(1)[0] == pytest.approx(0.495)


def test_setting_the_same_target_again_does_not_slow_it_down() -> None:
    ramp, told_often = Ramp(0.0, 100, 10), Ramp(0.0, 100, 10)
    ramp.set(1.0)
    for _ in range(10):
        told_often.set(1.0)
        assert np.array_equal(ramp.next(10), told_often.next(10))
    assert told_often.still


def test_still_after_a_jump_and_not_while_walking() -> None:
    ramp = Ramp(0.0, 100, 10)
    assert ramp.still
    ramp.set(1.0)
    assert not ramp.still
    ramp.next(10)
    ramp.jump(0.25)
    assert ramp.still
    assert (ramp.next(10) == 0.25).all()


def test_length_in_frames() -> None:
    assert ramp_frames(20.0, 48_000) == 960
    assert ramp_frames(0.0) == 1
    with pytest.raises(ValueError, match="frames = 0"):
        Ramp(0.0, 0, 1)
