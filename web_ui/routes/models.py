"""The route of the models."""

from flask import Blueprint, Response

from web_ui.ports.models import ModelsPort
from web_ui.routes.bodies import reply


def add_models_routes(api: Blueprint, port: ModelsPort) -> None:
    """/api/v1/models."""

    @api.get("/models")
    def models() -> Response:
        return reply({"models": [dict(card) for card in port.cards()]})
