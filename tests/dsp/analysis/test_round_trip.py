"""The delay of a cable is found to the frame, or the fault is named."""

import numpy as np
import pytest

from dsp.analysis import round_trip
from dsp.analysis.round_trip import BURST_FRAMES, LEVELS_DB, SIGNAL_FRAMES, SLOT_FRAMES, Fault, burst, find, signal

NOISE = np.random.default_rng(5).standard_normal((SIGNAL_FRAMES, 2)).astype(np.float32)


def cable(delay_frames: int, gain_db: float = 0.0, noise_db: float = -90.0, column: int = 1) -> np.ndarray:
    """The recording of two inputs, with the output looped into one of them."""
    recorded = NOISE * 10 ** (noise_db / 20)
    recorded[delay_frames:, column] += signal()[: SIGNAL_FRAMES - delay_frames] * 10 ** (gain_db / 20)
    return np.clip(recorded, -1.0, 1.0)


def test_the_burst_is_a_maximum_length_sequence() -> None:
    bits = np.sign(burst().astype(np.float64))
    circular = np.fft.irfft(np.abs(np.fft.rfft(bits)) ** 2, BURST_FRAMES)
    assert circular[0] == pytest.approx(BURST_FRAMES)
    assert np.abs(circular[1:] + 1).max() < 1e-6  # -1 everywhere else


def test_the_signal_is_quiet_and_rises_without_a_click() -> None:
    levels = [np.abs(signal()[slot * SLOT_FRAMES :][:SLOT_FRAMES]).max() for slot in range(len(LEVELS_DB))]
    assert levels == pytest.approx([10 ** (db / 20) for db in LEVELS_DB])
    assert max(levels) <= 0.1
    assert abs(signal()[0]) < 1e-6  # below 24 bits


@pytest.mark.parametrize("delay_frames", [0, 1, 333, 1024, round_trip.MOST_DELAY_FRAMES])
@pytest.mark.parametrize("gain_db", [0.0, -20.0, 12.0])
def test_the_delay_is_exact(delay_frames: int, gain_db: float) -> None:
    found = find(cable(delay_frames, gain_db))
    assert (found.fault, found.frames, found.column, found.inverted) == (None, delay_frames, 1, False)


def test_it_is_found_under_noise() -> None:
    assert find(cable(480, noise_db=-24.0)).frames == 480


def test_a_loud_cable_is_measured_by_its_quieter_bursts() -> None:
    found = find(cable(480, gain_db=25.0))
    assert (found.fault, found.frames) == (None, 480)
    assert found.level_db == pytest.approx(-5.0, abs=0.5)


def test_a_turned_over_cable_is_told() -> None:
    found = find(-cable(77))
    assert (found.fault, found.frames, found.inverted) == (None, 77, True)


@pytest.mark.parametrize(
    ("recording", "fault"),
    [
        (NOISE * 0.01, Fault.NO_CABLE),
        (np.zeros_like(NOISE), Fault.NO_CABLE),
        (cable(480, gain_db=-42.0, noise_db=-48.0), Fault.TOO_LOW),
        (cable(480, gain_db=46.0), Fault.CLIPS),
    ],
    ids=["noise", "silence", "faint", "clipping"],
)
def test_what_cannot_be_measured_says_why(recording: np.ndarray, fault: Fault) -> None:
    assert find(recording).fault is fault


def test_sound_that_was_lost_between_is_unsteady() -> None:
    recording = cable(480)
    recording[SLOT_FRAMES:] = np.roll(recording[SLOT_FRAMES:], 128, axis=0)
    assert find(recording).fault is Fault.UNSTEADY
