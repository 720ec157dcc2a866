"""hushbox pedals: which keyboards the box may read."""

from pathlib import Path

import pytest

from firmware_app.commands import pedals
from firmware_app.commands.pedals import PedalsError, allowed, mapped, write
from firmware_app.config.keys import Config
from firmware_app.config.read import parse
from tests.rigs.checkout import ROOT


def test_a_pedal_is_allowed_and_forbidden_again(tmp_path: Path) -> None:
    rules = tmp_path / "rules.d" / "62-hushbox-pedals.rules"
    assert allowed(rules) == set()
    write(rules, {"1a86-e026", "0c45-7403"})
    assert allowed(rules) == {"1a86-e026", "0c45-7403"}
    write(rules, {"0c45-7403"})
    assert allowed(rules) == {"0c45-7403"}
    assert [path.name for path in rules.parent.iterdir()] == [rules.name]


def test_its_rule_is_as_those_that_are_installed(tmp_path: Path) -> None:
    write(tmp_path / "own.rules", {"413d-2107"})
    (own,) = [line for line in (tmp_path / "own.rules").read_text().splitlines() if not line.startswith("#")]
    installed = (ROOT / "systemd" / "hushbox-pedals.rules").read_text()
    assert own.removeprefix('SUBSYSTEM=="input", KERNEL=="event*", ') in installed


def test_what_is_no_id_never_becomes_a_rule(capsys: pytest.CaptureFixture[str]) -> None:
    from firmware_app.cli import main

    for id in ('1a86", RUN+="/bin/sh', "1A86-E026", "1a86:e026", ""):
        assert main(["pedals", "--allow", id]) == 2
    assert "1a86-e026" in capsys.readouterr().err


def test_a_folder_that_may_not_be_written_says_who_may(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(PedalsError, match="sudo hushbox pedals"):
        write(tmp_path / "file" / "x.rules", {"1a86-e026"})


def test_what_is_mapped_is_found_in_the_file_and_on_the_page(tmp_path: Path) -> None:
    assert mapped(Config(), tmp_path) == set()
    (tmp_path / "panel.json").write_text(
        '{"schema": 1, "panel": {"controls": [{"device": "0c45-7404"}, {"device": "x"}]}}'
    )
    config = parse('[[panel.hid_keys]]\nname = "left"\ndevice = "1a86-e026"\nkey = "KEY_A"\ndoes = "mute"')
    assert mapped(config, tmp_path) == {"0c45-7404", "1a86-e026"}


def test_the_list_names_what_is_plugged_in(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from firmware_app.cli import main
    from hw.panel.keyboards import Keyboard

    found = [Keyboard(Path("/dev/input/event1"), "1a86-e026", "FootSwitch", False, True)]
    found += [Keyboard(Path("/dev/input/event0"), "0001-0001", "pwr_button", True, False)]
    monkeypatch.setattr(pedals, "keyboards", lambda: found)
    assert main(["pedals"]) == 0
    assert capsys.readouterr().out == "1a86-e026  FootSwitch  (not readable)\n"
