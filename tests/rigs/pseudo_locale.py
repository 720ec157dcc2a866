"""A language for testing, made from the English texts: longer, accented, in brackets, written from right to left.

Whoever knows English can still read it. A text without brackets was not in the tables; one without its closing bracket
is cut. Its code is English with a region that nobody lives in, so that numbers stay readable. What the box itself says
is in it too, by the keys that the other languages have.
"""

import re

from firmware_app.kept.factory import Presets
from firmware_app.kept.param_table import PARAMS
from tests.rigs.checkout import ROOT
from web_ui import texts

CODE = "en-XB"
FACTORY = ROOT / "firmware_app" / "assets" / "presets"
_MARK = "\u200f"  # right-to-left mark
_LETTERS = str.maketrans("acdeghiklnorstuyACDEGHIKLNORSTUY", "áçðéĝĥíķļñóŕšţúýÁÇÐÉĜĤÍĶĻÑÓŔŠŢÚÝ")
_PLACE = re.compile(r"\{(\w+)[^{}]*\}")  # a value with how it looks
_KEPT = re.compile(r"(\{\w+\}|`[^`]*`)")  # values and commands
_WORD = re.compile(r"[A-Za-z]{2,}")


def mirrored() -> texts.Language:
    """The pseudo-locale as a language of the page."""
    english = dict(texts.texts(texts.HOME))
    for spec in PARAMS.values():  # the box tells the page what these are called in English
        english |= {f"box.param.{spec.id}": spec.label, f"box.param.{spec.id}.help": spec.help}
        english |= {f"box.choice.{name}": name for name in spec.choices}
    for preset in Presets(FACTORY, PARAMS).list():
        english[f"box.preset.{preset.name}"] = preset.about
    words = {key: _long(text) for key, text in english.items()}
    keys = {key for language in texts.languages() for key in texts.said(language)}
    said = {key: _long(_PLACE.sub(r"{\1}", key)) for key in keys}
    return texts.Language(CODE, words, "rtl", said)


def plain(text: str) -> str:
    """What of a text stands outside the brackets."""
    outside, depth = [], 0
    for letter in text.replace(_MARK, ""):
        depth += letter == "["
        if not depth:
            outside.append(letter)
        depth -= letter == "]" and depth > 0
    return "".join(outside)


def _long(text: str) -> str:
    """`text` about 40 % longer. One letter, a number or a value alone stays as it is: no language makes it longer."""
    parts = _KEPT.split(text)
    if not any(_WORD.search(part) for part in parts[::2]):
        return text
    parts[::2] = [_WORD.sub(lambda word: _stretched(word[0]), part) for part in parts[::2]]
    return f"{_MARK}[{''.join(parts)}]{_MARK}"


def _stretched(word: str) -> str:
    """Every vowel twice, with accents."""
    return re.sub(r"[aeiouyAEIOUY]", lambda vowel: vowel[0] + vowel[0].lower(), word).translate(_LETTERS)
