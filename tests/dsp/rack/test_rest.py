"""A chain whose models rest because the board is too busy: it fades, the hops count as dry, and mutes hold."""

from __future__ import annotations

import numpy as np
import pytest

from dsp.denoise.features import identity_mask
from dsp.denoise.live import Denoise
from dsp.inference.bundle import Bundle
from dsp.inference.fake import ConstantModel, TroubledModel
from dsp.inference.guard import REFILL_HOPS
from dsp.layouts.stems import CLAIMED, INPUT_SIZE, OUTPUT_SIZE
from dsp.rack.chain import Chain
from dsp.rack.lanes import MUSIC, VOICE, Channels, Lane
from dsp.rack.rack import CHAIN, Rack
from dsp.stems.separator import HOLD_MS, Stems

SECOND, PERIOD, LEVEL = 48_000, 128, 0.3


def denoiser(bundle: Bundle, share: float) -> tuple[Denoise, TroubledModel]:
    """Lets `share` of the sound through; the model counts its steps."""
    model = TroubledModel(ConstantModel(share * identity_mask()), {})
    return Denoise(bundle, model, real_time=False), model


def stems(bundle: Bundle) -> tuple[Stems, TroubledModel]:
    """A model whose masks call everything vocals."""
    mask = np.zeros((CLAIMED, OUTPUT_SIZE // CLAIMED), np.float32)
    mask[0] = 1.0
    model = TroubledModel(ConstantModel(mask, INPUT_SIZE), {})
    return Stems(bundle, model, real_time=False), model


class Playing:
    """A rack with the same tone at both inputs, block after block."""

    def __init__(self, rack: Rack) -> None:
        self.rack = rack
        self._frame = 0

    def play(self, seconds: float) -> np.ndarray:
        blocks = int(seconds * SECOND) // PERIOD
        out = np.zeros((blocks * PERIOD, 1), np.float32)
        for number in range(blocks):
            times = np.arange(self._frame, self._frame + PERIOD) / SECOND
            tone = (LEVEL * np.sin(2 * np.pi * 220 * times)).astype(np.float32)
            self.rack.process(np.stack([tone, tone], axis=1), out[number * PERIOD : (number + 1) * PERIOD])
            self._frame += PERIOD
        return out[:, 0]


def peak(sound: np.ndarray) -> float:
    return float(np.abs(sound).max())


def steepest(sound: np.ndarray) -> float:
    return float(np.abs(np.diff(sound.astype(np.float64))).max())


TONE_STEEPEST = LEVEL * 2 * np.pi * 220 / SECOND


@pytest.fixture
def box(tiny_bundle: Bundle, tiny_stems: Bundle) -> tuple[Rack, dict[str, list[TroubledModel]]]:
    """All chains: the voice's model passes half of the level, the lighter one's a fifth."""
    models: dict[str, list[TroubledModel]] = {"voice": [], "stems": [], "light": []}

    def voice() -> Lane:
        processor, model = denoiser(tiny_bundle, 0.5)
        models["voice"].append(model)
        return Lane(VOICE, [processor])

    def music() -> Lane:
        processor, model = stems(tiny_stems)
        models["stems"].append(model)
        return Lane(MUSIC, [processor])

    light, model = denoiser(tiny_bundle, 0.2)
    models["light"].append(model)
    chains = {
        "voice": Chain(lanes=[voice()]),
        "music": Chain(lanes=[music()]),
        "voice over music": Chain(lanes=[voice(), music()]),
    }
    rack = Rack(chains, Chain(lanes=[Lane(VOICE, [light])]))
    rack.prepare(SECOND, PERIOD, Channels(inputs=2, voice=(0,), music=(1,), mix=1))
    rack.set_param("denoise.amount_db", 40.0)
    return rack, models


def steps(models: list[TroubledModel]) -> int:
    return sum(model.steps for model in models)


def test_resting_fades_to_dry_and_back_without_a_step_of_the_model(box) -> None:
    rack, models = box
    playing = Playing(rack)
    before = playing.play(0.5)
    assert peak(before[-4800:]) == pytest.approx(LEVEL / 2, rel=0.05)
    rack.rest(stems=True, models=True)
    done, dry_hops = steps(models["voice"]), rack.dry_hops
    resting = playing.play(0.5)
    assert steps(models["voice"]) == done
    assert rack.dry_hops - dry_hops == pytest.approx(0.5 * 375, abs=2)
    assert peak(resting[-4800:]) == pytest.approx(LEVEL, rel=0.01)
    rack.rest(stems=False, models=False)
    after = playing.play(0.5)
    assert peak(after[-4800:]) == pytest.approx(LEVEL / 2, rel=0.05)
    assert peak(after[: (REFILL_HOPS - 2) * 128]) > 0.9 * LEVEL, "it listens in before it is heard"
    # No click: a fade of 10 ms adds at most its own slope to the tone's.
    whole = np.concatenate([before[4800:], resting, after])
    assert steepest(whole) < 1.02 * (TONE_STEEPEST + LEVEL / 480)


def test_the_stems_rest_alone_and_the_voice_goes_on(box) -> None:
    rack, models = box
    rack.set_param(CHAIN.id, 2.0)
    rack.reset()
    playing = Playing(rack)
    playing.play(0.3)
    rack.rest(stems=True, models=False)
    voice, music = steps(models["voice"]), steps(models["stems"])
    playing.play(0.3)
    assert steps(models["stems"]) == music
    assert steps(models["voice"]) > voice


@pytest.mark.parametrize("how", [{"stems": True, "models": False}, {"stems": True, "models": True}])
def test_muted_vocals_stay_muted_while_work_is_shed(box, how: dict[str, bool]) -> None:
    rack, _ = box
    rack.set_param(CHAIN.id, 1.0)
    rack.set_param("stems.vocals.mute", 1.0)
    rack.reset()
    playing = Playing(rack)
    assert peak(playing.play(0.5)[-9600:]) < 1e-4
    rack.rest(**how)
    assert peak(playing.play(HOLD_MS / 1000 * 5)) < 1e-4
    rack.rest(stems=False, models=False)
    assert peak(playing.play(0.5)) < 1e-4


def test_a_muted_box_stays_muted_through_every_step(box) -> None:
    rack, _ = box
    rack.set_param("box.mute", 1.0)
    rack.reset()
    playing = Playing(rack)
    heard = [playing.play(0.1)]
    for step in ({"stems": True, "models": False}, {"stems": True, "models": True}, {"stems": False, "models": False}):
        rack.rest(**step)
        rack.lighten(step["stems"])
        heard.append(playing.play(0.3))
    assert not np.concatenate(heard)[4800:].any()


def test_the_lighter_chain_takes_over_by_a_crossfade_and_gives_back(box) -> None:
    rack, models = box
    playing = Playing(rack)
    parts = [playing.play(0.3)]
    rack.lighten(True)
    parts.append(playing.play(0.3))
    assert peak(parts[-1][-4800:]) == pytest.approx(LEVEL / 5, rel=0.05)
    done = steps(models["voice"])
    parts.append(playing.play(0.2))
    assert steps(models["voice"]) == done, "the other one has nothing to do"
    rack.lighten(False)
    parts.append(playing.play(0.3))
    assert peak(parts[-1][-4800:]) == pytest.approx(LEVEL / 2, rel=0.05)
    assert steepest(np.concatenate(parts)[4800:]) < 1.02 * (TONE_STEEPEST + LEVEL / 480)
    assert rack.param(CHAIN.id) == 0.0


def test_only_the_voice_has_a_lighter_chain(box) -> None:
    rack, _ = box
    rack.set_param(CHAIN.id, 1.0)
    rack.lighten(True)
    rack.reset()
    assert rack.heard is rack.chains["music"]
