"""The stem separator's training computes what the box computes, and its material is what it says."""

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training runs in its own environment, see training/requirements.txt")

from dsp.layouts import stems as layout  # noqa: E402
from dsp.parts.stft import StreamingStft  # noqa: E402
from dsp.stems.features import StemsFrontEnd  # noqa: E402
from training import checkpoints  # noqa: E402
from training.data.decode import Stretch  # noqa: E402
from training.model import NetShape  # noqa: E402
from training.stems_data import lines  # noqa: E402
from training.stems_data.loader import compute_features, short_time_spectra  # noqa: E402
from training.stems_data.rooms import Rooms  # noqa: E402
from training.stems_data.synth import draw_patch, tone  # noqa: E402
from training.stems_model import StemsEnsemble, StemsNet, favour, network  # noqa: E402
from training.stems_validate import EXCERPT_FRAMES, scores, sdr_db, separate  # noqa: E402

RNG = np.random.default_rng(1)


def test_features_are_those_of_the_box() -> None:
    sound = RNG.normal(0, 0.1, (24 * 512, 2)).astype(np.float32)
    spectra = short_time_spectra(sound)
    features = np.empty((spectra.shape[1], layout.INPUT_SIZE), np.float32)
    compute_features(spectra, features)
    stft = StreamingStft(2, layout.WINDOW_FRAMES, layout.SYNTHESIS_FRAMES, layout.HOP_FRAMES)
    front = StemsFrontEnd(2)
    for hop in range(24):
        spectrum = stft.analyse(sound[hop * 512 : hop * 512 + 512])
        if hop < 3:
            continue
        if hop == 3:
            front.reset()
        np.testing.assert_allclose(spectrum, spectra[:, hop - 3], atol=2e-4)
        np.testing.assert_allclose(front.features(spectrum)[0], features[hop - 3], atol=1e-3)


def test_one_frame_at_a_time_is_all_frames_at_once() -> None:
    torch.manual_seed(1)
    net = StemsNet(NetShape(width=32, blocks=2)).eval()
    features = torch.randn(12, 1, layout.INPUT_SIZE)
    with torch.no_grad():
        whole, _ = net(features, net.fresh_state(1))
        step, state = net.as_step(), torch.zeros(1, net.state_size)
        for frame in range(12):
            mask, state = step(features[frame], state)
            np.testing.assert_allclose(mask.numpy(), whole[frame].numpy(), atol=1e-5)
    shares = whole.reshape(12, layout.CLAIMED, -1)
    assert (shares >= 0).all()
    assert (shares.sum(1) <= 1.0001).all()


def test_separated_stems_add_up_and_silence_is_quiet() -> None:
    stems = np.zeros((4, EXCERPT_FRAMES, 2), np.float32)
    stems[0], stems[3] = RNG.normal(0, 0.1, (2, EXCERPT_FRAMES, 2))

    def nothing_claimed(features: np.ndarray) -> np.ndarray:
        return np.zeros((len(features), layout.OUTPUT_SIZE), np.float32)

    mix = stems.sum(0)
    heard = slice(layout.WINDOW_FRAMES, -layout.SYNTHESIS_FRAMES)
    assert sdr_db(mix[heard], separate(nothing_claimed, mix).sum(0)[heard]) > 90
    found = scores(nothing_claimed, [stems])
    assert found["vocals"] == pytest.approx(0.0, abs=0.05)  # all of it is missing
    assert found["other"] == pytest.approx(0.0, abs=0.05)  # as loud again in it
    assert found["quiet_db"] > 80


@pytest.mark.parametrize("low", [True, False])
def test_a_synthesiser_plays_the_pitch(low: bool) -> None:
    rng = np.random.default_rng(3)
    for _ in range(12):
        sound = tone(draw_patch(rng, low), 45 if low else 60, 0.5, 0.8, rng)
        assert sound.shape[1] == 2
        assert np.isfinite(sound).all()
        assert np.abs(sound).max() > 0.01


def test_songs_are_in_key_and_reproducible() -> None:
    for seed in range(8):
        song, again = (lines.draw_song(np.random.default_rng(seed)) for _ in range(2))
        assert song == again
        allowed = {(song.key + step) % 12 for step in song.scale}
        parts = [lines.chord_part(song, RNG), lines.melody(song, RNG)]
        assert {note.pitch % 12 for part in parts for note in part} <= allowed
        bass = lines.bass_line(song, RNG)
        assert min(note.pitch for note in bass) >= 20
        assert np.median([note.pitch for note in bass]) <= 62


def test_effects_keep_the_sound_finite_and_in_range(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    (rng.normal(0, 3000, 9000) * np.exp(-np.arange(9000) / 2000)).astype(np.int16).tofile(tmp_path / "rooms.i16")
    stretch = Stretch(0, 9000, "hall", "one", 24_000.0, "train")
    (tmp_path / "rooms.json").write_text(json.dumps([asdict(stretch)]))
    rooms, song = Rooms(tmp_path, rng), lines.draw_song(rng)
    for low in (True, False) * 8:
        sound = lines.effects(rng.normal(0, 0.1, (60_000, 2)).astype(np.float32), song, low, rooms, rng)
        assert np.isfinite(sound).all()
        assert np.abs(sound).max() == pytest.approx(0.8, abs=0.01)


def test_an_ensemble_says_the_mean_of_its_members(tmp_path: Path) -> None:
    torch.manual_seed(2)
    members = [StemsNet(NetShape(width=width, blocks=2)).eval() for width in (32, 48)]
    stored = [
        {"shape": net.shape.as_dict(), "average": net.state_dict(), "step": 1, "audio_hours": 0.1} for net in members
    ]
    checkpoints.save_members(tmp_path / "both.pt", stored)
    ensemble = StemsEnsemble([network(member) for member in checkpoints.load_members([tmp_path / "both.pt"])]).eval()
    features = torch.randn(9, 1, layout.INPUT_SIZE)
    with torch.no_grad():
        whole, _ = ensemble(features, ensemble.fresh_state(1))
        alone = [net(features, net.fresh_state(1))[0] for net in members]
        np.testing.assert_allclose(whole, (alone[0] + alone[1]) / 2, atol=5e-3)  # stored in half precision
        step, state = ensemble.as_step(), torch.zeros(1, ensemble.state_size)
        for frame in range(9):
            mask, state = step(features[frame], state)
            np.testing.assert_allclose(mask.numpy(), whole[frame].numpy(), atol=1e-5)


def test_favouring_a_stem_multiplies_its_odds() -> None:
    torch.manual_seed(3)
    ensemble = StemsEnsemble([StemsNet(NetShape(width=32, blocks=2))]).eval()
    features = torch.randn(5, 1, layout.INPUT_SIZE)
    with torch.no_grad():
        before = ensemble(features, ensemble.fresh_state(1))[0].unflatten(-1, (layout.CLAIMED, -1))
        favour(ensemble, {"drums": 2.0})
        after = ensemble(features, ensemble.fresh_state(1))[0].unflatten(-1, (layout.CLAIMED, -1))
    odds = [shares[..., 1, :] / (1 - shares.sum(-2)) for shares in (before, after)]
    torch.testing.assert_close(odds[1], 2 * odds[0])
    assert (after[..., 0, :] < before[..., 0, :]).all()
