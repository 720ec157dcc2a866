import numpy as np
import pytest

from dsp.block import RATE_HZ
from dsp.denoise.live import Denoise
from dsp.denoise.telling import Teller
from dsp.inference.bundle import Bundle
from dsp.inference.fake import ConstantModel
from dsp.layouts.denoise import LIVE
from dsp.parts.voice_sense import VoiceSense
from dsp.restore.dereverb import Dereverb
from tests.rigs.sung import hiss, silence, vowel, words


def band_powers(heard: float, kept: float) -> np.ndarray:
    told = np.zeros((1, 2, 5), np.float32)
    told[0, 0], told[0, 1] = heard, kept
    return told


@pytest.mark.parametrize("period", [32, 64, 96, 128, 256, 512])
def test_what_is_told_is_of_the_sound_that_leaves(period: int) -> None:
    """Hop 20 alone has voice: the block that holds its frames, or those of the hop before, tells it; no other does."""
    hop, late = 128, 128 - np.gcd(period, 128)
    sense, late = VoiceSense(), 128 - np.gcd(period, 128)
    teller = Teller(sense, 1, 128, int(late))
    teller._fall = 0.0
    frames, told = 0, []
    for _ in range(60 * 128 // period):
        for number in range(frames // 128, (frames + period) // 128):
            teller.hear(band_powers(0.01, 0.01 if number == 40 or number < 10 else 1e-8), True)
        frames += period
        teller.tell(period)
        told.append(float(sense.probability[0]))
    blocks = np.array(told)
    starts = np.arange(len(blocks)) * period - late
    inside = (starts + period > 40 * 128) & (starts < 42 * 128)  # steps 40 and 41 make the sound of hop 40
    settled = starts > 30 * 128
    assert blocks[inside].min() > 2.0 * blocks[settled & ~inside].max()


def test_a_dry_hop_is_not_known(tiny_bundle: Bundle) -> None:
    sense = VoiceSense()
    denoiser = Denoise(
        tiny_bundle, ConstantModel(np.zeros((1, LIVE.output_size), np.float32)), voice=sense, real_time=False
    )
    denoiser.prepare(RATE_HZ, 128, 1)
    denoiser.reset()
    assert not sense.known
    block = np.zeros((128, 1), np.float32)
    for _ in range(10):
        denoiser.process(block)
    assert sense.known
    denoiser.model.rest(True)
    for _ in range(40):
        denoiser.process(block)
    assert not sense.known


def test_a_mask_that_keeps_is_a_voice_and_one_that_takes_is_none(tiny_bundle: Bundle) -> None:
    kept = {}
    for gain in (1.0, 0.02):
        mask = np.zeros((1, LIVE.output_size), np.float32)
        mask[0, : LIVE.low_bins] = mask[0, LIVE.gains_at : LIVE.fine_taps_at] = gain
        sense = VoiceSense()
        denoiser = Denoise(tiny_bundle, ConstantModel(mask), voice=sense, real_time=False)
        denoiser.prepare(RATE_HZ, 128, 1)
        sound = words(silence(0.5), vowel(1.0)) + hiss(1.5, 50.0, 20_000.0, 1e-3)[:, None]
        for start in range(0, len(sound) // 128 * 128, 128):
            denoiser.process(sound[start : start + 128].astype(np.float32))
        kept[gain] = float(sense.probability[0])
    assert kept[1.0] > 0.9
    assert kept[1.0] > kept[0.02]


def test_de_reverb_works_in_the_denoiser_even_where_no_noise_is_taken(tiny_bundle: Bundle) -> None:
    sense = VoiceSense()
    model = ConstantModel(np.zeros((1, LIVE.output_size), np.float32))
    denoiser, stage = Denoise(tiny_bundle, model, voice=sense, real_time=False), Dereverb(sense)
    denoiser.set_param("denoise.amount_db", 0.0)
    denoiser.prepare(RATE_HZ, 128, 1)
    stage.prepare(RATE_HZ, 128, 1)
    denoiser.reset()
    sound = words(*(part for _ in range(6) for part in (vowel(0.2), silence(0.3))))
    rattle = np.random.default_rng(1).standard_normal(RATE_HZ // 2) * 10.0 ** (
        -3.0 * np.arange(RATE_HZ // 2) / RATE_HZ * 2
    )
    wet = np.convolve(sound[:, 0], np.concatenate(([1.0], 0.02 * rattle)))[: len(sound)].astype(np.float32)
    loud = {}
    for amount in (0.0, 1.0):
        stage.set_param("dereverb.amount", amount)
        denoiser.reset()
        out = wet[: len(wet) // 128 * 128, None].copy()
        for start in range(0, len(out), 128):
            denoiser.process(out[start : start + 128])
        loud[amount] = float(np.square(out[-RATE_HZ // 5 :]).sum())
        if not amount:
            assert np.array_equal(out[128:, 0], wet[: len(out) - 128])
    assert loud[1.0] < 0.5 * loud[0.0]
