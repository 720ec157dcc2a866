"""The page and its files compressed, for a phone on a weak Wi-Fi: about a third of the bytes.

Only what the box sends to everybody alike: the document, scripts, style sheets. A file is compressed once.
"""

import gzip
from functools import lru_cache

from flask import Flask, Response, request

TYPES = frozenset({"text/html", "text/css", "text/javascript", "application/javascript", "image/svg+xml"})
LEAST_BYTES = 600  # below this the headers weigh more than is saved
LEVEL = 6


def install(app: Flask) -> None:
    """Compress what the page loads, for browsers that take gzip."""
    app.after_request(_compress)


def _compress(response: Response) -> Response:
    if response.mimetype not in TYPES or request.path.startswith("/api/"):
        return response
    response.vary.add("Accept-Encoding")
    whole = request.method == "GET" and response.status_code == 200 and "Content-Encoding" not in response.headers
    if not whole or not request.accept_encodings["gzip"]:
        return response
    response.direct_passthrough = False  # a file: read it
    data = response.get_data()
    if len(data) < LEAST_BYTES:
        return response
    kept = request.path.startswith("/static/")
    response.set_data(_of_a_file(data) if kept else gzip.compress(data, LEVEL, mtime=0))
    response.headers["Content-Encoding"] = "gzip"
    return response


@lru_cache(maxsize=64)
def _of_a_file(data: bytes) -> bytes:
    return gzip.compress(data, LEVEL, mtime=0)
