"""Which characters a text in a request may have: all that people type, none that breaks a line, a log or an answer.

One rule for every string of every request: path and query are checked before any route, JSON where it is read. Refused
are control characters, line separators, characters that change the direction of writing, and lone surrogates (halves of
a character), which JSON can carry and UTF-8 cannot. A name that an object has twice is refused too: readers differ in
which of the two they take.
"""

import json
import math
import re
from collections import Counter
from typing import Any

from flask import Flask, request

from web_ui.errors import Refused

MAX_DEPTH = 16  # of nested lists and objects; the page sends five
_LARGEST_INT = 2**53  # every reader of JSON has it exactly
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def install(app: Flask) -> None:
    """Check path and query of every request of `app`."""
    app.before_request(_check_address)


def parsed(data: bytes) -> Any:
    """Parse a request's JSON. Raises ValueError when it is not JSON in UTF-8, Refused for what is not allowed in it."""
    try:
        tree = json.loads(data.decode("utf-8-sig"), parse_constant=_no_constant, object_pairs_hook=_once_each)
    except RecursionError:
        raise ValueError("too deep") from None
    check_tree(tree)
    return tree


def check_tree(tree: Any) -> None:
    """Check every text and number in it. Raises Refused for one that is not allowed, or when it is too deep."""
    level = [tree]
    for _ in range(MAX_DEPTH):
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
    raise Refused(400, f"the body is more than {MAX_DEPTH} deep")


def check_text(text: str) -> None:
    """Raises Refused. The message has the code of the first character that is not allowed."""
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
    """Finite, and exact in every reader of JSON."""
    return -_LARGEST_INT <= value <= _LARGEST_INT if isinstance(value, int) else math.isfinite(value)


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    tree = dict(pairs)
    if len(tree) < len(pairs):
        twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise Refused(400, f"the body has {twice[:40]!r} twice in one object: once is allowed")
    return tree


def _no_constant(name: str) -> float:
    raise ValueError(name)  # NaN and Infinity are Python's, not JSON's
