"""Who gets a slot when there are few."""

import pytest

from web_ui.errors import Refused
from web_ui.visitors.phones import Rank, Visitor
from web_ui.visitors.slots import Slot, Slots


class Guest:
    """A visitor, and how often its connection was closed."""

    def __init__(self, address: str, rank: Rank = Rank.UNKNOWN) -> None:
        self.closed = 0
        self.visitor = Visitor(rank, address, self._close)

    def _close(self) -> None:
        self.closed += 1


def filled(slots: Slots, *addresses: str, rank: Rank = Rank.UNKNOWN) -> list[tuple[Guest, Slot]]:
    guests = [Guest(address, rank) for address in addresses]
    return [(guest, slots.take(guest.visitor)) for guest in guests]


def test_among_equals_nobody_loses_a_slot():
    slots = Slots(3, "{most} are here")
    filled(slots, "a", "b", "c")
    for late in ("a", "d"):
        with pytest.raises(Refused, match="3 are here") as refused:
            slots.take(Guest(late).visitor)
        assert refused.value.status == 503
    assert slots.taken == 3


def test_the_address_with_most_slots_loses_one_to_an_address_without():
    slots = Slots(4, "")
    held = filled(slots, "greedy", "greedy", "greedy", "other")
    slots.take(Guest("new").visitor)
    assert [guest.closed for guest, _ in held].count(1) == 1
    assert not held[3][1].is_lost
    assert slots.taken == 4
    slots.take(Guest("another").visitor)
    assert sum(guest.closed for guest, _ in held) == 2
    with pytest.raises(Refused):
        slots.take(Guest("one more").visitor)  # each address has one now


def test_phones_go_before_unknown_clients_and_the_owner_before_all():
    slots = Slots(2, "")
    strangers = filled(slots, "x", "y")
    phones = filled(slots, "x", "x", rank=Rank.PHONE)
    assert all(slot.is_lost for _, slot in strangers)
    with pytest.raises(Refused):
        slots.take(Guest("z").visitor)
    filled(slots, "x", "x", rank=Rank.OWNER)
    assert all(slot.is_lost for _, slot in phones)
    with pytest.raises(Refused):
        slots.take(Guest("z", Rank.PHONE).visitor)


def test_a_slot_is_released_once_and_a_lost_one_never():
    slots = Slots(1, "")
    ((_, lost),) = filled(slots, "x")
    ((_, held),) = filled(slots, "y", rank=Rank.PHONE)
    lost.release()
    assert slots.taken == 1
    held.release()
    held.release()
    assert slots.taken == 0


def test_some_slots_are_never_lost():
    slots = Slots(1, "busy", may_be_lost=False)
    ((guest, slot),) = filled(slots, "x")
    with pytest.raises(Refused, match="busy"):
        slots.take(Guest("y", Rank.OWNER).visitor)
    assert (guest.closed, slot.is_lost) == (0, False)
