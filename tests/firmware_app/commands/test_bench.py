"""`hushbox bench` measures and counts right; how fast this machine is, is nobody's business here."""

import json
import platform
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from firmware_app import cli
from firmware_app.commands.bench import as_text, carries
from firmware_app.config import places
from firmware_app.config.keys import Config
from firmware_app.kept import choice
from firmware_app.models import budget as block_budget
from tests.rigs.checkout import ROOT
from tests.rigs.usual_choice import usual_choice


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    monkeypatch.delenv("HUSHBOX_CONFIG", raising=False)


def test_every_period_and_channel_count_is_measured(tiny):
    budget = block_budget.measure(Path(tiny), "tflite", places.find().demo_vocal, 0.2)
    assert [(row.period_frames, row.channels) for row in budget.rows] == [
        (period, channels) for channels in (1, 2) for period in (256, 128, 64, 32)
    ]
    for row in budget.rows:
        assert row.blocks == round(0.2 * 48_000 / row.period_frames)
        assert row.deadline_us == pytest.approx(1e6 * row.period_frames / 48_000, abs=0.1)
        assert 0 < row.p50_us <= row.p99_us <= row.max_us
        assert row.load_p99 == pytest.approx(row.p99_us / row.deadline_us, rel=1e-3, abs=1e-3)
        assert row.cpu_load_p99 == pytest.approx(row.cpu_p99_us / row.deadline_us, rel=1e-3, abs=1e-3)
    assert [part.channels for part in budget.parts] == [1, 2]
    assert all(min(part.stft_us, part.features_us, part.inference_us) > 0 for part in budget.parts)
    assert budget.peak_rss_mb > 10


def test_a_hop_of_another_length_than_the_block_is_taken_from_the_mean():
    whole, part = (
        block_budget.Row(
            "tflite", period, 1, 100, 1e6 * period / 48_000, p50_us, 900.0, 999.0, 900.0, 0.09, 0.0, 0.0, 0.0
        )
        for period, p50_us in ((128, 40.0), (256, 570.0))
    )
    assert block_budget.hop_us([whole, part], 128) == 40.0
    assert block_budget.hop_us([whole, part], 480) == pytest.approx(900.0)  # 9 % of 10 ms


def test_each_runtime_is_measured_in_a_process_of_its_own(tiny):
    command = [sys.executable, "-m", "firmware_app.cli", "bench", "--bundle", tiny, "--seconds", "0.1", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert list(result["budgets"]) == ["tflite"]  # all that this bundle has
    assert result["failed"] == {}
    assert result["machine"]["python"]
    text = as_text(result)
    assert "tiny 0.0.1, tflite" in text
    assert text.count("\n  a hop, ") == 2
    assert text.splitlines()[-1] == result["carries"]
    assert result["carries"].startswith("this machine ")
    assert Path(tiny).name in result["carries"]


def test_a_runtime_that_fails_is_a_finding_and_said(tiny, tmp_path, capsys):
    spoilt = tmp_path / "spoilt"
    spoilt.mkdir()
    for path in Path(tiny).iterdir():
        (spoilt / path.name).write_bytes(path.read_bytes())
    (spoilt / "tiny.tflite").write_bytes(b"x")
    assert cli.main(["bench", "--bundle", str(spoilt), "--seconds", "0.1"]) == 1
    assert "sha256 expected" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--seconds", "0"], "--seconds 0: allowed 0.1 to 3600"),
        (["--seconds", "nan"], "--seconds nan: allowed 0.1 to 3600"),
        (["--bundle", "none"], "--bundle none: there is no model to measure"),
    ],
)
def test_wrong_use(args, said, capsys):
    assert cli.main(["bench", *args]) == 2
    assert capsys.readouterr().err == f"hushbox: {said}\n"


@pytest.mark.parametrize(
    ("fast", "slow", "said"),
    [
        (  # the faster runtime counts, and in it the shortest period
            {256: 0.2, 128: 0.21, 64: 0.4, 32: 0.8},
            {256: 0.5, 128: 0.55, 64: 1.1, 32: 2.2},
            "this machine carries m at 64 x 4 with 60 % to spare (5.3 ms of buffer)",
        ),
        ({256: 0.7}, {256: 1.4}, "this machine does not carry m: at 256 frames it takes 70 % of the time, and 60 %"),
    ],
)
def test_the_verdict_is_on_mono_by_processor_time(fast, slow, said):
    def budget(loads):
        one = [{"channels": 1, "period_frames": p, "load_p50": 0.1, "cpu_load_p99": x} for p, x in loads.items()]
        return {"rows": [*one, *({**row, "channels": 2, "cpu_load_p99": 9.0} for row in one)]}

    assert carries("m", {"onnx": budget(slow), "tflite": budget(fast)}, 4).startswith(said)


def test_without_a_bundle_all_are_measured_and_the_boxs_own_is_the_last_line(tiny, tmp_path, capsys, monkeypatch):
    spoilt = tmp_path / "spoilt"
    spoilt.mkdir()
    (spoilt / "bundle.toml").write_text("schema = 1\n")
    # The real bundles take long.
    monkeypatch.setattr("firmware_app.commands.bench.list_bundles", lambda models: [spoilt, Path(tiny)])
    (tmp_path / "hushbox.toml").write_text(f'[model]\nbundle = "{tiny}"\n[audio]\nperiods = 2\n')
    assert cli.main(["bench", "--seconds", "0.1"]) == 1  # one is damaged
    out = capsys.readouterr().out
    assert "spoilt: FAILED: " in out
    assert out.splitlines()[-1].startswith("this machine ")
    for period in (256, 128, 64, 32):
        assert f"{period}: p50    p99    cpu" in out
    assert [line.split()[0] for line in out.splitlines() if line.startswith("         ")] == ["1", "2"]
    assert cli.main(["bench", "--seconds", "0.1", "--json"]) == 1
    result = json.loads(capsys.readouterr().out)
    assert list(result["bundles"]) == [Path(tiny).name]
    assert list(result["failed"]) == ["spoilt"]
    assert result["carries"].startswith("this machine ")
    assert result["machine"]["python"]


def test_a_person_can_have_it_chosen_again(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("HUSHBOX_RUNTIME_DIR", str(tmp_path / "run"))
    state = tmp_path / "state"
    found = places.find(state)
    assert choice.kept(Config(), found) is None
    left = choice.file_in(found.runtime)
    left.save(asdict(usual_choice(Config(), found, board="as it was before")))
    assert cli.main(["bench", "--choose", "--state-dir", str(state)]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[-1] == "The box uses it from its next start."
    now = choice.kept(Config(), found)
    assert now is not None
    assert now.board != "as it was before"
    assert said[0] == choice.words(now, 3)
    assert now.period_frames in (64, 128, 256)
    (tmp_path / "hushbox.toml").write_text('[model]\nbundle = "denoise-live"\n')
    assert cli.main(["bench", "--choose", "--state-dir", str(state)]) == 2
    assert "[model] bundle is named" in capsys.readouterr().err


def test_a_report_names_every_bundle_and_no_person(tiny, tmp_path, capsys, monkeypatch):
    # The real bundles take long.
    monkeypatch.setattr("firmware_app.commands.bench.list_bundles", lambda models: [Path(tiny)])
    assert cli.main(["bench", "--report", "report.json", "--seconds", "0.1"]) == 0
    text = (tmp_path / "report.json").read_text()
    report = json.loads(text)
    assert list(report["bundles"]) == [Path(tiny).name]
    assert report["bundles"][Path(tiny).name]["budgets"]["tflite"]["rows"]
    assert report["bundles"][Path(tiny).name]["failed"] == {}
    assert report["machine"]["python"]
    assert platform.node() not in report["machine"].values()
    capsys.readouterr()
    assert cli.main(["bench", "--report", "report.json"]) == 2
    assert "is not overwritten" in capsys.readouterr().err
    assert cli.main(["bench", "--report", "nowhere/report.json"]) == 2
    assert "cannot write to the folder" in capsys.readouterr().err
    assert json.loads((tmp_path / "report.json").read_text()) == report
