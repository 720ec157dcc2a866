"""Reads the layout of a page in a browser: what is cut, what lies over something else, what is too small for a thumb.

In the pseudo-locale it also reads the words: none may be English.

HUSHBOX_PICTURES=FOLDER keeps a picture of each place.
"""

import os
from pathlib import Path
from typing import Any

from tests.rigs.english import english

THEMES = ("dark", "light")
SIZES = ({"width": 320, "height": 568}, {"width": 390, "height": 844}, {"width": 844, "height": 390},
         {"width": 1280, "height": 800})  # fmt: skip
PICTURES = os.environ.get("HUSHBOX_PICTURES")

FAULTS = (Path(__file__).parent / "layout.js").read_text(encoding="utf-8")


class Walker:
    """Goes through a page in one language at one size, and gathers what is wrong with its layout, in both themes."""

    def __init__(self, page: Any, name: str) -> None:
        """name: of its pictures; it begins with "rtl" in the pseudo-locale."""
        self.page = page
        self.name = name
        self.found: list[str] = []

    def reads(self, where: str, wait_ms: int = 400) -> None:
        """Look at what is in front. wait_ms: until what it asks the box for is there, and nothing moves."""
        self.page.wait_for_timeout(wait_ms)
        for theme in THEMES:
            self.page.evaluate("(to) => dispatchEvent(new CustomEvent('hushbox-theme', { detail: to }))", theme)
            if PICTURES:
                Path(PICTURES).mkdir(parents=True, exist_ok=True)
                picture = f"{self.name}-{where.replace('/', '-').replace(' ', '-')}-{theme}.png"
                self.page.screenshot(path=Path(PICTURES) / picture)
            faults = self.page.evaluate(FAULTS)
            if self.name.startswith("rtl"):
                faults += [f"{text}: English" for text in english(self.page)]
            self.found += [line for fault in faults if (line := f"{where}: {fault}") not in self.found]

    def closes(self) -> None:
        """Close the dialog in front."""
        self.page.keyboard.press("Escape")
        self.page.wait_for_selector("dialog[open]", state="detached")
