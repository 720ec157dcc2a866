"""Pair a phone, and see to the phones that are paired. Paths and bodies are in openapi.json."""

from collections.abc import Callable
from dataclasses import asdict
from time import time

from flask import Blueprint, Response, request

from web_ui.errors import Refused
from web_ui.ports.errors import PairRefused
from web_ui.ports.limits import MOST_PHONES
from web_ui.ports.pairing import PairingPort
from web_ui.ports.pin import Caller
from web_ui.routes.bodies import bodies, confirmed, done, flag, number, reply, some_of, text
from web_ui.visitors.gate import give_session, session_of_request


def add_pairing_routes(api: Blueprint, port: PairingPort) -> None:
    """Below /api/v1/pairing and /api/v1/phones."""

    @api.get("/pairing")
    def pairing() -> Response:
        return reply(asdict(port.entry(session_of_request())))

    @api.post("/pairing/claim")
    def claim() -> Response:
        tree = bodies("code", "name")
        session = _with_code(lambda: port.claim(text(tree, "code"), text(tree, "name"), caller()))
        return give_session(done(), session)

    @api.post("/pairing/ask")
    def ask() -> Response:
        name = text(bodies("name"), "name")
        session = _with_code(lambda: port.ask(name, caller()))
        answer = reply({"let_in": bool(session)})
        return give_session(answer, session) if session else answer

    @api.post("/pairing/leave")
    def leave() -> Response:
        confirmed("leave")
        port.leave(session_of_request())
        return give_session(done(), "")

    @api.get("/phones")
    def phones() -> Response:
        views = [asdict(view) for view in port.phones(session_of_request())]
        open_play = port.entry(session_of_request()).open_play
        return reply({"phones": views, "most": MOST_PHONES, "open_play": open_play, "now": time()})

    @api.patch("/phones/<id>")
    def change_phone(id: str) -> Response:
        tree = some_of("name", "role")
        port.change(id, **{field: text(tree, field) for field in tree})
        return done()

    @api.delete("/phones/<id>")
    def revoke_phone(id: str) -> Response:
        confirmed("revoke")
        port.revoke(id)
        return done()

    @api.post("/phones/invite")
    def invite_phone() -> Response:
        tree = bodies("role", "hours")
        hours = None if tree["hours"] is None else number(tree, "hours")
        return reply(asdict(port.invite(text(tree, "role"), hours, request.host_url)))

    @api.put("/phones/open_play")
    def set_open_play() -> Response:
        port.set_open_play(flag(bodies("on"), "on"))
        return done()


def caller() -> Caller:
    """Who sends this request: wrong codes and PINs are counted by it."""
    return Caller(request.remote_addr or "", session_of_request())


def _with_code(open_session: Callable[[], str]) -> str:
    """Refusals get a code, by which the page knows whether to wait."""
    try:
        return open_session()
    except PairRefused as error:
        why = "wait" if error.wait_s else error.why
        raise Refused(429 if error.wait_s else 400, str(error), f"pair_{why}" if why else "") from None
