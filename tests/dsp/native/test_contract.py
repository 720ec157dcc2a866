"""C and NumPy do the same: every class is made twice, and both hear the same random sound for a while.

What is compared is what they hand out, within a millionth of the loudest value. Where a number is a logarithm of a
power that may cancel to nothing (the fine places), its power is compared with the loudest of its hop.
"""

import numpy as np
import pytest

from dsp import native
from dsp.block import mend
from dsp.denoise.features import LOG_OFFSET, LOG_SCALE, DenoiseFrontEnd
from dsp.denoise.sides import Sides
from dsp.layouts.denoise import LIVE, STUDIO, Layout
from dsp.layouts.stems import BINS, HOP_FRAMES, OUTPUT_SIZE, SYNTHESIS_FRAMES, WINDOW_FRAMES
from dsp.parts.delay import Delay
from dsp.parts.gain import OUTPUT_GAIN, Gain
from dsp.parts.hop_adapter import HopAdapter
from dsp.parts.limiter import Limiter
from dsp.parts.meter import Meter
from dsp.parts.ramp import Ramp
from dsp.parts.stft import StreamingStft, forward_transform, inverse_transform
from dsp.rack.dry_path import DryPath
from dsp.rack.freeze import Freeze
from dsp.rack.lanes import MUSIC, VOICE, Channels, Lane
from dsp.restore.infrasonic import InfrasonicGuard
from dsp.restore.late_reverb import LateReverb
from dsp.stems.features import StemsFrontEnd
from tests.rigs.both_ways import CLOSE, PERIODS, assert_close, pair, sound

pytestmark = pytest.mark.usefixtures("native_part")

WINDOWS = ((768, 256), (1920, 960), (WINDOW_FRAMES, SYNTHESIS_FRAMES), (48, 16))


def spectra(rng: np.random.Generator, channels: int, bins: int, hops: int) -> np.ndarray:
    levels = 10.0 ** rng.uniform(-4, 1.0, (hops, 1, 1))
    values = rng.standard_normal((hops, channels, bins)) + 1j * rng.standard_normal((hops, channels, bins))
    return (values * levels).astype(np.complex64)


@pytest.mark.parametrize("channels", [1, 2, 3])
@pytest.mark.parametrize(("window", "synthesis"), WINDOWS)
def test_stft(window: int, synthesis: int, channels: int) -> None:
    c, numpy = pair(lambda: StreamingStft(channels, window, synthesis, synthesis // 2))
    assert c._native is not None
    assert numpy._native is None
    rng = np.random.default_rng(window + channels)
    for _ in range(2 * window // synthesis + 5):
        hop = sound(rng, synthesis // 2, channels)
        assert_close(c.analyse(hop), numpy.analyse(hop))
        spectrum = spectra(rng, channels, c.bins, 1)[0]
        assert_close(c.synthesise(spectrum), numpy.synthesise(spectrum))
    c.reset()
    numpy.reset()
    assert_close(c.analyse(hop), numpy.analyse(hop))


def test_a_hop_may_be_any_view() -> None:
    c, numpy = pair(lambda: StreamingStft(2))
    columns = np.random.default_rng(1).standard_normal((4, 300)).astype(np.float32)
    for view in (columns[1:3, 20:148].T, columns.T[100:228, ::-2], np.flip(columns.T[:128, :2])):
        assert_close(c.analyse(view), numpy.analyse(view))


def test_one_goes_on_where_the_other_stopped() -> None:
    c, numpy = pair(lambda: StreamingStft(1))
    rng = np.random.default_rng(2)
    part = c._native
    for hop_number in range(20):
        c._native = part if hop_number % 3 else None
        hop = sound(rng, 128, 1)
        out, expected = c.synthesise(c.analyse(hop)), numpy.synthesise(numpy.analyse(hop))
        assert_close(out, expected)


@pytest.mark.parametrize("frames", [768, 2048, 4096, 22])
def test_single_transforms(frames: int) -> None:
    rng = np.random.default_rng(frames)
    waves = rng.standard_normal((2, frames)).astype(np.float32)
    (c, numpy), (c_wave, numpy_wave) = (
        pair(lambda: np.zeros((2, frames // 2 + 1), np.complex64)),
        pair(lambda: np.zeros((2, frames), np.float32)),
    )
    for on, spectrum, wave in ((True, c, c_wave), (False, numpy, numpy_wave)):
        with native.switched(on):
            forward_transform(waves, spectrum)
            inverse_transform(spectrum, wave)
    assert_close(c, numpy)
    assert_close(c_wave, numpy_wave)


@pytest.mark.parametrize("channels", [1, 2, 3])
@pytest.mark.parametrize("layout", [LIVE, STUDIO], ids=lambda layout: layout.name)
def test_denoiser_features_and_masks(layout: Layout, channels: int) -> None:
    c, numpy = pair(lambda: DenoiseFrontEnd(channels, layout))
    assert c._native is not None
    rng = np.random.default_rng(channels)
    for hop_number, spectrum in enumerate(spectra(rng, channels, layout.bins, 3 * layout.fine.past_hops)):
        if channels > 1 and hop_number % 40 < 20:
            spectrum[1] = -0.7 * spectrum[0]  # an inverted side
        sensitivity, room = float(rng.choice([0.0, 0.3, -1.0, 1.0])), float(rng.uniform(0, 1))
        dry = float(rng.choice([0.0, 0.063, 0.5, 1.0]))
        seen, expected = c.features(spectrum, room, sensitivity), numpy.features(spectrum, room, sensitivity)
        at = layout.fine_at
        assert_close(seen[0, :at], expected[0, :at])
        powers, expected_powers = (
            10.0 ** (row[0, at:].astype(np.float64) / LOG_SCALE - LOG_OFFSET) for row in (seen, expected)
        )
        same_power = np.abs(powers - expected_powers) <= CLOSE * expected_powers.max()
        assert (same_power | (np.abs(seen - expected)[0, at:] <= CLOSE)).all()
        mask = rng.uniform(-0.3, 1.0, (1, layout.output_size)).astype(np.float32)
        mask[0, layout.gains_at : layout.fine_taps_at] = np.abs(mask[0, layout.gains_at : layout.fine_taps_at])
        if hop_number % 2:
            filtered, expected_spectrum = spectrum.copy(), spectrum.copy()
            c.apply(mask, filtered, dry)
            numpy.apply(mask, expected_spectrum, dry)
            assert_close(filtered, expected_spectrum, of=0.0)
        else:
            assert_close(c.gains(mask, spectrum, dry), numpy.gains(mask, spectrum, dry))
        assert_close(c.told, numpy.told)
        assert c.reduction_db == pytest.approx(numpy.reduction_db, abs=1e-4)
    c.reset()
    numpy.reset()
    assert_close(c.features(spectrum)[0, :at], numpy.features(spectrum)[0, :at])


@pytest.mark.parametrize("channels", [1, 2, 3])
@pytest.mark.parametrize(("window", "hop"), [(768, 128), (1920, 480)])
def test_late_reverb(window: int, hop: int, channels: int) -> None:
    c, numpy = pair(lambda: LateReverb(channels, window, hop))
    assert c._native is not None
    rng = np.random.default_rng(channels)
    level = 1.0
    for reverb in (c, numpy):
        reverb.ask(1.0)
    for hop_number, spectrum in enumerate(spectra(rng, channels, window // 2 + 1, 300)):
        level = 1.0 if hop_number % 60 == 0 else level * 0.9  # a sound that dies away, again and again
        tone = (spectrum / np.abs(spectrum).max() * level).astype(np.complex64)
        taken, expected = tone.copy(), tone.copy()
        c.take(taken)
        numpy.take(expected)
        assert np.abs(taken - expected).max() <= 1e-4 * np.abs(tone).max()
        assert np.allclose(c._shares, numpy._shares, rtol=1e-3, atol=1e-6)
    assert c.change_db == pytest.approx(numpy.change_db, abs=1e-2)
    assert c.change_db < -0.1
    assert c.echo_percent == pytest.approx(numpy.echo_percent, abs=0.1)


@pytest.mark.parametrize("sensitivity", [-1.0, 1.0])
def test_a_mask_of_nothing_is_nothing_whatever_the_sensitivity(sensitivity: float) -> None:
    c, numpy = pair(lambda: DenoiseFrontEnd(1))
    spectrum = spectra(np.random.default_rng(3), 1, LIVE.bins, 1)[0]
    mask = np.zeros((1, LIVE.output_size), np.float32)
    for front in (c, numpy):
        front.features(spectrum, 0.0, sensitivity)
        out = spectrum.copy()
        front.apply(mask, out, 0.0)
        assert np.abs(out).max() < 1e-12


def test_sides() -> None:
    c, numpy = pair(lambda: Sides(3))
    rng = np.random.default_rng(4)
    turned = 0
    for hop_number, spectrum in enumerate(spectra(rng, 3, LIVE.low_bins, 400)):
        spectrum[1] = spectrum[0] * (0.5 if hop_number < 200 else -0.5)
        assert_close(c.mean(spectrum), numpy.mean(spectrum))
        assert np.array_equal(c._signs, numpy._signs)
        turned += int(c._signs[1, 0] < 0.0)
    assert 0 < turned < 200


@pytest.mark.parametrize("channels", [1, 2])
def test_stems_features_masks_and_mix(channels: int) -> None:
    c, numpy = pair(lambda: StemsFrontEnd(channels))
    assert c._native is not None
    rng = np.random.default_rng(channels)
    for hop_number, spectrum in enumerate(spectra(rng, channels, BINS, 60)):
        other = spectra(rng, channels, BINS, 1)[0] if channels == 2 and hop_number % 3 == 0 else None
        assert_close(c.features(spectrum, other), numpy.features(spectrum, other))
        mask = rng.uniform(0.0, 0.33, (1, OUTPUT_SIZE)).astype(np.float32)
        assert_close(c.bin_masks(mask), numpy.bin_masks(mask))
        levels = rng.uniform(0.0, 2.0, 4).astype(np.float32)
        out, energy = pair(lambda: (np.zeros_like(spectrum), np.ones(4, np.float32)))  # noqa: B023
        c.mix(spectrum, levels, *out)
        numpy.mix(spectrum, levels, *energy)
        assert_close(out[0], energy[0])
        assert_close(out[1], energy[1], of=0.0)


@pytest.mark.parametrize("channels", [1, 2, 5])
@pytest.mark.parametrize("period", PERIODS)
def test_meter_limiter_gain_and_mend(period: int, channels: int) -> None:
    meters, limiters = pair(lambda: Meter(channels, period)), pair(Limiter)
    gains = pair(lambda: Gain(OUTPUT_GAIN))
    for processor in (*limiters, *gains):
        # Made in prepare(), so that is where the switch counts.
        with native.switched(processor in (limiters[0], gains[0])):
            processor.prepare(48_000, period, channels)
    assert limiters[0]._native is not None
    assert limiters[1]._native is None
    rng = np.random.default_rng(period)
    for number in range(30):
        c = sound(rng, period, channels)
        numpy = c.copy()
        if number % 5 == 0:
            c[rng.integers(period), 0] = numpy[0, 0] = 0.0
            c[:] = numpy
            for at, broken in enumerate((np.nan, np.inf, -np.inf, 1e6)):
                c[at, -1] = numpy[at, -1] = broken
        counts = []
        for on, block in ((True, c), (False, numpy)):
            with native.switched(on), np.errstate(all="ignore"):
                counts.append(mend(block))
        assert counts[0] == counts[1] == (4 if number % 5 == 0 else 0)
        assert np.array_equal(c, numpy)
        if number == 10:
            for gain in gains:
                gain.set_param(OUTPUT_GAIN.id, -7.0)
        for parts, block in ((0, c), (1, numpy)):
            gains[parts].process(block)
            limiters[parts].process(block)
            meters[parts].add(block)
        assert_close(c, numpy)
        assert np.abs(c).max() <= limiters[0].ceiling
        assert limiters[0].reduction_db == pytest.approx(limiters[1].reduction_db, abs=1e-5)
        if number % 7 == 6:
            levels = np.zeros((2, channels, 2), np.float32)
            assert meters[0].take(levels[0]) == meters[1].take(levels[1])
            assert_close(levels[0], levels[1], of=0.0)


@pytest.mark.parametrize("channels", [1, 2, 3])
@pytest.mark.parametrize("hop", [128, 120])
def test_rumble(hop: int, channels: int) -> None:
    c, numpy = pair(lambda: InfrasonicGuard(channels, hop))
    rng = np.random.default_rng(hop)
    time = np.arange(hop)[:, None]
    told = 0
    for number in range(600):
        wind = 0.5 * np.sin((time + number * hop) * (2 * np.pi * 6 / 48_000)) * (number > 150)
        block = (rng.standard_normal((hop, channels)) * 0.02 + wind).astype(np.float32)
        for piece in (block[: hop // 3], block[hop // 3 :]):
            rumble, expected = c.follow(piece), numpy.follow(piece)
            assert (rumble is None) == (expected is None)
            if rumble is not None:
                told += 1
                assert np.abs(rumble - expected).max() < 1e-5  # a recursion over the wind's whole length
    assert told > 100


@pytest.mark.parametrize("latency", [0, 1, 64, 128, 777])
@pytest.mark.parametrize("period", PERIODS)
def test_delay_changes_no_bit(period: int, latency: int) -> None:
    c, numpy = pair(lambda: Delay(latency, period, 2))
    rng = np.random.default_rng(period)
    for _ in range(2 * (latency + period) // period + 3):
        block = sound(rng, int(rng.integers(1, period + 1)), 2)
        assert np.array_equal(c.process(block), numpy.process(block))


@pytest.mark.parametrize("hop", [128, 480, 512])
@pytest.mark.parametrize("period", PERIODS)
def test_hop_adapter_changes_no_bit(period: int, hop: int) -> None:
    def double(hop_in: np.ndarray, hop_out: np.ndarray) -> None:
        np.multiply(hop_in, 2.0, out=hop_out)

    c, numpy = pair(lambda: HopAdapter(period, hop, 2, double))
    rng = np.random.default_rng(period)
    for _ in range(4 * hop // period + 6):
        block = sound(rng, period, 2)
        expected = block.copy()
        c.process(block)
        numpy.process(expected)
        assert np.array_equal(block, expected)


@pytest.mark.parametrize("period", PERIODS)
def test_ramp(period: int) -> None:
    c, numpy = pair(lambda: Ramp(1.0, 480, period))
    rng = np.random.default_rng(period)
    for number in range(40):
        if number % 11 == 3:
            target = float(rng.uniform(0, 2))
            c.set(target)
            numpy.set(target)
        frames = int(rng.integers(1, period + 1))
        assert_close(c.next(frames), numpy.next(frames))
        assert c.value == numpy.value
        assert c.still == numpy.still


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("period", PERIODS)
def test_dry_path(period: int, channels: int) -> None:
    c, numpy = pair(DryPath)
    for path, on in ((c, True), (numpy, False)):
        with native.switched(on):
            path.prepare(48_000, period, channels, 192)
    rng = np.random.default_rng(period)
    changes = [
        ("box.bypass", 1.0),
        ("box.bypass", 0.0),
        ("box.wet_percent", 30.0),
        ("box.match_db", -6.0),
        ("box.mute", 1.0),
    ]
    for number in range(30):
        if number % 6 == 1:
            for path in (c, numpy):
                name, value = changes[number // 6]
                path.set_param(f"box.{name}", value)
        dry, wet = sound(rng, period, channels), sound(rng, period, channels)
        expected = wet.copy()
        c.push(dry)
        c.join(wet)
        numpy.push(dry)
        numpy.join(expected)
        assert_close(wet, expected)


@pytest.mark.parametrize("period", [64, 128, 441, 1024])
def test_freeze(period: int) -> None:
    c, numpy = pair(Freeze)
    for freeze, on in ((c, True), (numpy, False)):
        with native.switched(on):
            freeze.prepare(48_000, period, 2)
    rng = np.random.default_rng(period)
    time = np.arange(period)
    for number in range(12_000 // period):
        # Tones in some noise: where two bins are equally loud, the last bit would tell which of them leads.
        tones = np.sin(np.outer(time + number * period, (0.05, 0.083)))
        block = (tones * 0.3 + rng.standard_normal((period, 2)) * 1e-3).astype(np.float32)
        expected = block.copy()
        if number == 6_000 // period:
            for freeze in (c, numpy):
                freeze.set_param("box.freeze", 1.0)
        with native.switched(True):
            c.process(block)
        with native.switched(False):
            numpy.process(expected)
        assert np.abs(block - expected).max() < 2e-6


ROUTES = {
    "mono": Channels(1, (0,), (0,), 1),
    "mono to stereo": Channels(2, (1,), (), 2),
    "stereo to mono": Channels(2, (0, 1), (0, 1), 1),
    "three in": Channels(3, (2,), (0, 1), 2),
    "stems out": Channels(3, (2,), (0, 1), 2, ((2, 3), (4,), (5, 6), (7,))),
}


@pytest.mark.parametrize("source", [VOICE, MUSIC])
@pytest.mark.parametrize("channels", ROUTES.values(), ids=ROUTES.keys())
@pytest.mark.parametrize("period", [16, 100, 128])
def test_lanes(period: int, channels: Channels, source: str) -> None:
    c, numpy = pair(lambda: Lane(source, [], stems_behind=len(channels.stems)))
    for lane, on in ((c, True), (numpy, False)):
        with native.switched(on):
            lane.prepare(48_000, period, channels, alone=False)
            lane.wait_for(50)
    rng = np.random.default_rng(period)
    for number in range(6):
        first = number % 2 == 0  # what was there goes
        block = sound(rng, period, channels.inputs)
        outs = [np.ones((period, channels.outputs), np.float32) for _ in range(4)]
        for lane, out, untouched in ((c, outs[0], outs[2]), (numpy, outs[1], outs[3])):
            lane.process(block)
            lane.add_to(out, first)
            lane.add_untouched(block, untouched, first)
        assert_close(outs[0], outs[1])
        assert_close(outs[2], outs[3])


def test_hops_of_the_layouts_are_what_is_tested() -> None:
    assert {(LIVE.window_frames, LIVE.synthesis_frames), (STUDIO.window_frames, STUDIO.synthesis_frames)} < set(WINDOWS)
    assert HOP_FRAMES == SYNTHESIS_FRAMES // 2
