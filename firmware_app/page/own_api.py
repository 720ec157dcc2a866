"""OwnApi: the API of the box that runs on this machine, for commands, with the session that it has left for them."""

import json
import re
import urllib.request
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

from firmware_app.errors import AppError
from firmware_app.page import address
from web_ui.ports.pairing import COOKIE

_ANSWER_S = 20.0  # a board that is starting, or tries a new version, may be busy
_LONGEST_ANSWER = 2_000_000  # bytes
_NO_RIGHT = (401, 403)


class BoxSilent(AppError, ConnectionError):
    """The box does not answer, or refuses; the message says why."""


class OwnApi:
    """A client. Each call waits up to twenty seconds."""

    def __init__(self, runtime: Path, host: str, port: int) -> None:
        """host, port: the settings file's, where the box has left no note of its own."""
        host, port = address.left(runtime) or (host, port)
        near = {"::": "::1"}.get(host, "127.0.0.1") if host in address.ANY else host.strip("[]")
        self._base = f"http://{f'[{near}]' if ':' in near else near}:{port}"
        self._session = address.session_left(runtime)

    def get(self, what: str) -> Any:
        """The answer's JSON. Raises BoxSilent."""
        return json.loads(self._ask("GET", f"/api/v1/{what}"))

    def change(self, method: str, what: str, body: object) -> None:
        """Raises BoxSilent."""
        token = json.loads(self._ask("GET", "/api/v1/session"))["token"]
        headers = {"Content-Type": "application/json", "X-CSRF-Token": str(token)}
        self._ask(method, f"/api/v1/{what}", json.dumps(body).encode(), headers)

    def _ask(self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> bytes:
        cookie = {"Cookie": f"{COOKIE}={self._session}"} if re.fullmatch(r"[\w.-]+", self._session) else {}
        request = urllib.request.Request(self._base + path, body, {**cookie, **(headers or {})}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=_ANSWER_S) as answer:
                return bytes(answer.read(_LONGEST_ANSWER))
        except HTTPError as error:
            if error.code in _NO_RIGHT:
                raise BoxSilent("the box does this for owners and its own user only: sudo -u hushbox …") from None
            raise BoxSilent(_reason(error)) from None
        except (OSError, ValueError) as error:
            raise BoxSilent(f"no box answers at {self._base}: {error}") from None


def _reason(error: HTTPError) -> str:
    try:
        return str(json.loads(error.read(_LONGEST_ANSWER))["error"])
    except (OSError, ValueError, KeyError, TypeError):
        return f"the box answers {error.code}"
