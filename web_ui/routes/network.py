"""See to the networks: join, forget, the own Wi-Fi, the country. Paths and bodies are in openapi.json.

The passwords of joined Wi-Fis never come back. That of the own Wi-Fi comes from one route, for the sheet that is
printed.
"""

from dataclasses import asdict

from flask import Blueprint, Response

from web_ui.ports.network import NetworkPort
from web_ui.routes.bodies import bodies, confirmed, done, flag, reply, text


def add_network_routes(api: Blueprint, port: NetworkPort) -> None:
    """Below /api/v1/network."""

    @api.get("/network")
    def networks() -> Response:
        return reply(asdict(port.view()))

    @api.post("/network/look")
    def look_around() -> Response:
        confirmed("look")
        port.look_around()
        return done()

    @api.post("/network/join")
    def join_network() -> Response:
        tree = bodies("ssid", "password")
        port.join(text(tree, "ssid"), text(tree, "password"))
        return done()

    @api.post("/network/forget")
    def forget_network() -> Response:
        port.forget(text(bodies("ssid"), "ssid"))
        return done()

    @api.put("/network/own")
    def open_own_wifi() -> Response:
        port.open_own(flag(bodies("on"), "on"))
        return done()

    @api.get("/network/own/card")
    def own_wifi_card() -> Response:
        return reply(asdict(port.card()))

    @api.put("/network/country")
    def set_country() -> Response:
        port.set_country(text(bodies("country"), "country"))
        return done()
