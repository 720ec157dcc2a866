"""What the box says is put into the language that each request asks for."""

import http.client
import json
import re

import pytest
from flask.testing import FlaskClient

from tests.web_ui.conftest import Change, Served
from tests.web_ui.serving.wire import connected
from web_ui import texts
from web_ui.fakes import stages
from web_ui.fakes.box import FakeBox
from web_ui.visitors.languages import COOKIE, Languages

GONE = "The audio interface is gone: plug it in again and sound comes back by itself."


ENGLISH = "no preset 'Choir'; did you mean Gentle?"
GERMAN = "kein Preset „Choir“; meintest du Gentle?"


@pytest.mark.parametrize(
    ("wanted", "chosen", "said"),
    [
        ("", "", ENGLISH),  # a program
        ("en-GB", "", ENGLISH),
        ("fr", "", ENGLISH),
        ("de-AT, en;q=0.5", "", GERMAN),
        ("en", "de", GERMAN),
        ("de", "en", ENGLISH),
    ],
)
def test_a_refusal_is_in_the_language_of_the_request(
    client: FlaskClient, change: Change, wanted: str, chosen: str, said: str
):
    if chosen:
        client.set_cookie(COOKIE, chosen, domain="hushbox.local")
    answer = change("POST", "presets/load", {"name": "Choir"}, headers={"Accept-Language": wanted})
    assert answer.get_json() == {"error": said, "code": ""}


def test_a_code_is_the_same_in_every_language(change: Change):
    answer = change("PUT", "params/box.mute", {"value": 1}, headers={"X-CSRF-Token": "", "Accept-Language": "de"})
    assert answer.get_json()["code"] == "token"
    assert answer.get_json()["error"].startswith("die Kopfzeile X-CSRF-Token fehlt")


def test_two_phones_hear_each_its_own_language(box: FakeBox, client: FlaskClient):
    box.live.set_status(message=GONE)
    told = {}
    for language in ("de", "en"):
        answer = client.get("/api/v1/events", headers={"Accept-Language": language})
        for piece in answer.response:
            found = re.search(r"event: status\ndata: (.*)\n\n", bytes(piece).decode())  # type: ignore[arg-type]
            if found:
                told[language] = json.loads(found[1])["message"]
                break
        answer.close()
    assert told["en"] == GONE
    assert told["de"].startswith("Das Audio-Interface ist weg: Steck es wieder ein")


def test_a_stages_setting_is_said_with_its_stage():
    say = Languages(stages.PARAMS).say(texts.language("de"))
    assert say is not None
    assert say("Compressor threshold, -30 dB to 0 dB") == "Kompressor: Schwelle, -30 dB bis 0 dB"
    assert say("Compressor threshold") == "Kompressor: Schwelle"
    assert say("Threshold") == "Schwelle"


def test_names_that_somebody_has_given_stay(change: Change, client: FlaskClient):
    """Even where the box has the same word."""
    change("POST", "presets/save", {"name": "Mute", "about": "press"})
    change("PUT", "setup/name", {"name": "press"})
    german = {"Accept-Language": "de"}
    presets = client.get("/api/v1/presets", headers=german).get_json()
    assert ("Mute", "press") in [(preset["name"], preset["about"]) for preset in presets["presets"]]
    assert presets["undo"] == "Mute speichern"
    assert client.get("/api/v1/setup", headers=german).get_json()["name"] == "press"


def test_the_server_itself_refuses_in_the_phones_language(served: Served):
    head = b"PUT /api/v1/params/box.mute HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99999\r\n"
    for wanted, said in ((b"de", "die Anfrage ist zu groß"), (b"en", "the body is too large")):
        with connected(served, head + b"Accept-Language: " + wanted + b"\r\n\r\n") as sock:
            answer = http.client.HTTPResponse(sock)
            answer.begin()
            assert answer.status == 413
            assert said in json.loads(answer.read())["error"]
