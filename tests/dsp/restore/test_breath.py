import pytest

from dsp.restore.breath import Breath
from tests.rigs.sung import change_db, hiss, silence, through, vowel, words

AIR = (800.0, 4000.0)


def test_a_breath_between_phrases_goes_down_but_never_off() -> None:
    sound = words(vowel(1.0), silence(0.2), hiss(0.5, *AIR, 0.006), silence(0.1), vowel(1.0))
    out = through(Breath(), sound, breath__amount_db=9.0)
    assert change_db(out, sound, 1.35, 1.68) == pytest.approx(-9.0, abs=0.6)
    assert change_db(out, sound, 0.0, 1.0) == pytest.approx(0.0, abs=0.01)
    assert change_db(out, sound, 1.8, 2.8) == pytest.approx(0.0, abs=0.05)


def test_an_s_in_a_word_stays() -> None:
    sound = words(vowel(0.6), hiss(0.15, 5000.0, 9000.0, 0.02), vowel(0.6))
    assert abs(change_db(through(Breath(), sound, breath__amount_db=12.0), sound, 0.6, 0.75)) < 0.1


def test_a_short_h_in_a_word_stays() -> None:
    sound = words(vowel(0.6), hiss(0.09, *AIR, 0.008), vowel(0.6))
    assert abs(change_db(through(Breath(), sound, breath__amount_db=12.0), sound, 0.6, 0.69)) < 0.2


def test_whispering_is_no_breath() -> None:
    """All is breathed, at one level: there is no voice that it could be below."""
    sound = words(*(hiss(0.3, *AIR, 0.02, seed) for seed in range(6)))
    assert abs(change_db(through(Breath(), sound, breath__amount_db=12.0), sound, 0.0, 1.8)) < 0.1


def test_a_voice_right_after_a_breath_is_there_at_once() -> None:
    sound = words(vowel(1.0), silence(0.2), hiss(0.4, *AIR, 0.006), vowel(0.5))
    assert change_db(through(Breath(), sound, breath__amount_db=12.0), sound, 1.61, 1.65) > -0.5
