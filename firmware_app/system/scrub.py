"""Removes secrets from texts by their shape: a log line, a message or a name may contain one by accident.

For the diagnostics, which leave the box. It removes too much rather than too little: after a word such as "password"
everything to the end of the line goes.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from web_ui.ports.limits import PIN_DIGITS

LEFT_OUT = "(left out)"

# These mean a secret everywhere, even inside another word: "wifipassword".
_PLAIN = r"password|passwd|passphrase|passwort|kennwort|secret|credential"
# These only as a word of their own, or a part of one: "wifi_psk", "X-CSRF-Token", "sessionToken"; not in "bypass".
_SHORT = r"psk|pwd|token|bearer|authorization|cookie|session|otp"
# And these only before a sign: "key = …", but not "no such key".
_SIGNED = r"pass|pw|key|auth|sid|passkey|apikey"
_PART = r"(?:(?<![A-Za-z])(?:{0})(?![a-z])|(?<=[a-z])(?-i:(?=[A-Z]))(?:{0})(?![a-z]))"
_STRONG = rf"(?:{_PLAIN}|{_PART.format(_SHORT)})"

_CODE = "[A-Za-z0-9+/_=-]"
_LONGEST = 4000  # of a line: what is longer is cut

_RULES = [
    # user:pw@host, with or without a scheme; the password may contain anything but a space.
    (re.compile(r"""[^\s:@"'=]+:[^\s"']+@(?=[\w\[])"""), f"{LEFT_OUT}@"),
    (re.compile(r"(?i)\bbasic\s+[A-Za-z0-9+/=_-]{6,}"), f"basic {LEFT_OUT}"),
    (re.compile(rf"(?i)\b(pins?(?![a-z])\D{{0,12}}?)\d{{{PIN_DIGITS[0]},{PIN_DIGITS[1]}}}(?!\d)"), rf"\1{LEFT_OUT}"),
    (re.compile(r"(?i)(\bpair=)[0-9A-Z -]+"), rf"\1{LEFT_OUT}"),
    # Long machine-made words: keys, hashes, tokens. Not a path.
    (
        re.compile(r"(?<![\w/.+-])(?=[A-Za-z0-9+/_=-]*\d)(?=[A-Za-z0-9+/_=-]*[A-Za-z])[A-Za-z0-9+/_=-]{32,}(?![\w/.])"),
        LEFT_OUT,
    ),
    # A setting's value in an error message: port = "…": a whole number is allowed.
    (re.compile(r"""( = )(?:"[^"]*"|'[^']*'|[\[{].*[\]}])(?=: )"""), rf"\1{LEFT_OUT}"),
    (re.compile(rf"(?i)({_STRONG}[\w.-]*)[^\w\n]+\S.*"), rf"\1 {LEFT_OUT}"),
    (re.compile(rf"(?i)({_PART.format(_SIGNED)}[\w.-]*)[^\w\s]*\s*[=:>][^\w\n]*\S.*"), rf"\1 {LEFT_OUT}"),
]
_NAME = re.compile(rf"(?i){_STRONG}|{_PART.format(_SIGNED)}")
_BEGIN, _END = re.compile(r"-----BEGIN [A-Z ]+-----"), re.compile(r"-----END [A-Z ]+-----")


def text(line: str) -> str:
    """One line without its secrets."""
    line = line[:_LONGEST]
    for rule, instead in _RULES:
        line = rule.sub(instead, line)
    return line


def lines(given: Iterable[str]) -> list[str]:
    """Several lines without their secrets; a PEM key, which spans lines, is left out as a whole."""
    found: list[str] = []
    inside = False
    for line in given:
        if inside or _BEGIN.search(line):
            if not inside:
                found.append(f"{_BEGIN.split(line)[0]}{LEFT_OUT}")
            inside = not _END.search(line)
        else:
            found.append(text(line))
    return found


def tree(value: Any) -> Any:
    """A tree of JSON values: every text scrubbed, and every value under a name such as "password" left out."""
    if isinstance(value, str):
        return "\n".join(lines(value.split("\n")))
    if isinstance(value, Mapping):
        return {
            tree(name): LEFT_OUT if isinstance(name, str) and _NAME.search(name) else tree(inner)
            for name, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [tree(inner) for inner in value]
    return value
