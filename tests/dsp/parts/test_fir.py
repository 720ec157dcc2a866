import numpy as np
import pytest

from dsp.parts.fir import MovingFir

RNG = np.random.default_rng(3)
SOUND = RNG.normal(0, 0.3, (6000, 2)).astype(np.float32)
TAPS, AHEAD, FADE = 40, 8, 16


def fir(channels: int = 2) -> MovingFir:
    return MovingFir(channels, TAPS, AHEAD, FADE, 128)


def random_taps(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.2, TAPS).astype(np.float32)


def play(filter_: MovingFir, sound: np.ndarray, cut: int, changes: dict[int, np.ndarray]) -> np.ndarray:
    """Filter in blocks of `cut` frames, shorter where the taps change. taps: by the frame before which they are set."""
    wet, at = [], 0
    while at < len(sound):
        if at in changes:
            filter_.set_taps(changes[at])
        end = min([at + cut, len(sound), *(change for change in changes if change > at)])
        wet.append(filter_.process(sound[at:end]).copy())
        at = end
    return np.concatenate(wet)


def filtered(sound: np.ndarray, taps: np.ndarray) -> np.ndarray:
    """The textbook convolution. taps: oldest frame first; the last AHEAD of them are in the output's future."""
    return np.stack([np.convolve(column, taps[::-1])[: len(sound)] for column in sound.T], axis=1)


def test_untouched_it_is_a_delay_which_changes_no_bit() -> None:
    wet = play(fir(), SOUND, 128, {})
    assert np.array_equal(wet[AHEAD:], SOUND[:-AHEAD])


def test_it_convolves() -> None:
    taps = random_taps(1)
    wet = play(fir(), SOUND, 128, {0: taps})
    assert np.allclose(wet[TAPS:], filtered(SOUND, taps)[TAPS:], atol=1e-6)


def test_new_taps_fade_in_frame_by_frame() -> None:
    first, second, change = random_taps(1), random_taps(2), 512
    wet = play(fir(), SOUND, 128, {0: first, change: second})
    before, after = filtered(SOUND, first), filtered(SOUND, second)
    rise = np.clip((np.arange(len(SOUND)) - change + 0.5) / FADE, 0, 1)[:, None]
    assert np.allclose(wet[TAPS:], (before + rise * (after - before))[TAPS:], atol=1e-6)


@pytest.mark.parametrize("cut", [1, 7, 16, 33, 64, 100])
def test_where_blocks_end_changes_nothing(cut: int) -> None:
    changes = {at: random_taps(at) for at in range(0, len(SOUND), 128)}
    expected = play(fir(), SOUND, 128, changes)
    assert np.allclose(play(fir(), SOUND, cut, changes), expected, atol=1e-6)


def test_reset_is_as_new() -> None:
    used = fir()
    play(used, SOUND, 128, {0: random_taps(1)})
    used.reset()
    assert np.array_equal(play(fir(), SOUND, 64, {}), play(used, SOUND, 64, {}))


def test_the_newest_frames_are_the_last_that_came_in() -> None:
    filter_ = fir()
    play(filter_, SOUND, 100, {})
    assert np.array_equal(filter_.newest(30), SOUND[-30:])


@pytest.mark.parametrize("sizes", [(0, 40, 8, 16, 128), (1, 40, 40, 16, 128), (1, 40, -1, 16, 128), (1, 40, 8, 0, 128)])
def test_impossible_sizes_are_refused(sizes: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="lookahead_frames from 0 to taps_frames - 1"):
        MovingFir(*sizes)
