import numpy as np
import pytest

from dsp.block import RATE_HZ
from dsp.effects.gate import Gate
from dsp.parts.voice_sense import VoiceSense
from tests.rigs.sung import change_db, hiss, silence, through, vowel, words

NOISE = 10 ** (-55 / 20)
ROOM = hiss(6.0, 50.0, 20_000.0, NOISE, seed=5)[:, None]


def noisy(*parts: np.ndarray) -> np.ndarray:
    sound = words(*parts)
    return sound + ROOM[: len(sound)]


def test_pauses_go_down_by_the_range_and_the_voice_stays() -> None:
    sound = noisy(silence(1.0), vowel(1.0), silence(1.5), vowel(1.0))
    out = through(Gate(), sound, gate__on=1.0, gate__range_db=20.0)
    assert change_db(out, sound, 2.6, 3.45) == pytest.approx(-20.0, abs=0.5)
    assert change_db(out, sound, 1.02, 2.0) == pytest.approx(0.0, abs=0.01)
    assert change_db(out, sound, 3.5, 3.53) > -1.0  # the first 30 ms


def test_a_quiet_end_is_not_cut_off() -> None:
    """A note that dies away to 12 dB above the noise stays whole."""
    tail = vowel(1.0) * np.logspace(0.0, -1.1, RATE_HZ).astype(np.float32)
    sound = noisy(silence(1.0), tail, silence(1.0))
    assert change_db(through(Gate(), sound, gate__on=1.0), sound, 1.8, 1.99) > -0.1


def test_a_held_note_of_ten_seconds_stays_open() -> None:
    sound = words(silence(0.5), vowel(10.0))
    sound = sound + hiss(10.5, 50.0, 20_000.0, NOISE)[:, None]
    assert change_db(through(Gate(), sound, gate__on=1.0), sound, 9.5, 10.4) > -0.01


def test_what_is_under_the_threshold_does_not_open_it() -> None:
    sound = noisy(silence(1.0), vowel(0.5, level=0.015), silence(1.0))
    assert change_db(through(Gate(), sound, gate__on=1.0, gate__threshold=-80.0), sound, 1.1, 1.4) > -0.1
    assert change_db(through(Gate(), sound, gate__on=1.0, gate__threshold=-30.0), sound, 1.2, 1.4) < -10.0


def test_it_follows_the_voice_that_a_model_tells_and_not_the_level() -> None:
    sense = VoiceSense()
    sense.known = True
    gate = Gate(sense)
    knocks = words(hiss(3.0, 100.0, 8000.0, 0.1))
    gate.set_param("gate.on", 1.0)
    gate.set_param("gate.range_db", 20.0)
    out = knocks.copy()
    for start in range(0, len(out), 128):
        sense.probability[0] = 0.9 if 1.5 * RATE_HZ < start < 2.0 * RATE_HZ else 0.05
        gate.process(out[start : start + 128])
    assert change_db(out, knocks, 0.9, 1.4) == pytest.approx(-20.0, abs=0.1)
    assert change_db(out, knocks, 1.52, 2.0) > -0.2
    assert gate.change_db < -19.0


def test_stereo_keeps_its_image() -> None:
    mono = noisy(silence(0.6), vowel(0.5), silence(0.8))
    sound = np.concatenate((mono, 0.3 * mono), axis=1).astype(np.float32)
    out = through(Gate(), sound, gate__on=1.0)
    assert np.allclose(out[:, 1], 0.3 * out[:, 0], atol=1e-6)
