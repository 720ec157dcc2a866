"""pins: the right factory, and a plain reason for every one that was not taken."""

import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hw.board import pins
from hw.board.pins import PinChoice, UnknownPinsError, choose_pins, has_header


@pytest.fixture(autouse=True)
def no_working_directory_for_lgpio(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LG_WD", "")  # so that what the code sets is undone
    monkeypatch.delenv("LG_WD")


@pytest.fixture
def pi(tmp_path: Path) -> Path:
    """The root of a machine with a GPIO header."""
    (tmp_path / "proc/device-tree/system").mkdir(parents=True)
    (tmp_path / "proc/device-tree/system/linux,revision").write_bytes(b"\x00\xc0\x31\x14")
    return tmp_path


@pytest.fixture
def fake_factories(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What opening each factory does: returned when it is an object, raised when it is an exception."""
    outcomes: dict[str, Any] = {name: ModuleNotFoundError("No module", name=name) for name in pins.FACTORIES}

    def open_factory(name: str, root: Path) -> Any:
        if isinstance(outcomes[name], Exception):
            raise outcomes[name]
        return outcomes[name]

    monkeypatch.setattr(pins, "_open", open_factory)
    return outcomes


def test_a_machine_without_a_header_gets_simulated_pins_and_says_so(tmp_path: Path):
    choice = choose_pins("auto", root=tmp_path)
    assert choice.simulated
    assert "no GPIO header" in choice.why


def test_lgpio_comes_first(pi: Path, fake_factories: dict[str, Any]):
    fake_factories["lgpio"] = fake_factories["native"] = object()
    choice = choose_pins("auto", root=pi)
    assert choice == PinChoice("lgpio", "lgpio works", fake_factories["lgpio"])


def test_the_first_that_works_is_taken_and_the_others_are_explained(pi: Path, fake_factories: dict[str, Any]):
    fake_factories["rpigpio"] = RuntimeError("Cannot determine SOC peripheral base address")
    fake_factories["native"] = object()
    choice = choose_pins("auto", root=pi)
    assert choice.name == "native"
    assert choice.tried == (
        ("lgpio", "the Python package lgpio is not installed"),
        ("rpigpio", "Cannot determine SOC peripheral base address"),
        ("pigpio", "the Python package pigpio is not installed"),
    )


def test_a_broken_header_is_not_simulated(pi: Path, fake_factories: dict[str, Any]):
    fake_factories["lgpio"] = PermissionError(13, "can not open gpiochip")
    choice = choose_pins("auto", root=pi)
    assert choice.name == "off"
    assert choice.factory is None
    assert "lgpio: no permission: add the user to the group gpio" in choice.why


def test_only_the_factory_asked_for_is_tried(pi: Path, fake_factories: dict[str, Any]):
    fake_factories["native"] = object()
    choice = choose_pins("pigpio", root=pi)
    assert (choice.name, [name for name, _ in choice.tried]) == ("off", ["pigpio"])


def test_the_empty_lgpio_package_is_recognised(pi: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "lgpio", SimpleNamespace())
    monkeypatch.delitem(sys.modules, "gpiozero.pins.lgpio", raising=False)
    choice = choose_pins("lgpio", root=pi)
    assert "empty placeholder" in choice.why


def test_a_chip_that_this_user_may_not_open_is_told_from_a_missing_one(
    pi: Path, fake_factories: dict[str, Any], monkeypatch: pytest.MonkeyPatch
):
    fake_factories["lgpio"] = RuntimeError("can not open gpiochip")  # all that lgpio ever says
    assert "no permission" not in choose_pins("auto", root=pi).why
    (pi / "dev").mkdir()
    (pi / "dev/gpiochip0").touch()
    assert "no permission" not in choose_pins("auto", root=pi).why
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may open everything
    assert "lgpio: no permission: add the user to the group gpio" in choose_pins("auto", root=pi).why


def test_lgpio_keeps_its_pipes_out_of_the_working_directory(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("RUNTIME_DIRECTORY", "/run/hushbox")
    monkeypatch.setitem(sys.modules, "lgpio", SimpleNamespace())
    choose_pins("lgpio")
    assert os.environ["LG_WD"] == "/run/hushbox"


def test_a_python_that_lgpio_has_no_wheel_for_says_what_to_do(
    pi: Path, fake_factories: dict[str, Any], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sys, "version_info", (3, 13, 0))
    assert "lgpio has no wheel for Python 3.13: use Python 3.11 or 3.12" in choose_pins("lgpio", root=pi).why


def test_off_and_mock_are_taken_at_their_word(pi: Path):
    assert choose_pins("off", root=pi).factory is None
    assert choose_pins("mock", root=pi).simulated


def test_an_unknown_choice_names_what_is_allowed():
    with pytest.raises(UnknownPinsError, match="pins = 'wiringpi': allowed auto, lgpio"):
        choose_pins("wiringpi")


def test_a_board_with_a_device_tree_and_a_gpio_chip_has_a_header(tmp_path: Path):
    (tmp_path / "proc/device-tree").mkdir(parents=True)
    (tmp_path / "proc/device-tree/compatible").write_bytes(b"nvidia,p3450-0000\0")
    assert not has_header(tmp_path)
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev/gpiochip0").touch()
    assert has_header(tmp_path)


def test_a_pc_with_a_gpio_chip_has_no_header(tmp_path: Path):
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev/gpiochip0").touch()
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/cpuinfo").write_text("model name\t: Some PC\n")
    assert not has_header(tmp_path)
    (tmp_path / "proc/cpuinfo").write_text("Hardware\t: BCM2835\nRevision\t: c03114\n")
    assert has_header(tmp_path)
