"""No text of a request breaks a line, a log or the next answer; one rule for path, query and every string of a body."""

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from web_ui.views import dumps
from web_ui.visitors.plain_text import MAX_DEPTH

Change = Callable[..., Any]
BAD = ("\x00", "\n", "\r", "\t", "\x1b[2J", "\x7f", "\x85", "\u2028", "\u2029", "\u202e", "\u2066", "\ud800", "\udfff")
GOOD = ("Chörchen", "合唱", "👩\u200d🎤", "no\u00a0break", "à", "«»", "12″", "e\u0301")


@pytest.mark.parametrize("text", BAD)
def test_a_character_that_breaks_something_is_refused_in_every_string(change: Change, client: FlaskClient, text: str):
    for method, path, body in (
        ("POST", "presets/save", {"name": f"A{text}B", "about": ""}),
        ("POST", "presets/save", {"name": "A", "about": f"A{text}B"}),
        ("POST", "presets/import", {"form": "hushbox presets 1", "presets": [{"name": "A", "params": {text: 1}}]}),
        ("POST", "presets/import", {"form": "x", "presets": [[[{"a": text}]]]}),
        ("PUT", "presets/order", {"names": ["A", text]}),
        ("PUT", "panel/learn", {"action": {"do": "preset", "preset": text}}),
        ("PUT", "setup/audio", {"changes": {"device": f"hw:{text}"}}),
        ("PUT", "system/backup.json", {"hushbox_backup": 1, "files": {text: {}}}),
        ("PUT", "pin", {"pin": text, "old": ""}),
    ):
        answer = change(method, path, body)
        assert answer.status_code == 400, path
        assert f"the character U+{ord(text[0]):04X}" in answer.get_json()["error"]
    assert "A" not in json.dumps(client.get("/api/v1/presets").get_json()["presets"]).split('"')


@pytest.mark.parametrize("text", [bad for bad in BAD if not "\ud800" <= bad <= "\udfff"])
def test_nor_in_an_address(change: Change, client: FlaskClient, text: str):
    for path in (f"listen/{quote(text)}.wav", f"presets/export?name={quote(text)}", f"history?{quote(text)}=1"):
        answer = client.get(f"/api/v1/{path}")
        assert answer.status_code == 400, path
        assert "printable characters are allowed" in answer.get_json()["error"]
    assert change("PUT", f"params/{quote(text)}", {"value": 1}).status_code == 400
    assert client.get(f"/{quote(text)}").status_code == 400


@pytest.mark.parametrize("text", GOOD)
def test_whatever_people_type_is_taken(change: Change, client: FlaskClient, text: str):
    assert change("POST", "presets/duplicate", {"name": text}).status_code == 404
    assert client.get(f"/api/v1/presets/export?name={quote(text)}").status_code == 404
    assert change("PUT", f"params/{quote(text)}", {"value": 1}).status_code == 404


@pytest.mark.parametrize("number", ["1e999", "-1e999", "1" + "0" * 400, "9007199254740993"])
def test_a_number_that_no_reader_has_is_refused(change: Change, number: str):
    """Where the box knows no parameter of that name too: it would be kept all the same."""
    body = '{"form": "hushbox presets 1", "presets": [{"name": "A", "params": {"no.such": ' + number + "}}]}"
    answer = change("POST", "presets/import", data=body)
    assert answer.status_code == 400
    assert "a finite number is expected" in answer.get_json()["error"]


def test_a_body_has_a_bottom(change: Change):
    def nested(depth: int) -> str:
        return '{"form": "x", "presets": ' + "[" * (depth - 1) + "]" * (depth - 1) + "}"

    assert "hushbox presets 1" in change("POST", "presets/import", data=nested(MAX_DEPTH)).get_json()["error"]
    assert (
        change("POST", "presets/import", data=nested(MAX_DEPTH + 1)).get_json()["error"]
        == "the body is more than 16 deep"
    )
    assert "is not JSON" in change("POST", "presets/import", data=nested(20_000)).get_json()["error"]


def test_a_name_kept_by_an_older_version_can_be_sent():
    """One half of a character among the names must not end every event stream."""
    told = dumps({"name": "half \ud83d", "whole": "👍"})
    assert json.loads(told.encode()) == {"name": "half \ud83d", "whole": "👍"}
    assert re.search(r"\\ud83d", told)
