"""Versions of a take: through other settings, as it was, with stems; what it is worth; two of them lined up."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
import soundfile

from dsp.block import RATE_HZ, Block
from dsp.rack.build import build_chain
from dsp.rack.chain import Chain
from firmware_app.link.take_ring import LaneForm
from firmware_app.takes import facts, listening, render, stem_file, versions
from firmware_app.takes import take as takes
from firmware_app.takes.library import TakeLibrary
from firmware_app.takes.render import Settings, new_version
from firmware_app.takes.take import Take, TakeError
from firmware_app.takes.writer import TakeWriter
from tests.rigs import tiny_bundle
from tests.rigs.known_songs import played, steady, tune

PERIOD = 128
BEGUN = datetime(2026, 5, 4, 10, 0, 0)
CHANGES = ((PERIOD * 90, "output.gain_db", -9.0), (PERIOD * 200, "eq.on", 1.0), (PERIOD * 300, "box.bypass", 1.0))


def noise(frames: int, seed: int = 0) -> Block:
    return np.random.default_rng(seed).normal(0.0, 0.1, (frames, 1)).astype(np.float32)


def written(root: Path, sounds: dict[str, Block], **facts_of_take: object) -> tuple[Path, Take]:
    """A take with these lanes."""
    lanes = tuple(LaneForm(name, sound.shape[1]) for name, sound in sounds.items())
    writer = TakeWriter(root, BEGUN, Take(BEGUN.isoformat(), "pressed", lanes))
    writer.append(list(sounds.values()))
    writer.close()
    take = replace(takes.load(writer.folder), **facts_of_take)  # type: ignore[arg-type]
    takes.save(writer.folder, take)
    return writer.folder, take


def live(chain: Chain, dry: Block, changes: tuple[tuple[int, str, float], ...]) -> Block:
    """What a box would have put out, aligned with the dry sound."""
    chain.prepare(RATE_HZ, PERIOD, 1)
    late = np.concatenate((dry, np.zeros((PERIOD * 40, 1), np.float32)))
    out = [late[:0]]
    for at in range(0, len(late) - PERIOD + 1, PERIOD):
        for frame, id, value in changes:
            if at <= frame < at + PERIOD:
                chain.set_param(id, value)
        block = late[at : at + PERIOD].copy()
        chain.process(block)
        out.append(block)
    return np.concatenate(out)[chain.latency_frames :][: len(dry)]


def known(chain: Chain) -> tuple[tuple[int, str, float], ...]:
    return tuple(change for change in CHANGES if change[1] in chain.params)


def sound_of(folder: Path, name: str) -> Block:
    return soundfile.read(versions.file_of(folder, name), dtype="float32", always_2d=True)[0]


def test_a_take_made_again_as_it_was_is_the_same_to_the_bit(tmp_path: Path) -> None:
    dry = np.rint(noise(PERIOD * 400 + 50) * 2**23).astype(np.float32) / np.float32(2**23)
    chain = build_chain(None)
    changes = known(chain)
    assert len(changes) >= 2
    chain.set_param("input.gain_db", 3.0)
    folder, take = written(
        tmp_path, {"dry": dry, "wet": live(chain, dry, changes)}, params={"input.gain_db": 3.0}, changes=changes
    )
    shares: list[float] = []
    version = new_version(
        folder, take, build_chain(None), Settings("", take.params, take.changes), progress=shares.append
    )
    wet = soundfile.read(takes.lane_file(folder, "wet"), dtype="float32", always_2d=True)[0]
    assert np.array_equal(sound_of(folder, version.id), wet)
    assert shares[-1] == 1.0
    assert not np.array_equal(wet, dry)
    # Another one beside it, never in its place; as long, and drawn like the take.
    other = new_version(folder, take, build_chain(None), Settings("Louder", {"input.gain_db": 12.0, "gone": 1.0}))
    assert [(each.id, each.preset) for each in versions.load(folder)] == [("v1", ""), ("v2", "Louder")]
    assert len(sound_of(folder, "v2")) == take.frames == other.frames
    assert other.lufs is not None
    assert version.lufs is not None
    assert len(versions.outline_of(folder, "v2")) == 2 * -(-take.frames // 2048)
    [listed] = TakeLibrary(tmp_path).listed()
    assert listed.versions == (version, other)
    versions.drop(folder, "v1")
    assert [each.id for each in versions.load(folder)] == ["v2"]
    assert not versions.file_of(folder, "v1").exists()
    with pytest.raises(TakeError, match="there is no version 'v1'"):
        versions.drop(folder, "v1")


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Take]:
    """A take of half a second, with a version that has stems."""
    folder = tmp_path_factory.mktemp("music")
    bundle = tiny_bundle.write_bundle(folder / "stems", tiny_bundle.tiny_models("stems"), "stems")
    dry = np.repeat(noise(RATE_HZ // 2), 2, axis=1) * np.array([1.0, 0.5], np.float32)
    made, take = written(folder / "takes", {"dry": dry, "wet": dry}, marks=((1000, "Verse"), (12_000, "Chörus")))
    chain = build_chain(bundle, real_time=False, split=True)
    new_version(made, take, chain, Settings("Karaoke", {"stems.vocals.mute": 1.0}), stems=True)
    return made, take


def test_stems_are_rendered_afterwards_and_add_up(music: tuple[Path, Take]) -> None:
    folder, _ = music
    [version] = versions.load(folder)
    assert version.lanes == ("v1_vocals", "v1_drums", "v1_bass", "v1_other")
    stems = [sound_of(folder, lane) for lane in version.lanes]
    assert np.abs(sum(stems) - sound_of(folder, "v1")).max() < 1e-4
    assert not stems[0].any()  # muted


@pytest.mark.skipif(subprocess.run(["which", "ffprobe"], capture_output=True).returncode != 0, reason="no ffmpeg")
def test_a_stem_file_opens_elsewhere_with_every_sample_and_its_marks(music: tuple[Path, Take], tmp_path: Path) -> None:
    folder, take = music
    path = tmp_path / "take.stem.mp4"
    path.write_bytes(b"".join(stem_file.pieces(folder, replace(take, trim=(500, 20_000)))))
    for at, name in enumerate(("v1", "v1_drums", "v1_bass", "v1_other", "v1_vocals")):
        decoded = subprocess.run(
            ["ffmpeg", "-v", "error", "-i", path, "-map", f"0:{at}", "-f", "s32le", "-"], capture_output=True
        )
        assert decoded.stderr == b""
        samples = np.frombuffer(decoded.stdout, "<i4").reshape(-1, 2) >> 8
        assert np.array_equal(samples / 2.0**23, sound_of(folder, name)[500:20_000])
    told = subprocess.run(["ffprobe", "-v", "error", "-show_chapters", path], capture_output=True, text=True).stdout
    assert "TAG:title=Verse" in told
    assert "TAG:title=Chörus" in told
    assert b'"name": "Vocals"' in path.read_bytes()


def test_what_cannot_be_made_is_refused_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dry = noise(PERIOD * 20)
    folder, take = written(tmp_path, {"dry": dry})
    settings = Settings("", {})
    with versions.making(folder), pytest.raises(TakeError, match="is being made already"):
        new_version(folder, take, build_chain(None), settings)
    with pytest.raises(TakeError, match="still being recorded"):
        new_version(folder, replace(take, state=takes.RECORDING), build_chain(None), settings)
    with pytest.raises(TakeError, match="no dry sound"):
        new_version(folder, replace(take, lanes=(LaneForm("wet", 1),)), build_chain(None), settings)
    with pytest.raises(TakeError, match="it has no stems"):
        stem_file.pieces(folder, take)
    with monkeypatch.context() as full:
        full.setattr(render, "LEAST_FREE_BYTES", 10**18)
        with pytest.raises(TakeError, match="a version needs"):
            new_version(folder, take, build_chain(None), settings)

    def stopped(share: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        new_version(folder, take, build_chain(None), settings, progress=stopped)
    assert versions.load(folder) == ()
    assert {path.name for path in folder.iterdir()} == {"dry.wav", "take.json", "peaks.bin"}
    monkeypatch.setattr(versions, "MOST", 1)
    new_version(folder, take, build_chain(None), settings)
    with pytest.raises(TakeError, match="1 versions at most"):
        new_version(folder, take, build_chain(None), settings)


def test_no_link_that_somebody_has_put_on_a_stick_is_followed(tmp_path: Path) -> None:
    folder, take = written(tmp_path / "takes", {"dry": noise(RATE_HZ)})
    secret = tmp_path / "secret"
    secret.write_text("{}")
    for name in (facts.FILE, listening.GROUND, versions.FILE):
        (folder / name).symlink_to(secret)
    assert facts.load(folder) is None
    assert versions.load(folder) == ()
    listening.find_out(folder, take)
    new_version(folder, take, build_chain(None), Settings("", {}))
    assert secret.read_text() == "{}"
    assert facts.load(folder) is not None
    os.replace(versions.file_of(folder, "v1"), folder / "mine")
    (folder / "v1.wav").symlink_to(secret)
    with pytest.raises(TakeError, match="follows none"):
        versions.file_of(folder, "v1")


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Take]:
    """24 s of a tune in A minor, at 95."""
    sheet = tune()
    short = replace(
        sheet, beats=36.0, notes=[n for n in sheet.notes if n[0] < 36], chords=[c for c in sheet.chords if c[0] < 36]
    )
    sound = played(short, steady(95.0))[:, None]
    return written(tmp_path_factory.mktemp("song"), {"dry": sound, "wet": 0.5 * sound})


def test_facts_are_found_out_and_kept(song: tuple[Path, Take]) -> None:
    folder, take = song
    heard: list[Path] = []

    def sounds_of(path: Path) -> tuple[str, ...]:
        heard.append(path)
        return ("other",)

    found = listening.find_out(folder, take, sounds_of)
    assert facts.load(folder) == found
    assert (found.key, found.sounds, heard) == ("A minor", ("other",), [takes.lane_file(folder, "dry")])
    assert found.bpm == pytest.approx(95.0, abs=0.5)
    lufs = dict(found.lufs)
    assert lufs["dry"] is not None
    assert lufs["wet"] == pytest.approx(lufs["dry"] - 6.0, abs=0.11)
    (folder / facts.FILE).write_text("{")
    assert facts.load(folder) is None


def test_what_is_no_song_has_no_key_and_no_tempo(tmp_path: Path) -> None:
    folder, take = written(tmp_path, {"dry": noise(20 * RATE_HZ), "vocals": 0.5 * noise(20 * RATE_HZ, 1),
                                      "drums": 1e-4 * noise(20 * RATE_HZ, 2)})  # fmt: skip
    found = listening.find_out(folder, take)
    assert (found.key, found.bpm, found.sounds) == ("", None, ("vocals",))
