"""The PIN that guards everything but Play. The state folder has only its salted scrypt hash.

`hushbox pin --clear` on the box removes a forgotten PIN; the page sees that at once, because it reads the file for
every request. A phone that sends the right PIN gets a session: a random text of which the file has only the hash, so
reading the file opens nothing. A session survives a restart. It ends with the PIN, or when its phone logs out. Even
then the file knows the phone as one that has had the PIN, for its budget of wrong tries (pin_tries.py).
"""

import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from firmware_app.errors import AppError
from firmware_app.kept import pin_tries
from firmware_app.kept.kept_file import KeptFile
from firmware_app.kept.pin_tries import Tries
from web_ui.ports.limits import PIN_DIGITS
from web_ui.ports.pin import UNKNOWN_CALLER, Caller

NAME = "pin.json"
MOST_SESSIONS = 64  # the oldest one ends
_COST = {"n": 2**14, "r": 8, "p": 1}  # 16 MB and some 50 ms on a Raspberry Pi 4


class PinError(AppError, ValueError):
    """A PIN that is not allowed, or is wrong."""


class PinWait(PinError):
    """Too many wrong PINs. seconds: until the next try."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"too many wrong PINs: wait {seconds:.0f} s and try again")
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class _Kept:
    """The file. sessions, devices: hashes; a device is a phone that once got a session."""

    salt: str
    hash: str
    sessions: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()


class Pin:
    """Owns pin.json. Any thread; checking a PIN takes as long as scrypt (50 ms), one at a time."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        # Schema 1 had a key for making sessions, which is not used any more.
        self._file = KeptFile(folder, NAME, 2, "pin", "PIN", {1: lambda body: body}, private=True)
        self._tries = Tries(folder, clock)
        self._lock = threading.Lock()
        self._in_memory: dict[str, str] = {}  # sessions that could not be written, and the salt of their PIN
        self._ended: set[str] = set()  # those that could not be taken out of the file

    @property
    def is_set(self) -> bool:
        return self._file.path.exists() or self._file.previous.exists()

    def unlock(self, pin: str, caller: Caller = UNKNOWN_CALLER) -> str:
        """A new session for the right PIN; "" while none is set. Raises PinError, PinWait."""
        with self._lock:
            self._check(pin, caller)
            return self._session(caller)

    def knows(self, session: str) -> bool:
        """Whether this session belongs to the present PIN. True for any session while none is set."""
        if not self.is_set:
            return True
        kept, mark = self._kept(), _mark(session)
        if kept is None or mark in self._ended:
            return False
        return mark in kept.sessions or self._in_memory.get(mark) == kept.salt

    def lock(self, session: str) -> None:
        """End this session. Raises PinError when it could not be saved: then the next start brings it back."""
        with self._lock:
            kept, mark = self._kept(), _mark(session)
            self._in_memory.pop(mark, None)
            if kept is not None and mark in kept.sessions:
                self._ended.add(mark)
                self._save(replace(kept, sessions=_without(kept.sessions, mark)))
                self._ended.discard(mark)

    def set(self, pin: str, old: str = "", caller: Caller = UNKNOWN_CALLER) -> str:
        """Set a PIN, or change it if `old` is right. Ends all sessions and returns a new one. Raises PinError."""
        if not (pin.isascii() and pin.isdigit() and PIN_DIGITS[0] <= len(pin) <= PIN_DIGITS[1]):
            raise PinError(f"a PIN has {PIN_DIGITS[0]} to {PIN_DIGITS[1]} digits")
        with self._lock:
            devices: tuple[str, ...] = ()
            if self.is_set:
                self._check(old, caller)
                kept = self._kept()
                devices = kept.devices if kept else ()
            else:
                self._tries.clear()
            salt = secrets.token_bytes(16)
            self._save(_Kept(salt.hex(), _hash(pin, salt).hex(), (), devices))
            return self._session(caller)

    def clear(self) -> bool:
        """Remove the PIN without knowing it, for the command on the box itself. Returns whether there was one."""
        with self._lock:
            there = self.is_set
            for path in (self._file.path, self._file.previous):
                path.unlink(missing_ok=True)
            pin_tries.forget(self._file.path.parent)
            return there

    def remove(self, old: str, caller: Caller = UNKNOWN_CALLER) -> None:
        """Remove the PIN if `old` is right. Raises PinError."""
        with self._lock:
            self._check(old, caller)
        self.clear()

    def _check(self, pin: str, caller: Caller) -> None:
        """With the lock, so that simultaneous tries are counted one by one."""
        if not self.is_set:
            return
        kept = self._kept()
        if kept is None:
            raise PinError(f"{self._file.path} cannot be read: `hushbox pin --clear` on the box removes it")
        mark = _mark(caller.session)
        is_device = mark in kept.devices or mark in self._in_memory
        who = f"device {mark[:16]}" if is_device else f"address {caller.address}"
        wait_s = self._tries.wait_s(who, is_device=is_device)
        if wait_s > 0:
            raise PinWait(max(wait_s, 1.0))
        if not hmac.compare_digest(_hash(pin[:64], bytes.fromhex(kept.salt)).hex(), kept.hash):
            self._tries.wrong(who, is_device=is_device)
            raise PinError("this is not the PIN")
        self._tries.right(who)

    def _session(self, caller: Caller) -> str:
        """A new session, in place of the caller's old one."""
        kept = self._kept()
        if kept is None:
            return ""
        session, before = secrets.token_hex(24), _mark(caller.session)
        mark = _mark(session)
        sessions = (*_without(kept.sessions, before), mark)[-MOST_SESSIONS:]
        devices = (*_without(kept.devices, before), mark)[-MOST_SESSIONS:]
        try:
            self._save(replace(kept, sessions=sessions, devices=devices))
        except PinError:  # with the right PIN a box can be set up even if its disk is full
            self._in_memory[mark] = kept.salt
        return session

    def _save(self, kept: _Kept) -> None:
        """Raises PinError."""
        if not self._file.save({**asdict(kept), "sessions": list(kept.sessions), "devices": list(kept.devices)}):
            raise PinError(self._file.problem)
        # From the version before, an old PIN could come back.
        self._file.previous.unlink(missing_ok=True)

    def _kept(self) -> _Kept | None:
        """None without a PIN, or when the file cannot be read, which opens nothing."""
        body = self._file.load(look_only=True).body or {}
        salt, hashed = body.get("salt"), body.get("hash")
        if not (_is_hex(salt) and _is_hex(hashed)):
            return None
        return _Kept(str(salt), str(hashed), _marks(body.get("sessions")), _marks(body.get("devices")))


def _mark(session: str) -> str:
    """The hash of a session. A session is too long to be guessed from it."""
    return hashlib.sha256(f"hushbox session {session}".encode()).hexdigest()


def _without(marks: Iterable[str], mark: str) -> tuple[str, ...]:
    return tuple(each for each in marks if each != mark)


def _marks(listed: object) -> tuple[str, ...]:
    return tuple(each for each in listed if _is_hex(each)) if isinstance(listed, list) else ()


def _is_hex(text: object) -> bool:
    try:
        return isinstance(text, str) and len(bytes.fromhex(text)) >= 16
    except ValueError:
        return False


def _hash(pin: str, salt: bytes) -> bytes:
    return hashlib.scrypt(pin.encode(), salt=salt, dklen=32, maxmem=64 << 20, **_COST)
