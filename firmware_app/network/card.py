"""The card of the own Wi-Fi: its name, its password, and the code that has a phone's camera join it."""

import contextlib
import hashlib
import math
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

import segno

MACHINE_ID = Path("/etc/machine-id")
PICTURE = "own-wifi.png"  # in the state folder
_CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"
_LETTERS = "abcdefghjkmnpqrstuvwxyz"  # small ones only, without i, l and o: a phone types them without changing layers
PASSWORD_LETTERS = 14
BITS = PASSWORD_LETTERS * math.log2(len(_LETTERS))  # 63.3
_SPECIAL = str.maketrans({sign: f"\\{sign}" for sign in '\\;,:"'})


@dataclass(frozen=True, slots=True)
class Card:
    """What a phone needs to join the box's own Wi-Fi."""

    name: str
    password: str

    @property
    def code(self) -> str:
        """The text of the QR code. Format: Wi-Fi Alliance, WPA3 specification, "URI representation"."""
        return f"WIFI:T:WPA;S:{escaped(self.name)};P:{escaped(self.password)};;"

    def qr(self) -> segno.QRCode:
        return segno.make(self.code, error="m")

    def draw(self, folder: Path) -> None:
        """Draw the code as a picture for the box's user only. A folder that cannot be written is let be."""
        with contextlib.suppress(OSError):
            fresh = folder / f"{PICTURE}.new"
            fresh.unlink(missing_ok=True)
            os.close(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            self.qr().save(str(fresh), kind="png", scale=10, border=4)
            os.replace(fresh, folder / PICTURE)


def escaped(text: str) -> str:
    return text.translate(_SPECIAL)


def new_password() -> str:
    """A password with BITS bits of chance."""
    return "".join(secrets.choice(_LETTERS) for _ in range(PASSWORD_LETTERS))


def box_id(path: Path = MACHINE_ID) -> str:
    """Four characters that stay the same on this machine: the XXXX of Hushbox-XXXX. "" where the machine has no id.

    Not the machine's id itself, which its manual asks to keep private (machine-id(5)).
    """
    try:
        machine = path.read_text().strip()
    except OSError:
        return ""
    if not machine:
        return ""
    number = int.from_bytes(hashlib.sha256(f"hushbox box id {machine}".encode()).digest()[:4])
    return "".join(_CROCKFORD[number >> shift & 31] for shift in (15, 10, 5, 0)).upper()


def random_id() -> str:
    return "".join(secrets.choice(_CROCKFORD) for _ in range(4)).upper()
