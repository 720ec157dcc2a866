"""openapi.json against the routes, both ways, and against what the API really answers."""

import json
import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from tests.web_ui.conftest import Change
from web_ui.routes.api import OPENAPI

SPEC: dict[str, Any] = json.loads(OPENAPI.read_text())


def check(name: str, value: object) -> None:
    schema = {"$ref": f"#/components/schemas/{name}", "components": SPEC["components"]}
    Draft202012Validator(schema).validate(value)


def test_it_is_valid_openapi():
    validate(SPEC)


def test_routes_and_description_are_the_same(app: Flask):
    routes = {
        (re.sub(r"<(\w+)>", r"{\1}", rule.rule), method)
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    described = {(path, method.upper()) for path, methods in SPEC["paths"].items() for method in methods}
    assert routes == described


def test_operations_are_named_like_the_functions(app: Flask):
    functions = {rule.endpoint.removeprefix("api.") for rule in app.url_map.iter_rules() if "api." in rule.endpoint}
    assert {operation["operationId"] for path in SPEC["paths"].values() for operation in path.values()} == functions


@pytest.mark.parametrize("path", [path for path, methods in SPEC["paths"].items() if "get" in methods])
def test_every_get_answers_as_described(client: FlaskClient, change: Change, path: str):
    described = SPEC["paths"][path]["get"]["responses"]["200"]["content"]
    if path.endswith("/export"):
        change("POST", "presets/save", {"name": "Mine", "about": ""})
    if "{turn}" in path:
        change("PUT", "models/try", {"first": "voice", "second": "studio"})
    if "{id}" in path:
        change("PUT", "recorder/settings", {"what": ["wet", "stems"]})
        for on in (True, False, True, False):
            change("POST", "recorder/record", {"on": on})
        id, other = (take["id"] for take in client.get("/api/v1/takes").get_json()["takes"])
        path = path.replace("{id}", id).replace("{lane}", "wet").replace("{other}", other)
    path = path.replace("{which}.mp3", "output.mp3").replace("{which}", "before").replace("{turn}", "second")
    answer = client.get(path)
    assert answer.status_code == 200
    (mimetype,) = described
    assert answer.mimetype == mimetype
    if mimetype == "application/json":
        schema = described[mimetype]["schema"] | {"components": SPEC["components"]}
        Draft202012Validator(schema).validate(answer.get_json())
    answer.close()


def test_every_change_is_a_method_with_a_token_and_a_body():
    for path, methods in SPEC["paths"].items():
        for method, operation in methods.items():
            if method != "get":
                assert {"$ref": "#/components/parameters/Token"} in operation["parameters"], path
                assert operation["requestBody"]["required"], path


def test_no_address_has_a_secret():
    """Addresses are written into logs and histories: codes, PINs and sessions go into bodies and cookies."""
    for path, methods in SPEC["paths"].items():
        for operation in methods.values():
            names = {parameter.get("name", "") for parameter in operation.get("parameters", [])}
            names |= set(re.findall(r"\{(\w+)\}", path))
            assert not names & {"code", "pin", "session", "token", "password", "secret", "key"}, path


def test_changes_and_refusals_answer_as_described(change: Change):
    check("SetValue", change("PUT", "params/box.bypass", {"value": 1}).get_json())
    for answer in (
        change("PUT", "params/box.bypass", {"value": 7}),
        change("PUT", "params/nothing", {"value": 7}),
        change("PUT", "params/box.bypass", {"value": 7}, headers={"X-CSRF-Token": ""}),
        change("PUT", "params/box.bypass", data="", content_type="text/plain"),
    ):
        check("Error", answer.get_json())


def test_events_carry_the_schemas_described(client: FlaskClient):
    answer = client.get("/api/v1/events")
    text = ""
    for piece in answer.response:
        text += bytes(piece).decode() if not isinstance(piece, str) else piece
        if "event: status" in text:
            break
    answer.close()
    events = dict(re.findall(r"event: (\w+)\ndata: (.*)\n\n", text))
    stages = zip(json.loads(events["stages"]), json.loads(events["stage_db"]), strict=True)
    check("Status", {**json.loads(events["status"]), "stages": [{**stage, "change_db": db} for stage, db in stages]})
    check("Values", json.loads(events["params"]))
    check("Panel", {"panel": json.loads(events["panel"])})
    check("Learning", json.loads(events["learn"]))
    check("UndoNews", json.loads(events["undo"]))
    check("PresetsNews", json.loads(events["presets"]))
    check("Compare", json.loads(events["compare"]))


def test_undo_answers_as_described(change: Change, client: FlaskClient):
    change("PUT", "params/box.mute", {"value": 1})
    steps = client.get("/api/v1/undo").get_json()
    check("Steps", steps)
    answer = change("POST", "undo", {"number": steps["steps"][0]["number"]}).get_json()
    check("UndoneSteps", answer)
    assert answer["undone"][0]["changes"] == [{"id": "box.mute", "before": 1.0, "after": 0.0}]
    refused = change("POST", "undo", {"number": steps["steps"][0]["number"]})
    assert (refused.status_code, "undone already" in refused.get_json()["error"]) == (404, True)


def test_learning_and_notes_answer_as_described(change: Change, client: FlaskClient):
    action = {"do": "toggle", "param": "box.mute"}
    check("Learning", change("PUT", "panel/learn", {"action": action}).get_json())
    assert change("POST", "panel/footswitch/press", {"pressed": True}).status_code == 204
    heard = client.get("/api/v1/panel/learn").get_json()
    assert heard["state"] == "heard"
    check("Learning", heard)
    proposal = {"on": "footswitch", "gesture": "press", "action": action}
    check("Notes", change("POST", "panel/mappings/check", proposal).get_json())
    assert change("PUT", "panel/mappings", {**proposal, "replace": True}).status_code == 204
    check("PanelSetup", client.get("/api/v1/panel/setup").get_json())


def test_presets_and_comparing_answer_as_described(change: Change, client: FlaskClient):
    check("KeptName", change("POST", "presets/save", {"name": "Choir", "about": "wide"}).get_json())
    check("KeptName", change("POST", "presets/rename", {"name": "Choir", "to": "Chapel"}).get_json())
    check("KeptName", change("POST", "presets/duplicate", {"name": "Gentle"}).get_json())
    check("Undone", change("POST", "presets/undo", {"undo": True}).get_json())
    file = client.get("/api/v1/presets/export").get_json()
    check("TakenIn", change("POST", "presets/import", file).get_json())
    check("Presets", client.get("/api/v1/presets").get_json())
    check("Compare", change("PUT", "compare", {"on": True}).get_json())
