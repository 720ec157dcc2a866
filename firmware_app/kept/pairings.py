"""The paired phones and the codes that let further ones in: pairings.json. It has only hashes of sessions and codes.

A phone's session is 256 random bits, so its plain hash tells nothing. A fresh box has a first code, which makes its
owner; it is made anew at every start, until there is an owner. Guests have a term (terms.py). A file that cannot be
read lets nobody in, and nobody play: the first code mends it.
"""

import hashlib
import hmac
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from firmware_app.kept import pairings_file
from firmware_app.kept.guesses import Guesses, counted_as
from firmware_app.kept.pair_codes import hashed, new_code
from firmware_app.kept.pairing_rules import CodeWait, PairingError, WrongCode, check_hours, check_role, checked_name
from firmware_app.kept.pairings_file import Code, Phone
from firmware_app.kept.saver import ANSWER_WITHIN_S, SaveJob
from firmware_app.kept.terms import PREPAID_S, Clocks, Term, running_s
from web_ui.ports.limits import CODE_HOURS, MOST_PHONES
from web_ui.ports.pairing import OWNER, ROLES
from web_ui.ports.pin import UNKNOWN_CALLER, Caller

TRIES_NAME = "pair_tries.json"
LONGEST_WAIT_OF_ALL_S = 60.0  # a code of 50 bits outlasts a try a minute for ever
MOST_CODES = 64  # at a time; the oldest one ends
SEEN_SAVED_S = 3600.0  # when a phone was seen is saved so often
_HOUR_S = 3600.0
# Who runs commands as the box's user can read all that it keeps, and make owners (`hushbox pair`): so it is one.
_THIS_MACHINE = Phone("", "", "this machine", OWNER, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Counted:
    """As whom wrong tries are counted."""

    who: str
    is_paired: bool


class Pairings:
    """Owns pairings.json and pair_tries.json. Any thread; the saver writes `save_job`. `find` waits for nothing."""

    def __init__(self, folder: Path, clocks: Clocks | None = None, monotonic: Callable[[], float] = running_s) -> None:
        """Made before anything else is kept in the folder: one with files of an older version lets anybody play."""
        self._clocks = clocks or Clocks()
        self._monotonic = monotonic
        self._file = pairings_file.file_in(folder)
        self._guesses = Guesses(folder, TRIES_NAME, "wrong codes", monotonic, LONGEST_WAIT_OF_ALL_S)
        self._lock = threading.RLock()
        self._disk = threading.Lock()
        self._is_closing = False
        self._saved_at_s = monotonic()
        self.on_change: Callable[[], None] = lambda: None  # may be told with the lock held
        self.save_job = SaveJob("paired phones", self._write)
        self._content, self.notes, fresh = pairings_file.load(self._file, self._clocks)
        self._by_session: Mapping[str, Phone] = {phone.session: phone for phone in self._content.phones}
        self._seen = {phone.id: phone.seen for phone in self._content.phones}
        self.local_session = secrets.token_hex(32)  # of commands on the box itself, until the next start
        self.first_code = ""
        self._first: Code | None = None
        self._set()
        if fresh:
            self.save_job.changed()

    @property
    def has_owner(self) -> bool:
        return any(phone.role == OWNER for phone in self._content.phones)

    @property
    def is_claimed(self) -> bool:
        """Whether the box has an owner, or had one whom a damaged file has lost."""
        return self.has_owner or self._content.damaged

    @property
    def open_play(self) -> bool:
        return self._content.open_play

    @property
    def phones(self) -> tuple[Phone, ...]:
        """Every paired phone, as seen last, in the order they came."""
        self._end_terms()
        return tuple(replace(phone, seen=self._seen.get(phone.id, phone.seen)) for phone in self._content.phones)

    def find(self, session: str) -> Phone | None:
        """The phone with this session; None when there is none, or its term is over. Also a command's own session."""
        if hmac.compare_digest(session.encode(errors="replace"), self.local_session.encode()):
            return _THIS_MACHINE
        return self._paired(session)

    def _paired(self, session: str) -> Phone | None:
        phone = self._by_session.get(_mark(session)) if session else None
        if phone is None:
            return None
        if phone.term is not None and self._clocks.left_s(phone.term) <= 0:
            self._end_terms()
            return None
        self._seen[phone.id] = self._clocks.wall()
        return phone

    def ends(self, term: Term | None) -> float | None:
        """When a term ends, by the time of day."""
        return None if term is None else self._clocks.wall() + self._clocks.left_s(term)

    def counted(self, caller: Caller) -> Counted:
        """A paired phone is counted as itself, anybody else by the address."""
        phone = self._paired(caller.session)
        return Counted(f"phone {phone.id}", True) if phone else Counted(counted_as(caller.address), False)

    def claim(self, code: str, name: str, caller: Caller = UNKNOWN_CALLER) -> str:
        """Pair a phone by a code and return its session. Raises PairingError, WrongCode, CodeWait."""
        with self._lock:
            counted = self.counted(caller)
            wait_s = self._guesses.wait_s(counted.who, is_paired=counted.is_paired)
            if wait_s > 0:
                raise CodeWait(max(wait_s, 1.0))
            found = self._code(code)
            if found is None:
                self._guesses.wrong(counted.who, is_paired=counted.is_paired)
                raise WrongCode
            self._guesses.right(counted.who)
            session = self._admit(name, found.role, found.term if found.guest else None, caller.session)
            if session != caller.session:
                self._set(codes=tuple(each for each in self._content.codes if each.hash != found.hash))
        self._keep()
        return session

    def let_in(self, name: str, role: str, before: str = "") -> str:
        """Pair a phone without a code, and return its session. before: its last session. Raises PairingError."""
        with self._lock:
            session = self._admit(name, role, None, before)
        self._keep()
        return session

    def leave(self, session: str) -> None:
        """End this session. Raises PairingError for the last owner, or when the next start would bring it back."""
        phone = self._paired(session)
        if phone is not None:
            self.revoke(phone.id)

    def revoke(self, id: str) -> None:
        """End a phone's pairing. Raises PairingError, also when the next start would bring it back; LookupError."""
        with self._lock:
            self._keep_an_owner(self._phone(id))
            self._set(phones=tuple(phone for phone in self._content.phones if phone.id != id))
            self._seen.pop(id, None)
        self._keep("the phone is out until the next start only")

    def change(self, id: str, name: str | None, role: str | None) -> None:
        """Rename a phone or give it another role. Raises PairingError, LookupError."""
        with self._lock:
            phone = self._phone(id)
            if role is not None:
                check_role(role, guest=phone.term is not None)
                if role != OWNER:
                    self._keep_an_owner(phone)
            changed = replace(phone, name=(name and checked_name(name)) or phone.name, role=role or phone.role)
            self._set(phones=tuple(changed if each.id == id else each for each in self._content.phones))
        self._keep("this holds until the next start only")

    def invite(self, role: str, hours: float | None) -> tuple[str, float]:
        """(a code for one more phone, when it ends by the time of day). Raises PairingError."""
        check_hours(hours)
        check_role(role, guest=hours is not None)
        code = new_code()
        term = self._clocks.term(_HOUR_S * (CODE_HOURS if hours is None else hours))
        with self._lock:
            made = Code(self._hashed(code), role, term, hours is not None)
            self._set(codes=(*self._content.codes, made)[-MOST_CODES:])
        self._keep()
        return code, self._clocks.wall() + self._clocks.left_s(term)

    def set_open_play(self, on: bool) -> None:
        """Raises PairingError when the next start would not know."""
        with self._lock:
            self._set(open_play=on)
        self._keep("this holds until the next start only")

    def forget_all(self) -> None:
        """As a box comes: no phone, no code but a new first one. Raises PairingError when a start would undo it."""
        with self._lock:
            self._set(phones=(), codes=(), open_play=False, damaged=False)
            self._seen.clear()
            self._guesses.clear()
        self._keep("the phones are out until the next start only")

    def tick(self) -> None:
        """Save now and then what changes by itself: when phones were seen, how long guests may stay. Any thread."""
        self._end_terms()
        since_s = self._monotonic() - self._saved_at_s
        terms = any(phone.term for phone in self._content.phones) or self._content.codes
        if since_s >= (PREPAID_S if terms else SEEN_SAVED_S) and self._content.phones:
            self._saved_at_s = self._monotonic()
            self.save_job.changed()

    def close(self) -> None:
        """The box ends in good order: the last save is exact. Before the saver's end."""
        self._is_closing = True
        self.save_job.changed()

    # --- with the lock ---

    def _code(self, told: str) -> Code | None:
        """The code that is meant. Looks at each, so that the time says nothing."""
        self._end_terms()
        mark, found = self._hashed(told), None
        for code in (*self._content.codes, *([self._first] if self._first else [])):
            if hmac.compare_digest(mark, code.hash):
                found = code
        return found

    def _hashed(self, code: str) -> str:
        return hashed(code, bytes.fromhex(self._content.salt))

    def _admit(self, name: str, role: str, term: Term | None, before: str) -> str:
        """A session with this role and term. A paired phone keeps its place; never its role with another's term."""
        old = self._paired(before)
        if old is None and len(self.phones) >= MOST_PHONES:
            raise PairingError(f"{MOST_PHONES} phones are paired, which is the limit: remove one first")
        if old is not None and ROLES.index(role) <= ROLES.index(old.role) and self._stays_as_long(old, term):
            return before
        session, now = secrets.token_hex(32), self._clocks.wall()
        if old is None:
            fresh = Phone(self._new_id(), _mark(session), self._name(name), role, now, now, term)
            self._set(phones=(*self._content.phones, fresh))
        else:
            fresh = replace(old, session=_mark(session), role=role, term=term)
            self._set(phones=tuple(fresh if each.id == old.id else each for each in self._content.phones))
        self._seen[fresh.id] = now
        return session

    def _stays_as_long(self, phone: Phone, term: Term | None) -> bool:
        """Whether the phone may stay as long as this term lasts."""
        left_s = self._clocks.left_s
        return phone.term is None or (term is not None and left_s(term) <= left_s(phone.term))

    def _new_id(self) -> str:
        taken = {phone.id for phone in self._content.phones}
        return next(id for id in iter(lambda: secrets.token_hex(4), "") if id not in taken)

    def _name(self, name: str) -> str:
        taken = {phone.name for phone in self._content.phones}
        numbered = (f"Phone {number}" for number in range(1, MOST_PHONES + 2))
        return checked_name(name) or next(each for each in numbered if each not in taken)

    def _phone(self, id: str) -> Phone:
        self._end_terms()
        for phone in self._content.phones:
            if phone.id == id:
                return phone
        raise LookupError(f"no phone {id[:40]!r} is paired")

    def _keep_an_owner(self, phone: Phone) -> None:
        if [each for each in self._content.phones if each.role == OWNER] == [phone]:
            raise PairingError("this phone is the last owner: make another phone an owner first")

    def _end_terms(self) -> None:
        """Take guests and codes out whose term is over."""
        left_s = self._clocks.left_s
        with self._lock:
            phones = tuple(each for each in self._content.phones if each.term is None or left_s(each.term) > 0)
            codes = tuple(each for each in self._content.codes if each.term is None or left_s(each.term) > 0)
            if (len(phones), len(codes)) == (len(self._content.phones), len(self._content.codes)):
                return
            self._set(phones=phones, codes=codes)
        self.save_job.changed()
        self.on_change()

    def _set(self, **values: object) -> None:
        self._content = replace(self._content, **values)  # type: ignore[arg-type]
        self._by_session = {phone.session: phone for phone in self._content.phones}
        if self.has_owner:
            self.first_code, self._first = "", None
            self._content = replace(self._content, damaged=False)
        elif self._first is None:
            self.first_code = new_code()
            self._first = Code(self._hashed(self.first_code), OWNER, None, guest=False)

    # --- without it ---

    def _keep(self, until: str = "") -> None:
        """Have it on disk before the answer. until: what to say when that fails; "": the saver's warning will do."""
        self.save_job.changed()
        self.on_change()
        problem = self.save_job.wait(ANSWER_WITHIN_S)
        if problem and until:
            raise PairingError(f"{until}: {problem}")

    def _write(self) -> str:
        with self._disk:
            content = replace(self._content, phones=self.phones)
            pairings_file.save(self._file, content, self._clocks, exact=self._is_closing)
            return self._file.problem


def _mark(session: str) -> str:
    """The hash of a session, as pin.json of earlier versions had it too."""
    return hashlib.sha256(f"hushbox session {session}".encode(errors="replace")).hexdigest()
