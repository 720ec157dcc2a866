"""Freeze: the held sound is the sound at the press; it is steady for as long as it is held, and silent otherwise."""

import math

import numpy as np
import pytest

from dsp.rack.chain import Chain
from dsp.rack.freeze import FREEZE, NEEDED, Freeze

RATE = 48_000


def tones(frames: int, *hz: float) -> np.ndarray:
    t = np.arange(frames) / RATE
    return np.stack([0.2 * np.sin(2 * np.pi * f * t + f) for f in hz], axis=1).astype(np.float32)


def run(freeze: Freeze, sound: np.ndarray, period: int) -> np.ndarray:
    blocks = []
    for start in range(0, len(sound) // period * period, period):
        block = sound[start : start + period].copy()
        freeze.process(block)
        blocks.append(block)
    return np.concatenate(blocks)


def frozen(sound: np.ndarray, then_s: float, period: int = 128) -> np.ndarray:
    """The output during `then_s` of silence, after `sound` was frozen."""
    freeze = Freeze()
    freeze.prepare(RATE, period, sound.shape[1])
    assert np.array_equal(run(freeze, sound, period), sound[: len(sound) // period * period])
    freeze.set_param(FREEZE.id, 1.0)
    return run(freeze, np.zeros((int(then_s * RATE), sound.shape[1]), np.float32), period)


@pytest.mark.parametrize("hz", [61.3, 220.0, 997.0, 8000.0])
def test_a_tone_goes_on_at_its_pitch_and_level(hz: float):
    held = frozen(tones(RATE // 2, hz), 4.0)[-RATE:, 0]
    spectrum = np.abs(np.fft.rfft(held * np.hanning(RATE)))
    assert np.argmax(spectrum) == pytest.approx(hz, abs=1.0)
    level = np.sqrt(np.mean(held.reshape(50, -1) ** 2, axis=1))  # each 20 ms
    assert level == pytest.approx(0.2 / np.sqrt(2), rel=0.1)


def test_it_stays_as_it_is_for_as_long_as_it_is_held():
    held = frozen(tones(RATE // 2, 220.0, 331.0), 60.0)
    early, late = held[RATE : 2 * RATE], held[-RATE:]
    assert np.sqrt(np.mean(late**2, axis=0)) == pytest.approx(np.sqrt(np.mean(early**2, axis=0)), rel=0.01)


def test_each_channel_holds_its_own():
    sound = tones(RATE // 2, 220.0, 220.0)
    sound[:, 1] = 0.0
    held = frozen(sound, 1.0)
    assert np.max(np.abs(held[:, 0])) > 0.1
    assert not held[:, 1].any()


def test_let_go_it_fades_out_and_then_no_bit_changes():
    freeze = Freeze()
    freeze.prepare(RATE, 128, 1)
    sound = tones(RATE, 440.0)
    run(freeze, sound, 128)
    freeze.set_param(FREEZE.id, 1.0)
    run(freeze, sound, 128)
    freeze.set_param(FREEZE.id, 0.0)
    silence = np.zeros((RATE // 2, 1), np.float32)
    after = run(freeze, silence, 128)
    assert np.max(np.abs(after[:2400])) > 0.05
    assert not after[RATE // 4 :].any()
    assert np.array_equal(run(freeze, sound, 128), sound)


def test_pressed_again_it_holds_what_sounds_then():
    freeze = Freeze()
    freeze.prepare(RATE, 128, 1)
    for hz in (220.0, 880.0):
        run(freeze, tones(RATE // 2, hz), 128)
        freeze.set_param(FREEZE.id, 1.0)
        held = run(freeze, np.zeros((RATE, 1), np.float32), 128)[RATE // 2 :, 0]
        assert np.argmax(np.abs(np.fft.rfft(held))) / (len(held) / RATE) == pytest.approx(hz, abs=3.0)
        freeze.set_param(FREEZE.id, 0.0)


@pytest.mark.parametrize("period", [32, 96, 500, 2048, 8192])
def test_every_period_sounds_the_same(period: int):
    frames = math.lcm(period, 128)  # the press comes after a number of frames that both divide
    sound = tones(frames * -(-2 * NEEDED // frames), 440.0)
    held, reference = frozen(sound, 1.0, period), frozen(sound, 1.0, 128)
    both = min(len(held), len(reference))
    faded_in = max(period, 128)  # the ramp begins with the block
    assert np.array_equal(held[faded_in + 480 : both], reference[faded_in + 480 : both])


def test_no_step_is_greater_than_the_sounds_own():
    freeze = Freeze()
    freeze.prepare(RATE, 128, 1)
    sound = tones(RATE // 2, 100.0)
    parts = [run(freeze, sound, 128)]
    for value in (1.0, 0.0, 1.0):  # pressed again while it fades out
        freeze.set_param(FREEZE.id, value)
        parts.append(run(freeze, np.zeros((4800, 1), np.float32), 128))
    steps = np.abs(np.diff(np.concatenate(parts[1:])[:, 0]))
    assert np.max(steps) < 1.5 * np.max(np.abs(np.diff(sound[:, 0])))


def test_a_reset_forgets_what_is_held():
    freeze = Freeze()
    freeze.prepare(RATE, 128, 1)
    run(freeze, tones(RATE, 440.0), 128)
    freeze.set_param(FREEZE.id, 1.0)
    run(freeze, np.zeros((RATE, 1), np.float32), 128)
    freeze.reset()
    assert not run(freeze, np.zeros((RATE, 1), np.float32), 128).any()


def test_in_a_chain_mute_and_bypass_are_stronger():
    chain = Chain()
    chain.prepare(RATE, 128, 2)
    sound = tones(RATE, 440.0, 550.0)

    def heard(block: np.ndarray, **values: float) -> np.ndarray:
        for id, value in values.items():
            chain.set_param(f"box.{id}", value)
        out = []
        for start in range(0, len(block) // 128 * 128, 128):
            part = block[start : start + 128].copy()
            chain.process(part)
            out.append(part)
        return np.concatenate(out)

    heard(sound)
    silence = np.zeros((RATE, 2), np.float32)
    assert np.max(np.abs(heard(silence, freeze=1.0)[RATE // 2 :])) > 0.1
    assert not heard(silence, mute=1.0)[RATE // 2 :].any()
    heard(silence, mute=0.0, bypass=1.0)
    assert np.array_equal(heard(sound)[1280:], sound[1280 : len(sound) // 128 * 128])
