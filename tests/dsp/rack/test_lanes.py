"""Two sources, each through its own processors, in one mix; and stems on outputs of their own."""

import numpy as np
import pytest

from dsp.denoise.features import identity_mask
from dsp.denoise.live import Denoise
from dsp.inference import open_model
from dsp.inference.bundle import Bundle
from dsp.inference.fake import ConstantModel
from dsp.layouts.stems import CLAIMED, INPUT_SIZE, OUTPUT_SIZE
from dsp.rack.chain import BlockShapeError, Chain
from dsp.rack.lanes import MUSIC, VOICE, Channels, Lane
from dsp.stems.separator import Stems

RNG = np.random.default_rng(3)
VOICE_AND_MUSIC = Channels(inputs=3, voice=(0,), music=(1, 2), mix=2)


def play(chain: Chain, sound: np.ndarray, period: int, outputs: int) -> np.ndarray:
    out = np.zeros((len(sound), outputs), np.float32)
    for at in range(0, len(sound) - period + 1, period):
        chain.process(sound[at : at + period].copy(), out[at : at + period])
    return out


def noise(channels: int, frames: int = 48_000) -> np.ndarray:
    return RNG.normal(0, 0.05, (frames, channels)).astype(np.float32)


def stems_with(vocals: float) -> ConstantModel:
    mask = np.zeros((CLAIMED, OUTPUT_SIZE // CLAIMED), np.float32)
    mask[0] = vocals
    return ConstantModel(mask, INPUT_SIZE)


def both(tiny_bundle: Bundle, tiny_stems: Bundle, period: int = 128, channels: Channels = VOICE_AND_MUSIC) -> Chain:
    voice = Lane(VOICE, [Denoise(tiny_bundle, ConstantModel(identity_mask()), real_time=False)])
    chain = Chain(lanes=[voice, Lane(MUSIC, [Stems(tiny_stems, stems_with(0.5), real_time=False)])])
    chain.prepare(48_000, period, channels)
    return chain


@pytest.mark.parametrize("period", [32, 64, 128, 256, 441, 480, 512, 1024])
def test_microphone_and_music_meet_in_the_mix_at_the_same_time(
    tiny_bundle: Bundle, tiny_stems: Bundle, period: int
) -> None:
    chain = both(tiny_bundle, tiny_stems, period)
    sound = noise(3)
    out = play(chain, sound, period, 2)
    late = chain.latency_frames
    whole = len(sound) // period * period
    expected = (sound[:, 1:] + sound[:, :1])[: whole - late]
    assert late == 1024 - np.gcd(period, 512)
    assert np.abs(out[late:whole] - expected)[1024:].max() < 1e-5


def test_each_lane_has_its_own_processors(tiny_bundle: Bundle, tiny_stems: Bundle) -> None:
    chain = both(tiny_bundle, tiny_stems)
    chain.set_param("stems.vocals.mute", 1)
    sound = noise(3)
    out, late = play(chain, sound, 128, 2), chain.latency_frames
    expected = (0.5 * sound[:, 1:] + sound[:, :1])[:-late]
    assert np.abs(out[late:] - expected)[2048:-128].max() < 1e-5


def test_bypass_plays_what_came_in_at_the_same_delay(tiny_bundle: Bundle, tiny_stems: Bundle) -> None:
    chain = both(tiny_bundle, tiny_stems)
    chain.set_param("box.bypass", 1)
    chain.reset()
    sound = noise(3)
    out, late = play(chain, sound, 128, 2), chain.latency_frames
    assert np.array_equal(out[late:], (sound[:, 1:] + sound[:, :1])[:-late])


def test_stems_reach_the_outputs_they_are_given(tiny_stems: Bundle) -> None:
    # Vocals on two outputs, drums nowhere, bass on one, the rest on two; music in stereo.
    channels = Channels(inputs=2, voice=(0,), music=(0, 1), mix=2, stems=((3, 4), (), (5,), (6, 7)))
    chain = Chain(
        lanes=[Lane(MUSIC, [Stems(tiny_stems, open_model(tiny_stems), split=True, real_time=False)], stems_behind=4)]
    )
    chain.prepare(48_000, 128, channels)
    sound = noise(2)
    out, late = play(chain, sound, 128, channels.outputs), chain.latency_frames
    mix, vocals, bass, other = out[:, :2], out[:, 2:4], out[:, 4], out[:, 5:7]
    assert channels.outputs == 7
    assert np.abs(mix[late:] - sound[:-late])[2048:].max() < 1e-5
    chain.set_param("stems.vocals.solo", 1)
    chain.reset()
    assert np.abs(play(chain, sound, 128, 7)[:, :2] - vocals)[4096:].max() < 1e-5
    chain.set_param("stems.vocals.solo", 0)
    chain.set_param("stems.bass.solo", 1)
    chain.reset()
    assert np.abs(play(chain, sound, 128, 7)[:, :2].mean(axis=1) - bass)[4096:].max() < 1e-5
    assert np.abs(other).max() > 0.01


def test_mute_and_bypass_silence_the_stems_own_outputs(tiny_stems: Bundle) -> None:
    channels = Channels(inputs=1, voice=(0,), music=(), mix=2, stems=((3,), (4,), (5,), (6,)))
    chain = Chain(
        lanes=[Lane(MUSIC, [Stems(tiny_stems, open_model(tiny_stems), split=True, real_time=False)], stems_behind=4)]
    )
    chain.prepare(48_000, 128, channels)
    sound = noise(1)
    assert np.abs(play(chain, sound, 128, 6)[:, 2:]).max() > 0.01
    for switch, heard in (("box.bypass", True), ("box.mute", False)):
        chain.set_param(switch, 1)
        chain.reset()
        out = play(chain, sound, 128, 6)
        assert not out[:, 2:].any()
        assert out[:, :2].any() == heard


def test_music_without_channels_leaves_the_microphone_alone(tiny_bundle: Bundle, tiny_stems: Bundle) -> None:
    chain = both(tiny_bundle, tiny_stems, channels=Channels(inputs=1, voice=(0,), music=(), mix=1))
    sound = noise(1)
    out = play(chain, sound, 128, 1)
    assert chain.latency_frames == 128  # the voice does not wait for a lane without columns
    assert np.abs(out[128:] - sound[:-128])[1024:].max() < 1e-5


@pytest.mark.parametrize("bypass", [0, 1])
def test_a_single_output_carries_both_sides(tiny_bundle: Bundle, tiny_stems: Bundle, bypass: int) -> None:
    chain = both(tiny_bundle, tiny_stems, channels=Channels(inputs=3, voice=(0,), music=(1, 2), mix=1))
    chain.set_param("box.bypass", bypass)
    chain.reset()
    sound = noise(3)
    out, late = play(chain, sound, 128, 1), chain.latency_frames
    expected = (sound[:, 1:].mean(axis=1, keepdims=True) + sound[:, :1])[:-late]
    assert np.abs(out[late:] - expected)[1024:-128].max() < 1e-5


def test_a_lane_that_is_alone_takes_what_there_is(tiny_stems: Bundle) -> None:
    chain = Chain(lanes=[Lane(MUSIC, [Stems(tiny_stems, stems_with(0.5), real_time=False)])])
    chain.prepare(48_000, 128, Channels(inputs=1, voice=(0,), music=(), mix=1))
    assert play(chain, noise(1), 128, 1).any()


def test_an_out_of_another_shape_is_refused(tiny_bundle: Bundle, tiny_stems: Bundle) -> None:
    with pytest.raises(BlockShapeError, match=r"out of shape \(128, 3\): prepared for \(128, 2\)"):
        both(tiny_bundle, tiny_stems).process(noise(3, 128), noise(3, 128))
