"""Who gets a place when there are few, and whose request is answered next."""

import pytest

from web_ui import limits
from web_ui.errors import Refused
from web_ui.serving.turns import Turns
from web_ui.visitors.phones import Addresses, Rank, Visitor
from web_ui.visitors.places import Place, Places


class Guest:
    """A visitor, and how often its connection was closed."""

    def __init__(self, address: str, rank: Rank = Rank.ANYBODY) -> None:
        self.closed = 0
        self.visitor = Visitor(rank, address, self._close)

    def _close(self) -> None:
        self.closed += 1


def filled(places: Places, *addresses: str, rank: Rank = Rank.ANYBODY) -> list[tuple[Guest, Place]]:
    guests = [Guest(address, rank) for address in addresses]
    return [(guest, places.take(guest.visitor)) for guest in guests]


def test_among_equals_nobody_is_turned_out():
    places = Places(3, "{most} are here")
    filled(places, "a", "b", "c")
    for late in ("a", "d"):
        with pytest.raises(Refused, match="3 are here") as refused:
            places.take(Guest(late).visitor)
        assert refused.value.status == 503
    assert places.taken == 3


def test_an_address_that_has_most_gives_up_for_one_that_has_none():
    places = Places(4, "")
    held = filled(places, "greedy", "greedy", "greedy", "other")
    places.take(Guest("new").visitor)
    assert [guest.closed for guest, _ in held].count(1) == 1
    assert not held[3][1].is_lost
    assert places.taken == 4
    places.take(Guest("another").visitor)
    assert sum(guest.closed for guest, _ in held) == 2
    with pytest.raises(Refused):
        places.take(Guest("one more").visitor)  # each address has one now


def test_who_is_known_goes_before_anybody_and_the_owner_before_all():
    places = Places(2, "")
    strangers = filled(places, "x", "y")
    phones = filled(places, "x", "x", rank=Rank.PHONE)
    assert all(place.is_lost for _, place in strangers)
    with pytest.raises(Refused):
        places.take(Guest("z").visitor)
    filled(places, "x", "x", rank=Rank.OWNER)
    assert all(place.is_lost for _, place in phones)
    with pytest.raises(Refused):
        places.take(Guest("z", Rank.PHONE).visitor)


def test_a_place_comes_back_once_and_a_lost_one_never():
    places = Places(1, "")
    ((_, lost),) = filled(places, "x")
    ((_, held),) = filled(places, "y", rank=Rank.PHONE)
    lost.give_back()
    assert places.taken == 1
    held.give_back()
    held.give_back()
    assert places.taken == 0


def test_what_must_not_be_cut_is_not():
    places = Places(1, "busy", yielding=False)
    ((guest, place),) = filled(places, "x")
    with pytest.raises(Refused, match="busy"):
        places.take(Guest("y", Rank.OWNER).visitor)
    assert (guest.closed, place.is_lost) == (0, False)


class Asks:
    def __init__(self, address: str, rank: Rank = Rank.ANYBODY) -> None:
        self.address, self.rank = address, rank


def order(turns: Turns) -> list[str]:
    found = []
    while turns:
        channel = turns.popleft()
        found.append(channel.address)
        turns.done(channel.address)
    return found


def test_addresses_take_turns_and_known_phones_alternate_with_others():
    turns = Turns()
    for _ in range(3):
        turns.append(Asks("greedy"))
    turns.append(Asks("quiet"))
    turns.append(Asks("phone", Rank.PHONE))
    assert len(turns) == 5
    got = order(turns)
    assert set(got[:3]) == {"greedy", "quiet", "phone"}
    assert got[3:] == ["greedy", "greedy"]
    assert not turns
    assert len(turns) == 0


def test_an_address_has_so_many_at_work_and_no_more():
    turns = Turns()
    for _ in range(limits.MOST_AT_ONCE + 1):
        turns.append(Asks("greedy"))
    for _ in range(limits.MOST_AT_ONCE):
        turns.popleft()
    assert not turns
    assert len(turns) == 1
    with pytest.raises(IndexError):
        turns.popleft()
    turns.append(Asks("quiet"))
    assert turns.popleft().address == "quiet"
    turns.done("greedy")
    assert turns.popleft().address == "greedy"


def test_an_address_is_known_for_a_while_and_not_for_ever():
    now = [0.0]
    addresses = Addresses(lambda: now[0])
    assert addresses.rank("192.0.2.1") is Rank.ANYBODY
    addresses.note("192.0.2.1", Rank.PHONE)
    now[0] = 500.0
    assert addresses.rank("192.0.2.1") is Rank.PHONE
    now[0] = 700.0
    assert addresses.rank("192.0.2.1") is Rank.ANYBODY
    for number in range(200):
        addresses.note(f"198.51.100.{number}", Rank.PHONE)
    assert len(addresses._seen) <= 64
