"""The rank of a client: owner, paired, a phone that has the page open, or unknown. It counts when slots are few.

A phone gets a cookie with the page. The cookie is no secret and opens nothing. It shows that a request comes from the
page itself: SameSite=Strict keeps it out of requests from other sites' pages, even on the same phone. Owners and
paired phones are known by their session (gate.py).
"""

import enum
import hashlib
import hmac
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from flask import Flask, Response, request
from werkzeug.http import parse_cookie

from web_ui.ports.pairing import COOKIE as SESSION_COOKIE
from web_ui.ports.pairing import NOBODY, OWNER, Entry, PairingPort
from web_ui.visitors.gate import LONGEST_SESSION, RoleGate, role_of, session_of_request

COOKIE = "hushbox_phone"
CONNECTION = "hushbox.connection"  # in the environ: see Connection
KEPT_S = 90 * 24 * 3600
COOKIE_ENDPOINTS = frozenset({"page", "api.session"})
_MAX_ADDRESSES = 64
_REMEMBERED_S = 600.0


class Rank(enum.IntEnum):
    """The higher one goes first when there is not enough for all."""

    UNKNOWN = 0
    PHONE = 1
    PAIRED = 2
    OWNER = 3


class Connection(Protocol):
    """The connection that a request came on."""

    def stop_counting(self) -> None:
        """The answer takes long: it counts no longer against the requests of its address."""

    def hang_up(self) -> None:
        """Close it soon, whatever it is doing. Any thread."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """The client of a request. hang_up: closes its connection. may_stay: whether it may still have the answer."""

    rank: Rank
    address: str
    hang_up: Callable[[], None]
    may_stay: Callable[[], bool] = lambda: True


class Phones:
    """Gives out the cookie, and ranks clients by it and by their session. Any thread."""

    def __init__(self, pairing: PairingPort, roles: RoleGate, key: bytes) -> None:
        """key: signs the cookies; the same key keeps phones known over a restart."""
        self._pairing = pairing
        self._roles = roles
        self._key = key

    def install(self, app: Flask) -> None:
        """Give each phone that loads the page its cookie."""
        app.after_request(self._give_cookie)

    def visitor(self) -> Visitor:
        """The client of the request that is being answered."""
        connection: Connection | None = request.environ.get(CONNECTION)
        hang_up = connection.hang_up if connection else lambda: None
        may_stay = partial(self._roles.allows, session_of_request(), role_of(request.endpoint or ""))
        return Visitor(self.rank(request.cookies), request.remote_addr or "", hang_up, may_stay)

    def entry_of_request(self) -> Callable[[], Entry]:
        """Where the client of this request stands: to be asked again while its answer goes on."""
        return partial(self._pairing.entry, session_of_request())

    def rank(self, cookies: Mapping[str, str]) -> Rank:
        """The rank of a client with these cookies."""
        session = cookies.get(SESSION_COOKIE, "")[:LONGEST_SESSION]
        role = self._pairing.entry(session).role if session else NOBODY
        if role:
            return Rank.OWNER if role == OWNER else Rank.PAIRED
        return Rank.PHONE if self._knows(cookies.get(COOKIE, "")) else Rank.UNKNOWN

    def rank_of_headers(self, headers: Mapping[str, str]) -> Rank:
        """The rank of a client with these headers, named as in WSGI: COOKIE."""
        return self.rank(parse_cookie(headers["COOKIE"])) if "COOKIE" in headers else Rank.UNKNOWN

    def _give_cookie(self, response: Response) -> Response:
        if request.endpoint in COOKIE_ENDPOINTS and not self._knows(request.cookies.get(COOKIE, "")):
            number = secrets.token_hex(8)
            value = f"{number}.{self._signature(number)}"
            response.set_cookie(COOKIE, value, max_age=KEPT_S, path="/", httponly=True, samesite="Strict")
        return response

    def _knows(self, cookie: str) -> bool:
        number, _, signature = cookie.partition(".")
        return bool(signature) and hmac.compare_digest(self._signature(number).encode(), signature.encode())

    def _signature(self, number: str) -> str:
        return hmac.new(self._key, f"hushbox phone {number}".encode(), hashlib.sha256).hexdigest()[:32]


class Addresses:
    """The addresses at which known phones were seen lately: a new connection is ranked by its address. Any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: OrderedDict[str, tuple[Rank, float]] = OrderedDict()

    def note(self, address: str, rank: Rank) -> None:
        """A client of this rank has sent a request from there."""
        with self._lock:
            self._seen[address] = (rank, self._clock())
            self._seen.move_to_end(address)
            while len(self._seen) > _MAX_ADDRESSES:
                self._seen.popitem(last=False)

    def rank(self, address: str) -> Rank:
        """The rank noted last, for ten minutes."""
        rank, at = self._seen.get(address, (Rank.UNKNOWN, 0.0))
        return rank if rank and self._clock() - at < _REMEMBERED_S else Rank.UNKNOWN
