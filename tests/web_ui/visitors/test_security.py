"""Host, Origin, token, headers: who may talk to the page."""

import re
from typing import ClassVar

import pytest
from flask.testing import FlaskClient

from tests.web_ui.conftest import ORIGIN
from web_ui.app import create_app
from web_ui.fakes.box import FakeBox, fake_box
from web_ui.visitors.phones import SAME_MACHINE


@pytest.mark.parametrize(
    "host",
    [
        "hushbox.local",
        "hushbox.local:8080",
        "HushBox.LOCAL.",
        "hushbox",
        "hushbox.lan",
        "localhost:8080",
        "127.0.0.1",
        "192.168.1.20:8080",
        "10.42.0.1",
        "100.100.20.3",
        "[::1]:8080",
        "[fe80::ba27:ebff:fe00:1]",
        "[fd00::5]:8080",
        "8.8.8.8",  # campus and event networks hand out public ones
        "141.20.1.7:8080",
        "[2001:67c:1234::5]:8080",
    ],
)
def test_the_box_answers_to_its_names_and_to_literal_addresses(client: FlaskClient, host: str):
    assert client.get("/api/v1/status", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "hushbox.local.evil.example",
        "hushbox.evil.example",
        "evil.example:8080",
        "1.2.3.4.5",
        "8.8.8.8.evil.example",
        "8.8.8.8.nip.io",
        "0x8.8.8.8",
        "134744072",
        "[2001:67c::5.evil.example]:8080",
        "[evil.example]",
        "",
    ],
)
def test_a_rebound_name_is_refused_for_pages_and_api_alike(client: FlaskClient, host: str):
    for path in ("/", "/api/v1/status", "/api/v1/session", "/static/js/main.js", "/nothing"):
        answer = client.get(path, headers={"Host": host})
        assert answer.status_code == 403
        assert "allowed_hosts" in answer.get_json()["error"]


@pytest.mark.parametrize("name", ["stage.example", "hushbox.fritz.box", "Hushbox.Tail1234.ts.net."])
def test_a_name_from_the_settings_is_answered_to(name: str):
    client = create_app(fake_box(), allowed_hosts=(name,)).test_client()
    assert client.get("/", base_url=f"http://{name.lower().rstrip('.')}:8080").status_code == 200


@pytest.mark.parametrize("first", ["hushbox", "studio"])
def test_a_renamed_box_still_answers_to_whoever_renamed_it(first: str):
    box = fake_box()
    box.setup.rename(first)
    client = create_app(box).test_client()
    box.setup.rename("Left wing")
    for host in (f"{first}.local", "hushbox.local", "left-wing.local"):
        assert client.get("/api/v1/status", headers={"Host": host}).status_code == 200


def test_a_change_needs_the_token(client: FlaskClient, box: FakeBox):
    for headers in ({}, {"X-CSRF-Token": "guess"}, {"X-CSRF-Token": "caf\xe9"}):
        answer = client.put("/api/v1/params/box.bypass", json={"value": 1}, headers=headers)
        assert answer.status_code == 403
        assert answer.get_json()["code"] == "token"
    assert all(view.origin == "default" for view in box.live.params())


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "null", "http://hushbox.local:9999", "http://hushbox.local.evil.example", "http://["],
)
def test_a_change_from_another_origin_is_refused_even_with_the_token(client: FlaskClient, token: str, origin: str):
    headers = {"Origin": origin, "X-CSRF-Token": token}
    answer = client.put("/api/v1/params/box.bypass", json={"value": 1}, headers=headers)
    assert answer.status_code == 403
    assert "changes from pages" in answer.get_json()["error"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},  # another program of this machine, at another port
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Referer": "http://evil.example/page"},
        {"Referer": "http://hushbox.local:9999/"},
        {"Referer": "http://["},
    ],
)
@pytest.mark.parametrize(
    "path", ["status", "events", "listen/before.wav", "system", "presets", "openapi.json", "nothing"]
)
def test_another_sites_page_may_not_even_ask(client: FlaskClient, path: str, headers: dict[str, str]):
    answer = client.get(f"/api/v1/{path}", headers=headers)
    assert answer.status_code == 403
    assert "other sites" in answer.get_json()["error"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},  # typed, or from a bookmark
        {"Origin": ORIGIN},
        {"Referer": f"{ORIGIN}/"},
    ],
)
def test_the_page_itself_may(client: FlaskClient, headers: dict[str, str]):
    assert client.get("/api/v1/status", headers=headers).status_code == 200


def test_a_phone_is_known_by_a_cookie_that_other_sites_cannot_send(client: FlaskClient):
    page = client.get("/")
    cookie = page.headers["Set-Cookie"]
    assert cookie.startswith("hushbox_phone=")
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
    assert "Set-Cookie" not in client.get("/").headers
    for forged in ("", "1.2", "0011223344556677.0", cookie.partition(";")[0].partition("=")[2][:-1] + "x"):
        client.set_cookie("hushbox_phone", forged, domain="hushbox.local")
        assert "Set-Cookie" in client.get("/").headers


def test_a_script_without_origin_may_change_things_with_the_token(client: FlaskClient, token: str):
    answer = client.put("/api/v1/params/box.bypass", json={"value": 1}, headers={"X-CSRF-Token": token})
    assert answer.status_code == 200


def test_the_token_outlives_a_restart_only_with_the_same_secret():
    def token(secret: str | None) -> str:
        app = create_app(fake_box(), secret=secret)
        return app.test_client().get("/api/v1/session").get_json()["token"]

    assert token("a") == token("a")
    assert token("a") != token("b")
    assert token(None) != token(None)


def test_the_page_has_no_inline_code_and_asks_nobody_else(client: FlaskClient):
    page = client.get("/").get_data(as_text=True)
    assert re.findall(r"<script(?![^>]*\ssrc=)(?! type=\"application/json\")", page) == []
    assert re.findall(r"\son\w+=|\sstyle=|<style", page) == []
    assert re.findall(r'(?:src|href)="(?!/static/|/manifest.webmanifest|#)[^"]*"', page) == []


def test_a_strange_box_name_is_shown_as_text():
    box = fake_box()
    box.setup.box_name = "<script>alert(1)</script>"
    page = create_app(box).test_client().get("/").get_data(as_text=True)
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


class TestWithACertificate:
    """What comes in the clear to a box with TLS."""

    PHONE: ClassVar = {"REMOTE_ADDR": "192.0.2.50"}

    @pytest.fixture
    def page(self) -> FlaskClient:
        return create_app(fake_box(), tls=True).test_client()

    @pytest.mark.parametrize("base", ["http://hushbox.local:8080", "http://192.0.2.7", "http://[2001:db8::7]:8080"])
    @pytest.mark.parametrize("path", ["/", "/wiring?a=b&c=%2F", "/docs/", "/nothing", "/a%20b"])
    def test_a_person_is_led_to_the_same_address_over_tls(self, page: FlaskClient, base: str, path: str):
        answer = page.get(path, base_url=base, environ_overrides=self.PHONE)
        assert answer.status_code == 307
        assert answer.headers["Location"] == base.replace("http:", "https:") + path
        assert answer.headers["Cache-Control"] == "no-store"  # TLS may be switched off again
        assert "Set-Cookie" not in answer.headers

    def test_a_path_that_looks_like_a_name_is_still_a_path(self, page: FlaskClient):
        answer = page.get(
            "/", base_url=ORIGIN, environ_overrides={**self.PHONE, "PATH_INFO": "//evil.example/\r\nX: y"}
        )
        assert answer.headers["Location"] == "https://hushbox.local/evil.example/%0D%0AX%3A%20y"

    @pytest.mark.parametrize("path", ["/api/v1/status", "/api/v1/events", "/static/icon.svg", "/api/v1/nothing"])
    @pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS"])
    def test_a_program_is_told_instead(self, page: FlaskClient, method: str, path: str):
        answer = page.open(path, method=method, base_url=ORIGIN, environ_overrides=self.PHONE)
        assert answer.status_code == 403
        assert answer.get_json()["code"] == "tls"

    @pytest.mark.parametrize("host", ["evil.example", "hushbox.local.evil.example"])
    def test_nobody_is_led_to_another_name(self, page: FlaskClient, host: str):
        answer = page.get("/", base_url=f"http://{host}", environ_overrides=self.PHONE)
        assert answer.status_code == 403
        assert "Location" not in answer.headers

    def test_over_tls_and_from_the_box_itself_all_is_as_ever(self, page: FlaskClient):
        assert page.get("/", base_url="https://hushbox.local", environ_overrides=self.PHONE).status_code == 200
        assert page.get("/", base_url=ORIGIN, environ_overrides={SAME_MACHINE: True}).status_code == 200
