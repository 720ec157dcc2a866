"""The JSON API, version 1: the routes of every subject. openapi.json describes it, and a test compares the two.

Every route is answered in one of the server's threads and returns at once, but for those that take a slot.
"""

from pathlib import Path

from flask import Blueprint, Response

from web_ui.ports.box import Box
from web_ui.routes.bodies import reply
from web_ui.routes.live import add_live_routes
from web_ui.routes.models import add_models_routes
from web_ui.routes.network import add_network_routes
from web_ui.routes.pairing import add_pairing_routes
from web_ui.routes.panel import add_panel_routes
from web_ui.routes.pin import add_pin_routes
from web_ui.routes.presets import add_presets_routes
from web_ui.routes.room import add_room_routes
from web_ui.routes.setup import add_setup_routes
from web_ui.routes.simulator import add_simulator_routes
from web_ui.routes.sound import add_sound_routes
from web_ui.routes.system import add_system_routes
from web_ui.routes.takes import add_takes_routes
from web_ui.routes.updates import add_updates_routes
from web_ui.streams.events import EventStreams
from web_ui.streams.sound import SoundStreams
from web_ui.visitors.phones import Phones

OPENAPI = Path(__file__).parents[1] / "openapi.json"


def create_api(box: Box, streams: EventStreams, sound: SoundStreams, phones: Phones, token: str) -> Blueprint:
    """The routes below /api/v1. token: what changes have to send."""
    api = Blueprint("api", __name__, url_prefix="/api/v1")

    @api.get("/session")
    def session() -> Response:
        return reply({"token": token, "box_name": box.setup.box_name, "version": box.system.version})

    @api.get("/openapi.json")
    def openapi() -> Response:
        return Response(OPENAPI.read_bytes(), mimetype="application/json")

    add_live_routes(api, box.live, streams, phones)
    add_presets_routes(api, box.presets, box.live)
    add_sound_routes(api, box.sound, sound, phones)
    add_room_routes(api, box.room)
    add_panel_routes(api, box.panel)
    add_simulator_routes(api, box.simulator)
    add_setup_routes(api, box.setup)
    add_models_routes(api, box.models, phones)
    add_network_routes(api, box.network)
    add_system_routes(api, box.system, box.setup, phones)
    add_pairing_routes(api, box.pairing)
    add_pin_routes(api, box.pin, box.pairing)
    add_updates_routes(api, box.updates)
    add_takes_routes(api, box.takes, phones)
    return api
