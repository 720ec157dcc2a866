"""The routes to the simulated panel: its controls, pressed and turned on the page."""

from flask import Blueprint, Response

from web_ui.ports.simulator import SimulatorPort
from web_ui.routes.bodies import bodies, done, flag, number, reply, text, whole_number
from web_ui.views import panel_json


def add_simulator_routes(api: Blueprint, port: SimulatorPort) -> None:
    """Below /api/v1/panel."""

    @api.get("/panel")
    def panel() -> Response:
        return reply({"panel": panel_json(port.pins())})

    @api.post("/panel/<name>/press")
    def press(name: str) -> Response:
        port.press(name, flag(bodies("pressed"), "pressed"))
        return done()

    @api.post("/panel/<name>/turn")
    def turn(name: str) -> Response:
        port.turn(name, number(bodies("position"), "position"))
        return done()

    @api.post("/panel/<name>/step")
    def step(name: str) -> Response:
        port.step(name, whole_number(bodies("detents"), "detents", "a whole number is expected"))
        return done()

    @api.post("/panel/touch")
    def touch() -> Response:
        tree = bodies("source", "value")
        port.touch(text(tree, "source"), number(tree, "value"))
        return done()
