"""Every text that a script or template uses exists, every one that exists is used, and all are in one place."""

import json
import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from firmware_app.kept.factory import Presets
from firmware_app.kept.param_table import PARAMS
from tests.rigs.pseudo_locale import CODE, mirrored
from web_ui import texts
from web_ui.app import create_app
from web_ui.bundle import STATIC
from web_ui.fakes.box import fake_box

ROOM = STATIC.parent
# A key may be put together: t(`play.bypass.${state}`), t("shell.tab." ~ view).
_AREAS = "|".join({key.split(".")[0] for key in texts.texts("en")})
_ASKED = re.compile(rf"""["'`]((?:{_AREAS})\.[a-z_.]*(?:\$\{{|["'`]))""")
# A script's literals but for class names, and what looks like words for people in them.
_LITERAL = re.compile(r"""(?<!class: )(?:"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`)""")
_PROSE = re.compile(r"^[A-Z][a-z]{2,}\b|[a-z]{2,} [a-z]{2,} [a-z]{2,}|[a-z]{3,}[.!?] ")
_NAMES = {
    "Singer live",
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


OTHERS = [language for language in texts.languages() if language != texts.HOME]


def own(language: str) -> dict[str, str]:
    """What stands in the language's own files."""
    return {
        f"{path.stem}.{key}": text
        for path in (Path(texts.__file__).parent / language).glob("*.json")
        for key, text in json.loads(path.read_text(encoding="utf-8")).items()
    }


def test_there_is_more_than_one_language():
    assert texts.languages() == ("en", "de")


@pytest.mark.parametrize("language", OTHERS)
def test_a_language_is_complete_and_has_nothing_more(language: str):
    assert {key for key in own(language) if not key.startswith("box.")} == set(texts.texts("en"))


@pytest.mark.parametrize("language", OTHERS)
def test_a_text_has_the_same_values_in_each_language(language: str):
    """The same {braces}, and the same commands to type."""
    parts = re.compile(r"\{\w+\}|`[^`]*`|hushbox [a-z]+ --\w+")
    english = texts.texts("en")
    odd = [
        key
        for key, text in own(language).items()
        if sorted(parts.findall(text)) != sorted(parts.findall(english.get(key, "")))
    ]
    assert odd == []


@pytest.mark.parametrize("language", texts.languages())
def test_no_text_is_empty(language: str):
    assert [key for key, text in own(language).items() if not text.strip()] == []


@pytest.mark.parametrize("language", OTHERS)
def test_what_the_box_calls_its_parameters_and_presets_is_translated(language: str):
    folder = ROOM.parent / "firmware_app" / "assets" / "presets"
    wanted = {f"preset.{preset.name}" for preset in Presets(folder, PARAMS).list()}
    for spec in PARAMS.values():
        wanted |= {f"param.{spec.id}", *(f"choice.{name}" for name in spec.choices)}
        if spec.help:
            wanted.add(f"param.{spec.id}.help")
    there = {key.removeprefix("box.") for key in own(language) if key.startswith("box.")}
    assert there == wanted


def test_a_text_is_filled_in_and_a_key_that_is_not_there_is_an_error():
    english = texts.language("en")
    assert english.say("shell.lost.why", why="Off.") == "Off. Trying again."
    with pytest.raises(KeyError, match=r"no\.such"):
        english.say("no.such")


def html(client: FlaskClient, path: str = "/", wanted: str = "", chosen: str = "") -> str:
    headers = {"Accept-Language": wanted} if wanted else {}
    if chosen:
        client.set_cookie("hushbox-language", chosen, domain="hushbox.local")
    page = client.get(path, headers=headers).get_data(as_text=True)
    return str(re.findall(r"<html[^>]*>", page)[0])


@pytest.mark.parametrize("wanted", ["de", "de-AT", "fr, de-CH;q=0.8, en;q=0.5"])
def test_the_page_speaks_the_phones_language(client: FlaskClient, wanted: str):
    page = html(client, wanted=wanted)
    assert 'lang="de" dir="ltr"' in page
    assert 'data-language-choice=""' in page


def test_a_choice_counts_more_than_the_phones_language(client: FlaskClient):
    page = html(client, wanted="de", chosen="en")
    assert 'lang="en"' in page
    assert 'data-language-choice="en"' in page


@pytest.mark.parametrize("chosen", ["xx", "../en", "en-XB", "%22"])
def test_a_choice_that_there_is_not_counts_for_nothing(client: FlaskClient, chosen: str):
    page = html(client, wanted="de", chosen=chosen)
    assert 'lang="de"' in page
    assert 'data-language-choice=""' in page


def test_a_language_in_the_making_is_shown_only_where_it_is_asked_for():
    app = create_app(fake_box(), trial=mirrored())
    client = app.test_client()
    page = client.get(f"/?lang={CODE}", base_url="http://hushbox.local").get_data(as_text=True)
    assert f'<html lang="{CODE}" dir="rtl"' in page
    assert "[Múúţéé]" in page
    asked_later = client.get("/api/v1/presets/export?name=Choir", base_url="http://hushbox.local")
    assert "ñóó pŕééšééţ" in asked_later.get_json()["error"]
    plain = app.test_client().get("/?lang=xx", base_url="http://hushbox.local", headers={"Accept-Language": CODE})
    assert '<html lang="en" dir="ltr" data-theme="dark" data-languages="en de"' in plain.get_data(as_text=True)


def test_without_one_nothing_can_be_asked_for(client: FlaskClient):
    assert 'lang="en" dir="ltr"' in html(client, f"/?lang={CODE}")


def test_the_page_carries_its_texts(client: FlaskClient):
    assert '"play.muted": "Muted' in client.get("/").get_data(as_text=True)


def test_another_language_falls_back_to_english(client: FlaskClient):
    page = client.get("/", headers={"Accept-Language": "xx"}).get_data(as_text=True)
    assert '<html lang="en"' in page


def test_every_area_is_a_flat_file():
    for path in Path(texts.__file__).parent.glob("*/*.json"):
        assert all(isinstance(text, str) for text in json.loads(path.read_text(encoding="utf-8")).values())
        assert path.stem in {"box"} | {key.split(".")[0] for key in texts.texts("en")}
