"""What every PinPort does, the fake and the real one."""

from dataclasses import asdict

import pytest

from tests.contracts.conftest import first_code
from web_ui.ports.box import Box
from web_ui.ports.errors import PinRefused
from web_ui.ports.pairing import ENGINEER, NOBODY, OWNER
from web_ui.ports.pin import Caller, PinPort
from web_ui.views import dumps


@pytest.fixture
def port(box: Box) -> PinPort:
    return box.pin


def test_the_right_pin_pairs_a_phone_as_an_engineer(box: Box):
    port = box.pin
    assert port.view().in_force is False
    with pytest.raises(PinRefused, match="no PIN is set"):
        port.unlock("2468")
    port.change("2468", "")
    assert port.view().in_force
    with pytest.raises(PinRefused, match="not the PIN"):
        port.unlock("1111")
    session = port.unlock("2468", "Ben's")
    assert box.pairing.entry(session).role == ENGINEER
    assert [phone.name for phone in box.pairing.phones()] == ["Ben's"]
    assert port.unlock("2468", "", Caller("", session)) == session  # it is in already


def test_another_pin_needs_the_old_one_and_leaves_the_phones(box: Box):
    port = box.pin
    port.change("2468", "")
    session = port.unlock("2468")
    with pytest.raises(PinRefused, match="not the PIN"):
        port.change("1357", "1111")
    for wrong in ("1", "12345678901234", "abcd"):
        with pytest.raises(PinRefused, match="4 to 12 digits"):
            port.change(wrong, "2468")
    port.change("1357", "2468")
    assert box.pairing.entry(session).role == ENGINEER
    port.change("", "1357")
    assert not port.view().in_force
    assert box.pairing.entry("").role == NOBODY


def test_an_owner_stays_one(box: Box):
    box.pin.change("2468", "")
    owner = box.pairing.claim(first_code(box), "The owner's")
    assert box.pin.unlock("2468", "", Caller("", owner)) == owner
    assert box.pairing.entry(owner).role == OWNER


def test_a_paired_phone_is_not_locked_out_by_strangers(box: Box):
    port = box.pin
    port.change("2468", "")
    session = port.unlock("2468")
    for _ in range(5):
        with pytest.raises(PinRefused):
            port.unlock("0000", "", Caller("192.0.2.1", ""))
    with pytest.raises(PinRefused, match="wait"):
        port.unlock("2468", "", Caller("192.0.2.1", ""))
    assert port.unlock("2468", "", Caller("192.0.2.1", session)) == session


def test_too_many_wrong_pins_have_to_wait(port: PinPort):
    port.change("2468", "")
    for _ in range(5):
        with pytest.raises(PinRefused):
            port.unlock("0000")
    with pytest.raises(PinRefused, match="wait") as caught:
        port.unlock("2468")
    assert caught.value.wait_s > 0


def test_every_view_can_be_sent_as_json(port: PinPort):
    assert dumps(asdict(port.view()))
