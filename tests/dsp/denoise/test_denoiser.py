from collections.abc import Callable

import numpy as np
import pytest

from dsp.denoise.features import identity_mask
from dsp.denoise.live import Denoise
from dsp.inference import open_model
from dsp.inference.bundle import Bundle, BundleError
from dsp.inference.fake import ConstantModel, Trouble, TroubledModel
from dsp.layouts.denoise import LIVE
from dsp.rack.chain import Chain

Run = Callable[..., np.ndarray]
SECOND = 48_000
HOP = 128


def chain_of(denoise: Denoise, channels: int = 1, **values: float) -> Chain:
    chain = Chain([denoise])
    for name, value in values.items():
        chain.set_param(f"denoise.{name}", value)
    chain.prepare(48_000, HOP, channels)
    return chain


def healthy(bundle: Bundle, **values: float) -> Chain:
    return chain_of(Denoise(bundle, open_model(bundle), real_time=False), **values)


def troubled(bundle: Bundle, trouble: dict[int, Trouble], late_s: float = 0.004) -> tuple[Chain, TroubledModel]:
    model = TroubledModel(open_model(bundle), trouble, late_s)
    return chain_of(Denoise(bundle, model, clock=model.clock)), model


def hop_slice(first: int, last: int | None = None) -> slice:
    return slice(first * HOP, None if last is None else last * HOP)


# --- parameters ---


def test_0_db_gives_back_the_very_bits(tiny_bundle: Bundle, run: Run, voice: np.ndarray) -> None:
    out = run(healthy(tiny_bundle, amount_db=0.0), voice)
    assert np.array_equal(out[HOP:], voice[:-HOP])


def test_0_db_reached_while_playing_gives_the_very_bits_too(tiny_bundle: Bundle, run: Run, voice: np.ndarray) -> None:
    out = run(healthy(tiny_bundle), voice, at={50: lambda c: c.set_param("denoise.amount_db", 0)})
    settled = 50 * HOP + 20 * HOP
    assert np.array_equal(out[settled:], voice[settled - HOP : -HOP])
    assert not np.array_equal(out[: 50 * HOP][HOP:], voice[: 49 * HOP])


@pytest.mark.parametrize("amount_db", [6.0, 24.0, 40.0])
def test_amount_is_how_far_the_rest_goes_down(tiny_bundle: Bundle, run: Run, amount_db: float) -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, (SECOND, 1)).astype(np.float32)
    removes_all = ConstantModel(np.zeros((1, LIVE.output_size), np.float32))
    chain = chain_of(Denoise(tiny_bundle, removes_all, real_time=False), amount_db=amount_db)
    out = run(chain, noise)
    assert np.allclose(out[2000:], noise[2000 - HOP : -HOP] * 10 ** (-amount_db / 20), atol=1e-5)
    assert chain.reduction_db == pytest.approx(amount_db, abs=0.1)


def test_what_is_removed_and_what_is_left_add_up_to_the_input(tiny_bundle: Bundle, run: Run, voice: np.ndarray) -> None:
    left = run(healthy(tiny_bundle), voice)
    removed = run(healthy(tiny_bundle, listen=1), voice)
    assert np.abs(removed).max() > 0.01
    assert np.abs((left + removed)[HOP:] - voice[:-HOP]).max() < 1e-6


@pytest.mark.parametrize(("name", "value"), [("sensitivity", 1.0), ("keep_room", 0.0)])
def test_the_network_hears_of_the_other_knobs(
    tiny_bundle: Bundle, run: Run, voice: np.ndarray, name: str, value: float
) -> None:
    model = open_model(tiny_bundle)
    chain = chain_of(Denoise(tiny_bundle, model, real_time=False))
    at = {"keep_room": LIVE.keep_room_at, "sensitivity": LIVE.sensitivity_at}[name]
    seen = []
    run(chain, voice[: 50 * HOP])
    start = float(model.input[0, at])
    chain.set_param(f"denoise.{name}", value)
    for _ in range(20):
        run(chain, voice[:HOP])
        seen.append(float(model.input[0, at]))
    assert start == {"keep_room": 1.0, "sensitivity": 0.0}[name]
    assert seen[-1] == value
    assert np.abs(np.diff([start, *seen])).max() == pytest.approx(1 / 7, abs=1e-6)  # ramped over seven hops


def test_both_channels_get_the_same_mask(tiny_bundle: Bundle, run: Run, voice: np.ndarray) -> None:
    stereo = np.concatenate([voice, -0.5 * voice], axis=1)
    out = run(chain_of(Denoise(tiny_bundle, open_model(tiny_bundle), real_time=False), channels=2), stereo)
    assert np.allclose(out[:, 1], -0.5 * out[:, 0], atol=1e-6)


def test_a_bundle_for_another_rate_is_refused(tiny_bundle: Bundle) -> None:
    chain = Chain([Denoise(tiny_bundle, open_model(tiny_bundle))])
    with pytest.raises(BundleError, match="rate_hz = 48000: the chain runs at 44100"):
        chain.prepare(44_100, 128, 1)


# --- trouble ---


@pytest.mark.parametrize("trouble", [Trouble.RAISE, Trouble.POISON, Trouble.BROKEN])
def test_one_broken_step_goes_dry_is_counted_and_the_voice_is_back_soon(
    tiny_bundle: Bundle, run: Run, voice: np.ndarray, trouble: Trouble
) -> None:
    chain, model = troubled(tiny_bundle, {100: trouble})
    resets = model.resets
    out, expected = run(chain, voice), run(healthy(tiny_bundle), voice)
    assert np.isfinite(out).all()
    assert model.resets == resets + 1
    assert chain.dry_hops == 1 + 8
    assert chain.late_hops == 0
    assert np.array_equal(out[hop_slice(1, 100)], expected[hop_slice(1, 100)])
    # Ten milliseconds after the fault all is dry, and 50 ms later the network is heard again.
    dry = hop_slice(104, 109)
    assert np.array_equal(out[dry], voice[dry.start - HOP : dry.stop - HOP])
    assert np.abs(out[hop_slice(140)] - expected[hop_slice(140)]).max() < 1e-4


def test_a_late_step_goes_dry_pauses_and_is_counted(tiny_bundle: Bundle, run: Run, voice: np.ndarray) -> None:
    chain, model = troubled(tiny_bundle, {100: Trouble.LATE}, late_s=0.004)
    resets = model.resets
    out = run(chain, voice)
    assert chain.late_hops == 1
    assert chain.dry_hops == 1 + 2 + 2  # the late one, two to catch up 4 ms, two in time
    assert model.steps == len(voice) // HOP - 2
    assert model.resets == resets  # its state is still good
    dry = hop_slice(104, 105)  # faded to it in ten milliseconds
    assert np.array_equal(out[dry], voice[dry.start - HOP : dry.stop - HOP])


def test_a_step_within_its_hop_is_not_late(tiny_bundle: Bundle, run: Run, voice: np.ndarray) -> None:
    chain, _ = troubled(tiny_bundle, dict.fromkeys(range(50, 90), Trouble.LATE), late_s=0.0026)
    run(chain, voice)
    assert (chain.late_hops, chain.dry_hops) == (0, 0)


def test_files_know_no_lateness(tiny_bundle: Bundle, run: Run, voice: np.ndarray) -> None:
    model = TroubledModel(open_model(tiny_bundle), dict.fromkeys(range(400), Trouble.LATE), late_s=9.0)
    chain = chain_of(Denoise(tiny_bundle, model, real_time=False, clock=model.clock))
    run(chain, voice)
    assert (chain.late_hops, chain.dry_hops) == (0, 0)


def test_a_model_that_never_works_is_asked_less_and_less_and_the_sound_stays_dry(
    tiny_bundle: Bundle, run: Run, voice: np.ndarray
) -> None:
    chain, model = troubled(tiny_bundle, dict.fromkeys(range(10_000), Trouble.RAISE))
    sound = np.tile(voice, (10, 1))
    out = run(chain, sound)
    assert np.array_equal(out[hop_slice(5)], sound[hop_slice(4, -1)])
    assert chain.dry_hops == len(sound) // HOP
    assert 5 < model.steps < 30  # 3750 hops


@pytest.mark.parametrize("trouble", [Trouble.RAISE, Trouble.POISON, Trouble.LATE])
def test_after_the_worst_storm_the_voice_is_back_within_a_second(
    tiny_bundle: Bundle, run: Run, voice: np.ndarray, trouble: Trouble
) -> None:
    chain, model = troubled(tiny_bundle, dict.fromkeys(range(100_000), trouble))
    run(chain, np.tile(voice, (5, 1)))
    model.trouble = {}
    out = run(chain, np.tile(voice, (2, 1)))
    expected = run(healthy(tiny_bundle), np.tile(voice, (2, 1)))
    assert np.abs(out[SECOND:] - expected[SECOND:]).max() < 1e-4
    before = chain.dry_hops
    run(chain, voice)
    assert chain.dry_hops == before


@pytest.mark.parametrize("trouble", [Trouble.RAISE, Trouble.POISON, Trouble.LATE])
def test_a_model_that_fails_again_and_again_is_off_until_it_works(
    tiny_bundle: Bundle, run: Run, voice: np.ndarray, trouble: Trouble
) -> None:
    chain, model = troubled(tiny_bundle, dict.fromkeys(range(100, 100_000), trouble))
    run(chain, voice[: 90 * HOP])
    assert not chain.model_off
    run(chain, np.tile(voice, (3, 1)))
    assert chain.model_off
    steps = model.steps
    run(chain, np.tile(voice, (2, 1)))
    assert model.steps - steps <= 9  # it is tried two or three times in two seconds, so it is hardly late any more
    model.trouble = {}
    run(chain, np.tile(voice, (2, 1)))
    assert not chain.model_off


def test_now_and_then_a_late_step_is_no_reason_to_be_off(tiny_bundle: Bundle, run: Run, voice: np.ndarray) -> None:
    chain, _ = troubled(tiny_bundle, dict.fromkeys(range(50, 100_000, 90), Trouble.LATE))
    run(chain, np.tile(voice, (10, 1)))
    assert chain.late_hops > 30
    assert not chain.model_off


def test_a_mask_out_of_all_proportion_is_broken_too(tiny_bundle: Bundle, run: Run, voice: np.ndarray) -> None:
    chain = chain_of(Denoise(tiny_bundle, ConstantModel(np.full((1, LIVE.output_size), 1e4)), real_time=False))
    out = run(chain, voice)
    assert chain.dry_hops == 375
    assert np.array_equal(out[hop_slice(5)], voice[hop_slice(4, -1)])


def test_broken_samples_are_silence_to_the_network_even_without_a_chain(tiny_bundle: Bundle, voice: np.ndarray) -> None:
    denoise = Denoise(tiny_bundle, open_model(tiny_bundle), real_time=False)
    denoise.prepare(48_000, HOP, 1)
    block = voice[:HOP].copy()
    block[5] = np.nan
    denoise.process(block)
    denoise.process(block)
    assert denoise.bad_samples == 1
    assert np.isfinite(block).all()
    assert denoise.model.dry_hops == 0


def test_nothing_is_taken_away_while_dry(tiny_bundle: Bundle, run: Run, voice: np.ndarray) -> None:
    chain, _ = troubled(tiny_bundle, dict.fromkeys(range(100, 100_000), Trouble.RAISE))
    run(chain, voice[: 90 * HOP])
    assert chain.reduction_db > 1.0
    run(chain, voice)
    assert chain.reduction_db < 0.01


def test_a_model_whose_reset_raises_stays_dry_and_comes_back(
    tiny_bundle: Bundle, run: Run, voice: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain, model = troubled(tiny_bundle, {100: Trouble.BROKEN, 101: Trouble.BROKEN})

    def cannot() -> None:
        raise RuntimeError("told to")

    monkeypatch.setattr(model, "reset", cannot)
    out = run(chain, voice)
    assert np.isfinite(out).all()
    assert chain.dry_hops > 9
    before = chain.dry_hops
    run(chain, voice)
    assert chain.dry_hops == before


def test_reset_forgives_faults_and_keeps_the_counts(tiny_bundle: Bundle, run: Run, voice: np.ndarray) -> None:
    chain, model = troubled(tiny_bundle, dict.fromkeys(range(100_000), Trouble.RAISE))
    run(chain, voice)
    counted = chain.dry_hops
    model.trouble = {}
    chain.reset()
    assert np.array_equal(run(chain, voice), run(healthy(tiny_bundle), voice))
    assert chain.dry_hops == counted > 0


def test_a_constant_identity_model_passes_sound_through(tiny_bundle: Bundle, run: Run, voice: np.ndarray) -> None:
    out = run(chain_of(Denoise(tiny_bundle, ConstantModel(identity_mask()), real_time=False)), voice)
    assert np.abs(out[HOP:] - voice[:-HOP]).max() < 1e-6
