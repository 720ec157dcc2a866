import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest

from dsp.denoise.features import identity_mask
from dsp.denoise.live import Denoise
from dsp.inference import open_model
from dsp.inference.bundle import Bundle
from dsp.inference.fake import ConstantModel
from dsp.params import ParamRangeError, UnknownParamError
from dsp.parts.meter import PEAK
from dsp.rack.build import build_chain
from dsp.rack.chain import BlockShapeError, Chain

Run = Callable[..., np.ndarray]
PERIODS = (32, 48, 64, 128, 256, 441, 480, 1024)
LATENCY = {32: 224, 48: 240, 64: 192, 128: 128, 256: 128, 441: 255, 480: 224, 1024: 128}


def denoising(bundle: Bundle, period: int = 128, channels: int = 1, **values: float) -> Chain:
    """A chain with the tiny network; values: parameters with __ for the dot."""
    chain = Chain([Denoise(bundle, open_model(bundle), real_time=False)])
    for name, value in values.items():
        chain.set_param(name.replace("__", "."), value)
    chain.prepare(48_000, period, channels)
    return chain


def integers(bits: int, channels: int, frames: int = 48_000) -> np.ndarray:
    """Every kind of integer sample that a converter of `bits` can send, as AudioIo returns it."""
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    samples = np.random.default_rng(bits).integers(low, high, (frames, channels), endpoint=True)
    samples[1000:1004, 0] = (low, high, 1, -1)
    return samples


@pytest.mark.parametrize("period", PERIODS)
@pytest.mark.parametrize(("bits", "channels"), [(16, 1), (24, 2)])
def test_bypass_returns_the_very_integers(tiny_bundle: Bundle, run: Run, bits: int, channels: int, period: int) -> None:
    samples = integers(bits, channels)
    chain = denoising(tiny_bundle, period, channels, box__bypass=1, input__gain_db=9, output__gain_db=-20)
    out = run(chain, (samples / 2 ** (bits - 1)).astype(np.float32), period)
    back = np.round(out.astype(np.float64) * 2 ** (bits - 1)).astype(int)
    latency = chain.latency_frames
    assert latency == LATENCY[period]
    assert np.array_equal(back[latency : len(samples)], samples[:-latency])
    assert np.array_equal(out[latency : len(samples)] * 2 ** (bits - 1), samples[:-latency])  # not even rounded


@pytest.mark.parametrize("period", PERIODS)
@pytest.mark.parametrize("channels", [1, 2])
def test_an_impulse_takes_exactly_the_declared_latency(
    tiny_bundle: Bundle, run: Run, period: int, channels: int
) -> None:
    for position in (2000, 2047, 2048, 2100):
        chain = Chain([Denoise(tiny_bundle, ConstantModel(identity_mask()), real_time=False)])
        chain.prepare(48_000, period, channels)
        signal = np.zeros((6000, channels), np.float32)
        signal[position] = 0.5
        out = run(chain, signal, period)
        assert chain.latency_frames == LATENCY[period]
        assert np.abs(out).argmax() // channels == position + chain.latency_frames
        assert out[position + chain.latency_frames] == pytest.approx(0.5, abs=1e-5)


@pytest.mark.parametrize("values", [{}, {"denoise__listen": 1}, {"box__wet_percent": 40, "denoise__amount_db": 9}])
def test_the_output_is_the_same_for_every_period(
    tiny_bundle: Bundle, run: Run, voice: np.ndarray, values: dict[str, float]
) -> None:
    heard = []
    for period in PERIODS:
        chain = denoising(tiny_bundle, period, **values)
        heard.append(run(chain, voice, period)[chain.latency_frames :][:47_000])
    assert np.abs(heard[0]).max() > 0.01
    for other in heard[1:]:
        assert np.array_equal(other, heard[0])


def test_a_dry_chain_adds_no_delay_and_changes_no_bit(run: Run, voice: np.ndarray) -> None:
    chain = build_chain(None)
    chain.prepare(48_000, 64, 1)
    assert chain.latency_frames == 0
    assert np.array_equal(run(chain, voice, 64), voice)
    assert (chain.late_hops, chain.dry_hops, chain.reduction_db, chain.model_name) == (0, 0, 0, "")


def test_coming_back_from_bypass_is_as_if_it_had_never_been(tiny_bundle: Bundle, run: Run, voice: np.ndarray) -> None:
    straight = run(denoising(tiny_bundle), voice)
    away = {100: lambda c: c.set_param("box.bypass", 1), 200: lambda c: c.set_param("box.bypass", 0)}
    out = run(denoising(tiny_bundle), voice, at=away)
    ramp = 960
    dry = slice(100 * 128 + ramp, 200 * 128)
    assert np.array_equal(out[dry], voice[dry.start - 128 : dry.stop - 128])
    assert np.array_equal(out[200 * 128 + ramp :], straight[200 * 128 + ramp :])


def test_mute_outlives_fade_in_reset_and_a_new_prepare(tiny_bundle: Bundle, run: Run, voice: np.ndarray) -> None:
    chain = denoising(tiny_bundle, box__mute=1)
    assert not run(chain, voice).any()
    chain.fade_in()
    assert not run(chain, voice).any()
    chain.reset()
    assert not run(chain, voice).any()
    chain.prepare(48_000, 64, 1)
    chain.fade_in()
    assert not run(chain, voice, 64).any()
    chain.set_param("box.mute", 0)
    assert run(chain, voice, 64).any()


def test_fade_in_rises_from_silence(run: Run) -> None:
    chain = Chain()
    chain.prepare(48_000, 128, 1)
    chain.fade_in()
    out = run(chain, np.full((9600, 1), 0.5, np.float32))
    assert out[0] < 0.001
    assert np.diff(out[:, 0]).min() >= 0
    assert np.diff(out[:, 0]).max() < 0.5 / 2400 + 1e-6
    assert not out[:128].any()  # until the newest block is through
    assert (out[128 + 2400 :] == 0.5).all()


@pytest.mark.parametrize("period", [64, 128, 256])
def test_what_was_on_its_way_when_sound_was_lost_is_not_heard(tiny_bundle: Bundle, run: Run, period: int) -> None:
    chain = denoising(tiny_bundle, period, box__bypass=1)
    run(chain, np.full((9600, 1), 0.5, np.float32), period)
    chain.fade_in()
    gap = run(chain, np.zeros((period, 1), np.float32), period)
    back = run(chain, np.full((9600, 1), 0.5, np.float32), period)
    out = np.concatenate([gap, back])[:, 0]
    assert out[0] == 0.0
    assert np.abs(np.diff(out)).max() < 0.5 / 2400 + 1e-6
    assert out[-1] == 0.5


def test_the_limiter_guards_the_processed_sound_only(tiny_bundle: Bundle, run: Run, voice: np.ndarray) -> None:
    loud = voice * 3
    chain = denoising(tiny_bundle, input__gain_db=24, output__gain_db=12)
    assert np.abs(run(chain, loud)).max() <= 10 ** (-1 / 20)
    chain.set_param("box.bypass", 1)
    assert np.array_equal(run(chain, loud)[2000:48_000], loud[2000 - 128 : 48_000 - 128])


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 3e38])
@pytest.mark.parametrize("bypass", [0, 1])
def test_a_storm_of_broken_numbers_never_gets_out_and_is_survived(
    tiny_bundle: Bundle, run: Run, voice: np.ndarray, bad: float, bypass: int
) -> None:
    long = np.tile(voice, (3, 1))
    stormy = long.copy()
    stormy[20_000:40_000:3] = bad
    stormy[30_000:31_000] = bad
    clean, chain = denoising(tiny_bundle, box__bypass=bypass), denoising(tiny_bundle, box__bypass=bypass)
    expected, out = run(clean, long), run(chain, stormy)
    assert np.isfinite(out).all()
    assert np.abs(out).max() <= 1.0
    assert chain.bad_samples == np.count_nonzero(~(np.abs(stormy) < 1000))
    assert np.abs(out[88_000:] - expected[88_000:]).max() < 1e-6  # the voice is back within a second
    assert chain.dry_hops == 0


class Shouter:
    """A faulty processor: it returns broken samples."""

    name = "shouter"
    params = ()
    latency_frames = 0

    def prepare(self, rate_hz: int, period_frames: int, channels: int) -> None: ...
    def set_param(self, param_id: str, value: float) -> None: ...
    def reset(self) -> None: ...

    def process(self, block: np.ndarray) -> None:
        block[::2] = np.nan
        block[1::2] = 500.0


def test_even_a_broken_processor_cannot_reach_an_ear(run: Run, voice: np.ndarray) -> None:
    chain = Chain([Shouter()])
    chain.prepare(48_000, 128, 1)
    out = run(chain, voice)
    assert np.isfinite(out).all()
    assert np.abs(out).max() <= 10 ** (-1 / 20)


def test_meters_see_the_input_before_all_and_what_is_heard(run: Run) -> None:
    chain = Chain()
    chain.set_param("output.gain_db", -20.0)
    chain.prepare(48_000, 128, 2)
    run(chain, np.full((12_800, 2), 0.5, np.float32))
    levels = np.zeros((2, 2), np.float32)
    assert chain.meters.input.take(levels) is False
    assert levels[:, PEAK] == pytest.approx(0.5)
    chain.meters.output.take(levels)
    assert levels[:, PEAK] == pytest.approx(0.05)


def test_set_param_alone_raises_and_names_what_is_allowed(tiny_bundle: Bundle) -> None:
    chain = denoising(tiny_bundle)
    with pytest.raises(ParamRangeError, match=r"denoise\.amount_db = 60 dB: allowed 0 to 40"):
        chain.set_param("denoise.amount_db", 60)
    with pytest.raises(UnknownParamError, match=r"did you mean box\.bypass\?"):
        chain.set_param("box.bypas", 1)
    with pytest.raises(ParamRangeError):
        chain.set_param("denoise.listen", 0.5)
    assert chain.param("denoise.amount_db") == 24.0


def test_a_block_of_another_shape_is_refused(tiny_bundle: Bundle) -> None:
    chain = denoising(tiny_bundle)
    with pytest.raises(BlockShapeError, match=r"\(64, 1\): prepared for \(128, 1\)"):
        chain.process(np.zeros((64, 1), np.float32))


def test_reset_is_as_new(tiny_bundle: Bundle, run: Run, voice: np.ndarray) -> None:
    chain = denoising(tiny_bundle, 441)
    first = run(chain, voice, 441)
    chain.reset()
    assert np.array_equal(run(chain, voice, 441), first)


@pytest.mark.parametrize(("runtime", "blocks"), [("tflite", 5000), ("onnx", 1000)])
def test_a_stream_takes_no_more_memory_as_it_goes(
    tiny_bundle: Bundle, voice: np.ndarray, runtime: str, blocks: int
) -> None:
    chain = Chain([Denoise(tiny_bundle, open_model(tiny_bundle, runtime), real_time=False)])
    chain.prepare(48_000, 128, 1)
    block, levels = np.zeros((128, 1), np.float32), np.zeros((1, 2), np.float32)

    def stream(blocks: int) -> None:
        for number in range(blocks):
            at = number % 300 * 128
            np.copyto(block, voice[at : at + 128])
            if number % 20 == 0:
                chain.set_param("denoise.amount_db", number % 40)
                chain.set_param("box.bypass", number // 20 % 2)
                chain.meters.output.take(levels)
            chain.process(block)

    stream(200)
    tracemalloc.start()
    stream(200)
    before, _ = tracemalloc.get_traced_memory()
    tracemalloc.reset_peak()
    stream(blocks)
    after, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert after - before < 16_000  # now and then a runtime remembers something; one float a block would be 24 kB
    assert peak - before < 128_000  # needed for a moment in a block: views, and an FFT's own scratch, 94 kB for hum
