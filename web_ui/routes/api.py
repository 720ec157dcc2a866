"""The JSON API, version 1. openapi.json describes it, and a test holds the two against each other.

Every handler runs in one of the server's threads and returns at once, but for `events`.
"""

from pathlib import Path

from flask import Blueprint, Response, request

from web_ui.errors import Refused
from web_ui.limits import MAX_RECORDINGS
from web_ui.ports.box import ControlPort
from web_ui.routes.bodies import bodies, body, number, reply, shown
from web_ui.routes.panel import add_panel_routes
from web_ui.routes.pin import add_pin_routes
from web_ui.routes.presets import add_preset_routes
from web_ui.routes.setup import add_setup_routes
from web_ui.routes.sound import add_sound_routes
from web_ui.routes.system import add_system_routes
from web_ui.streams.events import EventStreams
from web_ui.streams.sound import SoundStreams
from web_ui.streams.takes import Takes, fetched
from web_ui.views import panel_json, param_json, status_json
from web_ui.visitors.phones import Phones
from web_ui.visitors.places import Places, over

OPENAPI = Path(__file__).parents[1] / "openapi.json"
ORIGIN = "page"


def create_api(port: ControlPort, streams: EventStreams, sound: SoundStreams, phones: Phones, token: str) -> Blueprint:
    """The routes below /api/v1 over `port`."""
    api = Blueprint("api", __name__, url_prefix="/api/v1")
    takes = Takes(port)
    recordings = Places(MAX_RECORDINGS, "{most} recordings are being fetched, and the box sends no more: wait a moment")

    @api.get("/session")
    def session() -> Response:
        return reply({"token": token, "box_name": port.box_name, "version": port.version})

    @api.get("/status")
    def status() -> Response:
        return reply(status_json(port.status()))

    @api.get("/params")
    def params() -> Response:
        return reply({"params": [param_json(view) for view in port.params()]})

    @api.put("/params/<id>")
    def set_param(id: str) -> Response:
        value = port.set_param(id, number(bodies("value"), "value"), ORIGIN)
        return reply({"id": id, "value": value, "problem": port.not_kept(id)})

    @api.get("/events")
    def events() -> Response:
        place = streams.reserve(phones.visitor())
        response = Response(streams.stream(over(place)), mimetype="text/event-stream")
        response.call_on_close(place.give_back)
        return response

    @api.get("/panel")
    def panel() -> Response:
        return reply({"panel": panel_json(port.simulated_panel())})

    @api.post("/panel/<name>/press")
    def press(name: str) -> Response:
        pressed = body("pressed")
        if not isinstance(pressed, bool):
            raise Refused(400, f"pressed = {shown(pressed)}: true or false is allowed")
        port.press(name, pressed)
        return Response(status=204)

    @api.post("/panel/<name>/turn")
    def turn(name: str) -> Response:
        port.turn(name, number(bodies("position"), "position"))
        return Response(status=204)

    @api.post("/panel/<name>/step")
    def step(name: str) -> Response:
        detents = body("detents")
        if isinstance(detents, bool) or not isinstance(detents, int):
            raise Refused(400, f"detents = {shown(detents)}: a whole number is expected")
        port.step(name, detents)
        return Response(status=204)

    @api.put("/safe_mode")
    def leave_safe_mode() -> Response:
        if body("on") is not False:
            raise Refused(400, f"on = {shown(body('on'))}: false is allowed; the box enters safe mode by itself alone")
        port.leave_safe_mode()
        return Response(status=204)

    @api.get("/listen/<which>.wav")
    def listen(which: str) -> Response:
        place = recordings.take(phones.visitor())
        try:
            return fetched(takes.wav(which, request.args.get("take", "")[:40]), "audio/wav", place.give_back)
        except BaseException:
            place.give_back()
            raise

    @api.get("/openapi.json")
    def openapi() -> Response:
        return Response(OPENAPI.read_bytes(), mimetype="application/json")

    add_panel_routes(api, port)
    add_preset_routes(api, port)
    add_sound_routes(api, port, sound, phones)
    add_setup_routes(api, port)
    add_system_routes(api, port, phones)
    add_pin_routes(api, port)
    return api
