"""RealPairing: the paired phones, over BoxSetup's Pairings and Presence."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from firmware_app.kept.pairing_rules import CodeWait, PairingError, WrongCode
from firmware_app.page import address
from firmware_app.setup.box import BoxSetup
from firmware_app.setup.presence import SeveralAsk
from web_ui.ports.errors import ControlRefused, NotThere, PairRefused
from web_ui.ports.pairing import NOBODY, OWNER, PLAYER, Entry, Invite, PhoneView
from web_ui.ports.pin import UNKNOWN_CALLER, Caller

log = logging.getLogger(__name__)


class RealPairing:
    """Implements PairingPort. Any thread."""

    def __init__(self, box: BoxSetup) -> None:
        self._box = box
        self._kept = box.pairings

    def entry(self, session: str) -> Entry:
        phone, kept = self._kept.find(session), self._kept
        if phone is None:
            return Entry(NOBODY, "", kept.is_claimed, kept.open_play)
        return Entry(phone.role, phone.id, kept.is_claimed, kept.open_play, self._box.presence.waiting_s)

    def claim(self, code: str, name: str, caller: Caller = UNKNOWN_CALLER) -> str:
        try:
            session = self._kept.claim(code, name, caller)
        except PairingError as error:
            wait_s = error.seconds if isinstance(error, CodeWait) else 0.0
            raise PairRefused(str(error), wait_s, "wrong" if isinstance(error, WrongCode) else "") from None
        self._tell(session, "a code")
        return session

    def ask(self, name: str, caller: Caller = UNKNOWN_CALLER) -> str:
        try:
            if not self._box.presence.ask(caller.address):
                return ""
            session = self._kept.let_in(name, PLAYER if self._kept.has_owner else OWNER, caller.session)
        except PairingError as error:
            raise PairRefused(str(error), why="several" if isinstance(error, SeveralAsk) else "") from None
        self._tell(session, "the footswitch")
        return session

    def leave(self, session: str) -> None:
        with _refusing():
            self._kept.leave(session)

    def phones(self, session: str = "") -> tuple[PhoneView, ...]:
        here = self._kept.find(session)
        return tuple(
            PhoneView(
                phone.id, phone.name, phone.role, phone.since, phone.seen, self._kept.ends(phone.term),
                here is not None and here.id == phone.id,
            )
            for phone in self._kept.phones
        )  # fmt: skip

    def change(self, id: str, *, name: str | None = None, role: str | None = None) -> None:
        with _refusing():
            self._kept.change(id, name, role)

    def revoke(self, id: str) -> None:
        with _refusing():
            self._kept.revoke(id)

    def invite(self, role: str, hours: float | None, base: str) -> Invite:
        with _refusing():
            code, ends = self._kept.invite(role, hours)
        fingerprint = self._box.page_fingerprint()
        link = address.opening(base, code, fingerprint)
        return Invite(code, link, address.qr_rows(link), ends, fingerprint)

    def set_open_play(self, on: bool) -> None:
        with _refusing():
            self._kept.set_open_play(on)

    def _tell(self, session: str, by: str) -> None:
        phone = self._kept.find(session)
        if phone is not None:
            log.info("a phone is paired as %s by %s: %s", phone.role, by, phone.name)


@contextmanager
def _refusing() -> Iterator[None]:
    """The store's errors as the port's."""
    try:
        yield
    except PairingError as error:
        raise ControlRefused(str(error)) from None
    except LookupError as error:
        raise NotThere(str(error)) from None
