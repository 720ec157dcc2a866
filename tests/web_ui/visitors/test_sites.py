"""Fetch Metadata: another site's page may lead a person here, and nothing else. Every address, every method."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.web_ui.conftest import ORIGIN
from web_ui.app import create_app
from web_ui.fakes.box import FakeBox, fake_box
from web_ui.visitors.sites import PARTS

PAGES = ("/", "/wiring", "/docs/", "/?lang=de", "/nothing")
PARTS_OF_PAGES = (
    "/static/built/main.js", "/static/icon.svg", "/static/nothing", "/manifest.webmanifest", "/docs/images/page.png",
    "/api/v1/status", "/api/v1/events", "/api/v1/session", "/api/v1/system/backup.json", "/api/v1/nothing",
)  # fmt: skip
LINK = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
# How another site's page can send a request, as Chromium and Firefox tell it (W3C Fetch Metadata, fetch, HTML).
EMBEDDED = {
    "fetch": {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "empty"},
    "fetch with CORS": {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty", "Origin": "http://evil.example"},
    "script": {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "script"},
    "image": {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
    "style sheet": {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "style"},
    "frame": {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
    "object": {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "object"},
    "embed": {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "embed"},
    "worker": {"Sec-Fetch-Mode": "same-origin", "Sec-Fetch-Dest": "worker"},
    "web socket": {"Sec-Fetch-Mode": "websocket", "Sec-Fetch-Dest": "empty"},
    "nothing said": {},
}
METHODS = ("POST", "PUT", "PATCH", "DELETE")


@pytest.fixture(scope="module")
def box() -> FakeBox:
    return fake_box()


@pytest.fixture(scope="module")
def app(box: FakeBox) -> Flask:
    """One page for all: nothing that is refused may leave a trace."""
    return create_app(box, secret="tests", max_streams=3)


def refused(client: FlaskClient, method: str, path: str, headers: dict[str, str]) -> bool:
    answer = client.open(path, method=method, headers=headers)
    is_refused = answer.status_code == 403
    assert not is_refused or "other sites" in answer.get_json()["error"] or "changes from" in answer.get_json()["error"]
    answer.close()
    return is_refused


@pytest.mark.parametrize("site", ["cross-site", "same-site"])  # same-site: another program of this machine
@pytest.mark.parametrize("how", EMBEDDED)
@pytest.mark.parametrize("path", [*PAGES, *PARTS_OF_PAGES])
def test_another_site_reads_nothing_not_even_a_page(client: FlaskClient, path: str, how: str, site: str):
    assert refused(client, "GET", path, {"Sec-Fetch-Site": site, **EMBEDDED[how]})


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_link_on_another_site_opens_a_page_and_only_a_page(client: FlaskClient, site: str):
    headers = {"Sec-Fetch-Site": site, "Referer": "http://evil.example/", **LINK}
    for path in PAGES:
        assert not refused(client, "GET", path, headers), path
    for path in PARTS_OF_PAGES:
        assert refused(client, "GET", path, headers), path


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none"])
@pytest.mark.parametrize("how", ["fetch", "fetch with CORS", "nothing said", "link"])
@pytest.mark.parametrize("method", METHODS)
def test_no_change_comes_from_elsewhere_even_with_the_token(
    client: FlaskClient, token: str, box: FakeBox, method: str, how: str, site: str
):
    headers = {"Sec-Fetch-Site": site, "X-CSRF-Token": token, **(LINK if how == "link" else EMBEDDED[how])}
    for path in ("/", "/nothing", "/static/icon.svg", "/api/v1/params/box.mute", "/api/v1/presets/load"):
        assert refused(client, method, path, headers), path
    assert all(view.origin == "default" for view in box.live.params())


@pytest.mark.parametrize("path", [*PAGES, *PARTS_OF_PAGES])
@pytest.mark.parametrize(
    "headers",
    [
        {},  # curl, and browsers that say nothing over plain HTTP
        {"Sec-Fetch-Site": "none", **LINK},  # typed, scanned, a bookmark
        {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"},
        {"Sec-Fetch-Site": "same-origin", "Origin": ORIGIN},
        {"Origin": ORIGIN},
        {"Referer": f"{ORIGIN}/docs/"},
    ],
)
def test_the_page_itself_and_people_may_ask(client: FlaskClient, path: str, headers: dict[str, str]):
    assert not refused(client, "GET", path, headers)


@pytest.mark.parametrize("path", PARTS_OF_PAGES)
@pytest.mark.parametrize("headers", [{"Referer": "http://evil.example/"}, {"Origin": "http://evil.example"}])
def test_a_browser_without_fetch_metadata_is_judged_by_what_it_sends(
    client: FlaskClient, path: str, headers: dict[str, str]
):
    assert refused(client, "GET", path, headers)


def test_such_a_browser_still_follows_links(client: FlaskClient):
    for path in PAGES:
        assert not refused(client, "GET", path, {"Referer": "http://evil.example/"})
        assert refused(client, "GET", path, {"Origin": "http://evil.example"})  # no link sends one


def test_over_tls_the_plain_page_of_the_same_name_is_another_origin(client: FlaskClient):
    headers = {"Origin": ORIGIN}
    answer = client.get("/api/v1/status", headers=headers, base_url=ORIGIN.replace("http:", "https:"))
    assert answer.status_code == 403


def test_parts_are_addresses_that_there_are(app: Flask):
    assert {rule.endpoint for rule in app.url_map.iter_rules()} >= PARTS
