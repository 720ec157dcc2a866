import numpy as np
import pytest

from dsp.block import RATE_HZ, Block
from dsp.effects.eq import BANDS, EQ_PARAMS, Eq


def made(**values: float) -> Eq:
    stage = Eq()
    stage.prepare(RATE_HZ, 128, 1)
    stage.set_param("eq.on", 1.0)
    for name, value in values.items():
        stage.set_param(f"eq.{name.replace('__', '.')}", value)
    return stage


def heard_db(stage: Eq, hz: float) -> float:
    """How much louder a tone comes out, once the filters have come to rest."""
    tone = (0.1 * np.sin(2 * np.pi * hz * np.arange(RATE_HZ // 2) / RATE_HZ)).astype(np.float32)[:, None]
    out = tone.copy()
    for start in range(0, len(out), 128):
        stage.process(out[start : start + 128])
    late = slice(RATE_HZ // 4, None)
    return float(10.0 * np.log10(np.square(out[late]).sum() / np.square(tone[late]).sum()))


@pytest.mark.parametrize("hz", [50.0, 400.0, 3_000.0, 15_000.0])
def test_a_tone_comes_out_as_loud_as_the_curve_says(hz: float) -> None:
    stage = made(low__gain_db=6.0, mid__gain_db=-9.0, high__gain_db=4.0, tilt_db=2.0, presence__hz=3_000.0)
    assert heard_db(stage, hz) == pytest.approx(float(stage.response_db(np.array([hz]))[0]), abs=0.02)


def test_a_bell_has_its_gain_at_its_frequency_and_none_far_away() -> None:
    stage = made(high_mid__gain_db=10.0, high_mid__hz=2_000.0, high_mid__q=4.0)
    at, below, above = stage.response_db(np.array([2_000.0, 100.0, 18_000.0]))
    assert at == pytest.approx(10.0, abs=0.01)
    assert abs(below) < 0.05
    assert abs(above) < 0.15


def test_a_tilt_turns_around_the_middle() -> None:
    low, middle, high = made(tilt_db=4.0).response_db(np.array([40.0, 650.0, 12_000.0]))
    assert low == pytest.approx(-high, abs=0.3)
    assert high > 3.5
    assert abs(middle) < 0.1


def test_it_is_wanted_only_where_something_is_set() -> None:
    stage = made()
    assert not stage.wanted
    stage.set_param("eq.low.hz", 80.0)
    assert not stage.wanted
    stage.set_param("eq.low.gain_db", 3.0)
    assert stage.wanted
    stage.set_param("eq.on", 0.0)
    assert not stage.wanted


def test_every_band_has_gain_frequency_and_width() -> None:
    assert {spec.id for spec in EQ_PARAMS} == {"eq.on", "eq.tilt_db"} | {
        f"eq.{band.id}.{word}" for band in BANDS for word in ("gain_db", "hz", "q")
    }


def test_it_tells_how_much_louder_the_sound_has_become() -> None:
    stage, sound = made(mid__gain_db=12.0, mid__hz=1_000.0), tone_at(1_000.0)
    for start in range(0, len(sound), 128):
        stage.process(sound[start : start + 128])
    assert stage.change_db == pytest.approx(12.0, abs=0.5)


def tone_at(hz: float) -> Block:
    return (0.1 * np.sin(2 * np.pi * hz * np.arange(128 * 300) / RATE_HZ)).astype(np.float32)[:, None]
