import numpy as np
import pytest

from dsp.restore.deess import Deess
from tests.rigs.sung import change_db, hiss, silence, through, vowel, words

S = (5000.0, 9000.0)


def sung(s: np.ndarray, level: float = 1.0) -> np.ndarray:
    word = (vowel(0.4), s, vowel(0.4), silence(0.1))
    return (words(*word, *word) * level).astype(np.float32)


SHARP, SOFT = hiss(0.15, *S, 0.2), hiss(0.15, *S, 0.02)
IN_S = 1.45, 1.55  # of the second word, behind its first 150 ms


@pytest.mark.parametrize("level", [1.0, 0.05])
def test_a_sharp_s_goes_down_however_loud_the_voice_is(level: float) -> None:
    sound = sung(SHARP, level)
    out = through(Deess(), sound, deess__on=1.0, deess__amount_db=9.0)
    assert -9.5 < change_db(out, sound, 1.49, 1.58) < -3.0
    assert change_db(out, sound, 0.0, 0.4) == pytest.approx(0.0, abs=0.1)
    assert change_db(out, sound, 1.7, 2.0) == pytest.approx(0.0, abs=0.1)


def test_an_s_that_the_vowels_ask_for_stays_bit_by_bit() -> None:
    sound = sung(SOFT)
    assert np.array_equal(through(Deess(), sound, deess__on=1.0), sound)


def test_more_asked_is_more_taken_of_the_same_s() -> None:
    sound = sung(hiss(0.15, *S, 0.06))
    outs = [through(Deess(), sound, deess__on=1.0, deess__amount_db=db) for db in (6.0, 12.0)]
    taken = [change_db(out, sound, 1.49, 1.58) for out in outs]
    assert taken[1] < taken[0] - 2.0
    assert taken[1] > -12.5


def test_a_t_stays() -> None:
    """As loud and as high, but over in 8 ms."""
    sound = words(vowel(0.5), hiss(0.03, *S, 0.2)[:384], vowel(0.5))
    assert abs(change_db(through(Deess(), sound, deess__on=1.0, deess__amount_db=18.0), sound, 0.5, 0.508)) < 0.2


def test_it_finds_where_the_s_of_this_singer_is() -> None:
    for low, high in ((3600.0, 5000.0), (7500.0, 10_000.0)):
        deess = Deess()
        through(deess, sung(hiss(0.25, low, high, 0.2)), deess__on=1.0)
        assert low - 700.0 < deess.detail < high + 700.0


def test_a_voice_without_highs_has_no_s_to_soften() -> None:
    """A lossy file ends at 6 kHz: what hisses under it is no edge."""
    sound = sung(hiss(0.25, 3600.0, 5400.0, 0.2))
    assert np.array_equal(through(Deess(), sound, deess__on=1.0, deess__amount_db=18.0), sound)


def test_vowels_pass_while_it_waits() -> None:
    sound = words(vowel(2.0, hz=440.0, level=0.3, vibrato=0.5))
    assert np.array_equal(through(Deess(), sound, deess__on=1.0, deess__amount_db=18.0), sound)
