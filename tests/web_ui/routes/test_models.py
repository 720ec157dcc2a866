"""The models' routes over the fake box: what is asked for is done, and everything else is refused in words."""

from flask.testing import FlaskClient

from tests.web_ui.conftest import Change


def in_use(client: FlaskClient) -> set[str]:
    return {card["name"] for card in client.get("/api/v1/models").get_json()["models"] if card["in_use"]}


def test_a_model_is_used(client: FlaskClient, change: Change) -> None:
    assert in_use(client) == {"voice", "stems"}
    answer = change("PUT", "models/use", {"name": "studio"})
    assert (answer.status_code, answer.get_json()) == (200, {"problem": ""})
    assert in_use(client) == {"studio", "stems"}
    gone = change("PUT", "models/use", {"name": "gone"})
    assert gone.status_code == 404
    assert "there are voice, studio, stems" in gone.get_json()["error"]


def test_two_models_are_tried_and_heard(client: FlaskClient, change: Change) -> None:
    assert client.get("/api/v1/models/tried/first.wav").status_code == 404
    assert change("PUT", "models/try", {"first": "voice", "second": "stems"}).status_code == 400
    work = change("PUT", "models/try", {"first": "voice", "second": "studio"}).get_json()
    assert work["tried"] == {"number": 1, "models": ["voice", "studio"], "gain_db": [0.0, -1.2]}
    sounds = {turn: client.get(f"/api/v1/models/tried/{turn}.wav").data for turn in ("first", "second")}
    assert sounds["first"][:4] == b"RIFF"
    assert sounds["first"] != sounds["second"]
    assert client.get("/api/v1/models/tried/third.wav").status_code == 404


def test_a_load_is_measured(client: FlaskClient, change: Change) -> None:
    work = change("PUT", "models/measure", {"name": "studio"}).get_json()
    assert (work["models"], work["why"]) == (["studio"], "")
    cards = {card["name"]: card for card in client.get("/api/v1/models").get_json()["models"]}
    assert cards["studio"]["load"]["p99"] > 0.0
    assert cards["stems"]["load"] is None
