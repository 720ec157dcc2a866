"""The routes that set the box up: audio, sound check, hardware levels, name, wizard, models."""

from dataclasses import asdict

from flask import Blueprint, Response

from web_ui.errors import Refused
from web_ui.ports.box import ControlPort
from web_ui.routes.bodies import bodies, body, json_object, number, reply, text
from web_ui.views import setup_news_json


def add_setup_routes(api: Blueprint, port: ControlPort) -> None:
    """Below /api/v1/setup, and /api/v1/models."""

    @api.get("/setup")
    def setup() -> Response:
        return reply(asdict(port.setup()))

    @api.get("/setup/news")
    def setup_news() -> Response:
        return reply(setup_news_json(port.setup_news()))

    @api.get("/setup/interfaces")
    def interfaces() -> Response:
        return reply({"interfaces": [asdict(view) for view in port.interfaces()]})

    @api.put("/setup/audio")
    def set_audio() -> Response:
        port.set_audio(json_object(bodies("changes"), "changes"))
        return _done()

    @api.post("/setup/check")
    def check_sound() -> Response:
        port.check_sound(text(bodies("do"), "do"))
        return _done()

    @api.get("/setup/mixer")
    def mixer() -> Response:
        return reply(asdict(port.mixer()))

    @api.put("/setup/mixer")
    def set_mixer() -> Response:
        tree = bodies("id", "value")
        port.set_mixer(text(tree, "id"), number(tree, "value"))
        return _done()

    @api.post("/setup/mixer/stop_monitoring")
    def stop_monitoring() -> Response:
        _said("stop")
        port.stop_monitoring()
        return _done()

    @api.put("/setup/name")
    def rename_box() -> Response:
        port.rename_box(text(bodies("name"), "name"))
        return _done()

    @api.put("/setup/wizard")
    def set_wizard() -> Response:
        tree = bodies("state", "step")
        port.set_wizard(text(tree, "state"), text(tree, "step"))
        return _done()

    @api.get("/models")
    def models() -> Response:
        return reply({"models": [dict(card) for card in port.models()]})


def _said(field: str) -> None:
    """The body says {field: true}. Raises Refused."""
    if body(field) is not True:
        raise Refused(400, f"{field}: true is expected")


def _done() -> Response:
    return Response(status=204)
