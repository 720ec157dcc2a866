"""FakePin: the PIN of a box that is not there."""

import secrets
from collections import Counter

from web_ui.ports.errors import PinRefused
from web_ui.ports.limits import PIN_DIGITS
from web_ui.ports.pin import UNKNOWN_CALLER, Caller, PinView

MAX_WRONG = 5


class FakePin:
    """A PinPort in memory."""

    def __init__(self) -> None:
        self._pin = ""
        self._sessions: set[str] = set()
        self._devices: set[str] = set()  # every session there ever was: each shows a device that has known the PIN
        self._wrong: Counter[str] = Counter()

    def view(self) -> PinView:
        return PinView(bool(self._pin), False)

    def unlock(self, pin: str, caller: Caller = UNKNOWN_CALLER) -> str:
        self._check(pin, caller)
        return self._session()

    def lock(self, session: str) -> None:
        self._sessions.discard(session)

    def knows(self, session: str) -> bool:
        return not self._pin or session in self._sessions

    def change(self, pin: str, old: str, caller: Caller = UNKNOWN_CALLER) -> str:
        if pin and not (pin.isascii() and pin.isdigit() and PIN_DIGITS[0] <= len(pin) <= PIN_DIGITS[1]):
            raise PinRefused(f"a PIN has {PIN_DIGITS[0]} to {PIN_DIGITS[1]} digits")
        self._check(old, caller)
        self._pin = pin
        self._sessions.clear()
        return self._session()

    def _check(self, pin: str, caller: Caller) -> None:
        if not self._pin:
            return
        counted_as = caller.session if caller.session in self._devices else caller.address
        if self._wrong[counted_as] >= MAX_WRONG:
            raise PinRefused("too many wrong PINs: wait 2 s and try again", 2.0)
        if not secrets.compare_digest(pin.encode(), self._pin.encode()):
            self._wrong[counted_as] += 1
            raise PinRefused("this is not the PIN")
        self._wrong[counted_as] = 0

    def _session(self) -> str:
        if not self._pin:
            return ""
        session = secrets.token_hex(16)
        self._sessions.add(session)
        self._devices.add(session)
        return session
