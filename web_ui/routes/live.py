"""The routes of parameters and status."""

from flask import Blueprint, Response

from web_ui.errors import Refused
from web_ui.ports.live import LivePort
from web_ui.routes.bodies import bodies, body, done, number, reply, shown, whole_number
from web_ui.streams.events import EventStreams
from web_ui.views import entry_json, param_json, status_json, step_json
from web_ui.visitors.languages import say_of_request
from web_ui.visitors.phones import Phones
from web_ui.visitors.slots import stream_over

ORIGIN = "page"


def add_live_routes(api: Blueprint, port: LivePort, streams: EventStreams, phones: Phones) -> None:
    """Below /api/v1: status, params, undo, events, safe_mode."""

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

    @api.get("/undo")
    def undo_steps() -> Response:
        return reply({"steps": [step_json(step) for step in port.steps()]})

    @api.post("/undo")
    def undo() -> Response:
        number = whole_number(bodies("number"), "number", "the number of a change is expected")
        undone = [step_json(step) for step in port.undo(number)]
        return reply({"undone": undone, "problem": port.not_kept()})

    @api.get("/events")
    def events() -> Response:
        slot = streams.take_slot(phones.visitor())
        entry = phones.entry_of_request()
        own = {"pairing": lambda: entry_json(entry())}
        response = Response(streams.stream(stream_over(slot), own, say_of_request()), mimetype="text/event-stream")
        response.call_on_close(slot.release)
        return response

    @api.put("/safe_mode")
    def leave_safe_mode() -> Response:
        if body("on") is not False:
            raise Refused(400, f"on = {shown(body('on'))}: false is allowed; the box enters safe mode by itself alone")
        port.leave_safe_mode()
        return done()
