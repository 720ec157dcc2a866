"""Stems: nothing is lost, faders and mutes do not click, and a muted stem stays muted whatever goes wrong."""

from collections.abc import Callable

import numpy as np
import pytest

from dsp.inference import open_model
from dsp.inference.bundle import Bundle, BundleError
from dsp.inference.fake import ConstantModel, InPieces, Trouble, TroubledModel
from dsp.layouts.stems import CLAIMED, INPUT_SIZE, OUTPUT_SIZE, STEMS
from dsp.rack.chain import Chain
from dsp.stems.separator import SPLIT, MissingStems, Stems

Run = Callable[..., np.ndarray]
SECOND = 48_000
HOP = 512
LATENCY = {32: 992, 64: 960, 128: 896, 256: 768, 441: 1023, 480: 992, 512: 512, 1024: 512}
"""1024 - gcd(period, 512)."""


def music(channels: int = 2, seconds: float = 2.0) -> np.ndarray:
    """Noise, another one in each channel, well below the limiter."""
    rng = np.random.default_rng(7)
    return rng.normal(0, 0.08, (int(seconds * SECOND), channels)).astype(np.float32)


def shares(vocals: float = 0.0, drums: float = 0.0, bass: float = 0.0) -> ConstantModel:
    """A model with the same shares in every bin."""
    mask = np.empty((CLAIMED, OUTPUT_SIZE // CLAIMED), np.float32)
    mask[:] = np.array([vocals, drums, bass])[:, None]
    return ConstantModel(mask, INPUT_SIZE)


def chain_of(stems: Stems | MissingStems, period: int = 128, channels: int = 2, **values: float) -> Chain:
    chain = Chain([stems])
    for name, value in values.items():
        chain.set_param("stems." + name.replace("__", "."), value)
    chain.prepare(SECOND, period, channels)
    return chain


def rms_db(sound: np.ndarray) -> float:
    return float(10 * np.log10(np.mean(np.square(sound, dtype=np.float64)) + 1e-30))


def null_db(out: np.ndarray, expected: np.ndarray) -> float:
    return rms_db(out - expected) - rms_db(expected)


# --- nothing is lost ---


@pytest.mark.parametrize("period", LATENCY)
@pytest.mark.parametrize("channels", [1, 2])
def test_with_nothing_muted_the_sound_comes_back_as_late_as_declared(
    tiny_stems: Bundle, run: Run, period: int, channels: int
) -> None:
    chain = chain_of(Stems(tiny_stems, open_model(tiny_stems), real_time=False), period, channels)
    sound = music(channels)
    out = run(chain, sound, period)[: len(sound)]
    late = chain.latency_frames
    assert late == LATENCY[period]
    assert null_db(out[late:], sound[:-late]) < -110
    assert chain.dry_hops == 0  # the masks add up; no dry path was needed


def test_no_way_leads_round_the_masks(tiny_stems: Bundle, run: Run) -> None:
    """A fader removes exactly what the masks gave its stem."""
    sound = music()
    model = open_model(tiny_stems)
    whole = run(chain_of(Stems(tiny_stems, model, real_time=False)), sound)
    without = run(chain_of(Stems(tiny_stems, model, real_time=False), vocals__mute=1), sound)
    alone = run(chain_of(Stems(tiny_stems, model, real_time=False), vocals__solo=1), sound)
    assert null_db(without + alone, whole) < -110
    assert rms_db(alone[2000:]) > rms_db(sound) - 25


def test_stems_on_their_own_add_up_to_the_input(tiny_stems: Bundle, run: Run) -> None:
    sound = music()
    chain = chain_of(Stems(tiny_stems, open_model(tiny_stems), split=True, real_time=False), 128, 2 * SPLIT)
    wide = np.zeros((len(sound), 2 * SPLIT), np.float32)
    wide[:, :2] = sound
    out = run(chain, wide)
    mix, stems = out[:, :2], out[:, 2:].reshape(-1, len(STEMS), 2)
    late = chain.latency_frames
    assert null_db(mix[late:], sound[:-late]) < -110
    assert null_db(stems.sum(axis=1)[late:], sound[:-late]) < -110
    assert all(rms_db(stems[:, at]) > -60 for at in range(4))


def test_a_stem_of_its_own_is_what_solo_plays(tiny_stems: Bundle, run: Run) -> None:
    sound = music()
    model = open_model(tiny_stems)
    wide = np.zeros((len(sound), 2 * SPLIT), np.float32)
    wide[:, :2] = sound
    split = run(
        chain_of(Stems(tiny_stems, model, split=True, real_time=False), 128, 2 * SPLIT, drums__gain_db=-6), wide
    )
    solo = run(chain_of(Stems(tiny_stems, model, real_time=False), drums__solo=1, drums__gain_db=-6), sound)
    drums = split[:, 2:].reshape(-1, 4, 2)[:, STEMS.index("drums")]
    assert null_db(drums[2000:], solo[2000:]) < -100


# --- faders ---


@pytest.mark.parametrize(
    ("values", "gain"),
    [
        ({}, 1.0),
        ({"vocals__gain_db": -60.0}, 0.5 * 0.001 + 0.5),
        ({"vocals__gain_db": 6.0}, 0.5 * 1.9953 + 0.5),
        ({"vocals__mute": 1}, 0.5),
        ({"drums__mute": 1, "bass__mute": 1}, 0.7),
        ({"drums__solo": 1}, 0.2),
        ({"drums__solo": 1, "bass__solo": 1}, 0.3),
        ({"drums__solo": 1, "drums__mute": 1}, 0.0),
        ({"vocals__solo": 1, "vocals__gain_db": -20}, 0.05),
        ({"vocals__mute": 1, "drums__mute": 1, "bass__mute": 1, "other__mute": 1}, 0.0),
    ],
)
def test_each_stem_has_its_own_gain(tiny_stems: Bundle, run: Run, values: dict[str, float], gain: float) -> None:
    chain = chain_of(Stems(tiny_stems, shares(0.5, 0.2, 0.1), real_time=False), **values)
    sound = music()
    out, late = run(chain, sound), chain.latency_frames
    assert np.abs(out[late:] - gain * sound[:-late]).max() < 1e-4


def test_levels_are_those_of_the_stems_before_their_faders(tiny_stems: Bundle, run: Run) -> None:
    chain_stems = Stems(tiny_stems, shares(0.5, 0.2, 0.1), real_time=False)
    run(chain_of(chain_stems, vocals__mute=1), music())
    levels = np.zeros(4, np.float32)
    chain_stems.take_levels(levels)
    assert levels == pytest.approx(0.08 * np.array([0.5, 0.2, 0.1, 0.2]), rel=0.05)


@pytest.mark.parametrize(("period", "spread"), [(64, False), (64, True), (441, False)])
@pytest.mark.parametrize("wave", ["dc", "sine"])
@pytest.mark.parametrize("change", ["vocals.mute", "drums.solo", "vocals.gain_db"])
def test_no_change_clicks(tiny_stems: Bundle, run: Run, change: str, wave: str, period: int, spread: bool) -> None:
    phase = 2 * np.pi * 100 * np.arange(40_000) / SECOND
    sound = (0.4 * (np.sin(phase) if wave == "sine" else np.ones_like(phase))).astype(np.float32)[:, None]
    model = shares(0.7, 0.1, 0.1)
    chain = chain_of(Stems(tiny_stems, InPieces(model) if spread else model, real_time=False), period, 1)
    value = -60.0 if change == "vocals.gain_db" else 1.0
    at = 12_000 // period
    out = run(
        chain,
        sound,
        period,
        at={
            at: lambda c: c.set_param(f"stems.{change}", value),
            at + 700 // period: lambda c: c.set_param(f"stems.{change}", 0.0),  # on the way: back again
            at + 6000 // period: lambda c: c.set_param(f"stems.{change}", value),
        },
    )
    natural = np.abs(np.diff(sound[:, 0])).max()
    steps = np.abs(np.diff(out[3000:40_000, 0].astype(np.float64)))
    # The steepest slope of a raised cosine of one hop, and of the sine's own under it.
    assert steps.max() <= 0.4 * np.pi / 2 / HOP + 2 * natural + 1e-5
    assert abs(rms_db(out[-5000:]) - rms_db(out[5000:10_000])) > 3  # and it is heard


@pytest.mark.parametrize("period", [32, 128, 480, 1024])
def test_a_mute_begins_to_fade_in_time_and_is_silent_a_hop_later(tiny_stems: Bundle, run: Run, period: int) -> None:
    chain = chain_of(Stems(tiny_stems, shares(vocals=1.0), real_time=False), period, 1)
    sound = np.full((60_000, 1), 0.4, np.float32)
    for at in range(20_000 // period, 20_000 // period + 9):  # at several places in a hop
        chain.reset()
        chain.set_param("stems.vocals.mute", 0)
        out = run(chain, sound, period, at={at: lambda c: c.set_param("stems.vocals.mute", 1)})[:, 0]
        first = int(np.flatnonzero(np.abs(out[5000:] - 0.4) > 1e-4)[0]) + 5000
        silent = int(np.flatnonzero(np.abs(out) > 1e-4)[-1])
        assert first - at * period <= 480 + period + chain.latency_frames
        assert silent - first <= HOP


# --- trouble ---


def troubled(
    bundle: Bundle, script: dict[int, Trouble], spread: bool = False, **values: float
) -> tuple[Chain, TroubledModel]:
    """spread: the work of a hop is done in two blocks, and the trouble comes in the second one."""
    model = TroubledModel(shares(0.5, 0.2, 0.1), script, late_s=0.030)
    return chain_of(Stems(bundle, InPieces(model) if spread else model, clock=model.clock), **values), model


def storm(kind: Trouble) -> dict[int, Trouble]:
    """From hop 100 on every step of the model fails."""
    return dict.fromkeys(range(100, 10_000), kind)


@pytest.mark.parametrize("spread", [False, True])
@pytest.mark.parametrize("kind", list(Trouble))
def test_masks_hold_for_100_ms_and_then_all_is_dry(tiny_stems: Bundle, run: Run, kind: Trouble, spread: bool) -> None:
    if kind is Trouble.POISON:  # the constant model keeps no state to poison
        kind = Trouble.BROKEN
    chain, _ = troubled(tiny_stems, storm(kind), spread, vocals__gain_db=0, drums__gain_db=6)
    sound = music(seconds=4)
    out, late = run(chain, sound), chain.latency_frames
    gain = 0.2 * 10 ** (6 / 20) + 0.8
    assert late == LATENCY[128] + (128 if spread else 0)
    held = slice(101 * HOP + late - LATENCY[128], 108 * HOP + late - LATENCY[128])
    dry = slice(111 * HOP + late, None)
    assert null_db(out[held], gain * sound[held.start - late : held.stop - late]) < -90
    assert null_db(out[dry], sound[dry.start - late : -late]) < -110
    assert chain.dry_hops >= len(sound) // HOP - 100 - spread  # the last hop may be in work still
    assert (chain.late_hops > 0) == (kind is Trouble.LATE)


@pytest.mark.parametrize("spread", [False, True])
@pytest.mark.parametrize("kind", [Trouble.RAISE, Trouble.BROKEN, Trouble.LATE])
@pytest.mark.parametrize("fallback", [0, 1])
@pytest.mark.parametrize("muted", [{"vocals__mute": 1}, {"drums__solo": 1}, {"vocals__gain_db": -60}])
def test_a_muted_vocal_never_blasts_back(
    tiny_stems: Bundle, run: Run, kind: Trouble, fallback: int, muted: dict[str, float], spread: bool
) -> None:
    chain, _ = troubled(tiny_stems, storm(kind), spread, fallback=fallback, **muted)
    sound = music(seconds=4)
    out = run(chain, sound)
    healthy = run(troubled(tiny_stems, {}, spread, **muted)[0], sound)
    assert np.abs(out[: 108 * HOP] - healthy[: 108 * HOP]).max() < 1e-5
    after = out[112 * HOP + chain.latency_frames :]
    assert rms_db(after) < rms_db(sound) - 55  # far softer than the vocal was
    chain.reset()
    assert rms_db(run(chain, sound)) < rms_db(sound) - 55  # not after a restart either


def test_silence_when_the_preset_says_so(tiny_stems: Bundle, run: Run) -> None:
    chain, _ = troubled(tiny_stems, storm(Trouble.RAISE), fallback=1)
    out = run(chain, music(seconds=4))
    assert not out[112 * HOP + chain.latency_frames :].any()


def test_a_model_that_never_worked_has_no_masks_to_hold(tiny_stems: Bundle, run: Run) -> None:
    chain, _ = troubled(tiny_stems, dict.fromkeys(range(1000), Trouble.RAISE), vocals__mute=1)
    assert not run(chain, music()).any()


def test_one_late_hop_is_counted_and_changes_nothing_else(tiny_stems: Bundle, run: Run) -> None:
    chain, _ = troubled(tiny_stems, {100: Trouble.LATE}, vocals__mute=1)
    out, healthy = run(chain, music()), run(troubled(tiny_stems, {}, vocals__mute=1)[0], music())
    assert chain.late_hops == 1
    assert chain.dry_hops > 0
    assert null_db(out, healthy) < -110  # the last masks were used
    assert chain.latency_frames == LATENCY[128]


def test_no_trouble_clicks(tiny_stems: Bundle, run: Run) -> None:
    sound = np.full((80_000, 1), 0.4, np.float32)
    for kind in (Trouble.RAISE, Trouble.LATE):
        for often in (1, 3, 40):
            model = TroubledModel(shares(0.6), dict.fromkeys(range(30, 110, often), kind), late_s=0.03)
            chain = chain_of(Stems(tiny_stems, model, clock=model.clock), channels=1, drums__mute=1, vocals__mute=1)
            out = run(chain, sound)[5000:80_000, 0].astype(np.float64)
            assert np.abs(np.diff(out)).max() <= 0.4 * np.pi / 2 / HOP + 1e-5


@pytest.mark.parametrize("block", range(8))
def test_a_rest_or_a_reset_amid_a_hop_is_survived(tiny_stems: Bundle, run: Run, block: int) -> None:
    sound = np.full((60_000, 1), 0.4, np.float32)
    chain = chain_of(Stems(tiny_stems, InPieces(shares(0.6)), real_time=False), 64, 1, vocals__mute=1)
    rests = {
        400 + block: lambda c: c.rest(stems=True, models=False),
        500: lambda c: c.rest(stems=False, models=False),
    }
    out = run(chain, sound, 64, at=rests)[5000:60_000, 0].astype(np.float64)
    assert np.abs(np.diff(out)).max() <= 0.4 * np.pi / 2 / HOP + 1e-5
    assert out.max() < 0.17  # what the mute leaves
    assert out[-1] == pytest.approx(0.16, abs=1e-4)
    chain.reset()
    whole = run(chain, sound, 64)
    run(chain, sound[: (40 + block) * 64], 64)
    chain.reset()
    assert np.array_equal(run(chain, sound, 64), whole)


def test_broken_samples_are_survived(tiny_stems: Bundle, run: Run) -> None:
    sound = music()
    stormy = sound.copy()
    stormy[20_000:30_000:7] = np.nan
    chain = chain_of(Stems(tiny_stems, open_model(tiny_stems), real_time=False))
    out, late = run(chain, stormy), chain.latency_frames
    assert np.isfinite(out).all()
    assert null_db(out[40_000 + late :], sound[40_000 : len(out) - late]) < -100


def test_a_bundle_of_another_kind_is_refused(tiny_bundle: Bundle) -> None:
    with pytest.raises(BundleError, match=r"kind = 'denoise'.*allowed 'stems', 0"):
        Stems(tiny_bundle, shares())


# --- without a model ---


def test_without_a_model_the_sound_passes_untouched_unless_something_is_muted(run: Run) -> None:
    sound = music()
    assert np.array_equal(run(chain_of(MissingStems()), sound), sound)
    assert not run(chain_of(MissingStems(), vocals__mute=1), sound).any()
    assert not run(chain_of(MissingStems(), fallback=1), sound).any()
    quiet = run(chain_of(MissingStems(), vocals__gain_db=-20), sound)
    assert null_db(quiet, 0.1 * sound) < -100


def test_without_a_model_mutes_fade_and_the_stems_own_outputs_are_silent(run: Run) -> None:
    chain = chain_of(MissingStems(split=True), channels=SPLIT)
    sound = np.full((9600, SPLIT), 0.4, np.float32)
    out = run(chain, sound, at={40: lambda c: c.set_param("stems.bass.mute", 1)})
    assert not out[:, 1:].any()
    assert np.abs(np.diff(out[:, 0])).max() < 0.4 / 480 + 1e-6
    assert out[0, 0] == pytest.approx(0.4)
    assert out[-1, 0] == 0.0
