"""The PIN by which a phone gets in as an engineer. The state folder has only its salted scrypt hash.

`hushbox pin --clear` on the box removes a forgotten PIN. Wrong ones are counted (guesses.py). Whom a right one lets in,
pairings.py knows; in earlier versions this file had the sessions that the PIN had opened.
"""

import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from firmware_app.errors import AppError
from firmware_app.kept.guesses import Guesses
from firmware_app.kept.kept_file import KeptFile
from firmware_app.kept.pairings import Counted
from web_ui.ports.limits import PIN_DIGITS

NAME = "pin.json"
TRIES_NAME = "pin_tries.json"
_COST = {"n": 2**14, "r": 8, "p": 1}  # 16 MB and some 50 ms on a Raspberry Pi 4
_NOBODY = Counted("address", is_paired=False)


class PinError(AppError, ValueError):
    """A PIN that is not allowed, or is wrong."""


class PinWait(PinError):
    """Too many wrong PINs. seconds: until the next try."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"too many wrong PINs: wait {seconds:.0f} s and try again")
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class _Kept:
    """The file, in hexadecimal digits."""

    salt: str
    hash: str


class Pin:
    """Owns pin.json. Any thread; checking a PIN takes as long as scrypt (50 ms), one at a time."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        # Schema 1 had a key for making sessions, schema 2 sessions. Both stay in the file until the PIN changes.
        migrations = {schema: lambda body: body for schema in (1, 2)}
        self._file = KeptFile(folder, NAME, 3, "pin", "PIN", migrations, private=True)
        self._folder, self._clock = folder, clock
        self._guesses = self._counts()
        self._lock = threading.Lock()

    @property
    def is_set(self) -> bool:
        return self._file.path.exists() or self._file.previous.exists()

    def check(self, pin: str, counted: Counted = _NOBODY) -> None:
        """Raises PinError for a wrong PIN, and while none is set; PinWait."""
        with self._lock:
            if not self.is_set:
                raise PinError("no PIN is set: ask an owner for a link")
            self._check(pin, counted)

    def set(self, pin: str, old: str = "", counted: Counted = _NOBODY) -> None:
        """Set a PIN, or change it if `old` is right. Raises PinError."""
        if not (pin.isascii() and pin.isdigit() and PIN_DIGITS[0] <= len(pin) <= PIN_DIGITS[1]):
            raise PinError(f"a PIN has {PIN_DIGITS[0]} to {PIN_DIGITS[1]} digits")
        with self._lock:
            if self.is_set:
                self._check(old, counted)
            else:
                self._guesses = self._counts()  # a command may have removed the file of counts
            salt = secrets.token_bytes(16)
            if not self._file.save(asdict(_Kept(salt.hex(), _hash(pin, salt).hex()))):
                raise PinError(self._file.problem)
            # From the version before, an old PIN could come back.
            self._file.previous.unlink(missing_ok=True)

    def clear(self) -> bool:
        """Remove the PIN without knowing it, for the command on the box itself. Returns whether there was one."""
        with self._lock:
            there = self.is_set
            for path in (self._file.path, self._file.previous):
                path.unlink(missing_ok=True)
            self._guesses.clear()
            return there

    def remove(self, old: str, counted: Counted = _NOBODY) -> None:
        """Remove the PIN if `old` is right. Raises PinError."""
        with self._lock:
            if self.is_set:
                self._check(old, counted)
        self.clear()

    def _check(self, pin: str, counted: Counted) -> None:
        """With the lock, so that simultaneous tries are counted one by one."""
        kept = self._kept()
        if kept is None:
            raise PinError(f"{self._file.path} cannot be read: `hushbox pin --clear` on the box removes it")
        wait_s = self._guesses.wait_s(counted.who, is_paired=counted.is_paired)
        if wait_s > 0:
            raise PinWait(max(wait_s, 1.0))
        if not hmac.compare_digest(_hash(pin[:64], bytes.fromhex(kept.salt)).hex(), kept.hash):
            self._guesses.wrong(counted.who, is_paired=counted.is_paired)
            raise PinError("this is not the PIN")
        self._guesses.right(counted.who)

    def _counts(self) -> Guesses:
        return Guesses(self._folder, TRIES_NAME, "wrong PINs", self._clock)

    def _kept(self) -> _Kept | None:
        """None without a PIN, or when the file cannot be read, which opens nothing."""
        body = self._file.load(look_only=True).body or {}
        salt, hashed = body.get("salt"), body.get("hash")
        return _Kept(str(salt), str(hashed)) if _is_hex(salt) and _is_hex(hashed) else None


def _is_hex(text: object) -> bool:
    try:
        return isinstance(text, str) and len(bytes.fromhex(text)) >= 16
    except ValueError:
        return False


def _hash(pin: str, salt: bytes) -> bytes:
    return hashlib.scrypt(pin.encode(), salt=salt, dklen=32, maxmem=64 << 20, **_COST)
