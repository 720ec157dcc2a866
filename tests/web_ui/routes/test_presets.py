"""Presets over HTTP: refusals, files of the largest size, and news to every phone."""

import json

import pytest
from flask.testing import FlaskClient

from tests.web_ui.conftest import Change
from web_ui.fakes.box import FakeBox
from web_ui.fakes.presets import FACTORY
from web_ui.ports.limits import LARGEST_PRESET_FILE_BYTES, MOST_PRESETS


def names(client: FlaskClient) -> list[str]:
    return [preset["name"] for preset in client.get("/api/v1/presets").get_json()["presets"]]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "said"),
    [
        ("POST", "presets/load", {"name": "No such"}, 404, "no preset 'No such'"),
        ("POST", "presets/step", {"by": 3}, 400, "1 or -1"),
        ("POST", "presets/step", {"by": True}, 400, "1 or -1"),
        ("POST", "presets/save", {"name": "Gentle", "about": ""}, 400, "factory"),
        ("POST", "presets/save", {"name": " ", "about": ""}, 400, "1 to 40"),
        ("POST", "presets/rename", {"name": "Gentle", "to": "Mine"}, 400, "duplicate it first"),
        ("POST", "presets/delete", {"name": "Gentle"}, 400, "duplicate it first"),
        ("PUT", "presets/order", {"names": ["Gentle"]}, 400, "once"),
        ("PUT", "presets/order", {"names": "Gentle"}, 400, "a list of names"),
        ("POST", "presets/undo", {"undo": True}, 400, "nothing to undo"),
        ("POST", "presets/undo", {"undo": 1}, 400, "true is expected"),
        ("POST", "presets/import", {"form": "other", "presets": []}, 400, "not a preset file"),
        ("POST", "scenes/recall", {"scene": "A"}, 404, "is empty"),
        ("POST", "scenes/keep", {"scene": "C"}, 404, "there are A, B"),
    ],
)
def test_impossible_changes_of_presets_are_refused_in_words(
    change: Change, client: FlaskClient, method: str, path: str, body: object, status: int, said: str
):
    before = names(client)
    answer = change(method, path, body)
    assert (answer.status_code, said in answer.get_json()["error"]) == (status, True), answer.get_json()
    assert names(client) == before


def test_without_own_presets_there_is_nothing_to_export(client: FlaskClient):
    answer = client.get("/api/v1/presets/export")
    assert (answer.status_code, answer.get_json()["error"]) == (404, "no presets of your own yet: save one first")


def test_an_exported_file_is_a_download_and_comes_in_again(change: Change, client: FlaskClient):
    change("POST", "presets/save", {"name": "Choir", "about": ""})
    answer = client.get("/api/v1/presets/export?name=Choir&name=Gentle")
    assert "attachment" in answer.headers["Content-Disposition"]
    assert [preset["name"] for preset in answer.get_json()["presets"]] == ["Choir", "Gentle"]
    change("POST", "presets/import", answer.get_json())
    assert names(client)[-2:] == ["Choir 2", "Gentle 2"]


def test_a_large_file_is_taken_and_one_beyond_the_limit_is_not(change: Change, client: FlaskClient):
    def file(count: int) -> dict[str, object]:
        presets = [{"name": f"P{n}", "about": "x" * 150, "params": {"denoise.amount_db": 3}} for n in range(count)]
        return {"form": "hushbox presets 1", "presets": presets}

    room = MOST_PRESETS - len(FACTORY)
    assert 4096 < len(json.dumps(file(room))) < LARGEST_PRESET_FILE_BYTES
    assert change("POST", "presets/import", file(room)).status_code == 200
    assert change("POST", "presets/import", file(6000)).status_code == 413
    assert change("PUT", "params/box.mute", {"value": 1, "more": "x" * 5000}).status_code == 413  # elsewhere as before


def test_every_change_is_news(change: Change, box: FakeBox):
    before = box.presets.news()
    change("POST", "presets/step", {"by": 1})
    after = box.presets.news()
    assert after.revision > before.revision
    assert after.current == "Gentle"
    assert after.undo == "load Gentle"
