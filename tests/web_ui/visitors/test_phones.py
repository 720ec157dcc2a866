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
