"""What people read on the page, by language: texts/<language>/<area>.json, one flat object of key: text each.

A text is known as "<area>.<key>" to templates (`t("play.bypass")`) and to scripts (texts.js). {braces} stand for
values. To add a language, copy de/ and translate; what is missing there is read in English. The area "box" is what the
box itself calls its parameters, their choices and the factory presets; its own words are English, so en/ has none.

What the box itself says (why it refuses something, warnings, what a control does) is in texts/<language>/said/: English
sentence: translation (sentences.py). It is not sent to the phone: the box looks it up for each answer.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

HOME = "en"
_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Language:
    """A language that the page can be read in."""

    code: str  # BCP 47, as in <html lang>
    words: Mapping[str, str]  # every text by its key
    direction: str = "ltr"  # or "rtl"
    said: Mapping[str, str] = field(
        default_factory=dict
    )  # what the box says, by the English sentence; see sentences.py

    def say(self, key: str, **values: object) -> str:
        """One text, with `values` in its {braces}. Raises KeyError for a key that does not exist."""
        text = self.words[key]
        for name, value in values.items():
            text = text.replace(f"{{{name}}}", str(value))
        return text


@cache
def languages() -> tuple[str, ...]:
    """The languages there are, English first."""
    others = sorted(path.name for path in _FOLDER.iterdir() if path.is_dir() and any(path.glob("*.json")))
    return (HOME, *(name for name in others if name != HOME))


@cache
def texts(language: str) -> dict[str, str]:
    """Every text in `language`, one of `languages()`; English where it has none."""
    found = dict(texts(HOME)) if language != HOME else {}
    for path in sorted((_FOLDER / language).glob("*.json")):
        area = json.loads(path.read_text(encoding="utf-8"))
        found.update({f"{path.stem}.{key}": text for key, text in area.items()})
    return found


@cache
def said(language: str) -> dict[str, str]:
    """The box's own sentences in `language`, by the English one; none in English itself."""
    found: dict[str, str] = {}
    for path in sorted((_FOLDER / language / "said").glob("*.json")):
        found.update(json.loads(path.read_text(encoding="utf-8")))
    return found


@cache
def language(code: str) -> Language:
    """The language `code`, one of `languages()`."""
    return Language(code, texts(code), said=said(code))
