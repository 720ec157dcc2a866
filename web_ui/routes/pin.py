"""The PIN's gate: while one is set, everything but Play is for who has told it.

The session lies in a cookie that scripts cannot read (HttpOnly) and that no other site's page can send along
(SameSite=Strict); beside it the checks of security.py stay as they are. What is not named here is guarded, so that a
new route is closed until somebody opens it.
"""

from collections.abc import Callable, Mapping

from flask import Blueprint, Flask, Response, request
from werkzeug.http import parse_cookie

from web_ui.errors import Refused
from web_ui.ports.box import ControlPort, PinRefused
from web_ui.ports.system import Caller
from web_ui.routes.bodies import bodies, body, reply, text

COOKIE = "hushbox_session"
KEPT_S = 90 * 24 * 3600
PLAY = frozenset(
    {
        "session", "status", "params", "set_param", "events", "openapi", "panel", "press", "turn", "step",
        "presets", "load_preset", "step_preset", "recall_scene", "comparison", "compare",
        "pin", "unlock", "lock", "setup_news", "leave_safe_mode",
    }
)  # fmt: skip
"""The operations that Play needs, and those that ask for the PIN itself."""


def guard(app: Flask, port: ControlPort) -> None:
    """Check every request below /api/v1 of `app`."""

    def check() -> None:
        endpoint = request.endpoint or ""
        if not endpoint.startswith("api.") or endpoint.removeprefix("api.") in PLAY:
            return
        if not port.knows_session(request.cookies.get(COOKIE, "")):
            raise Refused(401, "this part of the page is guarded: tell the PIN first", "pin")

    app.before_request(check)


def may_set_up(port: ControlPort, headers: Mapping[str, str]) -> bool:
    """Whether who sends these headers, named as in WSGI, has told the PIN; so it is while none is set."""
    return port.knows_session(parse_cookie(headers.get("COOKIE", "")).get(COOKIE, ""))


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
