"""Numbers in sentences are the box's own: each is held equal to the constant that it tells of, in both languages."""

import json
import re
from functools import cache

import pytest

from dsp.effects import automix, compressor, limiter
from dsp.restore import declick, declip
from firmware_app.kept import pair_codes
from firmware_app.kept.param_table import PARAMS
from firmware_app.panel import bindings, stomps
from firmware_app.running import crash_loop
from tests.rigs.checkout import ROOT
from web_ui.ports import limits

RATE_HZ = 48_000
TEXTS = ROOT / "web_ui" / "texts"
ROLES_JS = (ROOT / "web_ui/static/js/pairing/roles.js").read_text()
WORDS = {
    "en": {1: "an hour", 2: "two", 3: "three", 8: "eight", 10: "ten"},
    "de": {1: "einer Stunde", 2: "zwei", 3: "drei", 8: "acht", 10: "zehn"},
}


@cache
def text(language: str, key: str) -> str:
    area, _, rest = key.partition("/")
    return str(json.loads((TEXTS / language / f"{area}.json").read_text())[rest])


def in_ms(frames: int) -> float:
    return round(1000.0 * frames / RATE_HZ, 1)


def of_script(name: str) -> int:
    found = re.search(rf"const {name} = (\d+);", ROLES_JS)
    assert found is not None, name
    return int(found[1])


@pytest.mark.parametrize(
    ("key", "numbers"),
    [
        ("pair/ask.help", [bindings.PAIR_HOLD_S]),
        ("pair/ask.hold", [bindings.PAIR_HOLD_S]),
        ("pair/code.short", [pair_codes.LENGTH]),
        ("pair/once", [limits.CODE_HOURS]),
        ("pair/end.gig", [of_script("GIG_HOURS")]),
        ("pair/end.weekend", [of_script("MORNING")]),
    ],
)
@pytest.mark.parametrize("language", WORDS)
def test_the_page_says_the_boxs_numbers(language: str, key: str, numbers: list[float]):
    said = text(language, key)
    for number in numbers:
        word = WORDS[language].get(int(number), "")
        assert re.search(rf"\b{number:g}\b", said) or (word and word in said), f"{said!r} does not say {number:g}"


@pytest.mark.parametrize(
    ("id", "numbers"),
    [
        ("compressor.lookahead", [compressor.LOOKAHEAD_MS]),
        ("limiter.true_peak", [in_ms(limiter.LATENCY_FRAMES)]),
        ("declick.on", [round(in_ms(declick.Declick.latency_frames))]),
        ("declip.on", [round(in_ms(declip.Declip.latency_frames))]),
        ("automix.on", [2, automix.MOST_CHANNELS]),
    ],
)
@pytest.mark.parametrize("language", WORDS)
def test_a_stage_says_its_own_numbers(language: str, id: str, numbers: list[float]):
    said = PARAMS[id].help if language == "en" else text("de", f"box/param.{id}.help")
    for number in numbers:
        digits = f"{number:g}" if language == "en" else f"{number:g}".replace(".", ",")
        word = WORDS[language].get(int(number), "")
        assert re.search(rf"\b{digits}\b", said) or (word and word in said.lower()), f"{said!r} does not say {digits}"


def test_what_the_box_says_in_words_is_so():
    assert crash_loop.WITHIN_S == 60.0  # "crashes within a minute"
    assert stomps.PRESSES == 3  # "three times in a row"
