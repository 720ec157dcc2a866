"""Addresses of known phones."""

from web_ui.visitors.phones import Addresses, Rank


def test_an_address_is_known_for_a_while_and_not_for_ever():
    now = [0.0]
    addresses = Addresses(lambda: now[0])
    assert addresses.rank("192.0.2.1") is Rank.UNKNOWN
    addresses.note("192.0.2.1", Rank.PHONE)
    now[0] = 500.0
    assert addresses.rank("192.0.2.1") is Rank.PHONE
    now[0] = 700.0
    assert addresses.rank("192.0.2.1") is Rank.UNKNOWN
    for number in range(200):
        addresses.note(f"198.51.100.{number}", Rank.PHONE)
    assert len(addresses._seen) <= 64


def test_a_crowd_that_has_the_page_open_does_not_make_an_owner_forgotten():
    now = [0.0]
    addresses = Addresses(lambda: now[0])
    addresses.note("192.0.2.1", Rank.OWNER)
    addresses.note("192.0.2.2", Rank.PAIRED)
    for number in range(300):
        now[0] += 0.1
        addresses.note(f"198.51.100.{number}", Rank.PHONE)
    assert addresses.rank("192.0.2.1") is Rank.OWNER
    assert addresses.rank("192.0.2.2") is Rank.PAIRED
    assert len(addresses._seen) <= 64
    now[0] += 700.0  # they count no longer, and give way like any other
    for number in range(64):
        addresses.note(f"203.0.113.{number}", Rank.PHONE)
    assert "192.0.2.1" not in addresses._seen
