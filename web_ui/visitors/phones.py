"""Who asks: the owner, a phone that has the page open, or anybody. Who is known keeps a place when places are few.

A phone gets a cookie with the page. It is no secret and opens nothing; it shows that a request comes from the page
itself: SameSite=Strict keeps it out of what other sites' pages send, even from the same phone. An owner is who has told
the PIN.
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
from typing import Protocol

from flask import Flask, Response, request
from werkzeug.http import parse_cookie

from web_ui.ports.pin import PinPort
from web_ui.visitors.pin_gate import COOKIE as SESSION_COOKIE

COOKIE = "hushbox_phone"
CONNECTION = "hushbox.connection"  # in the environ: see Connection
KEPT_S = 90 * 24 * 3600
GIVEN_WITH = frozenset({"page", "api.session"})
_MOST_ADDRESSES = 64
_REMEMBERED_S = 600.0


class Rank(enum.IntEnum):
    """Who goes first when there is not enough for all."""

    ANYBODY = 0
    PHONE = 1
    OWNER = 2


class Connection(Protocol):
    """What the server tells of the connection that a request came on."""

    def goes_on(self) -> None:
        """What is answered goes on for long: others from the same address need not wait for it."""

    def hang_up(self) -> None:
        """Close it soon, whatever it is doing. Any thread."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks. hang_up: ends the connection that they ask on."""

    rank: Rank
    address: str
    hang_up: Callable[[], None]


class Phones:
    """Gives out and knows the cookie. Any thread."""

    def __init__(self, pin: PinPort, key: bytes) -> None:
        """key: keeps phones known over a restart, when it is the same."""
        self._pin = pin
        self._key = key

    def install(self, app: Flask) -> None:
        """Give who loads the page a cookie."""
        app.after_request(self._greet)

    def visitor(self) -> Visitor:
        """Who sent the request being answered."""
        connection: Connection | None = request.environ.get(CONNECTION)
        hang_up = connection.hang_up if connection else lambda: None
        return Visitor(self.rank(request.cookies), request.remote_addr or "", hang_up)

    def rank(self, cookies: Mapping[str, str]) -> Rank:
        """Of who sends these cookies."""
        session = cookies.get(SESSION_COOKIE, "")
        if session and self._pin.view().in_force and self._pin.knows(session):
            return Rank.OWNER
        return Rank.PHONE if self._knows(cookies.get(COOKIE, "")) else Rank.ANYBODY

    def rank_of_headers(self, headers: Mapping[str, str]) -> Rank:
        """The same from a request's headers, named as in WSGI: COOKIE."""
        return self.rank(parse_cookie(headers["COOKIE"])) if "COOKIE" in headers else Rank.ANYBODY

    def _greet(self, response: Response) -> Response:
        if request.endpoint in GIVEN_WITH and not self._knows(request.cookies.get(COOKIE, "")):
            number = secrets.token_hex(8)
            value = f"{number}.{self._proof(number)}"
            response.set_cookie(COOKIE, value, max_age=KEPT_S, path="/", httponly=True, samesite="Strict")
        return response

    def _knows(self, cookie: str) -> bool:
        number, _, proof = cookie.partition(".")
        return bool(proof) and hmac.compare_digest(self._proof(number).encode(), proof.encode())

    def _proof(self, number: str) -> str:
        return hmac.new(self._key, f"hushbox phone {number}".encode(), hashlib.sha256).hexdigest()[:32]


class Addresses:
    """Where phones that are known have asked from lately: what a new connection is judged by. Any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: OrderedDict[str, tuple[Rank, float]] = OrderedDict()

    def note(self, address: str, rank: Rank) -> None:
        """A phone of this rank asks from there."""
        with self._lock:
            self._seen[address] = (rank, self._clock())
            self._seen.move_to_end(address)
            while len(self._seen) > _MOST_ADDRESSES:
                self._seen.popitem(last=False)

    def rank(self, address: str) -> Rank:
        """The rank last noted, while it is not long ago."""
        rank, at = self._seen.get(address, (Rank.ANYBODY, 0.0))
        return rank if rank and self._clock() - at < _REMEMBERED_S else Rank.ANYBODY
