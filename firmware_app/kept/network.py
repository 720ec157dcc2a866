"""network.json: the country, and the own Wi-Fi's name and password. Private, and never in a backup.

The password is made at the first start. The passwords of other Wi-Fis are NetworkManager's, in files of root's.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from firmware_app.kept.kept_file import KeptFile
from hw.network.countries import check_known_country
from hw.network.network import NetworkValueError, check_country, check_password

NAME = "network.json"


@dataclass(frozen=True, slots=True)
class NetworkNotes:
    """The file. country: "" until somebody has said it. id: the XXXX of Hushbox-XXXX where the machine has none."""

    country: str = ""
    password: str = ""
    id: str = ""


class NetworkStore:
    """Owns network.json. Any thread. Written at once: it changes a few times in a box's life."""

    def __init__(self, folder: Path, *, look_only: bool = False) -> None:
        """look_only: a bad file stays where it is."""
        self._file = KeptFile(folder, NAME, 1, "network", "network settings", private=True)
        self._lock = threading.Lock()
        self._stamp = self._written()
        self._now, self.notes = self._file.load_as(_read, look_only=look_only)

    @property
    def now(self) -> NetworkNotes:
        """The newest content: `hushbox network country` may have changed it."""
        with self._lock:
            stamp = self._written()
            if stamp != self._stamp:
                self._stamp = stamp
                self._now, _ = self._file.load_as(_read, look_only=True)
            return self._now

    @property
    def problem(self) -> str:
        """Why the last change is not on disk; empty when it is."""
        return self._file.problem

    def change(self, make: Callable[[NetworkNotes], NetworkNotes]) -> None:
        """Replace the notes by what `make` makes of them, and save."""
        before = self.now
        with self._lock:
            self._now = make(before)
            self._file.save(asdict(self._now))
            self._stamp = self._written()

    def set_country(self, country: str) -> None:
        """Raises NetworkValueError."""
        check_known_country(country)
        self.change(lambda notes: replace(notes, country=country))

    def _written(self) -> int:
        try:
            return self._file.path.stat().st_mtime_ns
        except OSError:
            return 0


def _read(body: Mapping[str, Any]) -> NetworkNotes:
    """Raises ValueError: the file is set aside then, and a new password is made."""
    notes = NetworkNotes(**{key: body[key] for key in ("country", "password", "id") if isinstance(body.get(key), str)})
    if notes.country:
        check_country(notes.country)
    check_password(notes.password)
    if notes.id and not (len(notes.id) == 4 and notes.id.isascii() and notes.id.isalnum()):
        raise NetworkValueError("id: four letters and digits are allowed")
    return notes
