"""The routes to learn the room. Paths and bodies are in openapi.json."""

from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response

from web_ui.ports.room import RoomPort, RoomView
from web_ui.routes.bodies import bodies, done, flag, reply, whole_number


def add_room_routes(api: Blueprint, port: RoomPort) -> None:
    """Below /api/v1/room."""

    @api.get("/room")
    def room() -> Response:
        return reply(room_json(port.room()))

    @api.put("/room/learning")
    def learn_room() -> Response:
        port.learn(flag(bodies("on"), "on"))
        return done()

    @api.post("/room/use")
    def use_room() -> Response:
        port.use(whole_number(bodies("number"), "number", "the number of a learning is expected"))
        return done()


def room_json(view: RoomView) -> dict[str, Any]:
    """A RoomView, rounded to what is shown."""
    return asdict(view) | {
        "ago_s": round(view.ago_s),
        "floor_db": round(view.floor_db, 1),
        "hum_hz": round(view.hum_hz, 1),
        "hum_db": round(view.hum_db, 1),
        "curve": [round(db, 1) for db in view.curve],
        "proposals": [asdict(proposal) for proposal in view.proposals],
    }
