"""The PIN that guards everything but Play: kept as a salted scrypt hash in the state folder, never as itself.

`hushbox pin --clear` on the box takes a forgotten one away; the page sees that at once, for the file is looked at with
every question. Who has told the PIN gets a session: a random text of which the file keeps the hash alone, so that
whoever reads the file can open nothing. Sessions outlive a restart, and end with the PIN or when their phone logs out;
that the phone has told the PIN once is remembered beyond that, for its budget of wrong tries (pin_tries.py).
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

NAME = "pin.json"
MOST_SESSIONS = 64  # the oldest one ends
_COST = {"n": 2**14, "r": 8, "p": 1}  # 16 MB and some 50 ms on a Raspberry Pi 4
_LENGTHS = range(4, 13)


class PinError(AppError, ValueError):
    """A PIN that cannot be, or is not the one."""


class PinWait(PinError):
    """Too many wrong ones. seconds: until the next try."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"too many wrong PINs: wait {seconds:.0f} s and try again")
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Asker:
    """Who tells a PIN. session: what the phone got before, whether it is still good or not."""

    address: str = ""
    session: str = ""


@dataclass(frozen=True, slots=True)
class _Kept:
    """The file. sessions, devices: hashes; a device is one that got a session at some time."""

    salt: str
    hash: str
    sessions: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()


class Pin:
    """Owns pin.json. Any thread; asking takes as long as scrypt does, one at a time."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        # Schema 1 had a key in it with which sessions were made: it counts no more.
        self._file = KeptFile(folder, NAME, 2, "pin", "PIN", {1: lambda body: body}, private=True)
        self._tries = Tries(folder, clock)
        self._lock = threading.Lock()
        self._in_memory: dict[str, str] = {}  # sessions that could not be written, and the salt of their PIN
        self._ended: set[str] = set()  # those that could not be taken out of the file

    @property
    def is_set(self) -> bool:
        return self._file.path.exists() or self._file.previous.exists()

    def unlock(self, pin: str, asker: Asker = Asker()) -> str:
        """A session for who knows the PIN; "" while none is set. Raises PinError, PinWait."""
        with self._lock:
            self._check(pin, asker)
            return self._session(asker)

    def knows(self, session: str) -> bool:
        """Whether this session was given out under the PIN in force. Always so while none is set."""
        if not self.is_set:
            return True
        kept, mark = self._kept(), _mark(session)
        if kept is None or mark in self._ended:
            return False
        return mark in kept.sessions or self._in_memory.get(mark) == kept.salt

    def lock(self, session: str) -> None:
        """End this session. Raises PinError when it would come back with the next start."""
        with self._lock:
            kept, mark = self._kept(), _mark(session)
            self._in_memory.pop(mark, None)
            if kept is not None and mark in kept.sessions:
                self._ended.add(mark)
                self._save(replace(kept, sessions=_without(kept.sessions, mark)))
                self._ended.discard(mark)

    def set(self, pin: str, old: str = "", asker: Asker = Asker()) -> str:
        """Set it, or another one when `old` is the PIN now. Ends every session; returns a new one. Raises PinError."""
        if not (pin.isascii() and pin.isdigit() and len(pin) in _LENGTHS):
            raise PinError(f"a PIN has {_LENGTHS[0]} to {_LENGTHS[-1]} digits")
        with self._lock:
            devices: tuple[str, ...] = ()
            if self.is_set:
                self._check(old, asker)
                kept = self._kept()
                devices = kept.devices if kept else ()
            else:
                self._tries.clear()
            salt = secrets.token_bytes(16)
            self._save(_Kept(salt.hex(), _hash(pin, salt).hex(), (), devices))
            return self._session(asker)

    def clear(self) -> bool:
        """Take the PIN away, whoever knows it: for who has the box itself. Returns whether there was one."""
        with self._lock:
            there = self.is_set
            for path in (self._file.path, self._file.previous):
                path.unlink(missing_ok=True)
            pin_tries.forget(self._file.path.parent)
            return there

    def remove(self, old: str, asker: Asker = Asker()) -> None:
        """Take it away when `old` is the PIN. Raises PinError."""
        with self._lock:
            self._check(old, asker)
        self.clear()

    def _check(self, pin: str, asker: Asker) -> None:
        """Under the lock, so that many tries at once are tries one after the other."""
        if not self.is_set:
            return
        kept = self._kept()
        if kept is None:
            raise PinError(f"{self._file.path} cannot be read: `hushbox pin --clear` on the box removes it")
        mark = _mark(asker.session)
        is_device = mark in kept.devices or mark in self._in_memory
        who = f"device {mark[:16]}" if is_device else f"address {asker.address}"
        wait_s = self._tries.wait_s(who, is_device=is_device)
        if wait_s > 0:
            raise PinWait(max(wait_s, 1.0))
        if not hmac.compare_digest(_hash(pin[:64], bytes.fromhex(kept.salt)).hex(), kept.hash):
            self._tries.wrong(who, is_device=is_device)
            raise PinError("this is not the PIN")
        self._tries.right(who)

    def _session(self, asker: Asker) -> str:
        """A new one, in place of the asker's."""
        kept = self._kept()
        if kept is None:
            return ""
        session, before = secrets.token_hex(24), _mark(asker.session)
        mark = _mark(session)
        sessions = (*_without(kept.sessions, before), mark)[-MOST_SESSIONS:]
        devices = (*_without(kept.devices, before), mark)[-MOST_SESSIONS:]
        try:
            self._save(replace(kept, sessions=sessions, devices=devices))
        except PinError:  # who knows the PIN may set up a box whose disk is full
            self._in_memory[mark] = kept.salt
        return session

    def _save(self, kept: _Kept) -> None:
        """Raises PinError."""
        if not self._file.save({**asdict(kept), "sessions": list(kept.sessions), "devices": list(kept.devices)}):
            raise PinError(self._file.problem)
        # The version before would bring an old PIN back.
        self._file.previous.unlink(missing_ok=True)

    def _kept(self) -> _Kept | None:
        """None without a PIN, and when the file cannot be read, which opens nothing."""
        body = self._file.load(look_only=True).body or {}
        salt, hashed = body.get("salt"), body.get("hash")
        if not (_is_hex(salt) and _is_hex(hashed)):
            return None
        return _Kept(str(salt), str(hashed), _marks(body.get("sessions")), _marks(body.get("devices")))


def _mark(session: str) -> str:
    """What is kept of a session, which has too many digits to be found out from it."""
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
