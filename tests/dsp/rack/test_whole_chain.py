"""The vocal chain as the box has it, with every stage: no change of any parameter clicks, and a chain that is heard
again sounds as new.
"""

import numpy as np
import pytest

from dsp.block import RATE_HZ, Block
from dsp.effects.eq import Eq
from dsp.params import ParamSpec
from dsp.parts.biquads import Biquads
from dsp.rack.build import build_chain
from dsp.rack.chain import Chain
from dsp.rack.voice_stages import SOLO, STAGES
from dsp.restore.low_cut import BUTTERWORTH_Q, HZ

LEVEL = 0.05
TONE_HZ = 160.0
TURNED_EVERY = 40  # blocks of 128


def tone(seconds: float, channels: int = 1) -> Block:
    wave = LEVEL * np.sin(2 * np.pi * TONE_HZ * np.arange(round(seconds * RATE_HZ) // 128 * 128) / RATE_HZ)
    return np.repeat(wave.astype(np.float32)[:, None], channels, axis=1)


def specs(chain: Chain) -> list[ParamSpec]:
    """Of the stages."""
    return [spec for id, spec in chain.params.items() if id.split(".")[0] in STAGES or spec is SOLO]


def value_of(spec: ParamSpec, random: np.random.Generator) -> float:
    """Any that does not make it so loud that the limiter shapes the tone."""
    if spec.choices:
        return float(random.integers(int(spec.low), int(spec.high) + 1))
    high = spec.default if spec.unit in ("dB", "LUFS") else spec.high
    return float(random.choice([spec.low, spec.default, random.uniform(spec.low, high)]))


def curve(sound: Block) -> float:
    return float(np.abs(np.diff(sound[:, 0].astype(np.float64), 2)).max())


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("channels", [1, 2])
def test_no_change_of_any_parameter_clicks(seed: int, channels: int) -> None:
    """On a low tone, whose curve every step would break: one change after the other, often of several at once."""
    random, chain = np.random.default_rng(seed), build_chain(None, real_time=False)
    chain.prepare(RATE_HZ, 128, channels)
    sound = tone(20.0, channels)
    out = sound.copy()
    for number in range(len(out) // 128):
        if number % TURNED_EVERY == 0:
            for spec in random.choice(specs(chain), random.integers(1, 4)):  # type: ignore[arg-type]
                chain.set_param(spec.id, value_of(spec, random))
        chain.process(out[number * 128 : number * 128 + 128])
    assert np.isfinite(out).all()
    assert curve(out) < 12.0 * curve(sound) * max(1.0, np.abs(out).max() / LEVEL)


@pytest.mark.parametrize("period", [128, 240])
def test_everything_that_looks_ahead_is_as_late_as_the_chain_says(period: int) -> None:
    chain = build_chain(None, real_time=False)
    ahead = ("declip.on", "declick.on", "dereverb.amount", "compressor.on", "compressor.lookahead", "limiter.true_peak")
    for id in ahead:
        chain.set_param(id, 0.3 if id == "dereverb.amount" else 1.0)
    chain.prepare(RATE_HZ, period, 1)
    frames = RATE_HZ // 4 // period * period
    burst = np.zeros((frames, 1), np.float32)
    burst[2000:3000, 0] = 0.2 * np.hanning(1000) * np.sin(2 * np.pi * 700 * np.arange(1000) / RATE_HZ)
    out = burst.copy()
    for start in range(0, frames, period):
        chain.process(out[start : start + period])
    late = np.correlate(out[:, 0], burst[2000:3000, 0], "valid").argmax() - 2000
    assert abs(int(late) - chain.latency_frames) <= 1
    assert chain.latency_frames > 500


def test_an_impulse_has_the_response_of_tone_and_low_cut_and_of_nothing_else() -> None:
    chain, tones = build_chain(None, real_time=False), {"eq.high.gain_db": 6.0, "eq.low_mid.gain_db": -4.0}
    for id, value in {"eq.on": 1.0, **tones, "low_cut.on": 1.0, "low_cut.auto": 0.0, "limiter.true_peak": 1.0}.items():
        chain.set_param(id, value)
    chain.prepare(RATE_HZ, 128, 1)
    out = np.zeros((128 * 512, 1), np.float32)
    out[128 * 256] = 0.1
    for start in range(0, len(out), 128):
        chain.process(out[start : start + 128])
    heard = out[128 * 256 + chain.latency_frames :, 0][: 128 * 250] / 0.1
    hz = np.geomspace(30.0, 20_000.0, 60)
    answer = np.exp(-2j * np.pi * np.outer(hz, np.arange(len(heard))) / RATE_HZ) @ heard
    tone, cut = Eq(), Biquads(2)
    for id, value in {"eq.on": 1.0, **tones}.items():
        tone.set_param(id, value)
    for at, q in enumerate(BUTTERWORTH_Q):
        cut.set(at, "high_pass", HZ.default, q=q)
    wanted_db = tone.response_db(hz) + 20.0 * np.log10(np.abs(cut.response(hz)))
    assert np.abs(20.0 * np.log10(np.abs(answer)) - wanted_db).max() < 0.05


def test_every_stage_on_at_once_passes_sound_and_comes_to_rest() -> None:
    chain = build_chain(None, real_time=False)
    chain.prepare(RATE_HZ, 128, 2)
    # Bleed needs music, automix more than one microphone; feedback would take a tone for howl.
    apart = ("bleed.on", "automix.on", "feedback.on")
    on = [spec.id for spec in specs(chain) if spec.id.endswith(".on") and spec.id not in apart]
    chain.set_param("eq.high.gain_db", -3.0)  # flat, tone has nothing to do
    for id in on:
        chain.set_param(id, 1.0)
    out = tone(3.0, 2)
    for start in range(0, len(out), 128):
        chain.process(out[start : start + 128])
    assert all(state.on for state in chain.stages if f"{state.name}.on" in on)
    assert np.abs(out[RATE_HZ:]).max() > 0.1 * LEVEL
    for id in on:
        chain.set_param(id, 0.0)
    for _ in range(2):
        sound = tone(2.0, 2)
        out = sound.copy()
        for start in range(0, len(out), 128):
            chain.process(out[start : start + 128])
    assert not any(state.at_work for state in chain.stages if state.name != "limiter")
    assert chain.latency_frames == 0
    assert np.array_equal(out, sound)
