"""`hushbox stems`: four files that add up to the one that went in."""

import contextlib
import io
import json
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from dsp.layouts.stems import STEMS
from firmware_app import cli
from firmware_app.offline.wav_file import WavFile, WavForm
from hw.audio.files import riff
from tests.rigs.tiny_bundle import tiny_models, write_bundle

pytestmark = pytest.mark.usefixtures("in_a_folder")
RNG = np.random.default_rng(2)


@pytest.fixture(scope="session")
def tiny_stems_folder(tmp_path_factory) -> str:
    return str(write_bundle(tmp_path_factory.mktemp("models") / "tiny", tiny_models("stems"), "stems"))


@pytest.fixture
def stems(tiny_stems_folder):
    def run(*args: object) -> tuple[int, str, str]:
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = cli.main(["stems", *map(str, args), "--bundle", tiny_stems_folder])
        return code, out.getvalue(), err.getvalue()

    return run


def noise(frames: int, channels: int = 2) -> np.ndarray:
    return RNG.uniform(-0.5, 0.5, (frames, channels))


def read_stems(folder: str = "out") -> dict[str, np.ndarray]:
    found = {}
    for stem in STEMS:
        path = Path(folder) / f"{stem}.wav"
        form = soundfile.info(path)
        assert (form.samplerate, form.channels, form.subtype) == (48_000, 2, "FLOAT")
        found[stem] = soundfile.read(path)[0]
    return found


def null_db(parts: dict[str, np.ndarray], whole: np.ndarray) -> float:
    difference = sum(parts.values()) - whole
    return float(10 * np.log10(np.mean(difference**2) / np.mean(whole**2) + 1e-30))


@pytest.mark.parametrize("frames", [1, 511, 512, 48_000, 100_001])
@pytest.mark.parametrize("best", [(), ("--best",)])
def test_the_stems_add_up_to_the_song_frame_by_frame(stems, frames, best):
    sound = noise(frames)
    soundfile.write("in.wav", sound, 48_000, subtype="FLOAT")
    code, out, err = stems("in.wav", "out", *best)
    assert (code, err) == (0, "")
    assert "times real time" in out
    parts = read_stems()
    assert all(len(part) == frames for part in parts.values())
    assert null_db(parts, soundfile.read("in.wav")[0]) < -100


def test_every_stem_holds_something_and_best_is_another_result(stems):
    soundfile.write("in.wav", noise(48_000), 48_000, subtype="FLOAT")
    stems("in.wav", "out")
    stems("in.wav", "best", "--best")
    plain, best = read_stems(), read_stems("best")
    assert all(np.abs(part).max() > 0.01 for part in plain.values())
    assert all(np.abs(plain[stem] - best[stem]).max() > 1e-4 for stem in STEMS)


def test_mono_comes_out_in_stereo(stems):
    sound = noise(20_000, 1)
    soundfile.write("in.flac", sound, 48_000, subtype="PCM_24")
    assert stems("in.flac", "out")[0] == 0
    assert null_db(read_stems(), np.repeat(soundfile.read("in.flac", always_2d=True)[0], 2, axis=1)) < -100


def test_another_rate_is_brought_to_48_khz(stems):
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(44_100) / 44_100)
    soundfile.write("in.wav", np.stack([tone, tone], axis=1), 44_100)
    assert stems("in.wav", "out")[0] == 0
    parts = read_stems()
    expected = 0.5 * np.sin(2 * np.pi * 440 * np.arange(48_000) / 48_000)
    assert all(len(part) == 48_000 for part in parts.values())
    assert np.abs(sum(parts.values())[500:-500, 0] - expected[500:-500]).max() < 1e-3


def test_the_summary_as_json(stems):
    soundfile.write("in.wav", noise(48_000), 48_000)
    code, out, _ = stems("in.wav", "out", "--json")
    summary = json.loads(out)
    assert code == 0
    assert summary["out"] == [f"out/{stem}.wav" for stem in STEMS]
    assert (summary["frames"], summary["dry_hops"], summary["notes"]) == (48_000, 0, [])


def test_a_song_cut_short_is_separated_as_far_as_it_goes(stems):
    soundfile.write("in.wav", noise(48_000), 48_000, subtype="PCM_16")
    whole = Path("in.wav").read_bytes()
    Path("in.wav").write_bytes(whole[: len(whole) // 2])
    code, _, err = stems("in.wav", "out")
    assert code == 1
    assert "damaged or cut short: 0.50 of 1.00 s" in err
    assert null_db(read_stems(), soundfile.read("in.wav")[0]) < -100


def bwf(rate_hz: int, channels: int) -> None:
    """in.wav, a second of sound that begins ten hours after midnight."""
    bext = bytearray(602)
    struct.pack_into("<QH", bext, 338, 36_000 * rate_hz, 1)
    with open("in.wav", "wb") as file:
        form = WavForm(rate_hz, channels, "PCM_16")
        wav = WavFile(file, form, rate_hz, [(b"bext", bytes(bext)), (b"iXML", b"<BWFXML/>")], [(b"cue ", bytes(4))])
        wav.write(np.full((rate_hz, channels), 1000, np.int16))
        wav.close()


@pytest.mark.parametrize(
    ("rate_hz", "channels", "kept", "said"),
    [
        (48_000, 2, [b"bext", b"iXML", b"cue "], ""),
        (48_000, 1, [b"bext", b"cue "], "hushbox: in.wav: not copied: iXML (it tells of 1 channel at 48000 Hz)\n"),
        (44_100, 2, [b"bext"],
         "hushbox: in.wav: its time reference is turned from 44100 into 48000 Hz\n"
         "hushbox: in.wav: not copied: iXML (it tells of 2 channels at 44100 Hz); "
         "cue (it counts samples at 44100 Hz)\n"),
    ],
)  # fmt: skip
def test_every_stem_begins_when_the_song_did(stems, rate_hz, channels, kept, said):
    bwf(rate_hz, channels)
    code, _, err = stems("in.wav", "out")
    assert (code, err) == (0, said)
    for stem in STEMS:
        path = Path("out") / f"{stem}.wav"
        with path.open("rb") as file:
            found = riff.walk(file, path.stat().st_size)
            assert found is not None
            assert [chunk.name for chunk in found.chunks if chunk.name != b"fact"] == kept
            bext = next(chunk for chunk in found.chunks if chunk.name == b"bext")
            file.seek(bext.offset + 338)
            assert struct.unpack("<Q", file.read(8))[0] == 36_000 * 48_000


@pytest.mark.parametrize(
    ("source", "folder", "says"),
    [
        ("nothing.wav", "out", "nothing.wav: no such file"),
        ("text.wav", "out", "text.wav: not a sound file"),
        ("six.wav", "out", "six.wav: 6 channels; allowed 1 to 2"),
        ("good.wav", "a/b", "a/b: the folder cannot be made: No such file or directory"),
        ("good.wav", "good.wav", "good.wav: the folder cannot be made: File exists"),
        ("taken/vocals.wav", "taken", "taken/vocals.wav: would be written over; name another folder"),
    ],
)
def test_what_cannot_be_done_is_said_and_leaves_nothing_behind(stems, source, folder, says):
    Path("text.wav").write_text("no sound")
    soundfile.write("six.wav", noise(100, 6), 48_000)
    soundfile.write("good.wav", noise(100), 48_000)
    Path("taken").mkdir()
    soundfile.write("taken/vocals.wav", noise(100), 48_000)
    before = sorted(Path().rglob("*"))
    code, _, err = stems(source, folder)
    assert code == 1
    assert says in err
    assert sorted(Path().rglob("*")) == before


def test_a_bundle_of_another_kind_is_refused(tmp_path):
    denoiser = write_bundle(tmp_path / "denoiser", tiny_models("denoise"), "denoise")
    soundfile.write("in.wav", noise(100), 48_000)
    err = io.StringIO()
    with contextlib.redirect_stderr(err):
        assert cli.main(["stems", "in.wav", "out", "--bundle", str(denoiser)]) == 1
    assert "kind = 'denoise'" in err.getvalue()
    assert not Path("out").exists()


# --- the same model in `hushbox process` ---


def test_process_plays_a_music_preset_on_a_file(tiny_stems_folder):
    sound = noise(48_000)
    soundfile.write("in.wav", sound, 48_000, subtype="FLOAT")
    Path("hushbox.toml").write_text(f'[model]\nstems_bundle = "{tiny_stems_folder}"\n')
    assert cli.main(["stems", "in.wav", "parts"]) == 0
    assert cli.main(["process", "in.wav", "out.wav", "--preset", "Karaoke"]) == 0
    parts = read_stems("parts")
    band = sum(parts[stem] for stem in ("drums", "bass", "other"))
    played = soundfile.read("out.wav")[0]
    assert 10 * np.log10(np.mean((band - played) ** 2) / np.mean(band**2)) < -90


def test_process_says_that_voice_over_music_is_for_the_live_box(capsys):
    soundfile.write("in.wav", noise(100), 48_000)
    assert cli.main(["process", "in.wav", "out.wav", "--preset", "Voice over music"]) == 2
    assert "box.chain = voice over music: takes a microphone and music" in capsys.readouterr().err
