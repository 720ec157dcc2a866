"""What is allowed of phones, roles and codes, and the errors that say so."""

from firmware_app.errors import AppError
from web_ui.ports.limits import GUEST_HOURS, LONGEST_PHONE_NAME
from web_ui.ports.pairing import OWNER, ROLES


class PairingError(AppError, ValueError):
    """What cannot be done with a phone, a role or a code."""


class WrongCode(PairingError):
    """A code that lets nobody in. The same for a wrong, a used and an ended one."""

    def __init__(self) -> None:
        super().__init__("this code lets nobody in: it is wrong, or it was used, or its time is over")


class CodeWait(PairingError):
    """Too many wrong codes. seconds: until the next try."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"too many wrong codes: wait {seconds:.0f} s and try again")
        self.seconds = seconds


def check_role(role: str, *, guest: bool) -> None:
    """Raises PairingError for a role that there is not, or that a guest cannot have."""
    if role not in ROLES:
        raise PairingError(f"role = {role[:40]!r}: {', '.join(ROLES)} are allowed")
    if guest and role == OWNER:
        raise PairingError("role = 'owner': a guest cannot be an owner")


def checked_name(name: str) -> str:
    """A phone's name without needless spaces. Raises PairingError."""
    name = " ".join(name.split())
    if len(name) > LONGEST_PHONE_NAME:
        raise PairingError(f"name = {name[:60]!r}: at most {LONGEST_PHONE_NAME} characters are allowed")
    return name


def check_hours(hours: float | None) -> None:
    """Raises PairingError for a guest's hours that are too few or too many."""
    if hours is not None and not GUEST_HOURS[0] <= hours <= GUEST_HOURS[1]:
        raise PairingError(f"hours = {hours:g}: {GUEST_HOURS[0]} to {GUEST_HOURS[1]} are allowed")
