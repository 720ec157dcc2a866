"""docs/asvs.md has every requirement of the level 1 once. test_docs.py sees to the tests that it names."""

import re

from tests.rigs.checkout import ROOT

PAGE = (ROOT / "docs" / "asvs.md").read_text()
# OWASP ASVS 5.0.0, level 1: chapter.section and the last numbers.
LEVEL_1 = {
    "1.2": "1 2 3 4 5", "1.3": "1 2", "1.5": "1", "2.1": "1", "2.2": "1 2", "2.3": "1", "3.2": "1 2", "3.3": "1",
    "3.4": "1 2", "3.5": "1 2 3", "4.1": "1", "4.4": "1", "5.2": "1 2", "5.3": "1 2", "6.1": "1",
    "6.2": "1 2 3 4 5 6 7 8", "6.3": "1 2", "6.4": "1 2", "7.2": "1 2 3 4", "7.4": "1 2", "8.1": "1", "8.2": "1 2",
    "8.3": "1", "9.1": "1 2 3", "9.2": "1", "11.3": "1 2", "11.4": "1", "12.1": "1", "12.2": "1 2", "13.4": "1",
    "14.2": "1", "14.3": "1", "15.1": "1", "15.2": "1", "15.3": "1",
}  # fmt: skip
WITHOUT = {"10"}  # a chapter that does not apply


def named() -> list[str]:
    """The requirements in the first column, and those that do not apply; "7.2.1 to 7.2.4" as each of them."""
    text = " ".join(re.findall(r"^\| (\d[^|]*)\|", PAGE, re.MULTILINE) + re.findall(r"\*\*Does not.*", PAGE))
    for begin, end in re.findall(r"(\d+\.\d+\.\d+) to (\d+\.\d+\.\d+)", text):
        section, _, last = end.rpartition(".")
        first = int(begin.rpartition(".")[2])
        text += " " + " ".join(f"{section}.{number}" for number in range(first + 1, int(last)))
    return re.findall(r"\b\d+\.\d+\.\d+\b", text)


def test_each_requirement_is_there_once():
    wanted = sorted(f"{section}.{last}" for section, lasts in LEVEL_1.items() for last in lasts.split())
    assert sorted(named()) == wanted
    assert all(re.search(rf"\*\*Does not apply\*\*.*\b{chapter} ", PAGE) for chapter in WITHOUT)
