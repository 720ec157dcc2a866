"""Every text that a script or template uses exists, every one that exists is used, and all are in one place."""

import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from web_ui import texts
from web_ui.bundle import STATIC

ROOM = STATIC.parent
# A key may be put together: t(`play.bypass.${state}`), t("shell.tab." ~ view).
_AREAS = "|".join({key.split(".")[0] for key in texts.texts("en")})
_ASKED = re.compile(rf"""["'`]((?:{_AREAS})\.[a-z_.]*(?:\$\{{|["'`]))""")
# A script's literals but for class names, and what looks like words for people in them.
_LITERAL = re.compile(r"""(?<!class: )(?:"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`)""")
_PROSE = re.compile(r"^[A-Z][a-z]{2,}\b|[a-z]{2,} [a-z]{2,} [a-z]{2,}|[a-z]{3,}[.!?] ")
_NAMES = {
    "Singing",
    "Podcast",
    "Karaoke",
    "Voice over music",
    "Escape",
    "Enter",
    "Content-Type",
    "AbortError",
    "NotAllowedError",
}  # presets' and the browser's
_SAME_EVERYWHERE = {"ms", "%", "°C", "&nbsp;", "Hushbox"}


def asked() -> tuple[set[str], set[str]]:
    """(whole keys, beginnings of keys) in scripts and templates."""
    whole, begun = set(), set()
    for path in [*(STATIC / "js").rglob("*.js"), *(ROOM / "templates").rglob("*.html")]:
        for found in _ASKED.findall(path.read_text(encoding="utf-8")):
            key = found.rstrip("\"'`")
            if found.endswith("${") or key.endswith("."):
                begun.add(key.removesuffix("${"))
            else:
                whole.add(key)
    return whole, begun


def test_every_text_that_is_asked_for_exists():
    there = texts.texts("en")
    whole, begun = asked()
    assert len(whole) > 30
    assert sorted(whole - set(there)) == []
    assert [begin for begin in begun if not any(key.startswith(begin) for key in there)] == []


def test_every_text_is_asked_for():
    whole, begun = asked()
    unused = [key for key in texts.texts("en") if key not in whole and not key.startswith(tuple(begun))]
    assert unused == []


def test_no_script_says_anything_in_its_own_words():
    found = []
    for path in sorted((STATIC / "js").rglob("*.js")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            code = re.sub(r"(^|\s)//.*", "", line)
            for literal in map("".join, _LITERAL.findall(code)):
                words = re.sub(r"\$\{[^}]*\}", "", literal)
                if _PROSE.search(words) and words not in _NAMES and not re.match(rf"(?:{_AREAS})\.", words):
                    found.append(f"{path.name}:{number}: {literal}")
    assert found == []


def test_no_template_says_anything_in_its_own_words():
    found = []
    for path in sorted((ROOM / "templates").rglob("*.html")):
        text = re.sub(r"(?s)\{\{.*?\}\}|\{%.*?%\}|<script.*?</script>", "", path.read_text(encoding="utf-8"))
        said = re.findall(r">([^<>]*[A-Za-z][^<>]*)<", text) + re.findall(r'(?:aria-label|title|alt)="([^"{]+)"', text)
        found += [f"{path.name}: {words.strip()}" for words in said if words.strip() not in _SAME_EVERYWHERE]
    assert found == []


def test_no_language_has_a_text_that_english_lacks():
    for language in texts.languages():
        assert set(texts.texts(language)) == set(texts.texts("en"))


def test_values_are_filled_in_and_a_key_that_is_not_there_is_an_error():
    assert texts.say("en", "shell.lost.why", why="Off.") == "Off. Trying again."
    with pytest.raises(KeyError, match=r"no\.such"):
        texts.say("en", "no.such")


def test_the_page_carries_its_texts(client: FlaskClient):
    assert '"play.muted": "Muted' in client.get("/").get_data(as_text=True)


def test_another_language_falls_back_to_english(client: FlaskClient):
    page = client.get("/", headers={"Accept-Language": "xx"}).get_data(as_text=True)
    assert '<html lang="en"' in page


def test_every_area_is_a_flat_file():
    for path in Path(texts.__file__).parent.glob("*/*.json"):
        assert path.stem in {key.split(".")[0] for key in texts.texts("en")}
