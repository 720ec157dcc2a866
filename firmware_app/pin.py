"""The PIN that guards everything but Play: kept as a salted scrypt hash in the state folder, never as itself.

`hushbox pin --clear` on the box takes a forgotten one away; the page sees that at once, for the file is looked at with
every question. Who has told the PIN gets a session: the PIN's own key over a random number, so that sessions outlive a
restart, and end with the PIN.
"""

import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path

from firmware_app.errors import AppError
from firmware_app.kept_file import KeptFile

NAME = "pin.json"
FREE_TRIES = 5  # wrong ones before it takes longer and longer
LONGEST_WAIT_S = 60.0
_COST = {"n": 2**14, "r": 8, "p": 1}  # 16 MB and some 50 ms on a Raspberry Pi 4
_LENGTHS = range(4, 13)


class PinError(AppError, ValueError):
    """A PIN that cannot be, or is not the one."""


class PinWait(PinError):
    """Too many wrong ones. seconds: until the next try."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"too many wrong PINs: wait {seconds:.0f} s and try again")
        self.seconds = seconds


class Pin:
    """Owns pin.json. Any thread; asking takes as long as scrypt does, one at a time."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._file = KeptFile(folder, NAME, 1, "pin", "PIN", private=True)
        self._lock = threading.Lock()
        self._clock = clock
        self._wrong = 0
        self._closed_until = 0.0

    @property
    def is_set(self) -> bool:
        return self._kept() is not None

    def unlock(self, pin: str) -> str:
        """A session for who knows the PIN. Raises PinError, PinWait."""
        with self._lock:
            self._check(pin)
            return self._session()

    def knows(self, session: str) -> bool:
        """Whether this session was given out under the PIN in force. Always so while none is set."""
        kept = self._kept()
        if kept is None:
            return True
        number, _, proof = session.partition(".")
        return bool(kept) and hmac.compare_digest(_proof(kept["key"], number).encode(), proof.encode())

    def set(self, pin: str, old: str = "") -> str:
        """Set it, or another one when `old` is the PIN now. Ends every session; returns a new one. Raises PinError."""
        if not (pin.isascii() and pin.isdigit() and len(pin) in _LENGTHS):
            raise PinError(f"a PIN has {_LENGTHS[0]} to {_LENGTHS[-1]} digits")
        with self._lock:
            if self._kept() is not None:
                self._check(old)
            salt = secrets.token_bytes(16)
            body = {"salt": salt.hex(), "hash": _hash(pin, salt).hex(), "key": secrets.token_hex(32)}
            if not self._file.save(body):
                raise PinError(self._file.problem)
            # The version before would bring an old PIN back.
            self._file.previous.unlink(missing_ok=True)
            return self._session()

    def clear(self) -> bool:
        """Take the PIN away, whoever knows it: for who has the box itself. Returns whether there was one."""
        with self._lock:
            there = self._kept() is not None
            for path in (self._file.path, self._file.previous):
                path.unlink(missing_ok=True)
            return there

    def remove(self, old: str) -> None:
        """Take it away when `old` is the PIN. Raises PinError."""
        with self._lock:
            self._check(old)
        self.clear()

    def _check(self, pin: str) -> None:
        """Under the lock, so that many tries at once are tries one after the other."""
        kept = self._kept()
        if kept is None:
            return
        if not kept:
            raise PinError(f"{self._file.path} cannot be read: `hushbox pin --clear` on the box takes it away")
        left_s = self._closed_until - self._clock()
        if left_s > 0:
            raise PinWait(max(left_s, 1.0))
        if hmac.compare_digest(_hash(pin[:64], bytes.fromhex(kept["salt"])).hex(), kept["hash"]):
            self._wrong = 0
            return
        self._wrong += 1
        if self._wrong >= FREE_TRIES:
            wait_s = min(2.0 ** (self._wrong - FREE_TRIES + 1), LONGEST_WAIT_S)
            self._closed_until = self._clock() + wait_s
        raise PinError("this is not the PIN")

    def _session(self) -> str:
        kept = self._kept()
        if not kept:
            return ""
        number = secrets.token_hex(16)
        return f"{number}.{_proof(kept['key'], number)}"

    def _kept(self) -> dict[str, str] | None:
        """The file's texts; None without a PIN; empty when it cannot be read, which opens nothing."""
        body = self._file.load(look_only=True).body
        if body is None:
            return {} if self._file.path.exists() else None
        texts = {name: text for name in ("salt", "hash", "key") if _is_hex(text := body.get(name))}
        return {name: str(text) for name, text in texts.items()} if len(texts) == 3 else {}


def _is_hex(text: object) -> bool:
    try:
        return isinstance(text, str) and len(bytes.fromhex(text)) >= 16
    except ValueError:
        return False


def _hash(pin: str, salt: bytes) -> bytes:
    return hashlib.scrypt(pin.encode(), salt=salt, dklen=32, maxmem=64 << 20, **_COST)


def _proof(key: str, number: str) -> str:
    return hmac.new(bytes.fromhex(key), f"hushbox session {number}".encode(), hashlib.sha256).hexdigest()
