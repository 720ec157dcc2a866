"""Whose request is answered next."""

import pytest

from web_ui import limits
from web_ui.serving.fair_queue import FairQueue
from web_ui.visitors.phones import Rank


class Waiting:
    def __init__(self, address: str, rank: Rank = Rank.UNKNOWN) -> None:
        self.address, self.rank = address, rank


def order(queue: FairQueue) -> list[str]:
    found = []
    while queue:
        channel = queue.popleft()
        found.append(channel.address)
        queue.done(channel.address)
    return found


def test_addresses_take_turns_and_known_phones_alternate_with_others():
    queue = FairQueue()
    for _ in range(3):
        queue.append(Waiting("greedy"))
    queue.append(Waiting("quiet"))
    queue.append(Waiting("phone", Rank.PHONE))
    assert len(queue) == 5
    got = order(queue)
    assert set(got[:3]) == {"greedy", "quiet", "phone"}
    assert got[3:] == ["greedy", "greedy"]
    assert not queue
    assert len(queue) == 0


def test_a_paired_phone_does_not_wait_for_a_crowd_that_has_the_page_open():
    queue = FairQueue()
    for number in range(100):
        queue.append(Waiting(f"crowd {number}", Rank.PHONE))
        queue.append(Waiting(f"others {number}"))
    queue.append(Waiting("owner", Rank.OWNER))
    queue.append(Waiting("player", Rank.PAIRED))
    assert {"owner", "player"} <= set(order(queue)[:6])


def test_an_address_has_a_limit_of_requests_being_answered():
    queue = FairQueue()
    for _ in range(limits.MAX_REQUESTS_PER_ADDRESS + 1):
        queue.append(Waiting("greedy"))
    for _ in range(limits.MAX_REQUESTS_PER_ADDRESS):
        queue.popleft()
    assert not queue
    assert len(queue) == 1
    with pytest.raises(IndexError):
        queue.popleft()
    queue.append(Waiting("quiet"))
    assert queue.popleft().address == "quiet"
    queue.done("greedy")
    assert queue.popleft().address == "greedy"
