"""FakePairing: the paired phones of a box that is not there."""

import secrets
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

from web_ui.ports.errors import ControlRefused, NotThere, PairRefused
from web_ui.ports.limits import CODE_HOURS, GUEST_HOURS, LONGEST_PHONE_NAME, MOST_PHONES, WINDOW_S
from web_ui.ports.pairing import OWNER, PLAYER, ROLES, Entry, Invite, PhoneView
from web_ui.ports.pin import UNKNOWN_CALLER, Caller

FIRST_CODE = "HVSHB-0X123"  # claims the fake box
MAX_WRONG = 5
_HOUR_S = 3600.0


@dataclass(frozen=True, slots=True)
class _Code:
    role: str
    ends: float
    guest: bool


class FakePairing:
    """A PairingPort in memory. One thread at a time.

    everybody: the role of each client that is not paired. "" makes this a box as it comes; "owner" makes everybody the
    owner, for tests and for work on the page that are about something else.
    """

    def __init__(self, everybody: str = "", clock: Callable[[], float] = time.time) -> None:
        self.everybody = everybody
        self.open_play = False
        self.fingerprint = ""  # of the page's certificate
        self._clock = clock
        self._phones: dict[str, PhoneView] = {}  # by session
        self._codes = {FIRST_CODE: _Code(OWNER, float("inf"), False)}
        self._wrong: Counter[str] = Counter()
        self._window_ends = 0.0
        self._asking: set[str] = set()

    def hold_switch(self) -> None:
        """As if somebody held a footswitch: the next phone that asks is let in."""
        self._window_ends = self._clock() + WINDOW_S

    def pair(self, role: str, name: str = "") -> str:
        """A session of one more phone with this role. For tests."""
        return self.let_in(name, role, None, "")

    def entry(self, session: str) -> Entry:
        self._end_guests()
        phone = self._phones.get(session)
        waiting_s = max(0.0, self._window_ends - self._clock()) if phone else 0.0
        if phone is None:
            return Entry(self.everybody, "", self._claimed or bool(self.everybody), self.open_play)
        return Entry(phone.role, phone.id, self._claimed, self.open_play, waiting_s)

    def claim(self, code: str, name: str, caller: Caller = UNKNOWN_CALLER) -> str:
        self._end_guests()
        counted_as = caller.session if caller.session in self._phones else caller.address
        if self._wrong[counted_as] >= MAX_WRONG:
            raise PairRefused("too many wrong codes: wait 2 s and try again", 2.0)
        code = code.replace(" ", "-").upper()
        found = self._codes.get(code)
        if found is None or found.ends <= self._clock():
            self._wrong[counted_as] += 1
            raise PairRefused("this code lets nobody in: it is wrong, or it was used, or its time is over", why="wrong")
        session = self.let_in(name, found.role, found.ends if found.guest else None, caller.session)
        if session != caller.session:
            del self._codes[code]
        return session

    def ask(self, name: str, caller: Caller = UNKNOWN_CALLER) -> str:
        self._asking.add(caller.address)
        if self._clock() >= self._window_ends:
            return ""
        if len(self._asking) > 1:
            raise PairRefused("several phones ask to be let in: scan the box's code instead", why="several")
        self._window_ends = 0.0
        self._asking.clear()
        return self.let_in(name, PLAYER if self._claimed else OWNER, None, caller.session)

    def leave(self, session: str) -> None:
        if session in self._phones:
            self._keep_an_owner(self._phones[session].id)
            del self._phones[session]

    def phones(self, session: str = "") -> tuple[PhoneView, ...]:
        self._end_guests()
        return tuple(replace(phone, here=each == session) for each, phone in self._phones.items())

    def change(self, id: str, *, name: str | None = None, role: str | None = None) -> None:
        session = self._session_of(id)
        phone = self._phones[session]
        if role is not None:
            _check_role(role)
            if role != OWNER:
                self._keep_an_owner(id)
            elif phone.ends is not None:
                raise ControlRefused(f"{phone.name} is a guest: a guest cannot be an owner")
        name = phone.name if name is None else _checked_name(name)
        self._phones[session] = replace(phone, name=name or phone.name, role=role or phone.role)

    def revoke(self, id: str) -> None:
        session = self._session_of(id)
        self._keep_an_owner(id)
        del self._phones[session]

    def invite(self, role: str, hours: float | None, base: str) -> Invite:
        _check_role(role)
        if hours is not None and not GUEST_HOURS[0] <= hours <= GUEST_HOURS[1]:
            raise ControlRefused(f"hours = {hours:g}: {GUEST_HOURS[0]} to {GUEST_HOURS[1]} are allowed")
        if hours is not None and role == OWNER:
            raise ControlRefused("role = 'owner': a guest cannot be an owner")
        code = f"{secrets.randbelow(10**5):05d}-{secrets.randbelow(10**5):05d}"
        ends = self._clock() + _HOUR_S * (CODE_HOURS if hours is None else hours)
        self._codes[code] = _Code(role, ends, hours is not None)
        return Invite(code, self._link(base, code), ("101", "010", "101"), ends, self.fingerprint)

    def _link(self, base: str, code: str) -> str:
        shown = self.fingerprint.replace(":", "").lower()
        return f"{base}#pair={code}&fp={shown}" if shown else f"{base}#pair={code}"

    def set_open_play(self, on: bool) -> None:
        self.open_play = on

    @property
    def _claimed(self) -> bool:
        return any(phone.role == OWNER for phone in self._phones.values())

    def let_in(self, name: str, role: str, ends: float | None, before: str) -> str:
        """A session with this role. before: the phone's last one; "" without. Raises PairRefused, ControlRefused."""
        name = _checked_name(name) or f"Phone {len(self._phones) + 1}"
        old = self._phones.get(before)
        if old is None and len(self._phones) >= MOST_PHONES:
            raise PairRefused(f"{MOST_PHONES} phones are paired, which is the limit: remove one first")
        if old is not None:
            stays_as_long = old.ends is None or (ends is not None and ends <= old.ends)
            if ROLES.index(role) <= ROLES.index(old.role) and stays_as_long:
                return before
            name = old.name
            del self._phones[before]
        session, now = secrets.token_hex(32), self._clock()
        self._phones[session] = PhoneView(old.id if old else secrets.token_hex(4), name, role, now, now, ends, False)
        return session

    def _session_of(self, id: str) -> str:
        for session, phone in self._phones.items():
            if phone.id == id:
                return session
        raise NotThere(f"no phone {id!r} is paired")

    def _keep_an_owner(self, id: str) -> None:
        if [phone.id for phone in self._phones.values() if phone.role == OWNER] == [id]:
            raise ControlRefused("this phone is the last owner: make another phone an owner first")

    def _end_guests(self) -> None:
        now = self._clock()
        self._phones = {s: phone for s, phone in self._phones.items() if phone.ends is None or phone.ends > now}


def _check_role(role: str) -> None:
    if role not in ROLES:
        raise ControlRefused(f"role = {role!r}: {', '.join(ROLES)} are allowed")


def _checked_name(name: str) -> str:
    name = " ".join(name.split())
    if len(name) > LONGEST_PHONE_NAME:
        raise ControlRefused(f"name = {name!r}: at most {LONGEST_PHONE_NAME} characters are allowed")
    return name
