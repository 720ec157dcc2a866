"""The PIN: kept as a hash, tried a few times only, gone when the command says so."""

import json
from pathlib import Path

import pytest

from firmware_app import cli
from firmware_app.pin import FREE_TRIES, NAME, Pin, PinError, PinWait


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pin(tmp_path: Path, clock: Clock) -> Pin:
    return Pin(tmp_path, clock)


def test_without_a_pin_everybody_may(pin: Pin) -> None:
    assert not pin.is_set
    assert pin.knows("")
    assert pin.unlock("anything") == ""


def test_the_pin_itself_is_nowhere(pin: Pin, tmp_path: Path) -> None:
    pin.set("73519264")
    written = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"73519264" not in written
    assert {path.name for path in tmp_path.iterdir()} == {NAME}
    assert tmp_path.joinpath(NAME).stat().st_mode & 0o077 == 0


def test_a_session_outlives_a_restart_and_ends_with_the_pin(pin: Pin, tmp_path: Path) -> None:
    pin.set("1234")
    session = pin.unlock("1234")
    assert Pin(tmp_path).knows(session)
    assert not pin.knows("")
    assert not pin.knows(session[:-1] + ("0" if session[-1] != "0" else "1"))
    assert not pin.knows("ä.ö")
    pin.set("5678", old="1234")
    assert not pin.knows(session)


@pytest.mark.parametrize("wrong", ["", "123", "1" * 13, "12a4", "١٢٣٤"])
def test_what_is_no_pin(pin: Pin, wrong: str) -> None:
    with pytest.raises(PinError, match="4 to 12 digits"):
        pin.set(wrong)
    assert not pin.is_set


def test_another_pin_needs_the_old_one(pin: Pin) -> None:
    pin.set("1234")
    with pytest.raises(PinError, match="not the PIN"):
        pin.set("5678")
    with pytest.raises(PinError, match="not the PIN"):
        pin.remove("5678")
    pin.remove("1234")
    assert not pin.is_set


def test_wrong_ones_cost_more_and_more_time(pin: Pin, clock: Clock) -> None:
    pin.set("1234")
    for _ in range(FREE_TRIES):
        with pytest.raises(PinError):
            pin.unlock("0000")
    waits = []
    for _ in range(8):
        with pytest.raises(PinWait) as caught:
            pin.unlock("1234")  # not even the right one
        waits.append(caught.value.seconds)
        clock.now += caught.value.seconds
        with pytest.raises(PinError):
            pin.unlock("0000")
    assert waits == [2, 4, 8, 16, 32, 60, 60, 60]
    clock.now += 60
    assert pin.unlock("1234")
    with pytest.raises(PinError, match="not the PIN"):
        pin.unlock("0000")  # and the count begins anew


def test_a_file_that_cannot_be_read_opens_nothing(pin: Pin, tmp_path: Path) -> None:
    session = pin.set("1234")
    for broken in ("{", json.dumps({"schema": 1, "pin": {"salt": "00", "hash": "zz"}})):
        (tmp_path / NAME).write_text(broken)
        assert pin.is_set
        assert not pin.knows(session)
        with pytest.raises(PinError, match="--clear"):
            pin.unlock("1234")


def test_the_command_takes_it_away_from_a_running_box(
    pin: Pin, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pin.set("1234")
    assert cli.main(["pin", "--state-dir", str(tmp_path)]) == 0
    assert "A PIN guards" in capsys.readouterr().out
    assert cli.main(["pin", "--clear", "--state-dir", str(tmp_path)]) == 0
    assert not pin.is_set
    assert pin.knows("")
    assert cli.main(["pin", "--clear", "--state-dir", str(tmp_path)]) == 0
    assert "There was no PIN" in capsys.readouterr().out
