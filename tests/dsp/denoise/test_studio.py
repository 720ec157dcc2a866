"""The layout for recording in the box's chain: longer hops and more latency, everything else as in the live one."""

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from dsp.denoise.features import identity_mask
from dsp.denoise.live import Denoise
from dsp.inference import StepModel, open_model
from dsp.inference.bundle import Bundle, BundleError
from dsp.inference.fake import ConstantModel, Trouble, TroubledModel
from dsp.layouts.denoise import STUDIO
from dsp.rack.chain import Chain
from tests.rigs.tiny_bundle import tiny_models, write_bundle

Run = Callable[..., np.ndarray]
HOP = 480
NOTHING = np.zeros((1, STUDIO.output_size), np.float32)


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return Bundle.load(write_bundle(tmp_path_factory.mktemp("bundles") / "studio", tiny_models("studio"), "studio"))


def chain_of(bundle: Bundle, model: StepModel, period: int = 128, channels: int = 1, **values: float) -> Chain:
    chain = Chain([Denoise(bundle, model, real_time=False)])
    for name, value in values.items():
        chain.set_param(f"denoise.{name}", value)
    chain.prepare(48_000, period, channels)
    return chain


@pytest.mark.parametrize("period", [32, 128, 480, 1024])
@pytest.mark.parametrize("channels", [1, 2])
def test_0_db_gives_back_the_very_bits_as_late_as_declared(
    studio: Bundle, run: Run, voice: np.ndarray, period: int, channels: int
) -> None:
    chain = chain_of(studio, open_model(studio), period, channels, amount_db=0.0)
    late = chain.latency_frames
    assert late == 960 - math.gcd(period, HOP)
    sound = np.repeat(voice, channels, axis=1) * np.linspace(1.0, 0.5, channels, dtype=np.float32)
    assert np.array_equal(run(chain, sound, period)[late : len(sound)], sound[:-late])


@pytest.mark.parametrize("period", [96, 512])
def test_the_sound_is_the_same_at_every_period(studio: Bundle, run: Run, voice: np.ndarray, period: int) -> None:
    frames = 46_080  # whole periods of all
    chains = [chain_of(studio, open_model(studio), each) for each in (128, period)]
    whole, other = (run(chain, voice[:frames], each) for chain, each in zip(chains, (128, period), strict=True))
    lates = [chain.latency_frames for chain in chains]
    kept = frames - max(lates)
    np.testing.assert_allclose(other[lates[1] : lates[1] + kept], whole[lates[0] : lates[0] + kept], atol=1e-6)


def test_identity_passes_and_nothing_leaves_the_floor(studio: Bundle, run: Run, voice: np.ndarray) -> None:
    for mask, share in ((identity_mask(STUDIO), 1.0), (NOTHING, 0.1)):
        chain = chain_of(studio, ConstantModel(mask, STUDIO.input_size), amount_db=20.0)
        late = chain.latency_frames
        out = run(chain, voice)[late : len(voice)]
        assert np.abs(out - share * voice[:-late])[9600:].max() < 1e-5


def hum(seconds: int) -> np.ndarray:
    """Mains hum with harmonics, and a little hiss. (frames, 1)"""
    at = np.arange(seconds * 48_000) / 48_000
    buzz = sum(0.1 / k * np.sin(2 * np.pi * 50 * k * at + k) for k in range(1, 8))
    return (buzz + np.random.default_rng(2).normal(0, 3e-4, len(at)))[:, None].astype(np.float32)


def test_hum_goes_ahead_of_the_network(studio: Bundle, run: Run) -> None:
    chain = chain_of(studio, ConstantModel(identity_mask(STUDIO), STUDIO.input_size), amount_db=40.0)
    sound = hum(6)
    out = run(chain, sound)
    # The network would let it pass.
    assert np.square(out[5 * 48_000 :]).mean() < 1e-3 * np.square(sound).mean()
    assert chain.reduction_db > 25.0


def test_the_share_of_hum_that_stays_is_that_of_the_rest(studio: Bundle, run: Run) -> None:
    sound = hum(6)
    chain = chain_of(studio, ConstantModel(NOTHING, STUDIO.input_size), amount_db=6.0)
    late = chain.latency_frames
    out = run(chain, sound)[late : len(sound)]
    assert np.abs(out - 10 ** (-6 / 20) * sound[:-late])[5 * 48_000 :].max() < 2e-3


def test_a_broken_step_goes_dry_and_the_voice_is_back(studio: Bundle, run: Run, voice: np.ndarray) -> None:
    model = TroubledModel(open_model(studio), {20: Trouble.RAISE})
    chain = Chain([Denoise(studio, model, clock=model.clock)])
    chain.prepare(48_000, 128, 1)
    out, well = run(chain, voice), run(chain_of(studio, open_model(studio)), voice)
    assert 0 < chain.dry_hops < 20
    late = chain.latency_frames
    dry = slice(24 * HOP, 26 * HOP)  # after the fade, before the model is heard again
    assert np.array_equal(out[dry], voice[dry.start - late : dry.stop - late])
    np.testing.assert_allclose(out[60 * HOP :], well[60 * HOP :], atol=0.01)


def test_it_lends_no_network_to_the_instant_denoiser(studio: Bundle) -> None:
    folder = Path(studio.folder).parent / "instant"
    folder.mkdir()
    (folder / "bundle.toml").write_text(
        'schema = 1\nname = "instant"\nversion = "1"\nkind = "denoise-instant"\nsummary = "x"\nlicence = "Apache-2.0"\n'
        'network = "studio"\nalgorithmic_latency_frames = 64\n'
    )
    with pytest.raises(BundleError, match=r"features = 'denoise-studio-v1': allowed denoise-v2"):
        Bundle.load(folder)
