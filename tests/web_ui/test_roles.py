"""Each operation of openapi.json, with each method, as each kind of client: who gets in, and who does not."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.rigs.hand_clock import HandClock
from tests.web_ui.conftest import ORIGIN, Change
from tests.web_ui.routes.test_openapi import SPEC
from web_ui.app import create_app
from web_ui.fakes.box import FakeBox, fake_box
from web_ui.fakes.pairing import FIRST_CODE
from web_ui.ports.errors import ControlRefused, NotThere
from web_ui.ports.pairing import COOKIE, ENGINEER, NOBODY, OWNER, PLAYER
from web_ui.visitors.roles import ROLE_OF, rank

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
PATHS = sorted(SPEC["paths"])
GUEST_S = 3600.0


@pytest.fixture
def box() -> FakeBox:
    return fake_box(everybody=NOBODY)


def ended_guest(box: FakeBox) -> str:
    clock = HandClock(1_000_000.0)
    box.pairing._clock = clock
    session = box.pairing.claim(box.pairing.invite(ENGINEER, 1, "http://box/").code, "")
    assert box.pairing.entry(session).role == ENGINEER
    clock.now += GUEST_S
    return session


def revoked(box: FakeBox) -> str:
    session = box.pairing.pair(OWNER)
    box.pairing.revoke(box.pairing.entry(session).phone_id)
    return session


def owned(kind: Callable[[FakeBox], str]) -> Callable[[FakeBox], str]:
    """The same on a box that has an owner."""

    def made(box: FakeBox) -> str:
        box.pairing.pair(OWNER, "The owner's")
        return kind(box)

    return made


def with_open_play(box: FakeBox) -> str:
    box.pairing.set_open_play(True)
    return ""


CLIENTS: dict[str, tuple[str, bool, Callable[[FakeBox], str]]] = {
    # what it may do, whether it is paired, and how it comes to its session
    "owner": (OWNER, True, owned(lambda box: box.pairing.pair(OWNER))),
    "engineer": (ENGINEER, True, owned(lambda box: box.pairing.pair(ENGINEER))),
    "player": (PLAYER, True, owned(lambda box: box.pairing.pair(PLAYER))),
    "nobody": (NOBODY, False, owned(lambda box: "")),
    "nobody with open play": (PLAYER, False, owned(with_open_play)),
    "nobody on a box as it comes": (PLAYER, False, lambda box: ""),
    "a guest whose time is over": (NOBODY, False, owned(ended_guest)),
    "a phone that was removed": (NOBODY, False, owned(revoked)),
    "somebody who guesses": (NOBODY, False, owned(lambda box: "0" * 64)),
}


@pytest.mark.parametrize("who", CLIENTS)
def test_each_client_may_what_its_role_may_and_nothing_else(box: FakeBox, client: FlaskClient, token: str, who: str):
    role, is_paired, session_of = CLIENTS[who]
    client.set_cookie(COOKIE, session_of(box), domain="hushbox.local")
    wrong = []
    for path in PATHS:
        url = re.sub(r"\{\w+\}", "before", path)
        operations = operations_at(url)
        for method in METHODS:
            answer = ask(client, token, method, url)
            operation = operations.get("GET" if method == "HEAD" else method)
            if operation is None and method == "OPTIONS":  # Flask answers by any route of the address
                may = rank(role) >= min(rank(each["x-role"]) for each in operations.values())
                right = answer.status_code == 200 if may else answer.status_code in (401, 403)
            elif operation is None:
                right = answer.status_code == 405
            elif rank(role) >= rank(operation["x-role"]):
                right = answer.status_code not in (401, 403)
            else:
                right = refused_rightly(answer, method, operation, is_paired)
            if not right:
                wrong.append((method, url, answer.status_code))
    assert wrong == []


def operations_at(url: str) -> dict[str, Any]:
    """The described operations by method, of every path that this address fits."""
    fits = [path for path in PATHS if re.fullmatch(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path)), url)]
    return {method.upper(): operation for path in fits for method, operation in SPEC["paths"][path].items()}


def refused_rightly(answer: TestResponse, method: str, operation: dict[str, Any], is_paired: bool) -> bool:
    """Refused with the status that the description has, a code for programs, and a word on who may."""
    if answer.status_code != (403 if is_paired else 401) or str(answer.status_code) not in operation["responses"]:
        return False
    if method == "HEAD":
        return True
    told = answer.get_json()
    words = {OWNER: "an owner", ENGINEER: "an engineer", PLAYER: "a paired phone"}
    return told["code"] == ("role" if is_paired else "pair") and words[operation["x-role"]] in told["error"]


def ask(client: FlaskClient, token: str, method: str, url: str) -> TestResponse:
    """Send it, with an empty body where there is one, and read no more of an endless answer than its head."""
    body = None if method in ("GET", "HEAD", "OPTIONS") else json.dumps({})
    headers = {"Origin": ORIGIN, "X-CSRF-Token": token}
    answer = client.open(url, method=method, data=body, content_type="application/json", headers=headers)
    if answer.status_code == 200:
        answer.close()
    return answer


def test_the_description_names_the_role_of_each_operation_and_no_route_is_without(app: Flask):
    operations = {each["operationId"]: each for methods in SPEC["paths"].values() for each in methods.values()}
    routes = {rule.endpoint.removeprefix("api.") for rule in app.url_map.iter_rules() if rule.endpoint[:4] == "api."}
    assert routes == set(operations) == set(ROLE_OF)
    assert {id: each.get("x-role") for id, each in operations.items()} == ROLE_OF
    for each in operations.values():
        assert ("401" in each["responses"]) == (each["x-role"] != NOBODY), each["operationId"]


def test_a_route_that_the_table_does_not_name_is_the_owners(box: FakeBox):
    app = create_app(box, secret="tests")
    app.add_url_rule("/api/v1/new", "api.something_new", lambda: "open")
    client = app.test_client()
    for session, status in (("", 401), (box.pairing.pair(ENGINEER), 403), (box.pairing.pair(OWNER), 200)):
        client.set_cookie(COOKIE, session)
        assert client.get("/api/v1/new").status_code == status


def test_nobody_paired_cannot_set_a_pin_first_restore_or_power_off(change: Change, box: FakeBox):
    for method, path, body in (
        ("PUT", "pin", {"pin": "2468", "old": ""}),
        ("PUT", "system/backup.json", {"hushbox_backup": 1, "files": {"state.json": {"schema": 1, "params": {}}}}),
        ("POST", "system/undo_restore", {"undo": True}),
        ("POST", "system/power_off", {"power_off": True}),
        ("POST", "system/restart", {"restart": True}),
        ("PUT", "setup/name", {"name": "Taken over"}),
    ):
        assert change(method, path, body).status_code == 401
    assert not box.pin.view().in_force
    assert box.system.asked == []


def test_the_document_has_nothing_of_a_box_that_is_closed(client: FlaskClient, box: FakeBox):
    box.setup.set_up_by_file = False
    assert "data-first-visit" in client.get("/").get_data(as_text=True)  # of a box as it comes
    assert "box.bypass" in client.get("/").get_data(as_text=True)
    session = box.pairing.pair(OWNER)
    closed = client.get("/").get_data(as_text=True)
    assert "box.bypass" not in closed
    assert "data-first-visit" not in closed
    client.set_cookie(COOKIE, session, domain="hushbox.local")
    assert "box.bypass" in client.get("/").get_data(as_text=True)


def test_a_phone_is_claimed_named_raised_and_removed(change: Change, client: FlaskClient, box: FakeBox):
    answer = change("POST", "pairing/claim", {"code": FIRST_CODE, "name": "Anna's phone"})
    assert answer.status_code == 204
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith(f"{COOKIE}=")
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
    entry = client.get("/api/v1/pairing").get_json()
    assert (entry["role"], entry["claimed"]) == (OWNER, True)
    invite = change("POST", "phones/invite", {"role": PLAYER, "hours": None}).get_json()
    assert invite["link"] == f"{ORIGIN}/#pair={invite['code']}"
    other = box.pairing.claim(invite["code"], "Ben's")
    phones = client.get("/api/v1/phones").get_json()["phones"]
    assert [(p["name"], p["role"], p["here"]) for p in phones] == [
        ("Anna's phone", OWNER, True), ("Ben's", PLAYER, False),
    ]  # fmt: skip
    ben = f"phones/{phones[1]['id']}"
    assert change("PATCH", ben, {"role": ENGINEER}).status_code == 204
    assert box.pairing.entry(other).role == ENGINEER
    assert change("PATCH", ben, {}).status_code == 400
    assert change("PATCH", ben, {"since": 0}).status_code == 400
    assert change("DELETE", ben, {"revoke": True}).status_code == 204
    assert box.pairing.entry(other).role == NOBODY
    assert change("DELETE", ben, {"revoke": True}).status_code == 404
    assert change("DELETE", f"phones/{phones[0]['id']}", {"revoke": True}).status_code == 400  # the last owner
    assert change("POST", "pairing/leave", {"leave": True}).status_code == 400


def test_each_visit_of_the_page_renews_the_cookie_of_a_paired_phone_alone(client: FlaskClient, box: FakeBox):
    session = box.pairing.pair(PLAYER)
    for sent in (session, "0" * 64):
        client.set_cookie(COOKIE, sent, domain="hushbox.local")
        given = [c for c in client.get("/").headers.getlist("Set-Cookie") if c.startswith(f"{COOKIE}=")]
        assert [c.partition(";")[0] for c in given] == ([f"{COOKIE}={session}"] if sent == session else [])
        assert all({"HttpOnly", "SameSite=Strict"} <= set(c.split("; ")) for c in given)


def test_wrong_used_and_ended_codes_get_one_answer(change: Change, box: FakeBox):
    clock = HandClock(1_000_000.0)
    box.pairing._clock = clock
    used, ended = (box.pairing.invite(PLAYER, None, "").code for _ in range(2))
    box.pairing.claim(used, "")
    clock.now += GUEST_S
    answers = [change("POST", "pairing/claim", {"code": code, "name": ""}) for code in ("AAAAA-AAAAA", used, ended, "")]
    assert {(a.status_code, a.get_data()) for a in answers} == {(400, answers[0].get_data())}
    assert answers[0].get_json()["code"] == "pair_wrong"
    for _ in range(3):
        answer = change("POST", "pairing/claim", {"code": "AAAAA-AAAAA", "name": ""})
    assert (answer.status_code, answer.get_json()["code"]) == (429, "pair_wait")


def test_the_switch_lets_one_phone_in(change: Change, client: FlaskClient, box: FakeBox):
    assert change("POST", "pairing/ask", {"name": "Anna's"}).get_json() == {"let_in": False}
    box.pairing.hold_switch()
    assert client.get("/api/v1/pairing").get_json()["waiting_s"] == 0  # a stranger does not see it
    answer = change("POST", "pairing/ask", {"name": "Anna's"})
    assert answer.get_json() == {"let_in": True}
    assert answer.headers["Set-Cookie"].startswith(f"{COOKIE}=")
    assert client.get("/api/v1/pairing").get_json()["role"] == OWNER


@pytest.mark.parametrize("path", ["events", "spectrum", "live/output.mp3"])
@pytest.mark.parametrize("how", ["removed", "lowered"])
def test_the_streams_of_a_phone_end_with_what_it_may(client: FlaskClient, box: FakeBox, path: str, how: str):
    box.pairing.pair(OWNER)
    session = box.pairing.pair(ENGINEER)
    client.set_cookie(COOKIE, session, domain="hushbox.local")
    stream = iter(client.get(f"/api/v1/{path}").response)
    for _ in range(2):
        next(stream)
    id = box.pairing.entry(session).phone_id
    if how == "removed":
        box.pairing.revoke(id)
    else:
        box.pairing.change(id, role=PLAYER)
    rest = sum(1 for _ in zip(stream, range(50), strict=False))
    assert rest <= 1 or (path == "events" and how == "lowered")


def test_a_player_sets_the_dial_but_no_stage_of_the_chain(change: Change, client: FlaskClient, box: FakeBox):
    box.pairing.pair(OWNER)
    for role, status in ((PLAYER, 403), (ENGINEER, 200)):
        client.set_cookie(COOKIE, box.pairing.pair(role), domain="hushbox.local")
        assert change("PUT", "params/denoise.amount_db", {"value": 12.0}).status_code == 200
        assert change("PUT", "params/box.mute", {"value": 1.0}).status_code == 200
        for id in ("deess.on", "eq.mid.gain_db", "chain.solo", "limiter.ceiling_db", "compressor.place"):
            answer = change("PUT", f"params/{id}", {"value": 1.0 if id != "limiter.ceiling_db" else -1.0})
            assert answer.status_code == status, id
        assert client.get("/api/v1/params").status_code == 200
    assert box.live.value("deess.on") == 1.0


def test_a_cookie_of_any_kind_opens_nothing(client: FlaskClient, box: FakeBox):
    box.pairing.pair(OWNER)
    for odd in ("", "x" * 5000, "\xff", "ä", "0" * 64, "null", "'; --"):
        headers = {"Cookie": f"{COOKIE}={odd}".encode().decode("latin-1")}
        assert client.get("/api/v1/phones", headers=headers).status_code == 401


def test_errors_of_the_port_are_answers(box: FakeBox):
    with pytest.raises(NotThere):
        box.pairing.revoke("none")
    with pytest.raises(ControlRefused):
        box.pairing.invite("king", None, "")
