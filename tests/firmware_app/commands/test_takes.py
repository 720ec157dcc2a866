"""`hushbox record` on a recorder that runs, and `hushbox takes` on what it made."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from firmware_app import cli
from firmware_app.takes import take as takes
from firmware_app.takes.library import TakeLibrary
from tests.firmware_app.takes.test_library import recorded
from tests.rigs.take_box import span, take_box


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HUSHBOX_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("HUSHBOX_RUNTIME_DIR", str(tmp_path / "run"))
    return tmp_path / "state"


def test_a_take_is_recorded_and_another_kept(state: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with take_box(tmp_path) as box:
        assert cli.main(["record", "--seconds", "1.5"]) == 0
        box.until(lambda: box.told is not None and box.told.kept_s >= 1)
        assert cli.main(["record", "--keep", "--what", "wet"]) == 0
        for lanes in ("vocals", "dry,vocals", "stems"):
            assert cli.main(["record", "--what", lanes]) == 2
            assert "this box has dry, wet" in capsys.readouterr().err
    kept, first = sorted(TakeLibrary(state / "takes").listed(), key=lambda each: str(each.take and each.take.how))
    assert first.take is not None
    assert kept.take is not None
    assert [lane.name for lane in kept.take.lanes] == ["wet"]
    assert first.take.frames > 48_000
    assert span(state / "takes" / first.id, first.take)[1] == first.take.frames


def test_without_a_box_it_says_so(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["record"]) == 1
    assert "no box runs here" in capsys.readouterr().err


@pytest.mark.parametrize("wrong", [["--seconds", "0"], ["--seconds", "1e9"], ["--what", ","]])
def test_wrong_use_is_told(state: Path, wrong: list[str]) -> None:
    assert cli.main(["record", *wrong]) == 2


def test_takes_are_listed_and_shown(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["takes"]) == 0
    assert "No takes yet" in capsys.readouterr().out
    id = recorded(state / "takes", 48_000 * 65)
    assert cli.main(["takes"]) == 0
    assert "1:05" in capsys.readouterr().out
    assert cli.main(["takes", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["frames"] == 48_000 * 65
    assert cli.main(["takes", "show", id]) == 0
    assert "denoise.amount_db = 24" in capsys.readouterr().out
    assert cli.main(["takes", "show", "yesterday"]) == 2
    assert "there is no take 'yesterday'" in capsys.readouterr().err
    assert cli.main(["takes", "list", id]) == 2


@pytest.mark.parametrize(("flac", "preset"), [(False, "Singing"), (True, "Singing"), (True, "")])
def test_an_export_holds_what_is_between_the_trims(state: Path, tmp_path: Path, flac: bool, preset: str) -> None:
    id = recorded(state / "takes", 9000)
    folder = state / "takes" / id
    TakeLibrary(state / "takes").trim(id, 1000, 3000)
    takes.save(folder, replace(takes.load(folder), preset=preset))
    words = ["takes", "export", id, str(tmp_path / "song"), *(["--flac"] if flac else [])]
    assert cli.main(words) == 0
    whole = soundfile.read(state / "takes" / id / "wet.wav", dtype="int32")[0]
    path = tmp_path / "song" / ("wet.flac" if flac else "wet.wav")
    assert np.array_equal(soundfile.read(path, dtype="int32")[0], whole[1000:3000])
    assert preset in (tmp_path / "song" / "settings.txt").read_text()
    assert cli.main(words) == 2  # never over what is there


def test_an_export_can_be_one_zip(state: Path, tmp_path: Path) -> None:
    id = recorded(state / "takes")
    assert cli.main(["takes", "export", id, str(tmp_path / "song.zip")]) == 0
    with zipfile.ZipFile(tmp_path / "song.zip") as packed:
        assert packed.namelist() == ["song/dry.wav", "song/wet.wav", "song/settings.txt"]
        assert packed.testzip() is None
    assert sorted(path.name for path in tmp_path.iterdir() if "hushbox" in path.name) == []


@pytest.mark.parametrize("to", ["nowhere/song", "nowhere/song.zip", ""])
def test_an_export_that_cannot_be_written_leaves_nothing(
    state: Path, tmp_path: Path, to: str, capsys: pytest.CaptureFixture[str]
) -> None:
    id = recorded(state / "takes")
    assert cli.main(["takes", "export", id, *([str(tmp_path / to)] if to else [])]) == 2
    assert capsys.readouterr().err
    assert not (tmp_path / "nowhere").exists()


def test_a_take_without_its_sound_says_which_file(
    state: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    id = recorded(state / "takes")
    (state / "takes" / id / "wet.wav").unlink()
    assert cli.main(["takes", "export", id, str(tmp_path / "song")]) == 2
    assert "wet.wav" in capsys.readouterr().err
    assert not (tmp_path / "song").exists()
