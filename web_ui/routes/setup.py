"""The routes that set up the box: audio, sound check, hardware levels, name, wizard."""

from dataclasses import asdict

from flask import Blueprint, Response

from web_ui.ports.setup import SetupPort
from web_ui.routes.bodies import bodies, confirmed, done, json_object, number, reply, text
from web_ui.views import setup_news_json


def add_setup_routes(api: Blueprint, port: SetupPort) -> None:
    """Below /api/v1/setup."""

    @api.get("/setup")
    def setup() -> Response:
        return reply(asdict(port.view()))

    @api.get("/setup/news")
    def setup_news() -> Response:
        return reply(setup_news_json(port.news()))

    @api.get("/setup/interfaces")
    def interfaces() -> Response:
        return reply({"interfaces": [asdict(view) for view in port.interfaces()]})

    @api.put("/setup/audio")
    def set_audio() -> Response:
        port.set_audio(json_object(bodies("changes"), "changes"))
        return done()

    @api.post("/setup/check")
    def check_sound() -> Response:
        port.check_sound(text(bodies("do"), "do"))
        return done()

    @api.get("/setup/mixer")
    def mixer() -> Response:
        return reply(asdict(port.mixer()))

    @api.put("/setup/mixer")
    def set_mixer() -> Response:
        tree = bodies("id", "value")
        port.set_mixer(text(tree, "id"), number(tree, "value"))
        return done()

    @api.post("/setup/mixer/stop_monitoring")
    def stop_monitoring() -> Response:
        confirmed("stop")
        port.stop_monitoring()
        return done()

    @api.put("/setup/name")
    def rename_box() -> Response:
        port.rename(text(bodies("name"), "name"))
        return done()

    @api.put("/setup/wizard")
    def set_wizard() -> Response:
        tree = bodies("state", "step")
        port.set_wizard(text(tree, "state"), text(tree, "step"))
        return done()
