import numpy as np
import pytest

from dsp.block import RATE_HZ
from dsp.parts.voice_sense import VoiceSense
from dsp.restore.dereverb import Dereverb
from dsp.restore.late_reverb import LateReverb
from tests.rigs.sung import change_db, silence, through, vowel, words

WORD = words(*(part for hz in (160.0, 200.0, 180.0, 220.0, 150.0) for part in (vowel(0.25, hz), silence(0.45))))


def in_room(sound: np.ndarray, decay_s: float, late: float) -> np.ndarray:
    """Direct sound, and echo from 20 ms on that fades to a thousandth in decay_s. late: its energy beside the direct."""
    frames = round(1.3 * decay_s * RATE_HZ)
    noise = np.random.default_rng(2).standard_normal(frames) * 10.0 ** (-3.0 * np.arange(frames) / (decay_s * RATE_HZ))
    noise[: RATE_HZ // 50] = 0.0
    noise *= np.sqrt(late / np.square(noise).sum())
    noise[0] = 1.0
    size = 1 << (len(sound) + frames).bit_length()
    wet = np.fft.irfft(np.fft.rfft(sound[:, 0], size) * np.fft.rfft(noise, size), size)[: len(sound)]
    return wet.astype(np.float32)[:, None]


def test_the_echo_after_a_word_goes_down_and_the_word_stays() -> None:
    sound = in_room(np.tile(WORD, (3, 1)), 0.8, 0.5)
    out = through(Dereverb(), sound, dereverb__amount=1.0)
    assert change_db(out, sound, 10.15, 10.4) < -3.0  # behind the last word
    assert change_db(out, sound, 9.82, 10.02) > -1.5  # the last word


def test_a_dry_voice_stays() -> None:
    out = through(Dereverb(), WORD, dereverb__amount=1.0)
    assert np.square(out - WORD).sum() < 10 ** (-2.5) * np.square(WORD).sum()


@pytest.mark.parametrize("vibrato", [0.0, 0.6])
def test_a_held_note_stays(vibrato: float) -> None:
    sound = words(vowel(5.0, 220.0, vibrato=vibrato), silence(0.1))
    assert abs(change_db(through(Dereverb(), sound, dereverb__amount=1.0), sound, 0.5, 4.9)) < 0.1


def test_it_tells_how_much_of_the_sound_is_echo() -> None:
    found = []
    for late in (0.0, 0.2, 2.0):
        stage = Dereverb()
        sound = in_room(np.tile(WORD, (3, 1)), 1.0, late) if late else np.tile(WORD, (3, 1))
        stage.set_param("dereverb.amount", 1.0)
        told = []
        for start in range(0, len(sound) // 128 * 128, 128):
            stage.process(sound[start : start + 128].copy())
            told.append(stage.detail)
        found.append(float(np.mean(told[len(told) // 2 :])))
    assert found[0] < found[1] < found[2] <= 100.0


def test_in_the_denoisers_transform_it_adds_no_latency() -> None:
    voice = VoiceSense()
    voice.room = room = LateReverb(1, 768, 128)
    stage = Dereverb(voice)
    assert stage.latency_frames == 0
    stage.set_param("dereverb.amount", 0.7)
    assert room.at_work
    assert stage.at_work
    block = np.ones((128, 1), np.float32)
    stage.process(block)
    assert (block == 1.0).all()
