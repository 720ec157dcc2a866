"""The PIN's gate: while a PIN is set, everything but Play needs a session that was opened with it.

The session is a cookie that scripts cannot read (HttpOnly) and that no other site's page can send (SameSite=Strict).
The checks of security.py apply as well. Every route that PLAY does not name needs the session, so a new route is closed
until it is added to PLAY.
"""

from collections.abc import Mapping

from flask import Flask, request
from werkzeug.http import parse_cookie

from web_ui.errors import Refused
from web_ui.ports.pin import PinPort

COOKIE = "hushbox_session"
KEPT_S = 90 * 24 * 3600
PLAY = frozenset(
    {
        "session", "status", "params", "set_param", "events", "openapi", "panel", "press", "turn", "step",
        "undo_steps", "undo",
        "presets", "load_preset", "step_preset", "recall_scene", "comparison", "compare",
        "pin", "unlock", "lock", "setup_news", "leave_safe_mode",
    }
)  # fmt: skip
"""The operations that Play needs, and those that unlock."""


def guard(app: Flask, port: PinPort) -> None:
    """Check every request below /api/v1 of `app`."""

    def check() -> None:
        endpoint = request.endpoint or ""
        if not endpoint.startswith("api.") or endpoint.removeprefix("api.") in PLAY:
            return
        if not port.knows(request.cookies.get(COOKIE, "")):
            raise Refused(401, "this part of the page is locked: enter the PIN first", "pin")

    app.before_request(check)


def may_set_up(port: PinPort, headers: Mapping[str, str]) -> bool:
    """Whether a client with these headers, named as in WSGI, has a session. Always true while no PIN is set."""
    return port.knows(parse_cookie(headers.get("COOKIE", "")).get(COOKIE, ""))
