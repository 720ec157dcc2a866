import numpy as np
import pytest

from dsp.block import RATE_HZ, Block
from dsp.effects.automix import Automix
from dsp.parts.voice_sense import VoiceSense


def made(channels: int, voice: VoiceSense | None = None) -> Automix:
    stage = Automix(voice)
    stage.prepare(RATE_HZ, 128, channels)
    stage.set_param("automix.on", 1.0)
    return stage


def through(stage: Automix, sound: Block) -> tuple[Block, np.ndarray]:
    """The mix in every column, and the gains after each block."""
    out, gains = sound[: len(sound) // 128 * 128].copy(), []
    for start in range(0, len(out), 128):
        stage.process(out[start : start + 128])
        gains.append(stage._rows[5].copy())
    return out, np.array(gains)


def table(seconds: float, channels: int, talks: int | None, noise_db: float = -60.0) -> Block:
    """Microphones on a table: one voice, 12 dB softer in all others, and each one's own noise."""
    random = np.random.default_rng(3)
    time_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    sound = 10.0 ** (noise_db / 20.0) * random.normal(size=(len(time_s), channels))
    if talks is not None:
        voice = 0.2 * sum(np.sin(2 * np.pi * 170.0 * n * time_s) / n for n in range(1, 10))
        voice = voice * np.clip(np.sin(2 * np.pi * 3.0 * time_s) + 0.6, 0.0, None)
        for channel in range(channels):
            sound[:, channel] += np.roll(voice, 90 * abs(channel - talks)) * (1.0 if channel == talks else 0.25)
    return sound.astype(np.float32)


@pytest.mark.parametrize("channels", [2, 4, 8])
def test_the_shares_of_the_power_always_add_up_to_one(channels: int) -> None:
    _, gains = through(made(channels), table(2.0, channels, 1))
    assert np.allclose(np.square(gains).sum(axis=1), 1.0, atol=1e-9)


def test_who_speaks_leads_and_the_others_wait() -> None:
    stage = made(4)
    through(stage, table(1.0, 4, 2))
    assert stage.detail == 3.0
    assert 20 * np.log10(stage._rows[5][2]) > -1.0
    assert stage.change_db < -9.0


@pytest.mark.parametrize("channels", [2, 4, 8])
def test_noise_is_as_loud_from_many_microphones_as_from_one(channels: int) -> None:
    out, _ = through(made(channels), table(3.0, channels, None))
    assert 10 * np.log10(np.mean(np.square(out[RATE_HZ:, 0]))) == pytest.approx(-60.0, abs=0.5)


def test_the_last_one_keeps_the_lead_in_a_pause() -> None:
    stage = made(3)
    through(stage, table(1.0, 3, 0))
    through(stage, table(3.0, 3, None))
    assert stage.detail == 1.0
    assert 20 * np.log10(stage._rows[5][0]) > -1.0


def test_a_new_voice_has_its_onset() -> None:
    """A breath after the other has ended: within 1 dB after 15 ms, never wholly away."""
    stage = made(2)
    through(stage, table(1.0, 2, 0))
    through(stage, table(0.15, 2, None))
    _, gains = through(stage, table(0.5, 2, 1))
    gain_db = 20 * np.log10(gains[:, 1])
    assert gain_db[0] > -32.0
    assert gain_db[6] > -1.0


def test_every_column_gets_the_mix_and_only_so_when_it_is_on() -> None:
    stage, sound = made(3), table(1.0, 3, 0)
    out, _ = through(stage, sound)
    late = out[RATE_HZ // 2 :]
    assert np.abs(late[:, 1:] - late[:, :1]).max() < 1e-6
    alone = made(1)
    assert not alone.wanted
    assert not alone.at_work


def test_a_model_that_hears_no_voice_takes_the_weight() -> None:
    """A loud fan at microphone 1, a softer voice at 2."""
    sense = VoiceSense()
    sense.prepare(2)
    sound = table(2.0, 2, 1)
    sound[:, 0] += 0.3 * np.sin(np.arange(len(sound)) * 0.05 * (1.0 + 0.2 * np.sin(np.arange(len(sound)) / 9e3)))
    without, with_model = made(2), made(2, sense)
    sense.known = True
    sense.probability[:] = 0.0, 1.0
    through(without, sound)
    through(with_model, sound)
    assert without.detail == 1.0
    assert with_model.detail == 2.0
