"""The eleven families of odd files through `hushbox process`, and as what the demo plays."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from firmware_app.audio.source import AudioSource
from firmware_app.config import places
from firmware_app.config.keys import AudioConfig
from tests.rigs import odd_files
from tests.rigs.odd_files import ODD, SOUND, Odd

by_id = pytest.mark.parametrize("odd", ODD, ids=lambda odd: odd.id)


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    monkeypatch.delenv("HUSHBOX_CONFIG", raising=False)


def test_there_are_eleven_families():
    assert len({odd.family for odd in ODD}) == 11
    assert len({odd.id for odd in ODD}) == len(ODD)


@by_id
def test_process_reads_what_is_there_and_says_what_is_not(odd: Odd, tmp_path: Path) -> None:
    source, target = tmp_path / f"in{odd.suffix}", tmp_path / "out.wav"
    odd.make(source)
    code, frames, said = odd_files.process(source, target)
    assert (code, frames) == (odd.code, odd.frames), said
    assert odd.says in said
    assert bool(said) == bool(odd.says)
    assert "a mistake in Hushbox itself" not in said
    assert not list(tmp_path.glob(".*.part"))
    if odd.frames and odd.exact:
        np.testing.assert_array_equal(np.rint(soundfile.read(target)[0] * 32768), SOUND[: odd.frames])


@by_id
def test_the_demo_plays_what_is_there_and_never_ends_the_process(odd: Odd, tmp_path: Path) -> None:
    source, kept = tmp_path / f"in{odd.suffix}", tmp_path / "kept.wav"
    odd.make(source)
    audio = AudioConfig(device="demo", demo_file=str(source), record_to=str(kept))
    opened = AudioSource(audio, places.find(str(tmp_path / "state"))).open()
    if not odd.frames:
        assert opened.io is None
        assert str(source) in opened.message
        return
    assert opened.io is not None
    assert bool(opened.message) == (odd.code == 1)
    assert soundfile.info(kept).frames == odd.frames  # what is recorded is as long as one pass
    opened.io.close()


@pytest.mark.parametrize("record_to", ["kept\0.wav", "loop.wav", "no/kept.wav", "/dev/null", "."])
def test_a_recording_that_cannot_be_is_a_message(record_to: str, tmp_path: Path) -> None:
    Path("loop.wav").symlink_to("loop.wav")
    Path("in.wav").write_bytes(odd_files.plain())
    audio = AudioConfig(device="demo", demo_file="in.wav", record_to=record_to)
    opened = AudioSource(audio, places.find(str(tmp_path / "state"))).open()
    assert opened.io is None
    assert record_to in opened.message
