"""Checks of a TOML file's keys and values. Every mistake is kept, so that all of them can be told at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dsp.nearest import did_you_mean

_MOST_HINTS = 50  # each takes a while


class TomlChecks:
    """The mistakes found in one file so far, each a line with file, key, value and what is allowed.

    wrong_keys: the top-level keys that have a mistake already.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.mistakes: list[str] = []
        self.wrong_keys: set[str] = set()

    def wrong(self, key: str, what: str) -> None:
        """Keep a mistake. key: with dots where it is in a table. what: follows the key in the message."""
        self.mistakes.append(f"{self._path}: {key}{what}")
        self.wrong_keys.add(key.split(".")[0])

    def known(self, table: Mapping[str, Any], allowed: Sequence[str], prefix: str = "") -> None:
        """Refuse keys that are not in `allowed`; the message names the nearest one."""
        for key in table:
            if key not in allowed:
                hint = did_you_mean(key, allowed) if len(self.mistakes) < _MOST_HINTS else ""
                name = key if key.isprintable() and len(key) <= 60 else shown(key)
                self.wrong(prefix + name, f" is no known key{hint}")

    def text(self, table: Mapping[str, Any], key: str, prefix: str = "") -> str:
        """The text at `key`: printable and not empty. "" after a mistake."""
        value = table.get(key)
        if value is None:
            self.wrong(prefix + key, " is missing: a text is needed")
        elif not isinstance(value, str) or not value:
            self.wrong(prefix + key, f" = {shown(value)}: a text is allowed")
        elif not value.isprintable():
            self.wrong(prefix + key, f" = {shown(value)}: a text of printable characters is allowed")
        else:
            return value
        return ""

    def count(self, table: Mapping[str, Any], key: str, least: int) -> int:
        """The whole number at `key`, `least` or more. `least` after a mistake."""
        value = table.get(key)
        if value is None:
            self.wrong(key, f" is missing: a whole number of {least} or more is needed")
        elif not isinstance(value, int) or isinstance(value, bool) or value < least:
            self.wrong(key, f" = {shown(value)}: a whole number of {least} or more is allowed")
        else:
            return value
        return least

    def allowed(self, key: str, value: object, choices: Sequence[object]) -> None:
        """Refuse a value that is none of `choices`. A key that has a mistake already is not told again."""
        if key not in self.wrong_keys and value not in choices:
            self.wrong(key, f" = {shown(value)}: allowed {', '.join(str(choice) for choice in choices)}")


def shown(value: object) -> str:
    """A value of the file for a message, cut to 100 characters."""
    text = repr(value)
    return text if len(text) <= 100 else text[:99] + "…"
