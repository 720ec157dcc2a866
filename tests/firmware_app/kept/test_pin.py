"""The PIN: kept as a hash, tried a few times only, gone when the command says so."""

import json
from pathlib import Path

import pytest

from firmware_app import cli
from firmware_app.kept import pin_tries
from firmware_app.kept.kept_file import KeptFile
from firmware_app.kept.pin import MOST_SESSIONS, NAME, Pin, PinError, PinWait
from firmware_app.kept.pin_tries import FORGIVEN_S, FREE_TRIES, FREE_TRIES_OF_ALL, LAST_WAIT_S
from web_ui.ports.system import Caller


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


def wrong(pin: Pin, caller: Caller, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(PinError, match="not the PIN"):
            pin.unlock("0000", caller)


def guest(number: int) -> Caller:
    return Caller(f"192.0.2.{number}", "")


def test_who_reads_the_file_can_make_no_session_of_it(pin: Pin, tmp_path: Path) -> None:
    session = pin.set("1234")
    text = (tmp_path / NAME).read_text()
    body = json.loads(text)["pin"]
    assert session not in text
    assert set(body) == {"salt", "hash", "sessions", "devices"}
    for value in (body["salt"], body["hash"], *body["sessions"], *body["devices"]):
        assert not pin.knows(value)
        assert not pin.knows(f"{value}.{value}")


def test_logged_out_is_out_for_good_and_others_stay(pin: Pin, tmp_path: Path) -> None:
    first = pin.set("1234")
    second = pin.unlock("1234")
    pin.lock(first)
    pin.lock("nobody's")
    for box in (pin, Pin(tmp_path)):
        assert not box.knows(first)
        assert box.knows(second)


def test_a_session_that_cannot_be_taken_out_of_the_file_is_out_all_the_same_and_it_is_said(
    pin: Pin, tmp_path: Path
) -> None:
    session = pin.set("1234")
    (tmp_path / f"{NAME}.new").mkdir()  # nothing can be written there
    with pytest.raises(PinError, match="cannot be written"):
        pin.lock(session)
    assert not pin.knows(session)
    another = pin.unlock("1234")  # on a full disk the box can still be set up
    assert pin.knows(another)
    assert not Pin(tmp_path).knows(another)


def test_telling_it_again_takes_the_place_of_the_session_before(pin: Pin, tmp_path: Path) -> None:
    session = pin.set("1234")
    for _ in range(3):
        before, session = session, pin.unlock("1234", Caller("192.0.2.1", session))
        assert not pin.knows(before)
    assert len(json.loads((tmp_path / NAME).read_text())["pin"]["devices"]) == 1
    sessions = [pin.unlock("1234") for _ in range(MOST_SESSIONS + 3)]
    assert [pin.knows(session) for session in sessions] == [False] * 3 + [True] * MOST_SESSIONS


def test_a_file_of_the_version_before_still_guards_and_its_sessions_end(pin: Pin, tmp_path: Path) -> None:
    pin.set("1234")
    body = json.loads((tmp_path / NAME).read_text())["pin"]
    old = {"salt": body["salt"], "hash": body["hash"], "key": "ab" * 32}
    assert KeptFile(tmp_path, NAME, 1, "pin", "PIN").save(old)
    (tmp_path / f"{NAME}.1").unlink()
    now = Pin(tmp_path)
    assert now.is_set
    assert not now.knows("ab")
    session = now.unlock("1234")
    assert now.knows(session)
    assert "ab" * 32 not in (tmp_path / NAME).read_text()


def test_wrong_ones_count_over_a_restart(pin: Pin, tmp_path: Path, clock: Clock) -> None:
    pin.set("1234")
    wrong(pin, guest(1), FREE_TRIES)
    for expected in (2, 4, 8):
        again = Pin(tmp_path, clock)  # each time the box starts anew
        with pytest.raises(PinWait) as caught:
            again.unlock("1234", guest(1))
        assert caught.value.seconds == expected
        clock.now += expected
        wrong(again, guest(1))
    assert (tmp_path / pin_tries.NAME).stat().st_mode & 0o077 == 0


def test_a_guest_uses_up_no_tries_but_his_own(pin: Pin) -> None:
    pin.set("1234")
    wrong(pin, guest(1), FREE_TRIES)
    with pytest.raises(PinWait):
        pin.unlock("1234", guest(1))
    assert pin.unlock("1234", guest(2))


def test_many_addresses_have_one_budget_together_and_the_owner_another(pin: Pin, tmp_path: Path, clock: Clock) -> None:
    owner = Caller("192.0.2.200", pin.set("1234"))
    tries = 0
    for number in range(200):
        try:
            pin.unlock("0000", guest(number))
        except PinWait:
            break
        except PinError:
            tries += 1
    assert tries == FREE_TRIES_OF_ALL
    with pytest.raises(PinWait):
        Pin(tmp_path, clock).unlock("1234", guest(250))  # nor after a restart
    # The owner's phone gets in, logged out or not, with a PIN that was changed since, and from a guest's address.
    for address in (owner.address, guest(1).address):
        owner = Caller(address, pin.unlock("1234", Caller(address, owner.session)))
        pin.lock(owner.session)
    session = pin.set("4321", "1234", owner)
    assert pin.unlock("4321", Caller("192.0.2.201", session))


def test_a_device_has_so_many_tries_too_and_they_are_no_guests(pin: Pin) -> None:
    device = Caller("192.0.2.1", pin.set("1234"))
    wrong(pin, device, FREE_TRIES)
    with pytest.raises(PinWait):
        pin.unlock("1234", device)
    assert pin.unlock("1234", guest(1))  # the same address
    with pytest.raises(PinWait):
        pin.unlock("1234", Caller("192.0.2.9", device.session))


def test_four_digits_last_for_weeks(pin: Pin, clock: Clock) -> None:
    """As many addresses as anyone likes, asking as often as they may, for a day."""
    pin.set("1234")
    until, tries, number = clock.now + 86_400, 0, 0
    while clock.now < until:
        number += 1
        wait_s = pin._tries.wait_s(f"address {number}", is_device=False)
        clock.now += wait_s
        pin._tries.wrong(f"address {number}", is_device=False)
        tries += 1
    assert tries < 350  # of 10,000


def test_wrong_ones_are_forgotten_slowly(pin: Pin, clock: Clock) -> None:
    pin.set("1234")
    wrong(pin, guest(1), FREE_TRIES)
    clock.now += FORGIVEN_S * 2
    wrong(pin, guest(1), 2)
    with pytest.raises(PinWait):
        pin.unlock("1234", guest(1))
    assert LAST_WAIT_S <= FORGIVEN_S  # or a wait would end with the count that it was for


def test_taken_away_and_set_anew_everybody_begins_anew(pin: Pin, tmp_path: Path) -> None:
    pin.set("1234")
    wrong(pin, guest(1), FREE_TRIES)
    assert cli.main(["pin", "--clear", "--state-dir", str(tmp_path)]) == 0
    assert list(tmp_path.iterdir()) == []
    pin.set("5678")
    assert pin.unlock("5678", guest(1))
