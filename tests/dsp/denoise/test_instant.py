from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from dsp.denoise.features import identity_mask
from dsp.denoise.instant import DenoiseInstant
from dsp.denoise.live import Denoise
from dsp.inference import StepModel, open_model
from dsp.inference.bundle import Bundle, BundleError, BundleHashError
from dsp.inference.fake import ConstantModel, Trouble, TroubledModel
from dsp.layouts.denoise import LIVE
from dsp.rack.build import build_chain
from dsp.rack.chain import Chain

Run = Callable[..., np.ndarray]
SECOND = 48_000
HOP = 128
LATE = 64

TOML = """
schema = 1
name = "quick"
version = "1.2.3"
kind = "denoise-instant"
summary = "Runs the network of another"
network = "tiny"
algorithmic_latency_frames = 64
licence = "Apache-2.0"
"""


@pytest.fixture
def instant_folder(tiny_folder: Path) -> Path:
    folder = tiny_folder.parent / "quick"
    folder.mkdir()
    (folder / "bundle.toml").write_text(TOML)
    return folder


@pytest.fixture
def instant(instant_folder: Path) -> Bundle:
    return Bundle.load(instant_folder)


def chain_of(denoise: DenoiseInstant, period: int = HOP, channels: int = 1, **values: float) -> Chain:
    chain = Chain([denoise])
    for name, value in values.items():
        chain.set_param(f"denoise.{name}", value)
    chain.prepare(48_000, period, channels)
    return chain


def healthy(
    bundle: Bundle, period: int = HOP, channels: int = 1, *, model: StepModel | None = None, **values: float
) -> Chain:
    """A denoiser whose model is never late: a slow machine must not change the sound of a test."""
    return chain_of(DenoiseInstant(bundle, model or open_model(bundle), real_time=False), period, channels, **values)


def troubled(bundle: Bundle, trouble: dict[int, Trouble], late_s: float = 0.004) -> tuple[Chain, TroubledModel]:
    model = TroubledModel(open_model(bundle), trouble, late_s)
    return chain_of(DenoiseInstant(bundle, model, clock=model.clock)), model


def late_by(frames: int, sound: np.ndarray) -> np.ndarray:
    """`sound` delayed by so many frames, cut to its length."""
    return np.concatenate([np.zeros((frames, sound.shape[1]), np.float32), sound[: len(sound) - frames]])


# --- latency ---

PERIODS = [1, 16, 32, 48, 64, 128, 256, 441, 480, 512, 1024]


@pytest.mark.parametrize("period", PERIODS)
def test_the_declared_latency_is_64_frames_and_true_at_every_period(instant: Bundle, run: Run, period: int) -> None:
    chain = healthy(instant, period, model=ConstantModel(identity_mask()))
    assert chain.latency_frames == LATE
    impulse = np.zeros((2048, 1), np.float32)
    impulse[700] = 0.5
    out = run(chain, impulse, period)
    assert np.argmax(np.abs(out)) == 700 + LATE
    assert out[700 + LATE, 0] == pytest.approx(0.5, abs=1e-4)


@pytest.mark.parametrize("period", PERIODS)
def test_the_output_is_the_same_at_every_period(instant: Bundle, run: Run, voice: np.ndarray, period: int) -> None:
    sound = voice[: SECOND // 4]
    expected = run(healthy(instant), sound)[: len(sound)]
    assert np.abs(expected - late_by(LATE, sound)).max() > 0.02  # something is done to it
    assert np.abs(run(healthy(instant, period), sound, period)[: len(sound)] - expected).max() < 2e-6


def test_no_frame_waits_for_its_hop(instant: Bundle, run: Run, voice: np.ndarray) -> None:
    """Input that comes more than 64 frames after a frame cannot change that frame."""
    cut = 200 * HOP + 40
    other = voice.copy()
    other[cut:] = 0.3
    first, second = run(healthy(instant), voice), run(healthy(instant), other)
    assert np.array_equal(first[:cut], second[:cut])  # the output at `cut` is the input 64 frames before
    assert not np.array_equal(first[cut : cut + HOP], second[cut : cut + HOP])


# --- what it does to sound ---


@pytest.mark.parametrize("amount_db", [6.0, 24.0, 40.0])
def test_amount_is_how_far_the_rest_goes_down(instant: Bundle, run: Run, amount_db: float) -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, (SECOND, 1)).astype(np.float32)
    chain = healthy(instant, model=ConstantModel(np.zeros((1, LIVE.output_size), np.float32)), amount_db=amount_db)
    out = run(chain, noise)
    assert np.allclose(out[2000:], late_by(LATE, noise)[2000:] * 10 ** (-amount_db / 20), atol=2e-5)
    assert chain.reduction_db == pytest.approx(amount_db, abs=0.1)


def test_a_mask_that_keeps_all_keeps_the_sound(instant: Bundle, run: Run, voice: np.ndarray) -> None:
    out = run(healthy(instant, model=ConstantModel(identity_mask())), voice)
    assert np.abs(out - late_by(LATE, voice))[LATE:].max() < 1e-4


def test_a_band_that_the_mask_closes_goes_and_the_rest_stays(instant: Bundle, run: Run) -> None:
    mask = identity_mask()
    mask[0, LIVE.gains_at : LIVE.fine_taps_at] = 0.0  # all above 6 kHz
    time = np.arange(SECOND) / SECOND
    low, high = (np.float32(0.2) * np.sin(2 * np.pi * hz * time, dtype=np.float32)[:, None] for hz in (1000, 12_000))
    out = run(healthy(instant, model=ConstantModel(mask), amount_db=40), low + high)
    assert np.abs(out - late_by(LATE, low))[2000:].max() < 0.01


def test_it_does_what_the_live_denoiser_does(tiny_folder: Path, instant: Bundle, run: Run, voice: np.ndarray) -> None:
    """The same network with another way to apply its mask: the levels agree."""
    lived = Bundle.load(tiny_folder)
    live = Chain([Denoise(lived, open_model(lived), real_time=False)])
    live.prepare(48_000, HOP, 1)
    levels = [np.sqrt(np.mean(np.square(run(chain, voice)[SECOND // 2 :]))) for chain in (live, healthy(instant))]
    assert 20 * np.log10(levels[1] / levels[0]) == pytest.approx(0.0, abs=1.0)


def test_0_db_gives_back_the_very_bits(instant: Bundle, run: Run, voice: np.ndarray) -> None:
    assert np.array_equal(run(healthy(instant, amount_db=0.0), voice), late_by(LATE, voice))


def test_0_db_reached_while_playing_gives_the_very_bits_too(instant: Bundle, run: Run, voice: np.ndarray) -> None:
    out = run(healthy(instant), voice, at={50: lambda c: c.set_param("denoise.amount_db", 0)})
    settled = 50 * HOP + 20 * HOP
    assert np.array_equal(out[settled:], late_by(LATE, voice)[settled:])
    assert not np.array_equal(out[: 50 * HOP], late_by(LATE, voice)[: 50 * HOP])


def test_what_is_removed_and_what_is_left_add_up_to_the_input(instant: Bundle, run: Run, voice: np.ndarray) -> None:
    left = run(healthy(instant), voice)
    removed = run(healthy(instant, listen=1), voice)
    assert np.abs(removed).max() > 0.01
    assert np.abs(left + removed - late_by(LATE, voice)).max() < 1e-6


@pytest.mark.parametrize(("name", "value"), [("sensitivity", 1.0), ("keep_room", 0.0)])
def test_the_network_hears_of_the_other_knobs(
    instant: Bundle, run: Run, voice: np.ndarray, name: str, value: float
) -> None:
    model = open_model(instant)
    chain = healthy(instant, model=model)
    at = {"keep_room": LIVE.keep_room_at, "sensitivity": LIVE.sensitivity_at}[name]
    run(chain, voice[: 50 * HOP])
    chain.set_param(f"denoise.{name}", value)
    seen = []
    for _ in range(20):
        run(chain, voice[:HOP])
        seen.append(float(model.input[0, at]))
    assert seen[-1] == value
    assert np.abs(np.diff(seen)).max() == pytest.approx(1 / 7, abs=1e-6)  # ramped over seven hops


def test_both_channels_get_the_same_filter(instant: Bundle, run: Run, voice: np.ndarray) -> None:
    stereo = np.concatenate([voice, -0.5 * voice], axis=1)
    out = run(healthy(instant, channels=2), stereo)
    assert np.abs(out[:, 0]).max() > 0.01
    assert np.allclose(out[:, 1], -0.5 * out[:, 0], atol=1e-6)


@pytest.mark.parametrize("loudness", [0.0, 1e-8, 1.0])
def test_extremes_stay_finite_and_in_bounds(instant: Bundle, run: Run, loudness: float) -> None:
    square = np.sign(np.sin(np.arange(SECOND) / 30))[:, None].astype(np.float32) * np.float32(loudness)
    out = run(healthy(instant), square)
    assert np.isfinite(out).all()
    assert np.abs(out).max() <= loudness * 1.12


# --- changes ---

CHANGES = [
    ({"amount_db": 40.0}, {"amount_db": 0.0}),
    ({"amount_db": 0.0}, {"amount_db": 40.0}),
    ({"listen": 0.0}, {"listen": 1.0}),
    ({"listen": 1.0}, {"listen": 0.0}),
]


@pytest.mark.parametrize("period", [64, 441])
@pytest.mark.parametrize(("before", "after"), CHANGES)
def test_a_change_never_clicks(
    instant: Bundle, run: Run, before: dict[str, float], after: dict[str, float], period: int
) -> None:
    level = np.full((SECOND, 1), 0.4, np.float32)  # on which every step shows
    chain = healthy(instant, period, model=ConstantModel(0.1 * identity_mask()), **before)

    def change(chain: Chain) -> None:
        for name, value in after.items():
            chain.set_param(f"denoise.{name}", value)

    out = run(chain, level, period, at={20_000 // period: change})[3000:SECOND, 0].astype(np.float64)
    assert abs(out[0] - out[-1]) > 0.2
    assert np.abs(np.diff(out)).max() <= 0.4 / 480 + 2e-5


@pytest.mark.parametrize("often", [1, 3, 40])
@pytest.mark.parametrize("trouble", list(Trouble))
def test_a_model_going_wrong_never_clicks(instant: Bundle, run: Run, trouble: Trouble, often: int) -> None:
    level = np.full((SECOND, 1), 0.4, np.float32)
    model = TroubledModel(ConstantModel(0.1 * identity_mask()), {step: trouble for step in range(60, 200, often)})
    chain = chain_of(DenoiseInstant(instant, model, clock=model.clock))
    out = run(chain, level)[3000:, 0].astype(np.float64)
    assert np.abs(np.diff(out)).max() <= 0.4 / 480 + 2e-5
    if trouble is not Trouble.POISON:  # the constant model keeps no state to poison
        assert chain.dry_hops > 0


def test_a_mask_that_jumps_from_all_to_nothing_is_no_click(instant: Bundle, run: Run) -> None:
    class Nervous(ConstantModel):
        def step(self) -> None:
            self.output[:] = identity_mask() - self.output

    tone = 0.4 * np.sin(2 * np.pi * 200 * np.arange(SECOND) / SECOND, dtype=np.float64)[:, None].astype(np.float32)
    out = run(healthy(instant, model=Nervous(identity_mask()), amount_db=40), tone)[3000:, 0]
    natural = np.abs(np.diff(tone[:, 0])).max()
    assert np.abs(np.diff(out)).max() <= 0.4 / 32 + natural + 1e-4  # faded over 32 frames, each hop


# --- trouble ---


@pytest.mark.parametrize("trouble", [Trouble.RAISE, Trouble.POISON, Trouble.BROKEN])
def test_one_broken_step_goes_dry_is_counted_and_the_voice_is_back_soon(
    instant: Bundle, run: Run, voice: np.ndarray, trouble: Trouble
) -> None:
    chain, model = troubled(instant, {100: trouble})
    resets = model.resets
    out, expected = run(chain, voice), run(healthy(instant), voice)
    assert np.isfinite(out).all()
    assert model.resets == resets + 1
    assert (chain.dry_hops, chain.late_hops) == (1 + 8, 0)
    fault = 101 * HOP  # heard from the frame after the hop on
    assert np.array_equal(out[:fault], expected[:fault])
    dry = slice(fault + 480, fault + 8 * HOP)
    assert np.array_equal(out[dry], late_by(LATE, voice)[dry])
    assert np.abs(out[140 * HOP :] - expected[140 * HOP :]).max() < 1e-4


def test_a_late_step_goes_dry_pauses_and_is_counted(instant: Bundle, run: Run, voice: np.ndarray) -> None:
    chain, model = troubled(instant, {100: Trouble.LATE}, late_s=0.004)
    run(chain, voice)
    assert (chain.late_hops, chain.dry_hops) == (1, 1 + 2 + 2)
    assert model.steps == len(voice) // HOP - 2


def test_a_model_that_never_works_leaves_the_sound_dry(instant: Bundle, run: Run, voice: np.ndarray) -> None:
    chain, model = troubled(instant, dict.fromkeys(range(10_000), Trouble.RAISE))
    out = run(chain, voice)
    assert np.array_equal(out[1000:], late_by(LATE, voice)[1000:])
    assert chain.dry_hops == len(voice) // HOP
    assert model.steps < 30
    assert chain.reduction_db < 0.01


def test_broken_samples_are_silence_even_without_a_chain(instant: Bundle, voice: np.ndarray) -> None:
    denoise = DenoiseInstant(instant, open_model(instant), real_time=False)
    denoise.prepare(48_000, HOP, 1)
    block = voice[:HOP].copy()
    block[5] = np.nan
    denoise.process(block)
    denoise.process(block)
    assert denoise.bad_samples == 1
    assert np.isfinite(block).all()
    assert denoise.model.dry_hops == 0


def test_reset_is_as_new(instant: Bundle, run: Run, voice: np.ndarray) -> None:
    chain = healthy(instant, 40)
    run(chain, voice[: 50 * HOP + 40], 40)  # ends inside a hop
    chain.reset()
    assert np.array_equal(run(chain, voice, 40), run(healthy(instant, 40), voice, 40))


# --- its bundle ---


def test_the_bundle_lends_all_but_its_name(tiny_folder: Path, instant: Bundle) -> None:
    lender = Bundle.load(tiny_folder)
    assert (instant.name, instant.version, instant.network) == ("quick", "1.2.3", "tiny")
    assert (instant.kind, instant.algorithmic_latency_frames) == ("denoise-instant", 64)
    assert instant.files == lender.files
    assert instant.weights("onnx") == lender.weights("onnx")
    assert instant.trained_on == lender.trained_on


def test_a_chain_is_built_for_it(instant_folder: Path) -> None:
    chain = build_chain(instant_folder)
    chain.prepare(48_000, HOP, 1)
    assert chain.latency_frames == LATE
    assert chain.model_name == "quick 1.2.3, tflite"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("schema = 1", "schema = 2", "schema = 2: allowed 1"),
        ('network = "tiny"', "", "network is missing: a text is needed"),
        ('network = "tiny"', 'network = "../tiny"', "network = '../tiny': the name of a bundle's folder beside this"),
        ('network = "tiny"', 'network = ".."', "network = '..': the name of a bundle's folder beside this one"),
        ('network = "tiny"', 'network = "none"', "network = 'none': .*bundle.toml: cannot be read"),
        ('network = "tiny"', 'network = "quick"', "network = 'quick': .*kind = 'denoise-instant': allowed denoise"),
        ("latency_frames = 64", "latency_frames = 32", "algorithmic_latency_frames = 32: allowed 64"),
        ("licence = ", "license = ", "license is no known key; did you mean licence?"),
        ("licence = ", "hop_frames = 1\nlicence = ", "hop_frames is no known key"),
    ],
)
def test_a_mistake_is_told(instant_folder: Path, old: str, new: str, message: str) -> None:
    path = instant_folder / "bundle.toml"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(BundleError, match=message.replace("?", r"\?")) as caught:
        Bundle.load(instant_folder)
    assert str(path) in str(caught.value)


def test_damaged_weights_of_the_lender_are_refused(instant_folder: Path, tiny_folder: Path) -> None:
    (tiny_folder / "tiny.onnx").write_bytes(b"other")
    with pytest.raises(BundleHashError, match=r"network = 'tiny': .*tiny\.onnx: sha256 expected"):
        Bundle.load(instant_folder)


def test_each_denoiser_refuses_the_other_kind(tiny_bundle: Bundle, instant: Bundle) -> None:
    with pytest.raises(BundleError, match=r"kind = 'denoise', .*allowed 'denoise-instant', 0"):
        DenoiseInstant(tiny_bundle, ConstantModel(identity_mask()))
    with pytest.raises(BundleError, match=r"kind = 'denoise-instant', .*allowed 'denoise', 0"):
        Denoise(instant, ConstantModel(identity_mask()))


def test_a_bundle_for_another_rate_is_refused(instant: Bundle) -> None:
    chain = Chain([DenoiseInstant(instant, open_model(instant))])
    with pytest.raises(BundleError, match="rate_hz = 48000: the chain runs at 44100"):
        chain.prepare(44_100, 128, 1)
