"""RealPin: the PIN and its sessions, over BoxSetup's Pin."""

from firmware_app.kept.pin import PinError, PinWait
from firmware_app.setup.box import BoxSetup
from web_ui.ports.errors import ControlRefused, PinRefused
from web_ui.ports.pin import UNKNOWN_CALLER, Caller, PinView


class RealPin:
    """Implements PinPort. Any thread."""

    def __init__(self, box: BoxSetup, simulated: bool) -> None:
        """simulated: this is no box of its own, so no PIN is wanted."""
        self._box = box
        self._is_simulated = simulated

    def view(self) -> PinView:
        in_force = self._box.pin.is_set
        return PinView(in_force, not in_force and not self._is_simulated)

    def unlock(self, pin: str, caller: Caller = UNKNOWN_CALLER) -> str:
        try:
            return self._box.pin.unlock(pin, caller)
        except PinError as error:
            raise _refused(error) from None

    def knows(self, session: str) -> bool:
        return self._box.pin.knows(session)

    def lock(self, session: str) -> None:
        try:
            self._box.pin.lock(session)
        except PinError as error:
            raise ControlRefused(f"logged out until the next start only: {error}") from None

    def change(self, pin: str, old: str, caller: Caller = UNKNOWN_CALLER) -> str:
        try:
            if pin:
                return self._box.pin.set(pin, old, caller)
            self._box.pin.remove(old, caller)
        except PinError as error:
            raise _refused(error) from None
        finally:
            self._box.changed()
        return ""


def _refused(error: PinError) -> PinRefused:
    return PinRefused(str(error), error.seconds if isinstance(error, PinWait) else 0.0)
