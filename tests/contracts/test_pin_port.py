"""What every PinPort does, the fake and the real one."""

from dataclasses import asdict

import pytest

from web_ui.ports.box import Box
from web_ui.ports.errors import PinRefused
from web_ui.ports.pin import Caller, PinPort
from web_ui.views import dumps


@pytest.fixture
def port(box: Box) -> PinPort:
    return box.pin


def test_a_pin_guards_until_it_is_removed(port: PinPort):
    assert port.view().in_force is False
    assert port.knows("")
    first = port.change("2468", "")
    assert port.view().in_force
    assert port.knows(first)
    assert not port.knows("")
    second = port.unlock("2468")
    assert port.knows(second)
    with pytest.raises(PinRefused, match="not the PIN"):
        port.unlock("1111")
    with pytest.raises(PinRefused, match="not the PIN"):
        port.change("1357", "1111")
    for wrong in ("1", "12345678901234", "abcd"):
        with pytest.raises(PinRefused, match="4 to 12 digits"):
            port.change(wrong, "2468")
    port.change("1357", "2468")
    assert not port.knows(second)
    assert port.change("", "1357") == ""
    assert port.knows("")
    assert not port.view().in_force


def test_logging_out_ends_one_session_only(port: PinPort):
    first = port.change("2468", "")
    second = port.unlock("2468")
    port.lock(first)
    port.lock("")
    assert not port.knows(first)
    assert port.knows(second)


def test_the_owner_is_not_locked_out_by_guests(port: PinPort):
    session = port.change("2468", "")
    port.lock(session)
    for _ in range(5):
        with pytest.raises(PinRefused):
            port.unlock("0000", Caller("192.0.2.1", ""))
    with pytest.raises(PinRefused, match="wait"):
        port.unlock("2468", Caller("192.0.2.1", ""))
    assert port.knows(port.unlock("2468", Caller("192.0.2.1", session)))


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
