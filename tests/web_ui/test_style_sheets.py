"""The style sheets name sides as start and end, so that a language from right to left needs no sheet of its own."""

import re

from web_ui.bundle import STATIC, sheets

_SIDES = re.compile(r"\b(?:(?:padding|margin|border)-(?:left|right)|text-align: (?:left|right)|float:)")
_DRAWN = ".play-shape"  # a triangle made of borders, in a player that runs from left to right


def test_no_rule_names_left_or_right_as_a_side():
    found = [
        f"{sheet}:{number}: {line.strip()}"
        for sheet in sheets()
        for number, line in enumerate((STATIC / sheet).read_text(encoding="utf-8").splitlines(), start=1)
        if _SIDES.search(line) and not line.startswith(_DRAWN)
    ]
    assert found == []
