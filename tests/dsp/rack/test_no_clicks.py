"""No switch or parameter clicks: in sound that shows every step, none is larger than the ramps allow."""

from collections.abc import Callable

import numpy as np
import pytest

from dsp.denoise.features import identity_mask
from dsp.denoise.live import Denoise
from dsp.inference.bundle import Bundle
from dsp.inference.fake import ConstantModel, Trouble, TroubledModel
from dsp.rack.chain import Chain

Run = Callable[..., np.ndarray]

AMPLITUDE = 0.4
SHORTEST_RAMP = 480  # frames: 10 ms, of mute and of the denoiser's fades
FRAMES = 40_000
CHANGE_AT = 150  # block of 128

# What changes, and how far the whole gain can move at once (1: from nothing to all).
CHANGES: dict[str, tuple[dict[str, float], dict[str, float], float]] = {
    "bypass": ({}, {"box.bypass": 1}, 1),
    "bypass off": ({"box.bypass": 1}, {"box.bypass": 0}, 1),
    "mute": ({}, {"box.mute": 1}, 1),
    "mute off": ({"box.mute": 1}, {"box.mute": 0}, 1),
    "mute in bypass": ({"box.bypass": 1}, {"box.mute": 1}, 1),
    "all dry": ({}, {"box.wet_percent": 0}, 1),
    "half wet": ({"box.wet_percent": 0}, {"box.wet_percent": 50}, 1),
    "input up": ({"input.gain_db": -24}, {"input.gain_db": 6}, 2),
    "input down": ({"input.gain_db": 6}, {"input.gain_db": -24}, 2),
    "output up": ({"output.gain_db": -60}, {"output.gain_db": 6}, 2),
    "output down": ({"output.gain_db": 6}, {"output.gain_db": -60}, 2),
    # To and from 0 dB two ramps run at once: the amount's, and the fade to the exact sound.
    "no reduction": ({"denoise.amount_db": 40}, {"denoise.amount_db": 0}, 2),
    "all reduction": ({"denoise.amount_db": 0}, {"denoise.amount_db": 40}, 2),
    "less reduction": ({}, {"denoise.amount_db": 3}, 1),
    "sensitivity": ({"denoise.sensitivity": -1}, {"denoise.sensitivity": 1}, 1),
    "room": ({}, {"denoise.keep_room": 0}, 1),
    "listen": ({}, {"denoise.listen": 1}, 1),
    "listen off": ({"denoise.listen": 1}, {"denoise.listen": 0}, 1),
    "freeze": ({}, {"box.freeze": 1}, 1),
    "preset": (
        {"denoise.amount_db": 6, "output.gain_db": -6, "denoise.listen": 1},
        {"denoise.amount_db": 36, "output.gain_db": 3, "denoise.listen": 0, "box.wet_percent": 70},
        4,
    ),
    "preset out of bypass": (
        {"box.bypass": 1},
        {"box.bypass": 0, "denoise.amount_db": 12, "input.gain_db": -6, "denoise.keep_room": 0.2},
        3,
    ),
}


def signals() -> dict[str, np.ndarray]:
    sine = np.sin(2 * np.pi * 100 * np.arange(FRAMES) / 48_000)
    return {name: (AMPLITUDE * wave).astype(np.float32)[:, None] for name, wave in
            (("dc", np.ones(FRAMES)), ("sine", sine))}  # fmt: skip


def chain_with(bundle: Bundle, model: ConstantModel | TroubledModel, period: int, values: dict[str, float]) -> Chain:
    clock = model.clock if isinstance(model, TroubledModel) else (lambda: 0.0)
    chain = Chain([Denoise(bundle, model, clock=clock)])
    for id, value in values.items():
        chain.set_param(id, value)
    chain.prepare(48_000, period, 1)
    return chain


def apply(values: dict[str, float]) -> Callable[[Chain], None]:
    def change(chain: Chain) -> None:
        for id, value in values.items():
            chain.set_param(id, value)

    return change


def largest_step(sound: np.ndarray) -> float:
    return float(np.abs(np.diff(sound[3000:FRAMES, 0].astype(np.float64))).max())


def natural_step(signal: np.ndarray) -> float:
    return float(np.abs(np.diff(signal[:, 0].astype(np.float64))).max())


@pytest.mark.parametrize("period", [64, 441])
@pytest.mark.parametrize("wave", ["dc", "sine"])
@pytest.mark.parametrize("name", CHANGES)
def test_a_change_never_clicks(tiny_bundle: Bundle, run: Run, name: str, wave: str, period: int) -> None:
    before, after, reach = CHANGES[name]
    signal = signals()[wave]
    # A model that takes 20 dB off everything, so that wet and dry differ a lot.
    chain = chain_with(tiny_bundle, ConstantModel(0.1 * identity_mask()), period, before)
    at = CHANGE_AT * 128 // period
    back = at + 1500 // period  # change back during the ramp, or just after it
    out = run(chain, signal, period, at={at: apply(after), back: apply(before), back + 60: apply(after)})
    bound = reach * AMPLITUDE / SHORTEST_RAMP + 2 * natural_step(signal) + 2e-5
    assert largest_step(out) <= bound
    assert bound < AMPLITUDE / 10  # the bound is far below a click


@pytest.mark.parametrize("name", [name for name in CHANGES if name not in ("sensitivity", "room")])
def test_every_one_of_those_changes_is_heard(tiny_bundle: Bundle, run: Run, name: str) -> None:
    before, after, _ = CHANGES[name]
    signal = signals()["dc"]
    out = run(
        chain_with(tiny_bundle, ConstantModel(0.1 * identity_mask()), 128, before),
        signal,
        at={CHANGE_AT: apply(after)},
    )
    assert abs(out[CHANGE_AT * 128 - 1, 0] - out[-200, 0]) > 0.02


@pytest.mark.parametrize("wave", ["dc", "sine"])
@pytest.mark.parametrize("trouble", list(Trouble))
@pytest.mark.parametrize("often", [1, 3, 40])
def test_a_model_going_wrong_never_clicks(
    tiny_bundle: Bundle, run: Run, trouble: Trouble, wave: str, often: int
) -> None:
    signal = signals()[wave]
    script = {step: trouble for step in range(60, 200, often)}
    model = TroubledModel(ConstantModel(0.1 * identity_mask()), script)
    chain = chain_with(tiny_bundle, model, 128, {})
    out = run(chain, signal)
    bound = AMPLITUDE / SHORTEST_RAMP + 2 * natural_step(signal) + 2e-5
    assert largest_step(out) <= bound
    if trouble is not Trouble.POISON:  # the constant model keeps no state to poison
        assert chain.dry_hops > 0
