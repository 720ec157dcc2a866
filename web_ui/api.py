"""The JSON API, version 1. openapi.json describes it, and a test holds the two against each other.

Every handler runs in one of the server's threads and returns at once, but for `events`.
"""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, request

from web_ui.control_port import ControlPort
from web_ui.errors import Refused
from web_ui.events import EventStreams
from web_ui.listen import Takes
from web_ui.views import dumps, panel_json, param_json, status_json

OPENAPI = Path(__file__).with_name("openapi.json")
ORIGIN = "page"
CHUNK_BYTES = 65536


def create_api(port: ControlPort, streams: EventStreams, token: str) -> Blueprint:
    """The routes below /api/v1 over `port`."""
    api = Blueprint("api", __name__, url_prefix="/api/v1")
    takes = Takes(port)

    @api.get("/session")
    def session() -> Response:
        return _reply({"token": token, "box_name": port.box_name, "version": port.version})

    @api.get("/status")
    def status() -> Response:
        return _reply(status_json(port.status()))

    @api.get("/params")
    def params() -> Response:
        return _reply({"params": [param_json(view) for view in port.params()]})

    @api.put("/params/<id>")
    def set_param(id: str) -> Response:
        value = port.set_param(id, _number("value"), ORIGIN)
        return _reply({"id": id, "value": value})

    @api.get("/events")
    def events() -> Response:
        streams.reserve()
        disconnected = request.environ.get("waitress.client_disconnected", bool)
        response = Response(streams.stream(disconnected), mimetype="text/event-stream")
        response.call_on_close(streams.release)
        return response

    @api.get("/model")
    def model() -> Response:
        return _reply(dict(port.model_card()))

    @api.get("/panel")
    def panel() -> Response:
        return _reply({"panel": panel_json(port.simulated_panel())})

    @api.post("/panel/<name>/press")
    def press(name: str) -> Response:
        pressed = _body("pressed")
        if not isinstance(pressed, bool):
            raise Refused(400, f"pressed = {_shown(pressed)}: true or false is allowed")
        port.press(name, pressed)
        return Response(status=204)

    @api.post("/panel/<name>/turn")
    def turn(name: str) -> Response:
        port.turn(name, _number("position"))
        return Response(status=204)

    @api.get("/listen/<which>.wav")
    def listen(which: str) -> Response:
        wav = takes.wav(which, request.args.get("take", "")[:40])
        response = Response(_chunks(wav), mimetype="audio/wav")
        response.content_length = len(wav)
        return response

    @api.get("/openapi.json")
    def openapi() -> Response:
        return Response(OPENAPI.read_bytes(), mimetype="application/json")

    return api


def _reply(value: object) -> Response:
    return Response(dumps(value), mimetype="application/json")


def _chunks(data: bytes) -> Iterator[bytes]:
    """In pieces, so that a slow phone does not make the server hold the whole recording a second time."""
    for start in range(0, len(data), CHUNK_BYTES):
        yield data[start : start + CHUNK_BYTES]


def _body(field: str) -> Any:
    """`field` of the request's JSON object, which has that field only. Raises Refused."""
    if request.mimetype != "application/json":
        raise Refused(415, "the body has to be JSON (Content-Type: application/json)")
    try:
        body = json.loads(request.get_data(cache=False), parse_constant=_no_constant)
    except (ValueError, RecursionError):  # UnicodeDecodeError and JSONDecodeError are ValueErrors
        raise Refused(400, f'the body is not JSON: {{"{field}": …}} is expected') from None
    if not isinstance(body, dict) or set(body) != {field}:
        raise Refused(400, f'the body has to be {{"{field}": …}} and nothing else')
    return body[field]


def _number(field: str) -> float:
    value = _body(field)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Refused(400, f"{field} = {_shown(value)}: a number is expected")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise Refused(400, f"{field} = {_shown(value)}: a finite number is expected")
    return number


def _no_constant(name: str) -> float:
    raise ValueError(name)  # NaN and Infinity are Python's, not JSON's


def _shown(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 40 else text[:39] + "…"
