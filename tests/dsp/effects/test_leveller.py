import numpy as np
import pytest

from dsp.analysis.loudness import HOP_FRAMES, Loudness
from dsp.block import RATE_HZ, Block
from dsp.effects.leveller import Leveller
from dsp.parts.voice_sense import VoiceSense


def made(voice: VoiceSense | None = None, target_lufs: float = -20.0) -> Leveller:
    stage = Leveller(voice)
    stage.prepare(RATE_HZ, 128, 1)
    stage.set_param("leveller.on", 1.0)
    stage.set_param("leveller.target_lufs", target_lufs)
    return stage


def through(stage: Leveller, sound: Block) -> Block:
    out = sound[: len(sound) // 128 * 128].copy()
    for start in range(0, len(out), 128):
        stage.process(out[start : start + 128])
    return out


def voice(seconds: float, dbfs: float) -> Block:
    """Syllables of a tone with overtones, three a second."""
    time_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    sound = sum(np.sin(2 * np.pi * 200.0 * n * time_s) / n for n in range(1, 15))
    sound = sound * np.clip(np.sin(2 * np.pi * 3.0 * time_s) + 0.5, 0.0, None)
    return (10.0 ** (dbfs / 20.0) * sound / np.abs(sound).max()).astype(np.float32)[:, None]


def hiss(seconds: float, dbfs: float) -> Block:
    random = np.random.default_rng(1)
    return (10.0 ** (dbfs / 20.0) * random.normal(size=(round(seconds * RATE_HZ), 1))).astype(np.float32)


def lufs(sound: Block) -> float:
    meter = Loudness(1, len(sound) / RATE_HZ)
    for start in range(0, len(sound) - HOP_FRAMES + 1, HOP_FRAMES):
        meter.add(sound[start : start + HOP_FRAMES])
    return meter.lufs


@pytest.mark.parametrize("dbfs", [-18.0, -12.0, -3.0])
def test_a_voice_comes_to_the_target_from_near_and_far(dbfs: float) -> None:
    out = through(made(), voice(8.0, dbfs))
    assert lufs(out[4 * RATE_HZ :]) == pytest.approx(-20.0, abs=1.5)


def test_a_voice_that_is_nearly_right_is_not_touched() -> None:
    """Half a dB off, and then one phrase 2 dB louder: that is the singer's own."""
    sound = voice(12.0, 0.0)
    sound *= 10.0 ** ((-20.5 - lufs(sound)) / 20.0)
    sound[6 * RATE_HZ : 8 * RATE_HZ] *= 10.0 ** (2.0 / 20.0)
    stage, gains = made(), []
    for start in range(0, len(sound) // 128 * 128, 128):
        stage.process(sound[start : start + 128])
        gains.append(stage.change_db)
    assert np.abs(gains).max() < 0.6
    assert np.abs(np.diff(gains)).max() < 0.01


def test_a_voice_that_steps_back_is_followed() -> None:
    stage = made()
    near = voice(6.0, 0.0)
    near *= 10.0 ** ((-20.0 - lufs(near)) / 20.0)
    through(stage, near)
    through(stage, (near[: 6 * RATE_HZ] * 10.0 ** (-10.0 / 20.0)).astype(np.float32))
    assert 7.0 < stage.change_db < 10.5


def test_it_tells_the_loudness_it_hears() -> None:
    stage, sound = made(), voice(5.0, -10.0)
    through(stage, sound)
    assert stage.detail == pytest.approx(lufs(sound), abs=1.0)


def test_noise_in_a_pause_is_never_pulled_up() -> None:
    stage = made()
    pause = slice(4 * RATE_HZ, 12 * RATE_HZ)
    sound = hiss(12.0, -60.0)
    sound[: 4 * RATE_HZ] += voice(4.0, -20.0)
    out = through(stage, sound)
    gain_db = 10 * np.log10(np.square(out[pause]).reshape(-1, RATE_HZ // 2).mean(axis=1) / 10.0 ** (-60.0 / 10.0))
    assert gain_db.max() - gain_db[0] < 0.3


def test_noise_alone_is_left_alone() -> None:
    sound = hiss(6.0, -50.0)
    out = through(made(), sound)
    assert np.array_equal(out, sound[: len(out)])


def test_where_a_model_hears_no_voice_it_stands_still() -> None:
    sense = VoiceSense()
    stage, sound = made(sense), voice(4.0, -20.0)
    sense.known = True
    assert np.array_equal(through(stage, sound), sound[: len(sound) // 128 * 128])
    sense.probability[:] = 0.9
    through(stage, sound)
    assert stage.change_db > 3.0


def test_it_goes_only_so_far() -> None:
    stage = made(target_lufs=-10.0)
    through(stage, voice(10.0, -40.0))
    assert stage.change_db == pytest.approx(12.0, abs=0.2)


def test_it_moves_slowly() -> None:
    stage, sound = made(), voice(6.0, -20.0)
    sound[3 * RATE_HZ :] *= 8.0
    gains = []
    for start in range(0, len(sound) // 128 * 128, 128):
        stage.process(sound[start : start + 128].copy())
        gains.append(stage.change_db)
    assert np.abs(np.diff(gains)).max() < 0.2
