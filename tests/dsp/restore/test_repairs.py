"""What a singer would name: a tick goes, a consonant and a pluck stay; peaks come back; a low note keeps its ground."""

import numpy as np
import pytest

from dsp.block import RATE_HZ
from dsp.restore.declick import Declick
from dsp.restore.declip import Declip
from dsp.restore.low_cut import LowCut
from dsp.restore.plosives import Plosives
from dsp.stage import Stage

PERIOD = 128
Sound = np.ndarray


def tone(hz: float, seconds: float, level: float = 0.3, dark: float = 1.0) -> Sound:
    """Its overtones fall by the power `dark` of their number; a voice has formants, so less than that at first."""
    time_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    sound = sum(np.sin(2 * np.pi * n * hz * time_s + n) / n**dark for n in range(1, 20) if n * hz < 9000)
    fade = np.minimum(1.0, np.minimum(time_s, time_s[::-1]) / 0.05)
    return (level * fade * sound / np.abs(sound).max()).astype(np.float32)


def through(stage: Stage, sound: Sound, **values: float) -> Sound:
    """Aligned with `sound`."""
    stage.prepare(RATE_HZ, PERIOD, 1)
    for name, value in values.items():
        stage.set_param(name.replace("__", "."), value)
    stage.reset()
    late = stage.latency_frames
    out = np.zeros((-(-(len(sound) + late) // PERIOD) * PERIOD, 1), np.float32)
    out[: len(sound), 0] = sound
    for start in range(0, len(out), PERIOD):
        stage.process(out[start : start + PERIOD])
    return out[late : late + len(sound), 0]


def error_db(out: Sound, wanted: Sound) -> float:
    return float(10 * np.log10(np.square(out - wanted).sum() / np.square(wanted).sum() + 1e-12))


def test_a_tick_in_a_sung_note_goes() -> None:
    clean = tone(196.0, 1.0)
    broken = clean.copy()
    broken[[15_000, 22_000, 31_234]] += 0.2
    out = through(Declick(), broken, declick__on=1.0)
    assert error_db(out, clean) < error_db(broken, clean) - 20.0


def test_a_burst_of_noise_that_lasts_is_a_consonant_and_stays() -> None:
    """A t: 25 ms of hiss out of silence, then the voice."""
    random = np.random.default_rng(2)
    sound = np.concatenate([np.zeros(9600, np.float32), tone(150.0, 0.5)])
    sound += 1e-4 * random.normal(size=len(sound)).astype(np.float32)
    hiss = random.normal(size=1200) * np.exp(-np.arange(1200) / 500.0)
    sound[8400:9600] += 0.1 * hiss.astype(np.float32)
    assert error_db(through(Declick(), sound, declick__on=1.0), sound) < -40.0


def test_a_plucked_string_stays() -> None:
    random = np.random.default_rng(3)
    string, sound = random.uniform(-0.5, 0.5, 218), np.zeros(RATE_HZ // 2, np.float32)
    for at in range(len(sound)):  # K. Karplus, A. Strong, 1983
        sound[at] = string[at % 218]
        string[at % 218] = 0.498 * (string[at % 218] + string[(at + 1) % 218])
    sound = np.concatenate([np.zeros(9600, np.float32), sound])
    assert error_db(through(Declick(), sound, declick__on=1.0), sound) < -30.0


def test_clipped_peaks_are_rebuilt_and_never_lower() -> None:
    clean = tone(131.0, 1.0, 0.9)
    broken = np.clip(clean, -0.7, 0.7)
    stage = Declip()
    out = through(stage, broken, declip__on=1.0)
    assert error_db(out, clean) < error_db(broken, clean) - 3.0
    assert (np.abs(out) >= np.abs(broken) - 1e-7).all()
    assert stage.detail > 0.1


def test_where_nothing_is_clipped_no_bit_changes() -> None:
    for sound in (tone(98.0, 1.0, 0.9), (0.3 * np.random.default_rng(1).normal(size=RATE_HZ)).astype(np.float32)):
        assert np.array_equal(through(Declip(), sound, declip__on=1.0), sound)


def test_sixteen_bits_of_a_low_note_are_no_clipping() -> None:
    time_s = np.arange(RATE_HZ) / RATE_HZ
    sound = (np.round(0.5 * np.sin(2 * np.pi * 41.0 * time_s) * 32_768) / 32_768).astype(np.float32)
    assert np.array_equal(through(Declip(), sound, declip__on=1.0), sound)


def test_room_is_made_for_rebuilt_peaks() -> None:
    broken = np.clip(2.2 * tone(131.0, 1.0, 0.9), -1.0, 1.0)
    out = through(Declip(), broken, declip__on=1.0)
    assert np.abs(out).max() <= 1.0 + 1e-6


@pytest.mark.parametrize("hz", [82.4, 146.8, 233.1])
def test_the_low_cut_stays_below_the_note(hz: float) -> None:
    stage = LowCut()
    through(stage, tone(hz, 6.0), low_cut__on=1.0)
    assert stage.detail <= 0.7 * hz
    assert stage.detail > 0.4 * hz


def test_the_low_cut_goes_down_at_once_and_up_slowly() -> None:
    stage = LowCut()
    through(stage, np.concatenate([tone(220.0, 6.0), tone(98.0, 0.25)]), low_cut__on=1.0)
    assert stage.detail < 0.7 * 98.0
    stage = LowCut()
    through(stage, np.concatenate([tone(98.0, 3.0), tone(220.0, 0.5)]), low_cut__on=1.0)
    assert stage.detail < 80.0


def test_rumble_goes_with_a_fixed_corner() -> None:
    time_s = np.arange(2 * RATE_HZ) / RATE_HZ
    rumble = (0.3 * np.sin(2 * np.pi * 25.0 * time_s)).astype(np.float32)
    out = through(LowCut(), rumble, low_cut__on=1.0, low_cut__auto=0.0, low_cut__hz=80.0)
    assert np.abs(out[RATE_HZ:]).max() < 0.3 * 10 ** (-35 / 20)


def burst(hz: float) -> Sound:
    time_s = np.arange(4800) / RATE_HZ
    wave = np.sin(2 * np.pi * hz * time_s)
    return (0.6 * (1 - np.exp(-time_s / 0.004)) * np.exp(-time_s / 0.03) * wave).astype(np.float32)


@pytest.mark.parametrize("hz", [28.0, 40.0, 55.0])
def test_a_pop_goes_and_the_voice_around_it_stays(hz: float) -> None:
    voice, closed = tone(150.0, 1.0, 0.3), np.zeros(4800, np.float32)
    sound = np.concatenate([voice, closed, burst(hz), voice])
    out = through(Plosives(), sound, plosives__on=1.0)
    at = slice(len(voice) + 4800, len(voice) + 9600)
    assert np.square(out[at]).sum() < 0.1 * np.square(sound[at]).sum()
    assert np.array_equal(out[: len(voice)], sound[: len(voice)])
    assert np.array_equal(out[-len(voice) // 2 :], sound[-len(voice) // 2 :])


def test_low_notes_and_a_kick_drum_are_no_pops() -> None:
    quiet = np.zeros(9600, np.float32)
    sung = np.concatenate([quiet, tone(82.4, 1.0, dark=0.5), quiet, tone(65.4, 1.0, dark=0.5)])
    assert np.array_equal(through(Plosives(), sung, plosives__on=1.0), sung)
    kick = burst(52.0)
    kick[:240] += 0.1 * np.hanning(480)[240:] * np.random.default_rng(4).normal(size=240)  # the beater
    drums = np.tile(np.concatenate([quiet, kick]), 4).astype(np.float32)
    assert np.array_equal(through(Plosives(), drums, plosives__on=1.0), drums)


def test_of_a_low_bass_only_the_first_note_is_cut_and_for_a_moment() -> None:
    quiet, note = np.zeros(4800, np.float32), tone(38.9, 0.5, dark=3.0)
    bass = np.tile(np.concatenate([note, quiet]), 4)
    cut = np.abs(through(Plosives(), bass, plosives__on=1.0) - bass) > 1e-6
    assert not cut[len(note) + len(quiet) :].any()
    assert cut.mean() < 0.1
