"""Set, change and remove the PIN; open and close a session."""

from collections.abc import Callable

from flask import Blueprint, Response, request

from web_ui.errors import Refused
from web_ui.ports.box import ControlPort, PinRefused
from web_ui.ports.system import Caller
from web_ui.routes.bodies import bodies, body, reply, text
from web_ui.visitors.pin_gate import COOKIE, KEPT_S


def add_pin_routes(api: Blueprint, port: ControlPort) -> None:
    """Below /api/v1/pin."""

    @api.get("/pin")
    def pin() -> Response:
        view = port.pin()
        return reply(
            {
                "in_force": view.in_force,
                "wanted": view.wanted,
                "unlocked": port.knows_session(request.cookies.get(COOKIE, "")),
            }
        )

    @api.post("/pin/unlock")
    def unlock() -> Response:
        return _with_session(_refused_kindly(lambda: port.unlock(text(bodies("pin"), "pin"), _caller())))

    @api.post("/pin/lock")
    def lock() -> Response:
        if body("lock") is not True:
            raise Refused(400, "lock: true is expected")
        port.lock(request.cookies.get(COOKIE, ""))
        # The cookie stays: it opens nothing any more, and says that this phone has known the PIN.
        return Response(status=204)

    @api.put("/pin")
    def set_pin() -> Response:
        tree = bodies("pin", "old")
        return _with_session(_refused_kindly(lambda: port.set_pin(text(tree, "pin"), text(tree, "old"), _caller())))


def _caller() -> Caller:
    return Caller(request.remote_addr or "", request.cookies.get(COOKIE, "")[:200])


def _refused_kindly(ask: Callable[[], str]) -> str:
    try:
        return ask()
    except PinRefused as error:
        raise Refused(429 if error.wait_s else 400, str(error), "pin_wait" if error.wait_s else "pin_wrong") from None


def _with_session(session: str) -> Response:
    response = Response(status=204)
    if session:
        response.set_cookie(COOKIE, session, max_age=KEPT_S, path="/", httponly=True, samesite="Strict")
    else:
        response.delete_cookie(COOKIE, path="/", httponly=True, samesite="Strict")
    return response
