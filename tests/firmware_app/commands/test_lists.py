"""`hushbox models` and `hushbox presets`: short tables, with what is in use marked; a NAME shows one."""

import json
from pathlib import Path

import pytest

from firmware_app import cli
from firmware_app.commands import table

pytestmark = pytest.mark.usefixtures("in_a_folder")


def said(capsys: pytest.CaptureFixture[str], *command: str) -> list[str]:
    assert cli.main(list(command)) == 0
    return capsys.readouterr().out.splitlines()


def test_the_models_are_a_table_with_the_used_ones_marked(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    Path("hushbox.toml").write_text('[model]\nbundle = "denoise-light"\n')
    head, *rows = said(capsys, "models", "--state-dir", str(tmp_path))
    assert head.split() == ["model", "version", "delay", "size", "licence"]
    assert len(rows) >= 4
    assert all(len(row) <= 80 for row in rows)
    assert [row.split()[1] for row in rows if row.startswith("*")] == ["denoise-light", "stems-live"]


def test_one_model_shows_its_card(capsys: pytest.CaptureFixture[str]):
    lines = said(capsys, "models", "denoise-live")
    assert lines[0].startswith("denoise-live ")
    assert any("trained on" in line for line in lines)
    assert cli.main(["models", "live"]) == 2
    assert "did you mean denoise-live?" in capsys.readouterr().err


def test_the_presets_are_a_table_with_the_loaded_one_marked(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    (tmp_path / "presets.json").write_text('{"schema": 1, "presets": {"own": {}, "order": [], "current": "Gentle"}}')
    head, *rows = said(capsys, "presets", "--state-dir", str(tmp_path))
    assert head.split() == ["preset", "by", "about"]
    assert [row.split()[1] for row in rows if row.startswith("*")] == ["Gentle"]


def test_one_preset_shows_what_it_sets(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    lines = said(capsys, "presets", "karaoke", "--state-dir", str(tmp_path))
    assert lines[0].startswith("Karaoke: ")
    assert any(line.split()[-1] == "stems.vocals.mute" for line in lines)
    assert cli.main(["presets", "karaokee"]) == 2
    assert "did you mean Karaoke?" in capsys.readouterr().err
    assert cli.main(["presets", "Karaoke", "--json"]) == 0
    [told] = json.loads(capsys.readouterr().out)
    assert told["factory"] is True


def test_columns_are_as_wide_as_their_longest_cell():
    assert table.lines(("a", "b", "c"), [["long", "1", "x y"], ["s", "22", ""]]) == [
        "a     b   c",
        "long  1   x y",
        "s     22",
    ]
