"""The paired phones on disk: hashes only, over restarts, out of older versions, and 10,000 guesses."""

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from firmware_app.kept import pair_codes
from firmware_app.kept.kept_file import KeptFile
from firmware_app.kept.pair_codes import ALPHABET, LENGTH, new_code
from firmware_app.kept.pairing_rules import CodeWait, PairingError, WrongCode
from firmware_app.kept.pairings import TRIES_NAME, Pairings, _mark
from firmware_app.kept.pairings_file import NAME
from firmware_app.kept.saver import Saver
from firmware_app.kept.terms import PREPAID_S, Clocks
from web_ui.ports.pairing import ENGINEER, OWNER, PLAYER
from web_ui.ports.pin import Caller

Start = Callable[[], Pairings]


class Times:
    """The clocks of a board, which a test sets."""

    wall = 1.7e9
    running = 100.0

    def go(self, seconds: float) -> None:
        self.wall += seconds
        self.running += seconds


@pytest.fixture
def times() -> Times:
    return Times()


@pytest.fixture
def start(tmp_path: Path, times: Times) -> Iterator[Start]:
    """Start a box in the folder, as after a restart."""
    savers = []

    def started() -> Pairings:
        for saver in savers:
            saver.close(5.0)
        savers[:] = [Saver("test")]
        pairings = Pairings(tmp_path, Clocks(lambda: times.wall, lambda: times.running), lambda: times.running)
        savers[0].add(pairings.save_job)
        pairings.save_job.wait(5.0)
        return pairings

    yield started
    for saver in savers:
        saver.close(5.0)


def test_no_secret_is_on_disk_and_only_the_boxs_user_reads_it(start: Start, tmp_path: Path):
    box = start()
    owner = box.claim(box.first_code, "Anna's")
    code, _ = box.invite(PLAYER, 4)
    written = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    for secret in (owner, code, code.replace("-", ""), box.local_session):
        assert secret.encode() not in written
    assert {path.name for path in tmp_path.iterdir()} == {NAME}
    assert (tmp_path / NAME).stat().st_mode & 0o077 == 0
    for kept in (_mark(owner), box.phones[0].id):
        assert box.find(kept) is None
        with pytest.raises(WrongCode):
            box.claim(kept, "")


def test_phones_and_codes_outlive_a_restart_and_a_removed_phone_does_not_come_back(start: Start):
    box = start()
    owner = box.claim(box.first_code, "")
    code, _ = box.invite(ENGINEER, None)
    gone = box.claim(box.invite(PLAYER, None)[0], "")
    phone = box.find(gone)
    assert phone is not None
    box.revoke(phone.id)
    box.set_open_play(True)
    box = start()
    found = box.find(owner)
    assert found is not None
    assert (found.role, found.name, box.open_play, box.is_claimed) == (OWNER, "Phone 1", True, True)
    assert box.find(gone) is None
    assert box.find(box.claim(code, "")) is not None


def test_the_first_code_is_another_after_each_start_until_there_is_an_owner(start: Start):
    codes = [start().first_code for _ in range(3)]
    assert len(set(codes)) == 3
    box = start()
    with pytest.raises(WrongCode):
        box.claim(codes[0], "")
    box.claim(box.first_code, "")
    assert box.first_code == start().first_code == ""


def test_a_code_has_fifty_random_bits_and_is_typed_as_one_likes(start: Start):
    assert len(ALPHABET) ** LENGTH == 2**50
    codes = {new_code() for _ in range(200)}
    assert len(codes) == 200
    assert set("".join(codes)) == {*ALPHABET, "-"}
    salt = b"0" * 16
    for typed in ("ab0cd-1efgh", "ABOCD-IEFGH", "abocdlefgh", " ab0 cd1 ef gh"):
        assert pair_codes.hashed(typed, salt) == pair_codes.hashed("AB0CD-1EFGH", salt)


def test_a_guests_time_is_kept(start: Start, times: Times):
    box = start()
    box.claim(box.first_code, "")
    guest = box.claim(box.invite(ENGINEER, 4)[0], "")
    times.go(3600)
    box.close()
    box = start()
    found = box.find(guest)
    assert found is not None
    assert found.term is not None
    assert box.ends(found.term) == pytest.approx(times.wall + 3 * 3600, abs=1)
    times.running, times.wall = 10.0, 0.0  # a board without a clock starts again
    box = start()
    assert box.find(guest) is not None
    times.go(2 * 3600)
    box.tick()
    times.go(3600)
    assert box.find(guest) is None
    assert len(box.phones) == 1
    assert start().find(guest) is None


def test_a_box_that_only_ticks_saves_the_time_that_guests_have_used(start: Start, times: Times, tmp_path: Path):
    box = start()
    box.claim(box.first_code, "")
    box.claim(box.invite(ENGINEER, 4)[0], "")

    def left_s() -> float:
        term = json.loads((tmp_path / NAME).read_text())["pairings"]["phones"][1]["term"]
        return float(term["left_s"])

    assert left_s() == 4 * 3600 - PREPAID_S
    times.go(PREPAID_S)
    box.tick()
    box.save_job.wait(5.0)
    assert left_s() == 4 * 3600 - 2 * PREPAID_S
    assert box.phones[1].seen <= times.wall


def test_when_a_phone_was_seen_is_not_written_at_each_request(start: Start, times: Times):
    box = start()
    owner = box.claim(box.first_code, "")
    for _ in range(100):
        times.go(1)
        box.find(owner)
        box.tick()
    assert box.save_job.is_saved
    assert box.phones[0].seen == times.wall
    times.go(3600)
    box.tick()
    assert not box.save_job.is_saved or box.save_job.wait(5.0) == ""


def test_the_owners_of_the_pin_are_owners(start: Start, tmp_path: Path, times: Times):
    body = {"salt": "00" * 16, "hash": "11" * 32, "sessions": [_mark("old"), _mark("older"), 5, "zz"], "devices": []}
    KeptFile(tmp_path, "pin.json", 2, "pin", "PIN", private=True).save(body)
    box = start()
    for session in ("old", "older"):
        found = box.find(session)
        assert found is not None
        assert found.role == OWNER
    assert (box.first_code, box.is_claimed, box.open_play) == ("", True, True)
    times.go(5)
    assert [phone.id for phone in start().phones] == [phone.id for phone in box.phones]


def test_anybody_plays_on_after_an_update_and_not_on_a_new_box(start: Start, tmp_path: Path):
    assert not start().open_play
    (tmp_path / "state.json").write_text("{}")  # kept later
    assert not start().open_play
    (tmp_path / NAME).unlink()
    assert start().open_play


@pytest.mark.parametrize(
    "damage", ["{", "", '{"schema": 1, "pairings": {"phones": 3}}', '{"schema": 9, "pairings": {}}', None]
)
def test_a_damaged_file_lets_nobody_in_and_the_first_code_mends_it(start: Start, tmp_path: Path, damage: str | None):
    box = start()
    owner = box.claim(box.first_code, "")
    text = json.loads((tmp_path / NAME).read_text())
    text["pairings"]["phones"][0]["role"] = "king"
    (tmp_path / NAME).write_text(json.dumps(text) if damage is None else damage)
    for _ in range(2):  # nor after another restart
        box = start()
        assert box.find(owner) is None
        assert (box.is_claimed, box.open_play, box.has_owner) == (True, False, False)
    box.claim(box.first_code, "")
    box = start()
    assert box.has_owner
    box.forget_all()
    assert not start().is_claimed


def test_a_disk_that_cannot_be_written_lets_in_and_says_what_would_not_last(start: Start, tmp_path: Path):
    box = start()
    box.claim(box.first_code, "")
    (tmp_path / f"{NAME}.new").mkdir()  # nothing can be written there
    other = box.claim(box.invite(PLAYER, None)[0], "")
    phone = box.find(other)
    assert phone is not None
    with pytest.raises(PairingError, match="until the next start only"):
        box.revoke(phone.id)
    assert box.find(other) is None


def test_all_is_forgotten_with_what_is_wrong(start: Start, tmp_path: Path):
    box = start()
    owner = box.claim(box.first_code, "")
    code, _ = box.invite(OWNER, None)
    with pytest.raises(WrongCode):
        box.claim("AAAAA-AAAAA", "", Caller("192.0.2.1", ""))
    box.set_open_play(True)
    box.forget_all()
    assert (box.phones, box.open_play, box.is_claimed, box.find(owner)) == ((), False, False, None)
    assert not (tmp_path / TRIES_NAME).exists()
    with pytest.raises(WrongCode):
        box.claim(code, "")
    assert box.find(box.claim(box.first_code, "")) is not None
    assert start().find(owner) is None


def test_commands_on_the_box_may_do_what_an_owner_may(start: Start):
    box = start()
    found = box.find(box.local_session)
    assert found is not None
    assert found.role == OWNER
    assert box.phones == ()
    owner = box.claim(box.first_code, "", Caller("127.0.0.1", box.local_session))
    assert box.find(owner) is not None
    box.leave(box.local_session)
    assert box.find(box.local_session) is not None
    assert start().find(box.local_session) is None


@pytest.mark.parametrize(
    ("who", "most"),
    [
        ("one address", 40),
        ("one address that changes its cookie", 40),
        ("as many IPv4 addresses as it likes", 230),
        ("as many IPv6 addresses of one network as it likes", 230),
        ("as many IPv6 networks as it likes", 230),
        ("a player who wants more", 40),
    ],
)
def test_of_ten_thousand_guesses_few_are_looked_at(start: Start, times: Times, who: str, most: int):
    """One guess a second for three hours, with a restart every twenty minutes. The owner is never kept waiting."""
    box = start()
    owner = box.claim(box.first_code, "")
    player = box.claim(box.invite(PLAYER, None)[0], "")
    chance = random.Random(24)
    address = {
        "one address": lambda n: "192.0.2.66",
        "one address that changes its cookie": lambda n: "192.0.2.66",
        "as many IPv4 addresses as it likes": lambda n: f"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}",
        "as many IPv6 addresses of one network as it likes": lambda n: f"2001:db8::{n:x}",
        "as many IPv6 networks as it likes": lambda n: f"2001:db8:0:{n:x}::1",
        "a player who wants more": lambda n: f"10.0.{n >> 8 & 255}.{n & 255}",
    }[who]
    looked_at = 0
    for number in range(10_000):
        session = player if "player" in who else f"{chance.getrandbits(256):064x}" if "cookie" in who else ""
        try:
            box.claim("AAAAA-AAAAA", "", Caller(address(number), session))
        except WrongCode:
            looked_at += 1
        except CodeWait:
            pass
        times.go(1)
        if number % 1200 == 1199:
            box = start()
        if number % 1000 == 0:
            assert box.find(owner) is not None
            assert box.claim(box.invite(PLAYER, None)[0], "", Caller(address(number), owner)) == owner
    print(f"{who}: {looked_at} of 10,000 guesses were looked at")
    assert looked_at <= most
