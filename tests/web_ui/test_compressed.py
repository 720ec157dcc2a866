"""What a phone loads is compressed, and is the same when it is unpacked."""

import gzip

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

GZIP = {"Accept-Encoding": "gzip, deflate"}


def got(client: FlaskClient, path: str, headers: dict[str, str] | None = None) -> TestResponse:
    """The answer with its data, and the file behind it closed."""
    with client.get(path, headers=headers) as answer:
        answer.get_data()
        return answer


@pytest.mark.parametrize("path", ["/static/css/base.css", "/static/js/main.js", "/wiring"])
def test_it_is_the_same_unpacked(client: FlaskClient, path: str):
    plain, packed = got(client, path), got(client, path, headers=GZIP)
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert gzip.decompress(packed.data) == plain.data
    assert packed.headers["Content-Length"] == str(len(packed.data))
    assert len(packed.data) < 0.6 * len(plain.data)


def test_the_page_itself_is_a_third(client: FlaskClient):
    packed = got(client, "/", headers=GZIP)
    assert gzip.decompress(packed.data).startswith(b"<!doctype html>")
    assert len(packed.data) < len(got(client, "/").data) / 3


def test_a_file_that_has_not_changed_is_not_sent(client: FlaskClient):
    first = got(client, "/static/css/base.css", headers=GZIP)
    again = got(client, "/static/css/base.css", headers={**GZIP, "If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize("path", ["/static/icons/icon-192.png", "/api/v1/status", "/manifest.webmanifest"])
def test_nothing_else_is(client: FlaskClient, path: str):
    assert "Content-Encoding" not in got(client, path, headers=GZIP).headers


def test_a_browser_that_refuses_it_gets_it_plain(client: FlaskClient):
    answer = got(client, "/static/css/base.css", headers={"Accept-Encoding": "gzip;q=0"})
    assert "Content-Encoding" not in answer.headers
    assert answer.data.startswith(b"/*")
