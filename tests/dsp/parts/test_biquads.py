from collections.abc import Iterator

import numpy as np
import pytest

from dsp import native
from dsp.block import RATE_HZ, Block
from dsp.parts.biquads import Biquads, Kind, analogue, design

HEARD_HZ = np.geomspace(20.0, 20_000.0, 200)
SHAPES: tuple[tuple[Kind, float], ...] = (
    ("bell", 12.0), ("bell", -12.0), ("low_shelf", 9.0), ("low_shelf", -9.0), ("high_shelf", 9.0), ("high_shelf", -9.0),
    ("high_pass", 0.0), ("low_pass", 0.0), ("band_pass", 0.0), ("notch", 0.0),
)  # fmt: skip


@pytest.fixture(params=["C", "NumPy"], autouse=True)
def way(request: pytest.FixtureRequest) -> Iterator[None]:
    if request.param == "C" and not native.available():
        pytest.skip("the part in C was not built")
    with native.switched(request.param == "C"):
        yield


def made(sections: int = 1, frames: int = 128, channels: int = 1) -> Biquads:
    cascade = Biquads(sections)
    cascade.prepare(RATE_HZ, frames, channels)
    return cascade


def through(cascade: Biquads, sound: Block, period: int = 128) -> Block:
    out = sound.copy()
    for start in range(0, len(out), period):
        cascade.process(out[start : start + period])
    return out


def noise(frames: int, channels: int = 1, seed: int = 1) -> Block:
    return np.random.default_rng(seed).normal(0, 0.2, (frames, channels)).astype(np.float32)


def decibels(answer: np.ndarray) -> np.ndarray:
    return 20.0 * np.log10(np.abs(answer) + 1e-9)


@pytest.mark.parametrize(("kind", "gain_db"), SHAPES)
@pytest.mark.parametrize("hz", [30.0, 800.0, 5_000.0, 12_000.0])
def test_the_sound_gets_the_response_that_is_told(kind: Kind, gain_db: float, hz: float) -> None:
    cascade = made()
    cascade.set(0, kind, hz, gain_db, 0.9)
    cascade.reset()
    impulse = np.zeros((RATE_HZ * 2 // 3 * 3, 1), np.float32)
    impulse[0] = 1.0
    spectrum = np.fft.rfft(through(cascade, impulse)[:, 0])
    at = np.fft.rfftfreq(len(impulse), 1.0 / RATE_HZ)
    heard = slice(20 * 2, 20_000 * 2)
    assert np.abs(spectrum[heard] - cascade.response(at[heard])).max() < 1e-4


@pytest.mark.parametrize(("kind", "gain_db"), SHAPES)
@pytest.mark.parametrize("hz", [30.0, 800.0, 5_000.0, 12_000.0])
def test_it_follows_the_analogue_filter_up_to_the_highest_that_is_heard(kind: Kind, gain_db: float, hz: float) -> None:
    cascade = made()
    cascade.set(0, kind, hz, gain_db, 0.9)
    wanted, told = decibels(analogue(kind, hz, gain_db, 0.9, HEARD_HZ)), decibels(cascade.response(HEARD_HZ))
    near = wanted > -15.0
    # A notch is an exact nought in one place and no wider than it has to be: it is not matched above its frequency.
    near &= (kind != "notch") | (hz > HEARD_HZ)
    assert np.abs(wanted - told)[near].max() < 1.0


def test_boost_and_cut_undo_each_other() -> None:
    cascade = made(6)
    for at, kind in enumerate(("bell", "low_shelf", "high_shelf")):
        cascade.set(2 * at, kind, 900.0, 7.5, 0.8)  # type: ignore[arg-type]
        cascade.set(2 * at + 1, kind, 900.0, -7.5, 0.8)  # type: ignore[arg-type]
    cascade.reset()
    sound = noise(4096)
    assert np.abs(through(cascade, sound) - sound).max() < 1e-6


@pytest.mark.parametrize("channels", [1, 2, 5])
@pytest.mark.parametrize("period", [1, 16, 100, 441, 1024])
def test_blocks_of_any_length_give_the_same_sound_while_it_glides_too(period: int, channels: int) -> None:
    sound = noise(period * (6000 // period), channels)

    def heard(cut: int) -> Block:
        cascade = made(3, max(cut, period), channels)
        cascade.reset()
        cascade.set(0, "bell", 1000.0, 12.0, 2.0)
        cascade.set(1, "high_pass", 90.0)
        out = sound.copy()
        turn = len(sound) // period // 2 * period
        for part in (out[:turn], out[turn:]):
            for start in range(0, len(part), cut):
                cascade.process(part[start : start + cut])
            cascade.set(0, "bell", 4000.0, -6.0, 1.0)
            cascade.set(2, "low_shelf", 200.0, 3.0)
        return out

    assert np.abs(heard(period) - heard(len(sound))).max() < 1e-6


def test_at_0_db_and_off_no_bit_changes_and_a_section_that_goes_out_comes_to_rest() -> None:
    cascade, sound = made(2), noise(4096)
    cascade.set(0, "bell", 1000.0, 0.0)
    assert cascade.at_rest
    assert np.array_equal(through(cascade, sound), sound)
    cascade.set(0, "bell", 1000.0, 9.0)
    cascade.set(1, "high_pass", 200.0)
    assert not cascade.at_rest
    through(cascade, sound)
    cascade.set(0, "bell", 1000.0, 0.0)
    cascade.set(1, "off")
    through(cascade, sound)
    assert cascade.at_rest
    assert np.array_equal(through(cascade, sound), sound)


def test_it_may_begin_from_the_exact_input() -> None:
    cascade, sound = made(), noise(4096)
    cascade.set(0, "high_shelf", 3000.0, 15.0)
    cascade.reset(glide=True)
    out = through(cascade, sound)
    assert np.abs(out - sound)[:8].max() < 0.02 * np.abs(sound).max()
    assert np.abs(out - sound)[1000:].max() > 0.5 * np.abs(sound).max()


@pytest.mark.parametrize("kind", ["bell", "low_shelf", "high_shelf", "high_pass", "low_pass", "band_pass", "notch"])
def test_thrown_about_it_neither_clicks_nor_runs_away(kind: Kind) -> None:
    cascade, random = made(1, 64), np.random.default_rng(5)
    tone = (0.4 * np.sin(2 * np.pi * 160.0 * np.arange(2 * RATE_HZ) / RATE_HZ)).astype(np.float32)[:, None]
    out = tone.copy()
    for start in range(0, len(out), 64):
        if start % 512 == 0:
            cascade.set(0, kind, 20.0 * 1000.0 ** random.random(), random.uniform(-15, 15), random.uniform(0.3, 3.0))
        cascade.process(out[start : start + 64])
    still = np.abs(np.diff(tone[:, 0], 2)).max()
    assert np.abs(out).max() < 0.4 * 10.0 ** (18.0 / 20.0)
    assert np.abs(np.diff(out[:, 0], 2)).max() < 12.0 * still * max(1.0, np.abs(out).max() / 0.4)


def test_what_is_out_of_reach_is_brought_within_it() -> None:
    assert design("high_pass", 0.0, 0.0, 0.0) == design("high_pass", 1.0, 0.0, 0.05)
    assert design("bell", 1e9, 3.0, 1e9) == design("bell", 0.49 * RATE_HZ, 3.0, 100.0)
