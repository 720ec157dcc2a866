"""The command line itself: help, versions, exit codes, one line for each mistake."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from firmware_app import cli
from firmware_app.running.supervisor import EXIT_USAGE
from tests.rigs.checkout import ROOT

pytestmark = pytest.mark.usefixtures("in_a_folder")


def hushbox(*args: str, **env: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "firmware_app.cli", *args]
    whole = {**os.environ, "PYTHONPATH": str(ROOT), **env}
    return subprocess.run(command, capture_output=True, text=True, env=whole, timeout=60)


def test_help_names_every_command_and_ends_well():
    done = hushbox("--help")
    assert done.returncode == 0
    assert all(re.search(rf"^\s+{name}\s", done.stdout, re.MULTILINE) for name in cli.COMMANDS)


def test_help_loads_nothing_heavy():
    """Lazy imports: help and mistakes in typing answer at once, even on a small board."""
    code = (
        "import sys; from firmware_app.cli import main; main(['--help']);"
        "print(sorted(set(sys.modules) & {'numpy', 'soundfile', 'flask', 'onnxruntime', 'gpiozero', 'alsaaudio'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.endswith("[]\n")


@pytest.mark.parametrize("command", list(cli.COMMANDS))
def test_every_command_has_help(command):
    done = hushbox(command, "--help")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"usage: hushbox {command}")


def help_of(capsys, *command):
    assert cli.main([*command, "--help"]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("command", [*cli.COMMANDS, *cli.PROCESSES, *cli.HELPERS])
def test_the_examples_in_the_help_are_what_the_command_takes(command, capsys):
    examples = re.findall(rf"^    hushbox ({command}\b.*)$", help_of(capsys, command), re.MULTILINE)
    assert examples
    for example in examples:
        args = cli.parser_for(command).parse_args(shlex.split(example))
        assert args.run.__module__ == f"firmware_app.commands.{command}"


@pytest.mark.parametrize("command", ["", *cli.COMMANDS, *cli.PROCESSES, *cli.HELPERS])
def test_help_fits_a_terminal_of_80_columns(command, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert max(map(len, help_of(capsys, *command.split()).splitlines())) <= 80


def test_the_version():
    done = hushbox("--version")
    assert done.returncode == 0
    assert re.fullmatch(r"hushbox \d+\.\d+\.\d+\S*\n", done.stdout)


def test_without_a_command_it_says_what_there_is_and_that_this_was_wrong():
    done = hushbox()
    assert done.returncode == 2
    assert "commands:" in done.stdout


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["proces"], "no command 'proces'; did you mean process?"),
        (["models", "--jsn"], "unrecognized arguments: --jsn (see hushbox models --help)"),
        (["--jsn"], "unrecognized arguments: --jsn (see hushbox --help)"),
        (["process", "in.wav"], "the following arguments are required: OUT (see hushbox process --help)"),
        (
            ["process", "a", "b.wav", "--period", "x"],
            "argument --period: invalid int value: 'x' (see hushbox process --help)",
        ),
        (["run", "--config", "no.toml"], "no.toml: no such file (named by --config)"),
    ],
)
def test_wrong_use_is_one_line_and_exit_code_2(args, said):
    done = hushbox(*args)
    assert (done.returncode, done.stderr) == (2, f"hushbox: {said}\n")


def test_every_mistake_of_the_settings_is_its_own_line(tmp_path):
    Path("hushbox.toml").write_text("[page]\nport = 70000\n[audio]\nperiods = 1\n")
    done = hushbox("run", "--state-dir", str(tmp_path))
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "hushbox: hushbox.toml:4: [audio] periods = 1: a whole number from 2 to 8 is allowed",
        "hushbox: hushbox.toml:2: [page] port = 70000: a whole number from 0 to 65535 is allowed",
    ]


@pytest.mark.parametrize("process", list(cli.PROCESSES))
def test_a_process_with_wrong_settings_is_not_to_be_started_again(process, tmp_path):
    Path("hushbox.toml").write_text("[page]\nport = 70000\n")
    done = hushbox(process, "--state-dir", str(tmp_path), HUSHBOX_RUNTIME_DIR=str(tmp_path / "run"))
    assert done.returncode == EXIT_USAGE
    assert done.stderr == "hushbox: hushbox.toml:2: [page] port = 70000: a whole number from 0 to 65535 is allowed\n"


def test_a_traceback_only_when_asked_for():
    assert "Traceback" not in hushbox("process", "no.wav", "out.wav", "--bundle", "none").stderr
    asked = hushbox("process", "no.wav", "out.wav", "--bundle", "none", HUSHBOX_DEBUG="1")
    assert "Traceback" in asked.stderr
    assert asked.stderr.endswith("hushbox: no.wav: no such file\n")


def test_a_mistake_of_our_own_is_owned(monkeypatch, capsys):
    def broken(args: object) -> int:
        raise ZeroDivisionError("x")

    monkeypatch.setattr("firmware_app.commands.models.run", broken)
    assert cli.main(["models"]) == 1
    assert capsys.readouterr().err == (
        "hushbox: a mistake in Hushbox itself: ZeroDivisionError: x (HUSHBOX_DEBUG=1 shows where)\n"
    )


def test_a_reader_that_goes_away_is_no_mistake():
    pipe = f"{sys.executable} -m firmware_app.cli models --json | head -c 1"
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(pipe, shell=True, capture_output=True, text=True, env=env)
    assert done.stderr == ""


def test_models_lists_what_is_shipped(capsys):
    code = cli.main(["models", "--json"])
    listed = json.loads(capsys.readouterr().out)
    assert code == (0 if listed["models"] else 1)
    assert listed["damaged"] == {}
    for model in listed["models"]:
        assert model["licence"]
        assert model["trained_on"]
        assert all(size > 0 for size in model["size_bytes"].values())


def test_a_file_that_runtimes_share_is_listed_once(capsys):
    cli.main(["models", "--json"])
    sizes = {model["name"]: model["size_bytes"] for model in json.loads(capsys.readouterr().out)["models"]}
    for name, of in sizes.items():
        assert cli.main(["models", name]) == 0
        (line,) = (line for line in capsys.readouterr().out.splitlines() if line.startswith("    size"))
        assert of["tflite"] == of["tflite_runtime"]
        assert line.endswith(f"; tflite and tflite_runtime {of['tflite'] / 1e6:.2f} MB, onnx {of['onnx'] / 1e6:.2f} MB")


def test_a_damaged_model_is_a_finding(monkeypatch, tmp_path, capsys):
    (tmp_path / "models_quantized" / "odd").mkdir(parents=True)
    (tmp_path / "models_quantized" / "odd" / "bundle.toml").write_text("schema = 1\n")
    monkeypatch.setattr("sys._MEIPASS", str(tmp_path), raising=False)
    assert cli.main(["models"]) == 1
    assert "odd: DAMAGED: " in capsys.readouterr().out
    assert cli.main(["models", "--json"]) == 1


def test_no_models_at_all_is_a_finding(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr("sys._MEIPASS", str(tmp_path), raising=False)
    assert cli.main(["models"]) == 1
    assert "no model bundles in" in capsys.readouterr().out
