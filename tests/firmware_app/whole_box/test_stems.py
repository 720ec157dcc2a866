"""Music on the live box: chains, mutes, and stems on outputs of their own. Real processes, real libasound."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import MakeUsb
from tests.rigs.running_box import RunningBox
from tests.rigs.tiny_bundle import tiny_models, write_bundle
from tests.rigs.virtual_usb.rig import VirtualUsb

pytestmark = [pytest.mark.rig, pytest.mark.box]
VOICE, MUSIC, BOTH = 0, 1, 2
SECOND = 48_000


@pytest.fixture(scope="module")
def models() -> dict[str, bytes]:
    return tiny_models("stems")


@pytest.fixture
def config(tmp_path: Path, models: dict[str, bytes]) -> Callable[..., str]:
    folder = write_bundle(tmp_path / "tiny-stems", models, "stems")

    def make(usb: VirtualUsb, audio: str = "", rest: str = "") -> str:
        return (
            f'[audio]\ndevice = "{usb.device}"\nperiod_frames = 128\nperiods = 4\n{audio}\n'
            f'[model]\nstems_bundle = "{folder}"\n[panel]\npins = "mock"\n{rest}'
        )

    return make


def noise(channels: int, seconds: float = 4.0) -> np.ndarray:
    return np.random.default_rng(4).normal(0, 0.05, (int(seconds * SECOND), channels)).astype(np.float32)


def listen(usb: VirtualUsb, seconds: float = 1.0, after: float = 0.5) -> np.ndarray:
    """What the box plays from `after` seconds from now on, (frames, channels), full scale 1."""
    start = usb.counters["playback"]["frames"] + int(after * SECOND)
    usb.wait_played(start + int(seconds * SECOND))
    return usb.recording()[start : start + int(seconds * SECOND)] / 2**31


def level_db(sound: np.ndarray) -> float:
    return float(10 * np.log10(np.mean(np.square(sound)) + 1e-20))


def follows(out: np.ndarray, source: np.ndarray) -> float:
    """How much of the one-channel `out` is the one-channel `source`, which loops, wherever it starts: 0 to 1."""
    n = len(source)
    spectrum = np.fft.rfft(source) * np.conj(np.fft.rfft(np.pad(out, (0, n - len(out)))))
    best = np.abs(np.fft.irfft(spectrum, n)).max()
    return float(best / (np.linalg.norm(out) * np.sqrt(len(out)) * np.std(source) + 1e-12))


def test_a_muted_stem_goes_and_comes_back(make_usb: MakeUsb, tmp_path: Path, config: Callable[..., str]) -> None:
    sound = noise(2)
    usb = make_usb(capture=sound, loop=True, patient=True)
    text = config(usb, "input_channels = [1, 2]")
    with RunningBox(tmp_path / "box", text) as box:
        box.wait_status(lambda s: s["state"] == "running", "running audio process")
        box.set("box.chain", MUSIC)
        status = box.wait_status(lambda s: s["chain_latency_frames"] == 896, "the music chain")
        assert "tiny-stems" in status["bundle"]
        whole = listen(usb)
        assert follows(whole[:, 0], sound[:, 0]) > 0.99
        assert set(box.get("status")["stems_db"]) == {"vocals", "drums", "bass", "other"}
        assert max(box.get("status")["stems_db"].values()) > -60
        for stem in ("vocals", "drums", "bass", "other"):
            box.set(f"stems.{stem}.mute", 1)
        assert level_db(listen(usb)) < -150
        for stem in ("vocals", "drums", "bass", "other"):
            box.set(f"stems.{stem}.mute", 0)
        assert level_db(listen(usb)) == pytest.approx(level_db(whole), abs=0.5)
        assert box.get("status")["xruns"] == 0


def test_a_muted_stem_stays_muted_when_the_audio_process_dies(
    make_usb: MakeUsb, tmp_path: Path, config: Callable[..., str]
) -> None:
    usb = make_usb(capture=noise(2), loop=True, patient=True)
    with RunningBox(tmp_path / "box", config(usb, "input_channels = [1, 2]")) as box:
        box.wait_status(lambda s: s["state"] == "running", "running audio process")
        box.set("box.chain", MUSIC)
        for stem in ("vocals", "drums", "bass", "other"):
            box.set(f"stems.{stem}.mute", 1)
        listen(usb, 0.2)
        silent_from = usb.counters["playback"]["frames"]
        box.child("audio").kill()
        opens = usb.counters["playback"]["opens"]
        box.wait_for(lambda: usb.counters["playback"]["opens"] > opens, "a new audio process")
        listen(usb, 0.5)
        assert level_db(usb.recording()[silent_from:] / 2**31) < -150


def test_voice_over_music_takes_each_from_its_own_inputs(
    make_usb: MakeUsb, tmp_path: Path, config: Callable[..., str]
) -> None:
    sound = noise(4)
    usb = make_usb(capture=sound, capture_channels=4, loop=True, patient=True)
    text = config(usb, "input_channels = [1]\nmusic_channels = [3, 4]")
    with RunningBox(tmp_path / "box", text) as box:
        box.wait_status(lambda s: s["state"] == "running", "running audio process")
        box.set("box.chain", BOTH)
        box.set("denoise.amount_db", 0)
        box.set("voice.gain_db", -60)
        box.wait_status(lambda s: s["chain_latency_frames"] == 896 and not s["message"], "both chains")
        music = listen(usb)
        assert [follows(music[:, i], sound[:, 2 + i]) > 0.99 for i in range(2)] == [True, True]
        box.set("voice.gain_db", 0)
        box.set("music.gain_db", -60)
        voice = listen(usb)
        assert follows(voice[:, 0], sound[:, 0]) > 0.99
        assert np.abs(voice[:, 0] - voice[:, 1]).max() < 1e-3


def test_stems_have_outputs_of_their_own_and_the_mix_stays(
    make_usb: MakeUsb, tmp_path: Path, config: Callable[..., str]
) -> None:
    usb = make_usb(capture=noise(2), loop=True, playback_channels=10, patient=True)
    routed = "[stems]\nvocals = [3, 4]\ndrums = [5, 6]\nbass = [7, 8]\nother = [9, 10]\n"
    with RunningBox(tmp_path / "box", config(usb, "input_channels = [1, 2]", routed)) as box:
        box.wait_status(lambda s: s["state"] == "running", "running audio process")
        voice = listen(usb)
        assert level_db(voice[:, :2]) > -60
        assert not voice[:, 2:].any()
        box.set("box.chain", MUSIC)
        box.wait_status(lambda s: s["chain_latency_frames"] == 896, "the music chain")
        out = listen(usb).reshape(-1, 5, 2)
        assert level_db(out[:, 1:].sum(axis=1) - out[:, 0]) - level_db(out[:, 0]) < -90
        assert all(level_db(out[:, at]) > -60 for at in range(1, 5))


def test_outputs_the_interface_does_not_have_are_named(
    make_usb: MakeUsb, tmp_path: Path, config: Callable[..., str]
) -> None:
    usb = make_usb(capture=noise(2), loop=True)
    with RunningBox(tmp_path / "box", config(usb, "", "[stems]\nvocals = [3, 4]\n")) as box:
        said = "no outputs of their own for vocals"
        box.wait_status(lambda s: s["state"] == "running" and said in s["message"], "a box that runs and says so")
        assert said in "".join(box.log)
