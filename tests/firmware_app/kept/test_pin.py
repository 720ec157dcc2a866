"""The PIN: kept as a hash, tried a few times only, gone when the command says so."""

import json
from pathlib import Path

import pytest

from firmware_app import cli
from firmware_app.kept.guesses import FREE_TRIES
from firmware_app.kept.kept_file import KeptFile
from firmware_app.kept.pairings import Counted
from firmware_app.kept.pin import NAME, TRIES_NAME, Pin, PinError, PinWait
from tests.rigs.hand_clock import HandClock


@pytest.fixture
def pin(tmp_path: Path, clock: HandClock) -> Pin:
    return Pin(tmp_path, clock)


def wrong(pin: Pin, counted: Counted, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(PinError, match="not the PIN"):
            pin.check("0000", counted)


def stranger(number: int) -> Counted:
    return Counted(f"address 192.0.2.{number}", is_paired=False)


def test_without_a_pin_none_lets_in(pin: Pin) -> None:
    assert not pin.is_set
    for told in ("", "anything"):
        with pytest.raises(PinError, match="no PIN is set"):
            pin.check(told)


def test_the_pin_itself_is_nowhere(pin: Pin, tmp_path: Path) -> None:
    pin.set("73519264")
    written = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"73519264" not in written
    assert {path.name for path in tmp_path.iterdir()} == {NAME}
    assert tmp_path.joinpath(NAME).stat().st_mode & 0o077 == 0


def test_it_outlives_a_restart(pin: Pin, tmp_path: Path) -> None:
    pin.set("1234")
    Pin(tmp_path).check("1234")
    with pytest.raises(PinError, match="not the PIN"):
        Pin(tmp_path).check("5678")


@pytest.mark.parametrize("odd", ["", "123", "1" * 13, "12a4", "١٢٣٤"])
def test_what_is_no_pin(pin: Pin, odd: str) -> None:
    with pytest.raises(PinError, match="4 to 12 digits"):
        pin.set(odd)
    assert not pin.is_set


def test_another_pin_needs_the_old_one(pin: Pin) -> None:
    pin.set("1234")
    with pytest.raises(PinError, match="not the PIN"):
        pin.set("5678")
    with pytest.raises(PinError, match="not the PIN"):
        pin.remove("5678")
    pin.set("5678", "1234")
    pin.check("5678")
    pin.remove("5678")
    assert not pin.is_set


def test_a_file_that_cannot_be_read_lets_nobody_in(pin: Pin, tmp_path: Path) -> None:
    pin.set("1234")
    for broken in ("{", json.dumps({"schema": 1, "pin": {"salt": "00", "hash": "zz"}})):
        (tmp_path / NAME).write_text(broken)
        assert pin.is_set
        with pytest.raises(PinError, match="--clear"):
            pin.check("1234")


def test_the_command_takes_it_away_from_a_running_box(
    pin: Pin, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pin.set("1234")
    wrong(pin, stranger(1), FREE_TRIES)
    assert cli.main(["pin", "--state-dir", str(tmp_path)]) == 0
    assert "lets phones in as engineers" in capsys.readouterr().out
    assert cli.main(["pin", "--clear", "--state-dir", str(tmp_path)]) == 0
    assert not pin.is_set
    assert list(tmp_path.iterdir()) == []
    assert cli.main(["pin", "--clear", "--state-dir", str(tmp_path)]) == 0
    assert "There was no PIN" in capsys.readouterr().out
    pin.set("5678")
    pin.check("5678", stranger(1))  # everybody begins anew


@pytest.mark.parametrize("schema", [1, 2])
def test_a_file_of_a_version_before_still_lets_in(pin: Pin, tmp_path: Path, schema: int) -> None:
    pin.set("1234")
    body = json.loads((tmp_path / NAME).read_text())["pin"]
    more = {"key": "ab" * 32} if schema == 1 else {"sessions": ["ab" * 32], "devices": []}
    assert KeptFile(tmp_path, NAME, schema, "pin", "PIN").save({**body, **more})
    (tmp_path / f"{NAME}.1").unlink()
    now = Pin(tmp_path)
    now.check("1234")
    now.set("4321", "1234")
    assert "ab" * 32 not in (tmp_path / NAME).read_text()


def test_wrong_ones_wait_and_count_over_a_restart(pin: Pin, tmp_path: Path, clock: HandClock) -> None:
    pin.set("1234")
    wrong(pin, stranger(1), FREE_TRIES)
    for expected in (2, 4, 8):
        again = Pin(tmp_path, clock)  # each time the box starts anew
        with pytest.raises(PinWait) as caught:
            again.check("1234", stranger(1))  # not even the right one
        assert caught.value.seconds == expected
        clock.now += expected
        wrong(again, stranger(1))
    again.check("1234", Counted("phone 1", is_paired=True))
    assert (tmp_path / TRIES_NAME).stat().st_mode & 0o077 == 0
