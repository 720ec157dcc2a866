"""Bleed: the music goes out of the microphone and the voice stays, at any period, after a move, and without music."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from dsp import native
from dsp.block import RATE_HZ, Block
from dsp.restore.bleed import Bleed
from dsp.restore.bleed_path import LeakPath

Sound = NDArray[np.float64]


def bleed(period: int = 128, *, columns: int = 2, channels: int = 1, **values: float) -> Bleed:
    stage = Bleed()
    stage.prepare_reference(columns)
    stage.prepare(RATE_HZ, period, channels)
    for name, value in ({"on": 1.0} | values).items():
        stage.set_param(f"bleed.{name}", value)
    stage.reset()
    return stage


def through(stage: Bleed, sound: Sound, music: Sound, period: int = 128) -> Block:
    """sound: (frames,) or (frames, channels); music: (frames, columns). Whole blocks."""
    out = (sound if sound.ndim == 2 else sound[:, None]).astype(np.float32)
    out = out[: len(out) // period * period].copy()
    for start in range(0, len(out), period):
        stage.hear_reference(music[start : start + period].astype(np.float32))
        stage.process(out[start : start + period])
    return out


def music(seconds: float, seed: int = 1) -> Sound:
    """Noise strokes and plucked tones, wide and with a middle. (frames, 2), RMS about 0.1."""
    rng, frames = np.random.default_rng(seed), round(seconds * RATE_HZ)
    time = np.arange(frames) / RATE_HZ
    beat = np.exp(-8.0 * (time % 0.25))
    notes = 300.0 * 2.0 ** (rng.integers(0, 24, frames // (RATE_HZ // 4) + 1) / 12.0)
    turns = np.cumsum(np.repeat(notes, RATE_HZ // 4)[:frames]) / RATE_HZ
    middle = (rng.normal(size=frames) + np.sign(np.sin(2 * np.pi * turns))) * beat
    left, right = rng.normal(size=(2, frames)) * 0.5
    return 0.1 * np.stack([middle + left, middle + right], axis=1)


def voice(seconds: float) -> Sound:
    """Sung notes with vibrato and short pauses. (frames,)"""
    time = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    notes = 196.0 * 2.0 ** (np.floor(time * 2.0) % 5 / 6.0) * (1.0 + 0.01 * np.sin(2 * np.pi * 5.5 * time))
    turns = np.cumsum(notes) / RATE_HZ
    sound = sum(0.2 / n * np.sin(2 * np.pi * n * turns) for n in range(1, 20))
    return np.asarray(sound * np.clip(4.0 * np.sin(2 * np.pi * 0.7 * time) + 3.0, 0.0, 1.0))


def path(seed: int, delay: int = 400, gain: float = 0.3) -> Sound:
    """An impulse response of 100 ms for each side. (frames, 2)"""
    rng, frames = np.random.default_rng(seed), RATE_HZ // 10
    taps = rng.normal(size=(frames, 2)) * np.exp(-np.arange(frames) / 600.0)[:, None]
    taps = np.concatenate([np.zeros((delay, 2)), taps])
    return np.asarray(gain * taps / math.sqrt(np.square(taps).sum() / 2.0))


def leak_of(sound: Sound, taps: Sound) -> Sound:
    size = 1 << (len(sound) + len(taps)).bit_length()
    both = np.fft.irfft(np.fft.rfft(sound, size, axis=0) * np.fft.rfft(taps, size, axis=0), size, axis=0)
    return np.asarray(both[: len(sound)].sum(axis=1))


def db(power: Sound, of: Sound) -> float:
    return float(10.0 * np.log10(np.square(power).sum() / np.square(of).sum()))


def erle_db(leak: Sound, sound: Sound, out: Block, from_s: float, to_s: float) -> float:
    """How much quieter the leak is. sound: what went in without it."""
    part = slice(round(from_s * RATE_HZ), min(round(to_s * RATE_HZ), len(out)))
    return db(leak[part], out[part, 0] - sound[part])


def test_the_music_goes_while_somebody_sings() -> None:
    sung, played = voice(6.0), music(6.0)
    leak = leak_of(played, path(2))
    out = through(bleed(), sung + leak, played)
    assert erle_db(leak, sung, out, 1.0, 2.0) > 8.0
    assert erle_db(leak, sung, out, 4.0, 6.0) > 15.0


def test_a_voice_without_leak_stays() -> None:
    sung = voice(6.0)
    out = through(bleed(), sung, music(6.0))
    assert db(sung[: len(out)], out[:, 0] - sung[: len(out)]) > 25.0
    late = slice(3 * RATE_HZ, len(out))
    assert db(sung[late], out[late, 0] - sung[late]) > 40.0


def test_without_music_no_sample_changes() -> None:
    sung = voice(2.0)
    out = through(bleed(), sung, np.zeros((len(sung), 2)))
    assert np.array_equal(out[:, 0], sung.astype(np.float32)[: len(out)])


def test_without_a_column_of_music_it_is_never_wanted() -> None:
    stage = bleed(columns=0)
    assert not stage.wanted
    assert not stage.at_work


def test_a_microphone_that_moved_is_learnt_anew() -> None:
    sung, played = 0.3 * voice(8.0), music(8.0)
    first, then = (leak_of(played, path(seed, delay)) for seed, delay in ((2, 400), (3, 700)))
    moved = np.arange(len(sung)) >= 4 * RATE_HZ
    leak = np.where(moved, then, first)
    out = through(bleed(), sung + leak, played)
    assert erle_db(leak, sung, out, 3.0, 4.0) > 15.0
    assert erle_db(leak, sung, out, 6.0, 8.0) > 10.0


def test_music_that_was_silent_for_a_while_is_still_known() -> None:
    sung, played = voice(8.0), music(8.0)
    played[3 * RATE_HZ : 5 * RATE_HZ] = 0.0
    leak = leak_of(played, path(2))
    out = through(bleed(), sung + leak, played)
    assert erle_db(leak, sung, out, 5.0, 5.5) > 12.0


def test_mono_on_both_sides_is_learnt_as_well() -> None:
    sung, played = voice(5.0), np.repeat(music(5.0)[:, :1], 2, axis=1)
    leak = leak_of(played, path(2))
    out = through(bleed(), sung + leak, played)
    assert erle_db(leak, sung, out, 3.0, 5.0) > 15.0


@pytest.mark.parametrize("period", [16, 96, 100, 512, 1024])
def test_nothing_is_late_at_any_period(period: int) -> None:
    """A wedge so near that its first echo comes after one frame is taken out as well as by blocks of 128."""
    sung, played = 0.01 * voice(3.0), music(3.0)
    leak = leak_of(played, path(4, delay=1))
    wanted = through(bleed(), sung + leak, played)
    out = through(bleed(period), sung + leak, played, period)
    common = min(len(out), len(wanted))
    assert np.abs(out[:common] - wanted[:common]).max() < 2e-4
    assert erle_db(leak, sung, wanted, 2.0, 3.0) > 15.0


def test_the_amount_says_how_far_the_music_is_turned_down() -> None:
    sung, played = 0.1 * voice(5.0), music(5.0)
    leak = leak_of(played, path(2))
    out = through(bleed(amount_db=6.0), sung + leak, played)
    assert erle_db(leak, sung, out, 3.0, 5.0) == pytest.approx(6.0, abs=0.5)


def test_each_microphone_has_a_path_of_its_own() -> None:
    sung, played = voice(4.0), music(4.0)
    leaks = [leak_of(played, path(seed, delay)) for seed, delay in ((2, 100), (5, 900))]
    out = through(bleed(channels=2), np.stack([sung + leak for leak in leaks], axis=1), played)
    late = slice(3 * RATE_HZ, len(out))
    for at, leak in enumerate(leaks):
        assert db(leak[late], out[late, at] - sung[late]) > 8.0


def test_the_meter_and_the_way_are_told() -> None:
    played = music(4.0)
    stage = bleed()
    through(stage, leak_of(played, path(2, delay=960)), played)
    assert stage.change_db < -15.0
    assert 18.0 < stage.detail < 40.0  # its first frame after 20 ms, its echoes soon after
    through(stage, np.zeros(RATE_HZ), np.zeros((RATE_HZ, 2)))
    assert stage.change_db == 0.0


@pytest.mark.skipif(not native.available(), reason="the part in C was not built")
def test_c_and_numpy_learn_the_same() -> None:
    sung, played = voice(1.5), music(1.5)
    heard = sung + leak_of(played, path(2))
    found = []
    for on in (True, False):
        with native.switched(on):
            found.append(through(bleed(), heard, played))
    assert np.abs(found[0] - found[1]).max() < 2e-3


def test_every_step_costs_the_same_number_of_partitions() -> None:
    """The plan of a step: all partitions are looked at, learnt and summed once, over its blocks."""
    stage = bleed()
    assert isinstance(stage._paths[0], LeakPath)
    done: list[tuple[str, int]] = []
    for task in (task for turn in stage._paths[0]._turns for task in turn):
        name, arguments = getattr(task, "func", task).__name__, getattr(task, "args", ())
        done += [(name, p) for p in range(*arguments)] if arguments else []
    count = stage._paths[0]._count
    for name, first in (("_look", 0), ("_learn", 0), ("_sum_tail", 2)):
        assert [p for called, p in done if called == name] == list(range(first, count))
