"""RealPin: the PIN, over BoxSetup's Pin and Pairings."""

from firmware_app.kept.pairing_rules import PairingError
from firmware_app.kept.pin import PinError, PinWait
from firmware_app.setup.box import BoxSetup
from web_ui.ports.errors import PinRefused
from web_ui.ports.pairing import ENGINEER
from web_ui.ports.pin import UNKNOWN_CALLER, Caller, PinView


class RealPin:
    """Implements PinPort. Any thread."""

    def __init__(self, box: BoxSetup) -> None:
        self._box = box

    def view(self) -> PinView:
        return PinView(self._box.pin.is_set)

    def unlock(self, pin: str, name: str = "", caller: Caller = UNKNOWN_CALLER) -> str:
        try:
            self._box.pin.check(pin, self._box.pairings.counted(caller))
            return self._box.pairings.let_in(name, ENGINEER, caller.session)
        except (PinError, PairingError) as error:
            raise _refused(error) from None

    def change(self, pin: str, old: str, caller: Caller = UNKNOWN_CALLER) -> None:
        counted = self._box.pairings.counted(caller)
        try:
            if pin:
                self._box.pin.set(pin, old, counted)
            else:
                self._box.pin.remove(old, counted)
        except PinError as error:
            raise _refused(error) from None
        finally:
            self._box.changed()


def _refused(error: PinError | PairingError) -> PinRefused:
    return PinRefused(str(error), error.seconds if isinstance(error, PinWait) else 0.0)
