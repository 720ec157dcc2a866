"""The stages of a lane: off they are not there, their order, what they hear, and what one alone takes away."""

import numpy as np
import pytest

from dsp.block import Block
from dsp.parts.gain import VOICE_LEVEL, Gain
from dsp.rack.chain import Chain
from dsp.rack.lanes import VOICE, Channels, Lane
from dsp.rack.voice_stages import AHEAD, BEHIND, PLACES, SOLO, STAGES
from tests.dsp.conftest import Run
from tests.rigs.stages import Ahead, Leaks, Louder, Offset

RNG = np.random.default_rng(5)


def noise(frames: int = 48_000, channels: int = 1) -> Block:
    return RNG.normal(0, 0.05, (frames, channels)).astype(np.float32)


def chain_of(*stages: object, channels: Channels | int = 1, period: int = 128, **values: float) -> Chain:
    chain = Chain(lanes=[Lane(VOICE, stages)])  # type: ignore[arg-type]
    for name, value in values.items():
        chain.set_param(name.replace("__", "."), value)
    chain.prepare(48_000, period, channels)
    return chain


def alone(name: str) -> float:
    return float(SOLO.choices.index(name))


def test_the_names_are_those_of_the_stages() -> None:
    for kinds in (AHEAD, BEHIND):
        order = [STAGES.index(kind.name) for kind in kinds]
        assert order == sorted(order)
    for kind in (*AHEAD, *BEHIND):
        assert {spec.id.split(".")[0] for spec in kind.params} == {kind.name}


def test_a_stage_that_is_off_is_not_run_and_changes_no_bit(run: Run) -> None:
    gate = Louder("gate")
    sound = noise()
    chain = chain_of(gate)
    assert np.array_equal(run(chain, sound)[:48_000], sound)
    assert gate.processed == 0


def test_a_stage_comes_back_from_the_exact_input_and_rests_again(run: Run) -> None:
    gate = Louder("gate")
    chain, sound = chain_of(gate), np.full((96_000, 1), 0.2, np.float32)
    out = run(
        chain, sound, at={100: lambda c: c.set_param("gate.gain", 0.5), 300: lambda c: c.set_param("gate.gain", 0.0)}
    )[:, 0]
    assert np.abs(np.diff(out)).max() < 0.2 * 0.5 / 960 * 1.5
    assert out[250 * 128] == pytest.approx(0.3)
    assert out[-1] == np.float32(0.2)
    assert gate.resets == 1
    assert 200 <= gate.processed <= 210


def test_stages_can_change_places_among_those_that_can_be_moved(run: Run) -> None:
    chain = chain_of(Offset("deess"), Louder("eq"), deess__gain=0.1, eq__gain=0.5)
    sound = np.full((72_000, 1), 0.2, np.float32)
    out = run(chain, sound, at={200: lambda c: c.set_param("deess.place", 5)})[:, 0]
    assert out[150 * 128] == pytest.approx(1.5 * (0.2 + 0.1), abs=1e-6)
    assert out[71_000] == pytest.approx(1.5 * 0.2 + 0.1, abs=1e-6)
    assert [state.name for state in chain.stages] == ["eq", "deess", "limiter"]
    chain.set_param("eq.place", 5)  # the same number: the usual order
    chain.reset()
    assert [state.name for state in chain.stages] == ["deess", "eq", "limiter"]


def test_only_stages_that_are_there_have_a_place() -> None:
    chain = chain_of(Louder("gate"), Louder("eq"))
    assert {id for id in chain.params if id.endswith(".place")} == {PLACES["eq"].id}
    assert SOLO.id in chain.params
    assert SOLO.id not in chain_of(Gain(VOICE_LEVEL)).params


@pytest.mark.parametrize("period", [32, 128, 441])
def test_what_one_stage_takes_away_is_heard_alone(run: Run, period: int) -> None:
    """As late as the chain, and past the stages behind it."""
    chain = chain_of(
        Ahead("declip"), Louder("gate"), Ahead("breath", 100), Louder("eq"),
        declip__on=1, gate__gain=-0.25, breath__on=1, eq__gain=1.0, chain__solo=alone("gate"), period=period,
    )  # fmt: skip
    sound = noise(48_000)
    out = run(chain, sound, period)
    late = chain.latency_frames
    assert late == 340
    expected = 0.25 * 0.5 * sound[: 40_000 - late]
    assert np.abs(out[late:40_000] - expected)[3000:].max() < 1e-6


def test_of_a_stage_with_latency_its_input_waits_for_its_output(run: Run) -> None:
    chain = chain_of(Louder("gate"), Ahead("breath"), breath__on=1, chain__solo=alone("breath"))
    sound = noise(48_000)
    out = run(chain, sound)
    assert np.abs(out[240:40_000] - 0.5 * sound[: 40_000 - 240])[3000:].max() < 1e-6


def test_a_stage_that_is_off_takes_nothing_away(run: Run) -> None:
    chain = chain_of(Louder("gate"), Louder("eq"), eq__gain=1.0, chain__solo=alone("gate"))
    out = run(chain, noise(24_000))
    assert not out[3000:].any()
    assert run(chain, noise(24_000), at={10: lambda c: c.set_param("gate.gain", 0.5)})[6000:].any()


@pytest.mark.parametrize("steps", [("gate", ""), ("gate", "eq", ""), ("eq", "gate", "breath", "gate")])
def test_hearing_alone_never_clicks(run: Run, steps: tuple[str, ...]) -> None:
    chain = chain_of(Louder("gate"), Ahead("breath"), Louder("eq"), gate__gain=-0.5, breath__on=1, eq__gain=0.8)
    changes = {
        100 + 37 * at: lambda c, name=name: c.set_param(SOLO.id, alone(name) if name else 0.0)
        for at, name in enumerate(steps)
    }
    sound = np.full((60_000, 1), 0.3, np.float32)
    out = run(chain, sound, at=changes)[3000:, 0]
    assert np.abs(np.diff(out)).max() < 0.5 / 480 + 1e-5
    if not steps[-1]:
        assert out[-1] == pytest.approx(0.5 * 0.5 * 1.8 * 0.3, abs=1e-6)


def test_the_fader_of_the_voice_is_for_what_is_heard_alone_too(run: Run) -> None:
    chain = chain_of(Louder("gate"), Gain(VOICE_LEVEL), gate__gain=-0.5, chain__solo=alone("gate"), voice__gain_db=-6)
    sound = noise(24_000)
    assert np.abs(run(chain, sound)[6000:20_000] - 0.5 * 10 ** (-6 / 20) * sound[6000:20_000]).max() < 1e-6


@pytest.mark.parametrize("period", [64, 441])
def test_music_reaches_a_stage_as_late_as_the_voice_does(period: int) -> None:
    """The microphone hears the music at half its level, and a stage ahead delays the voice."""
    leaks = Leaks("bleed")
    channels = Channels(inputs=3, voice=(0,), music=(2,), mix=1)
    chain = chain_of(Ahead("declip"), leaks, declip__on=1, bleed__gain=0.25, channels=channels, period=period)
    assert leaks.columns == 1
    music = noise(30_000)
    sound = np.concatenate([0.5 * music, noise(30_000), music], axis=1)
    out = np.zeros((30_000 // period * period, 1), np.float32)
    for at in range(0, len(out), period):
        chain.process(sound[at : at + period].copy(), out[at : at + period])
    assert np.abs(out[3000:]).max() < 1e-6


def test_without_inputs_for_music_there_is_none_to_hear() -> None:
    leaks = Leaks("bleed")
    chain = chain_of(leaks, channels=2)
    chain.process(noise(128, 2))
    assert leaks.columns == 0
    only_music = Channels(inputs=2, voice=(), music=(0, 1), mix=2)  # the lane takes it for its own
    chain_of(leaks, channels=only_music)
    assert leaks.columns == 0


def test_stages_tell_what_they_do() -> None:
    chain = chain_of(Louder("gate"), Ahead("breath"), gate__gain=-0.5, breath__on=1)
    gate, breath, limiter = chain.stages
    assert gate == ("gate", True, True, pytest.approx(-6.02, abs=0.01), 7.0)
    assert (breath.name, breath.on, breath.change_db) == ("breath", True, -6.0)
    assert limiter == ("limiter", True, False, 0.0, 0.0)
