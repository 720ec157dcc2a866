"""The routes that set up the front panel: mappings, learning, controls."""

from dataclasses import asdict

from flask import Blueprint, Response

from web_ui.ports.panel import PanelPort
from web_ui.routes.bodies import bodies, confirmed, done, flag, json_object, reply, text
from web_ui.views import learn_json


def add_panel_routes(api: Blueprint, port: PanelPort) -> None:
    """Below /api/v1/panel."""

    @api.get("/panel/setup")
    def panel_setup() -> Response:
        return reply(asdict(port.setup()))

    @api.post("/panel/mappings/check")
    def check_mapping() -> Response:
        tree = bodies("on", "gesture", "action")
        notes = port.check_mapping(text(tree, "on"), text(tree, "gesture"), json_object(tree, "action"))
        return reply({"notes": [asdict(note) for note in notes]})

    @api.put("/panel/mappings")
    def set_mapping() -> Response:
        tree = bodies("on", "gesture", "action", "replace")
        replace = flag(tree, "replace")
        port.set_mapping(text(tree, "on"), text(tree, "gesture"), json_object(tree, "action"), replace)
        return done()

    @api.post("/panel/mappings/remove")
    def remove_mapping() -> Response:
        port.remove_mapping(text(bodies("key"), "key"))
        return done()

    @api.post("/panel/restore")
    def restore() -> Response:
        port.restore(text(bodies("key"), "key"))
        return done()

    @api.post("/panel/controls")
    def add_control() -> Response:
        tree = bodies("kind", "settings")
        port.add_control(text(tree, "kind"), json_object(tree, "settings"))
        return done()

    @api.post("/panel/controls/remove")
    def remove_control() -> Response:
        port.remove_control(text(bodies("name"), "name"))
        return done()

    @api.post("/panel/pedals/calibrate")
    def calibrate() -> Response:
        tree = bodies("name", "step")
        return reply({"travel": round(port.calibrate(text(tree, "name"), text(tree, "step")), 3)})

    @api.get("/panel/learn")
    def learning() -> Response:
        return reply(learn_json(port.learning()))

    @api.put("/panel/learn")
    def learn() -> Response:
        port.learn(json_object(bodies("action"), "action"))
        return reply(learn_json(port.learning()))

    @api.post("/panel/learn/cancel")
    def cancel_learning() -> Response:
        confirmed("cancel")
        port.cancel_learning()
        return done()
