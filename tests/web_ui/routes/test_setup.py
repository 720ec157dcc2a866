"""The routes of Set up and System, and the PIN."""

import json
import re

import pytest
from flask.testing import FlaskClient

from tests.web_ui.conftest import Change
from tests.web_ui.routes.test_openapi import check
from web_ui.fakes.box import FakeBox
from web_ui.ports.pairing import COOKIE, ENGINEER, NOBODY, OWNER


def test_audio_settings_are_tried_and_refusals_told(change: Change, client: FlaskClient):
    assert change("PUT", "setup/audio", {"changes": {"period_frames": 128}}).status_code == 204
    assert client.get("/api/v1/setup").get_json()["audio"]["period_frames"] == 128
    assert change("PUT", "setup/audio", {"changes": {"input_channels": [7]}}).status_code == 204
    news = client.get("/api/v1/setup/news").get_json()
    assert (news["audio_state"], news["audio_reason"]) == ("refused", "input channel 7: hw:CARD=USB,DEV=0 has 1 to 2")
    answer = change("PUT", "setup/audio", {"changes": {"period_frames": 1}})
    assert answer.status_code == 400
    check("Error", answer.get_json())


def test_the_round_trip_is_measured(change: Change, client: FlaskClient, box: FakeBox):
    assert change("POST", "setup/check", {"do": "measure"}).status_code == 400
    assert change("POST", "setup/check", {"do": "hold"}).status_code == 204
    assert change("POST", "setup/check", {"do": "measure"}).status_code == 204
    assert client.get("/api/v1/setup/news").get_json()["check"]["state"] == "measuring"
    box.setup.end_measuring()
    check("SetupNews", client.get("/api/v1/setup/news").get_json())
    setup = client.get("/api/v1/setup").get_json()
    check("Setup", setup)
    assert setup["measured"]["total_ms"] == 12.4


def test_the_interfaces_own_levels(change: Change, client: FlaskClient):
    assert client.get("/api/v1/setup/mixer").get_json()["monitoring"] == ["Direct Monitor"]
    assert change("POST", "setup/mixer/stop_monitoring", {"stop": True}).status_code == 204
    assert client.get("/api/v1/setup/mixer").get_json()["monitoring"] == []
    assert change("PUT", "setup/mixer", {"id": "Mic,0 capture level", "value": 33}).status_code == 204
    assert change("PUT", "setup/mixer", {"id": "Mic,0 capture level", "value": 61}).status_code == 400
    assert change("PUT", "setup/mixer", {"id": "none", "value": 1}).status_code == 404


def test_the_page_answers_to_the_boxs_new_name(change: Change, client: FlaskClient):
    assert client.get("/api/v1/session", base_url="http://stage-left.local").status_code == 403
    assert change("PUT", "setup/name", {"name": "Stage left"}).status_code == 204
    assert client.get("/api/v1/session", base_url="http://stage-left.local").get_json()["box_name"] == "Stage left"


def test_files_come_with_the_boxs_name(client: FlaskClient, change: Change):
    made = change("POST", "system/diagnostics.zip", {"make": True})
    kept = client.get("/api/v1/system/backup.json")
    for answer, kind in ((made, "application/zip"), (kept, "application/json")):
        assert answer.mimetype == kind
        assert re.match(r'attachment; filename="hushbox-\w+-\d{4}-\d\d-\d\d\.', answer.headers["Content-Disposition"])


def test_a_backup_of_a_megabyte_is_taken_and_a_longer_body_elsewhere_is_not(change: Change, box: FakeBox):
    backup = {"hushbox_backup": 1, "files": {"state.json": {"schema": 1, "params": {"x" * 1_000_000: 1}}}}
    assert change("PUT", "system/backup.json", backup).status_code == 204
    assert box.system.asked == ["restore"]
    assert change("PUT", "setup/name", {"name": "x" * 5000}).status_code == 413
    assert change("PUT", "system/backup.json", data=b" " * 4_000_001).status_code == 413
    assert change("PUT", "system/backup.json", data=b"{").status_code == 400


def test_restart_and_power_off_have_to_be_confirmed(change: Change, box: FakeBox):
    for path, field in (("restart", "restart"), ("power_off", "power_off")):
        assert change("POST", f"system/{path}", {field: False}).status_code == 400
        assert change("POST", f"system/{path}", {field: True}).status_code == 204
    assert box.system.asked == ["restart", "power_off"]
    box.system.no_power_off = "this is no box of its own"
    answer = change("POST", "system/power_off", {"power_off": True})
    assert (answer.status_code, answer.get_json()["error"]) == (400, "this is no box of its own")


# --- the PIN ---


@pytest.fixture
def closed(box: FakeBox, client: FlaskClient) -> FlaskClient:
    """A phone that is not paired, and a PIN is set."""
    box.pin.change("2468", "")
    box.pairing.pair(OWNER)
    box.pairing.everybody = NOBODY
    return client


def test_the_pin_pairs_a_phone_as_an_engineer(closed: FlaskClient, change: Change):
    assert closed.get("/api/v1/pin").get_json() == {"in_force": True, "unlocked": False}
    wrong = change("POST", "pin/unlock", {"pin": "0000", "name": ""})
    assert (wrong.status_code, wrong.get_json()["code"]) == (400, "pin_wrong")
    right = change("POST", "pin/unlock", {"pin": "2468", "name": "Ben's"})
    assert right.status_code == 204
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(right.headers["Set-Cookie"].split("; "))
    assert closed.get("/api/v1/pin").get_json()["unlocked"]
    assert closed.get("/api/v1/pairing").get_json()["role"] == ENGINEER
    assert closed.get("/api/v1/setup").status_code == 200
    assert change("PUT", "pin", {"pin": "", "old": "2468"}).status_code == 403  # that is an owner's


def test_a_phone_that_has_left_is_out_and_the_pin_lets_it_in_again(closed: FlaskClient, change: Change):
    change("POST", "pin/unlock", {"pin": "2468", "name": ""})
    cookie = closed.get_cookie(COOKIE, "hushbox.local")
    assert cookie is not None
    assert change("POST", "pairing/leave", {"leave": True}).status_code == 204
    assert closed.get("/api/v1/setup").status_code == 401
    closed.set_cookie(COOKIE, cookie.value, domain="hushbox.local")
    assert closed.get("/api/v1/setup").status_code == 401  # a copy of the one that has left
    assert change("POST", "pin/unlock", {"pin": "2468", "name": ""}).status_code == 204
    assert closed.get("/api/v1/setup").status_code == 200


def test_the_cookie_alone_changes_nothing(closed: FlaskClient, change: Change):
    change("POST", "pin/unlock", {"pin": "2468", "name": ""})
    for headers in ({"X-CSRF-Token": ""}, {"Origin": "http://evil.example"}):
        answer = change("PUT", "setup/wizard", {"state": "done", "step": "sound"}, headers=headers)
        assert answer.status_code == 403


def test_too_many_wrong_ones_wait(closed: FlaskClient, change: Change):
    for _ in range(5):
        change("POST", "pin/unlock", {"pin": "0000", "name": ""})
    answer = change("POST", "pin/unlock", {"pin": "2468", "name": ""})
    assert (answer.status_code, answer.get_json()["code"]) == (429, "pin_wait")


def test_no_pin_is_in_what_the_page_can_fetch(client: FlaskClient, change: Change):
    assert change("PUT", "pin", {"pin": "2468", "old": ""}).status_code == 204
    for path in ("pin", "setup", "system", "system/backup.json", "session", "phones"):
        assert "2468" not in json.dumps(client.get(f"/api/v1/{path}").get_json())


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("Left wing", 'attachment; filename="left-wing-backup-DAY.json"'),
        (
            "Stadthalle Köln",
            'attachment; filename="stadthalle-koln-backup-DAY.json"; '
            "filename*=UTF-8''stadthalle-k%C3%B6ln-backup-DAY.json",
        ),
        (
            "舞台",
            "attachment; filename=\"hushbox-backup-DAY.json\"; filename*=UTF-8''%E8%88%9E%E5%8F%B0-backup-DAY.json",
        ),
        ("…", 'attachment; filename="hushbox-backup-DAY.json"'),
    ],
)
def test_accents_survive_in_the_names_of_files(client: FlaskClient, box: FakeBox, name: str, header: str):
    box.setup.box_name = name
    said = client.get("/api/v1/system/backup.json").headers["Content-Disposition"]
    assert re.sub(r"\d{4}-\d\d-\d\d", "DAY", said) == header
