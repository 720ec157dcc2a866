"""Set, change and remove the PIN; open and close a session."""

from collections.abc import Callable

from flask import Blueprint, Response, request

from web_ui.errors import Refused
from web_ui.ports.errors import PinRefused
from web_ui.ports.pin import Caller, PinPort
from web_ui.routes.bodies import bodies, confirmed, done, reply, text
from web_ui.visitors.pin_gate import COOKIE, KEPT_S


def add_pin_routes(api: Blueprint, port: PinPort) -> None:
    """Below /api/v1/pin."""

    @api.get("/pin")
    def pin() -> Response:
        view = port.view()
        return reply(
            {
                "in_force": view.in_force,
                "wanted": view.wanted,
                "unlocked": port.knows(request.cookies.get(COOKIE, "")),
            }
        )

    @api.post("/pin/unlock")
    def unlock() -> Response:
        return _with_session(_with_code(lambda: port.unlock(text(bodies("pin"), "pin"), _caller())))

    @api.post("/pin/lock")
    def lock() -> Response:
        confirmed("lock")
        port.lock(request.cookies.get(COOKIE, ""))
        # The cookie stays. It opens nothing any more, but shows that this phone has known the PIN.
        return done()

    @api.put("/pin")
    def set_pin() -> Response:
        tree = bodies("pin", "old")
        return _with_session(_with_code(lambda: port.change(text(tree, "pin"), text(tree, "old"), _caller())))


def _caller() -> Caller:
    return Caller(request.remote_addr or "", request.cookies.get(COOKIE, "")[:200])


def _with_code(open_session: Callable[[], str]) -> str:
    """Refusals get a code, by which the page knows whether to wait."""
    try:
        return open_session()
    except PinRefused as error:
        raise Refused(429 if error.wait_s else 400, str(error), "pin_wait" if error.wait_s else "pin_wrong") from None


def _with_session(session: str) -> Response:
    response = Response(status=204)
    if session:
        response.set_cookie(COOKIE, session, max_age=KEPT_S, path="/", httponly=True, samesite="Strict")
    else:
        response.delete_cookie(COOKIE, path="/", httponly=True, samesite="Strict")
    return response
