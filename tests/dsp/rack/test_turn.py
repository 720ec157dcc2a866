"""A latency that changes while sound plays: a fade to silence and back, and then everything is right again."""

import tracemalloc

import numpy as np
import pytest

from dsp.block import Block
from dsp.denoise.features import identity_mask
from dsp.denoise.live import Denoise
from dsp.inference.bundle import Bundle
from dsp.inference.fake import ConstantModel
from dsp.params import ParamSpec
from dsp.rack.chain import Chain
from dsp.rack.lanes import MUSIC, VOICE, Channels, Lane
from dsp.rack.rack import CHAIN, Rack
from tests.dsp.conftest import Run
from tests.rigs.stages import Ahead, Louder

LEVEL = 0.3
RNG = np.random.default_rng(6)


def chain_with(bundle: Bundle, *, period: int = 128, channels: int = 1, **values: float) -> Chain:
    denoiser = Denoise(bundle, ConstantModel(identity_mask()), real_time=False)
    chain = Chain([Ahead("declip"), denoiser, Louder("gate"), Ahead("breath", 100)])
    for name, value in {"denoise__amount_db": 0.0, **values}.items():
        chain.set_param(name.replace("__", "."), value)
    chain.prepare(48_000, period, channels)
    return chain


def steady(frames: int = 60_000) -> Block:
    return np.full((frames, 1), LEVEL, np.float32)


@pytest.mark.parametrize("period", [32, 128, 441, 1024])
@pytest.mark.parametrize("on", [True, False])
def test_a_stage_with_latency_is_switched_in_silence(tiny_bundle: Bundle, run: Run, period: int, on: bool) -> None:
    chain = chain_with(tiny_bundle, period=period, declip__on=not on)
    before = chain.latency_frames
    at = 24_000 // period
    out = run(chain, steady(), period, at={at: lambda c: c.set_param("declip.on", on)})[:60_000, 0].astype(float)
    first, then = (LEVEL, LEVEL / 2) if on else (LEVEL / 2, LEVEL)
    assert chain.latency_frames - before == (240 if on else -240)
    assert out[at * period - 1] == pytest.approx(first, abs=1e-6)
    assert out[-1] == pytest.approx(then, abs=1e-6)
    assert np.abs(np.diff(out[6000:])).max() <= LEVEL / 480 + 1e-5
    changing = np.flatnonzero((np.abs(out[6000:] - first) > 1e-4) & (np.abs(out[6000:] - then) > 1e-4))
    assert len(changing) < 960 + chain.latency_frames + 4 * period  # how long it is not as before, nor as after


@pytest.mark.parametrize("period", [32, 128, 441])
def test_bypass_is_bit_exact_at_the_new_latency(tiny_bundle: Bundle, run: Run, period: int) -> None:
    chain = chain_with(tiny_bundle, period=period, box__bypass=1)
    sound = RNG.integers(-(2**15), 2**15, (48_000, 1)).astype(np.float32) / 2**15
    out = run(chain, sound, period, at={20: lambda c: c.set_param("declip.on", 1)})
    late, end = chain.latency_frames, 48_000 // period * period
    assert np.array_equal(out[30_000:end], sound[30_000 - late : end - late])


def test_mute_holds_through_the_change(tiny_bundle: Bundle, run: Run) -> None:
    chain = chain_with(tiny_bundle, box__mute=1)
    assert not run(chain, steady(), at={20: lambda c: c.set_param("declip.on", 1)}).any()
    assert chain.latency_frames == 128 + 240


def test_a_switch_thrown_there_and_back_changes_nothing(tiny_bundle: Bundle, run: Run) -> None:
    chain = chain_with(tiny_bundle)
    changes = {
        100: lambda c: c.set_param("declip.on", 1),
        102: lambda c: c.set_param("declip.on", 0),
        200: lambda c: (c.set_param("declip.on", 1), c.set_param("declip.on", 0)),
    }
    out = run(chain, steady(), at=changes)[6000:, 0]
    assert chain.latency_frames == 128
    assert chain.param("declip.on") == 0.0
    assert out[-1] == pytest.approx(LEVEL)
    assert np.abs(np.diff(out)).max() <= LEVEL / 480 + 1e-5
    assert np.array_equal(out[199 * 128 - 6000 :], np.full(len(out) - 199 * 128 + 6000, np.float32(LEVEL)))


def test_a_preset_of_several_switches_is_one_change(tiny_bundle: Bundle, run: Run) -> None:
    chain = chain_with(tiny_bundle)

    def preset(chain: Chain) -> None:
        for id, value in (("declip.on", 1), ("gate.gain", 0.5), ("breath.on", 1)):
            chain.set_param(id, value)

    out = run(chain, steady(), at={100: preset})[6000:, 0].astype(float)
    assert chain.latency_frames == 128 + 340
    assert out[-1] == pytest.approx(LEVEL / 4 * 1.5, abs=1e-6)
    assert np.abs(np.diff(out)).max() <= 1.5 * LEVEL / 480 + 1e-5
    assert np.count_nonzero(out == 0.0) < 128 + 340 + 3 * 128  # silent once


def test_what_waits_is_in_force_after_a_reset(tiny_bundle: Bundle, run: Run) -> None:
    chain = chain_with(tiny_bundle)
    chain.set_param("declip.on", 1)
    assert chain.latency_frames == 128
    chain.reset()
    assert chain.latency_frames == 368
    out = run(chain, np.concatenate([np.zeros((2048, 1), np.float32), steady(12_000)]))
    assert (out[:, 0] > 1e-3).argmax() == pytest.approx(2048 + 368, abs=130)


def test_music_and_voice_meet_at_the_same_time_whatever_the_voice_adds(tiny_bundle: Bundle, run: Run) -> None:
    chain = Chain(lanes=[Lane(VOICE, [Ahead("declip")]), Lane(MUSIC, [Louder("eq")])])
    chain.prepare(48_000, 128, Channels(inputs=2, voice=(0,), music=(1,), mix=1))
    sound = RNG.normal(0, 0.05, (48_000, 1)).astype(np.float32)
    out = np.zeros((48_000, 1), np.float32)
    for at in range(0, 48_000, 128):
        if at == 12_800:
            chain.set_param("declip.on", 1)
        if at == 128 * 250:
            chain.set_param("declip.on", 0)
        chain.process(np.repeat(sound[at : at + 128], 2, axis=1), out[at : at + 128])
    assert np.abs(out[20_000:30_000] - 1.5 * sound[20_000 - 240 : 30_000 - 240]).max() < 1e-6
    assert np.abs(out[40_000:] - 2.0 * sound[40_000:]).max() < 1e-6


class LooksAhead(Ahead):
    """As the limiter of the mix: always at work, and with latency only where asked."""

    params: tuple[ParamSpec, ...]

    @property
    def at_work(self) -> bool:
        return True

    def process(self, block: Block) -> None:
        if self.wanted:
            super().process(block)


@pytest.mark.parametrize("at_once", [True, False])
def test_the_rack_changes_between_chains_whose_latency_changes_too(at_once: bool) -> None:
    """A preset changes the chain and switches a stage, in one block or during the crossfade."""

    def chain() -> Chain:
        return Chain(lanes=[Lane(VOICE, [Ahead("declip"), Louder("eq")])])

    music = Chain(lanes=[Lane(MUSIC, [])])
    rack = Rack({"voice": chain(), "music": music, "voice over music": chain()})
    rack.prepare(48_000, 128, Channels(inputs=2, voice=(0,), music=(1,), mix=1))
    out = np.zeros((96_000, 1), np.float32)
    for number in range(len(out) // 128):
        for start, to in ((200, 1.0), (400, 0.0)):
            if number == start:
                rack.set_param(CHAIN.id, 2.0 if to else 0.0)
            if number == start + (0 if at_once else 12):
                rack.set_param("declip.on", to)
        rack.process(np.full((128, 2), LEVEL, np.float32), out[number * 128 : number * 128 + 128])
    heard = out[6000:, 0].astype(float)
    assert heard[190 * 128 - 6000] == pytest.approx(LEVEL)
    assert heard[390 * 128 - 6000] == pytest.approx(LEVEL / 2)
    assert heard[-1] == pytest.approx(LEVEL)
    assert np.abs(np.diff(heard)).max() <= LEVEL / 480 + 1e-5
    assert rack.latency_frames == 0


def test_the_audio_thread_makes_no_memory_while_the_latency_changes(tiny_bundle: Bundle) -> None:
    chain = chain_with(tiny_bundle)
    block = steady(128)

    def play(blocks: int) -> None:
        for number in range(blocks):
            if number % 40 == 0:
                chain.set_param("declip.on", float(number % 80 == 0))
            block.fill(LEVEL)
            chain.process(block)

    play(200)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        play(400)
        assert tracemalloc.get_traced_memory()[0] - before < 4000
    finally:
        tracemalloc.stop()
