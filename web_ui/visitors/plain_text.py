"""What any text of a request may be: everything that people type, nothing that breaks a line, a log or the next answer.

One rule for every string of every request, checked before any route sees it: path and query for all, JSON where it is
read. Refused are control characters, line separators, characters that turn the direction of a text, and halves of a
character (lone surrogates), which JSON can carry and UTF-8 cannot.
"""

import json
import math
import re
from typing import Any

from flask import Flask, request

from web_ui.errors import Refused

DEEPEST = 16  # lists and objects in each other; ours have five
_LARGEST_INT = 2**53  # what every reader of JSON has exactly
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def install(app: Flask) -> None:
    """Check path and query of every request of `app`."""
    app.before_request(_check_address)


def parsed(data: bytes) -> Any:
    """The JSON in a request. Raises ValueError when it is none, Refused for what no value of it may be."""
    try:
        tree = json.loads(data, parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("deeper than anything is") from None
    check_tree(tree)
    return tree


def check_tree(tree: Any) -> None:
    """Raises Refused for a text or a number that no request may hold, or when it is too deep."""
    level = [tree]
    for _ in range(DEEPEST):
        inner: list[Any] = []
        for value in level:
            if isinstance(value, str):
                check_text(value)
            elif isinstance(value, int | float) and not _is_usual(value):
                raise Refused(400, "a number in the body is too large: a finite number is expected")
            elif isinstance(value, dict):
                inner += (*value, *value.values())
            elif isinstance(value, list):
                inner += value
        if not inner:
            return
        level = inner
    raise Refused(400, f"the body is more than {DEEPEST} deep")


def check_text(text: str) -> None:
    """Raises Refused, with the first character that is not allowed by its number."""
    if found := _CONTROL.search(text):
        before = text[max(0, found.start() - 20) : found.start()]
        raise Refused(
            400, f"{before!r} is followed by the character U+{ord(found[0]):04X}: printable characters are allowed"
        )


def _check_address() -> None:
    pairs = request.args.items(multi=True)
    for text in (request.path, *(text for pair in pairs for text in pair)):
        check_text(text)


def _is_usual(value: float) -> bool:
    """Finite, and no longer than any reader has it."""
    return -_LARGEST_INT <= value <= _LARGEST_INT if isinstance(value, int) else math.isfinite(value)


def _no_constant(name: str) -> float:
    raise ValueError(name)  # NaN and Infinity are Python's, not JSON's
