"""What every stage of the vocal chain promises: off it is not there, on it is the same at any period; no clicks."""

from __future__ import annotations

import gc
import tracemalloc

import numpy as np
import pytest

from dsp.block import RATE_HZ, Block
from dsp.stage import HearsReference, Stage
from tests.rigs.stage_cases import CASES, StageCase

PERIODS = (32, 64, 96, 128, 256, 441)
TURNED_EVERY = 4000  # frames between two changes of a parameter


def prepared(case: StageCase, period: int = 128, channels: int = 1, *, on: bool = True) -> Stage:
    stage = case.make()
    if isinstance(stage, HearsReference):
        stage.prepare_reference(2)
    stage.prepare(RATE_HZ, period, channels)
    for spec in stage.params:
        stage.set_param(spec.id, (case.on if on else case.off).get(spec.id, spec.default))
    stage.reset()
    return stage


def voice(seconds: float = 1.0, channels: int = 1) -> Block:
    """A gliding, voiced tone with overtones, pauses, hiss and a few clicks. (frames, channels)"""
    random = np.random.default_rng(7)
    time_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    turns = np.cumsum(180.0 + 60.0 * np.sin(2 * np.pi * 0.9 * time_s)) / RATE_HZ
    sound = sum(0.25 / n * np.sin(2 * np.pi * n * turns) for n in range(1, 25))
    sound = sound * (np.sin(2 * np.pi * 1.7 * time_s) > -0.5) + 0.01 * random.normal(size=len(time_s))
    sound[random.integers(0, len(sound), 6)] += 0.8
    return np.stack([np.roll(sound, 11 * at) for at in range(channels)], axis=1).astype(np.float32)


def through(stage: Stage, sound: Block, period: int) -> Block:
    """Whole blocks of `sound`; a stage that is not at work is passed by, as a lane does."""
    out = sound[: len(sound) // period * period].copy()
    resting = False
    for start in range(0, len(out), period):
        block = out[start : start + period]
        if isinstance(stage, HearsReference):
            stage.hear_reference(np.zeros((period, 2), np.float32))
        if not stage.at_work:
            resting = True
            continue
        if resting:
            stage.reset()
            resting = False
        stage.process(block)
    return out


each = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


@each
def test_it_is_a_stage_named_as_its_parameters(case: StageCase) -> None:
    stage = case.make()
    assert isinstance(stage, Stage)
    assert stage.name == case.name
    assert {spec.id.split(".")[0] for spec in stage.params} == {case.name}
    assert case.on.keys() <= {spec.id for spec in stage.params}


@each
def test_by_default_it_is_off_and_costs_nothing(case: StageCase) -> None:
    stage = prepared(case, on=False)
    assert not stage.wanted
    assert not stage.at_work


@each
def test_switched_off_it_comes_to_rest_and_then_changes_no_bit(case: StageCase) -> None:
    stage, sound = prepared(case), voice()
    through(stage, sound, 128)
    for spec in stage.params:
        stage.set_param(spec.id, case.off.get(spec.id, spec.default))
    assert not stage.wanted
    through(stage, sound, 128)
    assert not stage.at_work
    assert np.array_equal(through(stage, sound, 128), sound[: len(sound) // 128 * 128])


@each
@pytest.mark.parametrize("channels", [1, 2])
def test_any_period_gives_the_same_sound(case: StageCase, channels: int) -> None:
    sound = voice(channels=channels)
    late = prepared(case, 128, channels).latency_frames
    wanted = through(prepared(case, 128, channels), sound, 128)[late:]
    for period in PERIODS:
        stage = prepared(case, period, channels)
        out = through(stage, sound, period)[stage.latency_frames :]
        common = min(len(out), len(wanted))
        assert np.abs(out[:common] - wanted[:common]).max() < 2e-4, f"{period} frames"


@each
def test_its_latency_is_as_declared(case: StageCase) -> None:
    """Of what passes it: the sound fits best with the input that much earlier."""
    stage, sound = prepared(case), voice(2.0)
    out = through(stage, sound, 128)[:, 0]
    out[:2048] = 0.0  # while it begins
    size = 2 * len(sound)
    fits = np.fft.irfft(np.fft.rfft(out, size) * np.fft.rfft(sound[:, 0], size).conj())[:1024]
    assert abs(int(np.argmax(fits)) - stage.latency_frames) <= 2


@each
def test_off_it_delays_nothing_at_once(case: StageCase) -> None:
    stage, sound = prepared(case), voice()
    through(stage, sound, 128)
    for spec in stage.params:
        stage.set_param(spec.id, case.off.get(spec.id, spec.default))
    if stage.latency_frames:
        assert not stage.at_work


@each
def test_it_works_on_what_is_broken_and_is_whole_again_after_reset(case: StageCase) -> None:
    stage, sound = prepared(case), voice()
    for worst in (np.zeros_like(sound), np.full_like(sound, 1.0), 900.0 * np.sign(sound)):
        assert np.isfinite(through(stage, worst.astype(np.float32), 128)).all()
    assert np.isfinite(stage.change_db)
    assert np.isfinite(stage.detail)
    stage.reset()
    assert np.allclose(through(stage, sound, 128), through(prepared(case), sound, 128), atol=1e-6)


@each
def test_no_change_of_a_parameter_clicks(case: StageCase) -> None:
    """On a pure low tone: its curve stays as smooth as a tone's, however the parameters are thrown about."""
    tone = (0.4 * np.sin(2 * np.pi * 160.0 * np.arange(4 * RATE_HZ) / RATE_HZ)).astype(np.float32)[:, None]
    if prepared(case).latency_frames:
        pytest.skip("the chain fades around such a stage")
    random, stage = np.random.default_rng(3), prepared(case)
    still = np.abs(np.diff(tone[:, 0], 2)).max()
    out = tone[: len(tone) // 64 * 64].copy()
    stage.prepare(RATE_HZ, 64, 1)
    stage.reset()
    resting = False
    for start in range(0, len(out), 64):
        if start % TURNED_EVERY < 64:
            spec = stage.params[random.integers(len(stage.params))]
            value = random.choice([spec.low, spec.high, spec.default, random.uniform(spec.low, spec.high)])
            late = stage.latency_frames
            stage.set_param(spec.id, spec.check(round(value) if spec.choices else value))
            if stage.latency_frames != late:  # the chain fades around such a change
                stage.set_param(spec.id, spec.default)
        if isinstance(stage, HearsReference):
            stage.hear_reference(np.zeros((64, 2), np.float32))
        if not stage.at_work:
            resting = True
            continue
        if resting:
            stage.reset()
            resting = False
        stage.process(out[start : start + 64])
    assert np.abs(np.diff(out[:, 0], 2)).max() < 12.0 * still * max(1.0, np.abs(out).max() / 0.4)


@each
def test_the_audio_thread_makes_no_memory(case: StageCase) -> None:
    stage, sound = prepared(case), voice(2.0)
    through(stage, sound, 128)
    blocks = [sound[start : start + 128].copy() for start in range(0, 128 * 300, 128)]
    one = blocks[0].copy()  # as in a lane: NumPy keeps some bytes with each array that a part in C has seen
    stage.process(one)
    gc.collect()
    tracemalloc.start()
    try:
        for _ in range(2):  # what is kept from one search for hum to the next counts once
            before = tracemalloc.get_traced_memory()[0]
            for block in blocks:
                one[:] = block
                stage.process(one)
        assert tracemalloc.get_traced_memory()[0] - before < 4000
    finally:
        tracemalloc.stop()
