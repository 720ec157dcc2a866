"""Counts wrong PINs or codes, also over restarts, so that a stranger runs out of tries and the owner does not.

Each address has a budget; of IPv6 each network of 64 bits, because a phone there has as many addresses as it likes. All
addresses together have another, so that using many does not help. A paired phone has a budget of its own instead:
strangers cannot use up an owner's tries.
"""

import ipaddress
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from firmware_app.kept.kept_file import KeptFile
from firmware_app.said_once import SaidOnce

log = logging.getLogger(__name__)

ALL = "all addresses"
NETWORK = "network "  # begins the name of one
FREE_TRIES = 5  # wrong ones of an address or a phone, before each makes it wait longer
FREE_TRIES_OF_ALL = 20  # of all addresses together
LONGEST_WAIT_S = 60.0
PATIENCE_ENDS = 20  # wrong ones up to which LONGEST_WAIT_S holds; then LAST_WAIT_S
LAST_WAIT_S = 600.0  # 144 tries a day: 4 digits last for a month on average
FORGIVEN_S = 600.0  # after each of these, one wrong try is forgotten, while the box runs
_MOST_KEPT = 256


@dataclass(slots=True)
class _Count:
    wrong: int
    since: float  # from when the next one is forgiven
    closed_until: float = 0.0


class Guesses:
    """Owns one file of counts. With the lock of the PIN or the codes held."""

    def __init__(
        self,
        folder: Path,
        name: str,
        what: str,
        clock: Callable[[], float] = time.monotonic,
        longest_of_all_s: float = LAST_WAIT_S,
    ) -> None:
        """name: of the file. what: in words ("wrong PINs"). longest_of_all_s: the last wait of all, and of a network.

        A long code may have a short one: it is not found anyway, and who has the right one waits for the others' tries.
        """
        self._file = KeptFile(folder, name, 1, "wrong", what, private=True)
        self._what = what
        self._longest_of_all_s = longest_of_all_s
        self._clock = clock
        self._said = SaidOnce(log)
        self._counts: dict[str, _Count] = {}
        for note in (kept := self._file.load()).notes:
            log.warning("%s", note)
        for who, wrong in (kept.body or {}).items():
            if type(wrong) is int and 0 < wrong <= 10**6:
                # The rest of a wait is unknown, because the clock may have been set: it starts over.
                self._counts[who] = _Count(wrong, clock())
                self._close(who)

    def wait_s(self, who: str, *, is_paired: bool) -> float:
        """Seconds until `who` may try again; 0: at once."""
        budgets = (who,) if is_paired else (who, ALL)
        return max(0.0, *(self._now(budget).closed_until - self._clock() for budget in budgets))

    def wrong(self, who: str, *, is_paired: bool) -> None:
        """Count one more; it is on disk before the answer."""
        for budget in (who,) if is_paired else (who, ALL):
            count = self._now(budget)
            count.wrong += 1
            self._counts[budget] = count
            self._close(budget)
        self._save()

    def right(self, who: str) -> None:
        """The guess was right: `who` starts over. The budget of all addresses together stays as it is."""
        if self._counts.pop(who, None) is not None:
            self._save()

    def clear(self) -> None:
        """Forget all counts: there is nothing to guess any more."""
        self._counts = {}
        for path in (self._file.path, self._file.previous):
            path.unlink(missing_ok=True)

    def _now(self, who: str) -> _Count:
        count = self._counts.get(who) or _Count(0, self._clock())
        forgiven = int((self._clock() - count.since) / FORGIVEN_S)
        if forgiven > 0:
            count.wrong = max(0, count.wrong - forgiven)
            count.since += forgiven * FORGIVEN_S
        return count

    def _close(self, who: str) -> None:
        count = self._counts[who]
        over = count.wrong - (FREE_TRIES_OF_ALL if who == ALL else FREE_TRIES)
        if over >= 0:
            last_s = self._longest_of_all_s if who == ALL or who.startswith(NETWORK) else LAST_WAIT_S
            longest = LONGEST_WAIT_S if count.wrong <= PATIENCE_ENDS else last_s
            count.closed_until = self._clock() + min(2.0 ** min(over + 1, 20), longest)

    def _save(self) -> None:
        kept = {who: self._now(who).wrong for who in self._counts}
        worst = sorted((who for who, wrong in kept.items() if wrong), key=lambda who: (who != ALL, -kept[who]))
        self._counts = {who: self._counts[who] for who in worst[:_MOST_KEPT]}
        if not self._file.save({who: kept[who] for who in self._counts}):
            self._said.warn(f"{self._file.problem}: a restart would forget how many {self._what} were told")


def counted_as(address: str) -> str:
    """As what an address is counted: "address 192.0.2.1", "network 2001:db8::/64"."""
    try:
        found = ipaddress.ip_address(address.split("%", 1)[0])
    except ValueError:
        return f"address {address[:60]}"
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is None:
            return f"{NETWORK}{ipaddress.ip_network((found, 64), strict=False)}"
        found = found.ipv4_mapped
    return f"address {found}"
