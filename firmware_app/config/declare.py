"""Declares keys of hushbox.toml: default, allowed values (in code and in words), and help."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

LONGEST_FILE_NAME = 255  # bytes; Linux's NAME_MAX

Rule = Callable[[object], str | None]
"""Returns None for an allowed value, else what is allowed: "a whole number from 32 to 1024 is allowed"."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key's rule, and its help for the example file. measured: without it in the file, the machine is measured."""

    check: Rule
    help: str
    measured: bool = False


def key(default: Any, check: Rule, help: str, *, measured: bool = False) -> Any:
    """A dataclass field that is a key of the file. Lists in the file become tuples."""
    return field(default=default, metadata={"key": Key(check, help, measured)})


def required(check: Rule, help: str) -> Any:
    """A key without a default, for a repeated table such as [[panel.switches]]."""
    return field(metadata={"key": Key(check, help)})


# --- rules ---------------------------------------------------------------------------------------------


def whole(low: int, high: int) -> Rule:
    allowed = f"a whole number from {low} to {high} is allowed"
    # bool is an int to Python, but `port = true` is a mistake.
    return lambda value: None if type(value) is int and low <= value <= high else allowed


def number(low: float, high: float) -> Rule:
    allowed = f"a number from {low:g} to {high:g} is allowed"
    return lambda value: None if type(value) in (int, float) and low <= float(str(value)) <= high else allowed


def one_of(*choices: object) -> Rule:
    allowed = "allowed: " + ", ".join(f'"{c}"' if isinstance(c, str) else str(c) for c in choices)
    return lambda value: None if any(type(value) is type(c) and value == c for c in choices) else allowed


def flag(value: object) -> str | None:
    return None if isinstance(value, bool) else "true or false is allowed"


def text(most: int = 255, empty: bool = False) -> Rule:
    allowed = f'a text of {0 if empty else 1} to {most} printable characters in "quotes" is allowed'

    def check(value: object) -> str | None:
        fits = isinstance(value, str) and value.isprintable() and len(value) <= most and (empty or value.strip() != "")
        return None if fits else allowed

    return check


def path(most: int = 1000, empty: bool = False) -> Rule:
    """A text that may become a path: no file system takes a part of one over LONGEST_FILE_NAME bytes."""
    check_text = text(most, empty)
    fewest = 0 if empty else 1
    allowed = f'a text of {fewest} to {most} bytes in "quotes", {LONGEST_FILE_NAME} between two "/", is allowed'

    def check(value: object) -> str | None:
        if wrong := check_text(value):
            return wrong
        parts = str(value).encode().split(b"/")
        fits = len(str(value).encode()) <= most and all(len(part) <= LONGEST_FILE_NAME for part in parts)
        return None if fits else allowed

    return check


def matching(pattern: str, words: str) -> Rule:
    compiled = re.compile(pattern)
    return lambda value: None if isinstance(value, str) and compiled.fullmatch(value) else f"{words} is allowed"


def listed(item: Rule, what: str, fewest: int, most: int) -> Rule:
    """A list of `fewest` to `most` different items."""
    count = f"{fewest} to {most}" if fewest != most else str(most)

    def check(value: object) -> str | None:
        items = list(value) if isinstance(value, list | tuple) else []
        fits = (
            isinstance(value, list | tuple)
            and fewest <= len(items) <= most
            and len(set(map(repr, items))) == len(items)
        )
        return (
            None if fits and not any(item(one) for one in items) else f"a list of {count} different {what} is allowed"
        )

    return check


def maybe(check: Rule) -> Rule:
    """As `check`, or no value at all."""
    return lambda value: None if value is None else check(value)
