"""The gate: every operation needs a role (roles.py), and a phone has the role that it was paired with.

A phone shows its session in a cookie that scripts cannot read (HttpOnly) and that no other site's page can send
(SameSite=Strict). The checks of security.py apply as well.
"""

from collections.abc import Mapping

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException
from werkzeug.http import parse_cookie

from web_ui.errors import Refused
from web_ui.ports.pairing import COOKIE, NOBODY, OWNER, PLAYER, PairingPort
from web_ui.visitors.roles import ROLE_OF, may, role_of_param

KEPT_S = 400 * 24 * 3600  # the longest that browsers keep a cookie; each visit of the page renews it
LONGEST_SESSION = 200  # characters; a longer one was never given out

_WORDS = {"owner": "an owner", "engineer": "an engineer or an owner", "player": "a paired phone"}


class RoleGate:
    """Checks every request below /api/v1 of one app. Any of the server's threads."""

    def __init__(self, port: PairingPort) -> None:
        self._port = port

    def install(self, app: Flask) -> None:
        """Check every request of `app`."""
        app.before_request(self._check)
        app.after_request(self._renew)
        self._urls = app.url_map.bind("")

    def allows(self, session: str, needed: str) -> bool:
        """Whether the client with this session may do what needs the role `needed`."""
        entry = self._port.entry(session)
        anybody = NOBODY if entry.claimed and not entry.open_play else PLAYER
        return may(entry.role, needed) or may(anybody, needed)

    def allows_headers(self, headers: Mapping[str, str], method: str, path: str) -> bool:
        """The same for a request's head, with headers named as in WSGI: COOKIE. Before any of its body is read."""
        try:
            endpoint, _ = self._urls.match(path, method)
        except HTTPException:  # there is nothing there
            return False
        session = parse_cookie(headers.get("COOKIE", "")).get(COOKIE, "")
        return self.allows(session[:LONGEST_SESSION], role_of(str(endpoint)))

    def _check(self) -> None:
        endpoint = request.endpoint or ""
        if not endpoint.startswith("api."):
            return
        needed = role_of(endpoint)
        if endpoint == "api.set_param":
            needed = role_of_param(str((request.view_args or {}).get("id", "")))
        if self.allows(session_of_request(), needed):
            return
        role = self._port.entry(session_of_request()).role
        if not role:
            raise Refused(401, f"this needs {_WORDS[needed]}: pair this phone with the box first", "pair")
        raise Refused(403, f"this needs {_WORDS[needed]}, and this phone is {_a(role)}", "role")

    def _renew(self, response: Response) -> Response:
        """The page of a paired phone: its cookie lasts anew."""
        session = session_of_request()
        if request.endpoint == "page" and session and self._port.entry(session).phone_id:
            give_session(response, session)
        return response


def role_of(endpoint: str) -> str:
    """The role that an endpoint needs: the owner's, for one that the table does not name."""
    return ROLE_OF.get(endpoint.removeprefix("api."), OWNER)


def session_of_request() -> str:
    """The session that the request shows; "" without one."""
    return request.cookies.get(COOKIE, "")[:LONGEST_SESSION]


def give_session(response: Response, session: str) -> Response:
    """Have the phone keep its session; with "" forget it."""
    if session:
        response.set_cookie(COOKIE, session, max_age=KEPT_S, path="/", httponly=True, samesite="Strict")
    else:
        response.delete_cookie(COOKIE, path="/", httponly=True, samesite="Strict")
    return response


def _a(role: str) -> str:
    return {"owner": "an owner", "engineer": "an engineer"}.get(role, "a player")
