"""Delay and polarity between the sides of a mix are found where they are beyond doubt, and nowhere else."""

import numpy as np
import pytest

from dsp.layouts.stems import HOP_FRAMES, SYNTHESIS_FRAMES, WINDOW_FRAMES
from dsp.parts.stft import StreamingStft
from dsp.stems.features import StemsFrontEnd
from dsp.stems.sides import StemsSides

RATE_HZ = 48_000
DELAYS = (0, 5, 48, 240, 700, 960)


def noise(seconds: float, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.1, int(seconds * RATE_HZ))


def late(sound: np.ndarray, frames: int) -> np.ndarray:
    return np.concatenate((np.zeros(frames), sound))[: len(sound)]


def follow(left: np.ndarray, right: np.ndarray, sides: StemsSides | None = None) -> list[tuple[int, bool]]:
    """The delay and polarity in use after each hop."""
    sides, sound = sides or StemsSides(), np.stack((left, right), axis=1).astype(np.float32)
    stft = StreamingStft(2, WINDOW_FRAMES, SYNTHESIS_FRAMES, HOP_FRAMES)
    found = []
    for at in range(0, len(sound) // HOP_FRAMES * HOP_FRAMES, HOP_FRAMES):
        hop = sound[at : at + HOP_FRAMES]
        sides.hear(hop, stft.analyse(hop))
        found.append((sides.late_frames, sides.inverted))
    return found


def mixed() -> tuple[np.ndarray, np.ndarray]:
    """A centre, and louder sound of its own on either side."""
    return noise(3) + 1.2 * noise(3, 2), noise(3) + 1.2 * noise(3, 3)


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("frames", DELAYS)
def test_a_late_side_is_found_within_a_second(frames: int, sign: float) -> None:
    sound = noise(1.2)
    assert follow(sound, sign * late(sound, frames))[-1] == (frames, sign < 0)
    assert follow(late(sound, frames), sign * sound)[-1] == (-frames, sign < 0)


@pytest.mark.parametrize("frames", [0, 240, 960])
def test_a_wide_mix_is_found_too(frames: int) -> None:
    left, right = mixed()
    assert follow(left, -late(right, frames))[-1] == (frames, True)


def test_it_goes_back_when_the_cable_is_turned() -> None:
    left, right = mixed()
    right[RATE_HZ:] *= -1.0
    found = follow(left, -right)
    assert (0, True) in found
    assert found[-1] == (0, False)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (noise(3), noise(3, 2)),
        (noise(3), 0.0 * noise(3)),
        (0.0 * noise(3), 0.0 * noise(3)),
        mixed(),
        (noise(3) + noise(3, 2), -0.3 * noise(3) + noise(3, 3)),  # a wide pad, out of phase, among other things
        (noise(3) + 0.5 * late(noise(3), 300), noise(3) - 0.5 * late(noise(3), 300)),  # a centre and its echo
    ],
    ids=["unrelated", "one side", "silence", "wide", "a wide pad", "an echo"],
)
def test_what_is_in_order_is_left_alone(left: np.ndarray, right: np.ndarray) -> None:
    assert set(follow(left, right)) == {(0, False)}


def test_silence_forgets_nothing_and_unrelated_sides_do() -> None:
    sides, sound = StemsSides(), noise(1.2)
    follow(sound, -sound, sides)
    assert sides.inverted
    follow(0.0 * noise(3), 0.0 * noise(3), sides)
    assert sides.inverted
    follow(noise(5), noise(5, 2), sides)
    assert not sides.inverted


@pytest.mark.parametrize(("frames", "sign"), [(240, 1.0), (960, -1.0), (0, -1.0)])
def test_the_network_then_sees_both_sides_alike(frames: int, sign: float) -> None:
    sound = noise(2)
    both = np.stack((sound, sign * late(sound, frames)), axis=1).astype(np.float32)
    stft, sides, front = StreamingStft(2, WINDOW_FRAMES, SYNTHESIS_FRAMES, HOP_FRAMES), StemsSides(), StemsFrontEnd(2)
    for at in range(0, len(both) // HOP_FRAMES * HOP_FRAMES, HOP_FRAMES):
        hop = both[at : at + HOP_FRAMES]
        spectrum = stft.analyse(hop)
        before = spectrum.copy()
        _, balance, coherence = front.features(spectrum, sides.hear(hop, spectrum)).reshape(3, -1)
        assert np.array_equal(spectrum, before)  # the sound itself is not touched
    np.testing.assert_allclose(balance, 0.0, atol=1e-3)
    np.testing.assert_allclose(coherence, 1.0, atol=1e-2)


def test_reset_is_as_new() -> None:
    sides, sound = StemsSides(), noise(1.2)
    first = follow(sound, -late(sound, 480), sides)
    sides.reset()
    assert (sides.late_frames, sides.inverted) == (0, False)
    assert follow(sound, -late(sound, 480), sides) == first
