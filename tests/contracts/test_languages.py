"""What the box itself says is in the phone's language: every answer, every refusal, of the fake box and of a real one.

In the pseudo-locale every word of the tables has an accent, so what is plain English has not gone through them.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.contracts.conftest import first_code
from tests.rigs.english import PRESETS
from tests.rigs.odd_box.requests import requests
from tests.rigs.pseudo_locale import CODE, mirrored
from tests.rigs.refusals import REFUSED, WRONG
from web_ui.app import create_app
from web_ui.ports.box import Box
from web_ui.ports.pairing import COOKIE as SESSION
from web_ui.views import SPOKEN
from web_ui.visitors.languages import COOKIE

ORIGIN = "http://hushbox.local"
ENGLISH = re.compile(r"(?<![\w.-])[A-Za-z][a-z]+ [a-z]{2,}(?![\w.-])")
SENTENCE = re.compile(r"[A-Za-z]+ [a-z]+ [a-z]+ [a-z]+")
# Commands, what somebody has named, names of controls in ALSA, keys of the settings.
NO_WORDS = re.compile(r"`[^`]*`|'[^']*'|\"[^\"]*\"|\w+,0 \w+ \w+|\bswitches \w+(?=:| =)")
# Fields that hold what a player, a maker or a library has named, and what the page itself says otherwise.
OF_OTHERS = {"about", "card", "full", "help", "label", "licence", "lines", "name", "names", "device", "monitoring"}
NOT_READ = ("events", "spectrum", "live/<which>.mp3", "openapi.json")  # endless ones, and what is for programs


class Reader:
    """A phone that reads the pseudo-locale. found: what it was told in plain English, with where."""

    def __init__(self, box: Box, code: str) -> None:
        """code: makes the phone the box's owner."""
        self.app = create_app(box, trial=mirrored())
        self._client: FlaskClient = self.app.test_client()
        self._client.set_cookie(COOKIE, CODE, domain="hushbox.local")
        self._client.set_cookie(SESSION, box.pairing.claim(code, "Q"), domain="hushbox.local")
        self._token = self._client.get("/api/v1/session", base_url=ORIGIN).get_json()["token"]
        self.found: set[str] = set()
        self.read = 0

    def send(self, method: str, path: str, body: Any) -> None:
        answer = self._client.open(
            f"/api/v1/{path}",
            method=method,
            base_url=ORIGIN,
            headers={"Origin": ORIGIN, "X-CSRF-Token": self._token},
            **({} if method == "GET" else {"data": json.dumps(body), "content_type": "application/json"}),
        )
        if answer.mimetype == "application/json":
            self.found |= {f"{method} {path}: {field}: {text}" for field, text in self._plain(answer.get_json(), "")}
        answer.close()

    def get_all(self) -> None:
        """Everything that can be looked at."""
        for rule in self.app.url_map.iter_rules():
            path = rule.rule.removeprefix("/api/v1/")
            if "GET" in (rule.methods or ()) and rule.rule.startswith("/api/") and path not in NOT_READ:
                self.send("GET", path, None)

    def _plain(self, tree: Any, field: str) -> Iterator[tuple[str, str]]:
        if isinstance(tree, dict):
            for name, value in tree.items():
                yield from self._plain(value, field if name in ("press", "turn") else name)
        elif isinstance(tree, list):
            for value in tree:
                yield from self._plain(value, field)
        elif isinstance(tree, str):
            spoken = field in SPOKEN | {"error"}
            self.read += spoken
            plain = NO_WORDS.sub("", tree)
            for name in PRESETS:  # names stay as they are
                plain = plain.replace(name, "")
            if ENGLISH.search(plain) if spoken else field not in OF_OTHERS and SENTENCE.search(tree):
                yield field, tree


@pytest.fixture
def reader(box: Box) -> Reader:
    return Reader(box, first_code(box))


def test_all_that_a_phone_is_told_is_in_its_language(reader: Reader):
    reader.get_all()
    for method, path, body in (*requests(reader.app), *REFUSED):
        reader.send(method, path, body)
    reader.get_all()
    assert reader.read > 200
    assert "\n".join(sorted(reader.found)) == ""


def test_every_refusal_is_in_the_phones_language(reader: Reader):
    for method, path, body in requests(reader.app):
        for name in body or ():
            for wrong in WRONG:
                reader.send(method, path, {**body, name: wrong})
        for wrong in WRONG if method != "GET" else ():
            reader.send(method, path, wrong)
    assert reader.read > 200
    assert "\n".join(sorted(reader.found)) == ""
