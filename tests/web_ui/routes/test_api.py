"""The JSON API over a fake box: what it takes, what it refuses and in which words."""

import logging

import pytest
from flask.testing import FlaskClient

from tests.web_ui.conftest import Change
from web_ui.app import create_app
from web_ui.fakes.box import FakeBox, fake_box
from web_ui.fakes.live import FakeLive
from web_ui.ports.live import StatusView


def test_a_parameter_is_set_and_told_back(change: Change, box: FakeBox):
    answer = change("PUT", "params/denoise.amount_db", {"value": 12.5})
    assert answer.get_json() == {"id": "denoise.amount_db", "value": 12.5, "problem": ""}
    view = next(view for view in box.live.params() if view.id == "denoise.amount_db")
    assert (view.value, view.origin) == (12.5, "page")


@pytest.mark.parametrize(
    ("path", "body", "status", "words"),
    [
        ("params/denoise.amount_db", {"value": 60}, 400, "denoise.amount_db = 60 dB: allowed 0 to 40"),
        ("params/box.bypass", {"value": 0.5}, 400, "box.bypass = 0.5: allowed off, on"),
        ("params/denoise.amont", {"value": 1}, 404, "no parameter 'denoise.amont'; did you mean"),
        ("params/box.bypass", {"value": True}, 400, "value = true: a number is expected"),
        ("params/box.bypass", {"value": "1"}, 400, 'value = "1": a number is expected'),
        ("params/box.bypass", {"value": None}, 400, "value = null: a number is expected"),
        ("params/box.bypass", {"value": [1] * 99}, 400, "a number is expected"),
        ("params/box.bypass", {"value": 10**400}, 400, "a finite number is expected"),
        ("params/box.bypass", {"value": 1, "more": 2}, 400, 'the body has to be {"value": …} and nothing else'),
        ("params/box.bypass", {}, 400, 'the body has to be {"value": …}'),
        ("params/box.bypass", [1], 400, 'the body has to be {"value": …}'),
    ],
)
def test_a_wrong_change_is_refused_in_plain_words(change: Change, path: str, body: object, status: int, words: str):
    answer = change("PUT", path, body)
    assert answer.status_code == status
    assert words in answer.get_json()["error"]


@pytest.mark.parametrize("data", ["", "{", '{"value": NaN}', '{"value": -Infinity}', b"\xff\xfe", "[" * 3000])
def test_a_body_that_is_not_json_is_refused(change: Change, data: str | bytes):
    answer = change("PUT", "params/box.bypass", data=data)
    assert answer.status_code == 400
    assert "the body is not JSON" in answer.get_json()["error"]


def test_a_body_that_is_too_large_or_of_another_type_is_refused(change: Change):
    large = change("PUT", "params/box.bypass", data=" " * 5000)
    assert (large.status_code, large.get_json()["error"]) == (413, "the body is too large: 4096 bytes are allowed")
    form = change("PUT", "params/box.bypass", data="value=1", content_type="application/x-www-form-urlencoded")
    assert form.status_code == 415


def test_the_virtual_footswitch_is_pressed_and_released(change: Change, box: FakeBox):
    assert change("POST", "panel/footswitch/press", {"pressed": True}).status_code == 204
    assert box.simulator.pins()[0].position == 1.0
    assert change("POST", "panel/footswitch/press", {"pressed": False}).status_code == 204
    assert box.simulator.pins()[0].position == 0.0


@pytest.mark.parametrize(
    ("path", "body", "status", "words"),
    [
        ("panel/boost/press", {"pressed": True}, 404, "no simulated switch 'boost': there are footswitch"),
        ("panel/amount/press", {"pressed": True}, 404, "no simulated switch 'amount'"),
        ("panel/footswitch/press", {"pressed": 1}, 400, "pressed = 1: true or false is allowed"),
        ("panel/amount/turn", {"position": 1.5}, 400, "position of knob amount = 1.5: allowed 0 to 1"),
    ],
)
def test_a_wrong_touch_of_the_panel_is_refused(change: Change, path: str, body: object, status: int, words: str):
    answer = change("POST", path, body)
    assert answer.status_code == status
    assert words in answer.get_json()["error"]


ACTION = {"do": "toggle", "param": "box.mute"}


def test_a_mapping_is_set_removed_and_restored(change: Change, box: FakeBox):
    wanted = {"on": "footswitch", "gesture": "press", "action": ACTION}
    (note,) = change("POST", "panel/mappings/check", wanted).get_json()["notes"]
    assert note["level"] == "replaces"
    refused = change("PUT", "panel/mappings", {**wanted, "replace": False})
    assert (refused.status_code, refused.get_json()["error"]) == (400, note["text"])
    assert change("PUT", "panel/mappings", {**wanted, "replace": True}).status_code == 204
    assert change("POST", "panel/mappings/remove", {"key": "footswitch press"}).status_code == 204
    assert change("POST", "panel/restore", {"key": "mapping footswitch press"}).status_code == 204
    assert box.panel.setup().mappings[-1].does == "Bypass on/off"


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "words"),
    [
        ("PUT", "panel/mappings", {"on": "footswitch", "gesture": "press", "action": ACTION}, 400, '"replace": …'),
        (
            "PUT", "panel/mappings", {"on": "footswitch", "gesture": "press", "action": ACTION, "replace": 1},
            400, "replace = 1: true or false is allowed",
        ),
        (
            "POST", "panel/mappings/check", {"on": 1, "gesture": "press", "action": ACTION},
            400, "on = 1: a text of at most 200 characters is expected",
        ),
        (
            "POST", "panel/mappings/check", {"on": "footswitch", "gesture": "press", "action": []},
            400, "action = []: an object is expected",
        ),
        ("POST", "panel/mappings/remove", {"key": "no such"}, 404, "nothing is mapped on 'no such'"),
        ("POST", "panel/restore", {"key": "no such"}, 404, "'no such' is not removed"),
        ("PUT", "panel/learn", {"action": {"do": "togle"}}, 400, "did you mean toggle?"),
        ("POST", "panel/learn/cancel", {"cancel": 1}, 400, "cancel: true is expected"),
        ("POST", "panel/controls", {"kind": "bells", "settings": {}}, 400, "no kind of control 'bells'"),
        ("POST", "panel/controls/remove", {"name": "bell"}, 404, "no control 'bell' on the panel"),
        ("POST", "panel/amount/step", {"detents": 1}, 404, "no simulated encoder 'amount'"),
        ("POST", "panel/amount/step", {"detents": 0.5}, 400, "detents = 0.5: a whole number is expected"),
        ("POST", "scenes/keep", {"scene": "C"}, 404, "no scene 'C': there are A, B"),
    ],
)  # fmt: skip
def test_a_wrong_set_up_is_refused_in_plain_words(
    change: Change, method: str, path: str, body: object, status: int, words: str
):
    answer = change(method, path, body)
    assert answer.status_code == status
    assert words in answer.get_json()["error"]


def test_unknown_addresses_and_methods_answer_in_json(client: FlaskClient, change: Change):
    nothing = client.get("/api/v1/nothing")
    assert (nothing.status_code, nothing.get_json()["error"]) == (404, "there is nothing at this address")
    wrong = change("POST", "status", {})
    assert (wrong.status_code, wrong.get_json()["error"]) == (405, "this address does not take this method")
    assert "GET" in wrong.headers["Allow"]


def test_values_that_json_lacks_do_not_break_the_page(client: FlaskClient, box: FakeBox):
    box.live.set_status(load_p99=float("nan"), latency_ms=float("inf"), audio_alive=False)
    status = client.get("/api/v1/status").get_json()
    assert (status["load_p99"], status["latency_ms"]) == (0.0, 0.0)


def test_a_fault_of_the_box_is_logged_and_answered(caplog: pytest.LogCaptureFixture):
    class Broken(FakeLive):
        def status(self) -> StatusView:
            raise RuntimeError("wires crossed")

    with caplog.at_level(logging.ERROR):
        answer = create_app(fake_box(live=Broken())).test_client().get("/api/v1/status")
    assert answer.status_code == 500
    assert "wires crossed" not in answer.get_data(as_text=True)
    assert "wires crossed" in caplog.text


def test_the_page_names_the_box(client: FlaskClient, token: str):
    page = client.get("/").get_data(as_text=True)
    assert "<title>hushbox</title>" in page
    assert f'content="{token}"' in page
