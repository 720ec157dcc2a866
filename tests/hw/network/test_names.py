"""NetworkName on a real avahi-daemon: what a phone in the same network gets for the box's name."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rigs.avahi import CABLES, RealAvahi

pytestmark = pytest.mark.timeout(300)

BOX, TITLE, PORT = "hushbox-7kq2", "Hushbox-7KQ2", 8080
(CABLE, ADDRESS), (SECOND, SECOND_ADDRESS) = CABLES


@pytest.fixture
def avahi(tmp_path: Path) -> Iterator[RealAvahi]:
    if why_not := RealAvahi.why_not():
        pytest.skip(f"no Avahi of its own: {why_not}")
    with RealAvahi(tmp_path) as made:
        made.plug(*CABLES[0])
        yield made


def published(avahi: RealAvahi, *interfaces: tuple[str, str]) -> bool:
    """Tried as the box does: an Avahi that has just been started does not answer yet."""
    try:
        avahi.name("publish", BOX, TITLE, PORT, interfaces)
    except RuntimeError:
        return False
    return True


def test_a_phone_finds_the_box_beside_the_machine(avahi: RealAvahi) -> None:
    with pytest.raises(RuntimeError, match=f"{BOX}.local is not answered to"):
        avahi.name("publish", BOX, TITLE, PORT, [CABLES[0]])
    assert not avahi.name("answers")
    avahi.start()
    avahi.until(lambda: published(avahi, CABLES[0]))
    assert avahi.ask(f"{BOX}.local") == [ADDRESS]
    assert avahi.ask("machine.local") == [ADDRESS]
    assert avahi.name("answers")


def test_the_box_in_the_same_network_twice_is_no_stranger_to_itself(avahi: RealAvahi) -> None:
    """A Raspberry Pi on the cable and in the Wi-Fi of one router."""
    avahi.start()
    avahi.until(lambda: published(avahi, CABLES[0]))
    avahi.plug(SECOND, SECOND_ADDRESS)
    avahi.until(lambda: published(avahi, *CABLES))
    assert set(avahi.ask(f"{BOX}.local")) <= {ADDRESS, SECOND_ADDRESS}
    assert avahi.name("answers")
    avahi.unplug(CABLE)
    avahi.until(lambda: published(avahi, CABLES[1]))
    assert avahi.ask(f"{BOX}.local") == [SECOND_ADDRESS]


def test_an_avahi_that_is_started_again_has_forgotten_it_and_is_told(avahi: RealAvahi) -> None:
    avahi.start()
    avahi.until(lambda: published(avahi, CABLES[0]))
    assert avahi.name("answers")
    avahi.stop()
    assert not avahi.name("answers")
    avahi.start()
    avahi.until(lambda: avahi.ask("machine.local", 1.0))
    assert avahi.ask(f"{BOX}.local", 2.0) == []
    assert not avahi.name("answers")
    avahi.until(lambda: published(avahi, CABLES[0]))
    assert avahi.ask(f"{BOX}.local") == [ADDRESS]


def test_a_name_that_the_machine_has_is_left_to_it(avahi: RealAvahi) -> None:
    avahi.start()
    avahi.until(lambda: avahi.ask("machine.local", 1.0))
    avahi.name("publish", "machine", TITLE, PORT, [CABLES[0]])
    assert avahi.name("answers")
