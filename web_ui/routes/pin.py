"""Set, change and remove the PIN; pair a phone with it."""

from collections.abc import Callable
from typing import TypeVar

from flask import Blueprint, Response

from web_ui.errors import Refused
from web_ui.ports.errors import PinRefused
from web_ui.ports.pairing import ENGINEER, PairingPort
from web_ui.ports.pin import PinPort
from web_ui.routes.bodies import bodies, done, reply, text
from web_ui.routes.pairing import caller
from web_ui.visitors.gate import give_session, session_of_request
from web_ui.visitors.roles import may

Answer = TypeVar("Answer")


def add_pin_routes(api: Blueprint, port: PinPort, pairing: PairingPort) -> None:
    """Below /api/v1/pin."""

    @api.get("/pin")
    def pin() -> Response:
        role = pairing.entry(session_of_request()).role
        return reply({"in_force": port.view().in_force, "unlocked": may(role, ENGINEER)})

    @api.post("/pin/unlock")
    def unlock() -> Response:
        tree = bodies("pin", "name")
        session = _with_code(lambda: port.unlock(text(tree, "pin"), text(tree, "name"), caller()))
        return give_session(done(), session)

    @api.put("/pin")
    def set_pin() -> Response:
        tree = bodies("pin", "old")
        _with_code(lambda: port.change(text(tree, "pin"), text(tree, "old"), caller()))
        return done()


def _with_code(work: Callable[[], Answer]) -> Answer:
    """Refusals get a code, by which the page knows whether to wait."""
    try:
        return work()
    except PinRefused as error:
        raise Refused(429 if error.wait_s else 400, str(error), "pin_wait" if error.wait_s else "pin_wrong") from None
