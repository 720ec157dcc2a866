"""Finds what a page says that is not in its tables of texts: English words in the pseudo-locale."""

import re
from typing import Any

from firmware_app.kept.factory import Presets
from firmware_app.kept.param_table import PARAMS
from tests.rigs.pseudo_locale import FACTORY, plain

# Every visible text, and what is read aloud, but for the log, a model's card and what is typed.
READ = """() => {
  const read = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const from = texts.currentNode.parentElement;
    if (from.closest("script, noscript, canvas, code, .log, .markdown")) continue;
    if (from.checkVisibility({ visibilityProperty: true }) || from.closest("option")) read.push(texts.currentNode.data);
  }
  const named = ["aria-label", "title", "placeholder"];
  for (const node of document.querySelectorAll(named.map((name) => `[${name}]`)))
    if (node.checkVisibility()) read.push(...named.map((name) => node.getAttribute(name)));
  return [...new Set(read.filter((text) => text?.trim()))];
}"""
WORDS = re.compile(r"(?<![\w.-])[A-Za-z][a-z]+ [a-z]{2,}(?![\w.-])")
NAMED = re.compile(r"\u2068[^\u2069]*\u2069")  # a value among the page's words: somebody's name, or the box's own words
PRESETS = {preset.name for preset in Presets(FACTORY, PARAMS).list()}  # names stay as they are


def english(page: Any) -> list[str]:
    """The texts of a page in the pseudo-locale that are not, or not only, in its brackets."""
    texts = (plain(NAMED.sub(" ", text)) for text in page.evaluate(READ))
    return [text for text in map(str.strip, texts) if WORDS.search(text) and text not in PRESETS]
