"""Sentences: what the box says in English, said in another language.

The box makes its sentences where it knows something, in English: for its log, the command line and the API. Many come
from another process, or out of a file, as plain text. So the page looks a sentence up when it sends it. A table has the
English sentence as the code has it, with a {name} for each value, and its translation:

    "no preset {name!r}{did_you_mean}": "kein Preset {name}{did_you_mean}"

`{name!r}` is a value in quotes, `{value:g}` a number. A value is looked up too, for it may be a sentence of its own,
unless it is in quotes: that is somebody's word, and so is `{name:name}` in the translation. `{names:list}` there:
"a, b and c" is looked up word by word. What is put together of several sentences is taken apart. Where a text can be
read in several ways, the one that translates most of its letters counts. What is in no table stays English.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from string import Formatter

_QUOTED = r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\""""
_OF_REPR = rf"{_QUOTED}|[-\d(\[{{TFN].*?"  # or a number, a list, an object, True, False, None
_NUMBER = r"[-−+]?(?:\d[\d.]*(?:e[-+]?\d+)?|inf|nan)%?"
_OF_NUMBERS = re.compile(r"[^a-zA-Z%]*[gfd%]")  # the formats of numbers
_DECIMAL = re.compile(r"([-−+]?\d+)\.(\d+)(%|\s?[^\d\s.]{1,4})?")  # not an address, not a version
_ENDS = re.compile(r"(?<=[.!?]) +|[:;,] +|\n+")
_NAMES = re.compile(r"[\w.+-]+(, [\w.+-]+)*")  # what is longer may be the box's own words
_JOINED = re.compile(r"(, | and | or | to | at )")
_NO_NAME = ("none", "nothing", "nothing more")  # what the box says where there are no names
_MOST_PARTS = 10  # tried as the end of the first sentence
_MOST_ENDS = 40
_LONGEST = 1000  # characters of what is looked up at all
_MOST_KEPT = 4000  # texts with their translations: numbers in them make ever new ones


class _Pattern:
    """A sentence with values. letters: how many of its letters are fixed."""

    def __init__(self, key: str, translation: str) -> None:
        self.translation = translation
        self._parts = list(Formatter().parse(key))
        pieces = [literal for literal, *_ in self._parts]
        self._piece = max(pieces, key=len)
        self.letters = sum(map(_letters, pieces))

    def values(self, english: str) -> Mapping[str, str] | None:
        """The values by name, None where the text is another sentence."""
        # Most patterns are never compiled, which takes a small board half a millisecond each.
        found = self._expression.fullmatch(english) if self._piece in english else None
        return found.groupdict() if found else None

    @cached_property
    def _expression(self) -> re.Pattern[str]:
        made, seen = "", set[str]()
        for literal, name, form, conversion in self._parts:
            made += re.escape(literal)
            if name in seen:
                made += f"(?P={name})"
            elif name:
                seen.add(name)
                made += f"(?P<{name}>{_looks(form or '', conversion)})"
        return re.compile(made, re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Reading:
    """A translation. sure: how many English letters it accounts for: translates, or knows to be somebody's names.

    runs: more for the same letters in fewer sentences.
    """

    text: str
    sure: int = 0
    runs: int = 0

    def __add__(self, other: "_Reading") -> "_Reading":
        return _Reading(self.text + other.text, self.sure + other.sure, self.runs + other.runs)


class Sentences:
    """One language's table of sentences. Any thread."""

    def __init__(self, table: Mapping[str, str]) -> None:
        self._table = {key.replace("{{", "{").replace("}}", "}"): t for key, t in table.items() if not values_of(key)}
        patterns = [_Pattern(key, text) for key, text in table.items() if values_of(key)]
        self._patterns = sorted(patterns, key=lambda pattern: -pattern.letters)
        self._kept: dict[str, _Reading] = {}

    def say(self, english: str) -> str:
        """What the box says, in this language; English where the table has nothing for it."""
        if (kept := self._kept.get(english)) is not None:
            return kept.text
        if len(english) > _LONGEST or len(_ENDS.findall(english)) > _MOST_ENDS:
            return english  # no sentence of the box
        try:
            return self._read(english).text
        except RecursionError:  # nor is "shows shows shows shows …"
            return english

    def _read(self, english: str) -> _Reading:
        kept = self._kept.get(english)
        if kept is None:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            kept = max(self._readings(english), key=lambda reading: (reading.sure, reading.runs))
            self._kept[english] = kept
        return kept

    def _readings(self, english: str) -> Iterator[_Reading]:
        """Every way to read it, the better one of equals first; as it is comes last."""
        if english in self._table:
            yield _fixed(self._table[english], _letters(english))
            return
        # Several sentences, or one behind a name: "hw:2: it is in use".
        for end in list(_ENDS.finditer(english))[:_MOST_PARTS]:
            yield self._read(english[: end.start()]) + _Reading(end[0]) + self._read(english[end.end() :])
        for pattern in self._patterns:
            if (values := pattern.values(english)) is not None:
                yield self._filled(pattern, values)
        if english.endswith(".") and not english.endswith(".."):
            yield self._read(english[:-1]) + _Reading(".")
        yield _Reading(english)

    def _filled(self, pattern: _Pattern, values: Mapping[str, str]) -> _Reading:
        said = _fixed("", pattern.letters)
        for literal, name, form, _ in Formatter().parse(pattern.translation):
            said += _Reading(literal)
            if name is not None:
                said += self._formed(values[name], form or "")
        return said

    def _formed(self, value: str, form: str) -> _Reading:
        """A value as the translation has it: {value}, {value:list} or {value:name}."""
        if form == "name":
            text = self._table.get(value, value) if value in _NO_NAME else value
            return _fixed(text, _letters(text) if _NAMES.fullmatch(text) else 0)
        return self._listed(value) if form == "list" else self._value(value)

    def _value(self, value: str) -> _Reading:
        if re.fullmatch(_QUOTED, value):
            text = self._table.get("'…'", "'…'").replace("…", value[1:-1])
            return _fixed(text, _letters(text))
        if found := _DECIMAL.fullmatch(value):
            decimal = self._table.get("0.5", "0.5")[1]
            return _Reading(f"{found[1]}{decimal}{found[2]}{found[3] or ''}")
        return self._read(value)

    def _listed(self, value: str) -> _Reading:
        parts = _JOINED.split(value)
        words = [self._value(part) for part in parts[::2]]
        joins = [f" {self._table.get(join.strip(), join.strip())} " if join != ", " else join for join in parts[1::2]]
        said = words[0]
        for join, word in zip(joins, words[1:], strict=True):
            said = said + _Reading(join) + word
        return said


def values_of(text: str) -> set[str]:
    """The names of the values in a text of a table."""
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def _fixed(text: str, letters: int) -> _Reading:
    """What stands so in the table, or is known to be a name."""
    return _Reading(text, letters, letters * letters)


def _looks(form: str, conversion: str | None) -> str:
    if conversion == "r":
        return _OF_REPR
    return _NUMBER if _OF_NUMBERS.fullmatch(form) else ".*?"  # a date's form ends with %d, too


def _letters(text: str) -> int:
    return sum(map(str.isalpha, text))
