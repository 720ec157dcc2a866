"""Polarity and delay between two sides change what a bundle does by less than 1 dB, and the image stays.

The network gets one spectrum for both sides; `python -m bench.stereo` is the long form.
"""

import numpy as np
import pytest

from bench import stereo
from dsp.layouts.stems import STEMS
from tests.models.test_stems_bundles import song_parts
from tests.rigs.checkout import MODELS
from training.demo_vocal.make_demo_vocal import demo_vocal

pytestmark = pytest.mark.bundle
SECONDS = 3
SCENES = ("inverted", "5 ms late", "20 ms late", "own noise, inverted", "soft and inverted")


@pytest.fixture(params=["denoise-live", "denoise-light", "denoise-instant", "denoise-studio"], scope="module")
def heard(request: pytest.FixtureRequest) -> dict[str, stereo.Heard]:
    chain = stereo.denoiser(MODELS / request.param)
    return {
        scene.name: stereo.listen(chain, scene) for scene in scenes() if scene.name in (*SCENES, "alike", "own noise")
    }


def scenes() -> list[stereo.Scene]:
    noisy, clean = demo_vocal()
    frames, half = SECONDS * 48_000, len(clean) // 2
    noise = noisy - clean
    return list(stereo.scenes(clean[:frames], noise[:frames], noise[half : half + frames]))


@pytest.mark.parametrize("name", SCENES)
def test_the_voice_stays_as_loud_and_as_clean(heard: dict[str, stereo.Heard], name: str) -> None:
    like = heard["own noise" if "own" in name or "soft" in name else "alike"]
    mine = heard[name]
    np.testing.assert_allclose(mine.level_db, like.level_db, atol=1.0)
    if name != "soft and inverted":  # the soft side has the noise of the other
        np.testing.assert_allclose(mine.si_sdr_db, like.si_sdr_db, atol=1.0)


@pytest.mark.parametrize("name", SCENES)
def test_the_image_stays(heard: dict[str, stereo.Heard], name: str) -> None:
    assert abs(heard[name].image_db) < 0.3
    assert abs(heard[name].image_ms) < 0.05


@pytest.mark.parametrize(
    ("bundle", "changes"), [("stems-live", ["inverted"]), ("stems-light", ["inverted", "5 ms late", "20 ms late"])]
)
def test_stems_stay_as_loud_and_as_clean(bundle: str, changes: list[str]) -> None:
    """Scored after the sides are known and the networks have forgotten the sound before; only stems that are found."""
    parts = song_parts()
    song = np.stack([parts.get(stem, np.zeros_like(parts["drums"])) for stem in STEMS]).astype(float)
    song = np.tile(song, (1, 2, 1))
    found = {}
    for kind in ("alike", *changes):
        changed = stereo.change_side(song, kind)
        out = stereo.separate(MODELS / bundle, changed.sum(axis=0))
        found[kind] = np.array(list(stereo.stem_scores(out, changed, 8.0)))
    heard = found["alike"][:, 0] > -12.0
    assert heard.sum() >= 2
    for kind, scores in found.items():
        np.testing.assert_allclose(scores[heard], found["alike"][heard], atol=1.0, err_msg=kind)
