"""What the box itself says stands in each language's table, as the code has it; nothing else does."""

import errno
import json
import os
import re
import tomllib
from functools import cache
from pathlib import Path
from string import Formatter

import pytest

from firmware_app.config.panel_keys import LEVELS, SHOWS
from tests.rigs.checkout import MODELS, ROOT
from tests.rigs.pseudo_locale import mirrored
from tests.rigs.said_in_python import modules, sample, texts_in
from web_ui import texts
from web_ui.texts.sentences import Sentences, values_of

OTHERS = [language for language in texts.languages() if language != texts.HOME]
# Whose texts reach the page. Not here: commands, offline work, the log, what only a broken checkout says.
SPEAKING = (
    "dsp/inference/__init__", "dsp/inference/bundle", "dsp/inference/handed_in", "dsp/inference/toml_checks",
    "dsp/nearest", "dsp/params", "dsp/rack/build",
    "hw/audio/agreement", "hw/audio/alsa", "hw/audio/clocks", "hw/audio/devices", "hw/audio/mixer", "hw/audio/probe",
    "hw/board", "hw/controls", "hw/midi", "hw/network", "hw/panel",
    "firmware_app/audio", "firmware_app/config/actions", "firmware_app/config/audio_rules",
    "firmware_app/config/declare", "firmware_app/control", "firmware_app/kept", "firmware_app/link/shed",
    "firmware_app/network", "firmware_app/page", "firmware_app/panel", "firmware_app/setup", "firmware_app/system/docs",
    "firmware_app/system/log_files", "firmware_app/system/power", "firmware_app/takes", "firmware_app/recorder_process",
    "firmware_app/update",
    "web_ui/app", "web_ui/routes", "web_ui/serving", "web_ui/streams", "web_ui/visitors",
)  # fmt: skip
SILENT = (
    "firmware_app/kept/choice",
    "firmware_app/kept/factory",
    "firmware_app/page/announce",
    "firmware_app/page/own_api",  # for `hushbox` in a terminal
    "hw/network/fake",  # for tests
    "web_ui/serving/server",
)
NOT_SAID = {
    "parameter {id} is declared twice",
    "^(mic|line ?in|line$|input|digital in|instrument|guitar|inst|aux in|analog(ue)? in)",
    "direct ?mon|input ?mon|hw ?mon|monitor(ing)?( (mix|switch|enable))?$|zero lat|sidetone",
    "{id} capture switch", "{id} playback switch",  # ids
    "Jetson Orin Nano or NX", "{name} is not a valid pin name", "{name} is no GPIO on a {name2}",
    "{path} is at its end", "panel knobs", "panel lights", "panel switches",  # names of threads
    "{stuck} did not end within {thread_end_s:g} s", "the morph thread did not stop within 1 s",
    "attachment; filename=\"{plain}\"{exact}", "nothing waits that may be answered now", "hushbox phone {number}",
    "too deep", "voice over music", "model off", "hushbox session {session}", "all addresses", "hushbox presets 1",
    "hushbox take 1", "hushbox facts 1", "hushbox versions 1", "hushbox list of takes 2", "hushbox queue 1",
    "recorder link", "take work", "take work's watcher",
    "no preset", "changed while it was recorded:",  # the sheet beside a take
    "part {part}: goes on from {follows}, {starts} frames in",
    "waiting for device", "checking sound", "power off", "round trip",
    "From scene A to scene B; what has only two states changes halfway.",  # a parameter's help: box.json
    # A header; what waits for TLS; what a phone's look for a way into the internet is answered; what is hashed.
    "Connection: close", "TLS has to send first", "TLS has to read first", "the handshake is not over",
    "<meta http-equiv=refresh content=0;url=https://support.mozilla.org/>", "NetworkManager is online\n",
    "the box's page is here\n", "this is the Wi-Fi of a Hushbox, without internet\n", "hushbox box id {machine}",
    "a text is missing", "a version is none",  # why a record counts as none
    "more phones ask than the box can answer at a time: try again",  # before the phone has said its language
}  # fmt: skip
_PROSE = re.compile(r"[a-z]{2,}[,.:;]? [a-z]{2,}")
_NO_WORDS = re.compile(r"`[^`]*`")
_WORD = re.compile(r"(?<![^\W\d_]|-)(?!LED)[A-Za-z]{3,}(?![^\W\d_]|-)")  # but for names as denoise-live


def table(language: str, *names: str) -> dict[str, str]:
    folder = Path(texts.__file__).parent / language / "said"
    return {
        key: text
        for path in folder.glob("*.json")
        if not names or path.stem in names
        for key, text in json.loads(path.read_text(encoding="utf-8")).items()
    }


@cache
def pseudo() -> Sentences:
    return Sentences(mirrored().said)


def plain_in(text: str) -> bool:
    """Whether a word of it stays English: in the pseudo-locale every word with a vowel has an accent."""
    words = _WORD.findall(_NO_WORDS.sub("", pseudo().say(text)))
    return any(set("aeiouy") & set(word.lower()) for word in words)


@cache
def code() -> dict[str, list[str]]:
    """Every text of the code, with where it stands."""
    found: dict[str, list[str]] = {}
    for path in modules():
        place = path.relative_to(ROOT).as_posix()
        for key, line in texts_in(path):
            found.setdefault(key, []).append(f"{place}:{line}")
    return found


@pytest.mark.parametrize("language", OTHERS)
def test_each_sentence_stands_once(language: str):
    seen: dict[str, str] = {}
    for path in (Path(texts.__file__).parent / language / "said").glob("*.json"):
        for key, _ in json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=list):
            assert key not in seen, f"{key!r}: in {path.name} and {seen.get(key)}"
            seen[key] = path.name
    assert len(seen) > 500


@pytest.mark.parametrize("language", OTHERS)
def test_every_language_says_the_same(language: str):
    assert set(table(language)) == set(table(OTHERS[0]))


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_has_the_values_of_its_sentence(language: str):
    odd = [key for key, text in table(language).items() if values_of(key) != values_of(text) or not text.strip()]
    assert odd == []
    forms = {form for text in table(language).values() for _, name, form, _ in Formatter().parse(text) if name}
    assert forms <= {"", "list", "name"}


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_has_the_commands_of_its_sentence(language: str):
    parts = re.compile(r"`[^`]*`|hushbox [a-z]+ --\w+|GPIO|[A-Z]{3,}\d*")
    odd = [
        key
        for key, text in table(language, "page", "panel", "machine", "kept").items()
        if [part for part in parts.findall(key) if part.startswith("`") and part not in text]
    ]
    assert odd == []


def test_all_that_the_code_may_say_is_in_the_tables():
    missing = [
        f"{place}: {key!r} is read as {pseudo().say(sample(key))!r}"
        for key, places in code().items()
        for place in places[:1]
        if any(each.startswith(SPEAKING) and not each.startswith(SILENT) for each in places)
        and _PROSE.search(key)
        and key not in NOT_SAID
        and plain_in(sample(key))
    ]
    assert missing == []


def test_what_is_not_said_is_still_in_the_code():
    assert sorted(NOT_SAID - set(code())) == []


@pytest.mark.parametrize("name", sorted(path.stem for path in (Path(texts.__file__).parent / "de/said").glob("*.json")))
def test_all_in_the_tables_is_in_the_code(name: str):
    if name == "forms":
        return  # how numbers, quotes and lists are written
    if name == "system":
        assert set(table("de", name)) <= {os.strerror(number) for number in errno.errorcode}
        return
    shows = [each.replace("_", " ") for each in (*SHOWS, *LEVELS)]
    said = bundle_texts() if name == "bundles" else [*code(), *shows]
    joined = "\n".join(said).replace("\n", " ")
    stale = []
    for key in table("de", name):
        pieces = [literal.replace("{", "{{").replace("}", "}}") for literal, *_ in Formatter().parse(key)]
        if key not in said and any(piece not in joined for piece in pieces):
            stale.append(key)
    assert stale == []


def bundle_texts() -> list[str]:
    found = []
    for path in sorted(MODELS.glob("*/bundle.toml")):
        bundle = tomllib.loads(path.read_text(encoding="utf-8"))
        found += [bundle["summary"], bundle["best_for"], *bundle["scores"]]
        found += [source["what"] for source in bundle.get("trained_on", ())]
    return found


def test_what_a_model_says_of_itself_is_in_the_tables():
    assert len(bundle_texts()) > 30
    assert [text for text in bundle_texts() if plain_in(text)] == []


def test_the_fields_of_a_control_are_in_the_tables(tmp_path: Path):
    from firmware_app.config.panel_keys import PanelConfig
    from tests.rigs.panel_box import PanelParts, ports_of

    parts = PanelParts(tmp_path, PanelConfig(pins="mock", midi=False))
    try:
        view = ports_of(tmp_path, parts.control, parts.setup).panel.setup()
        words = [field.words for kind in view.control_kinds for field in kind.fields]
        words += [kind.words for kind in (*view.control_kinds, *view.action_kinds)]
        assert len(words) > 40
        assert [each for each in words if plain_in(each)] == []
    finally:
        parts.close()


@pytest.mark.parametrize("language", OTHERS)
def test_a_sentence_is_read_as_itself(language: str):
    """No other sentence of the table takes its words away."""
    own = Sentences(texts.said(language))
    wrong = []
    for key, text in table(language).items():
        said = own.say(sample(key))
        fixed = [literal.strip() for literal, *_ in Formatter().parse(text) if literal.strip()]
        if any(part not in said for part in fixed):
            wrong.append(f"{key!r}: {said!r}")
    assert wrong == []
