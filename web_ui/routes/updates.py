"""The routes of updates. Each returns at once; GET tells how far it is."""

from dataclasses import asdict

from flask import Blueprint, Response

from web_ui.errors import Refused
from web_ui.ports.updates import UpdatesPort
from web_ui.routes.bodies import bodies, confirmed, done, reply, text


def add_updates_routes(api: Blueprint, port: UpdatesPort) -> None:
    """Below /api/v1/updates."""

    @api.get("/updates")
    def updates() -> Response:
        return reply(asdict(port.view()))

    @api.post("/updates/look")
    def look_for_updates() -> Response:
        port.look(text(bodies("source"), "source"))
        return done()

    @api.post("/updates/install")
    def install_update() -> Response:
        tree = bodies("version", "sound_may_stop")
        if tree["sound_may_stop"] is not True:
            raise Refused(400, "sound_may_stop has to be true: the sound stops for some seconds")
        port.install(text(tree, "version"))
        return done()

    @api.post("/updates/back")
    def back_to_previous() -> Response:
        confirmed("sound_may_stop")
        port.back()
        return done()
