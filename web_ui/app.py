"""create_app: the page and its API as one WSGI application over a Box."""

import logging
import secrets
from collections.abc import Iterable

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from web_ui import compressed
from web_ui.errors import Refused
from web_ui.limits import MAX_BODY_BYTES, MAX_STREAMS, max_body_bytes
from web_ui.page import add_pages
from web_ui.ports.box import Box
from web_ui.ports.errors import ControlRefused, NotThere
from web_ui.routes.api import create_api
from web_ui.streams.events import EventStreams
from web_ui.streams.news import news_of
from web_ui.streams.sound import SoundStreams
from web_ui.texts import Language
from web_ui.views import dumps
from web_ui.visitors import plain_text
from web_ui.visitors.gate import RoleGate
from web_ui.visitors.languages import Languages, say_of_request
from web_ui.visitors.phones import Phones
from web_ui.visitors.security import Gate, box_names

log = logging.getLogger(__name__)


def create_app(
    box: Box,
    *,
    allowed_hosts: Iterable[str] = (),
    secret: bytes | str | None = None,
    max_streams: int = MAX_STREAMS,
    trial: Language | None = None,
) -> Flask:
    """The page for `box`.

    allowed_hosts: names of the box beside its own names and addresses. secret: keeps the tokens of open pages valid
    over a restart; without one, a page fetches a new token by itself. max_streams: how many pages may be open.
    trial: a language in the making, which the page speaks at ?lang=<its code> and offers to nobody.
    """
    app = Flask("web_ui")
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    key = secret.encode() if isinstance(secret, str) else secret or secrets.token_bytes(32)
    first_name = box.setup.box_name  # stays allowed: the page that renames the box must not be shut out
    gate = Gate(lambda: {*box_names(first_name), *box_names(box.setup.box_name), *allowed_hosts}, key)
    languages = Languages(box.live.params(), trial)
    languages.install(app)
    compressed.install(app)  # first, so that it is done last
    gate.install(app)
    plain_text.install(app)
    app.before_request(_limit_body)
    roles = RoleGate(box.pairing)
    phones = Phones(box.pairing, roles, key)
    phones.install(app)
    roles.install(app)
    app.extensions["hushbox.rank"] = phones.rank_of_headers
    app.extensions["hushbox.say"] = languages.say_of_headers
    app.extensions["hushbox.trusts"] = lambda headers, method, path: (
        gate.trusts(headers) and roles.allows_headers(headers, method, path)
    )
    streams = EventStreams(box.live, news_of(box), max_streams)
    app.extensions["hushbox.streams"] = streams
    sound = SoundStreams(box.sound)
    app.extensions["hushbox.sound"] = sound
    app.register_blueprint(create_api(box, streams, sound, phones, gate.token))

    add_pages(app, box, roles, gate.token, languages)
    app.register_error_handler(Refused, lambda error: _refusal(error.status, str(error), error.code))
    app.register_error_handler(NotThere, lambda error: _refusal(404, str(error)))
    app.register_error_handler(ControlRefused, lambda error: _refusal(400, str(error)))
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _broken)
    return app


def _limit_body() -> None:
    request.max_content_length = max_body_bytes(request.method, request.path)


def _refusal(status: int, message: str, code: str = "") -> Response:
    say = say_of_request()
    tree = {"error": say(message) if say else message, "code": code}
    response = Response(dumps(tree), status=status, mimetype="application/json")
    if status == 503:
        response.headers["Retry-After"] = "3"
    return response


def _http_error(error: HTTPException) -> Response:
    plain = {
        404: "there is nothing at this address",
        405: "this address does not take this method",
        413: f"the body is too large: {request.max_content_length or MAX_BODY_BYTES} bytes are allowed",
    }
    status = error.code or 500
    response = _refusal(status, plain.get(status, error.description or error.name))
    for name, value in error.get_headers():
        if name == "Allow":
            response.headers[name] = value
    return response


def _broken(error: Exception) -> Response:
    log.error("page: a request failed", exc_info=error)
    return _refusal(500, "the page itself failed; the box's log says where")
