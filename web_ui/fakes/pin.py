"""FakePin: the PIN of a box that is not there."""

import secrets
from collections import Counter

from web_ui.fakes.pairing import FakePairing
from web_ui.ports.errors import PinRefused
from web_ui.ports.limits import PIN_DIGITS
from web_ui.ports.pairing import ENGINEER
from web_ui.ports.pin import UNKNOWN_CALLER, Caller, PinView

MAX_WRONG = 5


class FakePin:
    """A PinPort in memory. pairing: where a phone with the right PIN gets in."""

    def __init__(self, pairing: FakePairing) -> None:
        self._pairing = pairing
        self._pin = ""
        self._wrong: Counter[str] = Counter()

    def view(self) -> PinView:
        return PinView(bool(self._pin))

    def unlock(self, pin: str, name: str = "", caller: Caller = UNKNOWN_CALLER) -> str:
        if not self._pin:
            raise PinRefused("no PIN is set: ask an owner for a link")
        self._check(pin, caller)
        return self._pairing.let_in(name, ENGINEER, None, caller.session)

    def change(self, pin: str, old: str, caller: Caller = UNKNOWN_CALLER) -> None:
        if pin and not (pin.isascii() and pin.isdigit() and PIN_DIGITS[0] <= len(pin) <= PIN_DIGITS[1]):
            raise PinRefused(f"a PIN has {PIN_DIGITS[0]} to {PIN_DIGITS[1]} digits")
        if self._pin:
            self._check(old, caller)
        self._pin = pin

    def _check(self, pin: str, caller: Caller) -> None:
        counted_as = caller.session if self._pairing.entry(caller.session).phone_id else caller.address
        if self._wrong[counted_as] >= MAX_WRONG:
            raise PinRefused("too many wrong PINs: wait 2 s and try again", 2.0)
        if not secrets.compare_digest(pin.encode(), self._pin.encode()):
            self._wrong[counted_as] += 1
            raise PinRefused("this is not the PIN")
        self._wrong[counted_as] = 0
