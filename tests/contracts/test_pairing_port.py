"""What every PairingPort does, the fake and the real one."""

from dataclasses import asdict

import pytest

from firmware_app.page.pairing import RealPairing
from tests.contracts.conftest import first_code, hold_switch
from web_ui.ports.box import Box
from web_ui.ports.errors import ControlRefused, NotThere, PairRefused
from web_ui.ports.limits import CODE_HOURS, GUEST_HOURS, LONGEST_PHONE_NAME, MOST_PHONES
from web_ui.ports.pairing import ENGINEER, NOBODY, OWNER, PLAYER, PairingPort
from web_ui.ports.pin import Caller
from web_ui.views import dumps


@pytest.fixture
def port(box: Box) -> PairingPort:
    return box.pairing


@pytest.fixture
def owner(box: Box) -> str:
    return box.pairing.claim(first_code(box), "Anna's phone")


def invited(port: PairingPort, role: str, hours: float | None = None) -> str:
    return port.claim(port.invite(role, hours, "http://box/").code, "")


def test_a_box_as_it_comes_is_nobodys_and_its_code_makes_one_owner(box: Box):
    port, code = box.pairing, first_code(box)
    before = port.entry("")
    assert (before.role, before.phone_id, before.claimed, before.open_play) == (NOBODY, "", False, False)
    session = port.claim(code.lower().replace("-", " "), "  Anna's   phone ")
    after = port.entry(session)
    assert (after.role, after.claimed) == (OWNER, True)
    assert port.entry("").claimed
    (phone,) = port.phones(session)
    assert (phone.id, phone.name, phone.role, phone.ends, phone.here) == (
        after.phone_id, "Anna's phone", OWNER, None, True,
    )  # fmt: skip
    assert phone.since <= phone.seen
    with pytest.raises(PairRefused, match="wrong, or it was used"):
        port.claim(code, "")


def test_each_link_lets_one_phone_in_with_its_role(port: PairingPort, owner: str):
    for role in (PLAYER, ENGINEER, OWNER):
        invite = port.invite(role, None, "http://box:8080/")
        assert invite.link == f"http://box:8080/#pair={invite.code}"
        assert len(invite.code) == 11
        assert len(invite.qr) == len(invite.qr[0])
        session = port.claim(invite.code, "")
        assert port.entry(session).role == role
        with pytest.raises(PairRefused):
            port.claim(invite.code, "")
    names = [phone.name for phone in port.phones()]
    assert len(set(names)) == len(names) == 4
    assert [phone.here for phone in port.phones(owner)] == [True, False, False, False]


def test_the_link_carries_the_fingerprint_of_the_pages_certificate(box: Box, port: PairingPort):
    fingerprint = ":".join(["A7"] * 32)
    assert port.invite(PLAYER, None, "https://box/").fingerprint == ""
    if isinstance(port, RealPairing):
        port._box.page_fingerprint = lambda: fingerprint
    else:
        port.fingerprint = fingerprint  # type: ignore[attr-defined]
    invite = port.invite(PLAYER, 4, "https://box/")
    assert invite.link == f"https://box/#pair={invite.code}&fp={'a7' * 32}"
    assert invite.fingerprint == fingerprint


def test_a_guest_has_an_end_and_cannot_be_an_owner(port: PairingPort, owner: str):
    stays, guest = port.invite(PLAYER, None, ""), port.invite(ENGINEER, 4, "")
    assert guest.ends - stays.ends == pytest.approx((4 - CODE_HOURS) * 3600, abs=5)
    session = port.claim(guest.code, "")
    (phone,) = port.phones(session)[1:]
    assert phone.ends == pytest.approx(guest.ends, abs=5)
    for hours in (0, GUEST_HOURS[0] - 0.1, GUEST_HOURS[1] + 1, -1):
        with pytest.raises(ControlRefused, match="1 to 336"):
            port.invite(PLAYER, hours, "")
    with pytest.raises(ControlRefused, match="guest cannot be an owner"):
        port.invite(OWNER, 4, "")
    with pytest.raises(ControlRefused, match="guest cannot be an owner"):
        port.change(phone.id, role=OWNER)
    with pytest.raises(ControlRefused, match="player, engineer, owner"):
        port.invite("king", None, "")


def test_a_paired_phone_keeps_its_place_and_takes_the_higher_role(port: PairingPort, owner: str):
    player = invited(port, PLAYER)
    id = port.entry(player).phone_id
    raised = port.claim(port.invite(ENGINEER, None, "").code, "", Caller("", player))
    assert (port.entry(raised).role, port.entry(raised).phone_id) == (ENGINEER, id)
    assert port.entry(player).role == NOBODY  # the session is another
    code = port.invite(PLAYER, None, "").code
    assert port.claim(code, "", Caller("", raised)) == raised
    assert port.entry(port.claim(code, "")).role == PLAYER  # it was not used up
    assert len(port.phones()) == 3


def test_a_guests_next_link_counts_and_two_links_do_not_add_up(port: PairingPort, owner: str):
    guest = invited(port, ENGINEER, 2)
    longer = port.claim(port.invite(ENGINEER, 5, "").code, "", Caller("", guest))
    assert port.claim(port.invite(ENGINEER, 1, "").code, "", Caller("", longer)) == longer
    (phone,) = port.phones()[1:]
    assert phone.ends == pytest.approx(phone.since + 5 * 3600, abs=60)
    stays = port.claim(port.invite(PLAYER, None, "").code, "", Caller("", longer))
    (phone,) = port.phones()[1:]
    assert (phone.ends, phone.role) == (None, PLAYER)  # not an engineer for ever
    again = port.claim(port.invite(ENGINEER, 2, "").code, "", Caller("", stays))
    (phone,) = port.phones()[1:]
    assert (phone.ends is None, phone.role) == (False, ENGINEER)
    assert port.entry(again).phone_id == phone.id


def test_an_owner_loses_nothing_by_any_link(port: PairingPort, owner: str):
    for role, hours in ((PLAYER, 1), (ENGINEER, None), (OWNER, None)):
        assert port.claim(port.invite(role, hours, "").code, "", Caller("", owner)) == owner
    assert [(phone.role, phone.ends) for phone in port.phones()] == [(OWNER, None)]


def test_phones_are_renamed_raised_lowered_and_removed(port: PairingPort, owner: str):
    session = invited(port, PLAYER)
    id = port.entry(session).phone_id
    port.change(id, name="Ben's", role=ENGINEER)
    assert [(p.name, p.role) for p in port.phones()][1:] == [("Ben's", ENGINEER)]
    port.change(id, name="x" * LONGEST_PHONE_NAME)
    for wrong in ({"name": "x" * (LONGEST_PHONE_NAME + 1)}, {"role": "king"}, {"role": NOBODY}):
        with pytest.raises(ControlRefused):
            port.change(id, **wrong)
    port.revoke(id)
    assert port.entry(session).role == NOBODY
    for work in (lambda: port.revoke(id), lambda: port.change(id, name="x")):
        with pytest.raises(NotThere):
            work()


def test_the_last_owner_stays(port: PairingPort, owner: str):
    id = port.entry(owner).phone_id
    for work in (lambda: port.revoke(id), lambda: port.change(id, role=PLAYER), lambda: port.leave(owner)):
        with pytest.raises(ControlRefused, match="last owner"):
            work()
    port.change(id, role=OWNER, name="Still mine")
    other = invited(port, OWNER)
    port.leave(owner)
    port.leave(owner)  # once more does nothing
    assert port.entry(owner).role == NOBODY
    assert port.entry(other).role == OWNER


def test_wrong_used_and_ended_codes_are_told_alike(port: PairingPort, owner: str):
    code = port.invite(PLAYER, None, "").code
    port.claim(code, "")
    told = set()
    for number, wrong in enumerate((code, "AAAAA-AAAAA", "", "x" * 200, "ä")):
        with pytest.raises(PairRefused) as caught:
            port.claim(wrong, "", Caller(f"192.0.2.{number}", ""))
        told.add((str(caught.value), caught.value.wait_s))
    assert len(told) == 1


def test_too_many_wrong_codes_wait_and_paired_phones_do_not(port: PairingPort, owner: str):
    for _ in range(5):
        with pytest.raises(PairRefused):
            port.claim("AAAAA-AAAAA", "", Caller("192.0.2.1", ""))
    code = port.invite(PLAYER, None, "").code
    with pytest.raises(PairRefused, match="wait") as caught:
        port.claim(code, "", Caller("192.0.2.1", ""))
    assert caught.value.wait_s > 0
    player = invited(port, PLAYER)
    raised = port.claim(port.invite(ENGINEER, None, "").code, "", Caller("192.0.2.1", player))
    assert port.entry(raised).role == ENGINEER


def test_the_held_switch_lets_the_first_in_as_owner_and_then_players(box: Box):
    port = box.pairing
    assert port.ask("Anna's", Caller("192.0.2.1", "")) == ""
    hold_switch(box)
    assert port.entry("").waiting_s == 0
    owner = port.ask("Anna's", Caller("192.0.2.1", ""))
    assert port.entry(owner).role == OWNER
    assert port.ask("Ben's", Caller("192.0.2.2", "")) == ""  # one phone for each time
    hold_switch(box)
    assert 50 < port.entry(owner).waiting_s <= 60
    assert port.entry(port.ask("Ben's", Caller("192.0.2.2", ""))).role == PLAYER


def test_phones_at_two_addresses_do_not_get_in_by_the_switch(box: Box):
    for address in ("192.0.2.1", "192.0.2.2"):
        assert box.pairing.ask("", Caller(address, "")) == ""
    hold_switch(box)
    for address in ("192.0.2.1", "192.0.2.2"):
        with pytest.raises(PairRefused, match="several phones"):
            box.pairing.ask("", Caller(address, ""))
    assert not box.pairing.entry("").claimed


def test_anybody_may_play_if_the_owner_says_so(port: PairingPort, owner: str):
    assert not port.entry("").open_play
    port.set_open_play(True)
    assert port.entry("").open_play
    assert port.entry("").role == NOBODY
    port.set_open_play(False)
    assert not port.entry(owner).open_play


def test_there_is_room_for_so_many(port: PairingPort, owner: str):
    for _ in range(MOST_PHONES - 1):
        invited(port, PLAYER)
    with pytest.raises(PairRefused, match="64 phones"):
        invited(port, PLAYER)


def test_every_view_can_be_sent_as_json(port: PairingPort, owner: str):
    assert dumps(asdict(port.entry(owner)))
    assert dumps([asdict(phone) for phone in port.phones(owner)])
    assert dumps(asdict(port.invite(PLAYER, 1, "http://box/")))
