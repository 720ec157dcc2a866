import numpy as np
import pytest

from dsp.block import RATE_HZ, Block
from dsp.effects.transient import Transient


def made(**values: float) -> Transient:
    stage = Transient()
    stage.prepare(RATE_HZ, 128, 1)
    for name, value in values.items():
        stage.set_param(f"transient.{name}", value)
    stage.reset()
    return stage


def through(stage: Transient, sound: Block) -> Block:
    out = sound[: len(sound) // 128 * 128].copy()
    for start in range(0, len(out), 128):
        stage.process(out[start : start + 128])
    return out


def strokes(dbfs: float = -12.0) -> Block:
    """A drum that is struck twice a second: noise that dies away."""
    time_s = np.arange(3 * RATE_HZ) / RATE_HZ
    noise = np.random.default_rng(1).normal(size=len(time_s))
    sound = noise * np.exp(-(time_s % 0.5) / 0.12)
    return (10.0 ** (dbfs / 20.0) * sound / np.abs(sound).max()).astype(np.float32)[:, None]


def level_db(sound: Block, from_ms: float, to_ms: float) -> float:
    """After each stroke, but the first."""
    starts = [round(at * RATE_HZ) for at in (0.5, 1.0, 1.5, 2.0, 2.5)]
    parts = [sound[at + round(from_ms * 48) : at + round(to_ms * 48)] for at in starts]
    return float(10.0 * np.log10(np.mean(np.square(np.concatenate(parts), dtype=np.float64))))


@pytest.mark.parametrize("attack_db", [9.0, -9.0])
@pytest.mark.parametrize("dbfs", [-3.0, -40.0])
def test_the_attack_changes_the_beginning_alone_at_any_level(attack_db: float, dbfs: float) -> None:
    sound = strokes(dbfs)
    out = through(made(attack_db=attack_db), sound)
    change = level_db(out, 0.5, 8.0) - level_db(sound, 0.5, 8.0)
    assert change * np.sign(attack_db) > 4.0
    assert abs(level_db(out, 150.0, 450.0) - level_db(sound, 150.0, 450.0)) < 0.5


@pytest.mark.parametrize("sustain_db", [9.0, -9.0])
def test_the_sustain_changes_what_rings_on_and_leaves_the_stroke(sustain_db: float) -> None:
    sound = strokes()
    out = through(made(sustain_db=sustain_db), sound)
    assert (level_db(out, 150.0, 450.0) - level_db(sound, 150.0, 450.0)) * np.sign(sustain_db) > 4.0
    assert abs(level_db(out, 0.5, 8.0) - level_db(sound, 0.5, 8.0)) < 1.0


def test_a_held_note_is_left_alone() -> None:
    note = (0.3 * np.sin(2 * np.pi * 140.0 * np.arange(2 * RATE_HZ) / RATE_HZ)).astype(np.float32)[:, None]
    out = through(made(attack_db=12.0, sustain_db=12.0), note)
    assert np.abs(out - note[: len(out)])[RATE_HZ:].max() < 0.01


def test_a_stem_may_have_one_of_its_own() -> None:
    stage = Transient("stems.drums.transient")
    assert [spec.id for spec in stage.params] == ["stems.drums.transient.attack_db", "stems.drums.transient.sustain_db"]
    stage.set_param("stems.drums.transient.sustain_db", 3.0)
    assert stage.wanted
